#include "net/beast_transport.h"

#include <poll.h>

#include <array>
#include <boost/asio.hpp>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>
#include <cerrno>
#include <optional>

namespace infra::net {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
namespace ssl = boost::asio::ssl;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

constexpr std::size_t kReadSize = 16 * 1024;
constexpr std::size_t kHeaderLimit = 64 * 1024;
constexpr std::size_t kMaxIdle = 64;
constexpr std::size_t kMaxContexts = 16;
// Shorter than the idle limits of common load balancers (60 s).
constexpr std::chrono::seconds kMaxIdleTime{50};

constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);

using TlsStream = beast::ssl_stream<beast::tcp_stream>;

bool is_address(const std::string& host) {
  error_code ec;
  asio::ip::make_address(host, ec);
  return !ec;
}

// Addresses that only a machine itself reaches, among them the services that give out its
// credentials: 169.254.169.254, 169.254.170.2, 169.254.170.23, and with IPv6 fd00:ec2::254 and
// fd00:ec2::23 (EC2 user guide, "Access instance metadata"; EKS user guide, "Pod Identity").
bool is_link_local(asio::ip::address address) {
  if (address.is_v6() && address.to_v6().is_v4_mapped()) {
    address = asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6());
  }
  if (address.is_v4()) return (address.to_v4().to_uint() >> 16) == 0xa9fe;
  const auto bytes = address.to_v6().to_bytes();
  const bool of_ec2 = bytes[0] == 0xfd && bytes[1] == 0 && bytes[2] == 0x0e && bytes[3] == 0xc2;
  return of_ec2 || address.to_v6().is_link_local();
}

std::unexpected<Error> link_local_refused(const std::string& host) {
  return fail(Code::kDenied, host + " is a link-local address, where only metadata services are");
}

std::string authority(const std::string& host, std::uint16_t port) {
  std::string name = host.find(':') == std::string::npos ? host : "[" + host + "]";
  return name + ":" + std::to_string(port);
}

struct Connection {
  std::string scheme;
  std::string host;
  std::uint16_t port = 0;
  TlsOptions tls;
  std::optional<Proxy> proxy;
  bool link_local = true;  // what was allowed when it was opened
  bool reused = false;
  SteadyTime idle_since;
  std::shared_ptr<ssl::context> context;  // outlives tls_stream
  std::unique_ptr<beast::tcp_stream> plain;
  std::unique_ptr<TlsStream> tls_stream;
  beast::flat_buffer buffer;

  beast::tcp_stream& lowest() { return tls_stream ? tls_stream->next_layer() : *plain; }

  // A peer that closed while we were idle has left an end of file to read.
  bool stale() {
    pollfd watched{lowest().socket().native_handle(), POLLIN | POLLRDHUP, 0};
    if (::poll(&watched, 1, 0) < 0) return true;
    // TLS may leave session tickets to read; plain HTTP has nothing to say while idle.
    const short bad = POLLRDHUP | POLLHUP | POLLERR;
    return (watched.revents & (tls_stream ? bad : bad | POLLIN)) != 0;
  }
};
using ConnectionPtr = std::shared_ptr<Connection>;

// One request on its way; lives in the frame of the outermost coroutine.
struct Call {
  HttpRequest request;
  HttpOptions options;
  HttpTransport::ChunkSink sink;  // empty for send()
  std::chrono::steady_clock::time_point deadline;
  http::request<http::string_body> message;
  bool answered = false;  // a byte of an answer came
};

std::unexpected<Error> io_error(const std::string& what, error_code ec) {
  if (ec == asio::error::operation_aborted) return fail(Code::kCancelled, what + ": cancelled");
  if (ec == beast::error::timeout) return fail(Code::kDeadline, what + ": out of time");
  if (ec == http::error::partial_message || ec == ssl::error::stream_truncated) {
    return fail(Code::kUnavailable, what + ": the answer broke off");
  }
  if (ec == http::error::end_of_stream || ec == asio::error::eof) {
    return fail(Code::kUnavailable, what + ": the connection was closed without an answer");
  }
  return fail(Code::kUnavailable, what + ": " + ec.message());
}

std::unexpected<Error> tls_error(TlsStream& stream, const std::string& peer, error_code ec) {
  std::string what = "cannot set up TLS with " + peer;
  long verdict = SSL_get_verify_result(stream.native_handle());
  if (verdict != X509_V_OK && ec != beast::error::timeout && ec != asio::error::operation_aborted) {
    return fail(Code::kUnavailable, what + ": " + X509_verify_cert_error_string(verdict));
  }
  return io_error(what, ec);
}

