#include "operator/fenced_transport.h"

#include "kube/fakes_for_test.h"

namespace infra {
namespace {

class FencedTransportTest : public kube::Bench {
 protected:
  FencedTransportTest() {
    transport.handler = [](const net::HttpRequest&) { return kube::Reply{.body = "done"}; };
  }
  Result<net::HttpResponse> send() { return await(fenced.send({}, {})); }
  Result<net::HttpResponse> stream() {
    return await(fenced.stream({}, {}, [this](std::string_view chunk) -> Result<void> {
      streamed += chunk;
      return {};
    }));
  }

  bool open = true;
  std::string streamed;
  FencedTransport fenced{transport, [this] { return open; }};
};

TEST_F(FencedTransportTest, LetsRequestsOutWhileItIsOpen) {
  const auto sent = send();
  ASSERT_TRUE(sent) << sent.error().message;
  EXPECT_EQ(sent->body, "done");
  transport.handler = [](const net::HttpRequest&) { return kube::Reply{.chunks = {"a", "b"}}; };
  ASSERT_TRUE(stream());
  EXPECT_EQ(streamed, "ab");
}

TEST_F(FencedTransportTest, SendsNothingOnceItIsClosed) {
  ASSERT_TRUE(stream());
  open = false;
  for (const auto& answer : {send(), stream()}) {
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, Code::kCancelled);
  }
  EXPECT_EQ(transport.requests.size(), 1u);
}

}  // namespace
}  // namespace infra
