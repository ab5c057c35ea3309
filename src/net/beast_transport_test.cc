#include "net/beast_transport.h"

#include <dlfcn.h>
#include <gtest/gtest.h>
#include <netdb.h>

#include <boost/asio.hpp>
#include <optional>
#include <semaphore>
#include <thread>

#include "net/http_server.h"

namespace {

std::binary_semaphore asked_for_hanging_name{0};
std::binary_semaphore hanging_name_may_go{0};

}  // namespace

// Stands in front of the C library's: "hangs.test" gets no answer before the test says so,
// "metadata.test" is where a metadata service is, and no other name of that domain is known.
extern "C" int getaddrinfo(const char* host, const char* service, const addrinfo* hints,
                           addrinfo** found) {
  if (host != nullptr && std::string_view(host) == "hangs.test") {
    asked_for_hanging_name.release();
    hanging_name_may_go.acquire();
    return EAI_AGAIN;
  }
  if (host != nullptr && std::string_view(host) == "metadata.test") host = "169.254.169.254";
  if (host != nullptr && std::string_view(host).ends_with(".test")) return EAI_NONAME;
  static const auto real =
      reinterpret_cast<decltype(&getaddrinfo)>(::dlsym(RTLD_NEXT, "getaddrinfo"));
  return real(host, service, hints, found);
}

namespace infra::net {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

Task<HttpResponse> echo(HttpRequest request) {
  if (request.target == "/slow") {
    asio::steady_timer timer(co_await asio::this_coro::executor, std::chrono::seconds(2));
    co_await timer.async_wait(asio::use_awaitable);
  }
  HttpResponse response;
  response.status = request.target == "/none" ? 204 : 200;
  response.headers = {
      {"X-Method", request.method},
      {"X-Got-Authorization", std::string(header(request.headers, "Proxy-Authorization"))}};
  if (response.status == 200) response.body = request.target + " " + request.body;
  co_return response;
}

Task<void> keep(Task<Result<HttpResponse>> task, std::optional<Result<HttpResponse>>* out) {
  auto result = co_await std::move(task);
  out->emplace(std::move(result));
}

class Net : public testing::Test {
 protected:
  void SetUp() override {
    auto listening = server_.listen(context_.get_executor(), "127.0.0.1:0");
    ASSERT_TRUE(listening);
    port_ = *listening;
  }

  Result<HttpResponse> wait(Task<Result<HttpResponse>> task) {
    std::optional<Result<HttpResponse>> out;
    asio::co_spawn(context_, keep(std::move(task), &out), asio::detached);
    context_.restart();
    while (!out && context_.run_one_for(std::chrono::seconds(10)) > 0) {
    }
    return out ? *out : fail(Code::kInternal, "the request does not end");
  }

  HttpRequest request(const std::string& method, const std::string& target) const {
    HttpRequest made;
    made.method = method;
    made.scheme = "http";
    made.host = "127.0.0.1";
    made.port = port_;
    made.target = target;
    return made;
  }

  asio::io_context context_;
  SystemClock clock_;
  HttpServer server_{echo};
  BeastTransport transport_{clock_};
  std::uint16_t port_ = 0;
};

// Accepts connections in turn, reads a request on each and writes the pieces of one answer.
class RawPeer {
 public:
  explicit RawPeer(std::vector<std::vector<std::string>> answers)
      : acceptor_(context_, tcp::endpoint(asio::ip::make_address("127.0.0.1"), 0)),
        port_(acceptor_.local_endpoint().port()),
        thread_([this, answers] { run(answers); }) {}
  ~RawPeer() { thread_.join(); }
  std::uint16_t port() const { return port_; }

 private:
  void run(const std::vector<std::vector<std::string>>& answers) {
    for (const auto& pieces : answers) {
      tcp::socket socket = acceptor_.accept();
      boost::system::error_code ec;
      for (const auto& piece : pieces) {
        if (piece == "<") {
          std::string got;
          asio::read_until(socket, asio::dynamic_buffer(got), "\r\n\r\n", ec);
        } else {
          asio::write(socket, asio::buffer(piece), ec);
          std::this_thread::sleep_for(std::chrono::milliseconds(30));
        }
      }
    }
  }

