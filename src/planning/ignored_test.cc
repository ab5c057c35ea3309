#include "planning/ignored.h"

#include <gtest/gtest.h>

namespace infra::planning {
namespace {

using definition::Definition;
using definition::Facet;
using definition::Field;
using definition::Type;

Definition sample_kind() {
  Definition kind;
  kind.kind = "Sample";
  kind.identity.chosen = "sampleName";
  Field logging{.name = "logging", .type = Type::kObject, .read_at = "Logging"};
  logging.fields = {{.name = "bucket", .at = "Bucket", .read_at = "Bucket"},
                    {.name = "prefix", .at = "Prefix", .read_at = "Prefix"}};
  kind.spec = {{.name = "sampleName"},
               {.name = "size", .type = Type::kInteger, .read_at = "Size"},
               {.name = "code", .read_at = ""},
               {.name = "title", .tag = "Name"},
               {.name = "members", .type = Type::kArray},
               {.name = "tags", .type = Type::kStringMap},
               {.name = "providerRef", .type = Type::kObject},
               {.name = "deletionPolicy"},
               logging};
  kind.facets = {Facet{.name = "all", .fields = {"size", "logging"}},
                 Facet{.name = "code", .fields = {}, .remembered = "code"}};
  kind.tags = definition::Tags{};
  return kind;
}

Json after(std::vector<std::string> ignored, const char* spec, const char* in_aws) {
  Desired desired;
  desired.spec = boost::json::parse(spec);
  desired.ignored = std::move(ignored);
  Observed observed{.present = true};
  observed.facets["all"] = boost::json::parse(in_aws);
  take_ignored(sample_kind(), observed, desired);
  return desired.spec;
}

Json json(const char* text) { return boost::json::parse(text); }

TEST(Ignored, ReadsAListOfPaths) {
  const Definition kind = sample_kind();
  EXPECT_EQ(ignored_paths(kind, " size, tags.My Team ,\n,logging.prefix, title", {}),
            (std::vector<std::string>{"size", "tags.My Team", "logging.prefix", "tags.Name"}));
  EXPECT_TRUE(ignored_paths(kind, "", {}).empty());
  EXPECT_EQ(ignored_paths(kind, "size", {"title", "of.another.kind", "tags.Team"}),
            (std::vector<std::string>{"size", "tags.Name", "tags.Team"}));
}

TEST(Ignored, NamesWhatCannotBeLeftToOthers) {
  const Definition kind = sample_kind();
  EXPECT_TRUE(
      invalid_ignored(kind, {"size", "logging.prefix", "tags", "tags.a.b", "members"}).empty());
  for (const auto* path :
       {"sizes", "logging.suffix", "members[0]", "size.x", "sampleName", "providerRef.name",
        "deletionPolicy", "tags.aws-infra-operator.runner.codes/uid"}) {
    const auto problems = invalid_ignored(kind, {path});
    ASSERT_EQ(problems.size(), 1u) << path;
    EXPECT_NE(problems[0].find(path), std::string::npos) << problems[0];
  }
}

TEST(Ignored, WhatAwsHasCountsAsDeclared) {
  EXPECT_EQ(after({"size"}, R"({"size": 3})", R"({"Size": 9})"), json(R"({"size": 9})"));
  EXPECT_EQ(after({"size"}, R"({"size": 3})", R"({})"), json("{}"));
  EXPECT_EQ(after({"code"}, R"({"code": "x", "size": 3})", R"({"Size": 9})"),
            json(R"({"size": 3})"));
}

TEST(Ignored, OneMemberIsTakenAndItsNeighboursAreNot) {
  const auto* in_aws = R"({"Logging": {"Bucket": "theirs", "Prefix": "theirs"}})";
  const auto* spec = R"({"logging": {"bucket": "ours", "prefix": "ours"}})";
  EXPECT_EQ(after({"logging.prefix"}, spec, in_aws),
            json(R"({"logging": {"bucket": "ours", "prefix": "theirs"}})"));
  EXPECT_EQ(after({"logging.prefix"}, spec, "{}"), json(R"({"logging": {"bucket": "ours"}})"));
}

TEST(Ignored, WhatIsNotDeclaredStaysSo) {
  EXPECT_EQ(after({"size", "logging.prefix", "tags.size"}, R"({"logging": {"bucket": "ours"}})",
                  R"({"Size": 9, "Logging": {"Prefix": "theirs"}})"),
            json(R"({"logging": {"bucket": "ours"}})"));
}

}  // namespace
}  // namespace infra::planning
