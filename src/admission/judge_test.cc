#include "admission/judge.h"

#include <gmock/gmock.h>

#include "definition/loader.h"
#include "planning/decide.h"

namespace infra::admission {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const std::vector<definition::Definition>& kinds() {
  static const auto all = definition::load_embedded();
  return *all;
}

const definition::Definition& provider_kind() {
  static const auto kind = definition::load_provider();
  return *kind;
}

const definition::Definition& kind_named(const std::string& name) {
  if (name == provider_kind().kind) return provider_kind();
  return *std::ranges::find(kinds(), name, &definition::Definition::kind);
}

// "namespace/name" with a spec, which names the provider n/aws unless it says something else.
Json object(const std::string& key, const char* spec) {
  const auto slash = key.find('/');
  Json out = JsonObject{};
  set_path(out, "metadata.namespace", Json(key.substr(0, slash)));
  set_path(out, "metadata.name", Json(key.substr(slash + 1)));
  set_path(out, "spec", boost::json::parse(spec));
  if (find_path(out, "spec.providerRef") != nullptr) return out;
  set_path(out, "spec.providerRef.name", Json("aws"));
  set_path(out, "spec.providerRef.namespace", Json("n"));
  return out;
}

Json annotated(Json object, const char* name, const char* value) {
  const std::string key = std::string(planning::kGroup) + "/" + name;
  object.as_object()["metadata"].as_object()["annotations"] = JsonObject{{key, value}};
  return object;
}

Json with(Json object, const char* path, Json value) {
  set_path(object, path, std::move(value));
  return object;
}

Review review(const std::string& kind, Json object, Json before = nullptr) {
  return {.api_version = "admission.k8s.io/v1",
          .uid = "u",
          .operation = before.is_null() ? "CREATE" : "UPDATE",
          .group = std::string(planning::kGroup),
          .kind = kind,
          .subresource = "",
          .object = std::move(object),
          .before = std::move(before)};
}

class JudgeTest : public testing::Test {
 protected:
  JudgeTest() {
    add("AWSProvider", object("n/aws", R"({"allowedNamespaces": ["m"]})"));
    judge_.set_complete();
  }

  void add(const std::string& kind, Json one) { judge_.note(kind_named(kind), nullptr, one); }
  void change(const std::string& kind, Json before, Json after) {
    judge_.note(kind_named(kind), before, after);
  }
  void remove(const std::string& kind, Json one) { judge_.note(kind_named(kind), one, nullptr); }

  Verdict judge(const std::string& kind, Json one) {
    return judge_.judge(review(kind, std::move(one)));
  }
  std::vector<std::string> refusals(const std::string& kind, Json one) {
    return judge(kind, std::move(one)).refusals;
  }

  Verdict judge_deletion(const std::string& kind, Json one) {
    Review asked = review(kind, nullptr, std::move(one));
    asked.operation = "DELETE";
    return judge_.judge(asked);
  }