  asio::io_context context_;
  tcp::acceptor acceptor_;
  std::uint16_t port_;
  std::thread thread_;
};

TEST_F(Net, MetadataServicesAreOutOfReachWhereTheyHaveNoPlace) {
  for (const auto* host :
       {"169.254.169.254", "169.254.170.23", "::ffff:169.254.169.254", "fd00:ec2::254", "fe80::1",
        "metadata.test", "2852039166", "0xa9fea9fe"}) {
    HttpRequest metadata{.scheme = "http", .host = host, .target = "/latest/meta-data/"};
    HttpOptions options;
    options.link_local = false;
    const auto answer = wait(transport_.send(metadata, options));
    ASSERT_FALSE(answer) << host;
    EXPECT_EQ(answer.error().code, Code::kDenied) << host << ": " << answer.error().message;
  }
  HttpOptions options;
  options.link_local = false;
  EXPECT_TRUE(wait(transport_.send(request("GET", "/"), options)));
}

TEST_F(Net, GetsPostsAndKeepsAlive) {
  auto got = wait(transport_.send(request("GET", "/a?b=c"), {}));
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_EQ(got->status, 200);
  EXPECT_EQ(got->body, "/a?b=c ");
  EXPECT_EQ(header(got->headers, "x-method"), "GET");
  auto post = request("POST", "/p");
  post.body = std::string(100'000, 'x');
  auto posted = wait(transport_.send(post, {}));
  ASSERT_TRUE(posted) << posted.error().message;
  EXPECT_EQ(posted->body.size(), 100'003u);
}

TEST_F(Net, HeadAndNoContentHaveNoBody) {
  auto head = wait(transport_.send(request("HEAD", "/a"), {}));
  ASSERT_TRUE(head) << head.error().message;
  EXPECT_EQ(head->body, "");
  auto none = wait(transport_.send(request("DELETE", "/none"), {}));
  ASSERT_TRUE(none) << none.error().message;
  EXPECT_EQ(none->status, 204);
}

TEST_F(Net, RefusesLargeAnswers) {
  HttpOptions options;
  options.body_limit = 3;
  auto got = wait(transport_.send(request("GET", "/long"), options));
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, Code::kUnavailable);
}

TEST_F(Net, ServerRefusesLargeRequests) {
  auto big = request("GET", "/a");
  big.headers.emplace_back("X-Big", std::string(20'000, 'x'));
  auto got = wait(transport_.send(big, {}));
  ASSERT_TRUE(!got || got->status == 431);
}

TEST_F(Net, RunsOutOfTime) {
  HttpOptions options;
  options.timeout = Duration(50);
  auto got = wait(transport_.send(request("GET", "/slow"), options));
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, Code::kDeadline);
}

TEST_F(Net, LookingUpAHostCountsTowardsTheDeadline) {
  auto away = request("GET", "/");
  away.host = "hangs.test";
  HttpOptions options;
  options.timeout = Duration(50);
  auto got = wait(transport_.send(away, options));
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, Code::kDeadline) << got.error().message;
  // Meanwhile addresses are served.
  asked_for_hanging_name.acquire();
  EXPECT_TRUE(wait(transport_.send(request("GET", "/a"), {})));
  hanging_name_may_go.release();
}

TEST_F(Net, LookingUpAHostCanBeCancelled) {
  auto away = request("GET", "/");
  away.host = "hangs.test";
  std::optional<Result<HttpResponse>> out;
  asio::cancellation_signal signal;
  bool done = false;
  asio::co_spawn(
      context_, keep(transport_.send(away, {}), &out),
      asio::bind_cancellation_slot(signal.slot(), [&](std::exception_ptr) { done = true; }));
  context_.poll();
  asked_for_hanging_name.acquire();
  signal.emit(asio::cancellation_type::terminal);
  while (!done && context_.run_one_for(std::chrono::seconds(10)) > 0) {
  }
  hanging_name_may_go.release();
  ASSERT_TRUE(done && out);
  EXPECT_EQ(out->error().code, Code::kCancelled);
}

TEST_F(Net, SaysThatANameIsUnknown) {
  auto away = request("GET", "/");
  away.host = "unknown.test";
  auto got = wait(transport_.send(away, {}));
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, Code::kUnavailable);
  EXPECT_TRUE(got.error().message.starts_with("cannot connect to unknown.test:"))
      << got.error().message;
}

TEST_F(Net, SaysWhyItCannotConnect) {
  auto away = request("GET", "/");
  away.port = 1;
  auto got = wait(transport_.send(away, {}));
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, Code::kUnavailable);
  EXPECT_EQ(got.error().message, "cannot connect to 127.0.0.1:1: Connection refused");
}

TEST_F(Net, RefusesLineBreaksInHeaders) {
  auto bad = request("GET", "/");
  bad.headers.emplace_back("X", "a\r\nY: b");
  auto got = wait(transport_.send(bad, {}));
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, Code::kInvalid);
}

TEST_F(Net, PassesOverInformationalAnswers) {
  const std::string early = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n";
  const std::string go_on = "HTTP/1.1 100 Continue\r\n\r\n";
  const std::string final_answer = "HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\nnone";
  using Script = std::vector<std::vector<std::string>>;
  for (const Script& script :
       {Script{{"<", go_on, early, final_answer}}, Script{{"<", go_on + early + final_answer}}}) {
    RawPeer peer(script);
    auto away = request("GET", "/");
    away.port = peer.port();
    auto got = wait(transport_.send(away, {}));
    ASSERT_TRUE(got) << got.error().message;
    EXPECT_EQ(got->status, 404);
    EXPECT_EQ(got->body, "none");
    EXPECT_EQ(header(got->headers, "Link"), "");
  }
}

