#include "definition/crd.h"

#include <gtest/gtest.h>

#include "definition/loader.h"
#include "definition/yaml_writer.h"

namespace infra::definition {
namespace {

Definition kind(const std::string& file) {
  auto all = load_directory(std::string(INFRA_SOURCE_DIR) + "/definitions/" + file);
  EXPECT_TRUE(all) << (all ? "" : all.error().message);
  return all ? std::move(all->front()) : Definition{};
}

Json version(const Definition& definition) {
  return make_crd(definition).at("spec").at("versions").at(0);
}

Json at(const Json& schema, std::initializer_list<std::string_view> names) {
  const Json* found = &schema.at("schema").at("openAPIV3Schema");
  for (const auto name : names) found = &found->at("properties").at(name);
  return *found;
}

class VpcCrd : public ::testing::Test {
 protected:
  static Definition vpc() {
    auto all = load_directory(std::string(INFRA_SOURCE_DIR) + "/definitions/ec2");
    EXPECT_TRUE(all) << (all ? "" : all.error().message);
    for (auto& definition : *all) {
      if (definition.kind == "VPC") return definition;
    }
    return {};
  }
  Json version_ = version(vpc());
};

TEST_F(VpcCrd, HasItsNamesAndColumns) {
  const JsonObject crd = make_crd(vpc());
  EXPECT_EQ(text_at(crd, "metadata.name"), "vpcs.aws-infra-operator.runner.codes");
  EXPECT_EQ(text_at(crd, "spec.names.kind"), "VPC");
  EXPECT_EQ(text_at(crd, "spec.scope"), "Namespaced");
}

TEST_F(VpcCrd, SpecHasTheExpectedProperties) {
  EXPECT_EQ(at(version_, {"spec"}).at("required"), Json({"cidrBlock", "providerRef"}));
  EXPECT_EQ(at(version_, {"spec", "enableDnsSupport"}).at("default"), Json(true));
  EXPECT_EQ(at(version_, {"spec", "providerRef"}).at("required"), Json(JsonArray{"name"}));
  EXPECT_EQ(at(version_, {"spec", "tags"}).at("additionalProperties").at("type"), Json("string"));
}

TEST_F(VpcCrd, RequiredImmutableFieldComparesWithItsOlderSelf) {
  const Json rules = at(version_, {"spec", "cidrBlock"}).at("x-kubernetes-validations");
  EXPECT_EQ(rules.at(rules.as_array().size() - 1).at("rule"), Json("self == oldSelf"));
}

TEST_F(VpcCrd, EmptyTextPassesWhereTheFieldIsOptional) {
  EXPECT_EQ(at(version_, {"spec", "instanceTenancy"}).at("enum"),
            Json({"default", "dedicated", "host", ""}));
  EXPECT_EQ(at(version_, {"spec", "deletionPolicy"}).at("enum"), Json({"Delete", "Retain", ""}));
}

TEST_F(VpcCrd, StatusHasOurOwnFields) {
  for (const auto* name : {"vpcID", "ready", "lastSyncTime", "conditions", "observedGeneration",
                           "creation", "absence", "lastHandledReconcileAt", "tagKeys"}) {
    EXPECT_TRUE(at(version_, {"status"}).at("properties").as_object().contains(name)) << name;
  }
  EXPECT_TRUE(version_.at("subresources").as_object().contains("status"));
}

TEST_F(VpcCrd, ColumnsHaveTheTypeOfTheirField) {
  const auto& columns = version_.at("additionalPrinterColumns").as_array();
  EXPECT_EQ(columns.at(0).at("type"), Json("string"));
  EXPECT_EQ(columns.at(3).at("type"), Json("boolean"));
  EXPECT_EQ(columns.at(4).at("type"), Json("date"));
}

TEST(Crd, OptionalImmutableFieldMayNotAppearOrVanish) {
  Definition thing{.kind = "Thing", .plural = "things", .singular = "thing", .service = "sqs"};
  Field path{.name = "path"};
  path.immutable = true;
  Field big{.name = "big", .type = Type::kBoolean};
  big.immutable = true;
  thing.spec = {path, big};
  const Json rules = at(version(thing), {"spec"}).at("x-kubernetes-validations");
  EXPECT_EQ(text_at(rules.at(0), "rule"),
            "(has(self.path) ? self.path : '') == (has(oldSelf.path) ? oldSelf.path : '')");
  EXPECT_EQ(text_at(rules.at(1), "rule"),
            "has(self.big) == has(oldSelf.big) && (!has(self.big) || self.big == oldSelf.big)");
}

TEST(Crd, ListAboveARuleGetsALimit) {
  Definition thing{.kind = "Thing", .plural = "things", .singular = "thing", .service = "sqs"};
  Field range;
  range.format = "cidr";
  thing.spec = {Field{.name = "ranges", .type = Type::kArray, .fields = {range}},
                Field{.name = "names", .type = Type::kArray, .fields = {Field{}}}};
  EXPECT_EQ(at(version(thing), {"spec", "ranges"}).at("maxItems"), Json(500));
  EXPECT_FALSE(at(version(thing), {"spec", "names"}).as_object().contains("maxItems"));
}

TEST(Crd, EveryPropertyOfTheProviderIsDescribed) {
  const auto provider = load_provider();
  ASSERT_TRUE(provider) << provider.error().message;
  const Json schema = version(*provider);
  const Json spec = at(schema, {"spec"});
  for (const auto& member : spec.at("properties").as_object()) {
    EXPECT_TRUE(member.value().as_object().contains("description")) << member.key();
  }
  EXPECT_FALSE(at(schema, {"status"}).at("properties").as_object().contains("creation"));
}

TEST(Crd, SameDefinitionSameText) {
  EXPECT_EQ(to_yaml(make_crd(kind("s3"))), to_yaml(make_crd(kind("s3"))));
}

}  // namespace
}  // namespace infra::definition
