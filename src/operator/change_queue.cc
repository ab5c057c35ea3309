#include "operator/change_queue.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "aws/client.h"

namespace infra {

using reconcile::Condition;

namespace {

constexpr int kMostAtOnce = 10;  // as many as SQS gives
constexpr int kLongPoll = 20;    // seconds, the longest that SQS waits; less than a call may take
// However soon an answer came, whatever has answered.
constexpr Duration kBreath{1'000};  // after one without messages
constexpr Duration kBetweenBatches{10};
constexpr int kFailuresToTell = 3;
constexpr int kMostDoublings = 6;  // of the first pause, 1 s
constexpr Duration kBetweenRefusals = std::chrono::minutes(10);

// IAM is one for all regions, and its calls are told of in one of them.
constexpr std::string_view kGlobalService = "iam";

std::string remedy_for(const Error& error, const std::string& caller) {
  switch (error.code) {
    case Code::kDenied:
      return "; allow sqs:ReceiveMessage and sqs:DeleteMessage on the queue to " + caller;
    case Code::kNotFound:
    case Code::kInvalid: return "; make the queue, or correct spec.driftDetection.queueURL";
    default: return "";
  }
}

bool same_words(const std::optional<Condition>& a, const Condition& b) {
  return a && a->status == b.status && a->reason == b.reason;
}

}  // namespace

ChangeQueue::ChangeQueue(Clock& clock, std::function<double()> random, Source source, Sink sink,
                         telemetry::CounterFamily<1>& results, telemetry::Logger log)
    : clock_(clock),
      random_(std::move(random)),
      source_(std::move(source)),
      sink_(std::move(sink)),
      results_(results),
      log_(std::move(log)),
      condition_(source_.said) {}

Task<void> ChangeQueue::run() {
  while (true) {
    const auto taken = co_await take_some();
    note(taken);
    co_await clock_.sleep(pause_after(taken));
  }
}

// Gives back how many. Does not wait for messages before it is known whether the queue can be read
// at all.
Task<Result<std::size_t>> ChangeQueue::take_some() {
  Json asked = JsonObject{{"QueueUrl", source_.url},
                          {"MaxNumberOfMessages", kMostAtOnce},
                          {"WaitTimeSeconds", works_ ? kLongPoll : 0}};
  auto answer = co_await source_.cloud->call("sqs", "ReceiveMessage", std::move(asked),
                                             reconcile::Cloud::Intent::kRead);
  if (!answer) co_return std::unexpected(answer.error());
  JsonArray entries;
  const Json* messages = find_path(*answer, "Messages");
  if (messages != nullptr && messages->is_array()) {
    for (const Json& message : messages->get_array()) {
      judge(text_at(message, "Body"));
      entries.push_back({{"Id", std::to_string(entries.size())},
                         {"ReceiptHandle", text_at(message, "ReceiptHandle")}});
    }
  }
  const std::size_t count = entries.size();
  if (count == 0) co_return count;
  auto removed = co_await remove(std::move(entries));
  if (!removed) co_return std::unexpected(removed.error());
  co_return count;
}

// A failure has to count: what stays comes again, maybe at once.
Task<Result<void>> ChangeQueue::remove(JsonArray entries) {
  Json asked = JsonObject{{"QueueUrl", source_.url}, {"Entries", std::move(entries)}};
  auto answer = co_await source_.cloud->call("sqs", "DeleteMessageBatch", std::move(asked),
                                             reconcile::Cloud::Intent::kWrite);
  if (!answer) co_return std::unexpected(answer.error());
  const Json* failed = find_path(*answer, "Failed");
  if (failed == nullptr || !failed->is_array() || failed->get_array().empty()) {
    co_return Result<void>{};
  }
  const Json& first = failed->get_array().front();
  co_return fail(Code::kUnavailable, fmt::format("sqs DeleteMessageBatch left {} messages: {} {}",
                                                 failed->get_array().size(), text_at(first, "Code"),
                                                 text_at(first, "Message")));
}

void ChangeQueue::judge(const std::string& message) {
  const auto event = read(message);
  if (!event) return refuse(event.error());
  results_.with({result_of(*event)}).inc();
}

// Only what happened where the provider leads to concerns its objects.
Result<ChangeEvent> ChangeQueue::read(const std::string& message) const {
  auto event = parse_change_event(message);
  if (!event) return event;
  const reconcile::Location& own = source_.cloud->location();
  const bool here = event->region == own.region || event->service == kGlobalService;
  if (event->account == own.account_id && here) return event;
  return fail(Code::kDenied,
              fmt::format("it tells of another account or region than {} in {}, where the provider "
                          "leads to; give each provider a queue and a rule of its own",
                          own.account_id, own.region));
}

std::string_view ChangeQueue::result_of(const ChangeEvent& event) const {
  const bool own =
      event.caller == source_.caller && event.user_agent.find(aws::kUserAgent) != std::string::npos;
  if (!event.changes || own) return "ignored";
  if (sink_(event)) return "matched";
  return "unmatched";
}

// Whoever may write to the queue could else fill the log.
void ChangeQueue::refuse(const Error& error) {
  results_.with({"refused"}).inc();
  const SteadyTime now = clock_.steady();
  const auto told = refusals_.find(error.code);
  if (told != refusals_.end() && now - told->second < kBetweenRefusals) return;
  refusals_[error.code] = now;
  log_.error("refused a message about changes in AWS; it is deleted, and nothing was looked at",
             telemetry::fields_of(error));
}

// One failure may pass, and is nothing to write into a status. A request that was not let out, or
// was taken back, says nothing about the queue.
void ChangeQueue::note(const Result<std::size_t>& taken) {
  if (taken) {
    works_ = true;
    failures_ = 0;
    return say({kCondition, "True", "Received", "Changes in AWS are seen within seconds"});
  }
  if (taken.error().code == Code::kCancelled) return;
  works_ = false;
  if (++failures_ < kFailuresToTell) return;
  say({kCondition, "False", std::string(to_string(taken.error().code)),
       taken.error().message + remedy_for(taken.error(), source_.caller) +
           ". Until then changes are found at the next look"});
}

void ChangeQueue::say(Condition condition) {
  if (same_words(condition_, condition)) return;
  if (condition.status == "True") {
    log_.info("reads the queue of changes in AWS", {{"queue", source_.url}});
  } else {
    log_.error("cannot read the queue of changes in AWS",
               {{"reason", condition.reason}, {"message", condition.message}});
  }
  condition_ = std::move(condition);
  if (on_condition) on_condition();
}

Duration ChangeQueue::pause_after(const Result<std::size_t>& taken) const {
  if (taken) return *taken > 0 ? kBetweenBatches : kBreath;
  const int doublings = std::clamp(failures_ - 1, 0, kMostDoublings);
  const auto longest = double(1'000 << doublings);
  const Duration pause{std::int64_t(longest * (1 + random_()) / 2)};
  return std::max(pause, taken.error().retry_after.value_or(Duration{0}));
}

}  // namespace infra