  Judge judge_{kinds(), provider_kind()};
};

constexpr const char* kVpc = R"({"cidrBlock": "10.0.0.0/16"})";
constexpr const char* kSubnet = R"({"vpcRef": {"name": "net"}, "cidrBlock": "10.0.1.0/24"})";

// Provider

TEST_F(JudgeTest, AProviderServesTheNamespacesThatItNames) {
  EXPECT_THAT(refusals("VPC", object("m/net", kVpc)), IsEmpty());
  EXPECT_THAT(refusals("VPC", object("o/net", kVpc)),
              ElementsAre("AWSProvider n/aws does not serve namespace o; name it in the "
                          "provider's spec.allowedNamespaces"));
  change("AWSProvider", object("n/aws", "{}"), object("n/aws", R"({"allowedNamespaces": ["o"]})"));
  EXPECT_THAT(refusals("VPC", object("o/net", kVpc)), IsEmpty());
}

TEST_F(JudgeTest, AProviderMayComeLater) {
  remove("AWSProvider", object("n/aws", "{}"));
  const auto verdict = judge("VPC", object("n/net", kVpc));
  EXPECT_THAT(verdict.refusals, IsEmpty());
  EXPECT_THAT(verdict.warnings, ElementsAre("there is no AWSProvider n/aws yet; create it, or "
                                            "correct spec.providerRef"));
}

// Documents

TEST_F(JudgeTest, PoliciesAreJson) {
  Json role = object("n/role", R"({"roleName": "r"})");
  set_path(role, "spec.assumeRolePolicyDocument", Json("{\"Version\": \"2012-10-17\",\n}"));
  EXPECT_THAT(refusals("IAMRole", role),
              ElementsAre("spec.assumeRolePolicyDocument must be a JSON object: not valid JSON: "
                          "there is a comma too many before line 2, column 1"));
}

// Names

TEST_F(JudgeTest, ANameIsTakenOnce) {
  const char* spec = R"({"bucketName": "logs"})";
  add("S3Bucket", object("n/first", spec));
  EXPECT_THAT(refusals("S3Bucket", object("n/first", spec)), IsEmpty());
  EXPECT_THAT(refusals("S3Bucket", object("n/second", spec)),
              ElementsAre("spec.bucketName is logs, and S3Bucket n/first has that name already; "
                          "choose another one, or delete that object first"));
  EXPECT_THAT(refusals("S3Bucket", object("m/second", spec)),
              ElementsAre(HasSubstr("and an object of another namespace has that name")));
  EXPECT_THAT(refusals("S3Bucket", object("n/second", R"({"bucketName": "other"})")), IsEmpty());
}

TEST_F(JudgeTest, ANameIsFreeWhereSomethingElseIsMeant) {
  const char* spec = R"({"bucketName": "logs"})";
  add("AWSProvider", object("n/other", "{}"));
  add("S3Bucket", object("n/first", R"({"bucketName": "logs", "providerRef": {"name": "other"}})"));
  add("S3Bucket", with(object("n/going", spec), "metadata.deletionTimestamp", Json("now")));
  add("S3Bucket", annotated(object("n/watching", spec), "policy", "observe"));
  add("IAMRole", object("n/role", R"({"roleName": "logs"})"));
  EXPECT_THAT(refusals("S3Bucket", object("n/second", spec)), IsEmpty());
  add("S3Bucket", object("n/owner", spec));
  EXPECT_THAT(refusals("S3Bucket", annotated(object("n/watching", spec), "policy", "observe")),
              IsEmpty());
}

TEST_F(JudgeTest, ANameIsFreeAgainWhenItsOwnerHasGone) {
  const char* spec = R"({"bucketName": "logs"})";
  const Json first = object("n/first", spec);
  const Json going = with(first, "metadata.deletionTimestamp", Json("now"));
  add("S3Bucket", first);
  EXPECT_EQ(refusals("S3Bucket", object("n/second", spec)).size(), 1U);
  change("S3Bucket", first, going);
  EXPECT_THAT(refusals("S3Bucket", object("n/second", spec)), IsEmpty());
  remove("S3Bucket", going);
  EXPECT_THAT(refusals("S3Bucket", object("n/second", spec)), IsEmpty());
}

TEST_F(JudgeTest, VariantsHaveNamesToo) {
  const char* spec = R"({"clusterID": "c", "engine": "redis"})";
  add("ElastiCacheCluster", object("n/first", spec));
  EXPECT_THAT(refusals("ElastiCacheCluster", object("n/second", spec)),
              ElementsAre(HasSubstr("spec.clusterID is c, and ElastiCacheCluster n/first has")));
}

// Ranges

TEST_F(JudgeTest, ARangeLiesWithinThatOfTheOuterObject) {
  add("VPC", object("n/net", kVpc));
  EXPECT_THAT(refusals("Subnet", object("n/a", kSubnet)), IsEmpty());
  const Json outside = object("n/a", R"({"vpcRef": {"name": "net"}, "cidrBlock": "10.1.0.0/24"})");
  EXPECT_THAT(
      refusals("Subnet", outside),
      ElementsAre("spec.cidrBlock 10.1.0.0/24 is not within 10.0.0.0/16, the range of VPC n/net; "
                  "choose one that is"));
  remove("VPC", object("n/net", kVpc));
  EXPECT_THAT(refusals("Subnet", outside), IsEmpty());
}

TEST_F(JudgeTest, ARangeThatOthersHaveAddedCountsToo) {
  const Json vpc = object("n/net", kVpc);
  const auto outside = [this] {
    return refusals("Subnet",
                    object("n/a", R"({"vpcRef": {"name": "net"}, "cidrBlock": "10.2.0.0/24"})"));
  };
  const auto shown = [&vpc](JsonArray ranges) { return with(vpc, "status.cidrBlocks", ranges); };
  change("VPC", nullptr, shown({"10.0.0.0/16", "10.1.0.0/16"}));
  EXPECT_THAT(outside(), ElementsAre(HasSubstr("not within 10.0.0.0/16, 10.1.0.0/16, the ranges "
                                               "of VPC n/net")));
  change("VPC", vpc, shown({"10.0.0.0/16", "10.2.0.0/16"}));
  EXPECT_THAT(outside(), IsEmpty());
}

TEST_F(JudgeTest, TheOuterObjectMayBeNamedByItsId) {
  const Json outside = object("n/a", R"({"vpcID": "vpc-1", "cidrBlock": "10.1.0.0/24"})");
  const Json vpc = object("n/net", kVpc);
  const Json made = with(vpc, "status.vpcID", Json("vpc-1"));
  add("VPC", vpc);
  EXPECT_THAT(refusals("Subnet", outside), IsEmpty());
  change("VPC", vpc, made);
  EXPECT_THAT(refusals("Subnet", outside), ElementsAre(HasSubstr("the range of VPC n/net")));
  remove("VPC", made);
  EXPECT_THAT(refusals("Subnet", outside), IsEmpty());
}

TEST_F(JudgeTest, RangesOfSiblingsDoNotOverlap) {
  const Json first = object("n/a", kSubnet);
  add("Subnet", first);
  EXPECT_THAT(refusals("Subnet", first), IsEmpty());
  const Json second = object("n/b", R"({"vpcRef": {"name": "net"}, "cidrBlock": "10.0.1.128/25"})");
  EXPECT_THAT(refusals("Subnet", second),
              ElementsAre("spec.cidrBlock 10.0.1.128/25 overlaps that of Subnet n/a in the same "
                          "VPC; choose one that is free"));
  const Json beside = object("n/b", R"({"vpcRef": {"name": "net"}, "cidrBlock": "10.0.2.0/24"})");
  EXPECT_THAT(refusals("Subnet", beside), IsEmpty());
  const Json other_vpc =
      object("n/b", R"({"vpcRef": {"name": "lab"}, "cidrBlock": "10.0.1.128/25"})");
  EXPECT_THAT(refusals("Subnet", other_vpc), IsEmpty());
  remove("Subnet", first);
  EXPECT_THAT(refusals("Subnet", second), IsEmpty());
}

TEST_F(JudgeTest, SiblingsMeetHoweverTheyNameTheOuterObject) {
  add("VPC", with(object("n/net", kVpc), "status.vpcID", Json("vpc-1")));
  const Json by_reference = object("n/a", kSubnet);
  const Json by_id = object("m/b", R"({"vpcID": "vpc-1", "cidrBlock": "10.0.0.0/23"})");
  add("Subnet", by_reference);
  EXPECT_THAT(refusals("Subnet", by_id),
              ElementsAre(HasSubstr("overlaps that of an object of another namespace")));
  remove("Subnet", by_reference);
  add("Subnet", by_id);
  EXPECT_THAT(refusals("Subnet", by_reference), ElementsAre(HasSubstr("overlaps that of")));
}

TEST_F(JudgeTest, NobodyLearnsOfRangesThatMustNotBeReferredTo) {
  const Json vpc = object("n/net", kVpc);
  const Json outside =
      object("m/a", R"({"vpcRef": {"name": "net", "namespace": "n"}, "cidrBlock": "10.1.0.0/24"})");
  add("VPC", vpc);
  EXPECT_THAT(refusals("Subnet", outside), IsEmpty());
  change("VPC", vpc, annotated(vpc, "allow-references-from", "m"));
  EXPECT_THAT(refusals("Subnet", outside), ElementsAre(HasSubstr("the range of VPC n/net")));
}

// Dangers

TEST_F(JudgeTest, WarnsOfOpeningsForEverybody) {
  const auto warnings = [this](const char* rule) {
    Json group = object("n/g", R"({"groupName": "g"})");
    set_path(group, "spec.ingressRules", JsonArray{boost::json::parse(rule)});
    const auto verdict = judge("SecurityGroup", std::move(group));
    EXPECT_THAT(verdict.refusals, IsEmpty());
    return verdict.warnings;
  };
  EXPECT_THAT(warnings(R"({"ipProtocol": "tcp", "fromPort": 22, "toPort": 22,
                           "cidrBlocks": ["10.0.0.0/8", "0.0.0.0/0"]})"),
              ElementsAre("spec.ingressRules[0] lets everybody (0.0.0.0/0) in at port 22 (SSH); "
                          "name the ranges that need it"));
  EXPECT_THAT(warnings(R"({"ipProtocol": "6", "fromPort": 3000, "toPort": 4000,
                           "ipv6CidrBlocks": ["::/0"]})"),
              ElementsAre(HasSubstr("everybody (::/0) in at port 3389 (RDP)")));
  EXPECT_EQ(warnings(R"({"ipProtocol": "-1", "cidrBlocks": ["0.0.0.0/0"]})").size(), 2U);
  for (const char* fine :
       {R"({"ipProtocol": "tcp", "fromPort": 443, "toPort": 443, "cidrBlocks": ["0.0.0.0/0"]})",
        R"({"ipProtocol": "tcp", "fromPort": 22, "toPort": 22, "cidrBlocks": ["10.0.0.0/8"]})",
        R"({"ipProtocol": "udp", "fromPort": 22, "toPort": 22, "cidrBlocks": ["0.0.0.0/0"]})",
        R"({"ipProtocol": "tcp", "cidrBlocks": ["0.0.0.0/0"]})"}) {
    EXPECT_THAT(warnings(fine), IsEmpty()) << fine;
  }
}

