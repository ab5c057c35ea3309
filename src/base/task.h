#pragma once

#include <boost/asio/awaitable.hpp>

namespace infra {

// A coroutine on the one executor that runs all I/O and every reconcile. Rules that g++ 12 forces
// on us (each has bitten): coroutines are named functions with by-value parameters, never capturing
// lambdas; one co_await per statement; no co_await inside ?: or a braced list.
template <class T>
using Task = boost::asio::awaitable<T>;

}  // namespace infra
