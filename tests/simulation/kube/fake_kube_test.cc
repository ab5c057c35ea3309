#include "kube/fake_kube.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <stdexcept>

#include "kube/crd_files.h"

namespace infra::sim {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::string_view kApi = "/apis/aws-infra-operator.runner.codes/v1alpha1";
constexpr std::string_view kMerge = "application/merge-patch+json";

const std::shared_ptr<const KubeSchemas>& schemas() {
  static const auto all = kube_schemas(read_crds(INFRA_SOURCE_DIR "/chart/templates/crds"));
  return all;
}

Json parsed(std::string_view text) {
  auto json = parse_json(text);
  EXPECT_TRUE(json.has_value()) << text;
  return json ? *json : Json();
}

std::int64_t number_at(const Json& json, std::string_view path) {
  const Json* found = find_path(json, path);
  return found == nullptr || !found->is_int64() ? -1 : found->get_int64();
}

struct Reply {
  int status = 0;
  Json body;
  std::string reason() const { return text_at(body, "reason"); }
  std::string version() const { return text_at(body, "metadata.resourceVersion"); }
};

class FakeKubeTest : public ::testing::Test {
 protected:
  FakeKubeTest() : kube(timeline, Random(1, "kube"), {}, schemas()) {
    EXPECT_TRUE(kube.create(parsed(R"({"kind": "Namespace", "apiVersion": "v1",
                                       "metadata": {"name": "team"}})"),
                            "test"));
    kube.on_write = [this](const FakeKube::Write& write) { writes.push_back(write); };
  }

  static net::HttpRequest request(std::string method, std::string target, std::string body = "",
                                  std::string_view type = "application/json") {
    net::HttpRequest out;
    out.method = std::move(method);
    out.target = std::move(target);
    out.body = std::move(body);
    out.headers = {{"Content-Type", std::string(type)}, {"User-Agent", "test/1"}};
    return out;
  }

  Reply ask(std::string method, std::string target, std::string body = "",
            std::string_view type = "application/json") {
    const auto response = kube.handle(request(method, target, body, type));
    return {.status = response.status, .body = parsed(response.body)};
  }

  static std::string vpcs(std::string_view rest = "") {
    return fmt::format("{}/namespaces/team/vpcs{}", kApi, rest);
  }

  static std::string vpc(std::string_view name, std::string_view more = "") {
    return fmt::format(R"({{"apiVersion": "aws-infra-operator.runner.codes/v1alpha1",
        "kind": "VPC", "metadata": {{"name": "{}"{}}},
        "spec": {{"cidrBlock": "10.0.0.0/16", "providerRef": {{"name": "aws"}}}}}})",
                       name, more);
  }

  Reply make(std::string_view name, std::string_view more = "") {
    return ask("POST", vpcs(), vpc(name, more));
  }

  Reply patch(std::string_view rest, std::string body) {
    return ask("PATCH", vpcs(rest), std::move(body), kMerge);
  }

  struct Seen {
    FakeKube::WatchId id = 0;
    std::vector<std::string> lines;  // "ADDED a 105"
    std::vector<Json> events;
    bool ended = false;
    std::optional<net::HttpResponse> refused;
  };

  std::shared_ptr<Seen> watch(std::string target) {
    auto seen = std::make_shared<Seen>();
    FakeKube::Watcher watcher;
    watcher.line = [seen](std::string line) {
      EXPECT_TRUE(line.ends_with('\n'));
      seen->events.push_back(parsed(line));
      const Json& event = seen->events.back();
      seen->lines.push_back(text_at(event, "type") + " " + text_at(event, "object.metadata.name"));
    };
    watcher.end = [seen] { seen->ended = true; };
    seen->refused = kube.watch(request("GET", target), watcher, &seen->id);
    return seen;
  }

  std::string newest() { return ask("GET", vpcs()).version(); }

  static std::vector<std::string> names(const Json& list) {
    std::vector<std::string> out;
    for (const Json& one : list.at("items").as_array()) {
      out.push_back(text_at(one, "metadata.name"));
    }
    return out;
  }

  void pass(Duration time) {
    const auto until = timeline.now() + time;
    while (timeline.step(until)) {
    }
  }

  Timeline timeline;
  FakeKube kube;
  std::vector<FakeKube::Write> writes;
};

