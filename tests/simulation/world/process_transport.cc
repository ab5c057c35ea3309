#include "world/process_transport.h"

#include <utility>

#include "world/signal.h"

namespace infra::sim {
namespace {

// On the frame of who waits for an answer: when that is destroyed or cancelled, nobody waits.
struct Waiting {
  Waiting(std::shared_ptr<Exchange> with, Signal& signal) : exchange(std::move(with)) {
    exchange->wake = [&signal] { signal.raise(); };
  }
  ~Waiting() { exchange->wake = nullptr; }
  Waiting(const Waiting&) = delete;
  Waiting& operator=(const Waiting&) = delete;

  std::shared_ptr<Exchange> exchange;
};

}  // namespace

Task<Result<net::HttpResponse>> ProcessTransport::send(net::HttpRequest request,
                                                       net::HttpOptions options) {
  auto executor = co_await boost::asio::this_coro::executor;
  auto exchange = std::make_shared<Exchange>();
  Signal signal(executor);
  Waiting waiting(exchange, signal);
  network_.send(process_, clock_, std::move(request), std::move(options), exchange);
  co_await signal.wait();
  co_return std::move(*exchange->answer);
}

Task<Result<net::HttpResponse>> ProcessTransport::stream(net::HttpRequest request,
                                                         net::HttpOptions options, ChunkSink sink) {
  auto executor = co_await boost::asio::this_coro::executor;
  auto exchange = std::make_shared<Exchange>();
  Signal signal(executor);
  Waiting waiting(exchange, signal);
  network_.stream(process_, clock_, std::move(request), std::move(options), exchange);
  while (true) {
    co_await signal.wait();
    signal.lower();
    while (!exchange->chunks.empty()) {
      const std::string chunk = std::move(exchange->chunks.front());
      exchange->chunks.pop_front();
      const auto taken = sink(chunk);
      if (!taken) co_return std::unexpected(taken.error());
    }
    if (exchange->answer) co_return std::move(*exchange->answer);
  }
}

}  // namespace infra::sim
