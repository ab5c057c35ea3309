#include "kube/fake_kube.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kube/crd_files.h"

namespace infra::sim {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::string_view kApi = "/apis/aws-infra-operator.runner.codes/v1alpha1";
constexpr std::string_view kMerge = "application/merge-patch+json";

const std::shared_ptr<const KubeSchemas>& schemas() {
  static const auto all = kube_schemas(read_crds(INFRA_SOURCE_DIR "/chart/crds"));
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

}  // namespace
}  // namespace infra::sim