Result<void> load_identity(ssl::context& context, const TlsOptions& tls) {
  error_code ec;
  context.use_certificate_chain(asio::buffer(tls.certificate_pem), ec);
  if (ec) return fail(Code::kUnavailable, "the client certificate cannot be read");
  context.use_private_key(asio::buffer(tls.key_pem), ssl::context::pem, ec);
  if (ec) return fail(Code::kUnavailable, "the client key cannot be read or does not match");
  return {};
}

Result<std::shared_ptr<ssl::context>> make_context(const TlsOptions& tls) {
  auto context = std::make_shared<ssl::context>(ssl::context::tls_client);
  SSL_CTX_set_min_proto_version(context->native_handle(), TLS1_2_VERSION);
  error_code ec;
  if (tls.ca_pem.empty()) {
    context->set_default_verify_paths(ec);
  } else {
    context->add_certificate_authority(asio::buffer(tls.ca_pem), ec);
    // The given certificate is trusted even if it is not a root.
    X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(context->native_handle()),
                                X509_V_FLAG_PARTIAL_CHAIN);
  }
  if (ec) return fail(Code::kUnavailable, "the certificate authorities cannot be read");
  context->set_verify_mode(tls.insecure ? ssl::verify_none : ssl::verify_peer, ec);
  if (!tls.certificate_pem.empty()) {
    auto loaded = load_identity(*context, tls);
    if (!loaded) return std::unexpected(loaded.error());
  }
  return context;
}

// Sets what the peer's certificate must name, and SNI.
bool expect_name(TlsStream& stream, const std::string& name) {
  SSL* handle = stream.native_handle();
  if (is_address(name)) {
    return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(handle), name.c_str()) == 1;
  }
  SSL_set_hostflags(handle, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  return SSL_set1_host(handle, name.c_str()) == 1 &&
         SSL_set_tlsext_host_name(handle, name.c_str()) == 1;
}

bool has_line_break(std::string_view text) {
  return text.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos;
}

Result<void> check(const HttpRequest& request) {
  bool bad = has_line_break(request.method) || has_line_break(request.target) ||
             has_line_break(request.host) || request.target.find(' ') != std::string::npos;
  for (const auto& [name, value] : request.headers) {
    bad = bad || has_line_break(name) || has_line_break(value);
  }
  if (bad) return fail(Code::kInvalid, "the request holds a line break or space in a wrong place");
  return {};
}

// A proxy is told the whole URL; it sees nothing of what goes through a tunnel.
void build_message(Call& call, const Connection& connection) {
  const HttpRequest& request = call.request;
  const bool to_proxy = connection.proxy && request.scheme == "http";
  call.message = {};
  call.message.version(11);
  call.message.method_string(request.method);
  std::string where = authority(request.host, request.port);
  call.message.target(to_proxy ? "http://" + where + request.target : request.target);
  for (const auto& [name, value] : request.headers) call.message.insert(name, value);
  if (to_proxy && !connection.proxy->authorization.empty()) {
    call.message.set(http::field::proxy_authorization, connection.proxy->authorization);
  }
  if (header(request.headers, "Host").empty()) {
    bool usual = request.port == (request.scheme == "https" ? 443 : 80);
    call.message.set(http::field::host, usual ? where.substr(0, where.rfind(':')) : where);
  }
  call.message.body() = request.body;
  call.message.prepare_payload();
}

using Endpoints = std::vector<tcp::endpoint>;

// The look-up of a name. The C library's cannot be interrupted, so who gives up leaves it behind.
struct LookUp {
  explicit LookUp(const asio::any_io_executor& executor) : resolver(executor), end(executor) {}
  tcp::resolver resolver;
  asio::steady_timer end;  // the deadline, or sooner
  bool answered = false;
  error_code ec;
  Endpoints endpoints;
};

void start(const std::shared_ptr<LookUp>& look_up, const std::string& host, std::uint16_t port) {
  auto note = [look_up](error_code ec, const tcp::resolver::results_type& found) {
    look_up->answered = true;
    look_up->ec = ec;
    for (const auto& entry : found) look_up->endpoints.push_back(entry.endpoint());
    look_up->end.cancel();
  };
  look_up->resolver.async_resolve(host, std::to_string(port), std::move(note));
}

