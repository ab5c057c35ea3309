#include "planning/decide.h"

#include <gtest/gtest.h>

#include "planning/form.h"
#include "planning/path.h"
#include "planning/template.h"

namespace infra::planning {
namespace {

using definition::Call;
using definition::Definition;
using definition::Facet;
using definition::Field;
using definition::Form;
using definition::Type;

Field field(std::string name, Type type, std::string at) {
  Field out;
  out.name = std::move(name);
  out.type = type;
  out.at = at;
  out.read_at = at;
  return out;
}

// Children as AWS shows them, of a set of texts.
std::vector<Item> texts(std::initializer_list<const char*> keys) {
  std::vector<Item> out;
  for (const auto* key : keys) out.push_back({.key = key, .value = Json(key), .found = Json(key)});
  return out;
}

// A kind with one of each thing that decide() looks at.
Definition sample_kind() {
  Definition kind;
  kind.kind = "Sample";
  kind.spec = {field("size", Type::kInteger, "Size"), field("shape", Type::kString, "Shape"),
               field("members", Type::kArray, "")};
  kind.facets.push_back(Facet{.name = "resource", .fields = {"shape"}});
  kind.facets.push_back(
      Facet{.name = "size", .fields = {"size"}, .write = {Call{.operation = "Resize"}}});
  kind.sets.push_back(definition::ChildSet{.field = "members"});
  kind.tags = definition::Tags{};
  kind.states = {.at = "State",
                 .ready = {"available"},
                 .progress = {"pending"},
                 .failed = {"broken"},
                 .gone = {"deleted"}};
  return kind;
}

Desired sample_desired() {
  Desired desired;
  desired.uid = "u1";
  desired.spec = boost::json::parse(R"({"size": 3, "shape": "round", "members": ["a", "b"]})");
  desired.tags = {{owner_tag(), "u1"}, {"team", "x"}};
  return desired;
}

Observed sample_observed() {
  Observed observed;
  observed.present = true;
  observed.id = "r-1";
  observed.resource = boost::json::parse(R"({"Shape": "round", "Size": 3, "State": "available"})");
  observed.facets = {{"resource", observed.resource}, {"size", observed.resource}};
  observed.sets["members"] = texts({"b", "a"});
  observed.tags = {{owner_tag(), "u1"}, {"team", "x"}, {"foreign", "y"}};
  return observed;
}

// As an object of the same name has tagged it.
void tag_as_predecessors(Desired& desired, Observed& observed) {
  desired.cluster = "c";
  desired.namespace_name = "n";
  desired.name = "o";
  observed.tags[owner_tag()] = "u0";
  for (const auto& [part, value] : {std::pair{"cluster", "c"}, {"namespace", "n"}, {"name", "o"}}) {
    observed.tags[std::string(kGroup) + "/" + part] = value;
  }
}

struct Case {
  std::string why;
  std::function<void(Desired&, Observed&)> change;
  Action action;
  std::string reason;
};

TEST(Decide, WhatHeldDataIsNotMadeAgainUnasked) {
  Definition kind = sample_kind();
  kind.holds_data = true;
  Desired desired = sample_desired();
  EXPECT_EQ(decide(kind, desired, {}).action, Action::kCreate) << "never made";
  desired.recorded_id = "s-1";
  const Plan plan = decide(kind, desired, {});
  EXPECT_EQ(plan.reason, kDataLost);
  EXPECT_EQ(
      plan.message,
      "Sample s-1 has gone from AWS with what it held; restore it there, or have an empty one "
      "made with the annotation aws-infra-operator.runner.codes/recreate: \"true\"");
  desired.intent_open = true;
  EXPECT_EQ(decide(kind, desired, {}).action, Action::kCreate) << "its create is under way";
  desired.intent_open = false;
  desired.recreates = true;
  EXPECT_EQ(decide(kind, desired, {}).action, Action::kCreate);
  desired.recreates = false;
  desired.deleting = true;
  EXPECT_EQ(decide(kind, desired, {}).action, Action::kForget);
}

TEST(Decide, FollowsItsRulesInOrder) {
  const std::vector<Case> cases = {
      {"all as declared", [](Desired&, Observed&) {}, Action::kNothing, "Available"},
      {"proven absent", [](Desired&, Observed& o) { o.present = false; }, Action::kCreate,
       "Creating"},
      {"absent but only observed",
       [](Desired& d, Observed& o) {
         o.present = false;
         d.observe_only = true;
       },
       Action::kBlock, "NotFound"},
      {"another object's owner tag", [](Desired&, Observed& o) { o.tags[owner_tag()] = "u2"; },
       Action::kBlock, "NotOurs"},
      {"another object's owner tag is not overruled by adopt",
       [](Desired& d, Observed& o) {
         o.tags[owner_tag()] = "u2";
         d.adopt = true;
       },
       Action::kBlock, "NotOurs"},
      {"no owner tag", [](Desired&, Observed& o) { o.tags.erase(owner_tag()); }, Action::kBlock,
       "NotOurs"},
      {"no owner tag, but the user asked for it",
       [](Desired& d, Observed& o) {
         o.tags.erase(owner_tag());
         d.adopt = true;
       },
       Action::kUpdate, "Updated"},
      {"no owner tag, and a create of ours is under way that cannot carry it",
       [](Desired& d, Observed& o) {
         o.tags.erase(owner_tag());
         d.creating = true;
       },
       Action::kUpdate, "Updated"},
      {"another object's owner tag, though a create of ours is under way",
       [](Desired& d, Observed& o) {
         o.tags[owner_tag()] = "u2";
         d.creating = true;
       },
       Action::kBlock, "NotOurs"},
      {"no owner tag, but we noted the id",
       [](Desired& d, Observed& o) {
         o.tags.erase(owner_tag());
         d.recorded_id = "r-1";
       },
       Action::kUpdate, "Updated"},
      {"restored from a backup: new uid, same place",
       [](Desired& d, Observed& o) {
         d.recorded_id = "r-1";
         d.cluster = "c";
         d.namespace_name = "n";
         d.name = "x";
         o.tags[owner_tag()] = "old";
         o.tags[std::string(kGroup) + "/cluster"] = "c";
         o.tags[std::string(kGroup) + "/namespace"] = "n";
         o.tags[std::string(kGroup) + "/name"] = "x";
       },
       Action::kUpdate, "Updated"},
      {"still being made", [](Desired&, Observed& o) { set_path(o.resource, "State", "pending"); },
       Action::kWait, "InProgress"},
      {"a state nobody has heard of is not ready",
       [](Desired&, Observed& o) { set_path(o.resource, "State", "sleeping"); }, Action::kWait,
       "InProgress"},
      {"dead end", [](Desired&, Observed& o) { set_path(o.resource, "State", "broken"); },
       Action::kBlock, "ResourceFailed"},
      {"a field changed in AWS",
       [](Desired&, Observed& o) { set_path(o.facets["size"], "Size", 4); }, Action::kUpdate,
       "Updated"},
      {"a field that no call can change",
       [](Desired&, Observed& o) { set_path(o.facets["resource"], "Shape", "flat"); },
       Action::kBlock, "Immutable"},
      {"differs, but only observed",
       [](Desired& d, Observed& o) {
         d.observe_only = true;
         set_path(o.facets["size"], "Size", 4);
       },
       Action::kBlock, "Drifted"},
      {"deleting and absent",
       [](Desired& d, Observed& o) {
         d.deleting = true;
         o.present = false;
       },
       Action::kForget, "Deleted"},
      {"deleting and there", [](Desired& d, Observed&) { d.deleting = true; }, Action::kDelete,
       "Deleting"},
      {"deleting, in a state that counts as gone",
       [](Desired& d, Observed& o) {
         d.deleting = true;
         set_path(o.resource, "State", "deleted");
       },
       Action::kForget, "Deleted"},
      {"deleting, to be retained",
       [](Desired& d, Observed&) {
         d.deleting = true;
         set_path(d.spec, "deletionPolicy", "Retain");
       },
       Action::kForget, "Retained"},
      {"deleting what is another's",
       [](Desired& d, Observed& o) {
         d.deleting = true;
         o.tags[owner_tag()] = "u2";
       },
       Action::kForget, "NotOurs"},
  };
  const Definition kind = sample_kind();
  for (const Case& row : cases) {
    Desired desired = sample_desired();
    Observed observed = sample_observed();
    row.change(desired, observed);
    const Plan plan = decide(kind, desired, observed);
    EXPECT_EQ(to_string(plan.action), to_string(row.action)) << row.why;
    EXPECT_EQ(plan.reason, row.reason) << row.why;
  }
}

// Where the create carries the owner tag, only that tag tells whose it is while a create is open.
TEST(Decide, WhatAnOpenCreateMadeIsKnownByItsTagOnly) {
  const auto tagless = [](Desired& desired, Observed& observed) {
    desired.creating = desired.intent_open = true;
    observed.tags.erase(owner_tag());
  };
  const std::vector<Case> cases = {
      {"no owner tag yet", tagless, Action::kWait, "ConfirmingOwner"},
      {"no owner tag, but the create gave its id",
       [&](Desired& d, Observed& o) {
         tagless(d, o);
         d.recorded_id = "r-1";
       },
       Action::kUpdate, "Updated"},
      {"no owner tag, and the time in which it may be late has passed",
       [&](Desired& d, Observed& o) {
         tagless(d, o);
         d.creating = false;
       },
       Action::kBlock, "NotOurs"},
      {"no owner tag, but the user asked for it",
       [&](Desired& d, Observed& o) {
         tagless(d, o);
         d.adopt = true;
       },
       Action::kUpdate, "Updated"},
      {"our owner tag", [](Desired& d, Observed&) { d.creating = true; }, Action::kNothing,
       "Available"},
      {"another object's owner tag",
       [](Desired& d, Observed& o) {
         d.creating = true;
         o.tags[owner_tag()] = "u2";
       },
       Action::kBlock, "NotOurs"},
      {"the tags of the object that had its name, and our create is open",
       [](Desired& d, Observed& o) {
         d.recorded_id = "r-1";
         d.intent_open = true;
         d.status = boost::json::parse(R"({"creation": {"token": "u1"}})");
         tag_as_predecessors(d, o);
       },
       Action::kBlock, "NotOurs"},
      {"the same, and the create was that object's",
       [](Desired& d, Observed& o) {
         d.recorded_id = "r-1";
         d.intent_open = true;
         d.status = boost::json::parse(R"({"creation": {"token": "u0"}})");
         tag_as_predecessors(d, o);
       },
       Action::kUpdate, "Updated"},
      {"no owner tag, and no create is open",
       [](Desired&, Observed& o) { o.tags.erase(owner_tag()); }, Action::kBlock, "NotOurs"},
      {"deleting, no owner tag yet",
       [&](Desired& d, Observed& o) {
         tagless(d, o);
         d.deleting = true;
       },
       Action::kWait, "ConfirmingOwner"},
      {"deleting, and to be retained whosever it is",
       [&](Desired& d, Observed& o) {
         tagless(d, o);
         d.deleting = true;
         set_path(d.spec, "deletionPolicy", "Retain");
       },
       Action::kForget, "Retained"},
  };
  Definition kind = sample_kind();
  kind.create.input = boost::json::parse(R"({"Specifications": [{"Tags": "${tags}"}]})");
  for (const Case& row : cases) {
    Desired desired = sample_desired();
    Observed observed = sample_observed();
    row.change(desired, observed);
    const Plan plan = decide(kind, desired, observed);
    EXPECT_EQ(to_string(plan.action), to_string(row.action)) << row.why;
    EXPECT_EQ(plan.reason, row.reason) << row.why;
  }
}

TEST(Decide, AnIdProvesNothingWhereACreateMayAnswerWithWhatWasThere) {
  Definition kind = sample_kind();
  kind.create.input = JsonObject{{"Tags", "${tags}"}};
  kind.identity.answers_existing = true;
  Desired desired = sample_desired();
  Observed observed = sample_observed();
  observed.tags.erase(owner_tag());
  desired.recorded_id = "r-1";
  desired.creating = desired.intent_open = true;
  EXPECT_EQ(decide(kind, desired, observed).reason, "ConfirmingOwner");
  desired.creating = false;
  EXPECT_EQ(decide(kind, desired, observed).reason, "NotOurs");
  // It was ours once: somebody took the tag away.
  desired.intent_open = false;
  EXPECT_EQ(decide(kind, desired, observed).reason, "Updated");
}

TEST(Decide, WhatWasWrittenUnderAnotherNameIsADifference) {
  Definition kind = sample_kind();
  kind.status.push_back({.field = field("shapeNames", Type::kArray, ""), .written = "shape"});
  kind.facets[0].write = {Call{.operation = "Reshape"},
                          Call{.operation = "DropShape", .replaces = "shapeNames"}};
  Desired desired = sample_desired();
  desired.status = boost::json::parse(R"({"shapeNames": ["flat", "round", "square"]})");
  EXPECT_EQ(replaced(kind, desired.status, desired.spec, "shapeNames"),
            (std::vector<std::string>{"flat", "square"}));
  EXPECT_EQ(decide(kind, desired, sample_observed()).paths, std::vector<std::string>{"shapeNames"});
  desired.status = boost::json::parse(R"({"shapeNames": ["round"]})");
  EXPECT_EQ(decide(kind, desired, sample_observed()).action, Action::kNothing);
  // Declared no more: all of them are earlier ones.
  desired.spec = JsonObject{};
  EXPECT_EQ(replaced(kind, desired.status, desired.spec, "shapeNames"),
            std::vector<std::string>{"round"});
  EXPECT_TRUE(replaced(kind, JsonObject{}, desired.spec, "shapeNames").empty());
}

TEST(Decide, ForeignTagsGoWhereTheProviderSaysSo) {
  Desired desired = sample_desired();
  Observed observed = sample_observed();
  observed.tags["aws:cloudformation:stack-name"] = "s";
  desired.removes_foreign_tags = true;
  const Plan plan = decide(sample_kind(), desired, observed);
  EXPECT_EQ(plan.remove_tags, std::vector<std::string>{"foreign"});
  EXPECT_FALSE(plan.all_tags.contains("foreign"));
  EXPECT_TRUE(plan.all_tags.contains("aws:cloudformation:stack-name"));
}

TEST(Decide, IgnoredSetsAndTagsAreLeftToOthers) {
  Desired desired = sample_desired();
  Observed observed = sample_observed();
  observed.sets["members"] = texts({"c"});
  observed.tags["team"] = "theirs";
  desired.managed_keys = {"team", "foreign"};
  desired.removes_foreign_tags = true;
  desired.ignored = {"members", "tags.team", "tags.foreign"};
  EXPECT_EQ(decide(sample_kind(), desired, observed).action, Action::kNothing);
  desired.ignored = {"members", "tags"};
  EXPECT_EQ(decide(sample_kind(), desired, observed).action, Action::kNothing);
  observed.tags[owner_tag()] = "";
  desired.recorded_id = observed.id;
  EXPECT_EQ(decide(sample_kind(), desired, observed).set_tags, (TagMap{{owner_tag(), "u1"}}));
}

TEST(Decide, NamesEachDifferenceAndLeavesForeignTagsAlone) {
  Desired desired = sample_desired();
  Observed observed = sample_observed();
  set_path(observed.facets["size"], "Size", 4);
  observed.sets["members"] = texts({"b", "c"});
  observed.tags["team"] = "z";
  observed.tags["old"] = "1";
  desired.managed_keys = {"old", "team"};
  const Plan plan = decide(sample_kind(), desired, observed);
  EXPECT_EQ(plan.paths, (std::vector<std::string>{"size", "members", "tags.team", "tags.old"}));
  EXPECT_EQ(plan.facets, std::vector<std::string>{"size"});
  EXPECT_EQ(plan.sets.at("members").add.front().key, "a");
  EXPECT_EQ(plan.sets.at("members").remove.front().key, "c");
  EXPECT_EQ(plan.set_tags, (TagMap{{"team", "x"}}));
  EXPECT_EQ(plan.remove_tags, std::vector<std::string>{"old"});
  EXPECT_TRUE(plan.all_tags.contains("foreign"));
  EXPECT_FALSE(plan.all_tags.contains("old"));
}

TEST(Decide, WhatWasLeftHalfDoneIsWrittenAgain) {
  Definition kind = sample_kind();
  kind.facets[1].begun = "resizing";
  Desired desired = sample_desired();
  EXPECT_EQ(decide(kind, desired, sample_observed()).action, Action::kNothing);
  desired.status = JsonObject{{"resizing", false}};
  EXPECT_EQ(decide(kind, desired, sample_observed()).action, Action::kNothing);
  desired.status = JsonObject{{"resizing", true}};
  EXPECT_EQ(decide(kind, desired, sample_observed()).facets, std::vector<std::string>{"size"});
}

TEST(Decide, LeavesAloneWhatIsNotDeclared) {
  Desired desired = sample_desired();
  desired.spec = JsonObject{{"shape", "round"}};
  Observed observed = sample_observed();
  set_path(observed.facets["size"], "Size", 99);
  observed.sets["members"] = texts({"z"});
  EXPECT_EQ(decide(sample_kind(), desired, observed).action, Action::kNothing);
}

TEST(Form, ValuesAndTextGoBothWays) {
  Field enabled = field("enabled", Type::kBoolean, "Status");
  enabled.values = {{"true", "Enabled"}, {"false", "Suspended"}};
  EXPECT_EQ(to_aws(enabled, true), Json("Enabled"));
  EXPECT_EQ(from_aws(enabled, Json("Suspended")), Json(false));

  Field seconds = field("seconds", Type::kInteger, "Seconds");
  seconds.form = Form::kText;
  EXPECT_EQ(to_aws(seconds, 30), Json("30"));
  EXPECT_TRUE(same(*from_aws(seconds, Json("30")), Json(30)));
}

// A field that is declared as one value, and what AWS shows.
bool differs(const Field& what, const Json& declared, const Json& shown) {
  std::vector<std::string> out;
  add_differences(what, declared, from_aws(what, shown), "", out);
  return !out.empty();
}

TEST(Form, ANewerVersionWillDo) {
  Field version = field("version", Type::kString, "Version");
  version.form = Form::kVersion;
  for (const auto& [declared, shown] : {std::pair{"15", "15.4"},
                                        {"15.4", "15.4"},
                                        {"15.4", "15.10"},
                                        {"9.6", "10.1"},
                                        {"6.x", "6.2.6"},
                                        {"6.x", "7.0.4"}}) {
    EXPECT_FALSE(differs(version, declared, shown)) << declared << " and " << shown;
  }
  for (const auto& [declared, shown] :
       {std::pair{"16", "15.4"}, {"15.10", "15.4"}, {"10.1", "9.6"}, {"7.x", "6.2.6"}}) {
    EXPECT_TRUE(differs(version, declared, shown)) << declared << " and " << shown;
  }
}

TEST(Form, ASizeThatOnlyGrowsMayBeMore) {
  Field size = field("size", Type::kInteger, "Size");
  size.form = Form::kAtLeast;
  EXPECT_FALSE(differs(size, 20, 22));
  EXPECT_FALSE(differs(size, 20, 20));
  EXPECT_TRUE(differs(size, 20, 19));
}

TEST(Form, CaseMayMeanNothing) {
  Field window = field("window", Type::kString, "Window");
  window.form = Form::kAnyCase;
  EXPECT_FALSE(differs(window, "Sun:05:00", "sun:05:00"));
  EXPECT_TRUE(differs(window, "Sun:05:00", "mon:05:00"));
}

TEST(Form, AListIsCounted) {
  Field shards = field("shards", Type::kInteger, "Count");
  shards.read_at = "Shards";
  shards.form = Form::kCount;
  const Json answer = boost::json::parse(R"({"Shards": [{}, {}, {}], "None": []})");
  EXPECT_EQ(value_in(shards, answer), Json(3));
  EXPECT_EQ(to_aws(shards, 3), Json(3));
  shards.form = Form::kOthers;
  EXPECT_EQ(value_in(shards, answer), Json(2));
  shards.read_at = "None";
  EXPECT_EQ(value_in(shards, answer), Json(0));
  shards.read_at = "Absent";
  EXPECT_EQ(value_in(shards, answer), std::nullopt);
}

TEST(Form, AnAnswerMayHaveWordsOfItsOwn) {
  Field failover = field("failover", Type::kBoolean, "Failover");
  failover.shown = {{"enabled", "true"}, {"enabling", "true"}, {"disabled", "false"}};
  EXPECT_EQ(to_aws(failover, true), Json(true));
  EXPECT_EQ(from_aws(failover, Json("enabling")), Json(true));
  EXPECT_EQ(from_aws(failover, Json("disabled")), Json(false));
  EXPECT_TRUE(differs(failover, true, "unheard of"));
}

TEST(Form, JsonTextHoldsAnObject) {
  Field queue = field("deadLetterQueue", Type::kObject, "RedrivePolicy");
  queue.form = Form::kJson;
  queue.fields = {field("targetArn", Type::kString, "deadLetterTargetArn"),
                  field("maxReceiveCount", Type::kInteger, "maxReceiveCount")};
  const Json declared = JsonObject{{"targetArn", "arn"}, {"maxReceiveCount", 5}};
  const Json text = to_aws(queue, declared);
  EXPECT_EQ(text, Json(R"({"deadLetterTargetArn":"arn","maxReceiveCount":5})"));
  EXPECT_TRUE(same(*from_aws(queue, text), declared));
  // AWS answers with the number as text.
  auto answered = from_aws(queue, Json(R"({"deadLetterTargetArn":"arn","maxReceiveCount":"5"})"));
  std::vector<std::string> differing;
  add_differences(queue, declared, answered, "q", differing);
  EXPECT_TRUE(differing.empty());
}

TEST(Form, PoliciesAreComparedByMeaning) {
  Field policy = field("policy", Type::kString, "Policy");
  policy.form = Form::kPolicy;
  const auto differ = [&policy](const char* a, const char* b) {
    std::vector<std::string> out;
    add_differences(policy, Json(a), Json(b), "policy", out);
    return !out.empty();
  };
  EXPECT_FALSE(differ(R"({"a": ["x"], "b": 1})", R"({"b":1,"a":"x"})"));
  EXPECT_FALSE(differ(R"({"a": ["x", "y"]})", R"({"a":["y","x"]})"));
  EXPECT_FALSE(differ(R"({"a":"x"})", "%7B%22a%22%3A%22x%22%7D"));
  EXPECT_TRUE(differ(R"({"a":"x"})", R"({"a":"y"})"));
}

TEST(Form, EmptyTextMeansNotDeclared) {
  const Json spec = boost::json::parse(R"({"a": "", "b": {"c": "", "d": 1}, "tags": {"k": ""}})");
  EXPECT_TRUE(
      same(declared_in({}, spec), boost::json::parse(R"({"b": {"d": 1}, "tags": {"k": ""}})")));
}

TEST(Form, WhatIsNotDeclaredHasItsDefault) {
  const Field type{.name = "type", .fallback = "gp3"};
  const Field volume{.type = Type::kObject, .fields = {type}};
  Definition kind;
  kind.spec = {Field{.name = "policy", .fallback = "Retain"},
               Field{.name = "prefix", .fallback = ""},
               Field{.name = "volumes", .type = Type::kArray, .fields = {volume}}};
  const Json spec =
      boost::json::parse(R"({"policy": "", "volumes": [{"type": null}, {"type": "io1"}]})");
  EXPECT_TRUE(same(declared_in(kind, spec), boost::json::parse(R"({
    "policy": "Retain", "prefix": "", "volumes": [{"type": "gp3"}, {"type": "io1"}]})")));
}

TEST(Path, ReadsAndWritesItems) {
  Json value;
  write_path(value, "Rules[0].Default.Algorithm", "AES256");
  EXPECT_TRUE(same(value, boost::json::parse(R"({"Rules":[{"Default":{"Algorithm":"AES256"}}]})")));
  EXPECT_EQ(read_path(value, "Rules[0].Default.Algorithm"), Json("AES256"));
  EXPECT_EQ(read_path(value, "Rules[1].Default"), std::nullopt);
  const Json layers = boost::json::parse(R"({"Layers":[{"Arn":"a"},{"Arn":"b"}]})");
  EXPECT_EQ(read_path(layers, "Layers[].Arn"), Json(JsonArray{"a", "b"}));
}

TEST(Template, DropsWhatIsNotDeclared) {
  const Json input = boost::json::parse(
      R"({"Id": "${id}", "Gone": "${no}", "Deep": {"Gone": ["${no}"]}, "Text": "a-${id}", "Kept": {}})");
  const Json filled = fill(input, [](std::string_view name) -> std::optional<Json> {
    if (name == "id") return Json("r-1");
    return std::nullopt;
  });
  EXPECT_TRUE(same(filled, boost::json::parse(R"({"Id": "r-1", "Text": "a-r-1", "Kept": {}})")));
}

TEST(State, OfWhatShowsATimeOrNothing) {
  const definition::States states{.at = "DeletedDate", .none = "Active", .some = "Deleted"};
  EXPECT_EQ(state_of(states, Json(JsonObject{})), "Active");
  EXPECT_EQ(state_of(states, Json(JsonObject{{"DeletedDate", nullptr}})), "Active");
  EXPECT_EQ(state_of(states, Json(JsonObject{{"DeletedDate", 1.5e9}})), "Deleted");
  EXPECT_EQ(state_of(states, Json(JsonObject{{"DeletedDate", "2026-01-01T00:00:00Z"}})), "Deleted");
}

}  // namespace
}  // namespace infra::planning
