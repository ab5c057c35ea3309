#include "planning/template.h"

#include <gtest/gtest.h>

namespace infra::planning {
namespace {

std::optional<Json> value(std::string_view name) {
  const Json all = boost::json::parse(R"({
    "hash": "id", "list": [{"n": "a"}, {"n": "b"}], "list[0].n": "a", "list[1].n": "b",
    "list[0]": {"n": "a"}, "list[1]": {"n": "b"}, "none": []})");
  const Json* found = all.get_object().if_contains(name);
  return found == nullptr ? std::nullopt : std::optional(*found);
}

Json filled(const char* input) { return fill(boost::json::parse(input), value); }

TEST(Template, TheFirstNameWithAValueCounts) {
  EXPECT_EQ(filled(R"({"Name": "${range|hash|list}", "Text": "a ${absent|hash}"})"),
            boost::json::parse(R"({"Name": "id", "Text": "a id"})"));
  EXPECT_EQ(filled(R"({"Name": "${range|absent}"})"), Json(JsonObject{}));
}

TEST(Template, AnObjectGoesWithWhatItNeeds) {
  EXPECT_EQ(filled(R"({"Keys": [{"$needs": "hash", "Name": "${hash}", "Type": "HASH"},
                                {"$needs": "range", "Name": "${range}", "Type": "RANGE"}]})"),
            boost::json::parse(R"({"Keys": [{"Name": "id", "Type": "HASH"}]})"));
  EXPECT_EQ(filled(R"({"Stream": {"$needs": "range", "On": true}})"), Json(JsonObject{}));
}

TEST(Template, EachItemOfAListFillsTheShape) {
  EXPECT_EQ(
      filled(R"({"All": {"$each": "list", "$item": {"Name": "${item.n}", "Of": "${hash}"}}})"),
      boost::json::parse(R"({"All": [{"Name": "a", "Of": "id"}, {"Name": "b", "Of": "id"}]})"));
  EXPECT_EQ(filled(R"({"All": {"$each": "none", "$item": "${item}"}})"), Json(JsonObject{}));
  EXPECT_EQ(filled(R"({"All": {"$each": "absent", "$item": "${item}"}})"), Json(JsonObject{}));
}

TEST(Template, AUnionHoldsEverythingOnce) {
  EXPECT_EQ(
      filled(R"({"All": {"$union": [{"n": "${hash}"}, "${list}", {"n": "a"}, "${absent}"]}})"),
      boost::json::parse(R"({"All": [{"n": "id"}, {"n": "a"}, {"n": "b"}]})"));
}

}  // namespace
}  // namespace infra::planning
