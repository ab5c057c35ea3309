#include "net/http_server.h"

#include <gtest/gtest.h>

#include <boost/asio.hpp>
#include <optional>

namespace infra::net {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

Task<HttpResponse> echo(HttpRequest request) {
  if (request.target == "/throws") throw std::runtime_error("a bug");
  if (request.target == "/silence") co_return no_answer();
  co_return HttpResponse{.status = 200, .headers = {}, .body = request.target + "\n"};
}

class HttpServerTest : public testing::Test {
 protected:
  void start(HttpServerLimits limits) {
    server_.emplace(echo, limits);
    const auto port = server_->listen(context_.get_executor(), "127.0.0.1:0");
    ASSERT_TRUE(port);
    endpoint_ = tcp::endpoint(asio::ip::make_address("127.0.0.1"), *port);
  }

  tcp::socket connect() {
    tcp::socket socket(context_);
    socket.connect(endpoint_);
    return socket;
  }

  // What comes after `text` is sent, until the server closes the connection.
  std::string talk(tcp::socket& socket, const std::string& text) {
    asio::write(socket, asio::buffer(text));
    std::string got;
    bool closed = false;
    asio::async_read(socket, asio::dynamic_buffer(got),
                     [&](boost::system::error_code, std::size_t) { closed = true; });
    context_.restart();
    while (!closed && context_.run_one_for(std::chrono::seconds(10)) > 0) {
    }
    EXPECT_TRUE(closed) << "the connection is still open";
    return got;
  }

  bool serves() {
    auto socket = connect();
    return talk(socket, "GET /ok HTTP/1.0\r\n\r\n").ends_with("\r\n\r\n/ok\n");
  }

  asio::io_context context_;
  std::optional<HttpServer> server_;
  tcp::endpoint endpoint_;
};

TEST_F(HttpServerTest, AnswersPipelinedRequestsInOrder) {
  start({});
  auto socket = connect();
  const auto got = talk(socket,
                        "GET /a HTTP/1.1\r\n\r\nHEAD /b HTTP/1.1\r\n\r\n"
                        "GET /c HTTP/1.1\r\nConnection: close\r\n\r\n");
  const auto a = got.find("\r\n\r\n/a\n");
  const auto c = got.find("\r\n\r\n/c\n");
  ASSERT_TRUE(a != std::string::npos && c != std::string::npos) << got;
  EXPECT_LT(a, c);
  EXPECT_EQ(got.find("/b"), std::string::npos);
}

TEST_F(HttpServerTest, ClosesWhereThereIsNoAnswer) {
  start({});
  auto socket = connect();
  EXPECT_EQ(talk(socket, "GET /silence HTTP/1.1\r\n\r\nGET /a HTTP/1.1\r\n\r\n"), "");
  EXPECT_TRUE(serves());
}

TEST_F(HttpServerTest, RefusesGarbageAndGoesOn) {
  start({});
  for (const std::string& garbage :
       {std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11) + "\r\n\r\n",
        std::string("GET\r\n\r\n"), std::string("GET / HTTP/9.9\r\n\r\n"),
        std::string("GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n")}) {
    auto socket = connect();
    const auto got = talk(socket, garbage);
    EXPECT_TRUE(got.starts_with("HTTP/1.1 400 ")) << got;
  }
  EXPECT_TRUE(serves());
}

TEST_F(HttpServerTest, AnswersThatTheHandlerThrew) {
  start({});
  auto socket = connect();
  EXPECT_TRUE(talk(socket, "GET /throws HTTP/1.0\r\n\r\n").starts_with("HTTP/1.1 500 "));
  EXPECT_TRUE(serves());
}

TEST_F(HttpServerTest, RefusesLargeBodies) {
  start({.body = 10});
  auto socket = connect();
  const auto got = talk(socket, "POST /a HTTP/1.1\r\nContent-Length: 11\r\n\r\n");
  EXPECT_TRUE(got.starts_with("HTTP/1.1 413 ")) << got;
}

TEST_F(HttpServerTest, DropsSlowClients) {
  start({.patience = Duration(50)});
  auto socket = connect();
  EXPECT_EQ(talk(socket, "GET /a HTTP/1.1\r\nHos"), "");
  EXPECT_TRUE(serves());
}

TEST_F(HttpServerTest, NewcomersReplaceTheLongestSilent) {
  start({.connections = 2});
  auto first = connect();
  auto second = connect();
  auto third = connect();
  EXPECT_EQ(talk(first, ""), "");
  EXPECT_TRUE(serves());  // in place of the second
  EXPECT_EQ(talk(second, ""), "");
  EXPECT_TRUE(talk(third, "GET /a HTTP/1.0\r\n\r\n").ends_with("/a\n"));
}

TEST_F(HttpServerTest, AnAnswerWhileItDrainsIsTheLastOfItsConnection) {
  start({});
  auto socket = connect();
  ASSERT_TRUE(serves());
  server_->drain();
  const auto got = talk(socket, "GET /a HTTP/1.1\r\n\r\nGET /b HTTP/1.1\r\n\r\n");
  EXPECT_NE(got.find("Connection: close"), std::string::npos) << got;
  EXPECT_NE(got.find("/a\n"), std::string::npos) << got;
  EXPECT_EQ(got.find("/b\n"), std::string::npos) << got;
  EXPECT_TRUE(serves());
}

TEST_F(HttpServerTest, StopClosesConnections) {
  start({});
  auto socket = connect();
  ASSERT_TRUE(serves());  // so the one before it has been accepted
  server_->stop();
  EXPECT_EQ(talk(socket, ""), "");
}

TEST(HttpServerAddress, GoodOnes) {
  asio::io_context context;
  for (const char* address : {":0", "127.0.0.1:0", "localhost:0"}) {
    HttpServer server(echo);
    const auto port = server.listen(context.get_executor(), address);
    ASSERT_TRUE(port) << port.error().message;
    HttpServer other(echo);
    const auto taken = other.listen(context.get_executor(), std::to_string(*port));
    ASSERT_FALSE(taken);
    EXPECT_EQ(taken.error().code, Code::kUnavailable) << taken.error().message;
  }
}

TEST(HttpServerAddress, IPv6NeedsBrackets) {
  asio::io_context context;
  HttpServer server(echo);
  const auto port = server.listen(context.get_executor(), "[::1]:0");
  // A machine may have no IPv6.
  EXPECT_TRUE(port || port.error().code == Code::kUnavailable) << port.error().message;
  EXPECT_EQ(server.listen(context.get_executor(), "::1:80").error().code, Code::kInvalid);
}

TEST(HttpServerAddress, BadOnesAreExplained) {
  asio::io_context context;
  HttpServer server(echo);
  for (const std::string address :
       {"", ":", "name", "name:80", "127.0.0.1", "127.0.0.1:", ":99999", ":80:", ":-1", "::80",
        "[127.0.0.1]:80", "[::1]", "[::1]80", "80 "}) {
    const auto port = server.listen(context.get_executor(), address);
    ASSERT_FALSE(port) << address;
    EXPECT_EQ(port.error().message, "the address to listen on, '" + address +
                                        "', must be PORT, :PORT, IP:PORT or [IPv6]:PORT");
  }
  const auto off = server.listen(context.get_executor(), "0");
  ASSERT_FALSE(off);
  EXPECT_EQ(off.error().message, "the address 0 means not to listen; a free port: :0");
}

}  // namespace
}  // namespace infra::net
