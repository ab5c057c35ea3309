#include <gtest/gtest.h>

#include <boost/asio.hpp>
#include <boost/asio/ssl.hpp>
#include <optional>

#include "net/beast_transport.h"
#include "net/http_server.h"
#include "net/identity_for_test.h"
#include "net/server_certificate.h"

namespace infra::net {
namespace {

namespace asio = boost::asio;
namespace ssl = asio::ssl;
using asio::ip::tcp;

Task<HttpResponse> echo(HttpRequest request) {
  co_return HttpResponse{.status = 200, .headers = {}, .body = std::move(request.body)};
}

Task<void> keep(Task<Result<HttpResponse>> task, std::optional<Result<HttpResponse>>* out) {
  auto result = co_await std::move(task);
  out->emplace(std::move(result));
}

class TlsServerTest : public testing::Test {
 protected:
  void SetUp() override {
    const auto port = server_.listen(io_.get_executor(), "127.0.0.1:0",
                                     [this] { return certificate_.context(); });
    ASSERT_TRUE(port) << port.error().message;
    port_ = *port;
  }

  void show(const PemPair& identity) {
    const auto taken = certificate_.show(identity);
    ASSERT_TRUE(taken && *taken);
  }

  // Through a connection that trusts `identity` only; one that is open is used again.
  Result<HttpResponse> post(const PemPair& identity, std::string body) {
    HttpRequest request{.method = "POST", .host = "127.0.0.1", .port = port_};
    request.body = std::move(body);
    HttpOptions options;
    options.tls.ca_pem = identity.certificate;
    std::optional<Result<HttpResponse>> out;
    asio::co_spawn(io_, keep(client_.send(std::move(request), options), &out), asio::detached);
    io_.restart();
    while (!out && io_.run_one_for(std::chrono::seconds(10)) > 0) {
    }
    return out ? *out : fail(Code::kDeadline, "no answer");
  }

  // What a client says to the server's handshake that knows nothing newer than `version`.
  boost::system::error_code handshake(int version) {
    ssl::context context(ssl::context::tls_client);
    SSL_CTX_set_security_level(context.native_handle(), 0);
    SSL_CTX_set_min_proto_version(context.native_handle(), TLS1_VERSION);
    SSL_CTX_set_max_proto_version(context.native_handle(), version);
    ssl::stream<tcp::socket> stream(io_, context);
    stream.next_layer().connect(tcp::endpoint(asio::ip::make_address("127.0.0.1"), port_));
    std::optional<boost::system::error_code> ended;
    stream.async_handshake(ssl::stream_base::client,
                           [&ended](boost::system::error_code error) { ended = error; });
    io_.restart();
    while (!ended && io_.run_one_for(std::chrono::seconds(10)) > 0) {
    }
    EXPECT_TRUE(ended) << "the handshake does not end";
    return ended.value_or(asio::error::timed_out);
  }

  asio::io_context io_;
  SystemClock clock_;
  BeastTransport client_{clock_};
  ServerCertificate certificate_{clock_};
  HttpServer server_{echo};
  std::uint16_t port_ = 0;
};

TEST_F(TlsServerTest, AnswersOneRequestAfterTheOther) {
  const PemPair identity = make_identity("IP:127.0.0.1");
  show(identity);
  for (const std::string& body : {std::string("a"), std::string(1'000'000, 'b')}) {
    const auto answer = post(identity, body);
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_EQ(answer->body, body);
  }
}

TEST_F(TlsServerTest, ANewCertificateIsForNewConnections) {
  const PemPair before = make_identity("IP:127.0.0.1");
  const PemPair after = make_identity("IP:127.0.0.1");
  show(before);
  ASSERT_TRUE(post(before, "x"));
  show(after);
  const auto fresh = post(after, "y");
  EXPECT_TRUE(fresh) << fresh.error().message;
  const auto old = post(before, "z");
  EXPECT_TRUE(old) << "the connection that was open has been closed: " << old.error().message;
}

TEST_F(TlsServerTest, WithoutACertificateItClosesAndGoesOn) {
  const PemPair identity = make_identity("IP:127.0.0.1");
  EXPECT_FALSE(post(identity, "x"));
  show(identity);
  EXPECT_TRUE(post(identity, "x"));
}

TEST_F(TlsServerTest, SpeaksNothingOlderThanTls12) {
  const PemPair identity = make_identity("IP:127.0.0.1");
  show(identity);
  EXPECT_TRUE(handshake(TLS1_VERSION));
  EXPECT_TRUE(handshake(TLS1_1_VERSION));
  EXPECT_FALSE(handshake(TLS1_2_VERSION));
  EXPECT_FALSE(handshake(TLS1_3_VERSION));
}

TEST_F(TlsServerTest, ClosesOnWhoSpeaksPlainHttp) {
  const PemPair identity = make_identity("IP:127.0.0.1");
  show(identity);
  tcp::socket socket(io_);
  socket.connect(tcp::endpoint(asio::ip::make_address("127.0.0.1"), port_));
  asio::write(socket, asio::buffer(std::string("GET / HTTP/1.1\r\n\r\n")));
  std::string got;
  bool closed = false;
  asio::async_read(socket, asio::dynamic_buffer(got),
                   [&closed](boost::system::error_code, std::size_t) { closed = true; });
  io_.restart();
  while (!closed && io_.run_one_for(std::chrono::seconds(10)) > 0) {
  }
  EXPECT_TRUE(closed);
  EXPECT_FALSE(got.starts_with("HTTP")) << got;
  EXPECT_TRUE(post(identity, "x"));
}

}  // namespace
}  // namespace infra::net
