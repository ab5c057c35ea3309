#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <memory>
#include <string>

#include "net/http.h"

namespace boost::asio::ssl {
class context;
}

namespace infra::net {

struct HttpServerLimits {
  std::size_t connections = 100;       // one more closes the one that was silent for longest
  std::size_t body = 4 * 1024 * 1024;  // bytes; more is answered with 413
  Duration patience{30'000};           // for a whole request to come, or an answer to be taken
};

// What a TLS server shows at each handshake. Null: nothing yet, and the connection is closed.
using TlsSource = std::function<std::shared_ptr<boost::asio::ssl::context>()>;

// What a handler answers.
HttpResponse answer_with(int status, std::string body, std::string_view type = "text/plain");
// The connection is closed instead.
inline HttpResponse no_answer() { return {}; }

// A small HTTP/1.1 server for health, metrics, webhooks and tests.
class HttpServer {
 public:
  using Handler = std::function<Task<HttpResponse>(HttpRequest)>;

  explicit HttpServer(Handler handler, HttpServerLimits limits = {});
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  // "8080" and ":8080" listen on every address, "127.0.0.1:8080", "localhost:8080" or "[::1]:8080"
  // on one, and ":0" on a free port. Returns the port. With `tls` nothing is spoken but TLS.
  Result<std::uint16_t> listen(boost::asio::any_io_executor executor, const std::string& address,
                               TlsSource tls = nullptr);
  // From here on every answer is the last of its connection, so that who asks goes elsewhere.
  void drain();
  // Closes the listener and every connection.
  void stop();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace infra::net