Task<Result<Endpoints>> find_endpoints(std::string host, std::uint16_t port, SteadyTime deadline,
                                       std::string what) {
  // Names are looked up one after the other; an address need not wait for one that hangs.
  error_code not_address;
  auto address = asio::ip::make_address(host, not_address);
  if (!not_address) co_return Endpoints{tcp::endpoint(address, port)};
  auto executor = co_await asio::this_coro::executor;
  auto look_up = std::make_shared<LookUp>(executor);
  look_up->end.expires_at(deadline);
  start(look_up, host, port);
  auto [ec] = co_await look_up->end.async_wait(kAwait);
  if (look_up->answered && !look_up->ec) co_return std::move(look_up->endpoints);
  if (look_up->answered) co_return io_error(what, look_up->ec);
  look_up->resolver.cancel();
  co_return io_error(what, ec ? ec : make_error_code(beast::error::timeout));
}

// Connects to no other addresses than those that were looked at: a name may mean another one the
// next moment.
Task<Result<void>> connect_tcp(beast::tcp_stream* stream, Call* call, std::string host,
                               std::uint16_t port, bool link_local) {
  std::string what = "cannot connect to " + authority(host, port);
  auto endpoints = co_await find_endpoints(host, port, call->deadline, what);
  if (!endpoints) co_return std::unexpected(endpoints.error());
  if (!link_local) {
    std::erase_if(*endpoints, [](const auto& one) { return is_link_local(one.address()); });
    if (endpoints->empty()) co_return link_local_refused(host);
  }
  stream->expires_at(call->deadline);
  auto [ec, endpoint] = co_await stream->async_connect(*endpoints, kAwait);
  if (ec) co_return io_error(what, ec);
  error_code ignored;
  stream->socket().set_option(tcp::no_delay(true), ignored);
  stream->socket().set_option(asio::socket_base::keep_alive(true), ignored);
  co_return Result<void>{};
}

// The header of the final answer. Informational ones (100, 103) before it are read and dropped; 101
// is final, though nobody asks for it.
template <class Stream, class AnyParser>
Task<error_code> read_final_header(Stream* stream, beast::flat_buffer* buffer,
                                   std::optional<AnyParser>* parser, bool skip_body) {
  while (true) {
    parser->emplace();
    (*parser)->header_limit(kHeaderLimit);
    (*parser)->body_limit(boost::none);
    (*parser)->skip(skip_body);
    auto [ec, got] = co_await http::async_read_header(*stream, *buffer, **parser, kAwait);
    const auto status = (*parser)->get().result_int();
    if (ec || status / 100 != 1 || status == 101) co_return ec;
  }
}

Task<Result<void>> open_tunnel(beast::tcp_stream* stream, Call* call, std::string authorization) {
  std::string peer = authority(call->request.host, call->request.port);
  std::string what = "the proxy does not connect to " + peer;
  http::request<http::empty_body> message(http::verb::connect, peer, 11);
  message.set(http::field::host, peer);
  if (!authorization.empty()) message.set(http::field::proxy_authorization, authorization);
  auto [write_ec, written] = co_await http::async_write(*stream, message, kAwait);
  if (write_ec) co_return io_error(what, write_ec);
  beast::flat_buffer buffer;
  std::optional<http::response_parser<http::empty_body>> parser;
  auto read_ec = co_await read_final_header(stream, &buffer, &parser, true);
  if (read_ec) co_return io_error(what, read_ec);
  const auto status = parser->get().result_int();
  if (status / 100 != 2) {
    const std::string hint = status == 407 ? "; check user and password in the proxy's URL" : "";
    co_return fail(Code::kUnavailable, what + ": status " + std::to_string(status) + hint);
  }
  co_return Result<void>{};
}

using Parser = http::response_parser<http::buffer_body>;

Headers copy_headers(const Parser& parser) {
  Headers headers;
  for (const auto& field : parser.get()) {
    headers.emplace_back(std::string(field.name_string()), std::string(field.value()));
  }
  return headers;
}

