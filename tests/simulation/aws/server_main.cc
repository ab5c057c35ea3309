// Serves the fake AWS on loopback, for the test that compares it with an emulator.
//   sim_aws_server ADDRESS [SPEED]      prints "listening on PORT"
// Its time begins with the program and goes SPEED times as fast as ours. The key "test" is one of
// account 123456789012, "other" one of 210987654321.
#include <boost/algorithm/string/predicate.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdlib>
#include <iostream>

#include "aws/fake_aws.h"
#include "net/http_server.h"

namespace infra::sim {
namespace {

std::string stamp_of(WallTime time) {
  std::string text = format_rfc3339(time);
  std::erase_if(text, [](char c) { return c == '-' || c == ':'; });
  return text;
}

class Server {
 public:
  explicit Server(double speed) : speed_(speed), aws_(timeline_, Random(1, "server"), {}) {
    aws_.add_access_key("test", "123456789012");
    aws_.add_access_key("other", "210987654321");
  }

  Task<net::HttpResponse> answer(net::HttpRequest request) {
    const auto passed = std::chrono::steady_clock::now() - start_;
    const auto now =
        Duration{std::int64_t(std::chrono::duration<double, std::milli>(passed).count() * speed_)};
    while (timeline_.now() < now) timeline_.step(now);
    // The client goes by another clock than this world.
    for (auto& header : request.headers) {
      if (boost::algorithm::iequals(header.first, "X-Amz-Date")) {
        header.second = stamp_of(timeline_.wall());
      }
    }
    co_return aws_.handle(request);
  }

 private:
  const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  double speed_;
  Timeline timeline_;
  FakeAws aws_;
};

int run(int count, char** words) {
  if (count < 2) {
    std::cerr << "usage: sim_aws_server ADDRESS [SPEED]\n";
    return 2;
  }
  boost::asio::io_context io;
  Server aws(count > 2 ? std::atof(words[2]) : 1);
  net::HttpServer server(
      [&aws](net::HttpRequest request) { return aws.answer(std::move(request)); });
  const auto port = server.listen(io.get_executor(), words[1]);
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

int main(int count, char** words) { return infra::sim::run(count, words); }