TEST_F(JudgeTest, WarnsOfWhatTheDefinitionSays) {
  const auto warnings = [this](const char* spec) {
    return judge("S3Bucket", object("n/b", spec)).warnings;
  };
  EXPECT_THAT(warnings(R"({"bucketName": "b"})"), IsEmpty());
  EXPECT_THAT(warnings(R"({"bucketName": "b", "publicAccessBlock": {"blockPublicAcls": true}})"),
              ElementsAre(HasSubstr("spec.publicAccessBlock leaves a way")));
  EXPECT_THAT(warnings(R"({"bucketName": "b", "publicAccessBlock": {
                  "blockPublicAcls": true, "blockPublicPolicy": true, "ignorePublicAcls": true,
                  "restrictPublicBuckets": true}})"),
              IsEmpty());
}

TEST(Judge, DangersAreRefusedWhereThatIsAskedFor) {
  Judge judge(kinds(), provider_kind(), {.dangers = true});
  const Json open = object("n/b", R"({"bucketName": "b", "publicAccessBlock": {}})");
  EXPECT_THAT(judge.judge(review("S3Bucket", open)).refusals,
              ElementsAre(HasSubstr("spec.publicAccessBlock leaves a way")));
  const Json before = with(open, "spec.acl", Json("private"));
  const auto changed = judge.judge(review("S3Bucket", open, before));
  EXPECT_THAT(changed.refusals, IsEmpty());
  EXPECT_THAT(changed.warnings, testing::Contains(HasSubstr("leaves a way")));
}

