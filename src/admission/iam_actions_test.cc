#include "admission/iam_actions.h"

#include <gmock/gmock.h>

#include "definition/loader.h"

namespace infra::admission {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(IamActions, KnowsThoseOfAws) {
  for (const char* known : {"*", "s3:GetObject", "S3:getobject", "s3:*", "s3:Get*",
                            "ec2:Describe?pcs", "sts:AssumeRole", "iam:PassRole",
                            "lambda:Invoke*Function", "execute-api:Invoke", "s3:*Acl*"}) {
    EXPECT_TRUE(is_iam_action(known)) << known;
  }
  for (const char* unknown :
       {"", "s3", "s3:", ":GetObject", "s3:GetObjekt", "s4:GetObject", "s3:Got*", "s3:GetObject?",
        "*:GetObject", "s3:GetObject ", "s3.GetObject", "s3:[G]etObject"}) {
    EXPECT_FALSE(is_iam_action(unknown)) << unknown;
  }
}

std::vector<std::string> warnings(const std::string& policy) {
  static const auto kinds = *definition::load_embedded();
  const auto role = std::ranges::find(kinds, "IAMRole", &definition::Definition::kind);
  const Json spec =
      JsonObject{{"inlinePolicy", JsonObject{{"policyName", "p"}, {"policyDocument", policy}}}};
  std::vector<std::string> out;
  add_unknown_actions(*role, spec, out);
  return out;
}

TEST(IamActions, WarnsOfThoseThatAreNone) {
  EXPECT_THAT(warnings(R"({"Statement": {"Action": "s3:GetObjekt"}})"),
              ElementsAre("spec.inlinePolicy.policyDocument names s3:GetObjekt, which is no action "
                          "that IAM knew when this operator was built; correct it unless AWS has "
                          "added it since"));
  EXPECT_THAT(warnings(R"({"Statement": [{"Action": ["s3:GetObject", "s3:Fly"]},
                                         {"NotAction": ["ec2:Fly"]}]})"),
              ElementsAre(HasSubstr("names s3:Fly"), HasSubstr("names ec2:Fly")));
}

TEST(IamActions, HasNothingToSayOfOtherDocuments) {
  for (const char* other : {"", "no", "[]", "{}", R"({"Statement": 7})", R"({"Statement": [7]})",
                            R"({"Statement": {"Action": 7}})", R"({"Statement": {"Action": [7]}})",
                            R"({"Statement": {"Resource": "*"}})"}) {
    EXPECT_THAT(warnings(other), IsEmpty()) << other;
  }
}

}  // namespace
}  // namespace infra::admission
