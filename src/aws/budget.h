#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/error.h"
#include "base/task.h"
#include "base/wakeup.h"

namespace infra::aws {

// What goes first when there is not enough for all.
enum class Lane { kEdit, kRetry, kCheck };

// Who calls.
struct Caller {
  Lane lane = Lane::kEdit;
  std::string ns;  // namespaces of one lane take turns
};

// How often one account may ask for one operation in one region. Nobody knows the figures
// beforehand, as AWS changes them by account; so there is no limit until AWS throttles, and from
// then on one that follows it, by the rules that AWS's own SDKs have for this (retry mode
// "adaptive": docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior): 0.7 of what was
// sent, then up along a cubic, to what AWS took before and, slowly, beyond it.
class Budget {
 public:
  // `name` is for the sentence of a refusal: "ec2 CreateVpc of account 123456789012 in eu-west-1".
  // The clock outlives it.
  Budget(Clock& clock, std::string name) : clock_(clock), name_(std::move(name)) {}
  Budget(const Budget&) = delete;
  Budget& operator=(const Budget&) = delete;

  // Returns when it is this caller's turn. kThrottled with `retry_after`, at once, where that would
  // take longer than `patience`: its place may be of use to others meanwhile.
  Task<Result<void>> take(Caller caller, Duration patience);
  // After each answer.
  void note_answer(bool throttled);

  // Requests a second; none: no limit.
  std::optional<double> rate() const;
  std::size_t waiting() const { return waiting_.size(); }

 private:
  struct Waiter;

  void measure(double sent);
  void refill();
  bool goes_before(const Waiter& one, const Waiter& other) const;
  Waiter* next() const;
  Duration expected_wait(const Waiter& waiter) const;
  Duration promise(Duration wait);
  void serve(const Waiter& waiter);

  Clock& clock_;
  std::string name_;
  // What was sent, a second, over the last moments.
  double measured_ = 0, in_moment_ = 0;
  SteadyTime moment_{};
  // The limit, while there is one.
  std::optional<SteadyTime> throttled_at_;
  double rate_ = 0, tokens_ = 0, last_most_ = 0;
  SteadyTime filled_{};
  SteadyTime promised_{};  // the last moment that was named to somebody

  std::list<Waiter*> waiting_;                   // in their frames, in the order they came
  std::map<std::string, std::uint64_t> served_;  // turn of each namespace that waits
  std::uint64_t turns_ = 0;
};

// Those of all operations that were called.
class Budgets {
 public:
  struct Key {
    std::string account, region, service, operation;
    auto operator<=>(const Key&) const = default;
  };

  // The clock outlives them.
  explicit Budgets(Clock& clock) : clock_(clock) {}

  // It stays where it is.
  Budget& of(const Key& key);
  const std::map<Key, Budget>& all() const { return budgets_; }

 private:
  Clock& clock_;
  std::map<Key, Budget> budgets_;
};

}  // namespace infra::aws