TEST_F(FakeKubeTest, CreateFillsInWhatTheServerSets) {
  const auto made = make("a");
  EXPECT_EQ(made.status, 201);
  EXPECT_EQ(text_at(made.body, "metadata.creationTimestamp"), "2027-01-15T08:00:00Z");
  EXPECT_EQ(text_at(made.body, "metadata.uid").size(), 36u);
  EXPECT_EQ(text_at(made.body, "spec.instanceTenancy"), "default");
  EXPECT_EQ(number_at(made.body, "metadata.generation"), 1);
  ASSERT_EQ(writes.size(), 1u);
  EXPECT_EQ(writes[0].who, "test/1");
  EXPECT_TRUE(writes[0].before.is_null());
  EXPECT_EQ(make("a").reason(), "AlreadyExists");
  EXPECT_EQ(ask("GET", vpcs("/a")).version(), made.version());
  EXPECT_EQ(ask("GET", vpcs("/b")).reason(), "NotFound");
}

TEST_F(FakeKubeTest, StatusAndSpecAreWrittenApart) {
  const auto made = make("a");
  const auto both = R"({"status": {"vpcID": "vpc-1"}, "spec": {"enableDnsSupport": false}})";
  const auto status = patch("/a/status", both);
  EXPECT_EQ(text_at(status.body, "status.vpcID"), "vpc-1");
  EXPECT_TRUE(find_path(status.body, "spec.enableDnsSupport")->get_bool());
  EXPECT_EQ(number_at(status.body, "metadata.generation"), 1);
  const auto spec = patch("/a", R"({"status": null, "spec": {"enableDnsSupport": false}})");
  EXPECT_EQ(text_at(spec.body, "status.vpcID"), "vpc-1");
  EXPECT_EQ(number_at(spec.body, "metadata.generation"), 2);
  const auto nothing = patch("/a", both);
  EXPECT_EQ(nothing.version(), spec.version());
}

TEST_F(FakeKubeTest, ConflictsAreTold) {
  const auto made = make("a");
  const auto body = fmt::format(
      R"({{"metadata": {{"resourceVersion": "{}", "labels": {{"a": "b"}}}}}})", made.version());
  EXPECT_EQ(patch("/a", body).status, 200);
  const auto late = patch("/a", body);
  EXPECT_EQ(late.status, 409);
  EXPECT_EQ(late.reason(), "Conflict");
}

TEST_F(FakeKubeTest, FinalizersHoldAnObject) {
  make("a", R"(, "finalizers": ["x.io/y"])");
  const auto deleted = ask("DELETE", vpcs("/a"));
  EXPECT_EQ(deleted.status, 200);
  EXPECT_EQ(text_at(deleted.body, "kind"), "VPC");
  EXPECT_FALSE(text_at(deleted.body, "metadata.deletionTimestamp").empty());
  EXPECT_EQ(patch("/a", R"({"metadata": {"finalizers": ["x.io/y", "x.io/z"]}})").status, 422);
  EXPECT_EQ(patch("/a", R"({"metadata": {"finalizers": null}})").status, 200);
  EXPECT_EQ(ask("GET", vpcs("/a")).status, 404);
  EXPECT_EQ(kube.find("VPC", "team", "a"), nullptr);
}

TEST_F(FakeKubeTest, BadObjectsAreRefused) {
  EXPECT_EQ(ask("POST", vpcs(), "{").status, 400);
  auto bad = parsed(vpc("a"));
  set_path(bad, "spec.cidrBlock", Json("300.0.0.0/16"));
  const auto refused = ask("POST", vpcs(), boost::json::serialize(bad));
  EXPECT_EQ(refused.status, 422);
  EXPECT_THAT(text_at(refused.body, "message"), HasSubstr("spec.cidrBlock: Invalid value"));
  make("a");
  EXPECT_THAT(text_at(patch("/a", R"({"spec": {"cidrBlock": "10.1.0.0/16"}})").body, "message"),
              HasSubstr("cannot be changed once the object exists"));
}

