#include "admission/review.h"

#include <gmock/gmock.h>

namespace infra::admission {
namespace {

using testing::HasSubstr;

constexpr const char* kAsked = R"({
  "apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview",
  "request": {"uid": "u-1", "kind": {"group": "g", "version": "v1alpha1", "kind": "VPC"},
              "resource": {"group": "g", "version": "v1alpha1", "resource": "vpcs"},
              "subResource": "status", "operation": "UPDATE", "dryRun": true,
              "object": {"spec": {"a": 1}}, "oldObject": {"spec": {"a": 2}}}})";

TEST(Review, IsRead) {
  const auto review = read_review(kAsked);
  ASSERT_TRUE(review) << review.error().message;
  EXPECT_EQ(review->uid, "u-1");
  EXPECT_EQ(review->operation, "UPDATE");
  EXPECT_EQ(review->group, "g");
  EXPECT_EQ(review->kind, "VPC");
  EXPECT_EQ(review->subresource, "status");
  EXPECT_EQ(*find_path(review->object, "spec.a"), Json(1));
  EXPECT_EQ(*find_path(review->before, "spec.a"), Json(2));
}

TEST(Review, IsAnsweredInItsOwnVersion) {
  for (const std::string version : {"admission.k8s.io/v1", "admission.k8s.io/v1beta1"}) {
    const auto review =
        read_review(R"({"apiVersion": ")" + version + R"(", "kind": "AdmissionReview",
            "request": {"uid": "u-1", "object": null}})");
    ASSERT_TRUE(review) << review.error().message;
    EXPECT_TRUE(review->object.is_null());
    EXPECT_EQ(boost::json::parse(answer_to(*review, {})),
              boost::json::parse(R"({"apiVersion": ")" + version + R"(", "kind": "AdmissionReview",
                                     "response": {"uid": "u-1", "allowed": true}})"));
  }
}

TEST(Review, RefusalsAndWarningsAreShown) {
  const Verdict verdict{.refusals = {"a is wrong; mend it", "b too"}, .warnings = {"c"}};
  EXPECT_EQ(boost::json::parse(answer_to(*read_review(kAsked), verdict)), boost::json::parse(R"({
      "apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview",
      "response": {"uid": "u-1", "allowed": false, "warnings": ["c"],
                   "status": {"status": "Failure", "code": 422, "reason": "Invalid",
                              "message": "a is wrong; mend it. b too"}}})"));
}

TEST(Review, WarningsStayWithinWhatKubernetesShows) {
  const Verdict verdict{.refusals = {}, .warnings = std::vector(100, std::string(1000, 'x'))};
  const auto answer = boost::json::parse(answer_to(*read_review(kAsked), verdict));
  std::size_t total = 0;
  for (const auto& warning : answer.at_pointer("/response/warnings").as_array()) {
    EXPECT_LE(warning.as_string().size(), 256U);
    total += warning.as_string().size();
  }
  EXPECT_GT(total, 1000U);
  EXPECT_LE(total, 4096U);
}

struct Bad {
  const char *body, *says;
};

TEST(Review, WhatIsNoneIsExplained) {
  for (const Bad& bad :
       {Bad{"", "the AdmissionReview: not valid JSON: it ends too early"},
        Bad{R"({"apiVersion": "admission.k8s.io/v1", "ki)", "not valid JSON: it ends too early"},
        Bad{"[]", "and this is kind '' of ''"}, Bad{"7", "and this is kind '' of ''"},
        Bad{R"({"kind": "AdmissionReview", "apiVersion": "admission.k8s.io/v2"})",
            "is understood, and this is kind 'AdmissionReview' of 'admission.k8s.io/v2'"},
        Bad{R"({"kind": "Pod", "apiVersion": "admission.k8s.io/v1"})", "and this is kind 'Pod'"},
        Bad{R"({"kind": "AdmissionReview", "apiVersion": "admission.k8s.io/v1"})",
            "has no request with a uid"},
        Bad{R"({"kind": "AdmissionReview", "apiVersion": "admission.k8s.io/v1", "request": []})",
            "has no request with a uid"},
        Bad{R"({"kind": "AdmissionReview", "apiVersion": "admission.k8s.io/v1",
                "request": {"uid": 7}})",
            "has no request with a uid"}}) {
    const auto review = read_review(bad.body);
    ASSERT_FALSE(review) << bad.body;
    EXPECT_EQ(review.error().code, Code::kInvalid);
    EXPECT_THAT(review.error().message, HasSubstr(bad.says));
  }
}

TEST(Review, DeepNestingIsNoTrouble) {
  const std::string deep(100'000, '[');
  EXPECT_FALSE(read_review(deep));
}

}  // namespace
}  // namespace infra::admission
