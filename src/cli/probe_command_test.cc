#include "cli/probe_command.h"

#include <gtest/gtest.h>

#include "aws/run_for_test.h"

namespace infra::cli {
namespace {

class ProbeTest : public ::testing::Test {
 protected:
  Result<void> ask(const std::string& url) { return aws::run(probe(transport, url)); }

  JumpingClock clock;
  aws::ScriptedTransport transport{clock};
};

TEST_F(ProbeTest, AnAnswerIsGood) {
  transport.then(200, "metrics");
  EXPECT_TRUE(ask("http://op.ns.svc:8080/metrics"));
  EXPECT_EQ(transport.requests.at(0).host, "op.ns.svc");
  EXPECT_EQ(transport.requests.at(0).port, 8080);
  EXPECT_EQ(transport.requests.at(0).target, "/metrics");
}

TEST_F(ProbeTest, AnErrorIsNot) {
  transport.then(503, "caches are not complete");
  const auto answered = ask("http://op:8081/readyz");
  ASSERT_FALSE(answered);
  EXPECT_EQ(answered.error().message, "answers 503: caches are not complete");
  EXPECT_FALSE(ask("not a url"));
}

}  // namespace
}  // namespace infra::cli
