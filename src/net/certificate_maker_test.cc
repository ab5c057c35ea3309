#include "net/certificate_maker.h"

#include <gmock/gmock.h>

#include <boost/asio.hpp>
#include <optional>

#include "net/beast_transport.h"
#include "net/http_server.h"
#include "net/server_certificate.h"

namespace infra::net {
namespace {

using std::chrono::hours;
using testing::ElementsAre;
using testing::HasSubstr;

const std::vector<std::string> kHosts{"hook.here.svc", "127.0.0.1"};

class CertificateMakerTest : public testing::Test {
 protected:
  PemPair make(const std::vector<std::string>& hosts = kHosts) const {
    return make_server_certificate(authority, hosts, valid).value();
  }

  static std::string problem(const Result<Validity>& looked) {
    return looked ? "" : looked.error().message;
  }
  std::string problem_of(const PemPair& server) const {
    return problem(check_server_certificate(server, authority.certificate, kHosts));
  }

  const WallTime now = std::chrono::floor<std::chrono::seconds>(SystemClock().wall());
  const Validity valid{.begin = now - hours(1), .end = now + hours(24)};
  const PemPair authority = make_authority(valid);
};

TEST_F(CertificateMakerTest, MakesWhatIsValidForTheTimeAskedFor) {
  for (const auto& looked : {validity_of(authority.certificate), check_authority(authority),
                             check_server_certificate(make(), authority.certificate, kHosts)}) {
    ASSERT_TRUE(looked) << looked.error().message;
    EXPECT_EQ(looked->begin, valid.begin);
    EXPECT_EQ(looked->end, valid.end);
  }
}

TEST_F(CertificateMakerTest, MakesEachAnew) {
  EXPECT_NE(make(), make());
  EXPECT_NE(make_authority(valid), authority);
}

TEST_F(CertificateMakerTest, SaysWhatIsWrong) {
  const PemPair good = make();
  EXPECT_EQ(problem_of(good), "");
  EXPECT_EQ(problem_of({"half", good.key}), "there is no certificate in PEM");
  EXPECT_EQ(problem_of({good.certificate, ""}), "there is no key in PEM");
  EXPECT_EQ(problem_of({good.certificate, make().key}), "the key is not that of the certificate");
  EXPECT_EQ(problem_of(make({"hook.here.svc"})), "it is not for 127.0.0.1");
  EXPECT_EQ(problem_of(make({"other.here.svc", "127.0.0.1"})), "it is not for hook.here.svc");
  const PemPair other = make_authority(valid);
  const auto theirs = make_server_certificate(other, kHosts, valid);
  EXPECT_EQ(problem_of(theirs.value()), "the authority has not signed it");
  EXPECT_EQ(problem(check_server_certificate(good, "", kHosts)), "the authority has not signed it");
  EXPECT_EQ(problem(check_authority(good)), "it may not sign certificates");
  EXPECT_EQ(problem(check_authority({authority.certificate, other.key})),
            "the key is not that of the certificate");
}

TEST_F(CertificateMakerTest, MakesNoneForWhatIsNoHost) {
  for (const auto& hosts : {std::vector<std::string>{}, {"a,nonsense:b"}}) {
    const auto made = make_server_certificate(authority, hosts, valid);
    ASSERT_FALSE(made);
    EXPECT_THAT(made.error().message, HasSubstr("these must be DNS names and IP addresses"));
  }
  const auto made = make_server_certificate({"", ""}, kHosts, valid);
  ASSERT_FALSE(made);
  EXPECT_THAT(made.error().message, HasSubstr("the authority cannot sign"));
}

TEST_F(CertificateMakerTest, FindsTheCertificatesOfABundle) {
  const std::string one = authority.certificate;
  const std::string two = make_authority(valid).certificate;
  EXPECT_THAT(certificates_in(one + "# a remark\n" + two), ElementsAre(one, two));
  EXPECT_THAT(certificates_in(authority.key + one), ElementsAre(one));
  EXPECT_THAT(certificates_in("garbage"), ElementsAre());
  EXPECT_THAT(certificates_in(""), ElementsAre());
}

// As a client sees it that knows nothing of this file.
class ServedTest : public CertificateMakerTest {
 protected:
  static Task<HttpResponse> answer(HttpRequest) {
    co_return HttpResponse{.status = 200, .headers = {}, .body = "hello"};
  }
  static Task<void> keep(Task<Result<HttpResponse>> task,
                         std::optional<Result<HttpResponse>>* out) {
    auto result = co_await std::move(task);
    out->emplace(std::move(result));
  }

  Result<HttpResponse> ask(const std::string& trusted) {
    HttpRequest request{.method = "GET", .host = "127.0.0.1", .port = port_};
    HttpOptions options;
    options.tls.ca_pem = trusted;
    std::optional<Result<HttpResponse>> out;
    boost::asio::co_spawn(io_, keep(client_.send(std::move(request), options), &out),
                          boost::asio::detached);
    io_.restart();
    while (!out && io_.run_one_for(std::chrono::seconds(10)) > 0) {
    }
    return out ? *out : fail(Code::kDeadline, "no answer");
  }

  void serve(const PemPair& pair) {
    ASSERT_TRUE(certificate_.show(pair));
    const auto port = server_.listen(io_.get_executor(), "127.0.0.1:0",
                                     [this] { return certificate_.context(); });
    ASSERT_TRUE(port) << port.error().message;
    port_ = *port;
  }

  boost::asio::io_context io_;
  SystemClock clock_;
  BeastTransport client_{clock_};
  ServerCertificate certificate_{clock_};
  HttpServer server_{answer};
  std::uint16_t port_ = 0;
};

TEST_F(ServedTest, IsTrustedByWhoTrustsTheAuthority) {
  serve(make());
  const PemPair other = make_authority(valid);
  const auto good = ask(other.certificate + authority.certificate);
  EXPECT_TRUE(good) << good.error().message;
  EXPECT_FALSE(ask(other.certificate));
}

TEST_F(ServedTest, IsNotTrustedForAnotherHost) {
  serve(make({"127.0.0.2", "hook.here.svc"}));
  EXPECT_FALSE(ask(authority.certificate));
}

}  // namespace
}  // namespace infra::net
