#include "base/task_scope.h"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>

namespace infra {
namespace {

bool is_cancellation(const std::exception_ptr& thrown) {
  try {
    std::rethrow_exception(thrown);
  } catch (const boost::system::system_error& error) {
    return error.code() == boost::asio::error::operation_aborted;
  } catch (...) {
    return false;
  }
}

}  // namespace

std::string message_of(const std::exception_ptr& thrown) {
  try {
    std::rethrow_exception(thrown);
  } catch (const std::exception& error) {
    return error.what();
  } catch (...) {
    return "unknown";
  }
}

void TaskScope::spawn(Task<void> task) {
  running_.emplace_front();
  const auto place = running_.begin();
  auto ended = [this, place](std::exception_ptr thrown) {
    running_.erase(place);
    if (thrown && !is_cancellation(thrown)) on_failure_(thrown);
    ended_.notify();
  };
  boost::asio::co_spawn(executor_, std::move(task),
                        boost::asio::bind_cancellation_slot(place->slot(), std::move(ended)));
}

Task<void> TaskScope::stop(Clock& clock) {
  // A task may end at once, and so take its place out of the list.
  for (auto place = running_.begin(); place != running_.end();) {
    auto& signal = *place++;
    signal.emit(boost::asio::cancellation_type::terminal);
  }
  while (!running_.empty()) co_await ended_.wait(clock);
}

}  // namespace infra
