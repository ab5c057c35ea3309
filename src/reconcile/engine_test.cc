#include "reconcile/engine.h"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <memory>

#include "base/clock_for_test.h"
#include "reconcile/pass.h"

namespace infra::reconcile {
namespace {

using definition::Call;
using definition::Definition;
using definition::Facet;
using definition::Field;

// A tiny AWS with one kind of resource. Each fault is met once, by the next call of that operation.
class FakeCloud final : public Cloud {
 public:
  enum class Fault { kRefused, kLostAnswer, kNotSent };

  Task<Result<Json>> call(std::string, std::string operation, Json input, Intent) override {
    const auto fault = faults.find(operation);
    if (fault == faults.end()) co_return answer(operation, input);
    const Fault kind = fault->second;
    faults.erase(fault);
    if (kind == Fault::kRefused) {
      co_return std::unexpected(
          Error{.code = Code::kDenied, .message = "AccessDenied", .remote_code = "AccessDenied"});
    }
    if (kind == Fault::kLostAnswer) (void)answer(operation, input);
    co_return fail(Code::kUnavailable, "connection reset");
  }
  Task<Result<Json>> call_all_pages(std::string service, std::string operation,
                                    Json input) override {
    auto result = co_await call(service, operation, input, Intent::kRead);
    co_return result;
  }
  const std::string& region() const override { return region_; }
  const std::string& account_id() const override { return account_; }
  const std::map<std::string, std::string>& default_tags() const override { return tags_; }

  std::map<std::string, JsonObject> things;
  std::map<std::string, Fault> faults;
  bool hide_from_lists = false;
  bool forgets_size = false;  // accepts a change and does not keep it
  int writes = 0;

 private:
  Result<Json> answer(const std::string& operation, const Json& input) {
    const std::string id = text_at(input, "Id");
    if (operation == "FindThings") return find(text_at(input, "Uid"));
    if (operation == "CreateThing") return create(input);
    const auto found = things.find(id);
    if (found == things.end()) {
      return std::unexpected(
          Error{.code = Code::kNotFound, .message = "no such thing", .remote_code = "NoThing"});
    }
    if (operation == "GetThing") return Json(JsonObject{{"Thing", found->second}});
    ++writes;
    if (operation == "Resize" && !forgets_size) found->second["Size"] = *find_path(input, "Size");
    if (operation == "Tag") found->second["Tags"] = *find_path(input, "Tags");
    if (operation == "DeleteThing") things.erase(found);
    return Json(JsonObject{});
  }

  Result<Json> create(const Json& input) {
    ++writes;
    const std::string id = "thing-" + std::to_string(++made_);
    things[id] = {
        {"Id", id}, {"Size", *find_path(input, "Size")}, {"Tags", *find_path(input, "Tags")}};
    return Json(JsonObject{{"Id", id}});
  }

  Result<Json> find(const std::string& uid) const {
    JsonArray found;
    for (const auto& [id, thing] : things) {
      for (const Json& tag : thing.at("Tags").get_array()) {
        const bool owned =
            text_at(tag, "Key") == planning::owner_tag() && text_at(tag, "Value") == uid;
        if (owned && !hide_from_lists) found.emplace_back(thing);
      }
    }
    return Json(JsonObject{{"Things", std::move(found)}});
  }

  int made_ = 0;
  std::string region_ = "us-east-1";
  std::string account_ = "123456789012";
  std::map<std::string, std::string> tags_;
};

class FakeStore final : public ObjectStore {
 public:
  explicit FakeStore(Json initial) : json(std::move(initial)) {}

  Task<Result<Object>> patch_status(Object object, JsonObject patch, Check check) override {
    co_return change(object, JsonObject{{"status", std::move(patch)}}, check);
  }
  Task<Result<Object>> patch_metadata(Object object, JsonObject patch, Check check) override {
    co_return change(object, JsonObject{{"metadata", std::move(patch)}}, check);
  }
  void record_event(const Object&, bool, const std::string& reason, const std::string&) override {
    events.push_back(reason);
  }

  Json json;
  int writes = 0;
  int crash_after = -1;  // writes from then on fail, as if the process were gone
  std::vector<std::string> events;

 private:
  static void apply(Json& target, const Json& patch) {
    if (!patch.is_object()) {
      target = patch;
      return;
    }
    if (!target.is_object()) target = JsonObject{};
    for (const auto& member : patch.get_object()) {
      if (member.value().is_null()) {
        target.get_object().erase(member.key());
      } else {
        apply(target.get_object()[member.key()], member.value());
      }
    }
  }