// Deletion

TEST_F(JudgeTest, WarnsOfTheDeletionOfWhatOthersUse) {
  const Json net = object("n/net", kVpc);
  add("VPC", net);
  EXPECT_THAT(judge_deletion("VPC", net).warnings, IsEmpty());
  for (const char* key : {"n/a", "n/b", "n/c", "n/d"}) add("Subnet", object(key, kSubnet));
  EXPECT_THAT(judge_deletion("VPC", net).warnings,
              ElementsAre("VPC n/net is still used by Subnet n/a, Subnet n/b, Subnet n/c and 1 "
                          "more; delete what uses it first"));
  EXPECT_THAT(judge_deletion("VPC", net).refusals, IsEmpty());
  EXPECT_THAT(judge_deletion("VPC", object("n/other", kVpc)).warnings, IsEmpty());
  for (const char* key : {"n/a", "n/b", "n/c"}) remove("Subnet", object(key, kSubnet));
  change("Subnet", object("n/d", kSubnet),
         with(object("n/d", kSubnet), "metadata.deletionTimestamp", Json("now")));
  EXPECT_THAT(judge_deletion("VPC", net).warnings, IsEmpty());
}

TEST_F(JudgeTest, WarnsOfTheDeletionOfAProviderThatIsUsed) {
  const Json provider = object("n/aws", "{}");
  EXPECT_THAT(judge_deletion("AWSProvider", provider).warnings, IsEmpty());
  add("VPC", object("m/net", kVpc));
  EXPECT_THAT(judge_deletion("AWSProvider", provider).warnings,
              ElementsAre("AWSProvider n/aws is still used by an object of another namespace; "
                          "delete what uses it first"));
  const Json going = with(provider, "metadata.deletionTimestamp", Json("now"));
  EXPECT_THAT(judge_deletion("AWSProvider", going).warnings, IsEmpty());
}

