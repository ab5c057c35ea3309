#include "operator/news.h"

#include <gtest/gtest.h>

namespace infra {
namespace {

Json object() {
  return boost::json::parse(R"({
      "metadata": {"name": "a", "uid": "u-1", "resourceVersion": "1", "generation": 1,
                   "labels": {"team": "x"},
                   "annotations": {"aws-infra-operator.runner.codes/adopt": "true"}},
      "spec": {"size": 3},
      "status": {"ready": false}})");
}

TEST(News, WhatSeemsSettledIsReadyForItsSpec) {
  Json settled = object();
  set_path(settled, "status",
           parse_json(R"({"ready": true, "observedGeneration": 1,
      "conditions": [{"type": "Ready", "status": "True", "reason": "Available"}]})")
               .value());
  EXPECT_TRUE(seems_settled(settled));
  EXPECT_FALSE(seems_settled(object())) << "was never looked at";
  const auto with = [&settled](const std::string& path, const Json& value) {
    Json other = settled;
    set_path(other, path, value);
    return seems_settled(other);
  };
  EXPECT_FALSE(with("metadata.generation", 2));
  EXPECT_FALSE(with("metadata.deletionTimestamp", "2026-01-01T00:00:00Z"));
  EXPECT_FALSE(
      with("status.conditions",
           parse_json(R"([{"type": "Ready", "status": "False", "reason": "Drifted"}])").value()));
  Json asked = settled;
  asked.at("metadata")
      .at("annotations")
      .get_object()["aws-infra-operator.runner.codes/reconcile-requested-at"] = "noon";
  EXPECT_FALSE(seems_settled(asked));
  set_path(asked, "status.lastHandledReconcileAt", "noon");
  EXPECT_TRUE(seems_settled(asked));
}

bool news_at(const std::string& path, const Json& value) {
  Json after = object();
  set_path(after, path, value);
  return is_news(object(), after);
}

bool news_of_annotation(const std::string& key, const std::string& value) {
  Json after = object();
  after.at("metadata").at("annotations").get_object()[key] = value;
  return is_news(object(), after);
}

const std::string kOurs = "aws-infra-operator.runner.codes/";

TEST(News, IsWhatAUserDecides) {
  EXPECT_TRUE(news_at("spec.size", 4));
  EXPECT_TRUE(news_at("metadata.deletionTimestamp", "2026-01-01T00:00:00Z"));
  EXPECT_TRUE(news_of_annotation(kOurs + "adopt", "false"));
  EXPECT_TRUE(news_of_annotation(kOurs + "paused", "true"));
  EXPECT_TRUE(news_of_annotation(kOurs + "reconcile-requested-at", "now"));
  Json without = object();
  erase_path(without, "metadata.annotations");
  EXPECT_TRUE(is_news(object(), without));
}

TEST(News, IsThatTheStatusIsGone) {
  Json reported = object();
  set_path(reported, "status.conditions", JsonArray{});
  EXPECT_TRUE(is_news(reported, object()));
  EXPECT_FALSE(is_news(object(), reported));
}

TEST(News, IsNotWhatWeWriteOrOthersNote) {
  EXPECT_FALSE(is_news(object(), object()));
  EXPECT_FALSE(news_at("status.ready", true));
  EXPECT_FALSE(news_at("metadata.resourceVersion", "2"));
  EXPECT_FALSE(news_at("metadata.finalizers", JsonArray{kOurs + "finalizer"}));
  EXPECT_FALSE(news_at("metadata.labels.team", "y"));
  EXPECT_FALSE(news_of_annotation(kOurs + "external-id", "vpc-1"));
  EXPECT_FALSE(news_of_annotation("others/note", "x"));
}

TEST(News, IsAnObjectThatComesOrGoes) {
  EXPECT_TRUE(is_news(nullptr, object()));
  EXPECT_TRUE(is_news(object(), nullptr));
}

}  // namespace
}  // namespace infra
