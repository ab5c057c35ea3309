#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>

#include "base/task.h"

namespace infra::sim {

// Lets a coroutine of a process wait for something in the simulated world. Lives on its frame.
class Signal {
 public:
  explicit Signal(const boost::asio::any_io_executor& executor)
      : timer_(executor, boost::asio::steady_timer::time_point::max()) {}

  void raise() {
    raised_ = true;
    timer_.cancel();
  }
  void lower() { raised_ = false; }
  bool raised() const { return raised_; }

  // Throws boost::system::system_error(operation_aborted) if the coroutine is cancelled.
  Task<void> wait() {
    boost::system::error_code ignored;
    auto token = boost::asio::redirect_error(boost::asio::use_awaitable, ignored);
    if (!raised_) co_await timer_.async_wait(token);
    if (!raised_) throw boost::system::system_error(boost::asio::error::operation_aborted);
  }

 private:
  boost::asio::steady_timer timer_;
  bool raised_ = false;
};

}  // namespace infra::sim
