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
