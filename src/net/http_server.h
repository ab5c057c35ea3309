#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <memory>
#include <string>

#include "net/http.h"

namespace infra::net {

// A small plain HTTP/1.1 server for health, metrics and tests.
class HttpServer {
 public:
  using Handler = std::function<Task<HttpResponse>(HttpRequest)>;

  explicit HttpServer(Handler handler);
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  // ":8080" listens on every address, "127.0.0.1:0" on a free port. Returns the port.
  Result<std::uint16_t> listen(boost::asio::any_io_executor executor, const std::string& address);
  // Closes the listener and every connection.
  void stop();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace infra::net
