#include "base/wakeup.h"

#include <algorithm>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/multiple_exceptions.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>

namespace infra {
namespace {

[[noreturn]] void throw_cancelled() {
  throw boost::system::system_error(boost::asio::error::operation_aborted);
}

}  // namespace

// On the waiting frame, and gone with it: a frame may be destroyed while it waits, together with
// its io_context and before the Wakeup.
struct Wakeup::Waiting {
  Waiting(Wakeup& wakeup, const boost::asio::any_io_executor& executor)
      : owner(&wakeup), timer(executor, boost::asio::steady_timer::time_point::max()) {
    owner->waiting_ = this;
  }
  ~Waiting() {
    if (owner != nullptr) owner->waiting_ = nullptr;
  }
  Waiting(const Waiting&) = delete;
  Waiting& operator=(const Waiting&) = delete;

  Wakeup* owner;
  boost::asio::steady_timer timer;
};

Wakeup::~Wakeup() {
  if (waiting_ != nullptr) waiting_->owner = nullptr;
}

void Wakeup::notify() {
  notified_ = true;
  if (waiting_ != nullptr) waiting_->timer.cancel();
}

Task<void> Wakeup::wait_for_notify() {
  auto executor = co_await boost::asio::this_coro::executor;
  Waiting waiting(*this, executor);
  boost::system::error_code ignored;
  auto token = boost::asio::redirect_error(boost::asio::use_awaitable, ignored);
  co_await waiting.timer.async_wait(token);
  if (!notified_) throw_cancelled();
}

Task<void> Wakeup::wait(Clock& clock, std::optional<SteadyTime> until) {
  using namespace boost::asio::experimental::awaitable_operators;
  if (!notified_ && !until) co_await wait_for_notify();
  if (!notified_) {
    const auto left = std::chrono::ceil<Duration>(*until - clock.steady());
    if (left <= Duration{0}) co_return;
    auto event = wait_for_notify();
    auto time = clock.sleep(left);
    bool cancelled = false;
    try {
      co_await (std::move(event) || std::move(time));
    } catch (const boost::asio::multiple_exceptions&) {
      cancelled = true;  // both were told to stop
    }
    if (cancelled) throw_cancelled();
  }
  notified_ = false;
}

}  // namespace infra
