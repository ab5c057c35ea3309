#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <functional>
#include <list>
#include <string>

#include "base/wakeup.h"

namespace infra {

// What an exception says, for a log line.
std::string message_of(const std::exception_ptr& thrown);

// Owns coroutines that run until they are told to stop. Stop the scope before what its tasks use
// is destroyed.
class TaskScope {
 public:
  // `on_failure` gets what a task threw, but for being cancelled.
  TaskScope(boost::asio::any_io_executor executor,
            std::function<void(std::exception_ptr)> on_failure)
      : executor_(std::move(executor)), on_failure_(std::move(on_failure)) {}
  TaskScope(const TaskScope&) = delete;
  TaskScope& operator=(const TaskScope&) = delete;

  void spawn(Task<void> task);
  // Cancels every task and waits for their ends.
  Task<void> stop(Clock& clock);

 private:
  boost::asio::any_io_executor executor_;
  std::function<void(std::exception_ptr)> on_failure_;
  std::list<boost::asio::cancellation_signal> running_;
  Wakeup ended_;
};

}  // namespace infra