// Reads the body piece by piece as it arrives, into `response` or into the call's sink.
template <class Stream>
Task<Result<void>> read_body(Stream* stream, Connection* connection, Call* call, Parser* parser,
                             HttpResponse* response, std::string what) {
  bool to_sink = call->sink && response->status / 100 == 2;
  auto chunk = std::make_unique<std::array<char, kReadSize>>();
  while (!parser->is_done()) {
    auto& body = parser->get().body();
    body.data = chunk->data();
    body.size = chunk->size();
    if (to_sink && call->options.idle_timeout.count() > 0) {
      connection->lowest().expires_after(call->options.idle_timeout);
    } else if (to_sink) {
      connection->lowest().expires_never();
    }
    auto [ec, got] = co_await http::async_read_some(*stream, connection->buffer, *parser, kAwait);
    if (ec && ec != http::error::need_buffer) co_return io_error(what, ec);
    std::string_view piece(chunk->data(), chunk->size() - parser->get().body().size);
    if (piece.empty()) continue;
    if (to_sink) {
      auto taken = call->sink(piece);
      if (!taken) co_return std::unexpected(taken.error());
      continue;
    }
    if (response->body.size() + piece.size() > call->options.body_limit) {
      co_return fail(Code::kUnavailable, what + ": the answer is too large");
    }
    response->body.append(piece);
  }
  co_return Result<void>{};
}

template <class Stream>
Task<Result<HttpResponse>> exchange(Stream* stream, ConnectionPtr connection, Call* call,
                                    bool* keep) {
  std::string peer = authority(call->request.host, call->request.port);
  std::string what = call->request.method + " at " + peer;
  connection->lowest().expires_at(call->deadline);
  auto [write_ec, written] = co_await http::async_write(*stream, call->message, kAwait);
  if (write_ec) co_return io_error(what, write_ec);
  connection->buffer.reserve(kReadSize);
  std::optional<Parser> parser;
  const bool no_body = call->request.method == "HEAD";
  auto ec = co_await read_final_header(stream, &connection->buffer, &parser, no_body);
  call->answered = parser->got_some() || connection->buffer.size() > 0;
  if (ec) co_return io_error(what, ec);
  HttpResponse response;
  response.status = static_cast<int>(parser->get().result_int());
  response.headers = copy_headers(*parser);
  auto read = co_await read_body(stream, connection.get(), call, &*parser, &response, what);
  if (!read) co_return std::unexpected(read.error());
  *keep = parser->get().keep_alive() && response.status != 101 && connection->buffer.size() == 0;
  co_return response;
}

}  // namespace

struct BeastTransport::Impl {
  Impl(Clock& used_clock, ProxyConfig used_proxy)
      : clock(used_clock), proxy(std::move(used_proxy)) {}

  Clock& clock;
  ProxyConfig proxy;
  std::vector<ConnectionPtr> idle;  // longest idle first
  std::vector<std::pair<TlsOptions, std::shared_ptr<ssl::context>>> contexts;

  ConnectionPtr take(const Call& call) {
    auto oldest = clock.steady() - kMaxIdleTime;
    std::erase_if(idle, [&](const ConnectionPtr& c) { return c->idle_since < oldest; });
    for (std::size_t i = idle.size(); i-- > 0;) {
      const Connection& c = *idle[i];
      if (c.scheme != call.request.scheme || c.host != call.request.host ||
          c.port != call.request.port || c.tls != call.options.tls ||
          c.link_local != call.options.link_local) {
        continue;
      }
      auto found = idle[i];
      idle.erase(idle.begin() + static_cast<std::ptrdiff_t>(i));
      if (found->stale()) continue;
      found->reused = true;
      return found;
    }
    return nullptr;
  }

  void give_back(ConnectionPtr connection) {
    connection->lowest().expires_never();
    connection->idle_since = clock.steady();
    if (idle.size() >= kMaxIdle) idle.erase(idle.begin());
    idle.push_back(std::move(connection));
  }

  Result<std::shared_ptr<ssl::context>> context_for(const TlsOptions& tls) {
    for (const auto& [options, context] : contexts) {
      if (options == tls) return context;
    }
    auto made = make_context(tls);
    if (!made) return made;
    if (contexts.size() >= kMaxContexts) contexts.erase(contexts.begin());
    contexts.emplace_back(tls, *made);
    return made;
  }

