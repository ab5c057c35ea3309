#include "kube/fake_kube.h"

#include <fmt/format.h>

#include "kube/answers.h"
#include "kube/client.h"
#include "kube/housekeeping.h"
#include "kube/lists.h"
#include "kube/request.h"
#include "kube/store.h"
#include "kube/watches.h"
#include "kube/writer.h"

namespace infra::sim {
namespace {

Refusal refusal_of(KubeRefusal why) {
  switch (why) {
    case KubeRefusal::kTooManyRequests:
      // Priority and fairness turns requests away before anything makes a Status of it.
      return {.code = 429, .plain = "Too many requests, please try again later.\n"};
    case KubeRefusal::kUnavailable:
      return {.code = 503, .reason = "ServiceUnavailable", .message = "apiserver is shutting down"};
    case KubeRefusal::kTimeout:
      return {.code = 504,
              .reason = "Timeout",
              .message = "Timeout: request did not complete within the allotted timeout"};
    case KubeRefusal::kForbidden:
      return {.code = 403,
              .reason = "Forbidden",
              .message = "forbidden: the user is not allowed to do this"};
    case KubeRefusal::kInternalError: break;
  }
  return {.code = 500,
          .reason = "InternalError",
          .message = "Internal error occurred: etcdserver: leader changed"};
}

// A refusal as our own client reads it.
std::unexpected<Error> failed(const Refusal& refusal) {
  return std::unexpected(kube::classify(refusal.response()));
}

Answer<Json> json_body(const net::HttpRequest& http) {
  auto json = parse_json(http.body);
  if (!json) return bad_request("couldn't parse the body: " + json.error().message);
  return std::move(*json);
}

Answer<DeleteOptions> delete_options(const net::HttpRequest& http) {
  if (http.body.empty()) return DeleteOptions{};
  auto body = json_body(http);
  if (!body) return std::unexpected(body.error());
  for (const char* path : {"preconditions.uid", "preconditions.resourceVersion"}) {
    const Json* value = find_path(*body, path);
    if (value != nullptr && !value->is_string()) {
      return bad_request("couldn't parse the body: " + std::string(path) + " is no text");
    }
  }
  return DeleteOptions{.uid = text_at(*body, "preconditions.uid"),
                       .version = text_at(*body, "preconditions.resourceVersion")};
}

}  // namespace

struct KubeSchemas {
  std::vector<KindPointer> kinds;
};

std::shared_ptr<const KubeSchemas> kube_schemas(const std::vector<Json>& crds) {
  auto out = std::make_shared<KubeSchemas>();
  for (const Json& crd : crds) out->kinds.push_back(compile_crd(crd));
  return out;
}

struct FakeKube::State {
  State(FakeKube& owner, Timeline& time, Random random, KubeBehaviour wanted)
      : face(owner),
        timeline(time),
        store(time),
        watches(time, random.stream("watches"), store),
        writer(time, random.stream("writes"), store),
        housekeeping(time, store, writer) {
    watches.behaviour = wanted;
    for (const auto& kind : built_in_kinds()) store.add_kind(kind);
    for (const char* name : {"default", "kube-node-lease", "kube-public", "kube-system"}) {
      Json object = JsonObject{{"metadata", JsonObject{{"name", name}}}};
      auto made = writer.create(*store.find_kind("Namespace"), "", std::move(object),
                                {.who = "kube-apiserver", .verb = "create"}, {});
      if (!made) throw std::logic_error(made.error().message);
    }
    writer.on_change = [this](Collection& collection, const Change& change, const Author& author) {
      changed(collection, change, author);
    };
  }

  KubeBehaviour& behaviour() { return watches.behaviour; }

  net::HttpResponse answer(const net::HttpRequest& http) {
    store.compact_until(timeline.now() - behaviour().history);
    auto answered = route(read_request(http), http);
    return answered ? std::move(*answered) : answered.error().response();
  }

  Answer<net::HttpResponse> route(const KubeRequest& request, const net::HttpRequest& http);
  Answer<net::HttpResponse> read(const KubeRequest& request, Collection& collection);
  Answer<net::HttpResponse> get(const KubeRequest& request, Collection& collection,
                                std::uint64_t number);
  Answer<Written> write(const KubeRequest& request, Collection& collection,
                        const net::HttpRequest& http);
  Answer<Written> remove_all(const KubeRequest& request, Collection& collection);
  Answer<Collection*> collection_of(const KubeRequest& request);
  void changed(Collection& collection, const Change& change, const Author& author);

