// Serves the fake AWS on loopback: to the test that compares it with an emulator, and to benches,
// which need one that is fast.
//   sim_aws_server ADDRESS [--speed N] [--latency MS] [--throttle] [--errors SHARE] [--mark TEXT]
// Prints "listening on PORT". Its time begins with the program and goes N times as fast as ours.
// The key "test" is one of account 123456789012, "other" one of 210987654321. GET /asked tells as
// JSON what has been asked of it: `calls` by operation, how many were `throttled` or `failed`, and
// `marks`: words in bodies of requests that begin with TEXT, with the time when each was first
// seen, in milliseconds of Unix time.
#include <CLI/CLI.hpp>
#include <boost/algorithm/string/predicate.hpp>
#include <boost/asio.hpp>
#include <chrono>
#include <iostream>

#include "aws/fake_aws.h"
#include "aws/throttle.h"
#include "net/http_server.h"

namespace infra::sim {
namespace {

std::string stamp_of(WallTime time) {
  std::string text = format_rfc3339(time);
  std::erase_if(text, [](char c) { return c == '-' || c == ':'; });
  return text;
}

struct Settings {
  std::string address;
  double speed = 1;
  int latency_ms = 0;
  bool throttle = false;
  double errors = 0;  // share of the requests that AWS fails to serve
  std::string mark;
};

class Server {
 public:
  explicit Server(Settings settings)
      : settings_(std::move(settings)), aws_(timeline_, Random(1, "server"), {}) {
    aws_.add_access_key("test", "123456789012");
    aws_.add_access_key("other", "210987654321");
  }

  Task<net::HttpResponse> answer(net::HttpRequest request) {
    if (request.target == "/asked") {
      co_return net::answer_with(200, boost::json::serialize(asked()), "application/json");
    }
    note_marks(request.body);
    net::HttpResponse response = serve(std::move(request));
    if (settings_.latency_ms > 0) {
      boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor,
                                      std::chrono::milliseconds(settings_.latency_ms));
      co_await timer.async_wait(boost::asio::use_awaitable);
    }
    co_return response;
  }

 private:
  net::HttpResponse serve(net::HttpRequest request) {
    const auto passed = std::chrono::steady_clock::now() - start_;
    const auto now = Duration{
        std::int64_t(std::chrono::duration<double, std::milli>(passed).count() * settings_.speed)};
    while (timeline_.now() < now) timeline_.step(now);
    // The client goes by another clock than this world.
    for (auto& header : request.headers) {
      if (boost::algorithm::iequals(header.first, "X-Amz-Date")) {
        header.second = stamp_of(timeline_.wall());
      }
    }
    const AwsCall call = aws_.identify(request);
    ++calls_[call.service + " " + call.operation];
    if (settings_.throttle && !throttle_.takes(call, now)) {
      ++throttled_;
      return aws_.refuse(request, AwsRefusal::kThrottled);
    }
    if (settings_.errors > 0 && random_.chance(settings_.errors)) {
      ++failed_;
      return aws_.refuse(request, AwsRefusal::kInternalError);
    }
    return aws_.handle(request);
  }

  void note_marks(std::string_view body) {
    if (settings_.mark.empty()) return;
    for (auto at = body.find(settings_.mark); at != std::string_view::npos;
         at = body.find(settings_.mark, at + 1)) {
      const auto end = body.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-", at);
      const auto now = std::chrono::system_clock::now().time_since_epoch();
      marks_.try_emplace(std::string(body.substr(at, end - at)),
                         std::chrono::duration_cast<std::chrono::milliseconds>(now).count());
    }
  }

  Json asked() const {
    return {{"calls", boost::json::value_from(calls_)},
            {"throttled", throttled_},
            {"failed", failed_},
            {"marks", boost::json::value_from(marks_)}};
  }

  const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  Settings settings_;
  Timeline timeline_;
  FakeAws aws_;
  Throttle throttle_;
  Random random_{1, "errors"};
  std::map<std::string, std::int64_t> calls_, marks_;
  std::int64_t throttled_ = 0, failed_ = 0;
};

int run(const Settings& settings) {
  boost::asio::io_context io;
  Server aws(settings);
  net::HttpServer server(
      [&aws](net::HttpRequest request) { return aws.answer(std::move(request)); },
      {.connections = 4096});
  const auto port = server.listen(io.get_executor(), settings.address);
  if (!port) {
    std::cerr << port.error().message << "\n";
    return 1;
  }
  std::cout << "listening on " << *port << std::endl;
  io.run();
  return 0;
}

}  // namespace
}  // namespace infra::sim

int main(int count, char** words) {
  infra::sim::Settings settings;
  CLI::App app("Serves a fake AWS");
  app.add_option("address", settings.address)->required();
  app.add_option("--speed", settings.speed);
  app.add_option("--latency", settings.latency_ms);
  app.add_flag("--throttle", settings.throttle);
  app.add_option("--errors", settings.errors);
  app.add_option("--mark", settings.mark);
  CLI11_PARSE(app, count, words);
  return infra::sim::run(settings);
}
