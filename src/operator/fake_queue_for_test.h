#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "reconcile/seams.h"

namespace infra {

// AWS with one SQS queue in it, of account 111122223333 in eu-west-1.
class FakeQueue final : public reconcile::Cloud {
 public:
  explicit FakeQueue(Clock& clock) : clock_(clock) {}

  std::deque<std::string> messages;
  std::vector<Json> asked;               // inputs of ReceiveMessage
  std::optional<Error> receive, remove;  // in place of an answer
  bool keeps = false;                    // does not delete what it is asked to
  int deleted = 0;

  Task<Result<Json>> call(std::string, std::string operation, Json input, Intent) override {
    if (operation == "DeleteMessageBatch") co_return delete_batch(input);
    asked.push_back(input);
    if (receive) co_return std::unexpected(*receive);
    const auto wait = find_path(input, "WaitTimeSeconds")->to_number<std::int64_t>();
    const SteadyTime until = clock_.steady() + std::chrono::seconds(wait);
    while (messages.empty() && clock_.steady() < until) co_await clock_.sleep(Duration{100});
    co_return some();
  }
  Task<Result<Json>> call_all_pages(std::string, std::string, Json) override {
    co_return fail(Code::kInternal, "has no pages");
  }
  const reconcile::Location& location() const override { return location_; }
  const planning::TagPolicy& tag_policy() const override { return tags_; }
  const planning::DriftPolicy& drift_policy() const override { return drift_; }

 private:
  Json some() const {
    JsonArray out;
    for (std::size_t i = 0; i < std::min<std::size_t>(messages.size(), 10); ++i) {
      out.push_back({{"Body", messages[i]}, {"ReceiptHandle", "handle"}});
    }
    // As SQS has it: nothing at all where there is none.
    return out.empty() ? Json(JsonObject()) : Json(JsonObject{{"Messages", std::move(out)}});
  }
  Result<Json> delete_batch(const Json& input) {
    if (remove) return std::unexpected(*remove);
    if (keeps) return *parse_json(R"({"Failed": [{"Id": "0", "Code": "InternalError"}]})");
    const auto count = find_path(input, "Entries")->as_array().size();
    deleted += int(count);
    messages.erase(messages.begin(), messages.begin() + std::ptrdiff_t(count));
    return Json(JsonObject());
  }

  Clock& clock_;
  reconcile::Location location_{.account_id = "111122223333", .region = "eu-west-1"};
  planning::TagPolicy tags_;
  planning::DriftPolicy drift_;
};

// What CloudTrail says of a change of this resource, as JSON.
inline Json change_of(const std::string& name) {
  return JsonObject{{"detail-type", "AWS API Call via CloudTrail"},
                    {"source", "aws.ec2"},
                    {"account", "111122223333"},
                    {"region", "eu-west-1"},
                    {"detail", JsonObject{{"eventSource", "ec2.amazonaws.com"},
                                          {"requestParameters", JsonObject{{"id", name}}}}}};
}

}  // namespace infra
