#pragma once

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <optional>

#include "aws/client.h"
#include "aws/crt.h"
#include "aws/embedded.h"
#include "aws/fake_aws.h"

namespace infra::sim {

inline const aws::CrtLibrary kCrt;
class WorldClock final : public Clock {
 public:
  explicit WorldClock(Timeline& timeline) : timeline_(timeline) {}
  WallTime wall() const override { return timeline_.wall() + wrong_by; }
  SteadyTime steady() const override { return SteadyTime(timeline_.now()); }
  Task<void> sleep(Duration duration) override {
    timeline_.step(timeline_.now() + duration);
    co_return;
  }
  Duration wrong_by{0};

 private:
  Timeline& timeline_;
};

class FakeTransport final : public net::HttpTransport {
 public:
  explicit FakeTransport(FakeAws& aws) : aws_(aws) {}
  Task<Result<net::HttpResponse>> send(net::HttpRequest request, net::HttpOptions) override {
    calls.push_back(aws_.identify(request));
    last = refusal ? aws_.refuse(request, *refusal) : aws_.handle(request);
    co_return last;
  }
  Task<Result<net::HttpResponse>> stream(net::HttpRequest request, net::HttpOptions options,
                                         ChunkSink) override {
    return send(std::move(request), std::move(options));
  }
  std::vector<AwsCall> calls;
  std::optional<AwsRefusal> refusal;
  net::HttpResponse last;

 private:
  FakeAws& aws_;
};

inline std::shared_ptr<aws::Catalog> catalog() {
  static const auto kCatalog = std::make_shared<aws::Catalog>(aws::embedded_document);
  return kCatalog;
}

// Runs a coroutine that never waits for anything but our clock.
template <class T>
T run(Task<T> task) {
  boost::asio::io_context io;
  std::optional<T> out;
  boost::asio::co_spawn(
      io,
      [](Task<T> inner, std::optional<T>& to) -> Task<void> {
        to.emplace(co_await std::move(inner));
      }(std::move(task), out),
      [](std::exception_ptr thrown) {
        if (thrown) std::rethrow_exception(thrown);
      });
  io.run();
  return std::move(*out);
}

class FakeAwsTest : public ::testing::Test {
 protected:
  explicit FakeAwsTest(AwsBehaviour behaviour = {}) : fake(timeline, Random(1, "aws"), behaviour) {
    fake.add_access_key("AK1", "111111111111");
    fake.add_access_key("AK2", "222222222222");
  }

  std::unique_ptr<aws::Client> client_of(const std::string& key, const std::string& region) {
    return std::make_unique<aws::Client>(clock, transport, catalog(),
                                         std::make_shared<aws::StaticCredentials>(aws::Credentials{
                                             .access_key = key, .secret_key = "secret"}),
                                         aws::ClientConfig{.region = region}, [] { return 0.5; });
  }
  Result<Json> call(const std::string& service, const std::string& operation,
                    const std::string& input, const std::string& key = "AK1",
                    const std::string& region = "us-east-1") {
    auto client = client_of(key, region);
    return run(client->call_paged(service, operation, parse_json(input).value()));
  }
  Json must(const std::string& service, const std::string& operation, const std::string& input,
            const std::string& key = "AK1") {
    auto result = call(service, operation, input, key);
    EXPECT_TRUE(result) << result.error().message;
    return result ? *result : Json(JsonObject());
  }
  // The service's own code; "ok" if it did not refuse.
  std::string code(const std::string& service, const std::string& operation,
                   const std::string& input, const std::string& key = "AK1",
                   const std::string& region = "us-east-1") {
    auto result = call(service, operation, input, key, region);
    return result ? "ok" : result.error().remote_code;
  }
  void pass(Duration time) {
    for (const Duration until = timeline.now() + time; timeline.step(until);) {
    }
  }
  FakeAws::Resource only() const {
    EXPECT_EQ(fake.resources().size(), 1u);
    return fake.resources().at(0);
  }

  Timeline timeline;
  WorldClock clock{timeline};
  FakeAws fake;
  FakeTransport transport{fake};
};

}  // namespace infra::sim
