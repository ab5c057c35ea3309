#include <gtest/gtest.h>

#include "net/http.h"

namespace infra::net {
namespace {

TEST(Url, ReadsGoodOnes) {
  struct Case {
    const char *text, *scheme, *host;
    int port;
    const char* path;
  };
  for (const Case& c :
       {Case{"https://a.example", "https", "a.example", 443, "/"},
        Case{"http://a.example:8080/x?y=%20", "http", "a.example", 8080, "/x?y=%20"},
        Case{"https://[::1]:6443/", "https", "::1", 6443, "/"},
        Case{"http://10.0.0.1?q", "http", "10.0.0.1", 80, "/?q"}}) {
    auto url = parse_url(c.text);
    ASSERT_TRUE(url) << c.text;
    EXPECT_EQ(url->scheme, c.scheme);
    EXPECT_EQ(url->host, c.host);
    EXPECT_EQ(url->port, c.port);
    EXPECT_EQ(url->path, c.path);
  }
}

TEST(Url, RefusesBadOnes) {
  for (const char* text : {"", "a.example", "ftp://a.example", "https://", "https://u:p@a.example",
                           "http://a:99999/", "http://a b/"}) {
    auto url = parse_url(text);
    ASSERT_FALSE(url) << text;
    EXPECT_EQ(url.error().code, Code::kInvalid);
  }
}

TEST(Percent, EncodesAndDecodes) {
  EXPECT_EQ(percent_encode("a b/c~\xc3\xa4"), "a%20b%2Fc~%C3%A4");
  EXPECT_EQ(percent_encode("a/b", "/"), "a/b");
  EXPECT_EQ(percent_decode("a%20b%2fc"), "a b/c");
  EXPECT_EQ(percent_decode("100%"), "100%");
  EXPECT_EQ(percent_decode("%zz%4"), "%zz%4");
}

TEST(Header, IgnoresCase) {
  Headers headers{{"Content-Type", "a"}, {"content-type", "b"}};
  EXPECT_EQ(header(headers, "CONTENT-TYPE"), "a");
  EXPECT_EQ(header(headers, "Other"), "");
}

}  // namespace
}  // namespace infra::net