  static Task<Result<ConnectionPtr>> open(std::shared_ptr<Impl> self, Call* call) {
    auto executor = co_await asio::this_coro::executor;
    const HttpRequest& request = call->request;
    auto connection = std::make_shared<Connection>();
    connection->scheme = request.scheme;
    connection->host = request.host;
    connection->port = request.port;
    connection->tls = call->options.tls;
    connection->link_local = call->options.link_local;
    bool secure = request.scheme == "https";
    if (secure) {
      auto context = self->context_for(call->options.tls);
      if (!context) co_return std::unexpected(context.error());
      connection->context = *context;
      connection->tls_stream = std::make_unique<TlsStream>(executor, **context);
    } else {
      connection->plain = std::make_unique<beast::tcp_stream>(executor);
    }
    auto proxy = self->proxy.proxy_for(request.scheme, request.host, request.port);
    if (!proxy) co_return std::unexpected(proxy.error());
    connection->proxy = *proxy;
    const std::string host = *proxy ? (*proxy)->host : request.host;
    const std::uint16_t port = *proxy ? (*proxy)->port : request.port;
    // What a proxy may reach is for the proxy to say.
    const bool link_local = connection->link_local || *proxy;
    auto connected = co_await connect_tcp(&connection->lowest(), call, host, port, link_local);
    if (!connected) co_return std::unexpected(connected.error());
    if (!secure) co_return connection;
    if (*proxy) {
      auto tunnel = co_await open_tunnel(&connection->lowest(), call, (*proxy)->authorization);
      if (!tunnel) co_return std::unexpected(tunnel.error());
    }
    const auto& tls = call->options.tls;
    std::string name = tls.server_name.empty() ? request.host : tls.server_name;
    if (!expect_name(*connection->tls_stream, name)) {
      co_return fail(Code::kUnavailable, "TLS cannot verify the name " + name);
    }
    auto [ec] = co_await connection->tls_stream->async_handshake(ssl::stream_base::client, kAwait);
    if (ec) {
      co_return tls_error(*connection->tls_stream, authority(request.host, request.port), ec);
    }
    co_return connection;
  }

  static Task<Result<HttpResponse>> attempt(std::shared_ptr<Impl> self, Call* call,
                                            ConnectionPtr connection) {
    build_message(*call, *connection);
    bool keep = false;
    Result<HttpResponse> result;
    if (connection->tls_stream) {
      result = co_await exchange(connection->tls_stream.get(), connection, call, &keep);
    } else {
      result = co_await exchange(connection->plain.get(), connection, call, &keep);
    }
    if (keep) self->give_back(connection);
    co_return result;
  }

  static Task<Result<HttpResponse>> run(std::shared_ptr<Impl> self, Call* call) {
    auto pooled = self->take(*call);
    if (pooled) {
      auto result = co_await attempt(self, call, pooled);
      bool again = !result && result.error().code == Code::kUnavailable && !call->answered &&
                   call->options.idempotent;
      if (!again) co_return result;
    }
    auto fresh = co_await open(self, call);
    if (!fresh) co_return std::unexpected(fresh.error());
    auto result = co_await attempt(self, call, *fresh);
    co_return result;
  }

  static Task<Result<HttpResponse>> guarded(std::shared_ptr<Impl> self, HttpRequest request,
                                            HttpOptions options, ChunkSink sink) {
    Call call;
    call.request = std::move(request);
    call.options = std::move(options);
    call.sink = std::move(sink);
    // The sockets' timers run on the real clock.
    call.deadline = std::chrono::steady_clock::now() + call.options.timeout;
    if (call.request.port == 0) call.request.port = call.request.scheme == "https" ? 443 : 80;
    auto checked = check(call.request);
    if (!checked) co_return std::unexpected(checked.error());
    try {
      auto result = co_await run(self, &call);
      co_return result;
    } catch (const boost::system::system_error& e) {
      co_return io_error(call.request.method + " at " + call.request.host, e.code());
    }
  }
};

BeastTransport::BeastTransport(Clock& clock, ProxyConfig proxy)
    : impl_(std::make_shared<Impl>(clock, std::move(proxy))) {}
BeastTransport::~BeastTransport() = default;

Task<Result<HttpResponse>> BeastTransport::send(HttpRequest request, HttpOptions options) {
  return Impl::guarded(impl_, std::move(request), std::move(options), {});
}

Task<Result<HttpResponse>> BeastTransport::stream(HttpRequest request, HttpOptions options,
                                                  ChunkSink sink) {
  return Impl::guarded(impl_, std::move(request), std::move(options), std::move(sink));
}

}  // namespace infra::net
