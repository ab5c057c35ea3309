#include "operator/remaining.h"

#include "kube/fakes_for_test.h"

namespace infra {
namespace {

class RemainingTest : public kube::Bench {
 protected:
  Result<std::vector<std::string>> look(std::vector<std::string> namespaces = {}) {
    return await(remaining_objects(client, {pods, widgets}, std::move(namespaces)));
  }
};

TEST_F(RemainingTest, NamesWhatIsThere) {
  transport.script({{.body = R"({"items":[]})"},
                    {.body = R"({"items":[{"metadata":{"namespace":"team","name":"one"}}]})"}});
  EXPECT_EQ(look().value(), (std::vector<std::string>{"widgets team/one"}));
}

TEST_F(RemainingTest, AKindThatIsNotThereHasNone) {
  transport.script({{.status = 404}, {.body = R"({"items":[]})"}});
  EXPECT_EQ(look().value(), std::vector<std::string>{});
}

TEST_F(RemainingTest, WhatCannotBeSeenMayBeThere) {
  transport.script({{.status = 403}});
  EXPECT_EQ(look().error().code, Code::kDenied);
}

TEST_F(RemainingTest, LooksWhereItMay) {
  transport.script(std::vector<kube::Reply>(4, {.body = R"({"items":[]})"}));
  EXPECT_TRUE(look({"one", "two"}));
  EXPECT_EQ(transport.requests.at(1).target, "/api/v1/namespaces/two/pods?limit=5");
}

}  // namespace
}  // namespace infra