TEST_F(Net, InformationalAnswerAloneIsABrokenOne) {
  const std::vector<std::vector<std::string>> script{{"<", "HTTP/1.1 100 Continue\r\n\r\n"}};
  RawPeer peer(script);
  auto away = request("GET", "/");
  away.port = peer.port();
  auto got = wait(transport_.send(away, {}));
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, Code::kUnavailable);
}

TEST_F(Net, StreamsChunksAsTheyArrive) {
  RawPeer peer({{"<", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "3\r\none\r\n",
                 "3\r\ntwo\r\n", "0\r\n\r\n"}});
  auto away = request("GET", "/");
  away.port = peer.port();
  std::vector<std::string> chunks;
  auto sink = [&](std::string_view chunk) -> Result<void> {
    chunks.emplace_back(chunk);
    return {};
  };
  auto got = wait(transport_.stream(away, {}, sink));
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_EQ(chunks, (std::vector<std::string>{"one", "two"}));
  EXPECT_EQ(got->body, "");
}

TEST_F(Net, StreamEndsWhenItIsSilentForTooLong) {
  const std::string begin = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n";
  const std::vector<std::vector<std::string>> script{{"<", begin, "<"}};
  RawPeer peer(script);
  auto away = request("GET", "/");
  away.port = peer.port();
  HttpOptions options;
  options.idle_timeout = Duration(50);
  std::string seen;
  auto sink = [&](std::string_view chunk) -> Result<void> {
    seen += chunk;
    return {};
  };
  auto got = wait(transport_.stream(away, options, sink));
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, Code::kDeadline) << got.error().message;
  EXPECT_EQ(seen, "one");
}

TEST_F(Net, HttpThroughAProxyNamesTheWholeUrl) {
  BeastTransport through(clock_, {.http_proxy = "me:secret@127.0.0.1:" + std::to_string(port_)});
  auto away = request("GET", "/a");
  away.host = "inside.test";
  away.port = 8000;
  auto got = wait(through.send(away, {}));
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_EQ(got->body, "http://inside.test:8000/a ");
  EXPECT_EQ(header(got->headers, "X-Got-Authorization"), "Basic bWU6c2VjcmV0");
}

TEST_F(Net, SaysThatTheProxyRefuses) {
  for (const std::string status : {"407", "403"}) {
    const std::vector<std::vector<std::string>> script{{"<", "HTTP/1.1 " + status + " No\r\n\r\n"}};
    RawPeer peer(script);
    BeastTransport through(clock_,
                           {.https_proxy = "me:secret@127.0.0.1:" + std::to_string(peer.port())});
    auto away = request("GET", "/");
    away.scheme = "https";
    away.host = "inside.test";
    away.port = 8443;
    auto got = wait(through.send(away, {}));
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error().code, Code::kUnavailable);
    EXPECT_EQ(got.error().message,
              "the proxy does not connect to inside.test:8443: status " + status +
                  (status == "407" ? "; check user and password in the proxy's URL" : ""));
  }
}

TEST_F(Net, HangingProxyCountsTowardsTheDeadline) {
  const std::vector<std::vector<std::string>> script{{"<", "<"}};
  RawPeer peer(script);
  BeastTransport through(clock_, {.https_proxy = "127.0.0.1:" + std::to_string(peer.port())});
  auto away = request("GET", "/");
  away.scheme = "https";
  away.host = "inside.test";
  HttpOptions options;
  options.timeout = Duration(50);
  auto got = wait(through.send(away, options));
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, Code::kDeadline) << got.error().message;
}

TEST_F(Net, StreamReturnsOtherStatusesWhole) {
  RawPeer peer({{"<", "HTTP/1.1 410 Gone\r\nContent-Length: 4\r\n\r\n", "gone"}});
  auto away = request("GET", "/");
  away.port = peer.port();
  auto sink = [](std::string_view) -> Result<void> { return fail(Code::kInternal, "no"); };
  auto got = wait(transport_.stream(away, {}, sink));
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_EQ(got->status, 410);
  EXPECT_EQ(got->body, "gone");
}

TEST_F(Net, NoticesTruncatedAnswers) {
  std::vector<std::vector<std::string>> script{
      {"<", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"}};
  RawPeer peer(script);
  auto away = request("GET", "/");
  away.port = peer.port();
  auto got = wait(transport_.send(away, {}));
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, Code::kUnavailable);
}

TEST_F(Net, SendsAgainOnlyIfIdempotent) {
  const std::string answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
  for (bool idempotent : {true, false}) {
    std::vector<std::vector<std::string>> script{{"<", answer, "<"}};
    if (idempotent) script.push_back({"<", answer});
    RawPeer peer(script);
    auto away = request("GET", "/");
    away.port = peer.port();
    HttpOptions options;
    options.idempotent = idempotent;
    ASSERT_TRUE(wait(transport_.send(away, options)));
    EXPECT_EQ(wait(transport_.send(away, options)).has_value(), idempotent);
  }
}

}  // namespace
}  // namespace infra::net
