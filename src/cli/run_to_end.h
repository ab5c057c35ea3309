#pragma once

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <utility>

#include "base/error.h"
#include "base/task.h"

namespace infra::cli {

template <class T>
Task<void> keep_result(Task<Result<T>> work, Result<T>* out) {
  auto result = co_await std::move(work);
  *out = std::move(result);
}

// Runs a coroutine on `io` until it ends. The loop is left with what still waits on it: a pool's
// own timers may outlast the work.
template <class T>
Result<T> run_to_end(boost::asio::io_context& io, Task<Result<T>> work) {
  Result<T> result = fail(Code::kInternal, "the work did not end");
  boost::asio::co_spawn(io, keep_result(std::move(work), &result),
                        [&io](std::exception_ptr) { io.stop(); });
  io.run();
  return result;
}

}  // namespace infra::cli
