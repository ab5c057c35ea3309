#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <memory>
#include <string>

#include "net/http.h"

namespace infra::net {

struct HttpServerLimits {
  std::size_t connections = 100;       // one more closes the one that was silent for longest
  std::size_t body = 4 * 1024 * 1024;  // bytes; more is answered with 413
  Duration patience{30'000};           // for a whole request to come, or an answer to be taken
};

// A small plain HTTP/1.1 server for health, metrics and tests.
class HttpServer {
 public:
  using Handler = std::function<Task<HttpResponse>(HttpRequest)>;

  explicit HttpServer(Handler handler, HttpServerLimits limits = {});
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  // "8080" and ":8080" listen on every address, "127.0.0.1:8080", "localhost:8080" or "[::1]:8080"
  // on one, and ":0" on a free port. Returns the port.
  Result<std::uint16_t> listen(boost::asio::any_io_executor executor, const std::string& address);
  // Closes the listener and every connection.
  void stop();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace infra::net
