#pragma once

#include <boost/asio/awaitable.hpp>

namespace infra {

// A coroutine on the one executor that runs all I/O and every reconcile. Rules that g++ 12 forces
// on us (each has bitten, and tools/check_coroutines.py looks for them): coroutines are named
// functions with by-value parameters, never capturing lambdas; one co_await per statement; no
// co_await inside ?:; no braced temporary in a co_await, nor a braced default argument, which is
// one unseen: g++ destroys it twice. References are for what outlives every caller.
template <class T>
using Task = boost::asio::awaitable<T>;

}  // namespace infra
