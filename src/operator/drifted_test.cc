#include "operator/drifted.h"

#include <fmt/format.h>

#include "kube/fakes_for_test.h"

namespace infra {
namespace {

class DriftedTest : public kube::Bench {
 protected:
  Result<std::vector<std::string>> look(std::vector<std::string> namespaces = {}) {
    return await(drifted_objects(client, {widgets}, std::move(namespaces)));
  }
};

constexpr const char* kDrifted =
    R"({"metadata":{"namespace":"team","name":"one"},"status":{"drift":{"detected":true,"lastCheck":"then",
        "details":[{"field":"size","expected":"3","actual":"9","severity":"high"},
                   {"field":"tags.Old","expected":"","actual":"x","severity":"low"}]}}})";
constexpr const char* kHealed =
    R"({"metadata":{"namespace":"team","name":"two"},"status":{"drift":{"detected":false,
        "details":[{"field":"size","expected":"3","actual":"9","severity":"high"}]}}})";

TEST_F(DriftedTest, ALineForEachDifferenceOnAllPages) {
  transport.script(
      {{.body = fmt::format(R"({{"items":[{}],"metadata":{{"continue":"more"}}}})", kHealed)},
       {.body = fmt::format(R"({{"items":[{}]}})", kDrifted)}});
  EXPECT_EQ(look().value(),
            (std::vector<std::string>{
                "widgets team/one: size is 9, declared 3 (high, since then)",
                "widgets team/one: tags.Old is x, declared not there (low, since then)"}));
}

TEST_F(DriftedTest, AKindThatIsNotThereHasNone) {
  transport.script({{.status = 404}});
  EXPECT_EQ(look().value(), std::vector<std::string>{});
}

TEST_F(DriftedTest, WhatCannotBeSeenIsAnError) {
  transport.script({{.status = 403}});
  EXPECT_EQ(look({"one"}).error().code, Code::kDenied);
}

}  // namespace
}  // namespace infra
