#pragma once

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock_for_test.h"
#include "net/http.h"

namespace infra::aws {

// Gives prepared answers in order, and remembers what was asked.
class ScriptedTransport final : public net::HttpTransport {
 public:
  struct Step {
    Result<net::HttpResponse> answer;
    Duration takes{0};
  };
  explicit ScriptedTransport(JumpingClock& clock) : clock_(clock) {}

  void then(int status, std::string body, net::Headers headers = {}) {
    steps.push_back({net::HttpResponse{status, std::move(headers), std::move(body)}});
  }
  void then_fail(Code code, Duration takes = Duration{0}) {
    steps.push_back({fail(code, "scripted"), takes});
  }

  Task<Result<net::HttpResponse>> send(net::HttpRequest request,
                                       net::HttpOptions options) override {
    requests.push_back(std::move(request));
    timeouts.push_back(options.timeout);
    if (steps.empty()) co_return fail(Code::kInternal, "the script is over");
    Step step = std::move(steps.front());
    steps.pop_front();
    clock_.passed += step.takes;
    co_return std::move(step.answer);
  }
  Task<Result<net::HttpResponse>> stream(net::HttpRequest request, net::HttpOptions options,
                                         ChunkSink) override {
    return send(std::move(request), std::move(options));
  }

  std::deque<Step> steps;
  std::vector<net::HttpRequest> requests;
  std::vector<Duration> timeouts;

 private:
  JumpingClock& clock_;
};

template <class T>
Task<void> keep_result(Task<T> task, std::optional<T>& out) {
  T value = co_await std::move(task);
  out.emplace(std::move(value));
}

// Runs a coroutine to its end on a loop of its own.
template <class T>
T run(Task<T> task) {
  boost::asio::io_context io;
  std::optional<T> out;
  boost::asio::co_spawn(io, keep_result(std::move(task), out), [](std::exception_ptr thrown) {
    if (thrown) std::rethrow_exception(thrown);
  });
  io.run();
  return std::move(*out);
}

}  // namespace infra::aws
