#include "definition/object_reference.h"

#include <gtest/gtest.h>

#include "definition/crd.h"
#include "definition/loader.h"

namespace infra::definition {
namespace {

Field text_field(bool required) {
  Field field{.name = "vpcID"};
  field.required = required;
  field.reference = Reference{.kind = "VPC", .as = "vpcRef", .from = "vpcID"};
  return field;
}

Field list_field() {
  Field field{.name = "subnetIDs", .type = Type::kArray};
  field.fields = {Field{}};
  field.reference = Reference{.kind = "Subnet", .as = "subnetRefs", .from = "subnetID"};
  return field;
}

TEST(ObjectReference, AddsANameAndASelector) {
  const auto added = reference_fields(text_field(true));
  ASSERT_EQ(added.size(), 2U);
  EXPECT_EQ(added[0].name, "vpcRef");
  EXPECT_EQ(added[0].type, Type::kObject);
  EXPECT_EQ(added[1].name, "vpcSelector");
  EXPECT_TRUE(reference_fields(Field{.name = "plain"}).empty());
}

TEST(ObjectReference, OfAListIsAList) {
  const auto added = reference_fields(list_field());
  EXPECT_EQ(added[0].name, "subnetRefs");
  EXPECT_EQ(added[0].type, Type::kArray);
  EXPECT_EQ(added[0].fields.front().type, Type::kObject);
  EXPECT_EQ(added[1].name, "subnetSelector");
}

TEST(ObjectReference, StandsInForARequiredField) {
  EXPECT_FALSE(must_be_written(text_field(true)));
  EXPECT_EQ(choice_rule(text_field(true)),
            "(has(self.vpcID) && self.vpcID != '' ? 1 : 0) + (has(self.vpcRef) ? 1 : 0) + "
            "(has(self.vpcSelector) ? 1 : 0) == 1");
  EXPECT_TRUE(choice_rule(text_field(false)).ends_with("<= 1"));
  EXPECT_EQ(choice_message(text_field(true)), "needs one of vpcID, vpcRef and vpcSelector");
}

TEST(ObjectReference, AnImmutableLiteralStaysUnlessAReferenceIsThere) {
  EXPECT_EQ(literal_stays_rule(text_field(true)),
            "(has(self.vpcID) ? self.vpcID : '') == (has(oldSelf.vpcID) ? oldSelf.vpcID : '') || "
            "has(self.vpcRef) || has(self.vpcSelector) || has(oldSelf.vpcRef) || "
            "has(oldSelf.vpcSelector)");
}

Definition kind_with(Field field) {
  Definition kind;
  kind.kind = "Subnet";
  kind.file = "subnet.yaml";
  kind.spec = {std::move(field)};
  return kind;
}

TEST(ObjectReference, TheCrdTakesTheReferenceInThePlaceOfTheField) {
  Field field = text_field(true);
  field.immutable = true;
  const JsonObject crd = make_crd(kind_with(std::move(field)));
  const Json& version = crd.at("spec").at("versions").at(0);
  const Json& spec = version.at("schema").at("openAPIV3Schema").at("properties").at("spec");
  EXPECT_EQ(find_path(spec, "required"), nullptr);
  EXPECT_EQ(spec.at("properties").at("vpcRef").at("required"), Json(JsonArray{"name"}));
  EXPECT_EQ(spec.at("x-kubernetes-validations").as_array().size(), 2U);
}

TEST(ObjectReference, MustLeadToATextInStatus) {
  Definition vpc;
  vpc.kind = "VPC";
  const std::vector<Definition> without = {kind_with(text_field(true)), vpc};
  const auto wrong = check_targets(without);
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().message,
            "subnet.yaml:0: 'reference' leads to status.vpcID of VPC, and there is no such text");
  vpc.status = {{.field = Field{.name = "vpcID"}}};
  const std::vector<Definition> with = {kind_with(text_field(true)), vpc};
  EXPECT_TRUE(check_targets(with));
}

TEST(ObjectReference, ARangeLiesWithinAFieldThatIsThere) {
  Definition vpc;
  vpc.kind = "VPC";
  vpc.status = {{.field = Field{.name = "vpcID"}}};
  Definition subnet = kind_with(text_field(true));
  subnet.admission.ranges = {
      {.field = "vpcID", .within = "vpcID", .of = "cidrBlock", .all = "cidrBlocks", .line = 7}};
  const std::vector<Definition> without = {subnet, vpc};
  const auto wrong = check_targets(without);
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().message,
            "subnet.yaml:7: 'of' names 'cidrBlock', which is no field of spec of VPC\n"
            "subnet.yaml:7: 'all' names 'cidrBlocks', which is no field of status of VPC");
  vpc.spec = {Field{.name = "cidrBlock"}};
  vpc.status.push_back({.field = Field{.name = "cidrBlocks"}});
  const std::vector<Definition> with = {subnet, vpc};
  EXPECT_TRUE(check_targets(with));
}

TEST(ObjectReference, OfTheKindsBuiltInLeadSomewhere) {
  const auto all = load_embedded();
  ASSERT_TRUE(all);
  const auto led = check_targets(*all);
  EXPECT_TRUE(led) << led.error().message;
}

}  // namespace
}  // namespace infra::definition
