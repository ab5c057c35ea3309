#include "reconcile/drift_record.h"

#include <gtest/gtest.h>

namespace infra::reconcile {
namespace {

const WallTime kNow = parse_rfc3339("2026-01-02T03:04:05Z");
const std::vector<planning::Difference> kFound{
    {.path = "size", .expected = "3", .actual = "", .severity = "high"}};

TEST(DriftRecord, NothingFoundChangesNothing) {
  Json status = JsonObject();
  const DriftNews news = record_drift({}, true, kNow, status);
  EXPECT_EQ(status, Json(JsonObject()));
  EXPECT_FALSE(news.found || news.healed);
}

TEST(DriftRecord, WhatIsFoundAgainIsNoNews) {
  Json status = JsonObject();
  EXPECT_TRUE(record_drift(kFound, false, kNow, status).found);
  const Json before = status;
  const DriftNews news = record_drift(kFound, false, kNow + std::chrono::hours(1), status);
  EXPECT_FALSE(news.found || news.healed);
  EXPECT_EQ(status, before);
}

TEST(DriftRecord, ALaterPassMayFindItHealed) {
  Json status = JsonObject();
  record_drift(kFound, false, kNow, status);
  const DriftNews news = record_drift({}, true, kNow + std::chrono::hours(1), status);
  EXPECT_FALSE(news.found);
  EXPECT_TRUE(news.healed);
  EXPECT_EQ(*find_path(status, "drift.detected"), Json(false));
  EXPECT_EQ(text_at(status, "drift.lastCheck"), "2026-01-02T04:04:05Z");
  EXPECT_FALSE(record_drift({}, true, kNow + std::chrono::hours(2), status).healed);
}

TEST(DriftRecord, TheSameMayComeBack) {
  Json status = JsonObject();
  record_drift(kFound, true, kNow, status);
  EXPECT_TRUE(record_drift(kFound, false, kNow, status).found);
}

TEST(DriftRecord, KeepsNoMoreThanTwenty) {
  Json status = JsonObject();
  record_drift(std::vector(100, kFound[0]), false, kNow, status);
  EXPECT_EQ(find_path(status, "drift.details")->get_array().size(), 20u);
  EXPECT_LE(sentence_of(std::vector(1'000, kFound[0])).size(), 1'024u);
}

TEST(DriftRecord, IsToldInASentence) {
  EXPECT_EQ(sentence_of(kFound), "size is not there, declared 3");
}

}  // namespace
}  // namespace infra::reconcile
