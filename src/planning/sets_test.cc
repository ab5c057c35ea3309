#include "planning/sets.h"

#include <gtest/gtest.h>

namespace infra::planning {
namespace {

using definition::ChildSet;
using definition::Definition;
using definition::Field;
using definition::Form;
using definition::Type;

Field text(const std::string& name, const std::string& at) {
  return {.name = name, .at = at, .read_at = at};
}

// Rules of a firewall: one for each address, named by protocol, port and address.
Definition firewall() {
  Definition kind{.kind = "Firewall"};
  Field item{.type = Type::kObject};
  Field port = text("port", "Port");
  port.type = Type::kInteger;
  port.absent_as = -1;
  port.condition.unless = {{"protocol", Json("-1")}};
  Field addresses = text("addresses", "Address");
  addresses.type = Type::kArray;
  addresses.fields = {Field{.form = Form::kNetwork}};
  item.fields = {text("protocol", "Protocol"), port, addresses, text("group", "Group"),
                 text("description", "Description")};
  kind.spec = {Field{.name = "rules", .type = Type::kArray, .fields = {item}}};
  kind.sets = {ChildSet{.field = "rules",
                        .key = {"protocol", "port", "addresses", "group"},
                        .each = {"addresses", "group"},
                        .only = {{"Egress", {Json(false)}}},
                        .change = {definition::Call{.operation = "Describe"}}}};
  return kind;
}

std::vector<std::string> keys(const std::vector<Item>& items) {
  std::vector<std::string> out;
  for (const Item& item : items) out.push_back(item.key);
  return out;
}

class Sets : public ::testing::Test {
 protected:
  SetChange compare(const char* spec, const char* list) {
    paths.clear();
    const ChildSet& set = kind.sets.front();
    return compare_set(kind, set, boost::json::parse(spec),
                       found_items(kind, set, boost::json::parse(list)), noted, paths);
  }
  Definition kind = firewall();
  std::vector<std::string> noted, paths;
};

using Keys = std::vector<std::string>;

constexpr const char* kTwo = R"([
  {"Egress": false, "Protocol": "tcp", "Port": 443, "Address": "10.0.0.0/8", "Description": "a"},
  {"Egress": true, "Protocol": "-1", "Port": -1, "Address": "0.0.0.0/0"}])";

TEST_F(Sets, OneItemForEachValueAndNoneTwice) {
  const auto change = compare(R"({"rules": [
      {"protocol": "tcp", "port": 443, "addresses": ["10.0.0.5/8", "192.168.0.0/16"], "group": "g"},
      {"protocol": "tcp", "port": 443, "group": "g"}]})",
                              kTwo);
  EXPECT_EQ(keys(change.add), (Keys{"tcp 443 192.168.0.0/16", "tcp 443 g"}));
  EXPECT_TRUE(change.remove.empty());
  EXPECT_TRUE(change.change.empty());
  EXPECT_EQ(paths, (Keys{"rules[tcp 443 192.168.0.0/16]", "rules[tcp 443 g]"}));
  EXPECT_EQ(*find_path(change.add.front().value, "addresses"), Json("192.168.0.0/16"));
}

TEST_F(Sets, WhatDiffersBesideTheKeyIsChangedAndOnlyIfDeclared) {
  const auto same = compare(
      R"({"rules": [{"protocol": "tcp", "port": 443, "addresses": ["10.0.0.0/8"]}]})", kTwo);
  EXPECT_TRUE(same.empty());
  const auto other = compare(
      R"({"rules": [{"protocol": "tcp", "port": 443, "addresses": ["10.0.0.0/8"], "description": "b"}]})",
      kTwo);
  EXPECT_EQ(keys(other.change), Keys{"tcp 443 10.0.0.0/8"});
  EXPECT_EQ(*find_path(other.change.front().found, "Description"), Json("a"));
}

TEST_F(Sets, AMemberThatIsOffCountsForNothing) {
  const auto change =
      compare(R"({"rules": [{"protocol": "-1", "port": 0, "addresses": ["10.0.0.0/8"]}]})",
              R"([{"Egress": false, "Protocol": "-1", "Port": -1, "Address": "10.0.0.0/8"}])");
  EXPECT_TRUE(change.empty());
  const auto icmp = compare(R"({"rules": [{"protocol": "icmp", "addresses": ["10.0.0.0/8"]}]})",
                            R"([{"Egress": false, "Protocol": "icmp", "Port": -1,
                                 "Address": "10.0.0.0/8"}])");
  EXPECT_TRUE(icmp.empty());
}

TEST_F(Sets, WhatIsNotDeclaredGoesUnlessItIsForeign) {
  EXPECT_EQ(keys(compare(R"({"rules": []})", kTwo).remove), Keys{"tcp 443 10.0.0.0/8"});
  kind.sets.front().foreign_stay = true;
  EXPECT_TRUE(compare(R"({"rules": []})", kTwo).empty());
  noted = {"tcp 443 10.0.0.0/8"};
  EXPECT_EQ(keys(compare(R"({"rules": []})", kTwo).remove), noted);
}

TEST_F(Sets, AListThatIsDeclaredNoMoreLosesWhatWasAddedForIt) {
  EXPECT_TRUE(compare("{}", kTwo).empty());
  noted = {"tcp 443 10.0.0.0/8"};
  EXPECT_EQ(keys(compare("{}", kTwo).remove), noted);
}

TEST_F(Sets, OneAtATimeStartsWithWhatIsToGo) {
  kind.sets.front().one_at_a_time = true;
  const char* spec = R"({"rules": [{"protocol": "udp", "port": 53, "addresses": ["10.0.0.0/8"]}]})";
  const auto first = compare(spec, kTwo);
  EXPECT_EQ(keys(first.remove), Keys{"tcp 443 10.0.0.0/8"});
  EXPECT_TRUE(first.add.empty());
  EXPECT_EQ(keys(compare(spec, "[]").add), Keys{"udp 53 10.0.0.0/8"});
}

}  // namespace
}  // namespace infra::planning
