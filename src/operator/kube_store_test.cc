#include "operator/kube_store.h"

#include "kube/fakes_for_test.h"

namespace infra {
namespace {

using Check = reconcile::ObjectStore::Check;

Json object_json(const std::string& version, const std::string& uid = "u-1") {
  return JsonObject{
      {"metadata",
       JsonObject{{"name", "a"}, {"namespace", "n"}, {"uid", uid}, {"resourceVersion", version}}}};
}

class KubeStoreTest : public kube::Bench {
 protected:
  KubeStoreTest() {
    kind.kind = "Thing";
    kind.plural = "things";
  }

  static kube::Reply answer(const Json& object) { return {.body = boost::json::serialize(object)}; }
  static kube::Reply conflict() {
    return {.status = 409, .body = R"({"kind": "Status", "reason": "Conflict", "code": 409})"};
  }
  Result<reconcile::Object> patch(Check check) {
    return await(store.patch_status(reconcile::Object(object_json("1")),
                                    JsonObject{{"ready", true}}, check));
  }
  // The version that the n-th request asks for.
  std::string version_in(std::size_t n) {
    return text_at(*parse_json(transport.requests.at(n).body), "metadata.resourceVersion");
  }

  std::string version_loaded() {
    const auto loaded = await(store.load("n/a"));
    return loaded ? loaded->resource_version() : "";
  }

  definition::Definition kind;
  WatchedKind watched{kind, client, clock, [] { return 0.5; }, {}};
  kube::EventRecorder events{client, clock, [] { return 0.5; }};
  KubeStore store{client, events, watched};
};

TEST_F(KubeStoreTest, AStatusIsWrittenForOneVersionAndUid) {
  transport.script({answer(object_json("2"))});
  const auto written = patch(Check::kSameVersion);
  ASSERT_TRUE(written) << written.error().message;
  EXPECT_EQ(written->resource_version(), "2");
  EXPECT_EQ(version_in(0), "1");
  EXPECT_EQ(text_at(*parse_json(transport.requests[0].body), "metadata.uid"), "u-1");
  EXPECT_TRUE(transport.requests[0].target.ends_with("/things/a/status"));
}

TEST_F(KubeStoreTest, AConflictIsToldToWhoMeantOneVersion) {
  transport.script({conflict()});
  EXPECT_EQ(patch(Check::kSameVersion).error().code, Code::kConflict);
  EXPECT_EQ(transport.requests.size(), 1u);
}

TEST_F(KubeStoreTest, WhoMeansAnyVersionWritesToTheOneThatThereIs) {
  transport.script({conflict(), answer(object_json("7")), answer(object_json("8"))});
  const auto written = patch(Check::kAnyVersion);
  ASSERT_TRUE(written) << written.error().message;
  EXPECT_EQ(written->resource_version(), "8");
  EXPECT_EQ(version_in(2), "7");
}

TEST_F(KubeStoreTest, AnotherObjectOfTheSameNameIsNeverGivenTheStatus) {
  transport.script({conflict(), answer(object_json("7", "u-2"))});
  EXPECT_EQ(patch(Check::kAnyVersion).error().code, Code::kNotFound);
  EXPECT_EQ(transport.requests.size(), 2u);
}

TEST_F(KubeStoreTest, AnyVersionGivesUpOnWhoWritesAllTheTime) {
  transport.handler = [](const net::HttpRequest& request) {
    return request.method == "GET" ? answer(object_json("7")) : conflict();
  };
  EXPECT_EQ(patch(Check::kAnyVersion).error().code, Code::kConflict);
  EXPECT_EQ(transport.requests.size(), 9u);
}

TEST_F(KubeStoreTest, AfterALostAnswerTheObjectIsReadAnew) {
  const kube::Reply quiet{.hang = true};
  const std::string list = R"({"metadata": {"resourceVersion": "1"}, "items": [)" +
                           boost::json::serialize(object_json("1")) + "]}";
  transport.script({{.body = list}, quiet});
  spawn(watched.informers().front()->run());
  ASSERT_TRUE(run_until([this] { return transport.requests.size() == 2; }));
  EXPECT_EQ(version_loaded(), "1") << "from the cache";
  transport.script({{.error = Error{.code = Code::kUnavailable, .message = "broken"}}});
  EXPECT_FALSE(patch(Check::kSameVersion));
  transport.script({{.status = 500, .body = "{}"}, answer(object_json("2"))});
  EXPECT_EQ(version_loaded(), "") << "as long as it cannot be read";
  EXPECT_EQ(version_loaded(), "2");
  EXPECT_EQ(version_loaded(), "2") << "from the cache again";
  EXPECT_EQ(transport.requests.size(), 5u);
}

TEST_F(KubeStoreTest, AnObjectThatHasGoneIsNotFound) {
  transport.script({conflict(), {.status = 404, .body = R"({"reason": "NotFound"})"}});
  EXPECT_EQ(patch(Check::kAnyVersion).error().code, Code::kNotFound);
}

}  // namespace
}  // namespace infra