TEST_F(FakeKubeTest, AWatchShowsWhatHappens) {
  const auto list = ask("GET", vpcs());
  const auto seen = watch(vpcs("?watch=true&resourceVersion=" + list.version()));
  make("a");
  EXPECT_THAT(seen->lines, IsEmpty());  // never from within a request
  patch("/a", R"({"metadata": {"labels": {"a": "b"}}})");
  const auto removed = ask("DELETE", vpcs("/a"));
  EXPECT_EQ(text_at(removed.body, "status"), "Success");
  pass(Duration{1});
  EXPECT_THAT(seen->lines, ElementsAre("ADDED a", "MODIFIED a", "DELETED a"));
  EXPECT_EQ(text_at(seen->events[2], "object.metadata.labels.a"), "b");
  EXPECT_NE(text_at(seen->events[2], "object.metadata.resourceVersion"),
            text_at(seen->events[1], "object.metadata.resourceVersion"));
}

TEST_F(FakeKubeTest, AWatchEndsInGoodOrder) {
  const auto seen = watch(vpcs("?watch=true&timeoutSeconds=5&resourceVersion=") + newest());
  pass(Duration{4'999});
  EXPECT_FALSE(seen->ended);
  pass(Duration{1});
  EXPECT_TRUE(seen->ended);
  make("a");
  pass(Duration{1'000});
  EXPECT_THAT(seen->lines, IsEmpty());
}

TEST_F(FakeKubeTest, BookmarksComeEveryMinuteWhenAskedFor) {
  const auto target = vpcs("?watch=true&resourceVersion=") + newest();
  const auto without = watch(target);
  const auto with = watch(target + "&allowWatchBookmarks=true");
  make("a");
  pass(std::chrono::minutes(2));
  EXPECT_THAT(without->lines, ElementsAre("ADDED a"));
  EXPECT_THAT(with->lines, ElementsAre("ADDED a", "BOOKMARK ", "BOOKMARK "));
  EXPECT_EQ(text_at(with->events[1], "object.metadata.resourceVersion"), newest());
}

TEST_F(FakeKubeTest, ABookmarkComesShortlyBeforeTheEnd) {
  const auto seen = watch(
      vpcs("?watch=true&allowWatchBookmarks=true&timeoutSeconds=30&resourceVersion=") + newest());
  pass(Duration{27'999});
  EXPECT_THAT(seen->lines, IsEmpty());
  pass(Duration{10'000});
  EXPECT_THAT(seen->lines, ElementsAre("BOOKMARK "));
  EXPECT_TRUE(seen->ended);
}

TEST_F(FakeKubeTest, EventsComeLateAndTwiceButInOrder) {
  kube.set_behaviour({.watch_lag = Duration{5'000}, .duplicate_events = 0.3});
  const auto seen = watch(vpcs("?watch=true&resourceVersion=") + newest());
  for (int i = 0; i < 50; ++i) {
    make(fmt::format("v{:02}", i));
    pass(Duration{10});
  }
  const auto early = seen->lines.size();
  EXPECT_LT(early, 50u);
  pass(Duration{5'000});
  EXPECT_GT(seen->lines.size(), 50u);
  EXPECT_TRUE(std::ranges::is_sorted(seen->lines));
}

TEST_F(FakeKubeTest, AWatcherMayLeaveFromWithinItsCallback) {
  FakeKube::WatchId id = 0;
  int lines = 0;
  FakeKube::Watcher watcher;
  watcher.line = [&](const std::string&) {
    ++lines;
    kube.unwatch(id);
  };
  watcher.end = [] { ADD_FAILURE() << "whoever has left is told nothing"; };
  kube.watch(request("GET", vpcs("?watch=true&resourceVersion=") + newest()), watcher, &id);
  make("a");
  make("b");
  pass(std::chrono::hours(2));
  EXPECT_EQ(lines, 1);
}

TEST_F(FakeKubeTest, ARestartEndsAllWatches) {
  const auto seen = watch(vpcs("?watch=true&resourceVersion=") + newest());
  const auto other = watch(vpcs("?watch=true&resourceVersion=") + newest());
  make("a");
  kube.end_watches();
  kube.unwatch(other->id);
  EXPECT_FALSE(seen->ended);
  pass(Duration{1});
  EXPECT_TRUE(seen->ended);
  EXPECT_FALSE(other->ended);
  EXPECT_THAT(seen->lines, IsEmpty());
}

TEST_F(FakeKubeTest, WhatWasCompactedAwayIsGone) {
  const auto old = newest();
  make("a");
  make("b");
  const auto page = ask("GET", vpcs("?limit=1"));
  const auto token = text_at(page.body, "metadata.continue");
  kube.compact();
  make("c");
  const auto resumed = ask("GET", vpcs("?limit=1&continue=" + token));
  EXPECT_EQ(resumed.status, 200);  // the page is of the version at which history now begins
  kube.compact();
  const auto expired = ask("GET", vpcs("?limit=1&continue=" + token));
  EXPECT_EQ(expired.status, 410);
  EXPECT_EQ(expired.reason(), "Expired");
  EXPECT_FALSE(text_at(expired.body, "metadata.continue").empty());

  const auto seen = watch(vpcs("?watch=true&resourceVersion=") + old);
  pass(Duration{1});
  ASSERT_EQ(seen->events.size(), 1u);
  EXPECT_EQ(text_at(seen->events[0], "type"), "ERROR");
  EXPECT_EQ(text_at(seen->events[0], "object.reason"), "Expired");
  EXPECT_TRUE(seen->ended);

  kube.set_behaviour({.gone_at_start = 1});
  const auto refused = watch(vpcs("?watch=true&resourceVersion=") + old);
  ASSERT_TRUE(refused->refused.has_value());
  EXPECT_EQ(refused->refused->status, 410);
}

TEST_F(FakeKubeTest, HistoryIsForgottenByAge) {
  kube.set_behaviour({.history = Duration{60'000}});
  const auto old = newest();
  make("a");
  pass(Duration{61'000});
  make("b");
  const auto seen = watch(vpcs("?watch=true&resourceVersion=") + old);
  pass(Duration{1});
  EXPECT_EQ(text_at(seen->events.at(0), "type"), "ERROR");
}

TEST_F(FakeKubeTest, AListOfAnyAgeIsStale) {
  kube.set_behaviour({.stale_view = Duration{10'000}});
  make("a");
  make("b");
  pass(Duration{10'000});
  ask("DELETE", vpcs("/a"));
  make("c");
  patch("/b", R"({"spec": {"enableDnsSupport": false}})");
  const auto stale = ask("GET", vpcs("?resourceVersion=0"));
  EXPECT_THAT(names(stale.body), ElementsAre("a", "b"));
  EXPECT_TRUE(find_path(stale.body.at("items").at(1), "spec.enableDnsSupport")->get_bool());
  EXPECT_THAT(names(ask("GET", vpcs()).body), ElementsAre("b", "c"));
  EXPECT_EQ(ask("GET", vpcs("/a?resourceVersion=0")).status, 200);
  EXPECT_EQ(ask("GET", vpcs("/a")).status, 404);
  // A watch from there tells the rest.
  const auto seen = watch(vpcs("?watch=true&resourceVersion=") + stale.version());
  pass(Duration{1});
  EXPECT_THAT(seen->lines, ElementsAre("DELETED a", "ADDED c", "MODIFIED b"));
}

TEST_F(FakeKubeTest, PagesAreOfOneVersion) {
  for (const char* name : {"a", "b", "c"}) make(name);
  const auto first = ask("GET", vpcs("?limit=2"));
  ask("DELETE", vpcs("/c"));
  make("d");
  const auto second =
      ask("GET", vpcs("?limit=2&continue=" + text_at(first.body, "metadata.continue")));
  EXPECT_THAT(names(second.body), ElementsAre("c"));
  EXPECT_EQ(second.version(), first.version());
}

TEST_F(FakeKubeTest, ANamespaceTakesItsContentsAlong) {
  make("a", R"(, "finalizers": ["x.io/y"])");
  make("b");
  ASSERT_TRUE(kube.remove("Namespace", "", "team", "user"));
  EXPECT_EQ(make("c").status, 403);
  pass(Duration{5'000});
  EXPECT_EQ(kube.find("VPC", "team", "b"), nullptr);
  ASSERT_NE(kube.find("VPC", "team", "a"), nullptr);
  EXPECT_FALSE(text_at(*kube.find("VPC", "team", "a"), "metadata.deletionTimestamp").empty());
  patch("/a", R"({"metadata": {"finalizers": null}})");
  pass(Duration{5'000});
  EXPECT_EQ(kube.find("Namespace", "", "team"), nullptr);
  EXPECT_EQ(make("c").status, 404);
}

TEST_F(FakeKubeTest, EventsAreForgottenAfterAnHour) {
  const std::string path = "/api/v1/namespaces/team/events";
  ask("POST", path, R"({"metadata": {"name": "e"}, "involvedObject": {"namespace": "team"}})");
  pass(std::chrono::minutes(50));
  EXPECT_EQ(ask("PATCH", path + "/e", R"({"count": 2})", kMerge).status, 200);
  pass(std::chrono::minutes(50));
  EXPECT_EQ(ask("GET", path + "/e").status, 200);
  pass(std::chrono::minutes(11));
  EXPECT_EQ(ask("GET", path + "/e").status, 404);
  EXPECT_EQ(writes.back().verb, "expire");
}

TEST_F(FakeKubeTest, UsersMeetTheSameChecks) {
  ASSERT_TRUE(kube.create(parsed(vpc("a", R"(, "namespace": "team")")), "alice"));
  const auto again = kube.create(parsed(vpc("a", R"(, "namespace": "team")")), "alice");
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, Code::kAlreadyExists);
  const auto bad = kube.patch("VPC", "team", "a", parsed(R"({"spec": {"cidrBlock": 5}})"), "bob");
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error().code, Code::kInvalid);
  ASSERT_TRUE(
      kube.patch("VPC", "team", "a", parsed(R"({"status": {"vpcID": "x"}})"), "bob", "status"));
  EXPECT_EQ(writes.back().who, "bob");
  EXPECT_EQ(writes.back().subresource, "status");
  EXPECT_EQ(text_at(writes.back().after, "status.vpcID"), "x");
  EXPECT_EQ(text_at(writes.back().before, "status.vpcID"), "");
  EXPECT_EQ(kube.all("VPC").size(), 1u);
  ASSERT_TRUE(kube.remove("VPC", "team", "a", "carol"));
  EXPECT_TRUE(writes.back().after.is_null());
  EXPECT_EQ(kube.remove("VPC", "team", "a", "carol").error().code, Code::kNotFound);
  EXPECT_EQ(kube.create(parsed(R"({"kind": "Widget"})"), "alice").error().code, Code::kInvalid);
}

TEST_F(FakeKubeTest, WhoIsToldOfAWriteMayWriteInTurn) {
  kube.on_write = [this](const FakeKube::Write& write) {
    if (write.verb != "create") return;
    EXPECT_TRUE(kube.remove(write.kind, write.ns, write.name, "somebody"));
  };
  EXPECT_EQ(make("a").status, 201);
  EXPECT_EQ(ask("GET", vpcs("/a")).status, 404);
}

TEST_F(FakeKubeTest, RefusalsAreThoseOfTheServer) {
  const auto busy = kube.refuse(KubeRefusal::kTooManyRequests, Duration{1'500});
  EXPECT_EQ(busy.status, 429);
  EXPECT_EQ(net::header(busy.headers, "Retry-After"), "2");
  const auto down = kube.refuse(KubeRefusal::kUnavailable);
  EXPECT_EQ(down.status, 503);
  EXPECT_EQ(text_at(parsed(down.body), "reason"), "ServiceUnavailable");
  EXPECT_EQ(kube.refuse(KubeRefusal::kForbidden).status, 403);
  EXPECT_EQ(kube.refuse(KubeRefusal::kTimeout).status, 504);
  EXPECT_EQ(kube.refuse(KubeRefusal::kInternalError).status, 500);
}

TEST(FakeKubeCalls, AreIdentified) {
  const auto identify = [](std::string method, std::string target) {
    net::HttpRequest request;
    request.method = std::move(method);
    request.target = std::move(target);
    const auto call = FakeKube::identify(request);
    return call.verb + " " + call.resource + " " + call.key + (call.writes ? " writes" : "");
  };
  const std::string api(kApi);
  EXPECT_EQ(identify("GET", api + "/vpcs?limit=5"), "list vpcs ");
  EXPECT_EQ(identify("GET", api + "/vpcs?watch=true"), "watch vpcs ");
  EXPECT_EQ(identify("GET", api + "/namespaces/a/vpcs/b"), "get vpcs a/b");
  EXPECT_EQ(identify("PATCH", api + "/namespaces/a/vpcs/b/status"), "patch vpcs/status a/b writes");
  EXPECT_EQ(identify("GET", "/api/v1/namespaces/a"), "get namespaces a");
  EXPECT_EQ(identify("POST", "/api/v1/namespaces/a/events"), "create events  writes");
}

TEST(FakeKubeTimes, OneSeedIsOneHistory) {
  const auto run = [](std::uint64_t seed) {
    Timeline timeline;
    FakeKube kube(timeline, Random(seed, "kube"),
                  {.watch_lag = Duration{1'000}, .duplicate_events = 0.2}, schemas());
    std::string all;
    FakeKube::Watcher watcher;
    watcher.line = [&](const std::string& line) {
      all += std::to_string(timeline.now().count()) + line;
    };
    watcher.end = [] {};
    net::HttpRequest request;
    request.target = "/api/v1/secrets?watch=true";
    FakeKube::WatchId id = 0;
    EXPECT_FALSE(kube.watch(request, watcher, &id));
    for (int i = 0; i < 20; ++i) {
      EXPECT_TRUE(kube.create(parsed(R"({"kind": "Secret", "apiVersion": "v1",
                                         "metadata": {"generateName": "s-"}})"),
                              "test"));
      while (timeline.step(timeline.now() + Duration{100})) {
      }
    }
    return all;
  };
  EXPECT_EQ(run(1), run(1));
  EXPECT_NE(run(1), run(2));
}

TEST(FakeKubeSchemas, WhatIsNotKnownStopsTheProgram) {
  auto crd = read_crds(INFRA_SOURCE_DIR "/chart/templates/crds").front();
  Json& schema = crd.at("spec").at("versions").at(0).at("schema").at("openAPIV3Schema");
  auto with = [&](const char* word, Json value) {
    Json changed = crd;
    changed.at("spec").at("versions").at(0).at("schema").at("openAPIV3Schema").as_object()[word] =
        std::move(value);
    return changed;
  };
  EXPECT_NO_THROW(kube_schemas({crd}));
  EXPECT_THROW(kube_schemas({with("anyOf", JsonArray{})}), std::runtime_error);
  EXPECT_THROW(kube_schemas({with("x-kubernetes-validations",
                                  JsonArray{JsonObject{{"rule", "self.a - self.b > 0"}}})}),
               std::runtime_error);
  EXPECT_TRUE(schema.is_object());
}

}  // namespace
}  // namespace infra::sim
