#include "net/http_server.h"

#include <boost/asio.hpp>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>
#include <charconv>
#include <list>
#include <optional>

namespace infra::net {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

constexpr std::size_t kHeaderLimit = 16 * 1024;
constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);

using PlainStream = beast::tcp_stream;
using TlsStream = beast::ssl_stream<PlainStream>;
using Parser = http::request_parser<http::string_body>;
using Answer = http::response<http::string_body>;

HttpRequest to_request(http::request<http::string_body> message) {
  HttpRequest request;
  request.scheme = "http";
  request.method = std::string(message.method_string());
  request.target = std::string(message.target());
  request.host = std::string(message[http::field::host]);
  for (const auto& field : message) {
    request.headers.emplace_back(std::string(field.name_string()), std::string(field.value()));
  }
  request.body = std::move(message.body());
  return request;
}

Answer to_answer(HttpResponse response, bool head, bool keep_alive) {
  Answer answer;
  answer.version(11);
  answer.result(static_cast<unsigned>(response.status));
  for (const auto& [name, value] : response.headers) answer.insert(name, value);
  answer.keep_alive(keep_alive);
  std::size_t size = response.body.size();
  if (!head) answer.body() = std::move(response.body);
  answer.prepare_payload();
  if (head) answer.content_length(size);
  return answer;
}

int status_of(error_code ec) {
  if (ec == http::error::header_limit) return 431;
  if (ec == http::error::body_limit) return 413;
  return ec.category() == make_error_code(http::error::bad_method).category() ? 400 : 0;
}

std::unexpected<Error> bad_address(const std::string& text) {
  if (text == "0")
    return fail(Code::kInvalid, "the address 0 means not to listen; a free port: :0");
  return fail(Code::kInvalid, "the address to listen on, '" + text +
                                  "', must be PORT, :PORT, IP:PORT or [IPv6]:PORT");
}

Result<tcp::endpoint> parse_endpoint(const std::string& text) {
  const auto colon = text.rfind(':');
  const bool only_port = colon == std::string::npos;
  std::string host = only_port ? "" : text.substr(0, colon);
  const char* begin = text.data() + (only_port ? 0 : colon + 1);
  const char* end = text.data() + text.size();
  std::uint16_t port = 0;
  const auto parsed = std::from_chars(begin, end, port);
  if (parsed.ec != std::errc{} || parsed.ptr != end || text == "0") return bad_address(text);
  if (host.empty()) return tcp::endpoint(tcp::v6(), port);
  if (host == "localhost") host = "127.0.0.1";
  const bool bracketed = host.starts_with('[') && host.ends_with(']');
  if (bracketed) host = host.substr(1, host.size() - 2);
  error_code ec;
  const auto address = asio::ip::make_address(host, ec);
  if (ec || address.is_v6() != bracketed) return bad_address(text);
  return tcp::endpoint(address, port);
}

error_code bind(tcp::acceptor& acceptor, const tcp::endpoint& endpoint) {
  error_code ec;
  acceptor.open(endpoint.protocol(), ec);
  if (ec) return ec;
  acceptor.set_option(tcp::acceptor::reuse_address(true), ec);
  error_code ignored;
  if (endpoint.address().is_v6()) acceptor.set_option(asio::ip::v6_only(false), ignored);
  acceptor.bind(endpoint, ec);
  if (!ec) acceptor.listen(asio::socket_base::max_listen_connections, ec);
  if (ec) acceptor.close(ignored);
  return ec;
}

// Before the first request, and after the last answer.
Task<bool> open(std::shared_ptr<PlainStream>) { co_return true; }

Task<bool> open(std::shared_ptr<TlsStream> stream) {
  auto [ec] = co_await stream->async_handshake(asio::ssl::stream_base::server, kAwait);
  co_return !ec;
}

Task<void> close(std::shared_ptr<PlainStream> stream) {
  error_code ignored;
  stream->socket().shutdown(tcp::socket::shutdown_send, ignored);
  co_return;
}

Task<void> close(std::shared_ptr<TlsStream> stream) { co_await stream->async_shutdown(kAwait); }

}  // namespace

HttpResponse answer_with(int status, std::string body, std::string_view type) {
  HttpResponse response{.status = status, .headers = {}, .body = std::move(body)};
  response.headers.emplace_back("Content-Type", std::string(type));
  return response;
}

struct HttpServer::State {
  // What can be closed from outside, whatever is spoken over it.
  using Connection = std::shared_ptr<PlainStream>;

  Handler handler;
  HttpServerLimits limits;
  TlsSource tls;
  std::optional<tcp::acceptor> acceptor;
  std::list<Connection> sessions;  // the one with the oldest last answer comes first
  bool draining = false;
  bool stopped = false;

  // A newcomer is worth more than a silent one: probes must get in whoever sits on connections.
  void admit(const Connection& connection) {
    error_code ignored;
    while (!sessions.empty() && sessions.size() >= limits.connections) {
      sessions.front()->socket().close(ignored);
      sessions.pop_front();
    }
    sessions.push_back(connection);
  }

  void note_answer(const Connection& connection) {
    if (sessions.remove(connection) > 0) sessions.push_back(connection);
  }

