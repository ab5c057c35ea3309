#include "aws/budget.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace infra::aws {
namespace {

// As in AWS's SDKs.
constexpr double kCut = 0.7;
constexpr double kGrowth = 0.4;
constexpr double kLeast = 0.5;  // requests a second
constexpr double kSmoothing = 0.8;
constexpr Duration kMoment{500};
// After so long without being throttled, what AWS took then says nothing of now.
constexpr Duration kForgotten{300'000};

constexpr Duration kLongest{60'000};

double seconds(SteadyTime::duration time) { return std::chrono::duration<double>(time).count(); }

}  // namespace

// In the frame of who waits, and gone with it.
struct Budget::Waiter {
  Waiter(Budget& owner, Caller who) : budget(owner), caller(std::move(who)) {
    budget.waiting_.push_back(this);
  }
  ~Waiter() {
    budget.waiting_.remove(this);
    if (Waiter* next = budget.next()) next->wakeup.notify();
  }
  Waiter(const Waiter&) = delete;
  Waiter& operator=(const Waiter&) = delete;

  Budget& budget;
  Caller caller;
  Wakeup wakeup;
};

std::optional<double> Budget::rate() const {
  const bool limited = throttled_at_ && clock_.steady() - *throttled_at_ < kForgotten;
  return limited ? std::optional(rate_) : std::nullopt;
}

Task<Result<void>> Budget::take(Caller caller, Duration patience) {
  if (rate()) {
    Waiter waiter(*this, std::move(caller));
    refill();
    const Duration wait = expected_wait(waiter);
    if (wait > patience) {
      Error error{.code = Code::kThrottled,
                  .message = fmt::format("AWS has throttled {}: it is asked as often as "
                                         "it allows, and this call waits for its turn",
                                         name_)};
      error.retry_after = promise(wait);
      co_return std::unexpected(std::move(error));
    }
    while (rate() && (next() != &waiter || tokens_ < 1)) {
      std::optional<SteadyTime> until;
      if (next() == &waiter) until = clock_.steady() + expected_wait(waiter);
      co_await waiter.wakeup.wait(clock_, until);
      refill();
    }
    serve(waiter);
  }
  measure(1);
  co_return Result<void>{};
}

// When somebody who is sent away is to come again: those who are, one after the other.
Duration Budget::promise(Duration wait) {
  const SteadyTime now = clock_.steady();
  const Duration turn{std::int64_t(1000 / rate_)};
  promised_ = std::max(promised_, now + wait) + turn;
  return std::min(kLongest, std::chrono::duration_cast<Duration>(promised_ - now));
}

void Budget::serve(const Waiter& waiter) {
  tokens_ = std::max(0.0, tokens_ - 1);
  served_[waiter.caller.ns] = ++turns_;
  if (waiting_.size() == 1) served_.clear();
}

void Budget::refill() {
  const SteadyTime now = clock_.steady();
  tokens_ = std::min(std::max(rate_, 1.0), tokens_ + seconds(now - filled_) * rate_);
  filled_ = now;
}

bool Budget::goes_before(const Waiter& one, const Waiter& other) const {
  if (one.caller.lane != other.caller.lane) return one.caller.lane < other.caller.lane;
  const auto turn = [this](const Waiter& waiter) {
    const auto found = served_.find(waiter.caller.ns);
    return found == served_.end() ? 0 : found->second;
  };
  return turn(one) < turn(other);
}

// Of those that are alike, the one that came first.
Budget::Waiter* Budget::next() const {
  const auto found = std::ranges::min_element(
      waiting_,
      [this](const Waiter* one, const Waiter* other) { return goes_before(*one, *other); });
  return found == waiting_.end() ? nullptr : *found;
}

// As if nobody came later who goes first.
Duration Budget::expected_wait(const Waiter& waiter) const {
  const auto before = std::ranges::count_if(waiting_, [&](const Waiter* other) {
    return other != &waiter && other->caller.lane <= waiter.caller.lane;
  });
  const bool first = next() == &waiter;
  const double missing = (first ? 0.0 : double(before)) + 1 - tokens_;
  return Duration{std::int64_t(std::ceil(std::max(0.0, missing) * 1000 / rate_))};
}

void Budget::measure(double sent) {
  const SteadyTime now = clock_.steady();
  const auto past = now - moment_;
  if (past >= kMoment) {
    measured_ = kSmoothing * in_moment_ / seconds(past) + (1 - kSmoothing) * measured_;
    in_moment_ = 0;
    moment_ = now;
  }
  in_moment_ += sent;
}

void Budget::note_answer(bool throttled) {
  const SteadyTime now = clock_.steady();
  measure(0);
  if (!throttled && !rate()) return;
  refill();
  double wanted = 0;
  if (throttled) {
    const double sent = std::max(measured_, in_moment_ / seconds(kMoment));
    last_most_ = rate() ? std::min(sent, rate_) : sent;
    wanted = last_most_ * kCut;
    if (!rate()) tokens_ = 0;
    throttled_at_ = now;
  } else {
    const double back = std::cbrt(last_most_ * (1 - kCut) / kGrowth);
    const double past = seconds(now - *throttled_at_) - back;
    wanted =
        std::min(kGrowth * past * past * past + last_most_, 2 * std::max(measured_, rate_ / 2));
  }
  rate_ = std::max(kLeast, wanted);
  tokens_ = std::min(tokens_, std::max(rate_, 1.0));
  if (Waiter* first = next()) first->wakeup.notify();
}

Budget& Budgets::of(const Key& key) {
  const auto found = budgets_.find(key);
  if (found != budgets_.end()) return found->second;
  return budgets_
      .try_emplace(key, clock_,
                   fmt::format("{} {} of account {} in {}", key.service, key.operation, key.account,
                               key.region))
      .first->second;
}

}  // namespace infra::aws
