#include "reconcile/engine.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <memory>
#include <set>
#include <utility>

#include "base/clock_for_test.h"
#include "reconcile/conditions.h"
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
  enum class Fault {
    kHeldBack,
    kRefused,
    kInvalid,
    kBlocked,
    kBusy,
    kLostAnswer,
    kNotSent,
    kTokenUsed
  };

  Task<Result<Json>> call(std::string, std::string operation, Json input, Intent) override {
    auto result = meet(operation, input);
    // The first page of a list may be empty, and the rest on others.
    const bool paged = operation == "FindThings" || operation == "ListTags";
    if (paged && result) co_return Json(JsonObject{{"NextToken", "more"}});
    co_return result;
  }
  Task<Result<Json>> call_all_pages(std::string, std::string operation, Json input) override {
    co_return meet(operation, input);
  }
  const Location& location() const override { return location_; }
  const planning::TagPolicy& tag_policy() const override { return tags_; }
  const planning::DriftPolicy& drift_policy() const override { return drift; }

  std::map<std::string, JsonObject> things;
  std::map<std::string, Fault> faults;
  std::vector<std::string> calls;
  bool running = true;
  std::string token;  // of the last create
  bool hide_from_lists = false;
  bool hide_from_get = false;
  bool hide_tags = false;
  bool keeps_deleted = false;  // shows it as if it were there
  bool hides_deleted = false;  // shows nothing right after a deletion
  bool forgets_size = false;   // accepts a change and does not keep it
  planning::DriftPolicy drift;
  int writes = 0;

  void tag_with(std::string key, std::string value) {
    tags_.defaults[std::move(key)] = std::move(value);
  }
  void move_to(std::string region) { location_.region = std::move(region); }
  bool called(const std::string& operation) const {
    return std::ranges::find(calls, operation) != calls.end();
  }
  std::set<std::string> members, policies;  // of all things

 private:
  Result<Json> meet(const std::string& operation, const Json& input) {
    calls.push_back(operation);
    const auto fault = faults.find(operation);
    if (fault == faults.end()) return answer(operation, input);
    const Fault kind = fault->second;
    faults.erase(fault);
    switch (kind) {
      case Fault::kHeldBack:
        return std::unexpected(Error{.code = Code::kThrottled,
                                     .message = "its turn comes later",
                                     .retry_after = Duration{7'000}});
      case Fault::kRefused: return refusal(Code::kDenied, "AccessDenied");
      case Fault::kInvalid: return refusal(Code::kInvalid, "InvalidParameter");
      case Fault::kBlocked: return refusal(Code::kBlocked, "DependencyViolation");
      case Fault::kTokenUsed: return refusal(Code::kInvalid, "IdempotentParameterMismatch");
      case Fault::kBusy: return refusal(Code::kBusy, "OperationAborted");
      case Fault::kLostAnswer: (void)answer(operation, input); break;
      case Fault::kNotSent: break;
    }
    return fail(Code::kUnavailable, "connection reset");
  }

  static std::unexpected<Error> refusal(Code code, const std::string& text) {
    return std::unexpected(Error{.code = code, .message = text, .remote_code = text});
  }

  Result<Json> answer(const std::string& operation, const Json& input) {
    const std::string id = text_at(input, "Id");
    if (operation == "FindThings") return find(text_at(input, "Uid"));
    if (operation == "CreateThing") return create(input);
    const auto found = things.find(id);
    const bool shown = found != things.end() && !(hide_from_get && operation == "GetThing");
    if (!shown) return refusal(Code::kNotFound, "NoThing");
    if (operation == "GetThing") {
      JsonObject thing = found->second;
      if (hide_tags) thing.erase("Tags");
      return Json(JsonObject{{"Thing", std::move(thing)}});
    }
    if (operation == "ListMembers") return list_members();
    if (operation == "ListTags") return Json(JsonObject{{"Tags", found->second["Tags"]}});
    ++writes;
    const bool resizes = operation == "Resize" || operation == "Shrink";
    if (resizes && !forgets_size) found->second["Size"] = *find_path(input, "Size");
    if (operation == "Stop" || operation == "Start") running = operation == "Start";
    if (operation == "Paint") found->second["Color"] = *find_path(input, "Color");
    if (operation == "AddMember") members.insert(text_at(input, "Name"));
    if (operation == "RemoveMember") members.erase(text_at(input, "Name"));
    if (operation == "PutPolicy") {
      policies.insert(text_at(input, "Name"));
      found->second["Policy"] = text_at(input, "Name");
    }
    if (operation == "DropPolicy") policies.erase(text_at(input, "Name"));
    if (operation == "Tag") found->second["Tags"] = *find_path(input, "Tags");
    if (operation == "DeleteThing") {
      if (!members.empty() || !policies.empty()) return refusal(Code::kBlocked, "InUse");
      hide_from_get = hides_deleted;
      if (!keeps_deleted) things.erase(found);
    }
    return Json(JsonObject{});
  }

  Result<Json> list_members() const {
    JsonArray list;
    for (const auto& name : members) list.push_back(JsonObject{{"Name", name}});
    return Json(JsonObject{{"Members", std::move(list)}});
  }

  Result<Json> create(const Json& input) {
    ++writes;
    token = text_at(input, "Token");
    const std::string id = "thing-" + std::to_string(++made_);
    things[id] = {
        {"Id", id}, {"Size", *find_path(input, "Size")}, {"Tags", *find_path(input, "Tags")}};
    return Json(JsonObject{{"Id", id}, {"Made", JsonArray{JsonObject{{"Id", id}}}}});
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
  Location location_{.account_id = "123456789012", .region = "us-east-1"};
  planning::TagPolicy tags_;
};

class FakeStore final : public ObjectStore {
 public:
  explicit FakeStore(Json initial) : json(std::move(initial)) {}

  Task<Result<Object>> patch_status(const Object& object, JsonObject patch, Check check) override {
    co_return change(object, JsonObject{{"status", std::move(patch)}}, check);
  }
  Task<Result<Object>> patch_metadata(const Object& object, JsonObject patch,
                                      Check check) override {
    co_return change(object, JsonObject{{"metadata", std::move(patch)}}, check);
  }
  Task<Result<void>> keep_secret(Object, std::string name,
                                 std::map<std::string, std::string> values) override {
    if (foreign_secret) co_return fail(Code::kAlreadyExists, "somebody else's");
    secrets[name] = std::move(values);
    co_return Result<void>{};
  }
  void record_event(const Object&, bool, const std::string& reason, const std::string&) override {
    events.push_back(reason);
  }

  Json json;
  int writes = 0;
  int crash_after = -1;  // writes from then on fail, as if the process were gone
  bool changed_meanwhile = false;
  bool foreign_secret = false;
  std::map<std::string, std::map<std::string, std::string>> secrets;
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
        (changed_meanwhile ||
         object.resource_version() != text_at(json, "metadata.resourceVersion"))) {
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
  kind.removes = {{.operation = "DeleteThing", .input = JsonObject{{"Id", "${id}"}}}};
  kind.remove_absent = {"NoThing"};
  return kind;
}

// With a color beside the size, a set of members and a policy that goes by a name.
Definition thing_with_parts() {
  Definition kind = thing_kind();
  kind.spec.push_back({.name = "color", .at = "Color", .read_at = "Color"});
  kind.spec.push_back({.name = "policy", .at = "Policy", .read_at = "Policy"});
  kind.spec.push_back({.name = "members", .type = definition::Type::kArray});
  const auto facet = [&kind](const std::string& field) -> Facet& {
    Facet& out = kind.facets.emplace_back(kind.facets[1]);
    out.name = field;
    out.fields = {field};
    out.write.clear();
    return out;
  };
  const auto call = [](const std::string& operation, std::string_view name, std::string_view from) {
    return Call{.operation = operation, .input = JsonObject{{"Id", "${id}"}, {name, from}}};
  };
  facet("color").write = {call("Paint", "Color", "${color}")};
  Call drop = call("DropPolicy", "Name", "${item}");
  drop.replaces = "policyNames";
  facet("policy").write = {call("PutPolicy", "Name", "${policy}"), drop};
  kind.before_delete = {drop};
  kind.sets.push_back(
      {.field = "members",
       .read = Call{.operation = "ListMembers", .input = JsonObject{{"Id", "${id}"}}},
       .items = "Members",
       .value = "Name",
       .add = call("AddMember", "Name", "${item}"),
       .remove = call("RemoveMember", "Name", "${item}"),
       .remove_first = true,
       .noted = "memberNames"});
  const auto list = [](const std::string& name) {
    return Field{.name = name, .type = definition::Type::kArray};
  };
  kind.status = {{.field = list("policyNames"), .written = "policy"},
                 {.field = list("memberNames")}};
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
    const Object object(store.json);
    *out = co_await engine->reconcile(kind, object, object.spec(), cloud, store);
  }
  void restart() { engine = std::make_unique<Engine>(clock, "test"); }
  bool ready() { return *find_path(store.json, "status.ready") == Json(true); }
  // Reconciles; the reason of what is waited for, of what blocks or of what failed.
  std::string reason() {
    const Report report = reconcile();
    if (const auto* waiting = std::get_if<Waiting>(&report.outcome)) return waiting->reason;
    if (const auto* blocked = std::get_if<Blocked>(&report.outcome)) return blocked->reason;
    if (const auto* failed = std::get_if<Failed>(&report.outcome)) {
      return std::string(to_string(failed->error.code));
    }
    return std::holds_alternative<Gone>(report.outcome) ? "Gone" : "Settled";
  }
  std::vector<std::string> last_events(std::size_t count) {
    return {store.events.end() - std::ptrdiff_t(count), store.events.end()};
  }
  void annotate(std::string_view name, std::string_view value) {
    const Json* noted = find_path(store.json, "metadata.annotations");
    JsonObject all = noted == nullptr ? JsonObject() : noted->get_object();
    all[group_key(name)] = value;
    set_path(store.json, "metadata.annotations", std::move(all));
  }
  void delete_object() {
    set_path(store.json, "metadata.deletionTimestamp", Json("2026-01-01T00:00:00Z"));
  }
  bool held() { return !find_path(store.json, "metadata.finalizers")->get_array().empty(); }
  std::string status(const std::string& path) {
    const Json* found = find_path(store.json, "status." + path);
    return found == nullptr ? "" : boost::json::serialize(*found);
  }
  bool has_tag(const std::string& key) {
    const JsonArray& tags = cloud.things["thing-1"]["Tags"].as_array();
    return std::ranges::any_of(tags,
                               [&key](const Json& tag) { return text_at(tag, "Key") == key; });
  }
  // Declares a tag, and then no more; the tags that AWS had in between.
  Json take_team_tag_away() {
    set_path(store.json, "spec.tags.team", Json("a"));
    EXPECT_EQ(reason(), "Settled");
    Json between = cloud.things["thing-1"]["Tags"];
    erase_path(store.json, "spec.tags.team");
    EXPECT_EQ(reason(), "Settled");
    return between;
  }
  void pass_the_window() { clock.advance(Duration{301'000}); }

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

// The finalizer, the intent, the id, and all that there is to tell.
TEST_F(EngineTest, ACreateIsFourWritesToTheObject) {
  EXPECT_EQ(reason(), "Settled");
  EXPECT_EQ(store.writes, 4);
}

TEST_F(EngineTest, TheIdIsInStatusAlsoIfAwsDoesNotShowWhatItMade) {
  cloud.faults["GetThing"] = FakeCloud::Fault::kNotSent;
  EXPECT_EQ(reason(), "Unavailable");
  EXPECT_EQ(text_at(store.json, "status.thingID"), "thing-1");
}

TEST_F(EngineTest, ACodeMaySayThatItIsThereWithNothingInIt) {
  kind.tags.reset();
  kind.create.input = JsonObject{{"Size", "${size}"}, {"Tags", JsonArray{}}};
  kind.facets.resize(1);
  kind.facets[0].result.clear();
  cloud.hide_from_get = true;
  EXPECT_EQ(reason(), "ConfirmingCreate");
  kind.facets[0].empty = std::exchange(kind.facets[0].absent, {});
  EXPECT_EQ(reason(), "Settled");
}

TEST_F(EngineTest, AnIdWithinAListIsTakenFromTheAnswer) {
  kind.identity.assigned_at = "Made[0].Id";
  cloud.hide_from_lists = true;
  EXPECT_EQ(reason(), "Settled");
  EXPECT_EQ(text_at(store.json, "status.thingID"), "thing-1");
}

TEST_F(EngineTest, APartIsReadOnAllPages) {
  kind.facets[1].read = *kind.identity.find;
  kind.facets[1].result = "Things[0]";
  EXPECT_EQ(reason(), "Settled");
  EXPECT_FALSE(cloud.called("Resize"));
}

TEST_F(EngineTest, CorrectsDriftAndSaysSo) {
  reconcile();
  cloud.things.begin()->second["Size"] = 9;
  const Report report = reconcile();
  EXPECT_TRUE(report.corrected);
  EXPECT_EQ(report.severity, "high");
  EXPECT_EQ(cloud.things.begin()->second["Size"], Json(3));
  EXPECT_EQ(last_events(2), (std::vector<std::string>{"DriftDetected", "DriftHealed"}));
  EXPECT_EQ(status("drift.detected"), "false");
  EXPECT_EQ(status("drift.details"),
            R"([{"field":"size","expected":"3","actual":"9","severity":"high"}])");
}

// What an edit has asked for and AWS has refused is no drift.
TEST_F(EngineTest, AnEditIsNoDrift) {
  reconcile();
  annotate("auto-heal", "false");
  set_path(store.json, "spec.size", Json(7));
  cloud.faults["Resize"] = FakeCloud::Fault::kInvalid;
  EXPECT_EQ(reason(), "Refused");
  EXPECT_EQ(reason(), "Settled");
  EXPECT_EQ(cloud.things.begin()->second["Size"], Json(7));
  EXPECT_EQ(find_path(store.json, "status.drift"), nullptr);
}

TEST_F(EngineTest, DriftThatIsNotToBePutRightIsToldOnce) {
  reconcile();
  annotate("auto-heal", "false");
  cloud.things.begin()->second["Size"] = 9;
  EXPECT_EQ(reconcile().severity, "high");
  EXPECT_EQ(status("drift.detected"), "true");
  EXPECT_EQ(store.events.back(), "DriftDetected");
  const Json told = store.json;
  clock.advance(Duration{60'000});
  const Report again = reconcile();
  EXPECT_EQ(std::get<Blocked>(again.outcome).reason, "Drifted");
  EXPECT_EQ(again.severity, "");
  EXPECT_EQ(store.json, told);
  EXPECT_EQ(cloud.things.begin()->second["Size"], Json(9));
}

TEST_F(EngineTest, WhoWaitsForAwsSaysSoUnlessItIsOnlyChecked) {
  cloud.faults["CreateThing"] = FakeCloud::Fault::kHeldBack;
  EXPECT_EQ(reason(), "Throttled");
  EXPECT_EQ(condition_of(*find_path(store.json, "status"), "Ready")->reason, "Throttled");
  EXPECT_EQ(reason(), "Settled");
  const int writes = store.writes;
  cloud.faults["GetThing"] = FakeCloud::Fault::kHeldBack;
  EXPECT_EQ(std::get<Waiting>(reconcile().outcome).after, Duration{7'000});
  EXPECT_EQ(store.writes, writes) << "it is as ready as it was";
  set_path(store.json, "spec.size", 7);
  cloud.faults["GetThing"] = FakeCloud::Fault::kHeldBack;
  EXPECT_EQ(reason(), "Throttled");
  EXPECT_EQ(condition_of(*find_path(store.json, "status"), "Ready")->reason, "Throttled");
}

TEST_F(EngineTest, AfterAnUpdateOnlyWhatItChangedIsReadAgain) {
  kind.tags->read = Call{.operation = "ListTags", .input = JsonObject{{"Id", "${id}"}}};
  kind.tags->result = "Tags";
  const auto calls_for = [this](const std::string& path, const Json& value) {
    set_path(store.json, path, value);
    cloud.calls.clear();
    reconcile();
    return cloud.calls;
  };
  reconcile();
  ASSERT_TRUE(ready());
  using Calls = std::vector<std::string>;
  EXPECT_EQ(calls_for("spec.size", 7), (Calls{"GetThing", "ListTags", "Resize", "GetThing"}));
  EXPECT_EQ(calls_for("spec.tags.a", "b"), (Calls{"GetThing", "ListTags", "Tag", "ListTags"}));
  kind.states = {.at = "State", .ready = {"there"}, .none = "there"};
  EXPECT_EQ(calls_for("spec.tags.a", "c"),
            (Calls{"GetThing", "ListTags", "Tag", "GetThing", "ListTags"}))
      << "it may be busy with the change";
}

TEST_F(EngineTest, DriftIsPutRightWhenAskedFor) {
  reconcile();
  cloud.drift.heals = false;
  cloud.things.begin()->second["Size"] = 9;
  EXPECT_EQ(reason(), "Drifted");
  annotate("auto-heal", "true");
  EXPECT_EQ(reason(), "Settled");
  EXPECT_EQ(cloud.things.begin()->second["Size"], Json(3));
  EXPECT_EQ(store.events.back(), "DriftHealed");
}

TEST_F(EngineTest, WhatHeldDataIsMadeAgainOnlyIfAskedFor) {
  kind.holds_data = true;
  reconcile();
  pass_the_window();
  cloud.things.clear();
  EXPECT_EQ(reason(), "ConfirmingAbsence");
  EXPECT_EQ(find_path(store.json, "status.drift"), nullptr);
  clock.advance(Duration{6'000});
  EXPECT_EQ(reason(), "DataLost");
  EXPECT_EQ(status("drift.details"),
            R"([{"field":"resource","expected":"there","actual":"gone","severity":"critical"}])");
  set_path(store.json, "spec.size", Json(7));  // asks for another size, not for an empty one
  EXPECT_EQ(reason(), "DataLost");
  EXPECT_TRUE(cloud.things.empty());
  annotate("recreate", "true");
  EXPECT_EQ(reason(), "Settled");
  EXPECT_EQ(cloud.things.size(), 1u);
}

TEST_F(EngineTest, WhatHeldDataAndIsBackIsTakenAsItIs) {
  kind.holds_data = true;
  reconcile();
  pass_the_window();
  const auto things = std::exchange(cloud.things, {});
  EXPECT_EQ(reason(), "ConfirmingAbsence");
  clock.advance(Duration{6'000});
  EXPECT_EQ(reason(), "DataLost");
  cloud.things = things;
  EXPECT_EQ(reason(), "Settled");
  EXPECT_EQ(find_path(store.json, "status.absence"), nullptr);
}

// It never held anything: a create that is sent again needs nobody's leave.
TEST_F(EngineTest, ACreateThatWasInterruptedIsNoLoss) {
  kind.holds_data = true;
  cloud.faults["CreateThing"] = FakeCloud::Fault::kNotSent;
  EXPECT_NE(reason(), "Settled");
  pass_the_window();
  EXPECT_EQ(reason(), "Settled");
}

TEST_F(EngineTest, WhatHasGoneIsNotMadeAgainWhereDriftIsLeft) {
  reconcile();
  pass_the_window();
  cloud.drift.heals = false;
  cloud.things.clear();
  EXPECT_EQ(reason(), "ConfirmingAbsence");
  clock.advance(Duration{6'000});
  EXPECT_EQ(reason(), "Drifted");
  EXPECT_TRUE(cloud.things.empty());
  EXPECT_EQ(status("drift.details"),
            R"([{"field":"resource","expected":"there","actual":"gone","severity":"critical"}])");
}

TEST_F(EngineTest, DriftThatTheProviderDoesNotMindIsLeftWithoutAWord) {
  kind.spec[0].severity = "medium";
  reconcile();
  cloud.drift = {.heals = false, .ignored = {}, .threshold = "high"};
  cloud.things.begin()->second["Size"] = 9;
  EXPECT_EQ(reason(), "Settled");
  EXPECT_EQ(cloud.things.begin()->second["Size"], Json(9));
  EXPECT_EQ(find_path(store.json, "status.drift"), nullptr);
  cloud.drift.threshold = "medium";
  EXPECT_EQ(reason(), "Drifted");
}

TEST_F(EngineTest, DriftThatTheProviderDoesNotMindIsPutRightWithoutAWord) {
  reconcile();
  cloud.drift.threshold = "critical";
  const auto told = store.events.size();
  cloud.things.begin()->second["Size"] = 9;
  EXPECT_EQ(reason(), "Settled");
  EXPECT_EQ(cloud.things.begin()->second["Size"], Json(3));
  EXPECT_EQ(store.events.size(), told);
}

TEST_F(EngineTest, AFieldThatTheProviderLeavesToOthers) {
  reconcile();
  cloud.drift.ignored = {"size", "what.another.kind.has"};
  cloud.things.begin()->second["Size"] = 9;
  EXPECT_EQ(reason(), "Settled");
  EXPECT_EQ(cloud.things.begin()->second["Size"], Json(9));
}

TEST_F(EngineTest, AnotherTagOfTheProviderIsNoDrift) {
  reconcile();
  cloud.drift.heals = false;
  cloud.tag_with("team", "x");
  EXPECT_EQ(reason(), "Settled");
  EXPECT_EQ(find_path(store.json, "status.drift"), nullptr);
}

TEST_F(EngineTest, DriftThatCannotBePutRightIsReportedAndAnEditThatIsRefusedIsNone) {
  reconcile();
  cloud.things.begin()->second["Size"] = 9;
  cloud.faults["Resize"] = FakeCloud::Fault::kInvalid;
  const Report failed = reconcile();
  EXPECT_FALSE(failed.corrected);
  EXPECT_EQ(failed.severity, "high");
  reconcile();
  set_path(store.json, "spec.size", Json(7));
  set_path(store.json, "metadata.generation", Json(2));
  for (int pass = 0; pass < 2; ++pass) {
    cloud.faults["Resize"] = FakeCloud::Fault::kInvalid;
    EXPECT_EQ(reconcile().severity, "");
  }
}

TEST_F(EngineTest, TheCallForMoreAndTheCallForFewer) {
  auto& calls = kind.facets[1].write;
  calls[0].if_more = "size";
  calls.push_back(calls[0]);
  calls[1].operation = "Shrink";
  std::swap(calls[1].if_more, calls[1].if_fewer);
  reconcile();
  cloud.things.begin()->second["Size"] = 9;
  EXPECT_TRUE(reconcile().corrected);
  EXPECT_TRUE(cloud.called("Shrink"));
  EXPECT_FALSE(cloud.called("Resize"));
  cloud.things.begin()->second["Size"] = 1;
  EXPECT_TRUE(reconcile().corrected);
  EXPECT_TRUE(cloud.called("Resize"));
  EXPECT_EQ(std::ranges::count(cloud.calls, "Shrink"), 1);
}

// What a lost create made has been taken away, and the spec was changed meanwhile.
TEST_F(EngineTest, ATokenThatIsUsedUpIsRenewed) {
  set_path(kind.create.input, "Token", Json("${createToken}"));
  cloud.faults["CreateThing"] = FakeCloud::Fault::kLostAnswer;
  reconcile();
  const std::string first = cloud.token;
  cloud.things.clear();
  clock.advance(Duration{600'000});
  cloud.faults["CreateThing"] = FakeCloud::Fault::kTokenUsed;
  EXPECT_EQ(reason(), "ConfirmingCreate");
  EXPECT_EQ(reason(), "ConfirmingCreate") << "not at once: what was made may only be late";
  clock.advance(Duration{600'000});
  EXPECT_EQ(reason(), "Settled");
  EXPECT_NE(cloud.token, first);
  EXPECT_EQ(cloud.things.size(), 1u);
}

class RestartTest : public EngineTest {
 protected:
  // Resized while it is stopped.
  RestartTest() {
    auto& size = kind.facets[1];
    Call stop = size.write[0], start = size.write[0];
    stop.operation = "Stop";
    start.operation = "Start";
    start.always = true;
    size.write = {stop, size.write[0], start};
    size.begun = "restarting";
    kind.status.push_back({.field = {.name = "restarting"}});
    reconcile();
    cloud.things.begin()->second["Size"] = 9;
  }
  Json restarting() { return *find_path(store.json, "status.restarting"); }
};

TEST_F(RestartTest, IsStartedAgainAfterARefusal) {
  cloud.faults["Resize"] = FakeCloud::Fault::kInvalid;
  EXPECT_EQ(reason(), "Refused");
  EXPECT_TRUE(cloud.running);
  EXPECT_EQ(restarting(), Json(false));
}

TEST_F(RestartTest, IsStartedAgainIfSomethingIsInTheWay) {
  cloud.faults["Resize"] = FakeCloud::Fault::kBlocked;
  EXPECT_EQ(reason(), "Blocked");
  EXPECT_TRUE(cloud.running);
  EXPECT_EQ(restarting(), Json(false));
}

TEST_F(RestartTest, IsStartedByTheNextPassIfTheLastCallWasNotMade) {
  cloud.faults["Start"] = FakeCloud::Fault::kNotSent;
  reconcile();
  EXPECT_FALSE(cloud.running);
  EXPECT_EQ(restarting(), Json(true));
  clock.advance(Duration{600'000});
  restart();
  reconcile();
  EXPECT_TRUE(cloud.running);
  EXPECT_EQ(restarting(), Json(false));
  const int writes = cloud.writes;
  EXPECT_EQ(reason(), "Settled");
  EXPECT_EQ(cloud.writes, writes);
}

TEST_F(RestartTest, WhatIsTriedAgainLaterStaysStopped) {
  cloud.faults["Resize"] = FakeCloud::Fault::kBusy;
  reconcile();
  EXPECT_EQ(std::ranges::count(cloud.calls, "Start"), 0);
  EXPECT_EQ(restarting(), Json(true));
}

TEST_F(EngineTest, AnIgnoredFieldIsWrittenByTheCreateOnly) {
  annotate("ignore-fields", "size");
  EXPECT_EQ(reason(), "Settled");
  EXPECT_EQ(cloud.things["thing-1"]["Size"], Json(3));
  cloud.things["thing-1"]["Size"] = 9;
  EXPECT_EQ(reason(), "Settled");
  EXPECT_EQ(cloud.things["thing-1"]["Size"], Json(9));
  annotate("ignore-fields", "");
  EXPECT_EQ(reason(), "Settled");
  EXPECT_EQ(cloud.things["thing-1"]["Size"], Json(3));
}

TEST_F(EngineTest, AMisspeltFieldToIgnoreIsNamed) {
  annotate("ignore-fields", "sise");
  EXPECT_EQ(reason(), "InvalidSpec");
  EXPECT_TRUE(cloud.calls.empty());
}

TEST_F(EngineTest, WhatConnectsIsWrittenIntoTheSecretThatTheSpecAsksFor) {
  kind.connection = boost::json::parse(R"({"id": "${status.thingID}", "size": "${size}",
      "color": "${color}"})");
  EXPECT_EQ(reason(), "Settled");
  EXPECT_TRUE(store.secrets.empty());
  set_path(store.json, "spec.writeConnectionSecretToRef.name", Json("mine"));
  EXPECT_EQ(reason(), "Settled");
  EXPECT_EQ(store.secrets["mine"],
            (std::map<std::string, std::string>{{"id", "thing-1"}, {"size", "3"}}));
}

TEST_F(EngineTest, ASecretOfSomebodyElseBlocks) {
  set_path(store.json, "spec.writeConnectionSecretToRef.name", Json("theirs"));
  store.foreign_secret = true;
  EXPECT_EQ(reason(), "SecretTaken");
  EXPECT_EQ(cloud.things.size(), 1u);
  EXPECT_FALSE(ready());
}

TEST_F(EngineTest, TagsThatAwsWouldRefuseAreNeverSent) {
  set_path(store.json, "spec.tags", JsonObject{{"aws:x", "1"}});
  EXPECT_EQ(reason(), "InvalidSpec");
  EXPECT_TRUE(cloud.calls.empty());
}

TEST_F(EngineTest, APartThatMustRestIsWrittenLaterAndHoldsUpNothingElse) {
  kind = thing_with_parts();
  for (auto& facet : kind.facets) {
    if (facet.name == "color") facet.at_most_every_seconds = 600;
  }
  const auto color = [this] { return cloud.things.begin()->second["Color"]; };
  set_path(store.json, "spec.color", Json("red"));
  EXPECT_EQ(reason(), "Settled");
  set_path(store.json, "spec.color", Json("blue"));
  EXPECT_EQ(reason(), "Resting");
  set_path(store.json, "spec.size", Json(4));
  EXPECT_EQ(reason(), "Resting");
  EXPECT_EQ(cloud.things.begin()->second["Size"], Json(4));
  EXPECT_EQ(color(), Json("red"));
  clock.advance(Duration{600'000});
  EXPECT_EQ(reason(), "Settled");
  EXPECT_EQ(color(), Json("blue"));
}

// Two fields for the one color: what AWS has is of that which was written last.
TEST_F(EngineTest, WhatIsWrittenUnderAnotherFieldAndBackIsWrittenEachTime) {
  const auto add = [this](const std::string& field) {
    kind.spec.push_back({.name = field});
    kind.status.push_back({.field = {.name = field + "Hash"}, .hash = field});
    Facet& facet = kind.facets.emplace_back(Facet{.name = field, .remembered = field});
    facet.write = {Call{.operation = "Paint",
                        .input = JsonObject{{"Id", "${id}"}, {"Color", "${" + field + "}"}}}};
  };
  add("paint");
  add("wallpaper");
  const auto color = [this] { return cloud.things.begin()->second["Color"]; };
  reconcile();
  for (const std::string field : {"paint", "wallpaper", "paint"}) {
    erase_path(store.json, "spec.paint");
    erase_path(store.json, "spec.wallpaper");
    set_path(store.json, "spec." + field, Json(field));
    EXPECT_EQ(reason(), "Settled");
    EXPECT_EQ(color(), Json(field));
  }
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

TEST_F(EngineTest, WhatHasJustBeenMadeIsNotLetGoOfUnseen) {
  reconcile();
  delete_object();
  cloud.hide_from_get = cloud.hide_from_lists = true;
  clock.advance(Duration{299'000});
  EXPECT_EQ(reason(), "ConfirmingAbsence");
  EXPECT_TRUE(held());
  cloud.hide_from_get = cloud.hide_from_lists = false;
  EXPECT_EQ(reason(), "Gone");
  EXPECT_TRUE(cloud.things.empty());
}

TEST_F(EngineTest, WhatIsMissedInADeletionIsLookedForTwice) {
  reconcile();
  pass_the_window();
  delete_object();
  cloud.hide_from_get = true;
  EXPECT_EQ(reason(), "ConfirmingAbsence");
  clock.advance(Duration{4'000});
  EXPECT_EQ(reason(), "ConfirmingAbsence");
  EXPECT_TRUE(held());
  cloud.hide_from_get = false;
  EXPECT_EQ(reason(), "Gone");
  EXPECT_TRUE(cloud.things.empty());
}

TEST_F(EngineTest, WhatSomebodyElseHasDeletedIsLetGoTheSecondTime) {
  reconcile();
  pass_the_window();
  cloud.things.clear();
  delete_object();
  EXPECT_EQ(reason(), "ConfirmingAbsence");
  EXPECT_TRUE(held());
  clock.advance(Duration{5'000});
  EXPECT_EQ(reason(), "Gone");
  EXPECT_FALSE(held());
}

TEST_F(EngineTest, WhatAwsShowsAfterItsDeletionIsNotDeletedAgainAtOnce) {
  reconcile();
  delete_object();
  cloud.keeps_deleted = true;
  EXPECT_EQ(reason(), "Deleting");
  const int writes = cloud.writes;
  clock.advance(Duration{19'000});
  EXPECT_EQ(reason(), "Deleting");
  EXPECT_EQ(cloud.writes, writes);
  clock.advance(Duration{1'000});
  EXPECT_EQ(reason(), "Deleting");
  EXPECT_EQ(cloud.writes, writes + 1);
  EXPECT_TRUE(held());
  cloud.keeps_deleted = false;
  cloud.things.clear();
  EXPECT_EQ(reason(), "ConfirmingAbsence");
  clock.advance(Duration{5'000});
  EXPECT_EQ(reason(), "Gone");
}

// A view of AWS from before the create, which comes after one that showed the resource.
TEST_F(EngineTest, WhatGoesSlowlyIsNotLetGoByAStaleLookAfterItsDeletion) {
  kind.states.leaving = {"leaving"};
  reconcile();
  delete_object();
  cloud.keeps_deleted = cloud.hides_deleted = true;
  EXPECT_EQ(reason(), "ConfirmingAbsence");
  clock.advance(Duration{10'000});
  EXPECT_EQ(reason(), "ConfirmingAbsence");
  EXPECT_TRUE(held());
  cloud.hide_from_get = false;
  clock.advance(Duration{1'000});
  EXPECT_EQ(reason(), "Deleting");
  cloud.things.clear();
  pass_the_window();
  EXPECT_EQ(reason(), "ConfirmingAbsence");
  clock.advance(Duration{5'000});
  EXPECT_EQ(reason(), "Gone");
}

TEST_F(EngineTest, WhatGoesSlowlyElsewhereMayGoAtOnce) {
  kind.states.leaving = {"leaving"};
  reconcile();
  kind.identity.chosen = "name";
  delete_object();
  EXPECT_EQ(reason(), "Gone");
  EXPECT_EQ(std::ranges::count(cloud.calls, "DeleteThing"), 2);
}

TEST_F(EngineTest, WhatAwsShowsAsGoneIsGone) {
  kind.states = {
      .at = "State", .ready = {"here"}, .leaving = {"leaving"}, .absent = {"gone"}, .none = "here"};
  reconcile();
  delete_object();
  cloud.things.begin()->second["State"] = "gone";
  EXPECT_EQ(reason(), "Gone");
  EXPECT_FALSE(cloud.called("DeleteThing"));
}

// AWS took the deletion, and the process died before it let go of the object.
TEST_F(EngineTest, AnAcceptedDeletionCountsAsTheFirstTime) {
  reconcile();
  delete_object();
  store.crash_after = store.writes + 1;  // what is noted of the deletion is saved
  reconcile();
  store.crash_after = -1;
  restart();
  EXPECT_TRUE(cloud.things.empty());
  EXPECT_TRUE(held());
  clock.advance(Duration{5'000});
  EXPECT_EQ(reason(), "Gone");
}

TEST_F(EngineTest, AnObjectThatNeverMadeAnythingGoesAtOnce) {
  cloud.faults["CreateThing"] = FakeCloud::Fault::kRefused;
  reconcile();
  delete_object();
  cloud.calls.clear();
  store.changed_meanwhile = true;
  EXPECT_EQ(reason(), "Conflict");
  EXPECT_TRUE(held());
  store.changed_meanwhile = false;
  EXPECT_EQ(reason(), "Gone");
  EXPECT_TRUE(cloud.calls.empty());
}

// Or a pass that cannot read it afterwards would take it for one that was never made.
TEST_F(EngineTest, WhatALostCreateMadeIsNotedBeforeItIsDeleted) {
  cloud.faults["CreateThing"] = FakeCloud::Fault::kLostAnswer;
  reconcile();
  delete_object();
  cloud.faults["DeleteThing"] = FakeCloud::Fault::kNotSent;
  reconcile();
  const Json* annotations = find_path(store.json, "metadata.annotations");
  ASSERT_NE(annotations, nullptr);
  EXPECT_EQ(annotations->at("aws-infra-operator.runner.codes/external-id"), Json("thing-1"));
  EXPECT_TRUE(held());
}

TEST_F(EngineTest, AnObjectWithAnIdOrAnIntentOrThatWasReadyHasMadeSomething) {
  cloud.faults["CreateThing"] = FakeCloud::Fault::kRefused;
  reconcile();
  delete_object();
  const Json fresh = store.json;
  const std::vector<std::pair<std::string, Json>> signs = {
      {"status.thingID", Json("thing-1")},
      {"status.creation.startedAt", Json(format_rfc3339(clock.wall()))},
      {"status.ready", Json(true)}};
  for (const auto& [path, value] : signs) {
    store.json = fresh;
    cloud.calls.clear();
    set_path(store.json, path, value);
    reconcile();
    EXPECT_FALSE(cloud.calls.empty()) << path;
  }
}

TEST_F(EngineTest, WhatACreateMadeIsTakenOnlyWhenItsTagsShow) {
  cloud.faults["CreateThing"] = FakeCloud::Fault::kLostAnswer;
  reconcile();
  cloud.hide_tags = true;
  const int writes = cloud.writes;
  EXPECT_EQ(reason(), "ConfirmingOwner");
  EXPECT_EQ(cloud.writes, writes);
  EXPECT_EQ(status("thingID"), "");
  cloud.hide_tags = false;
  EXPECT_EQ(reason(), "Settled");
  EXPECT_EQ(cloud.things.size(), 1u);
}

// Some endpoints drop the tags of a create, and then they are written.
TEST_F(EngineTest, AnIdFromACreateProvesWhoseItIsUnlessItMayMeanWhatWasThere) {
  cloud.hide_tags = true;
  EXPECT_EQ(reason(), "Converging");
  EXPECT_TRUE(cloud.called("Tag"));
  cloud.hide_tags = false;
  EXPECT_EQ(reason(), "Settled");
  kind.identity.answers_existing = true;
  pass_the_window();
  cloud.things.clear();
  reconcile();
  clock.advance(Duration{5'000});
  cloud.calls.clear();
  cloud.hide_tags = true;
  EXPECT_EQ(reason(), "ConfirmingOwner");
  EXPECT_FALSE(cloud.called("Tag"));
  cloud.hide_tags = false;
  EXPECT_EQ(reason(), "Settled");
}

// Its time counts from when we first saw it, where another process noted it by a clock that is not
// ours.
TEST_F(EngineTest, ACreateOfAnotherProcessIsYoungWhenFirstSeen) {
  cloud.faults["CreateThing"] = FakeCloud::Fault::kLostAnswer;
  reconcile();
  cloud.hide_from_lists = true;
  const Json fresh = store.json;
  for (const int minutes : {-50, 50}) {
    store.json = fresh;
    set_path(store.json, "status.creation.startedAt",
             Json(format_rfc3339(clock.wall() + std::chrono::minutes(minutes))));
    restart();
    EXPECT_EQ(reason(), "ConfirmingCreate") << minutes;
    clock.advance(Duration{299'000});
    EXPECT_EQ(reason(), "ConfirmingCreate") << minutes;
  }
  // Nobody's clock is that wrong.
  restart();
  set_path(store.json, "status.creation.startedAt",
           Json(format_rfc3339(clock.wall() - std::chrono::minutes(66))));
  cloud.hide_from_lists = false;
  cloud.things.clear();
  EXPECT_EQ(reason(), "Settled");
  EXPECT_EQ(cloud.things.size(), 1u);
}

TEST_F(EngineTest, WhatNeverShowsAnOwnerIsNotOurs) {
  cloud.faults["CreateThing"] = FakeCloud::Fault::kLostAnswer;
  reconcile();
  cloud.hide_tags = true;
  pass_the_window();
  EXPECT_EQ(reason(), "NotOurs");
  EXPECT_EQ(status("thingID"), "");
}

TEST_F(EngineTest, TwoWithTheOwnerTagAreLeftToThePerson) {
  cloud.faults["CreateThing"] = FakeCloud::Fault::kLostAnswer;
  reconcile();
  cloud.things["thing-9"] = cloud.things.begin()->second;
  cloud.things["thing-9"]["Id"] = "thing-9";
  const Report report = reconcile();
  ASSERT_TRUE(std::holds_alternative<Blocked>(report.outcome));
  const auto& blocked = std::get<Blocked>(report.outcome);
  EXPECT_EQ(blocked.reason, "Refused");
  EXPECT_NE(blocked.message.find("thing-1 and thing-9"), std::string::npos) << blocked.message;
}

TEST_F(EngineTest, AwsBeingBusyIsAFailureWithPauses) {
  reconcile();
  set_path(store.json, "spec.size", Json(7));
  cloud.faults["Resize"] = FakeCloud::Fault::kBusy;
  EXPECT_EQ(std::get<Failed>(reconcile().outcome).error.code, Code::kBusy);
  EXPECT_EQ(reason(), "Settled");
}

TEST_F(EngineTest, ARefusedSettingDoesNotHoldUpTheOthers) {
  kind = thing_with_parts();
  const Json fresh = store.json;
  for (const auto fault : {FakeCloud::Fault::kInvalid, FakeCloud::Fault::kBlocked}) {
    store.json = fresh;
    cloud.things.clear();
    cloud.members.clear();
    reconcile();
    set_path(store.json, "spec.size", Json(7));
    set_path(store.json, "spec.color", Json("red"));
    set_path(store.json, "spec.members", JsonArray{"a"});
    set_path(store.json, "spec.tags", JsonObject{{"team", "x"}});
    cloud.faults["Resize"] = fault;
    cloud.calls.clear();
    EXPECT_NE(reason(), "Settled");
    EXPECT_EQ(cloud.things.begin()->second["Color"], Json("red"));
    EXPECT_TRUE(cloud.members.contains("a"));
    EXPECT_TRUE(cloud.called("Tag"));
    EXPECT_EQ(reason(), "Settled");
  }
}

// In the kind with such a set, as a route table whose subnet uses another one.
TEST_F(EngineTest, ARefusedItemDoesNotHoldUpTheTags) {
  kind = thing_with_parts();
  reconcile();
  set_path(store.json, "spec.members", JsonArray{"a", "b"});
  set_path(store.json, "spec.tags", JsonObject{{"team", "x"}});
  cloud.faults["AddMember"] = FakeCloud::Fault::kBlocked;
  EXPECT_NE(reason(), "Settled");
  EXPECT_EQ(cloud.members.size(), 1u);
  EXPECT_TRUE(cloud.called("Tag"));
}

// Whatever is interrupted, the deletion knows what was added, also what spec names no more.
TEST_F(EngineTest, ADeletionTakesAwayEveryItemThatWasAdded) {
  kind = thing_with_parts();
  set_path(store.json, "spec.members", JsonArray{"a", "b"});
  const Json fresh = store.json;
  for (int crash = 0; crash < 8; ++crash) {
    store.json = fresh;
    cloud.things.clear();
    cloud.members.clear();
    store.crash_after = store.writes + crash;
    reconcile();
    store.crash_after = -1;
    restart();
    set_path(store.json, "spec.members", JsonArray{"c"});
    cloud.faults["AddMember"] = FakeCloud::Fault::kNotSent;
    reconcile();
    erase_path(store.json, "spec.members");
    clock.advance(Duration{301'000});
    EXPECT_EQ(reason(), "Settled") << crash;
    delete_object();
    EXPECT_EQ(reason(), "Gone") << crash;
    EXPECT_TRUE(cloud.members.empty()) << crash;
  }
}

TEST_F(EngineTest, AnItemIsNotedFromBeforeItIsAddedUntilItHasGone) {
  kind = thing_with_parts();
  set_path(store.json, "spec.members", JsonArray{"b", "a"});
  reconcile();
  EXPECT_EQ(status("memberNames"), R"(["a","b"])");
  set_path(store.json, "spec.members", JsonArray{"c"});
  cloud.faults["AddMember"] = FakeCloud::Fault::kNotSent;
  reconcile();
  EXPECT_EQ(status("memberNames"), R"(["a","b","c"])");
  reconcile();
  EXPECT_EQ(status("memberNames"), R"(["c"])");
  EXPECT_EQ(cloud.members, std::set<std::string>{"c"});
}

// AWS shows one of two late; what is declared changes meanwhile, and then the object is deleted.
TEST_F(EngineTest, AnItemThatIsShownLateIsTakenAwayAllTheSame) {
  kind = thing_with_parts();
  set_path(store.json, "spec.members", JsonArray{"a", "late"});
  reconcile();
  cloud.members.erase("late");
  set_path(store.json, "spec.members", JsonArray{"c"});
  EXPECT_EQ(reason(), "Settled");
  EXPECT_EQ(status("memberNames"), R"(["c","late"])");
  cloud.members.insert("late");
  delete_object();
  EXPECT_EQ(reason(), "Gone");
  EXPECT_TRUE(cloud.members.empty());
}

TEST_F(EngineTest, AnItemThatSomebodyElseHasTakenAwayIsForgottenInTheEnd) {
  kind = thing_with_parts();
  set_path(store.json, "spec.members", JsonArray{"a", "b"});
  reconcile();
  cloud.members.clear();
  set_path(store.json, "spec.members", JsonArray{});
  EXPECT_EQ(reason(), "Settled");
  EXPECT_EQ(status("memberNames"), R"(["a","b"])");
  clock.advance(std::chrono::hours(2));
  EXPECT_EQ(reason(), "Settled");
  EXPECT_EQ(status("memberNames"), "[]");
  const int writes = store.writes;
  EXPECT_EQ(reason(), "Settled");
  EXPECT_EQ(store.writes, writes);
}

// As when a backup is restored.
TEST_F(EngineTest, AfterTheStatusWasLostWhatIsDeclaredIsStillOurs) {
  kind = thing_with_parts();
  set_path(store.json, "spec.members", JsonArray{"b", "a"});
  set_path(store.json, "spec.policy", Json("first"));
  reconcile();
  erase_path(store.json, "status");
  EXPECT_EQ(reason(), "Settled");
  EXPECT_EQ(status("memberNames"), R"(["a","b"])");
  EXPECT_EQ(status("policyNames"), R"(["first"])");
  const int writes = store.writes;
  EXPECT_EQ(reason(), "Settled");
  EXPECT_EQ(store.writes, writes);
  erase_path(store.json, "spec.members");
  set_path(store.json, "spec.policy", Json("second"));
  EXPECT_EQ(reason(), "Settled");
  EXPECT_TRUE(cloud.members.empty());
  EXPECT_EQ(cloud.policies, std::set<std::string>{"second"});
}

TEST_F(EngineTest, ANameIsNotedFromBeforeItIsWrittenUntilItHasGone) {
  kind = thing_with_parts();
  set_path(store.json, "spec.policy", Json("first"));
  cloud.faults["PutPolicy"] = FakeCloud::Fault::kLostAnswer;
  EXPECT_EQ(reason(), "Unavailable");
  EXPECT_EQ(status("policyNames"), R"(["first"])");
  set_path(store.json, "spec.policy", Json("second"));
  cloud.faults["DropPolicy"] = FakeCloud::Fault::kNotSent;
  EXPECT_EQ(reason(), "Unavailable");
  EXPECT_EQ(status("policyNames"), R"(["first","second"])");
  EXPECT_EQ(reason(), "Settled");
  EXPECT_EQ(status("policyNames"), R"(["second"])");
  EXPECT_EQ(cloud.policies, std::set<std::string>{"second"});
}

TEST_F(EngineTest, ADeletionTakesAwayEveryNameThatWasWritten) {
  kind = thing_with_parts();
  set_path(store.json, "spec.policy", Json("first"));
  reconcile();
  set_path(store.json, "spec.policy", Json("second"));
  cloud.faults["DropPolicy"] = FakeCloud::Fault::kNotSent;
  reconcile();
  erase_path(store.json, "spec.policy");
  delete_object();
  EXPECT_EQ(reason(), "Gone");
  EXPECT_TRUE(cloud.policies.empty());
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

TEST_F(EngineTest, WritesADifferenceAgainOnlyWhenAwsHasHadTimeToShowIt) {
  reconcile();
  cloud.forgets_size = true;
  cloud.things.begin()->second["Size"] = 9;
  for (const int seconds : {20, 40, 80}) {
    const int writes = cloud.writes;
    const auto waits = std::get<Waiting>(reconcile().outcome);
    EXPECT_EQ(waits.reason, "Converging");
    EXPECT_EQ(waits.after, std::chrono::seconds(seconds));
    EXPECT_EQ(cloud.writes, writes + 1);
    clock.advance(waits.after - Duration{1});
    EXPECT_EQ(reason(), "Converging");
    EXPECT_EQ(cloud.writes, writes + 1);
    clock.advance(Duration{1});
  }
  const int writes = cloud.writes;
  EXPECT_EQ(reason(), "NotConverging");
  clock.advance(std::chrono::hours(1));
  EXPECT_EQ(reason(), "NotConverging");
  EXPECT_EQ(cloud.writes, writes);
}

TEST_F(EngineTest, WhatAwsShowsLateIsWrittenOnce) {
  reconcile();
  cloud.forgets_size = true;
  cloud.things.begin()->second["Size"] = 9;
  EXPECT_EQ(reason(), "Converging");
  cloud.things.begin()->second["Size"] = 3;  // now it shows
  const int writes = cloud.writes;
  EXPECT_EQ(reason(), "Settled");
  EXPECT_EQ(cloud.writes, writes);
  // A new drift of the same kind is put right at once: the count starts anew.
  cloud.forgets_size = false;
  cloud.things.begin()->second["Size"] = 9;
  EXPECT_EQ(reason(), "Settled");
}

TEST_F(EngineTest, AnotherDifferenceIsWrittenAtOnce) {
  reconcile();
  cloud.forgets_size = true;
  cloud.things.begin()->second["Size"] = 9;
  EXPECT_EQ(reason(), "Converging");
  cloud.forgets_size = false;
  set_path(store.json, "spec.size", Json(7));
  EXPECT_EQ(reason(), "Settled");
  EXPECT_EQ(cloud.things.begin()->second["Size"], Json(7));
}

TEST_F(EngineTest, TagsAreReadToTheirLastPage) {
  kind.tags->read_at.clear();
  kind.tags->read = Call{.operation = "ListTags", .input = JsonObject{{"Id", "${id}"}}};
  kind.tags->result = "Tags";
  EXPECT_EQ(reason(), "Settled");
  const int writes = cloud.writes;
  EXPECT_EQ(reason(), "Settled");
  EXPECT_EQ(cloud.writes, writes);
  delete_object();
  EXPECT_EQ(reason(), "Gone");
  EXPECT_TRUE(cloud.things.empty());
}

TEST_F(EngineTest, TagsThatCannotBeReadForAWhileAreNoFault) {
  kind.tags->read_at.clear();
  kind.tags->read = Call{.operation = "ListTags", .input = JsonObject{{"Id", "${id}"}}};
  kind.tags->read->later = {"InvalidParameter"};
  kind.tags->result = "Tags";
  reconcile();
  cloud.faults["ListTags"] = FakeCloud::Fault::kInvalid;
  EXPECT_EQ(std::get<Failed>(reconcile().outcome).error.code, Code::kBusy);
  EXPECT_EQ(reason(), "Settled");
}

// Where one call replaces all tags, what a late read shows is written back.
TEST_F(EngineTest, ATagThatWasTakenAwayStaysAwayThoughAReadIsLate) {
  const Json late = take_team_tag_away();
  EXPECT_FALSE(has_tag("team"));

  cloud.things["thing-1"]["Tags"] = late;
  set_path(store.json, "spec.tags.color", Json("red"));
  EXPECT_EQ(reason(), "Settled");
  EXPECT_TRUE(has_tag("color"));
  EXPECT_FALSE(has_tag("team"));
}

TEST_F(EngineTest, ATagOfAKeyThatWasOursLongAgoIsSomebodyElses) {
  const Json theirs = take_team_tag_away();
  clock.advance(std::chrono::hours(2));
  cloud.things["thing-1"]["Tags"] = theirs;
  EXPECT_EQ(reason(), "Settled");
  EXPECT_TRUE(has_tag("team"));
}

TEST_F(EngineTest, ATagThatLeftTheSpecBeforeItsCreateWasKnownIsTakenAway) {
  set_path(store.json, "spec.tags.team", Json("a"));
  cloud.faults["CreateThing"] = FakeCloud::Fault::kLostAnswer;
  ASSERT_NE(reason(), "Settled");
  erase_path(store.json, "spec.tags.team");
  EXPECT_EQ(reason(), "Settled");
  EXPECT_FALSE(has_tag("team"));
}

TEST_F(EngineTest, AKeyIsNotedBeforeItsTagIsWritten) {
  ASSERT_EQ(reason(), "Settled");
  set_path(store.json, "spec.tags.team", Json("a"));
  store.crash_after = store.writes;
  EXPECT_EQ(reason(), "Unavailable");
  EXPECT_FALSE(has_tag("team"));
  store.crash_after = -1;
  EXPECT_EQ(reason(), "Settled");
  EXPECT_TRUE(has_tag("team"));
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

TEST_F(EngineTest, AnOutcomeThatCouldNotBeSavedIsSavedSoon) {
  reconcile();
  set_path(store.json, "spec.size", Json(7));
  set_path(store.json, "metadata.generation", Json(2));
  store.changed_meanwhile = true;
  EXPECT_EQ(reason(), "Conflict");
  store.changed_meanwhile = false;
  store.crash_after = store.writes;
  EXPECT_EQ(reason(), "Unavailable");
  store.crash_after = -1;
  EXPECT_EQ(reason(), "Settled");
  EXPECT_EQ(status("observedGeneration"), "2");
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
  pass_the_window();
  const auto thing = *cloud.things.begin();
  cloud.things.clear();  // as a stale read would have it
  EXPECT_EQ(reason(), "ConfirmingAbsence");
  EXPECT_NE(status("absence.since"), "");
  cloud.things.insert(thing);
  reconcile();
  EXPECT_TRUE(ready());
  EXPECT_EQ(cloud.things.size(), 1u);
  EXPECT_EQ(status("absence"), "");
}

// Else its object would look for what was never made for minutes after each attempt, and not name
// the refusal.
TEST_F(EngineTest, ARefusedCreateAfterALostOneLeavesNoIntent) {
  cloud.faults["CreateThing"] = FakeCloud::Fault::kNotSent;
  reconcile();
  cloud.faults["CreateThing"] = FakeCloud::Fault::kInvalid;
  pass_the_window();
  EXPECT_EQ(reason(), "Refused");
  EXPECT_EQ(find_path(store.json, "status.creation"), nullptr);
  EXPECT_EQ(reason(), "Settled");
}

TEST_F(EngineTest, AKnownResourceThatStaysAwayIsMadeAgain) {
  reconcile();
  pass_the_window();
  cloud.things.clear();
  EXPECT_EQ(reason(), "ConfirmingAbsence");
  clock.advance(Duration{4'000});
  EXPECT_EQ(reason(), "ConfirmingAbsence");
  EXPECT_TRUE(cloud.things.empty());
  clock.advance(Duration{1'000});
  reconcile();
  EXPECT_EQ(cloud.things.size(), 1u);
  EXPECT_TRUE(ready());
}

// AWS may hide what it has just made, from some look-ups or from all.
TEST_F(EngineTest, WhatHasJustBeenMadeIsNotBelievedToBeAbsent) {
  reconcile();
  EXPECT_EQ(status("creation.token"), "");
  EXPECT_NE(status("creation.startedAt"), "");
  cloud.hide_from_get = cloud.hide_from_lists = true;
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(reason(), "ConfirmingAbsence");
    clock.advance(Duration{29'000});
  }
  cloud.hide_from_get = cloud.hide_from_lists = false;
  EXPECT_EQ(reason(), "Settled");
  EXPECT_EQ(cloud.things.size(), 1u);
}

TEST_F(EngineTest, WhatIsStillListedIsNotMadeAgain) {
  reconcile();
  pass_the_window();
  cloud.hide_from_get = true;
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(reason(), "ConfirmingAbsence");
    clock.advance(Duration{60'000});
  }
  EXPECT_EQ(cloud.things.size(), 1u);
}

// The annotation still holds the id of the one that has gone: the new one must be looked for.
TEST_F(EngineTest, ALostAnswerWhileMakingItAgainIsFoundAgain) {
  reconcile();
  pass_the_window();
  cloud.things.clear();
  reconcile();
  clock.advance(Duration{6'000});
  cloud.faults["CreateThing"] = FakeCloud::Fault::kLostAnswer;
  EXPECT_EQ(reason(), "Unavailable");
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

// Another operator made it, without our tags; what it noted proves whose it is.
TEST_F(EngineTest, WhatStatusProvesIsTakenOver) {
  kind.identity = {.chosen = "name", .proof = "arn"};
  cloud.things["one"] = {{"Id", "one"}, {"Size", 3}, {"Tags", JsonArray{}}};
  set_path(store.json, "spec.name", Json("one"));
  EXPECT_EQ(reason(), "NotOurs");
  set_path(store.json, "status.arn", Json("arn:of:one"));
  EXPECT_EQ(reason(), "Settled");
  EXPECT_FALSE(cloud.called("CreateThing"));
  delete_object();
  EXPECT_EQ(reason(), "Gone");
  EXPECT_TRUE(cloud.things.empty());
}

// The provider was changed: AWS does not know the thing there.
TEST_F(EngineTest, WhatIsInAnotherRegionIsNotMadeAgain) {
  reconcile();
  pass_the_window();
  EXPECT_EQ(text_at(store.json, "status.location"), "123456789012/us-east-1");
  const auto there = std::exchange(cloud.things, {});
  cloud.move_to("eu-west-1");
  for (int look = 0; look < 3; ++look) {
    EXPECT_EQ(reason(), "OtherLocation");
    clock.advance(Duration{10'000});
  }
  EXPECT_TRUE(cloud.things.empty());
  delete_object();
  EXPECT_EQ(reason(), "OtherLocation");
  cloud.move_to("us-east-1");
  cloud.things = there;
  EXPECT_EQ(reason(), "Gone");
  EXPECT_TRUE(cloud.things.empty());
}

// Its answer lost, and the provider changed before anybody has looked.
TEST_F(EngineTest, ACreateIsLookedForWhereItWasSent) {
  cloud.faults["CreateThing"] = FakeCloud::Fault::kLostAnswer;
  reconcile();
  cloud.move_to("eu-west-1");
  EXPECT_EQ(reason(), "OtherLocation");
  set_path(store.json, "spec.deletionPolicy", Json("Retain"));
  delete_object();
  EXPECT_NE(reason(), "OtherLocation");
}

TEST_F(EngineTest, WhatWasRefusedMayBeMadeElsewhere) {
  cloud.faults["CreateThing"] = FakeCloud::Fault::kInvalid;
  reconcile();
  cloud.move_to("eu-west-1");
  EXPECT_EQ(reason(), "Settled");
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
