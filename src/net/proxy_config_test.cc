#include "net/proxy_config.h"

#include <gtest/gtest.h>
#include <stdlib.h>

namespace infra::net {
namespace {

bool direct(const std::string& no_proxy, const std::string& host, std::uint16_t port = 443) {
  const ProxyConfig config{.https_proxy = "http://proxy.test:3128", .no_proxy = no_proxy};
  const auto proxy = config.proxy_for("https", host, port);
  return proxy && !proxy->has_value();
}

TEST(NoProxy, Table) {
  struct Row {
    std::string no_proxy, host;
    bool direct;
    std::uint16_t port = 443;
  };
  for (const auto& row : std::vector<Row>{
           {"", "a.test", false},
           {"*", "a.test", true},
           {"a.test", "a.test", true},
           {"a.test", "A.Test", true},
           {"a.test", "b.a.test", true},
           {"a.test", "ba.test", false},
           {".a.test", "a.test", true},
           {".a.test", "b.a.test", true},
           {".a.test", "ba.test", false},
           {"*.a.test", "b.a.test", true},
           {"x,a.test", "a.test", true},
           {" x ,\t a.test ", "a.test", true},
           {"x a.test", "a.test", true},
           {"x,,", "a.test", false},
           {".", "a.test", false},
           {"a.test:443", "a.test", true},
           {"a.test:443", "a.test", false, 8443},
           {"a.test:443", "b.a.test", true},
           {"10.0.0.1", "10.0.0.1", true},
           {"10.0.0.1:80", "10.0.0.1", false},
           {"0.0.1", "10.0.0.1", false},
           {"10.0.0.0/8", "10.1.2.3", true},
           {"10.9.9.9/8", "10.1.2.3", true},
           {"10.0.0.0/8", "11.1.2.3", false},
           {"10.0.0.0/8", "a.test", false},
           {"10.0.0.1/32", "10.0.0.1", true},
           {"0.0.0.0/0", "10.0.0.1", true},
           {"10.0.0.0/33", "10.0.0.1", false},
           {"10.0.0.0/", "10.0.0.1", false},
           {"fd00::1", "fd00::1", true},
           {"FD00:0:0::1", "fd00::1", true},
           {"fd00::1", "fd00::2", false},
           {"fd00::1", "[fd00::1]", true},
           {"[fd00::1]", "fd00::1", true},
           {"[fd00::1]:443", "fd00::1", true},
           {"[fd00::1]:443", "fd00::1", false, 8443},
           {"[fd00::1", "fd00::1", false},
           {"fd00::/8", "fd12::1", true},
           {"fd00::/8", "[fd12::1]", true},
           {"fd00::/8", "fe80::1", false},
           {"fd00::1/128", "fd00::1", true},
           {"::/0", "fd00::1", true},
           {"::/0", "10.0.0.1", false},
           {"0.0.0.0/0", "fd00::1", false},
           {"fd00::/129", "fd00::1", false},
       }) {
    EXPECT_EQ(direct(row.no_proxy, row.host, row.port), row.direct)
        << "NO_PROXY=" << row.no_proxy << " " << row.host << ":" << row.port;
  }
}

TEST(Proxy, UrlTable) {
  struct Row {
    std::string url, host;
    std::uint16_t port;
    std::string authorization;
  };
  for (const auto& row : std::vector<Row>{
           {"proxy.test:3128", "proxy.test", 3128, ""},
           {"http://proxy.test", "proxy.test", 80, ""},
           {"http://[fd00::1]:3128/", "fd00::1", 3128, ""},
           {"http://me:secret@proxy.test:3128", "proxy.test", 3128, "Basic bWU6c2VjcmV0"},
           {"me:secret@proxy.test:3128/", "proxy.test", 3128, "Basic bWU6c2VjcmV0"},
           {"http://me:a%40%3A@proxy.test", "proxy.test", 80, "Basic bWU6YUA6"},
           {"http://me:a@:@proxy.test", "proxy.test", 80, "Basic bWU6YUA6"},
           {"http://me@proxy.test", "proxy.test", 80, "Basic bWU6"},
       }) {
    const auto got = ProxyConfig{.http_proxy = row.url}.proxy_for("http", "a.test", 80);
    ASSERT_TRUE(got && got->has_value()) << row.url;
    EXPECT_EQ((*got)->host, row.host) << row.url;
    EXPECT_EQ((*got)->port, row.port) << row.url;
    EXPECT_EQ((*got)->authorization, row.authorization) << row.url;
  }
}

TEST(Proxy, BadUrlsAreRefusedWithoutQuotingThem) {
  for (const std::string url :
       {"https://me:hunter2@proxy.test", "http://me:hunter2@proxy.test:99999", "http://me:hunter2@",
        "http://me:hunter2@a b", "me:hunter2@:1"}) {
    const auto got = ProxyConfig{.https_proxy = url}.proxy_for("https", "a.test", 443);
    ASSERT_FALSE(got) << url;
    EXPECT_EQ(got.error().code, Code::kInvalid);
    EXPECT_TRUE(got.error().message.starts_with("the proxy's URL")) << got.error().message;
    EXPECT_EQ(got.error().message.find("hunter2"), std::string::npos) << got.error().message;
  }
}

TEST(Proxy, LowerCaseVariablesWin) {
  for (const std::string name : {"HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY"}) {
    ::setenv(name.c_str(), (name + ".upper").c_str(), 1);
  }
  ::setenv("http_proxy", "http.lower", 1);
  const auto both = ProxyConfig::from_environment();
  EXPECT_EQ(both.https_proxy, "HTTPS_PROXY.upper");
  EXPECT_EQ(both.no_proxy, "NO_PROXY.upper");
  EXPECT_EQ(both.http_proxy, "http.lower");
  ::setenv("https_proxy", "https.lower", 1);
  ::setenv("no_proxy", "no.lower", 1);
  const auto lower = ProxyConfig::from_environment();
  EXPECT_EQ(lower.https_proxy, "https.lower");
  EXPECT_EQ(lower.no_proxy, "no.lower");
  for (const char* name :
       {"HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY", "https_proxy", "http_proxy", "no_proxy"}) {
    ::unsetenv(name);
  }
}

}  // namespace
}  // namespace infra::net
