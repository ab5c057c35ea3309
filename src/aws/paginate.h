#pragma once

#include <set>
#include <string>
#include <vector>

#include "base/json.h"

namespace infra::aws {

// Joins the pages of one listing. Feed it each answer; it says what to ask next.
class Paginator {
 public:
  // `rules`: the operation's entry of paginators-1.json.
  static Result<Paginator> make(const Json& rules);

  // Takes a page. Returns the members to set in the next input; an empty object after the last
  // page. kUnavailable where a page token comes a second time: the listing would never end.
  Result<JsonObject> take(Json page);
  // All pages as one answer: the first, with the lists of the others appended.
  Json joined() && { return std::move(joined_); }

 private:
  std::vector<std::string> input_tokens_;
  std::vector<std::string> output_tokens_;
  std::vector<std::string> results_;
  std::string more_;
  std::set<std::string> seen_;
  Json joined_;
  bool first_ = true;
};

// The value of the little of JMESPath that paginators use: "A.B", "A[-1].B", "X || Y".
Json evaluate(const Json& value, const std::string& expression);

}  // namespace infra::aws
