// Asks for one thing at a steady rate over TLS, whatever the answers do, and tells how long they
// took.
//
// usage: infra_load PORT CA_FILE BODY_FILE WANTED_TEXT RATE SECONDS
//
// The time of an answer counts from when its request was due, so a server that falls behind shows
// it. Prints one line of JSON; times are in milliseconds.
#include <fmt/format.h>

#include <algorithm>
#include <boost/asio.hpp>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <sstream>
#include <vector>

#include "net/beast_transport.h"

namespace infra::bench {
namespace {

namespace asio = boost::asio;
using Steady = std::chrono::steady_clock;

struct Plan {
  std::uint16_t port = 0;
  std::string authority, body, wanted;
  int rate = 0, seconds = 0;
};

struct Outcome {
  std::vector<double> times;  // of good answers
  int bad = 0;
};

std::string contents(const char* path) {
  std::ostringstream out;
  out << std::ifstream(path).rdbuf();
  return out.str();
}

Task<void> ask(net::HttpTransport& transport, const Plan& plan, Steady::time_point due,
               Outcome& outcome) {
  asio::steady_timer timer(co_await asio::this_coro::executor, due);
  co_await timer.async_wait(asio::use_awaitable);
  net::HttpRequest request{.method = "POST",
                           .host = "127.0.0.1",
                           .port = plan.port,
                           .target = "/validate",
                           .headers = {{"Content-Type", "application/json"}},
                           .body = plan.body};
  net::HttpOptions options;
  options.tls.ca_pem = plan.authority;
  const auto answer = co_await transport.send(std::move(request), std::move(options));
  const bool good =
      answer && answer->status == 200 && answer->body.find(plan.wanted) != std::string::npos;
  if (!good) {
    ++outcome.bad;
    co_return;
  }
  const std::chrono::duration<double, std::milli> took = Steady::now() - due;
  outcome.times.push_back(took.count());
}

double part(const std::vector<double>& sorted, double share) {
  if (sorted.empty()) return 0;
  return sorted[std::min(sorted.size() - 1, std::size_t(double(sorted.size()) * share))];
}

int run(const Plan& plan) {
  asio::io_context io;
  SystemClock clock;
  net::BeastTransport transport(clock);
  Outcome outcome;
  const auto begin = Steady::now() + std::chrono::milliseconds(200);
  const int all = plan.rate * plan.seconds;
  for (int number = 0; number < all; ++number) {
    const auto due = begin + std::chrono::nanoseconds(1'000'000'000LL * number / plan.rate);
    asio::co_spawn(io, ask(transport, plan, due, outcome), asio::detached);
  }
  io.run();
  std::ranges::sort(outcome.times);
  std::cout << fmt::format(
      R"({{"good": {}, "bad": {}, "p50": {:.2f}, "p99": {:.2f}, "max": {:.2f}}})"
      "\n",
      outcome.times.size(), outcome.bad, part(outcome.times, 0.5), part(outcome.times, 0.99),
      part(outcome.times, 1));
  return outcome.bad == 0 ? 0 : 1;
}

}  // namespace
}  // namespace infra::bench

int main(int count, char** words) {
  if (count != 7) {
    std::cerr << "usage: infra_load PORT CA_FILE BODY_FILE WANTED_TEXT RATE SECONDS\n";
    return 2;
  }
  using infra::bench::contents;
  return infra::bench::run({.port = std::uint16_t(std::atoi(words[1])),
                            .authority = contents(words[2]),
                            .body = contents(words[3]),
                            .wanted = words[4],
                            .rate = std::atoi(words[5]),
                            .seconds = std::atoi(words[6])});
}