TEST(Judge, TheDeletionOfWhatIsUsedIsRefusedWhereThatIsAskedFor) {
  Judge judge(kinds(), provider_kind(), {.deletion_in_use = true});
  const auto refusals = [&judge](Json one) {
    Review asked = review("SQSQueue", nullptr, std::move(one));
    asked.operation = "DELETE";
    return judge.judge(asked).refusals;
  };
  const auto queue = [](const std::string& key, const char* dead_letters) {
    return with(object(key, "{}"), "spec.deadLetterQueue.targetRef.name", Json(dead_letters));
  };
  judge.note(kind_named("SQSQueue"), nullptr, queue("n/a", "b"));
  EXPECT_THAT(refusals(queue("n/b", "c")), IsEmpty()) << "not all objects are known yet";
  judge.set_complete();
  EXPECT_THAT(refusals(queue("n/b", "c")), ElementsAre(HasSubstr("is still used by SQSQueue n/a")));
  judge.note(kind_named("SQSQueue"), nullptr, queue("n/b", "a"));
  EXPECT_THAT(refusals(queue("n/b", "a")), IsEmpty()) << "neither could go first";
}

// Partitions

TEST_F(JudgeTest, WarnsOfWhatAPartitionDoesNotHave) {
  const Json provider = object("n/aws", "{}");
  const auto warnings = [this](const std::string& kind, const char* spec) {
    return judge(kind, object("n/a", spec)).warnings;
  };
  const char* sms = R"({"topicName": "t", "subscriptions": [{"protocol": "sqs", "endpoint": "q"},
      {"protocol": "sms", "endpoint": "+8613000000000"}]})";
  const char* twofold = R"({"repositoryName": "r",
      "encryptionConfiguration": {"encryptionType": "KMS_DSSE"}})";
  EXPECT_THAT(warnings("SNSTopic", sms), IsEmpty()) << "nobody knows the partition yet";
  const auto sign_in = [&](const char* caller) {
    change("AWSProvider", provider, with(provider, "status.callerIdentity", Json(caller)));
  };
  sign_in("arn:aws-cn:sts::1:assumed-role/r/s");
  EXPECT_THAT(warnings("SNSTopic", sms),
              ElementsAre("spec.subscriptions.protocol is sms, and AWSProvider n/aws signs in to "
                          "aws-cn, where AWS did not have that yet when this operator was made; it "
                          "may refuse"));
  EXPECT_THAT(warnings("ECRRepository", twofold),
              ElementsAre(HasSubstr("encryptionType is KMS_DSSE")));
  sign_in("arn:aws-us-gov:sts::1:assumed-role/r/s");
  EXPECT_THAT(warnings("SNSTopic", sms), IsEmpty());
  EXPECT_THAT(warnings("ECRRepository", twofold), IsEmpty());
}

