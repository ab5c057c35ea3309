#include "net/http.h"

#include <gtest/gtest.h>

namespace infra::net {
namespace {

TEST(Url, TakesHostPortAndPath) {
  const auto url = parse_url("http://127.0.0.1:5000/a%20b?x=1");
  ASSERT_TRUE(url);
  EXPECT_EQ(url->scheme, "http");
  EXPECT_EQ(url->host, "127.0.0.1");
  EXPECT_EQ(url->port, 5000);
  EXPECT_EQ(url->path, "/a%20b?x=1");
  EXPECT_EQ(parse_url("https://[::1]:6443")->host, "::1");
  EXPECT_EQ(parse_url("https://example.com")->path, "/");
}

TEST(Url, RefusesWhatWeDoNotSpeak) {
  for (const char* text :
       {"", "localhost:5000", "ftp://host", "file:///etc/passwd", "https://user:pass@host",
        "https://", "http://host:0", "http://ho st", "http://host:99999"}) {
    const auto url = parse_url(text);
    ASSERT_FALSE(url) << text;
    EXPECT_EQ(url.error().code, Code::kInvalid) << text;
  }
}

TEST(Percent, GoesBothWays) {
  const std::string all = "a b/c%d+\xC3\xA9~";
  EXPECT_EQ(percent_encode(all), "a%20b%2Fc%25d%2B%C3%A9~");
  EXPECT_EQ(percent_encode("a/b", "/"), "a/b");
  EXPECT_EQ(percent_decode(percent_encode(all)), all);
  EXPECT_EQ(percent_decode("100%"), "100%");
  EXPECT_EQ(percent_decode("%zz"), "%zz");
}

TEST(Header, IgnoresCase) {
  const Headers headers{{"Content-Type", "x"}};
  EXPECT_EQ(header(headers, "content-type"), "x");
  EXPECT_EQ(header(headers, "Accept"), "");
}

}  // namespace
}  // namespace infra::net
