#include "kube/lists.h"

#include <fmt/format.h>

#include "base/base64.h"
#include "kube/selectors.h"

namespace infra::sim {
namespace {

// Where the next page begins, and in which version.
struct Resume {
  std::uint64_t number = 0;
  std::string start;
};

std::string token_of(const Resume& resume) {
  const Json token =
      JsonObject{{"v", "meta.k8s.io/v1"}, {"rv", resume.number}, {"start", resume.start}};
  return base64_encode(boost::json::serialize(token));
}

Answer<Resume> read_token(const std::string& token) {
  const auto text = base64_decode(token);
  const auto json = text ? parse_json(*text) : Result<Json>(fail(Code::kInvalid, ""));
  const Json* number = json ? find_path(*json, "rv") : nullptr;
  if (number == nullptr || !number->is_int64()) {
    return bad_request("continue key is not valid: it was not made by this server");
  }
  return Resume{.number = std::uint64_t(number->get_int64()), .start = text_at(*json, "start")};
}

Refused expired_page(const Resume& resume, const Store& store) {
  auto refused = gone(
      "The provided continue parameter is too old to display a consistent list result. You can "
      "start a new list without the continue parameter, or use the continue token in this response "
      "to retrieve the remainder of the results.");
  refused.error().resume = token_of({.number = store.current(), .start = resume.start});
  return refused;
}

// Items of built-in types do not say what they are.
std::string item_text(const Kind& kind, const Version& version) {
  if (kind.custom) return version.text();
  Json plain = version.object();
  plain.as_object().erase("kind");
  plain.as_object().erase("apiVersion");
  return boost::json::serialize(plain);
}

struct Page {
  std::string items;
  std::size_t count = 0;
  std::string next_start;  // empty: this is the last
  std::size_t left = 0;
};

// The first object that is no longer of the namespace ends the walk.
bool within(const std::string& key, const std::string& prefix) { return key.starts_with(prefix); }

Page page_of(const Objects& objects, const Kind& kind, const Selection& selection,
             const std::string& prefix, const std::string& start, std::uint64_t limit) {
  Page page;
  auto at = objects.lower_bound(std::max(prefix, start));
  for (; at != objects.end() && within(at->first, prefix); ++at) {
    if (!selection.matches(at->second->object())) continue;
    if (limit != 0 && page.count == limit) {
      page.next_start = at->first;
      break;
    }
    if (page.count++ != 0) page.items += ',';
    page.items += item_text(kind, *at->second);
  }
  for (; at != objects.end() && within(at->first, prefix); ++at) ++page.left;
  return page;
}

std::string list_text(const Kind& kind, const Page& page, std::uint64_t number, bool counts) {
  JsonObject metadata;
  // An empty token is left out of lists of built-in types.
  if (kind.custom) metadata["continue"] = "";
  if (!page.next_start.empty()) {
    metadata["continue"] = token_of({.number = number, .start = page.next_start});
    if (counts) metadata["remainingItemCount"] = page.left;
  }
  metadata["resourceVersion"] = std::to_string(number);
  return fmt::format(R"({{"kind":{},"apiVersion":{},"metadata":{},"items":[{}]}})",
                     quoted(kind.list_name), quoted(kind.api_version()),
                     boost::json::serialize(metadata), page.items);
}

}  // namespace

Answer<std::uint64_t> version_to_read(const KubeRequest& request, const Store& store, Duration now,
                                      Duration stale_view) {
  const auto& wanted = request.option("resourceVersion");
  if (wanted.empty()) return store.current();
  const auto number = whole_number(wanted);
  if (!number) return bad_request("invalid resource version " + quoted(wanted));
  if (*number > store.current()) return not_yet_seen(*number, store.current());
  if (*number != 0 && request.option("resourceVersionMatch") == "Exact") {
    if (*number < store.compacted())
      return gone("The resourceVersion for the provided list is too old.");
    return *number;
  }
  return std::max(*number, store.current_at(now - stale_view));
}

Answer<std::string> list(const KubeRequest& request, Store& store, Collection& collection,
                         std::uint64_t number) {
  auto selection = Selection::read(*collection.kind, request.ns, request.option("labelSelector"),
                                   request.option("fieldSelector"));
  if (!selection) return std::unexpected(selection.error());
  Resume resume{.number = number};
  if (const auto& token = request.option("continue"); !token.empty()) {
    if (!request.option("resourceVersion").empty()) {
      return bad_request("specifying resource version is not allowed when using continue");
    }
    auto read = read_token(token);
    if (!read) return std::unexpected(read.error());
    resume = *read;
    if (resume.number < store.compacted()) return expired_page(resume, store);
  }
  const auto limit = whole_number(request.option("limit")).value_or(0);
  const std::string prefix = request.ns.empty() ? "" : request.ns + "/";
  // Most lists are about the newest version, which needs no copy.
  const bool newest = resume.number >= store.current();
  const Objects old = newest ? Objects{} : store.view(collection, resume.number);
  const Objects& objects = newest ? collection.objects : old;
  const Page page = page_of(objects, *collection.kind, *selection, prefix, resume.start, limit);
  return list_text(*collection.kind, page, resume.number, !selection->selective());
}

}  // namespace infra::sim
