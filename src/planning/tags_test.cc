#include "planning/tags.h"

#include <gtest/gtest.h>

namespace infra::planning {
namespace {

TEST(Tags, WhoeverComesLaterWins) {
  TagMap tags{{"team", "a"}, {"env", "dev"}};
  add_tags(boost::json::parse(R"({"tags": {"team": "b", "count": 3}})"), "tags", tags);
  EXPECT_EQ(tags, (TagMap{{"env", "dev"}, {"team", "b"}}));
}

TEST(Tags, AwsKeepsItsPrefixInAnyCase) {
  EXPECT_TRUE(is_reserved_tag("aws:cloudformation:stack-name"));
  EXPECT_TRUE(is_reserved_tag("AWS:x"));
  EXPECT_FALSE(is_reserved_tag("aws"));
  EXPECT_FALSE(is_reserved_tag("aws-infra-operator.runner.codes/uid"));
}

TEST(Tags, WhatAwsWouldRefuseIsNamed) {
  const auto problem = [](std::string key, std::string value) {
    const auto all = invalid_tags({{std::move(key), std::move(value)}});
    return all.empty() ? std::string() : all.front();
  };
  EXPECT_EQ(problem("aws:x", "1"),
            "tag aws:x: AWS keeps the prefix aws: to itself; choose another key");
  EXPECT_EQ(problem("", "1"), "tag : a key has 1 to 128 characters");
  EXPECT_EQ(problem(std::string(128, 'k'), std::string(256, 'v')), "");
  EXPECT_NE(problem(std::string(129, 'k'), ""), "");
  EXPECT_NE(problem("k", std::string(257, 'v')), "");
  std::string umlauts;
  for (int i = 0; i < 128; ++i) umlauts += "ä";
  EXPECT_EQ(problem(umlauts, ""), "");
}

TEST(Tags, FiftyAreAllowed) {
  TagMap tags;
  for (int i = 0; i < 50; ++i) tags["key-" + std::to_string(i)] = "";
  EXPECT_TRUE(invalid_tags(tags).empty());
  tags["one more"] = "";
  EXPECT_EQ(invalid_tags(tags).size(), 1u);
}

}  // namespace
}  // namespace infra::planning
