#include "aws/fake_aws_for_test.h"

namespace infra::sim {
namespace {

using std::chrono::minutes;

using EcrTest = FakeAwsTest;

const std::string kName = R"({"repositoryName": "team/app")";

TEST_F(EcrTest, ARepositoryFromBirthToDeath) {
  const Json made =
      must("ecr", "CreateRepository", kName + R"(, "tags": [{"Key": "a", "Value": "1"}]})")
          .at("repository");
  const std::string arn = text_at(made, "repositoryArn");
  EXPECT_EQ(arn, "arn:aws:ecr:us-east-1:111111111111:repository/team/app");
  EXPECT_EQ(text_at(made, "repositoryUri"),
            "111111111111.dkr.ecr.us-east-1.amazonaws.com/team/app");
  must("ecr", "PutImageTagMutability", kName + R"(, "imageTagMutability": "IMMUTABLE"})");
  must("ecr", "PutImageScanningConfiguration",
       kName + R"(, "imageScanningConfiguration": {"scanOnPush": true}})");
  const Json seen = must("ecr", "DescribeRepositories", R"({"repositoryNames": ["team/app"]})")
                        .at("repositories")
                        .at(0);
  EXPECT_EQ(text_at(seen, "imageTagMutability"), "IMMUTABLE");
  EXPECT_EQ(*find_path(seen, "imageScanningConfiguration.scanOnPush"), Json(true));
  EXPECT_EQ(text_at(seen, "encryptionConfiguration.encryptionType"), "AES256");
  must("ecr", "TagResource",
       R"({"resourceArn": ")" + arn + R"(", "tags": [{"Key": "b", "Value": "2"}]})");
  must("ecr", "UntagResource", R"({"resourceArn": ")" + arn + R"(", "tagKeys": ["a"]})");
  EXPECT_EQ(
      boost::json::serialize(
          must("ecr", "ListTagsForResource", R"({"resourceArn": ")" + arn + R"("})").at("tags")),
      R"([{"Key":"b","Value":"2"}])");
  must("ecr", "DeleteRepository", kName + "}");
  EXPECT_EQ(code("ecr", "DescribeRepositories", R"({"repositoryNames": ["team/app"]})"),
            "RepositoryNotFoundException");
}

TEST_F(EcrTest, LifecyclePoliciesAreApart) {
  must("ecr", "CreateRepository", kName + "}");
  EXPECT_EQ(code("ecr", "GetLifecyclePolicy", kName + "}"), "LifecyclePolicyNotFoundException");
  EXPECT_EQ(code("ecr", "PutLifecyclePolicy", kName + R"(, "lifecyclePolicyText": "nonsense"})"),
            "InvalidParameterException");
  must("ecr", "PutLifecyclePolicy", kName + R"(, "lifecyclePolicyText": "{\"rules\":[]}"})");
  EXPECT_EQ(text_at(must("ecr", "GetLifecyclePolicy", kName + "}"), "lifecyclePolicyText"),
            R"({"rules":[]})");
  must("ecr", "DeleteLifecyclePolicy", kName + "}");
  EXPECT_EQ(code("ecr", "GetLifecyclePolicy", kName + "}"), "LifecyclePolicyNotFoundException");
}

TEST_F(EcrTest, RepositoriesAreRefusedAsEcrDoesIt) {
  must("ecr", "CreateRepository", kName + "}");
  EXPECT_EQ(code("ecr", "CreateRepository", kName + "}"), "RepositoryAlreadyExistsException");
  EXPECT_EQ(code("ecr", "CreateRepository", kName + "}", "AK2"), "ok");
  EXPECT_EQ(code("ecr", "PutImageTagMutability", kName + R"(, "imageTagMutability": "OFTEN"})"),
            "InvalidParameterException");
  EXPECT_EQ(code("ecr", "DeleteRepository", R"({"repositoryName": "other"})"),
            "RepositoryNotFoundException");
}

TEST_F(EcrTest, ARepositoryWithImagesStays) {
  must("ecr", "CreateRepository", kName + "}");
  Random random(1, "somebody");
  EXPECT_NE(fake.occupy(random, minutes(1)), "");
  EXPECT_EQ(code("ecr", "DeleteRepository", kName + "}"), "RepositoryNotEmptyException");
  EXPECT_EQ(code("ecr", "DeleteRepository", kName + R"(, "force": true})"), "ok");
}

}  // namespace
}  // namespace infra::sim
