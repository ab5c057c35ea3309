#include "planning/path.h"

#include <gtest/gtest.h>

#include "planning/network.h"

namespace infra::planning {
namespace {

TEST(Path, TakesTheItemWithAMember) {
  const Json table = boost::json::parse(
      R"({"Keys": [{"Name": "id", "Type": "HASH"}, {"Name": "age", "Type": "RANGE"}],
          "Addresses": [{"Primary": false, "Ip": "a"}, {"Primary": true, "Ip": "b"}]})");
  EXPECT_EQ(read_path(table, "Keys[Type=RANGE].Name"), Json("age"));
  EXPECT_EQ(read_path(table, "Addresses[Primary=true].Ip"), Json("b"));
  EXPECT_EQ(read_path(table, "Keys[Type=NONE].Name"), std::nullopt);
  EXPECT_EQ(read_path(table, "Absent[Type=HASH].Name"), std::nullopt);
}

TEST(Path, LooksIntoAText) {
  const Json topic = boost::json::parse(R"({"Policy": "{\"Target\": \"arn\"}", "Name": "{"})");
  EXPECT_EQ(read_path(topic, "Policy{}.Target"), Json("arn"));
  EXPECT_EQ(read_path(topic, "Name{}.Target"), std::nullopt);
  EXPECT_EQ(read_path(topic, "Absent{}.Target"), std::nullopt);
}

TEST(Network, IsSpelledAsAwsDoes) {
  EXPECT_EQ(network("10.0.0.5/8"), "10.0.0.0/8");
  EXPECT_EQ(network("0.0.0.0/0"), "0.0.0.0/0");
  EXPECT_EQ(network("2001:DB8::1/32"), "2001:db8::/32");
  EXPECT_EQ(network("pl-0123"), "pl-0123");
}

}  // namespace
}  // namespace infra::planning
