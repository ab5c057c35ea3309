#include "definition/loader.h"

#include <gmock/gmock.h>

#include <fstream>

namespace infra::definition {
namespace {

using ::testing::HasSubstr;

constexpr std::string_view kGood = R"(kind: Thing
plural: things
service: sqs
description: A thing.
columns: {Name: .spec.name}
spec:
  name: {type: string, required: true, immutable: true, at: Name, description: Its name.}
  size: {type: integer, at: Size, readAt: Seen.Size, default: 3, description: Its size.}
status:
  arn: {type: string, from: Arn, description: The ARN.}
identity: {chosen: name, proof: arn}
facets:
  - name: thing
    read: {call: GetThing, input: {Name: "${id}", Text: "30", Number: 30, Yes: true}}
    fields: [size]
tags:
  readAt: Tags
  add: {call: TagThing, input: {Tags: "${tags}"}}
create: {call: CreateThing, input: {Name: "${name}"}}
delete: {call: DeleteThing, input: {Name: "${id}"}}
deletionPolicies: [Delete, Retain]
defaultDeletionPolicy: Retain
sample: {name: x}
)";

std::string with(std::string_view from, std::string_view to) {
  std::string text(kGood);
  const auto at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

TEST(Loader, ReadsEveryPart) {
  const auto thing = parse_definition(kGood, "thing.yaml");
  ASSERT_TRUE(thing) << thing.error().message;
  EXPECT_EQ(thing->singular, "thing");
  EXPECT_EQ(thing->field("name")->read_at, "Name");
  EXPECT_EQ(thing->field("size")->read_at, "Seen.Size");
  EXPECT_EQ(thing->field("size")->fallback, Json(3));
  EXPECT_EQ(thing->field("size")->line, 8);
  EXPECT_EQ(thing->facets[0].read.line, 14);
}

TEST(Loader, QuotedScalarsStayText) {
  const auto thing = parse_definition(kGood, "thing.yaml");
  ASSERT_TRUE(thing) << thing.error().message;
  const auto& input = thing->facets[0].read.input.as_object();
  EXPECT_EQ(input.at("Text"), Json("30"));
  EXPECT_EQ(input.at("Number"), Json(30));
  EXPECT_EQ(input.at("Yes"), Json(true));
}

TEST(Loader, AddsWhatEveryKindHas) {
  const auto thing = parse_definition(kGood, "thing.yaml");
  ASSERT_TRUE(thing) << thing.error().message;
  ASSERT_NE(thing->field("providerRef"), nullptr);
  EXPECT_TRUE(thing->field("providerRef")->required);
  EXPECT_TRUE(thing->field("providerRef")->fields[0].required);
  EXPECT_EQ(thing->field("tags")->type, Type::kStringMap);
  EXPECT_EQ(thing->field("deletionPolicy")->fallback, Json("Retain"));
  EXPECT_EQ(thing->deletion_policies, (std::vector<std::string>{"Retain", "Delete"}));
}

struct Wrong {
  std::string_view why, from, to, says;
};

void PrintTo(const Wrong& wrong, std::ostream* out) { *out << wrong.why; }

class LoaderErrors : public ::testing::TestWithParam<Wrong> {};

TEST_P(LoaderErrors, NameFileLineAndWhatIsWrong) {
  const auto thing = parse_definition(with(GetParam().from, GetParam().to), "d/thing.yaml");
  ASSERT_FALSE(thing);
  EXPECT_EQ(thing.error().code, Code::kInvalid);
  EXPECT_THAT(thing.error().message, HasSubstr(GetParam().says));
}

INSTANTIATE_TEST_SUITE_P(
    All, LoaderErrors,
    ::testing::Values(
        Wrong{"a misspelt word of a field", "immutable", "imutable",
              "d/thing.yaml:7: unknown word 'imutable' in field name; known words are type, "},
        Wrong{"a misspelt word at the top",
              "plural:", "plurals:", "d/thing.yaml:2: unknown word 'plurals' in the definition"},
        Wrong{"a needed word is missing", "plural: things\n", "",
              "d/thing.yaml:1: the definition lacks the word 'plural'"},
        Wrong{"no such type", "type: integer", "type: int",
              "d/thing.yaml:8: 'type' in field size is 'int', which is none of string, integer"},
        Wrong{"a flag that is a text", "required: true", "required: \"true\"",
              "d/thing.yaml:7: 'required' in field name must be true or false"},
        Wrong{"a default of another type", "default: 3", "default: \"3\"",
              "d/thing.yaml:8: 'default' in field size has another type"},
        Wrong{"a text where a list belongs", "fields: [size]", "fields: size",
              "d/thing.yaml:15: 'fields' in a facet must be a list"},
        Wrong{"a facet of an unknown field", "fields: [size]", "fields: [sizes]",
              "d/thing.yaml:14: facet thing names 'sizes'"},
        Wrong{"a value that is nowhere", "Name: \"${name}\"", "Name: \"${nam}\"",
              "d/thing.yaml:19: there is no value '${nam}'"},
        Wrong{"a column that is nowhere", ".spec.name", ".spec.nam",
              "column 'Name' shows .spec.nam"},
        Wrong{"two ways to an id", "{chosen: name, proof: arn}",
              "{chosen: name, proof: arn, assignedAt: Id, status: arn}",
              "d/thing.yaml:11: identity needs either 'chosen' or 'assignedAt'"},
        Wrong{"no such severity", "name: {type: string, ", "name: {severity: grave, type: string, ",
              "is none of low, medium, high, critical"},
        Wrong{"what a partition lacks is no value", "name: {type: string, ",
              "name: {notIn: {aws-cn: [sms]}, type: string, ",
              "names sms, which is not in the enum"},
        Wrong{"no such partition", "name: {type: string, ",
              "name: {notIn: {aws-china: [sms]}, type: string, ", "unknown word 'aws-china' in"},
        Wrong{"read together, by nothing that tells one from the other",
              "    read: {call: GetThing",
              "    together: {filter: id, items: Things}\n    read: {call: GetThing",
              "lacks the word 'id'"},
        Wrong{"decided by nothing", "{chosen: name, proof: arn}",
              "{assignedAt: Id, status: arn, decidedBy: nam}",
              "d/thing.yaml:1: identity names 'nam', which is no field of spec"},
        Wrong{"a common field declared again",
              "  size:", "  deletionPolicy:", "must not hold 'deletionPolicy'"},
        Wrong{"a default policy outside the list", "Policy: Retain", "Policy: Orphan",
              "d/thing.yaml:22: 'defaultDeletionPolicy' in the definition is not in"},
        Wrong{"a word twice", "service: sqs", "service: sqs\nservice: sns",
              "d/thing.yaml:4: 'service' is twice"},
        Wrong{"a call without operation", "{call: CreateThing, input", "{input",
              "'create' of the definition lacks the word 'call'"},
        Wrong{"no YAML", "kind: Thing", "kind: [", "d/thing.yaml:"}));

constexpr std::string_view kRemembering = R"(sets:
  - field: tags
    read: {call: ListParts}
    items: Parts
    add: {call: AddPart, input: {Part: "${item}"}}
    remove: {call: RemovePart, input: {Part: "${item}"}}
    noted: parts
)";

// kGood, with a set that is noted and a field whose earlier values are taken away.
std::string remembering() {
  std::string text = with("facets:", std::string(kRemembering) + "facets:");
  const auto put = [&text](std::string_view before, std::string_view what) {
    text.insert(text.find(before), what);
  };
  put("identity:",
      "  parts: {type: array, items: {type: string}, from: '', description: Parts.}\n");
  put("identity:",
      "  names: {type: array, items: {type: string}, written: name, description: N.}\n");
  put("tags:\n  readAt",
      "    write: [{call: DropThing, input: {Name: \"${item}\"}, replaces: names}]\n");
  return text;
}

TEST(Loader, ReadsWhatACreateMayAnswer) {
  const auto thing = parse_definition(
      with("{chosen: name, proof: arn}",
           "{chosen: name, proof: arn, answersExisting: true, visibleAfterSeconds: 7}"),
      "t");
  ASSERT_TRUE(thing) << thing.error().message;
  EXPECT_TRUE(thing->identity.answers_existing);
  EXPECT_EQ(thing->identity.visible_after_seconds, 7);
}

TEST(Loader, ReadsWhatDependsOnMoreOrFewer) {
  const std::string facet = "    fields: [size]\n";
  const auto written = [&facet](const std::string& field) {
    return parse_definition(with(facet, facet + "    write: [{call: GrowThing, ifMore: " + field +
                                            "}, {call: ShrinkThing, ifFewer: " + field + "}]\n"),
                            "t.yaml");
  };
  const auto thing = written("size");
  ASSERT_TRUE(thing) << thing.error().message;
  EXPECT_EQ(thing->facets[0].write[0].if_more, "size");
  EXPECT_EQ(thing->facets[0].write[1].if_fewer, "size");
  const auto wrong = written("name");
  ASSERT_FALSE(wrong);
  EXPECT_THAT(wrong.error().message, HasSubstr("'ifMore' and 'ifFewer' name 'name', which is no"));
}

// kGood, with a list of rules, a reference, and these words of `admission`.
std::string admitting(const std::string& words) {
  std::string text = with(
      "status:",
      R"(  yardID: {type: string, reference: {kind: Yard, as: yardRef, from: id}, description: D.}
  doors:
    type: array
    description: D.
    items:
      type: object
      fields:
        from: {type: array, items: {type: string}, description: D.}
        protocol: {type: string, description: D.}
        first: {type: integer, description: D.}
        last: {type: integer, description: D.}
status:)");
  return text + "admission:\n" + words;
}

TEST(Loader, ReadsWhatAdmissionSays) {
  const auto thing = parse_definition(
      admitting(R"(  ranges: [{field: name, within: yardID, of: range, all: ranges}]
  openings: [{list: doors, from: [from], protocol: protocol, first: first, last: last}]
  warnings: [{needs: size, when: {size: 3}, unless: {name: x}, says: Mind it.}]
)"),
      "t.yaml");
  ASSERT_TRUE(thing) << thing.error().message;
  const Admission& admission = thing->admission;
  EXPECT_EQ(admission.ranges.at(0).of, "range");
  EXPECT_EQ(admission.openings.at(0).from, std::vector<std::string>{"from"});
  EXPECT_EQ(admission.warnings.at(0).condition.when.at("size"), Json(3));
  EXPECT_EQ(admission.warnings.at(0).says, "Mind it.");
}

TEST(Loader, WhatAdmissionNamesIsThere) {
  const auto thing =
      parse_definition(admitting(R"(  ranges: [{field: nam, within: name, of: range, all: ranges}]
  openings: [{list: doors, from: [form], protocol: protocol, first: first, last: last}]
  warnings: [{when: {siz: 3}, says: Mind it.}]
)"),
                       "t.yaml");
  ASSERT_FALSE(thing);
  for (const char* says :
       {"a range of admission names 'nam', which is no field",
        "'within' names 'name', which is no field of spec with the word 'reference'",
        "an opening names 'doors[].form', which is no field", "'when' names 'siz'"}) {
    EXPECT_THAT(thing.error().message, HasSubstr(says));
  }
}

TEST(Loader, ReadsCallsThatBelongTogether) {
  const std::string facet = "    fields: [size]\n";
  const auto begun = [&facet](const std::string& field) {
    return parse_definition(
        with(facet, facet + "    begun: " + field + "\n    write: [{call: Start, always: true}]\n"),
        "t.yaml");
  };
  const auto thing = begun("arn");
  ASSERT_TRUE(thing) << thing.error().message;
  EXPECT_EQ(thing->facets[0].begun, "arn");
  EXPECT_TRUE(thing->facets[0].write[0].always);
  const auto wrong = begun("unheard");
  ASSERT_FALSE(wrong);
  EXPECT_THAT(wrong.error().message, HasSubstr("'begun' of facet thing names 'unheard'"));
}

TEST(Loader, ReadsWhatStatusRemembers) {
  const auto thing = parse_definition(remembering(), "thing.yaml");
  ASSERT_TRUE(thing) << thing.error().message;
  EXPECT_EQ(thing->sets[0].noted, "parts");
  EXPECT_EQ(thing->facets[0].write[0].replaces, "names");
  EXPECT_EQ(thing->status[2].written, "name");
  EXPECT_EQ(thing->identity.visible_after_seconds, 60);
  EXPECT_FALSE(thing->identity.answers_existing);
}

TEST(Loader, WhatStatusRemembersIsAList) {
  std::string text = remembering();
  const auto change = [&text](std::string_view from, std::string_view to) {
    text.replace(text.find(from), from.size(), to);
  };
  change("parts: {type: array, items: {type: string}", "parts: {type: string");
  change("names: {type: array, items: {type: string}", "names: {type: string");
  const auto thing = parse_definition(text, "t.yaml");
  ASSERT_FALSE(thing);
  EXPECT_THAT(
      thing.error().message,
      HasSubstr("t.yaml:18: 'noted' names 'parts', which is no status field of type array"));
  EXPECT_THAT(thing.error().message,
              HasSubstr("t.yaml:25: 'replaces' names 'names', which is no status field of type "
                        "array with the word 'written'"));
}

TEST(Loader, WhatIsRememberedHasAPlaceInStatus) {
  std::string text = remembering();
  text.replace(text.find("noted: parts"), 12, "noted: part");
  const auto thing = parse_definition(text, "t.yaml");
  ASSERT_FALSE(thing);
  EXPECT_THAT(thing.error().message, HasSubstr("'noted' names 'part', which is no status field"));
}

TEST(Loader, ReportsAllErrorsAtOnce) {
  std::string text = with("immutable", "imutable");
  text.replace(text.find("type: integer"), 13, "type: int");
  const auto thing = parse_definition(text, "t.yaml");
  ASSERT_FALSE(thing);
  EXPECT_THAT(thing.error().message, HasSubstr("t.yaml:7:"));
  EXPECT_THAT(thing.error().message, HasSubstr("t.yaml:8:"));
}

TEST(Loader, EmbeddedDefinitionsLoad) {
  const auto all = load_embedded();
  ASSERT_TRUE(all) << all.error().message;
  EXPECT_GE(all->size(), 6U);
  EXPECT_TRUE(std::ranges::is_sorted(*all, {}, &Definition::kind));
  const auto provider = load_provider();
  ASSERT_TRUE(provider) << provider.error().message;
  EXPECT_NE(provider->field("region"), nullptr);
}

TEST(Loader, WhatIsReadTogetherHasNoOtherRead) {
  const auto all = load_embedded();
  ASSERT_TRUE(all);
  const auto is_shared = [&all](std::string_view kind) {
    return is_read_together(*std::ranges::find(*all, kind, &Definition::kind));
  };
  for (const char* kind : {"Subnet", "ElasticIP"}) EXPECT_TRUE(is_shared(kind)) << kind;
  // By itself, with attributes, with rules.
  for (const char* kind : {"S3Bucket", "VPC", "SecurityGroup"})
    EXPECT_FALSE(is_shared(kind)) << kind;
}

TEST(Loader, DirectoryIsReadAndTwinsAreRefused) {
  const std::filesystem::path folder = ::testing::TempDir() + "/infra-definitions";
  std::filesystem::remove_all(folder);
  EXPECT_FALSE(load_directory(folder));
  std::filesystem::create_directories(folder / "a");
  std::ofstream(folder / "a" / "one.yaml") << kGood;
  const auto one = load_directory(folder);
  ASSERT_TRUE(one) << one.error().message;
  EXPECT_EQ(one->size(), 1U);
  std::ofstream(folder / "a" / "two.yaml") << kGood;
  const auto two = load_directory(folder);
  ASSERT_FALSE(two);
  EXPECT_THAT(two.error().message, HasSubstr("kind Thing is also defined in"));
}

}  // namespace
}  // namespace infra::definition