  Result<Object> change(const Object& object, const JsonObject& patch, Check check) {
    if (crash_after >= 0 && writes >= crash_after) return fail(Code::kUnavailable, "crashed");
    if (check == Check::kSameVersion &&
        object.resource_version() != text_at(json, "metadata.resourceVersion")) {
      return fail(Code::kConflict, "changed meanwhile");
    }
    ++writes;
    apply(json, patch);
    set_path(json, "metadata.resourceVersion", Json(std::to_string(writes + 1)));
    return Object(json);
  }
};

Definition thing_kind() {
  Definition kind;
  kind.kind = "Thing";
  kind.service = "things";
  Field size{.name = "size", .type = definition::Type::kInteger, .at = "Size", .read_at = "Size"};
  kind.spec = {size};
  kind.identity = {.status = "thingID",
                   .assigned_at = "Id",
                   .read_at = "Id",
                   .find = Call{.operation = "FindThings", .input = JsonObject{{"Uid", "${uid}"}}},
                   .find_id = "Things[0].Id",
                   .visible_after_seconds = 300};
  const Call read{.operation = "GetThing", .input = JsonObject{{"Id", "${id}"}}};
  kind.facets.push_back(
      Facet{.name = "thing", .read = read, .result = "Thing", .absent = {"NoThing"}});
  kind.facets.push_back(
      Facet{.name = "size",
            .read = read,
            .result = "Thing",
            .fields = {"size"},
            .write = {Call{.operation = "Resize",
                           .input = JsonObject{{"Id", "${id}"}, {"Size", "${size}"}}}}});
  kind.tags = definition::Tags{
      .read_at = "Tags",
      .add = Call{.operation = "Tag", .input = JsonObject{{"Id", "${id}"}, {"Tags", "${tags}"}}}};
  kind.create = {.operation = "CreateThing",
                 .input = JsonObject{{"Size", "${size}"}, {"Tags", "${tags}"}}};
  kind.remove = {.operation = "DeleteThing", .input = JsonObject{{"Id", "${id}"}}};
  kind.remove_absent = {"NoThing"};
  return kind;
}

class EngineTest : public ::testing::Test {
 protected:
  Report reconcile() {
    boost::asio::io_context io;
    Report report{.outcome = Settled{}};
    boost::asio::co_spawn(io, run(&report), [](std::exception_ptr error) {
      if (error) std::rethrow_exception(error);
    });
    io.run();
    return report;
  }
  Task<void> run(Report* out) {
    *out = co_await engine->reconcile(kind, Object(store.json), cloud, store);
  }
  void restart() { engine = std::make_unique<Engine>(clock, "test"); }
  bool ready() { return *find_path(store.json, "status.ready") == Json(true); }

