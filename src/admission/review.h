#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"

namespace infra::admission {

// One question of the API server: may this be written?
struct Review {
  std::string api_version;  // of the question, and so of the answer
  std::string uid;
  std::string operation;  // CREATE, UPDATE, DELETE or CONNECT
  std::string group, kind, subresource;
  Json object;  // as it would be; null: there is none
  Json before;  // as it is; null: there is none
};

struct Verdict {
  // Sentences that name the field, what is wrong and what to do, without a full stop. A refusal
  // keeps the object from being written.
  std::vector<std::string> refusals, warnings;
};

// Reads an AdmissionReview of v1 or v1beta1. kInvalid where it cannot be answered.
Result<Review> read_review(std::string_view body);

// The AdmissionReview to answer with.
std::string answer_to(const Review& review, const Verdict& verdict);

}  // namespace infra::admission
