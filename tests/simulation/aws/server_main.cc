// Serves the fake AWS on loopback: to the test that compares it with an emulator, and to benches,
// and soaks, which need one that is fast, or breaks when it is told to.
//   sim_aws_server ADDRESS [--speed N] [--latency MS] [--throttle] [--mark TEXT]
// Prints "listening on PORT". Its time begins with the program and goes N times as fast as ours.
// The key "test" is one of account 123456789012, "other" one of 210987654321. Beside AWS it serves
//   GET /asked    `calls` by operation, how many were `throttled`, `faults` by name, and `marks`:
//                 words in bodies of requests that begin with TEXT, with the time when each was
//                 first seen, in milliseconds of Unix time
//   GET /held     the `resources` that there are, and of how many creates each owner was `made`
//   POST /faults  {"throttled": 0.5, ...}: what happens to which share of requests from now on;
//                 the names are those of aws/server_faults.h, and {} is a calm day
//   POST /key     an access key that takes the place of "test", or of what took it before
#include <CLI/CLI.hpp>
#include <boost/algorithm/string/predicate.hpp>
#include <boost/asio.hpp>
#include <chrono>
#include <iostream>

#include "aws/fake_aws.h"
#include "aws/server_faults.h"
#include "aws/throttle.h"
#include "base/json.h"
#include "net/http_server.h"

namespace infra::sim {
namespace {

constexpr char kAccount[] = "123456789012";

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
  std::string mark;
};

net::HttpResponse as_json(const Json& value) {
  return net::answer_with(200, boost::json::serialize(value), "application/json");
}

class Server {
 public:
  explicit Server(Settings settings)
      : settings_(std::move(settings)), aws_(timeline_, Random(1, "server"), {}) {
    aws_.add_access_key(key_, kAccount);
    aws_.add_access_key("other", "210987654321");
  }

  Task<net::HttpResponse> answer(net::HttpRequest request) {
    if (request.target == "/asked") co_return as_json(asked());
    if (request.target == "/held") co_return as_json(held());
    if (request.target == "/faults") co_return take_faults(request.body);
    if (request.target == "/key") co_return take_key(request.body);
    note_marks(request.body);
    const AwsCall call = aws_.identify(request);
    const Fault fault = faults_.draw(call);
    net::HttpResponse response = serve(std::move(request), call, fault);
    const Duration pause = Duration{settings_.latency_ms} + faults_.delay(fault);
    if (pause > Duration{0}) {
      boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor, pause);
      co_await timer.async_wait(boost::asio::use_awaitable);
    }
    co_return response;
  }

 private:
  // The time of this world, with all that has happened until then.
  Duration catch_up() {
    const auto passed = std::chrono::steady_clock::now() - start_;
    const auto now = Duration{
        std::int64_t(std::chrono::duration<double, std::milli>(passed).count() * settings_.speed)};
    while (timeline_.now() < now) timeline_.step(now);
    return now;
  }

  net::HttpResponse serve(net::HttpRequest request, const AwsCall& call, Fault fault) {
    const Duration now = catch_up();
    // The client goes by another clock than this world.
    for (auto& header : request.headers) {
      if (boost::algorithm::iequals(header.first, "X-Amz-Date")) {
        header.second = stamp_of(timeline_.wall());
      }
    }
    ++calls_[call.service + " " + call.operation];
    if (settings_.throttle && !throttle_.takes(call, now)) {
      ++throttled_;
      return aws_.refuse(request, AwsRefusal::kThrottled);
    }
    return serve_with(fault, aws_, request);
  }

  net::HttpResponse take_faults(std::string_view shares) {
    const auto taken = faults_.set(shares);
    return taken ? as_json(JsonObject{}) : net::answer_with(400, taken.error().message + "\n");
  }

  net::HttpResponse take_key(std::string key) {
    aws_.remove_access_key(key_);
    key_ = std::move(key);
    aws_.add_access_key(key_, kAccount);
    return as_json(JsonObject{});
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
            {"faults", boost::json::value_from(faults_.counts())},
            {"marks", boost::json::value_from(marks_)}};
  }

  Json held() {
    catch_up();
    JsonArray resources;
    for (const FakeAws::Resource& one : aws_.resources()) {
      if (!one.live) continue;
      resources.push_back(
          {{"kind", one.kind}, {"id", one.id}, {"tags", boost::json::value_from(one.tags)}});
    }
    std::map<std::string, int> made;
    for (const FakeAws::Mutation& one : aws_.log()) {
      if (one.created) ++made[one.owner];
    }
    return {{"resources", std::move(resources)}, {"made", boost::json::value_from(made)}};
  }

  const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  Settings settings_;
  Timeline timeline_;
  FakeAws aws_;
  std::string key_ = "test";
  Throttle throttle_;
  ServerFaults faults_;
  std::map<std::string, std::int64_t> calls_, marks_;
  std::int64_t throttled_ = 0;
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
  app.add_option("--mark", settings.mark);
  CLI11_PARSE(app, count, words);
  return infra::sim::run(settings);
}