  FakeKube& face;
  Timeline& timeline;
  Store store;
  Watches watches;
  Writer writer;
  Housekeeping housekeeping;
};

Answer<Collection*> FakeKube::State::collection_of(const KubeRequest& request) {
  if (!request.known_path) return no_such_page();
  Collection* found = store.find(request.group, request.version, request.plural);
  if (found == nullptr) return no_such_page();
  const Kind& kind = *found->kind;
  if (!kind.namespaced && !request.ns.empty()) return no_such_page();
  // Only lists and watches go over all namespaces.
  const bool across = kind.namespaced && request.ns.empty();
  if (across && (request.method != "GET" || !request.name.empty())) return no_such_page();
  const auto& sub = request.subresource;
  if (!sub.empty() && !(sub == "status" && kind.has_status)) {
    return no_such_subresource(kind, request.name);
  }
  return found;
}

Answer<net::HttpResponse> FakeKube::State::route(const KubeRequest& request,
                                                 const net::HttpRequest& http) {
  auto collection = collection_of(request);
  if (!collection) return std::unexpected(collection.error());
  if (request.method == "GET") return read(request, **collection);
  auto written = write(request, **collection, http);
  if (!written) return std::unexpected(written.error());
  return json_response(written->status, written->text());
}

Answer<net::HttpResponse> FakeKube::State::read(const KubeRequest& request,
                                                Collection& collection) {
  if (request.is_watch()) return bad_request("a watch begins with FakeKube::watch()");
  auto number = version_to_read(request, store, timeline.now(), behaviour().stale_view);
  if (!number) return std::unexpected(number.error());
  if (!request.name.empty()) return get(request, collection, *number);
  auto text = list(request, store, collection, *number);
  if (!text) return std::unexpected(text.error());
  return json_response(200, std::move(*text));
}

Answer<net::HttpResponse> FakeKube::State::get(const KubeRequest& request, Collection& collection,
                                               std::uint64_t number) {
  const auto key = key_of(request.ns, request.name);
  const bool newest = number == store.current();
  const Objects old = newest ? Objects{} : store.view(collection, number);
  const Objects& objects = newest ? collection.objects : old;
  const auto found = objects.find(key);
  if (found == objects.end()) return not_found(*collection.kind, request.name);
  return json_response(200, found->second->text());
}

Answer<Written> FakeKube::State::write(const KubeRequest& request, Collection& collection,
                                       const net::HttpRequest& http) {
  const Author author{
      .who = request.user_agent, .verb = request.verb(), .subresource = request.subresource};
  const WriteOptions options{.strict = request.option("fieldValidation") == "Strict"};
  if (!request.option("dryRun").empty()) {
    return bad_request("the fake API server does not know dryRun");
  }
  if (author.verb == "deletecollection") return remove_all(request, collection);
  if (author.verb == "delete" && request.subresource.empty()) {
    auto wanted = delete_options(http);
    if (!wanted) return std::unexpected(wanted.error());
    return writer.remove(collection, request.ns, request.name, *wanted, author);
  }
  if (author.verb == "patch" && request.content_type == "application/apply-patch+yaml") {
    return unsupported_type(request.content_type);
  }
  if (request.name.empty() != (author.verb == "create")) {
    return bad_request("only what is not yet there has no name in its path");
  }
  if (author.verb != "patch" && author.verb != "update" && author.verb != "create") {
    return method_not_allowed();
  }
  auto body = json_body(http);
  if (!body) return std::unexpected(body.error());
  if (author.verb == "create") {
    return writer.create(collection, request.ns, std::move(*body), author, options);
  }
  if (author.verb == "update") {
    return writer.replace(collection, request.ns, request.name, std::move(*body), author, options);
  }
  return writer.patch(collection, request.ns, request.name, request.content_type, *body, author,
                      options);
}

Answer<Written> FakeKube::State::remove_all(const KubeRequest& request, Collection& collection) {
  auto selection = Selection::read(*collection.kind, request.ns, request.option("labelSelector"),
                                   request.option("fieldSelector"));
  if (!selection) return std::unexpected(selection.error());
  JsonArray items;
  for (const auto& [key, version] : Objects(collection.objects)) {
    if (!selection->matches(version->object())) continue;
    items.push_back(version->object());
    const auto name = text_at(version->object(), "metadata.name");
    auto removed = writer.remove(collection, text_at(version->object(), "metadata.namespace"), name,
                                 {}, {.who = request.user_agent, .verb = "delete"});
    if (!removed) return removed;
  }
  JsonObject metadata{{"resourceVersion", std::to_string(store.current())}};
  if (collection.kind->custom) metadata["continue"] = "";
  return Written{.other = JsonObject{{"kind", collection.kind->list_name},
                                     {"apiVersion", collection.kind->api_version()},
                                     {"metadata", std::move(metadata)},
                                     {"items", std::move(items)}}};
}

void FakeKube::State::changed(Collection& collection, const Change& change, const Author& author) {
  watches.tell(collection, change);
  const Json& object = change.after != nullptr ? change.after->object() : change.before->object();
  housekeeping.note(collection, change);
  if (!face.on_write) return;
  face.on_write({.at = timeline.now(),
                 .who = author.who,
                 .verb = author.verb,
                 .kind = collection.kind->name,
                 .subresource = author.subresource,
                 .ns = text_at(object, "metadata.namespace"),
                 .name = text_at(object, "metadata.name"),
                 .uid = text_at(object, "metadata.uid"),
                 .before = change.before == nullptr ? Json(nullptr) : change.before->object(),
                 .after = change.after == nullptr ? Json(nullptr) : change.after->object()});
}

FakeKube::FakeKube(Timeline& timeline, Random random, KubeBehaviour behaviour)
    : state_(std::make_unique<State>(*this, timeline, random, behaviour)) {}

FakeKube::FakeKube(Timeline& timeline, Random random, KubeBehaviour behaviour,
                   std::shared_ptr<const KubeSchemas> schemas)
    : FakeKube(timeline, random, behaviour) {
  for (const auto& kind : schemas->kinds) state_->store.add_kind(kind);
}

FakeKube::~FakeKube() = default;

void FakeKube::add_crd(const Json& crd) { state_->store.add_kind(compile_crd(crd)); }

net::HttpResponse FakeKube::handle(const net::HttpRequest& request) {
  return state_->answer(request);
}

net::HttpResponse FakeKube::refuse(KubeRefusal why, Duration retry_after) const {
  Refusal refusal = refusal_of(why);
  // Whole seconds, and none too early.
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(retry_after).count();
  if (seconds > 0) refusal.details["retryAfterSeconds"] = seconds;
  return refusal.response();
}

FakeKube::Call FakeKube::identify(const net::HttpRequest& request) {
  const KubeRequest read = read_request(request);
  Call call{.verb = read.verb(), .resource = read.plural};
  if (!read.subresource.empty()) call.resource += "/" + read.subresource;
  if (!read.name.empty()) call.key = key_of(read.ns, read.name);
  call.writes = read.method != "GET";
  return call;
}

std::optional<net::HttpResponse> FakeKube::watch(const net::HttpRequest& request, Watcher watcher,
                                                 WatchId* id) {
  state_->store.compact_until(state_->timeline.now() - state_->behaviour().history);
  const KubeRequest read = read_request(request);
  auto collection = state_->collection_of(read);
  if (!collection) return collection.error().response();
  auto begun = state_->watches.begin(read, **collection, std::move(watcher));
  if (!begun) return begun.error().response();
  if (id != nullptr) *id = *begun;
  return std::nullopt;
}

void FakeKube::unwatch(WatchId id) { state_->watches.end(id); }

void FakeKube::end_watches() { state_->watches.end_all(); }

void FakeKube::set_behaviour(KubeBehaviour behaviour) { state_->behaviour() = behaviour; }

void FakeKube::compact() { state_->store.compact(); }

Result<Json> FakeKube::create(const Json& manifest, const std::string& who) {
  Collection* collection = state_->store.find_kind(text_at(manifest, "kind"));
  if (collection == nullptr) {
    return fail(Code::kInvalid, "there is no kind '" + text_at(manifest, "kind") + "'");
  }
  std::string ns = text_at(manifest, "metadata.namespace");
  if (ns.empty() && collection->kind->namespaced) ns = "default";
  auto made = state_->writer.create(*collection, ns, manifest,
                                    {.who = who, .verb = "create", .subresource = ""}, {});
  if (!made) return failed(made.error());
  return made->json();
}

Result<Json> FakeKube::patch(const std::string& kind, const std::string& ns,
                             const std::string& name, const Json& merge_patch,
                             const std::string& who, const std::string& subresource) {
  Collection* collection = state_->store.find_kind(kind);
  if (collection == nullptr) return fail(Code::kInvalid, "there is no kind '" + kind + "'");
  auto made =
      state_->writer.patch(*collection, ns, name, "application/merge-patch+json", merge_patch,
                           {.who = who, .verb = "patch", .subresource = subresource}, {});
  if (!made) return failed(made.error());
  return made->json();
}

Result<void> FakeKube::remove(const std::string& kind, const std::string& ns,
                              const std::string& name, const std::string& who) {
  Collection* collection = state_->store.find_kind(kind);
  if (collection == nullptr) return fail(Code::kInvalid, "there is no kind '" + kind + "'");
  auto removed = state_->writer.remove(*collection, ns, name, {},
                                       {.who = who, .verb = "delete", .subresource = ""});
  if (!removed) return failed(removed.error());
  return {};
}

const Json* FakeKube::find(const std::string& kind, const std::string& ns,
                           const std::string& name) const {
  const Collection* collection = state_->store.find_kind(kind);
  if (collection == nullptr) return nullptr;
  const auto found = collection->objects.find(key_of(ns, name));
  return found == collection->objects.end() ? nullptr : &found->second->object();
}

std::vector<const Json*> FakeKube::all(const std::string& kind) const {
  std::vector<const Json*> out;
  const Collection* collection = state_->store.find_kind(kind);
  if (collection == nullptr) return out;
  for (const auto& [key, version] : collection->objects) out.push_back(&version->object());
  return out;
}

}  // namespace infra::sim
