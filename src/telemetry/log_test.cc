#include "telemetry/log.h"

#include <gtest/gtest.h>

#include <limits>
#include <sstream>

#include "base/json.h"

namespace infra::telemetry {
namespace {

class StoppedClock final : public Clock {
 public:
  WallTime wall() const override {
    return parse_rfc3339("2026-01-02T03:04:05Z") + std::chrono::milliseconds(7);
  }
  SteadyTime steady() const override { return {}; }
  Task<void> sleep(Duration) override { co_return; }
};

class LogTest : public testing::Test {
 protected:
  Logger logger(Format format, Level level = Level::kDebug) {
    return Logger(out_, level, format, clock_);
  }
  Json only_line() {
    const std::string text = out_.str();
    EXPECT_EQ(std::ranges::count(text, '\n'), 1) << text;
    const Result<Json> parsed = parse_json(text);
    EXPECT_TRUE(parsed.has_value()) << text;
    return parsed.value_or(Json());
  }

  StoppedClock clock_;
  std::ostringstream out_;
};

TEST_F(LogTest, WritesJsonWithTheFieldsInOrder) {
  logger(Format::kJson).info("created", {{"kind", "VPC"}, {"id", std::string("vpc-1")}});
  EXPECT_EQ(out_.str(),
            "{\"ts\":\"2026-01-02T03:04:05.007Z\",\"level\":\"info\",\"msg\":\"created\","
            "\"kind\":\"VPC\",\"id\":\"vpc-1\"}\n");
}

TEST_F(LogTest, KeepsTheTypeOfAValue) {
  logger(Format::kJson)
      .info("types",
            {{"int", -3}, {"size", sizeof(int)}, {"part", 0.5}, {"yes", true}, {"text", "true"}});
  const Json line = only_line();
  EXPECT_EQ(line.at("int").as_int64(), -3);
  EXPECT_EQ(line.at("size").to_number<int>(), 4);
  EXPECT_EQ(line.at("part").as_double(), 0.5);
  EXPECT_TRUE(line.at("yes").as_bool());
  EXPECT_EQ(line.at("text").as_string(), "true");
}

TEST_F(LogTest, NumbersThatJsonDoesNotHaveAreText) {
  logger(Format::kJson)
      .info("odd", {{"nan", std::numeric_limits<double>::quiet_NaN()},
                    {"inf", std::numeric_limits<double>::infinity()}});
  const Json line = only_line();
  EXPECT_EQ(line.at("nan").as_string(), "nan");
  EXPECT_EQ(line.at("inf").as_string(), "inf");
}

TEST_F(LogTest, AValueCannotForgeALine) {
  const std::string hostile = "a\"b\\c\r\n{\"level\":\"error\"}\t\x1b[31m\x7f";
  logger(Format::kJson).info("x\ny", {{"k\ney", hostile}});
  const Json line = only_line();
  EXPECT_EQ(line.at("msg").as_string(), "x\ny");
  EXPECT_EQ(line.at("k\ney").as_string(), hostile);
}

TEST_F(LogTest, BytesThatAreNoUtf8AreReplacedAndTheRestKept) {
  logger(Format::kJson).info("bytes", {{"bad", "a\xff\xc3(\xed\xa0\x80z"}, {"good", "é€😀"}});
  const Json line = only_line();
  EXPECT_EQ(line.at("bad").as_string(), "a\uFFFD\uFFFD(\uFFFD\uFFFD\uFFFDz");
  EXPECT_EQ(line.at("good").as_string(), "é€😀");
}

TEST_F(LogTest, ATruncatedSequenceAtTheEndIsReplaced) {
  logger(Format::kJson).info("bytes", {{"cut", "a\xe2\x82"}});
  EXPECT_EQ(only_line().at("cut").as_string(), "a\uFFFD\uFFFD");
}

TEST_F(LogTest, LineSeparatorsOfUnicodeAreEscaped) {
  logger(Format::kJson).info("u", {{"v", "a\u2028b\u0085c"}});
  EXPECT_NE(out_.str().find("a\\u2028b\\u0085c"), std::string::npos) << out_.str();
}

TEST_F(LogTest, LevelsBelowTheChosenOneAreSilent) {
  const Logger log = logger(Format::kJson, Level::kInfo);
  log.debug("no");
  EXPECT_EQ(out_.str(), "");
  EXPECT_FALSE(log.enabled(Level::kDebug));
  log.error("yes");
  EXPECT_EQ(only_line().at("level").as_string(), "error");
}

TEST_F(LogTest, AChildAddsItsFieldsAndTheParentDoesNot) {
  const Logger parent = logger(Format::kConsole);
  const Logger child = parent.with({{"kind", "VPC"}}).with({{"name", "a"}});
  child.info("one", {{"n", 1}});
  parent.info("two");
  EXPECT_EQ(out_.str(),
            "2026-01-02T03:04:05.007Z info  one kind=VPC name=a n=1\n"
            "2026-01-02T03:04:05.007Z info  two\n");
}

TEST_F(LogTest, ALaterFieldReplacesAndNoneHidesTheFixedKeys) {
  logger(Format::kJson).with({{"id", "a"}, {"msg", "mine"}}).info("real", {{"id", "b"}});
  EXPECT_EQ(out_.str(),
            "{\"ts\":\"2026-01-02T03:04:05.007Z\",\"level\":\"info\",\"msg\":\"real\","
            "\"id\":\"b\",\"field_msg\":\"mine\"}\n");
}

TEST_F(LogTest, ConsoleQuotesWhatIsNoPlainWord) {
  logger(Format::kConsole).error("it\nbroke", {{"why", "no route\nto host"}, {"none", ""}});
  EXPECT_EQ(out_.str(),
            "2026-01-02T03:04:05.007Z error it\\nbroke why=\"no route\\nto host\" none=\"\"\n");
}

TEST_F(LogTest, LeavesOutWhatRepeatsAndSaysSo) {
  const Logger sampled(out_, Level::kInfo, Format::kConsole, clock_,
                       Sampling{.first = 1, .thereafter = 2});
  const Logger child = sampled.with({{"kind", "VPC"}});
  for (int i = 1; i <= 4; ++i) child.info("busy", {{"number", i}});
  sampled.info("other");
  const std::string start = "2026-01-02T03:04:05.007Z info  ";
  EXPECT_EQ(out_.str(), start + "busy kind=VPC number=1\n" + start +
                            "busy kind=VPC number=3 left_out=1\n" + start + "other\n");
}

}  // namespace
}  // namespace infra::telemetry
