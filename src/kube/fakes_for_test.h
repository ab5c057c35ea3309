#pragma once

#include <gtest/gtest.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock_for_test.h"
#include "kube/client.h"
#include "net/http.h"

namespace infra::kube {

struct Reply {
  int status = 200;
  std::string body;
  net::Headers headers = {};
  std::vector<std::string> chunks = {};  // for stream()
  std::optional<Error> error = {};       // instead of an answer, or after the chunks
  Duration delay{0};                     // before the answer, or after the chunks
  bool hang = false;                     // never ends, after the chunks
};

// Answers from a function, and remembers what was asked.
class FakeTransport final : public net::HttpTransport {
 public:
  explicit FakeTransport(Clock& clock) : clock_(clock) {}

  std::function<Reply(const net::HttpRequest&)> handler;
  std::vector<net::HttpRequest> requests;
  std::vector<net::HttpOptions> options_seen;

  // Answers in this order, then hangs.
  void script(std::vector<Reply> replies) {
    auto left = std::make_shared<std::deque<Reply>>(replies.begin(), replies.end());
    handler = [left](const net::HttpRequest&) {
      if (left->empty()) return Reply{.hang = true};
      Reply reply = left->front();
      left->pop_front();
      return reply;
    };
  }

  Task<Result<net::HttpResponse>> send(net::HttpRequest request,
                                       net::HttpOptions options) override {
    auto result = co_await stream(std::move(request), std::move(options), nullptr);
    co_return result;
  }

  Task<Result<net::HttpResponse>> stream(net::HttpRequest request, net::HttpOptions options,
                                         ChunkSink sink) override {
    requests.push_back(request);
    options_seen.push_back(options);
    Reply reply = handler(request);
    for (const auto& chunk : reply.chunks) {
      auto done = sink(chunk);
      if (!done) co_return std::unexpected(done.error());
    }
    if (reply.hang) reply.delay = std::chrono::hours(10'000);
    if (reply.delay > Duration{0}) co_await clock_.sleep(reply.delay);
    if (reply.error) co_return std::unexpected(*reply.error);
    co_return net::HttpResponse{
        .status = reply.status, .headers = reply.headers, .body = reply.body};
  }

 private:
  Clock& clock_;
};

class Bench : public ::testing::Test {
 protected:
  Bench() : transport(clock), client(transport, clock, config()) {}

  static Config config() {
    Config out;
    out.server = {.scheme = "https", .host = "api.test", .port = 6443, .path = "/"};
    out.token = make_static_token("secret-token");
    return out;
  }

  template <class T>
  void spawn(Task<T> task) {
    boost::asio::co_spawn(io, std::move(task), boost::asio::detached);
  }

  // Runs, and turns the clock when nothing else is left to do, until `done`.
  bool run_until(const std::function<bool()>& done, int turns = 10'000) {
    for (int i = 0; i < turns; ++i) {
      io.restart();
      io.poll();
      if (done()) return true;
      if (!clock.advance_to_next()) return false;
    }
    return false;
  }

  template <class T>
  static Task<void> keep(Task<T> task, std::shared_ptr<std::optional<T>> out) {
    T value = co_await std::move(task);
    out->emplace(std::move(value));
  }

  template <class T>
  T await(Task<T> task) {
    auto out = std::make_shared<std::optional<T>>();
    spawn(keep(std::move(task), out));
    EXPECT_TRUE(run_until([&] { return out->has_value(); }));
    return std::move(**out);
  }

  HandClock clock;
  FakeTransport transport;
  Client client;
  boost::asio::io_context io;  // last: what still waits goes first
  const ResourceType pods{.group = "", .version = "v1", .plural = "pods", .kind = "Pod"};
  const ResourceType widgets{
      .group = "test.io", .version = "v1", .plural = "widgets", .kind = "Widget"};
};

}  // namespace infra::kube