  JumpingClock clock;
  FakeCloud cloud;
  Definition kind = thing_kind();
  FakeStore store{boost::json::parse(R"({"metadata": {"name": "a", "namespace": "n", "uid": "u-1",
    "generation": 1, "resourceVersion": "1"}, "spec": {"size": 3}})")};
  std::unique_ptr<Engine> engine = std::make_unique<Engine>(clock, "test");
};

TEST_F(EngineTest, CreatesOnceAndASecondPassWritesNothing) {
  EXPECT_TRUE(std::holds_alternative<Settled>(reconcile().outcome));
  EXPECT_TRUE(ready());
  ASSERT_EQ(cloud.things.size(), 1u);
  const int cloud_writes = cloud.writes;
  const int store_writes = store.writes;
  clock.advance(Duration{600'000});
  EXPECT_TRUE(std::holds_alternative<Settled>(reconcile().outcome));
  EXPECT_EQ(cloud.writes, cloud_writes);
  EXPECT_EQ(store.writes, store_writes);
}

TEST_F(EngineTest, CorrectsDriftAndSaysSo) {
  reconcile();
  cloud.things.begin()->second["Size"] = 9;
  EXPECT_TRUE(reconcile().corrected);
  EXPECT_EQ(cloud.things.begin()->second["Size"], Json(3));
  EXPECT_EQ(store.events.back(), "DriftCorrected");
}

TEST_F(EngineTest, UnreadableNeverCreates) {
  for (const auto fault : {FakeCloud::Fault::kRefused, FakeCloud::Fault::kNotSent}) {
    cloud.faults["FindThings"] = fault;
    EXPECT_TRUE(std::holds_alternative<Failed>(reconcile().outcome));
    EXPECT_TRUE(cloud.things.empty());
  }
}

TEST_F(EngineTest, LostAnswerToCreateIsFoundAgain) {
  cloud.faults["CreateThing"] = FakeCloud::Fault::kLostAnswer;
  EXPECT_TRUE(std::holds_alternative<Failed>(reconcile().outcome));
  EXPECT_EQ(cloud.things.size(), 1u);
  EXPECT_TRUE(std::holds_alternative<Settled>(reconcile().outcome));
  EXPECT_EQ(cloud.things.size(), 1u);
}

TEST_F(EngineTest, LostCreateIsNotRepeatedWhileListsMayLag) {
  cloud.faults["CreateThing"] = FakeCloud::Fault::kLostAnswer;
  cloud.hide_from_lists = true;
  reconcile();
  restart();
  for (int i = 0; i < 5; ++i) {
    EXPECT_TRUE(std::holds_alternative<Waiting>(reconcile().outcome));
    clock.advance(Duration{30'000});
  }
  EXPECT_EQ(cloud.things.size(), 1u);
  cloud.hide_from_lists = false;
  EXPECT_TRUE(std::holds_alternative<Settled>(reconcile().outcome));
  EXPECT_EQ(cloud.things.size(), 1u);
}

TEST_F(EngineTest, CreateThatNeverArrivedIsRepeatedAfterTheWindow) {
  cloud.faults["CreateThing"] = FakeCloud::Fault::kNotSent;
  reconcile();
  EXPECT_TRUE(std::holds_alternative<Waiting>(reconcile().outcome));
  clock.advance(Duration{301'000});
  EXPECT_TRUE(std::holds_alternative<Settled>(reconcile().outcome));
  EXPECT_EQ(cloud.things.size(), 1u);
}

TEST_F(EngineTest, RefusedCreateCanBeTriedAgainAtOnce) {
  cloud.faults["CreateThing"] = FakeCloud::Fault::kRefused;
  EXPECT_TRUE(std::holds_alternative<Failed>(reconcile().outcome));
  EXPECT_TRUE(std::holds_alternative<Settled>(reconcile().outcome));
  EXPECT_EQ(cloud.things.size(), 1u);
}

// The process dies before its n-th write to the API server; the next one starts fresh.
TEST_F(EngineTest, ACrashAtAnyWriteLeavesOneResource) {
  const Json fresh = store.json;
  for (int crash = 0; crash < 8; ++crash) {
    store.json = fresh;
    store.writes = 0;
    store.crash_after = crash;
    cloud.things.clear();
    reconcile();
    store.crash_after = -1;
    restart();
    EXPECT_TRUE(std::holds_alternative<Settled>(reconcile().outcome)) << crash;
    EXPECT_EQ(cloud.things.size(), 1u) << crash;
  }
}

TEST_F(EngineTest, DeleteWaitsForAbsenceAndKeepsTheFinalizerUntilThen) {
  reconcile();
  set_path(store.json, "metadata.deletionTimestamp", "2026-01-01T00:00:00Z");
  cloud.faults["DeleteThing"] = FakeCloud::Fault::kRefused;
  EXPECT_TRUE(std::holds_alternative<Failed>(reconcile().outcome));
  EXPECT_EQ(find_path(store.json, "metadata.finalizers")->get_array().size(), 1u);
  cloud.faults["GetThing"] = FakeCloud::Fault::kNotSent;
  EXPECT_TRUE(std::holds_alternative<Failed>(reconcile().outcome));
  EXPECT_EQ(find_path(store.json, "metadata.finalizers")->get_array().size(), 1u);
  EXPECT_TRUE(std::holds_alternative<Gone>(reconcile().outcome));
  EXPECT_TRUE(cloud.things.empty());
  EXPECT_TRUE(find_path(store.json, "metadata.finalizers")->get_array().empty());
}

TEST_F(EngineTest, DeletedDuringALostCreateLeavesNothing) {
  cloud.faults["CreateThing"] = FakeCloud::Fault::kLostAnswer;
  reconcile();
  set_path(store.json, "metadata.deletionTimestamp", "2026-01-01T00:00:00Z");
  cloud.hide_from_lists = true;
  EXPECT_TRUE(std::holds_alternative<Waiting>(reconcile().outcome));
  cloud.hide_from_lists = false;
  EXPECT_TRUE(std::holds_alternative<Gone>(reconcile().outcome));
  EXPECT_TRUE(cloud.things.empty());
}

TEST_F(EngineTest, StopsWhenAwsDoesNotKeepWhatIsWritten) {
  reconcile();
  cloud.forgets_size = true;
  cloud.things.begin()->second["Size"] = 9;
  Outcome last = Settled{};
  for (int i = 0; i < 4; ++i) last = reconcile().outcome;
  ASSERT_TRUE(std::holds_alternative<Blocked>(last));
  EXPECT_EQ(std::get<Blocked>(last).reason, "NotConverging");
  const int writes = cloud.writes;
  reconcile();
  EXPECT_EQ(cloud.writes, writes);
}

TEST_F(EngineTest, ARefusedChangeIsNotTakenForOneThatAwsDoesNotKeep) {
  reconcile();
  set_path(store.json, "spec.size", Json(7));
  for (int i = 0; i < 6; ++i) {
    cloud.faults["Resize"] = FakeCloud::Fault::kRefused;
    const Report report = reconcile();
    EXPECT_EQ(std::get<Failed>(report.outcome).error.code, Code::kDenied);
  }
  cloud.faults.clear();
  reconcile();
  EXPECT_TRUE(ready());
}

TEST_F(EngineTest, ALookThatWasAskedForIsAcknowledged) {
  reconcile();
  EXPECT_EQ(find_path(store.json, "status.lastHandledReconcileAt"), nullptr);
  store.json.at("metadata")
      .get_object()["annotations"]
      .get_object()[group_key("reconcile-requested-at")] = "now";
  reconcile();
  EXPECT_EQ(*find_path(store.json, "status.lastHandledReconcileAt"), Json("now"));
}

TEST_F(EngineTest, AKnownResourceMissedOnceIsNotMadeAgain) {
  reconcile();
  const auto thing = *cloud.things.begin();
  cloud.things.clear();  // as a stale read would have it
  const Report report = reconcile();
  EXPECT_EQ(std::get<Waiting>(report.outcome).reason, "ConfirmingAbsence");
  cloud.things.insert(thing);
  reconcile();
  EXPECT_TRUE(ready());
  EXPECT_EQ(cloud.things.size(), 1u);
  EXPECT_EQ(find_path(store.json, "status.absence"), nullptr);
}

TEST_F(EngineTest, AKnownResourceThatStaysAwayIsMadeAgain) {
  reconcile();
  cloud.things.clear();
  reconcile();
  EXPECT_TRUE(cloud.things.empty());
  clock.advance(Duration{6'000});
  reconcile();
  EXPECT_EQ(cloud.things.size(), 1u);
  EXPECT_TRUE(ready());
}

// The annotation still holds the id of the one that has gone: the new one must be looked for.
TEST_F(EngineTest, ALostAnswerWhileMakingItAgainIsFoundAgain) {
  reconcile();
  cloud.things.clear();
  reconcile();
  clock.advance(Duration{6'000});
  cloud.faults["CreateThing"] = FakeCloud::Fault::kLostAnswer;
  reconcile();
  clock.advance(std::chrono::hours(1));
  reconcile();
  EXPECT_EQ(cloud.things.size(), 1u);
  EXPECT_TRUE(ready());
}

TEST_F(EngineTest, AnObjectWithAFinalizerOfOldIsTakenOverAndLetGo) {
  reconcile();
  set_path(store.json, "metadata.finalizers",
           JsonArray{"thing.aws-infra-operator.runner.codes/finalizer", "of.others/x"});
  reconcile();
  EXPECT_EQ(find_path(store.json, "metadata.finalizers")->get_array().size(), 2u);
  set_path(store.json, "metadata.deletionTimestamp", Json("2026-01-01T00:00:00Z"));
  reconcile();
  EXPECT_EQ(*find_path(store.json, "metadata.finalizers"), Json(JsonArray{"of.others/x"}));
  EXPECT_TRUE(cloud.things.empty());
}

TEST_F(EngineTest, PauseKeepsAnOpenIntent) {
  cloud.faults["CreateThing"] = FakeCloud::Fault::kLostAnswer;
  cloud.hide_from_lists = true;
  reconcile();
  const Json before = store.json;
  set_path(store.json, "metadata.annotations",
           JsonObject{{"aws-infra-operator.runner.codes/paused", "true"}});
  reconcile();
  EXPECT_TRUE(same(*find_path(before, "status"), *find_path(store.json, "status")));
  erase_path(store.json, "metadata.annotations");
  EXPECT_TRUE(std::holds_alternative<Waiting>(reconcile().outcome));
  EXPECT_EQ(cloud.things.size(), 1u);
}

TEST_F(EngineTest, PausedTouchesNothing) {
  set_path(store.json, "metadata.annotations",
           JsonObject{{"aws-infra-operator.runner.codes/paused", "true"}});
  reconcile();
  EXPECT_TRUE(cloud.things.empty());
}

}  // namespace
}  // namespace infra::reconcile
