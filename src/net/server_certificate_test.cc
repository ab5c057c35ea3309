#include "net/server_certificate.h"

#include <gmock/gmock.h>

#include <boost/asio/ssl.hpp>
#include <filesystem>
#include <fstream>

#include "base/clock_for_test.h"
#include "net/identity_for_test.h"

namespace infra::net {
namespace {

using testing::HasSubstr;

constexpr std::chrono::hours kElevenYears{11 * 365 * 24};

class ServerCertificateTest : public testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
  }

  void put(const char* name, const std::string& text) {
    std::ofstream(folder_ + "/" + name) << text;
  }
  void put(const Identity& identity) {
    put("tls.crt", identity.certificate);
    put("tls.key", identity.key);
  }

  bool is_new() { return certificate_.refresh().value_or(false); }

  std::string problem() {
    const auto looked = certificate_.refresh();
    return looked ? "" : looked.error().message;
  }

  const std::string folder_ = testing::TempDir() + "/serving-certs";
  JumpingClock clock_;
  ServerCertificate certificate_{clock_, folder_};
};

TEST_F(ServerCertificateTest, WaitsForItsFiles) {
  EXPECT_EQ(problem(),
            folder_ + " holds no good certificate: cannot read the file " + folder_ + "/tls.crt");
  const Identity identity = make_identity("DNS:a.test");
  put("tls.crt", identity.certificate);
  EXPECT_THAT(problem(), HasSubstr("cannot read the file " + folder_ + "/tls.key"));
  EXPECT_EQ(certificate_.context(), nullptr);
  put("tls.key", identity.key);
  EXPECT_TRUE(is_new());
  EXPECT_NE(certificate_.context(), nullptr);
  EXPECT_FALSE(is_new());
}

TEST_F(ServerCertificateTest, TakesANewPair) {
  put(make_identity("DNS:a.test"));
  EXPECT_TRUE(is_new());
  const auto before = certificate_.context();
  put(make_identity("DNS:b.test"));
  EXPECT_TRUE(is_new());
  EXPECT_NE(certificate_.context(), before);
}

TEST_F(ServerCertificateTest, KeepsTheOldOneWhileTheNewIsNotWhole) {
  put(make_identity("DNS:a.test"));
  ASSERT_EQ(problem(), "");
  const auto before = certificate_.context();
  const Identity next = make_identity("DNS:b.test");
  put("tls.crt", next.certificate.substr(0, next.certificate.size() / 2));
  EXPECT_THAT(problem(), HasSubstr("tls.crt is no certificate in PEM"));
  put("tls.crt", next.certificate);
  EXPECT_THAT(problem(), HasSubstr("tls.key is no key in PEM, or not that of tls.crt"));
  put("tls.key", "");
  EXPECT_THAT(problem(), HasSubstr("tls.key is no key in PEM"));
  EXPECT_EQ(certificate_.context(), before);
  put("tls.key", next.key);
  EXPECT_TRUE(is_new());
}

TEST_F(ServerCertificateTest, DoesNotBeginWithOneThatHasExpired) {
  put(make_identity("DNS:a.test"));
  clock_.advance(kElevenYears);
  EXPECT_THAT(problem(), HasSubstr("tls.crt expired at 2"));
  EXPECT_EQ(certificate_.context(), nullptr);
}

// Who calls decides whether to trust it: its clock may be another one.
TEST_F(ServerCertificateTest, SaysThatItsOwnHasExpiredAndShowsItOn) {
  put(make_identity("DNS:a.test"));
  ASSERT_EQ(problem(), "");
  clock_.advance(kElevenYears);
  EXPECT_THAT(problem(), HasSubstr("tls.crt expired at 2"));
  EXPECT_NE(certificate_.context(), nullptr);
}

}  // namespace
}  // namespace infra::net
