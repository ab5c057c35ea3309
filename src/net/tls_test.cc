#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include <atomic>
#include <boost/asio.hpp>
#include <boost/asio/ssl.hpp>
#include <optional>
#include <thread>

#include "net/beast_transport.h"
#include "net/identity_for_test.h"

namespace infra::net {
namespace {
namespace asio = boost::asio;
namespace ssl = asio::ssl;
using asio::ip::tcp;

// Serves `connections` TLS connections, `per` answers on each, then closes properly. With a
// `connect_answer` it is a proxy and its target in one: each connection first asks for a tunnel.
struct TlsPeer {
  TlsPeer(PemPair id, int connections, int per, std::string connect_answer = "")
      : acceptor(io, tcp::endpoint(asio::ip::make_address("127.0.0.1"), 0)),
        port(acceptor.local_endpoint().port()),
        thread([=, this] {
          ssl::context c(ssl::context::tls_server);
          c.use_certificate_chain(asio::buffer(id.certificate));
          c.use_private_key(asio::buffer(id.key), ssl::context::pem);
          for (int i = 0; i < connections; ++i) {
            boost::system::error_code ec;
            tcp::socket sock(io);
            acceptor.accept(sock, ec);
            if (!connect_answer.empty()) {
              asio::read_until(sock, asio::dynamic_buffer(asked), "\r\n\r\n", ec);
              asio::write(sock, asio::buffer(connect_answer), ec);
            }
            SSL* h = SSL_new(c.native_handle());
            SSL_set_fd(h, sock.native_handle());
            if (SSL_accept(h) == 1) {
              char got[4096];
              for (int k = 0; k < per; ++k) {
                if (SSL_read(h, got, sizeof got) <= 0) break;
                const std::string answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
                SSL_write(h, answer.data(), static_cast<int>(answer.size()));
              }
              SSL_shutdown(h);
            }
            SSL_free(h);
            sock.close(ec);
            ++closed;
          }
        }) {}
  ~TlsPeer() {
    if (thread.joinable()) thread.join();
  }
  // The requests for tunnels, once all connections have ended.
  const std::string& connect_requests() {
    thread.join();
    return asked;
  }
  asio::io_context io;
  tcp::acceptor acceptor;
  std::uint16_t port;
  std::atomic<int> closed{0};  // connections ended so far
  std::string asked;
  std::thread thread;
};

Task<void> keep(Task<Result<HttpResponse>> t, std::optional<Result<HttpResponse>>* out) {
  auto r = co_await std::move(t);
  out->emplace(std::move(r));
}
struct TlsTest : testing::Test {
  asio::io_context io;
  SystemClock clock;
  BeastTransport transport{clock};
  Result<HttpResponse> wait(Task<Result<HttpResponse>> t) {
    std::optional<Result<HttpResponse>> out;
    asio::co_spawn(io, keep(std::move(t), &out), asio::detached);
    io.restart();
    while (!out) io.run_one();
    return *out;
  }
  static HttpRequest to(std::uint16_t port, std::string scheme = "https") {
    HttpRequest r;
    r.scheme = scheme;
    r.host = "127.0.0.1";
    r.port = port;
    return r;
  }
};

TEST_F(TlsTest, AcceptsGivenCertificateByAddress) {
  auto id = make_identity("IP:127.0.0.1");
  TlsPeer peer(id, 1, 1);
  HttpOptions o;
  o.tls.ca_pem = id.certificate;
  auto got = wait(transport.send(to(peer.port), o));
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_EQ(got->body, "ok");
}

TEST_F(TlsTest, RefusesUnknownAuthority) {
  TlsPeer peer(make_identity("IP:127.0.0.1"), 1, 1);
  auto got = wait(transport.send(to(peer.port), {}));
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, Code::kUnavailable);
}

TEST_F(TlsTest, RefusesOtherName) {
  auto id = make_identity("DNS:a.example");
  TlsPeer peer(id, 1, 1);
  HttpOptions o;
  o.tls.ca_pem = id.certificate;
  auto got = wait(transport.send(to(peer.port), o));
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, Code::kUnavailable);
}

TEST_F(TlsTest, ServerNameAndInsecure) {
  auto id = make_identity("DNS:a.example");
  TlsPeer peer(id, 2, 1);
  HttpOptions o;
  o.tls.ca_pem = id.certificate;
  o.tls.server_name = "a.example";
  EXPECT_TRUE(wait(transport.send(to(peer.port), o)));
  HttpOptions p;
  p.tls.insecure = true;
  EXPECT_TRUE(wait(transport.send(to(peer.port), p)));
}
// The peer closed its TLS connection while it was idle: a POST must simply take a fresh one.
TEST_F(TlsTest, ClosedWhileIdleIsNotUsed) {
  auto id = make_identity("IP:127.0.0.1");
  TlsPeer peer(id, 2, 1);
  HttpOptions o;
  o.tls.ca_pem = id.certificate;
  auto first = wait(transport.send(to(peer.port), o));
  ASSERT_TRUE(first) << first.error().message;
  while (peer.closed < 1) std::this_thread::yield();
  auto post = to(peer.port);
  post.method = "POST";
  auto second = wait(transport.send(post, o));
  EXPECT_TRUE(second) << second.error().message;
  if (!second) {  // release the peer's second accept
    HttpOptions fresh = o;
    wait(transport.send(to(peer.port), fresh));
  }
}

TEST_F(TlsTest, ThroughATunnelThePeerIsVerifiedNotTheProxy) {
  auto id = make_identity("DNS:inside.test");
  TlsPeer peer(id, 1, 2, "HTTP/1.1 200 Connection established\r\n\r\n");
  BeastTransport through(
      clock, {.https_proxy = "http://me:secret@127.0.0.1:" + std::to_string(peer.port)});
  HttpOptions o;
  o.tls.ca_pem = id.certificate;
  auto request = to(8443);
  request.host = "inside.test";
  for (int i = 0; i < 2; ++i) {  // the second one takes the same tunnel
    auto got = wait(through.send(request, o));
    ASSERT_TRUE(got) << got.error().message;
    EXPECT_EQ(got->body, "ok");
  }
  EXPECT_EQ(peer.connect_requests(),
            "CONNECT inside.test:8443 HTTP/1.1\r\nHost: inside.test:8443\r\n"
            "Proxy-Authorization: Basic bWU6c2VjcmV0\r\n\r\n");
}

TEST_F(TlsTest, CancelEndsPromptlyAndCleanly) {
  tcp::acceptor silent(io, tcp::endpoint(asio::ip::make_address("127.0.0.1"), 0));
  asio::cancellation_signal signal;
  std::optional<Result<HttpResponse>> out;
  std::exception_ptr thrown;
  bool done = false;
  auto begin = std::chrono::steady_clock::now();
  asio::co_spawn(io, keep(transport.send(to(silent.local_endpoint().port(), "http"), {}), &out),
                 asio::bind_cancellation_slot(signal.slot(), [&](std::exception_ptr e) {
                   thrown = e;
                   done = true;
                 }));
  asio::steady_timer timer(io, std::chrono::milliseconds(50));
  timer.async_wait([&](auto) { signal.emit(asio::cancellation_type::terminal); });
  while (!done) io.run_one();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(1));
  EXPECT_TRUE(thrown || (out && !*out && out->error().code == Code::kCancelled));
}
}  // namespace
}  // namespace infra::net