TEST_F(JudgeTest, WarnsOfArnsOfAnotherPartition) {
  const Json provider = object("n/aws", "{}");
  change("AWSProvider", provider,
         with(provider, "status.callerIdentity", Json("arn:aws-cn:sts::1:assumed-role/r/s")));
  const auto warnings = [this](const std::string& kind, const char* spec) {
    return judge(kind, object("n/a", spec)).warnings;
  };
  EXPECT_THAT(
      warnings("LambdaFunction", R"({"functionName": "f", "role": "arn:aws:iam::1:role/r"})"),
      ElementsAre("spec.role has an ARN of partition aws, and AWSProvider n/aws signs in to "
                  "aws-cn; write arn:aws-cn:"));
  EXPECT_THAT(
      warnings("LambdaFunction", R"({"functionName": "f", "layers": ["arn:aws-us-gov:x"]})"),
      ElementsAre(HasSubstr("spec.layers has an ARN of partition aws-us-gov")));
  EXPECT_THAT(
      warnings("IAMRole", R"({"roleName": "r", "inlinePolicy": {"policyDocument":
                  "{\"Statement\": {\"Resource\": [\"arn:aws-cn:s3:::b\", \"arn:aws:s3:::b\"]}}"}})"),
      ElementsAre(HasSubstr("spec.inlinePolicy.policyDocument has an ARN of partition aws,")));
  for (const char* fine : {R"({"functionName": "f", "role": "arn:aws-cn:iam::1:role/r"})",
                           R"({"functionName": "f", "tags": {"a": "arn:aws:iam::1:role/r"}})",
                           R"({"functionName": "f", "role": 7, "layers": [7, null]})"}) {
    EXPECT_THAT(warnings("LambdaFunction", fine), IsEmpty()) << fine;
  }
}

// What always passes

TEST_F(JudgeTest, WhatSaysNothingNewPasses) {
  const Json bad = object("o/net", kVpc);  // its provider does not serve o
  ASSERT_EQ(refusals("VPC", bad).size(), 1U);
  const Json going = with(with(bad, "metadata.deletionTimestamp", Json("now")),
                          "spec.enableDnsSupport", Json(false));
  const Json held = with(bad, "metadata.finalizers", JsonArray{"f"});
  Review status = review("VPC", bad);
  status.subresource = "status";
  Review removal = review("VPC", nullptr, bad);
  removal.operation = "DELETE";
  Review foreign = review("VPC", bad);
  foreign.group = "example.com";
  for (const auto& [why, one] : std::initializer_list<std::pair<const char*, Review>>{
           {"on its way out", review("VPC", going, bad)},
           {"a finalizer", review("VPC", held, bad)},
           {"status", status},
           {"a deletion", removal},
           {"another group", foreign},
           {"an unknown kind", review("Volcano", bad)},
           {"no object", review("VPC", nullptr)}}) {
    const auto verdict = judge_.judge(one);
    EXPECT_THAT(verdict.refusals, IsEmpty()) << why;
    EXPECT_THAT(verdict.warnings, IsEmpty()) << why;
  }
}

TEST_F(JudgeTest, WhatWasWrongBeforeDoesNotHoldUpAChange) {
  const Json before = object("o/net", kVpc);
  const Json after = with(before, "spec.enableDnsSupport", Json(false));
  const auto verdict = judge_.judge(review("VPC", after, before));
  EXPECT_THAT(verdict.refusals, IsEmpty());
  EXPECT_THAT(verdict.warnings, ElementsAre(HasSubstr("does not serve namespace o")));
}

TEST(Judge, UntilItKnowsAllOnlyTheObjectItselfIsJudged) {
  Judge judge(kinds(), provider_kind());
  const auto verdict = judge.judge(review("VPC", object("n/net", kVpc)));
  EXPECT_THAT(verdict.refusals, IsEmpty());
  EXPECT_THAT(verdict.warnings, ElementsAre(HasSubstr("does not know all objects yet")));
  Json role = object("n/role", R"({"roleName": "r", "assumeRolePolicyDocument": "no"})");
  EXPECT_EQ(judge.judge(review("IAMRole", role)).refusals.size(), 1U);
}

// Whatever an object holds where something else is expected.
TEST_F(JudgeTest, OddObjectsAreNoTrouble) {
  for (const auto& kind : kinds()) {
    for (const char* odd :
         {"{}", R"({"spec": null})", R"({"spec": 7})",
          R"({"spec": {"vpcRef": [], "cidrBlock": 1}})",
          R"({"metadata": [], "spec": {"ingressRules": [7, {"cidrBlocks": "x"}]}})",
          R"({"metadata": {"annotations": "x"}, "spec": {"providerRef": "x", "vpcID": 5}})"}) {
      const Json one = boost::json::parse(odd);
      judge_.note(kind, nullptr, one);
      judge_.judge(review(kind.kind, one));
      judge_.judge(review(kind.kind, one, object("n/a", kSubnet)));
      judge_.note(kind, one, nullptr);
    }
  }
  EXPECT_THAT(refusals("Subnet", object("n/a", kSubnet)), IsEmpty());
}

}  // namespace
}  // namespace infra::admission