  static Task<HttpResponse> handle(std::shared_ptr<State> self, HttpRequest request) {
    HttpResponse response;
    try {
      auto task = self->handler(std::move(request));
      response = co_await std::move(task);
    } catch (const std::exception&) {
      response = HttpResponse{.status = 500, .headers = {}, .body = "internal error\n"};
    }
    co_return response;
  }

  template <class Stream>
  static Task<void> refuse(std::shared_ptr<Stream> stream, int status) {
    HttpResponse response{.status = status, .headers = {}, .body = ""};
    Answer answer = to_answer(std::move(response), false, false);
    co_await http::async_write(*stream, answer, kAwait);
  }

  template <class Stream>
  static Task<void> serve(std::shared_ptr<State> self, std::shared_ptr<Stream> stream,
                          Connection connection) {
    beast::flat_buffer buffer;
    while (!self->stopped) {
      Parser parser;
      parser.header_limit(kHeaderLimit);
      parser.body_limit(self->limits.body);
      connection->expires_after(self->limits.patience);
      auto [read_ec, got] = co_await http::async_read(*stream, buffer, parser, kAwait);
      if (read_ec) {
        int status = read_ec == http::error::end_of_stream ? 0 : status_of(read_ec);
        if (status != 0) co_await refuse(stream, status);
        break;
      }
      bool head = parser.get().method() == http::verb::head;
      bool keep_alive = parser.get().keep_alive();
      HttpRequest request = to_request(parser.release());
      auto response = co_await handle(self, std::move(request));
      if (response.status == no_answer().status) break;
      if (self->draining) keep_alive = false;
      Answer answer = to_answer(std::move(response), head, keep_alive);
      connection->expires_after(self->limits.patience);
      if (head) {
        http::response_serializer<http::string_body> serializer(answer);
        auto [ec, sent] = co_await http::async_write_header(*stream, serializer, kAwait);
        if (ec) break;
      } else {
        auto [ec, sent] = co_await http::async_write(*stream, answer, kAwait);
        if (ec) break;
      }
      if (!keep_alive) break;
      self->note_answer(connection);
    }
    co_await close(stream);
  }

  template <class Stream>
  static Task<void> session(std::shared_ptr<State> self, std::shared_ptr<Stream> stream) {
    const Connection connection(stream, &beast::get_lowest_layer(*stream));
    self->admit(connection);
    connection->expires_after(self->limits.patience);
    try {
      const bool opened = co_await open(stream);
      if (opened) co_await serve(self, stream, connection);
    } catch (const std::exception&) {
      // The connection is lost; there is nobody to tell.
    }
    self->sessions.remove(connection);
  }

  static void start(std::shared_ptr<State> self, const asio::any_io_executor& executor,
                    tcp::socket socket) {
    if (!self->tls) {
      auto plain = std::make_shared<PlainStream>(std::move(socket));
      asio::co_spawn(executor, session(std::move(self), std::move(plain)), asio::detached);
    } else if (const auto context = self->tls()) {
      // OpenSSL keeps what a connection needs of its context, also when that has been replaced.
      auto secured = std::make_shared<TlsStream>(std::move(socket), *context);
      asio::co_spawn(executor, session(std::move(self), std::move(secured)), asio::detached);
    }
  }

  static Task<void> accept(std::shared_ptr<State> self) {
    auto executor = co_await asio::this_coro::executor;
    while (!self->stopped) {
      auto [ec, socket] = co_await self->acceptor->async_accept(kAwait);
      if (self->stopped || ec == asio::error::operation_aborted) break;
      if (ec) {
        // Out of descriptors, most likely: do not spin.
        asio::steady_timer pause(executor, std::chrono::milliseconds(100));
        co_await pause.async_wait(kAwait);
        continue;
      }
      error_code ignored;
      socket.set_option(tcp::no_delay(true), ignored);
      start(self, executor, std::move(socket));
    }
  }
};

HttpServer::HttpServer(Handler handler, HttpServerLimits limits)
    : state_(std::make_shared<State>()) {
  state_->handler = std::move(handler);
  state_->limits = limits;
}

HttpServer::~HttpServer() { stop(); }

Result<std::uint16_t> HttpServer::listen(asio::any_io_executor executor, const std::string& address,
                                         TlsSource tls) {
  auto endpoint = parse_endpoint(address);
  if (!endpoint) return std::unexpected(endpoint.error());
  state_->tls = std::move(tls);
  state_->acceptor.emplace(executor);
  error_code ec = bind(*state_->acceptor, *endpoint);
  // A host without IPv6 still has every IPv4 address.
  if (ec && !address.starts_with('[') && endpoint->address().is_v6()) {
    ec = bind(*state_->acceptor, tcp::endpoint(tcp::v4(), endpoint->port()));
  }
  if (ec) return fail(Code::kUnavailable, "cannot listen on " + address + ": " + ec.message());
  asio::co_spawn(executor, State::accept(state_), asio::detached);
  return state_->acceptor->local_endpoint().port();
}

void HttpServer::drain() { state_->draining = true; }

void HttpServer::stop() {
  state_->stopped = true;
  error_code ignored;
  if (state_->acceptor) state_->acceptor->close(ignored);
  for (const auto& stream : state_->sessions) stream->socket().close(ignored);
}

}  // namespace infra::net
