#include "base/side_by_side.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/experimental/parallel_group.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

namespace infra {

Task<void> side_by_side(std::vector<Task<void>> tasks) {
  using namespace boost::asio;
  if (tasks.empty()) co_return;
  auto executor = co_await this_coro::executor;
  using One = decltype(co_spawn(executor, std::declval<Task<void>>(), deferred));
  std::vector<One> all;
  for (auto& task : tasks) all.push_back(co_spawn(executor, std::move(task), deferred));
  auto group = experimental::make_parallel_group(std::move(all));
  auto waiting = group.async_wait(experimental::wait_for_all(), use_awaitable);
  const auto [order, thrown] = co_await std::move(waiting);
  for (const std::exception_ptr& one : thrown) {
    if (one) std::rethrow_exception(one);
  }
}

}  // namespace infra
