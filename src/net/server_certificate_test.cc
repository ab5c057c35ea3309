#include "net/server_certificate.h"

#include <gmock/gmock.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
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
  bool is_new(PemPair pair) { return certificate_.show(std::move(pair)).value_or(false); }

  std::string problem(PemPair pair) {
    const auto shown = certificate_.show(std::move(pair));
    return shown ? "" : shown.error().message;
  }

  JumpingClock clock_;
  ServerCertificate certificate_{clock_};
};

TEST_F(ServerCertificateTest, TakesANewPair) {
  EXPECT_EQ(certificate_.context(), nullptr);
  EXPECT_FALSE(certificate_.good());
  const PemPair pair = make_identity("DNS:a.test");
  EXPECT_TRUE(is_new(pair));
  EXPECT_TRUE(certificate_.good());
  EXPECT_FALSE(is_new(pair));
  const auto before = certificate_.context();
  EXPECT_TRUE(is_new(make_identity("DNS:b.test")));
  EXPECT_NE(certificate_.context(), before);
}

TEST_F(ServerCertificateTest, KeepsTheOldOneWhileTheNewIsNotWhole) {
  const PemPair first = make_identity("DNS:a.test");
  ASSERT_EQ(problem(first), "");
  const auto before = certificate_.context();
  const PemPair next = make_identity("DNS:b.test");
  const std::string half = next.certificate.substr(0, next.certificate.size() / 2);
  EXPECT_THAT(problem({half, first.key}), HasSubstr("tls.crt is no certificate in PEM"));
  EXPECT_THAT(problem({next.certificate, first.key}),
              HasSubstr("tls.key is no key in PEM, or not that of tls.crt"));
  EXPECT_THAT(problem({next.certificate, ""}), HasSubstr("tls.key is no key in PEM"));
  EXPECT_EQ(certificate_.context(), before);
  EXPECT_TRUE(certificate_.good());
  EXPECT_TRUE(is_new(next));
}

TEST_F(ServerCertificateTest, DoesNotBeginWithOneThatHasExpired) {
  clock_.advance(kElevenYears);
  EXPECT_THAT(problem(make_identity("DNS:a.test")), HasSubstr("tls.crt expired at 2"));
  EXPECT_EQ(certificate_.context(), nullptr);
}

// Who calls decides whether to trust it: its clock may be another one.
TEST_F(ServerCertificateTest, SaysThatItsOwnHasExpiredAndShowsItOn) {
  const PemPair pair = make_identity("DNS:a.test");
  ASSERT_EQ(problem(pair), "");
  clock_.advance(kElevenYears);
  EXPECT_THAT(problem(pair), HasSubstr("tls.crt expired at 2"));
  EXPECT_FALSE(certificate_.good());
  EXPECT_NE(certificate_.context(), nullptr);
}

class CertificateFolderTest : public testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::remove_all(path_);
    std::filesystem::create_directories(path_);
  }

  void put(const char* name, const std::string& text) { std::ofstream(path_ + "/" + name) << text; }

  static Task<void> keep(CertificateSource& source, std::optional<Result<PemPair>>* out) {
    auto found = co_await source.look();
    out->emplace(std::move(found));
  }

  Result<PemPair> look() {
    std::optional<Result<PemPair>> out;
    boost::asio::io_context io;
    boost::asio::co_spawn(io, keep(folder_, &out), boost::asio::detached);
    io.run();
    return *out;
  }

  const std::string path_ = testing::TempDir() + "/serving-certs";
  CertificateFolder folder_{path_};
};

TEST_F(CertificateFolderTest, HasWhatIsInItsFiles) {
  EXPECT_EQ(look().error().message, "cannot read the file " + path_ + "/tls.crt");
  const PemPair pair = make_identity("DNS:a.test");
  put("tls.crt", pair.certificate);
  EXPECT_EQ(look().error().message, "cannot read the file " + path_ + "/tls.key");
  put("tls.key", pair.key);
  EXPECT_EQ(look().value(), pair);
}

}  // namespace
}  // namespace infra::net
