#include <array>
#include <set>
#include <tuple>

#include "aws/fake_aws_for_test.h"
#include "base/base64.h"

namespace infra::sim {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

const std::string kTrust =
    R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]})";

TEST_F(FakeAwsTest, AVpcFromBirthToDeath) {
  const Json made = must("ec2", "CreateVpc",
                         R"({"CidrBlock": "10.0.0.0/16", "TagSpecifications":
      [{"ResourceType": "vpc", "Tags": [{"Key": "a", "Value": "1"}]}]})");
  const std::string id = text_at(made, "Vpc.VpcId");
  EXPECT_TRUE(id.starts_with("vpc-0")) << id;
  EXPECT_EQ(text_at(made, "Vpc.State"), "pending");
  pass(seconds(2));
  const Json seen = must("ec2", "DescribeVpcs", R"({"VpcIds": [")" + id + R"("]})");
  const Json& vpc = seen.at("Vpcs").at(0);
  EXPECT_EQ(text_at(vpc, "State"), "available");
  EXPECT_EQ(text_at(vpc, "InstanceTenancy"), "default");
  EXPECT_EQ(vpc.at("Tags").as_array().size(), 1u);
  must("ec2", "ModifyVpcAttribute",
       R"({"VpcId": ")" + id + R"(", "EnableDnsHostnames": {"Value": true}})");
  EXPECT_EQ(must("ec2", "DescribeVpcAttribute",
                 R"({"VpcId": ")" + id + R"(", "Attribute": "enableDnsHostnames"})")
                .at("EnableDnsHostnames")
                .at("Value"),
            Json(true));
  EXPECT_EQ(code("ec2", "DeleteVpc", R"({"VpcId": ")" + id + R"("})"), "ok");
  EXPECT_EQ(code("ec2", "DeleteVpc", R"({"VpcId": ")" + id + R"("})"), "InvalidVpcID.NotFound");
}

TEST_F(FakeAwsTest, ARoleFromBirthToDeath) {
  const std::string input = boost::json::serialize(
      JsonObject{{"RoleName", "r"}, {"AssumeRolePolicyDocument", kTrust}, {"Path", "/team/"}});
  const Json made = must("iam", "CreateRole", input);
  EXPECT_EQ(text_at(made, "Role.Arn"), "arn:aws:iam::111111111111:role/team/r");
  EXPECT_EQ(code("iam", "CreateRole", input), "EntityAlreadyExists");
  must("iam", "PutRolePolicy",
       boost::json::serialize(
           JsonObject{{"RoleName", "r"}, {"PolicyName", "p"}, {"PolicyDocument", kTrust}}));
  must("iam", "AttachRolePolicy",
       R"({"RoleName": "r", "PolicyArn": "arn:aws:iam::aws:policy/ReadOnlyAccess"})");
  must("iam", "TagRole", R"({"RoleName": "r", "Tags": [{"Key": "a", "Value": "1"}]})");
  const Json role = must("iam", "GetRole", R"({"RoleName": "r"})").at("Role");
  EXPECT_EQ(net::percent_decode(text_at(role, "AssumeRolePolicyDocument")), kTrust);
  EXPECT_EQ(role.at("MaxSessionDuration"), Json(3600));
  EXPECT_EQ(code("iam", "DeleteRole", R"({"RoleName": "r"})"), "DeleteConflict");
  must("iam", "DetachRolePolicy",
       R"({"RoleName": "r", "PolicyArn": "arn:aws:iam::aws:policy/ReadOnlyAccess"})");
  EXPECT_EQ(code("iam", "DeleteRole", R"({"RoleName": "r"})"), "DeleteConflict");
  must("iam", "DeleteRolePolicy", R"({"RoleName": "r", "PolicyName": "p"})");
  must("iam", "DeleteRole", R"({"RoleName": "r"})");
  EXPECT_EQ(code("iam", "GetRole", R"({"RoleName": "r"})"), "NoSuchEntity");
}

TEST_F(FakeAwsTest, AQueueFromBirthToDeath) {
  const Json made =
      must("sqs", "CreateQueue",
           R"({"QueueName": "q", "Attributes": {"DelaySeconds": "5"}, "tags": {"a": "1"}})");
  const std::string url = text_at(made, "QueueUrl");
  EXPECT_EQ(url, "https://sqs.us-east-1.amazonaws.com/111111111111/q");
  EXPECT_EQ(
      code("sqs", "CreateQueue", R"({"QueueName": "q", "Attributes": {"DelaySeconds": "5"}})"),
      "ok");
  EXPECT_EQ(
      code("sqs", "CreateQueue", R"({"QueueName": "q", "Attributes": {"DelaySeconds": "6"}})"),
      "QueueAlreadyExists");
  const std::string of = R"({"QueueUrl": ")" + url + "\"";
  const Json seen = must("sqs", "GetQueueAttributes", of + R"(, "AttributeNames": ["All"]})");
  EXPECT_EQ(text_at(seen, "Attributes.DelaySeconds"), "5");
  EXPECT_EQ(text_at(seen, "Attributes.QueueArn"), "arn:aws:sqs:us-east-1:111111111111:q");
  must("sqs", "SetQueueAttributes", of + R"(, "Attributes": {"VisibilityTimeout": "60"}})");
  must("sqs", "TagQueue", of + R"(, "Tags": {"b": "2"}})");
  must("sqs", "UntagQueue", of + R"(, "TagKeys": ["a"]})");
  EXPECT_EQ(boost::json::serialize(must("sqs", "ListQueueTags", of + "}")),
            R"({"Tags":{"b":"2"}})");
  must("sqs", "DeleteQueue", of + "}");
  EXPECT_EQ(code("sqs", "GetQueueUrl", R"({"QueueName": "q"})"),
            "AWS.SimpleQueueService.NonExistentQueue");
  EXPECT_EQ(code("sqs", "CreateQueue", R"({"QueueName": "q"})"),
            "AWS.SimpleQueueService.QueueDeletedRecently");
  pass(seconds(60));
  EXPECT_EQ(code("sqs", "CreateQueue", R"({"QueueName": "q"})"), "ok");
}

TEST_F(FakeAwsTest, AKeyFromBirthToDeath) {
  const Json made = must("kms", "CreateKey",
                         R"({"Description": "d", "Tags": [{"TagKey": "a", "TagValue": "1"}]})");
  const std::string of = R"({"KeyId": ")" + text_at(made, "KeyMetadata.KeyId") + "\"";
  EXPECT_EQ(text_at(made, "KeyMetadata.KeyState"), "Enabled");
  must("kms", "EnableKeyRotation", of + "}");
  must("kms", "DisableKey", of + "}");
  EXPECT_EQ(text_at(must("kms", "DescribeKey", of + "}"), "KeyMetadata.KeyState"), "Disabled");
  EXPECT_EQ(code("kms", "DisableKeyRotation", of + "}"), "DisabledException");
  const Json found = must(
      "resourcegroupstaggingapi", "GetResources",
      R"({"TagFilters": [{"Key": "a", "Values": ["1"]}], "ResourceTypeFilters": ["kms:key"]})");
  EXPECT_EQ(text_at(found.at("ResourceTagMappingList").at(0), "ResourceARN"),
            text_at(made, "KeyMetadata.Arn"));
  must("kms", "ScheduleKeyDeletion", of + R"(, "PendingWindowInDays": 7})");
  EXPECT_EQ(text_at(must("kms", "DescribeKey", of + "}"), "KeyMetadata.KeyState"),
            "PendingDeletion");
  EXPECT_EQ(code("kms", "ScheduleKeyDeletion", of + "}"), "KMSInvalidStateException");
  EXPECT_FALSE(only().live);
  pass(std::chrono::hours(7 * 24));
  EXPECT_EQ(code("kms", "DescribeKey", of + "}"), "NotFoundException");
}

std::string function_input(const std::string& role) {
  return boost::json::serialize(JsonObject{{"FunctionName", "f"},
                                           {"Runtime", "python3.12"},
                                           {"Handler", "index.handler"},
                                           {"Role", role},
                                           {"Code", JsonObject{{"ZipFile", base64_encode("PK")}}},
                                           {"Tags", JsonObject{{"a", "1"}}}});
}

TEST_F(FakeAwsTest, AFunctionFromBirthToDeath) {
  const std::string input = function_input("arn:aws:iam::111111111111:role/elsewhere");
  const Json made = must("lambda", "CreateFunction", input);
  EXPECT_EQ(text_at(made, "State"), "Pending");
  EXPECT_EQ(code("lambda", "CreateFunction", input), "ResourceConflictException");
  EXPECT_EQ(code("lambda", "UpdateFunctionConfiguration", R"({"FunctionName": "f", "Timeout": 9})"),
            "ResourceConflictException");
  pass(seconds(5));
  EXPECT_EQ(
      text_at(must("lambda", "GetFunctionConfiguration", R"({"FunctionName": "f"})"), "State"),
      "Active");
  must("lambda", "UpdateFunctionConfiguration", R"({"FunctionName": "f", "Timeout": 9})");
  EXPECT_EQ(code("lambda", "UpdateFunctionConfiguration", R"({"FunctionName": "f", "Timeout": 9})"),
            "ResourceConflictException");
  pass(seconds(5));
  const std::string of = R"({"Resource": ")" + text_at(made, "FunctionArn") + "\"";
  must("lambda", "TagResource", of + R"(, "Tags": {"b": "2"}})");
  must("lambda", "UntagResource", of + R"(, "TagKeys": ["a"]})");
  EXPECT_EQ(boost::json::serialize(must("lambda", "ListTags", of + "}")), R"({"Tags":{"b":"2"}})");
  must("lambda", "DeleteFunction", R"({"FunctionName": "f"})");
  EXPECT_EQ(code("lambda", "GetFunctionConfiguration", R"({"FunctionName": "f"})"),
            "ResourceNotFoundException");
}

TEST_F(FakeAwsTest, ABucketFromBirthToDeath) {
  must(
      "s3", "CreateBucket",
      R"({"Bucket": "my-bucket", "CreateBucketConfiguration": {"Tags": [{"Key": "a", "Value": "1"}]}})");
  EXPECT_EQ(code("s3", "HeadBucket", R"({"Bucket": "my-bucket"})"), "ok");
  EXPECT_EQ(code("s3", "HeadBucket", R"({"Bucket": "my-bucket"})", "AK2"), "403");
  EXPECT_EQ(code("s3", "HeadBucket", R"({"Bucket": "my-bucket"})", "AK1", "eu-west-1"), "301");
  EXPECT_EQ(code("s3", "CreateBucket", R"({"Bucket": "my-bucket"})"), "ok");
  EXPECT_EQ(code("s3", "CreateBucket", R"({"Bucket": "my-bucket"})", "AK2"), "BucketAlreadyExists");
  EXPECT_EQ(text_at(must("s3", "GetBucketEncryption", R"({"Bucket": "my-bucket"})")
                        .at("ServerSideEncryptionConfiguration")
                        .at("Rules")
                        .at(0),
                    "ApplyServerSideEncryptionByDefault.SSEAlgorithm"),
            "AES256");
  EXPECT_EQ(must("s3", "GetPublicAccessBlock", R"({"Bucket": "my-bucket"})")
                .at("PublicAccessBlockConfiguration")
                .at("BlockPublicAcls"),
            Json(true));
  must("s3", "PutBucketVersioning",
       R"({"Bucket": "my-bucket", "VersioningConfiguration": {"Status": "Enabled"}})");
  EXPECT_EQ(text_at(must("s3", "GetBucketVersioning", R"({"Bucket": "my-bucket"})"), "Status"),
            "Enabled");
  EXPECT_EQ(code("s3", "GetBucketCors", R"({"Bucket": "my-bucket"})"), "NoSuchCORSConfiguration");
  must("s3", "PutBucketCors", R"({"Bucket": "my-bucket", "CORSConfiguration": {"CORSRules": [
      {"AllowedMethods": ["GET"], "AllowedOrigins": ["*"], "MaxAgeSeconds": 5}]}})");
  EXPECT_EQ(must("s3", "GetBucketCors", R"({"Bucket": "my-bucket"})")
                .at("CORSRules")
                .at(0)
                .at("MaxAgeSeconds"),
            Json(5));
  must("s3", "DeleteBucketCors", R"({"Bucket": "my-bucket"})");
  must("s3", "PutBucketLifecycleConfiguration", R"({"Bucket": "my-bucket", "LifecycleConfiguration":
      {"Rules": [{"ID": "x", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 3}}]}})");
  EXPECT_EQ(text_at(must("s3", "GetBucketLifecycleConfiguration", R"({"Bucket": "my-bucket"})")
                        .at("Rules")
                        .at(0),
                    "ID"),
            "x");
  must("s3", "DeleteBucketLifecycle", R"({"Bucket": "my-bucket"})");
  must("s3", "PutBucketTagging",
       R"({"Bucket": "my-bucket", "Tagging": {"TagSet": [{"Key": "b", "Value": "2"}]}})");
  EXPECT_EQ(text_at(must("s3", "GetBucketTagging", R"({"Bucket": "my-bucket"})").at("TagSet").at(0),
                    "Key"),
            "b");
  EXPECT_EQ(only().tags, (std::map<std::string, std::string>{{"b", "2"}}));
  must("s3", "DeleteBucket", R"({"Bucket": "my-bucket"})");
  EXPECT_EQ(code("s3", "HeadBucket", R"({"Bucket": "my-bucket"})"), "404");
  EXPECT_EQ(code("s3", "GetBucketTagging", R"({"Bucket": "my-bucket"})"), "NoSuchBucket");
}

std::string vpc_input(const std::string& range) {
  return R"({"CidrBlock": ")" + range +
         R"(", "TagSpecifications": [{"ResourceType": "vpc", "Tags": [{"Key": "a", "Value": "1"}]}]})";
}

std::string by_tag(const std::string& value) {
  return R"({"Filters": [{"Name": "tag:a", "Values": [")" + value + R"("]}]})";
}

TEST_F(FakeAwsTest, ARequestSaysWhatItIs) {
  must("ec2", "CreateVpc", vpc_input("10.0.0.0/16"));
  EXPECT_EQ(transport.calls.back().service, "ec2");
  EXPECT_EQ(transport.calls.back().operation, "CreateVpc");
  EXPECT_EQ(transport.calls.back().access_key, "AK1");
  EXPECT_TRUE(transport.calls.back().writes);
  (void)code("s3", "GetBucketVersioning", R"({"Bucket": "my-bucket"})");
  EXPECT_EQ(transport.calls.back().operation, "GetBucketVersioning");
  EXPECT_EQ(transport.calls.back().resource, "my-bucket");
  EXPECT_FALSE(transport.calls.back().writes);
  (void)code("lambda", "ListTags",
             R"({"Resource": "arn:aws:lambda:us-east-1:111111111111:function:f"})");
  EXPECT_EQ(transport.calls.back().operation, "ListTags");
  EXPECT_EQ(transport.calls.back().resource, "f");
  (void)code("iam", "GetRole", R"({"RoleName": "r"})");
  EXPECT_EQ(transport.calls.back().resource, "r");
  (void)code("sqs", "GetQueueUrl", R"({"QueueName": "q"})");
  EXPECT_EQ(transport.calls.back().resource, "q");
  (void)code("kms", "DescribeKey", R"({"KeyId": "k"})");
  EXPECT_EQ(transport.calls.back().resource, "k");
}

TEST_F(FakeAwsTest, TheLedgerKnowsWhoDidWhat) {
  const std::string owned = R"({"CidrBlock": "10.0.0.0/16", "TagSpecifications": [{"ResourceType":
      "vpc", "Tags": [{"Key": "aws-infra-operator.runner.codes/uid", "Value": "u-1"}]}]})";
  const std::string id = text_at(must("ec2", "CreateVpc", owned), "Vpc.VpcId");
  must("ec2", "DeleteVpc", R"({"VpcId": ")" + id + R"("})");
  ASSERT_EQ(fake.log().size(), 2u);
  EXPECT_TRUE(fake.log()[0].created);
  EXPECT_EQ(fake.log()[0].owner, "u-1");
  EXPECT_EQ(fake.log()[0].call.access_key, "AK1");
  EXPECT_TRUE(fake.log()[1].removed);
  EXPECT_EQ(fake.log()[1].owner, "u-1");
  EXPECT_EQ(fake.log()[1].id, id);
  EXPECT_FALSE(only().live);
  EXPECT_EQ(only().state.at("EnableDnsSupport").at("Value"), Json(true));
}

TEST_F(FakeAwsTest, AccountsAndRegionsAreApart) {
  const std::string id = text_at(must("ec2", "CreateVpc", vpc_input("10.0.0.0/16")), "Vpc.VpcId");
  const std::string ask = R"({"VpcIds": [")" + id + R"("]})";
  EXPECT_EQ(code("ec2", "DescribeVpcs", ask), "ok");
  EXPECT_EQ(code("ec2", "DescribeVpcs", ask, "AK2"), "InvalidVpcID.NotFound");
  EXPECT_EQ(code("ec2", "DescribeVpcs", ask, "AK1", "eu-west-1"), "InvalidVpcID.NotFound");
  const std::string role =
      boost::json::serialize(JsonObject{{"RoleName", "r"}, {"AssumeRolePolicyDocument", kTrust}});
  must("iam", "CreateRole", role);
  EXPECT_EQ(code("iam", "GetRole", R"({"RoleName": "r"})", "AK1", "eu-west-1"), "ok");
  EXPECT_EQ(code("iam", "GetRole", R"({"RoleName": "r"})", "AK2"), "NoSuchEntity");
}

TEST_F(FakeAwsTest, VpcsAreRefusedAsEc2DoesIt) {
  EXPECT_EQ(code("ec2", "CreateVpc", R"({"CidrBlock": "10.0.0.0/8"})"), "InvalidVpc.Range");
  EXPECT_EQ(code("ec2", "CreateVpc", R"({"CidrBlock": "ten"})"), "InvalidParameterValue");
  EXPECT_EQ(code("ec2", "CreateVpc", "{}"), "MissingParameter");
  EXPECT_EQ(code("ec2", "CreateVpc", R"({"CidrBlock": "10.0.0.0/16", "InstanceTenancy": "host"})"),
            "InvalidParameterValue");
  EXPECT_EQ(code("ec2", "DescribeVpcs", R"({"VpcIds": ["vpc-xyz"]})"), "InvalidVpcID.Malformed");
  EXPECT_EQ(code("ec2", "DescribeVpcs", R"({"Filters": [{"Name": "colour", "Values": ["x"]}]})"),
            "InvalidParameterValue");
  EXPECT_EQ(code("ec2", "DescribeImages", "{}"), "InvalidAction");
  const Json made = must("ec2", "CreateVpc", R"({"CidrBlock": "10.1.2.3/16"})");
  EXPECT_EQ(text_at(made, "Vpc.CidrBlock"), "10.1.0.0/16");
  const std::string of = R"({"VpcId": ")" + text_at(made, "Vpc.VpcId") + "\"";
  EXPECT_EQ(
      code("ec2", "ModifyVpcAttribute",
           of + R"(, "EnableDnsSupport": {"Value": true}, "EnableDnsHostnames": {"Value": true}})"),
      "InvalidParameterCombination");
  must("ec2", "ModifyVpcAttribute", of + R"(, "EnableDnsSupport": {"Value": false}})");
  EXPECT_EQ(code("ec2", "ModifyVpcAttribute", of + R"(, "EnableDnsHostnames": {"Value": true}})"),
            "InvalidParameterValue");
  fake.set_behaviour({.vpc_limit = 1});
  EXPECT_EQ(code("ec2", "CreateVpc", R"({"CidrBlock": "10.0.0.0/16"})"), "VpcLimitExceeded");
}

TEST_F(FakeAwsTest, TagsOfVpcsGoByKeyOrByKeyAndValue) {
  const std::string id = text_at(must("ec2", "CreateVpc", vpc_input("10.0.0.0/16")), "Vpc.VpcId");
  const std::string of = R"({"Resources": [")" + id + R"("], "Tags": )";
  must("ec2", "CreateTags", of + R"([{"Key": "b", "Value": "2"}, {"Key": "c", "Value": ""}]})");
  must("ec2", "DeleteTags", of + R"([{"Key": "a", "Value": "other"}]})");
  EXPECT_EQ(only().tags.size(), 3u);
  must("ec2", "DeleteTags", of + R"([{"Key": "a", "Value": "1"}, {"Key": "b"}]})");
  EXPECT_EQ(only().tags, (std::map<std::string, std::string>{{"c", ""}}));
  EXPECT_EQ(code("ec2", "CreateTags", of + R"([{"Key": "aws:x", "Value": "1"}]})"),
            "InvalidParameterValue");
  EXPECT_EQ(code("ec2", "CreateTags",
                 R"({"Resources": ["vpc-0123"], "Tags": [{"Key": "b", "Value": "2"}]})"),
            "InvalidVpcID.NotFound");
}

TEST_F(FakeAwsTest, RolesAreRefusedAsIamDoesIt) {
  const auto create = [this](JsonObject input) {
    return code("iam", "CreateRole", boost::json::serialize(input));
  };
  EXPECT_EQ(create({{"RoleName", "r"}, {"AssumeRolePolicyDocument", "no json"}}),
            "MalformedPolicyDocument");
  EXPECT_EQ(create({{"RoleName", "r"}, {"AssumeRolePolicyDocument", "{}"}}),
            "MalformedPolicyDocument");
  EXPECT_EQ(create({{"RoleName", "a b"}, {"AssumeRolePolicyDocument", kTrust}}), "ValidationError");
  EXPECT_EQ(
      create({{"RoleName", "r"}, {"AssumeRolePolicyDocument", kTrust}, {"MaxSessionDuration", 60}}),
      "ValidationError");
  EXPECT_EQ(code("iam", "GetRolePolicy", R"({"RoleName": "r", "PolicyName": "p"})"),
            "NoSuchEntity");
  EXPECT_EQ(code("iam", "TagRole", R"({"RoleName": "r", "Tags": []})"), "NoSuchEntity");
  EXPECT_EQ(create({{"RoleName", "r"}, {"AssumeRolePolicyDocument", kTrust}}), "ok");
  EXPECT_EQ(code("iam", "DetachRolePolicy",
                 R"({"RoleName": "r", "PolicyArn": "arn:aws:iam::aws:policy/X"})"),
            "NoSuchEntity");
  EXPECT_EQ(code("iam", "DeleteRolePolicy", R"({"RoleName": "r", "PolicyName": "p"})"),
            "NoSuchEntity");
  for (int i = 0; i < 10; ++i) {
    must(
        "iam", "AttachRolePolicy",
        R"({"RoleName": "r", "PolicyArn": "arn:aws:iam::aws:policy/P)" + std::to_string(i) + "\"}");
  }
  EXPECT_EQ(code("iam", "AttachRolePolicy",
                 R"({"RoleName": "r", "PolicyArn": "arn:aws:iam::aws:policy/X"})"),
            "LimitExceeded");
}

TEST_F(FakeAwsTest, RolesKeepWhatTheyAreTold) {
  must("iam", "CreateRole",
       boost::json::serialize(JsonObject{
           {"RoleName", "r"}, {"AssumeRolePolicyDocument", kTrust}, {"Description", "d"}}));
  must("iam", "UpdateRole", R"({"RoleName": "r", "MaxSessionDuration": 7200})");
  must("iam", "PutRolePermissionsBoundary",
       R"({"RoleName": "r", "PermissionsBoundary": "arn:aws:iam::aws:policy/X"})");
  must("iam", "UpdateAssumeRolePolicy",
       boost::json::serialize(
           JsonObject{{"RoleName", "r"},
                      {"PolicyDocument", R"({"Statement":{"Effect":"Deny","Action":"*"}})"}}));
  const Json role = must("iam", "GetRole", R"({"RoleName": "r"})").at("Role");
  EXPECT_EQ(text_at(role, "Description"), "d");
  EXPECT_EQ(role.at("MaxSessionDuration"), Json(7200));
  EXPECT_EQ(text_at(role, "PermissionsBoundary.PermissionsBoundaryArn"),
            "arn:aws:iam::aws:policy/X");
  EXPECT_EQ(net::percent_decode(text_at(role, "AssumeRolePolicyDocument")),
            R"({"Statement":{"Effect":"Deny","Action":"*"}})");
  must("iam", "UpdateRole", R"({"RoleName": "r", "Description": "e"})");
  EXPECT_EQ(only().state.at("MaxSessionDuration"), Json(3600));
}

TEST_F(FakeAwsTest, QueuesAreRefusedAsSqsDoesIt) {
  const auto create = [this](const std::string& input) {
    return code("sqs", "CreateQueue", input);
  };
  EXPECT_EQ(create(R"({"QueueName": "q", "Attributes": {"DelaySeconds": "901"}})"),
            "InvalidAttributeValue");
  EXPECT_EQ(create(R"({"QueueName": "q", "Attributes": {"FifoQueue": "false"}})"),
            "InvalidAttributeName");
  EXPECT_EQ(create(R"({"QueueName": "q.fifo"})"), "InvalidParameterValue");
  const std::string none =
      R"({"deadLetterTargetArn":"arn:aws:sqs:us-east-1:111111111111:none","maxReceiveCount":3})";
  EXPECT_EQ(create(boost::json::serialize(JsonObject{
                {"QueueName", "q"}, {"Attributes", JsonObject{{"RedrivePolicy", none}}}})),
            "InvalidParameterValue");
  EXPECT_EQ(create(R"({"QueueName": "q.fifo", "Attributes": {"FifoQueue": "true"}})"), "ok");
  EXPECT_EQ(create(R"({"QueueName": "q", "tags": {"a": "1"}})"), "ok");
  EXPECT_EQ(create(R"({"QueueName": "q", "tags": {"a": "2"}})"), "QueueAlreadyExists");
  EXPECT_EQ(code("sqs", "GetQueueAttributes", R"({"QueueUrl":
      "https://sqs.us-east-1.amazonaws.com/111111111111/none", "AttributeNames": ["All"]})"),
            "AWS.SimpleQueueService.NonExistentQueue");
}

TEST_F(FakeAwsTest, KeysAreRefusedAsKmsDoesIt) {
  const auto create = [this](const std::string& input) { return code("kms", "CreateKey", input); };
  EXPECT_EQ(create(R"({"KeySpec": "HMAC_256"})"), "ValidationException");
  EXPECT_EQ(create(R"({"KeySpec": "HMAC_256", "KeyUsage": "GENERATE_VERIFY_MAC"})"), "ok");
  EXPECT_EQ(create(R"({"Policy": "{"})"), "MalformedPolicyDocumentException");
  EXPECT_EQ(create(R"({"Tags": [{"TagKey": "aws:x", "TagValue": ""}]})"), "TagException");
  EXPECT_EQ(code("kms", "DescribeKey", R"({"KeyId": "00000000-0000-4000-8000-000000000000"})"),
            "NotFoundException");
  const std::string of = R"({"KeyId": ")" + only().id + "\"";
  EXPECT_EQ(code("kms", "EnableKeyRotation", of + "}"), "UnsupportedOperationException");
  must("kms", "ScheduleKeyDeletion", of + R"(, "PendingWindowInDays": 7})");
  for (const char* operation : {"EnableKey", "DisableKey"}) {
    EXPECT_EQ(code("kms", operation, of + "}"), "KMSInvalidStateException");
  }
  EXPECT_EQ(code("kms", "TagResource", of + R"(, "Tags": [{"TagKey": "a", "TagValue": "1"}]})"),
            "KMSInvalidStateException");
  EXPECT_EQ(code("kms", "ListResourceTags", of + "}"), "ok");
  EXPECT_EQ(code("kms", "GetKeyPolicy", of + R"(, "PolicyName": "default"})"), "ok");
}

TEST_F(FakeAwsTest, FunctionsNeedARoleThatLambdaCanAssume) {
  const std::string arn = "arn:aws:iam::111111111111:role/r";
  const auto make_role = [this](const std::string& trust) {
    return boost::json::serialize(
        JsonObject{{"RoleName", "r"}, {"AssumeRolePolicyDocument", trust}});
  };
  must("iam", "CreateRole", make_role(R"({"Statement":[{"Effect":"Allow","Action":"*"}]})"));
  EXPECT_EQ(code("lambda", "CreateFunction", function_input(arn)),
            "InvalidParameterValueException");
  must("iam", "DeleteRole", R"({"RoleName": "r"})");
  EXPECT_EQ(code("lambda", "CreateFunction", function_input(arn)),
            "InvalidParameterValueException");
  must("iam", "CreateRole", make_role(kTrust));
  EXPECT_EQ(code("lambda", "CreateFunction", function_input(arn)), "ok");
  EXPECT_EQ(code("lambda", "CreateFunction", function_input("arn:aws:iam::222222222222:role/r")),
            "AccessDeniedException");
}

TEST_F(FakeAwsTest, BucketsAreRefusedAsS3DoesIt) {
  const std::string bucket = R"({"Bucket": "my-bucket")";
  EXPECT_EQ(code("s3", "CreateBucket", R"({"Bucket": "my_bucket"})"), "InvalidBucketName");
  EXPECT_EQ(code("s3", "CreateBucket", bucket + R"(, "ACL": "public-read"})"),
            "InvalidBucketAclWithObjectOwnership");
  EXPECT_EQ(code("s3", "CreateBucket", bucket + "}", "AK1", "eu-west-1"),
            "IllegalLocationConstraintException");
  const std::string west =
      bucket + R"(, "CreateBucketConfiguration": {"LocationConstraint": "eu-west-1"}})";
  EXPECT_EQ(code("s3", "CreateBucket", west, "AK1", "eu-west-1"), "ok");
  EXPECT_EQ(code("s3", "CreateBucket", west, "AK1", "eu-west-1"), "BucketAlreadyOwnedByYou");
  EXPECT_EQ(code("s3", "GetBucketVersioning", bucket + "}"), "PermanentRedirect");
  const auto west_code = [&](const std::string& operation, const std::string& rest) {
    return code("s3", operation, bucket + rest, "AK1", "eu-west-1");
  };
  EXPECT_EQ(west_code("GetBucketTagging", "}"), "NoSuchTagSet");
  EXPECT_EQ(west_code("GetBucketLifecycleConfiguration", "}"), "NoSuchLifecycleConfiguration");
  EXPECT_EQ(west_code("PutBucketCors", R"(, "CORSConfiguration": {"CORSRules":
      [{"AllowedMethods": ["PATCH"], "AllowedOrigins": ["*"]}]}})"),
            "InvalidRequest");
  EXPECT_EQ(west_code("PutBucketLifecycleConfiguration", R"(, "LifecycleConfiguration": {"Rules":
      [{"ID": "x", "Status": "Enabled", "Filter": {"Prefix": ""},
        "Transitions": [{"Days": 3, "StorageClass": "STANDARD_IA"}]}]}})"),
            "InvalidArgument");
  EXPECT_EQ(code("s3", "GetBucketTagging", bucket + "}", "AK2", "eu-west-1"), "AccessDenied");
}

TEST_F(FakeAwsTest, ServicesRefuseInTheirOwnWords) {
  const std::tuple<const char*, const char*, const char*, const char*, const char*, const char*>
      rows[] = {
          {"ec2", "DescribeVpcs", "{}", "RequestLimitExceeded", "UnauthorizedOperation",
           "AuthFailure"},
          {"iam", "GetRole", R"({"RoleName": "r"})", "Throttling", "AccessDenied",
           "InvalidClientTokenId"},
          {"sts", "GetCallerIdentity", "{}", "Throttling", "AccessDenied", "InvalidClientTokenId"},
          {"sqs", "GetQueueUrl", R"({"QueueName": "q"})", "RequestThrottled", "AccessDenied",
           "InvalidClientTokenId"},
          {"kms", "DescribeKey", R"({"KeyId": "k"})", "ThrottlingException",
           "AccessDeniedException", "UnrecognizedClientException"},
          {"lambda", "GetFunctionConfiguration", R"({"FunctionName": "f"})",
           "TooManyRequestsException", "AccessDeniedException", "UnrecognizedClientException"},
          {"s3", "GetBucketTagging", R"({"Bucket": "my-bucket"})", "SlowDown", "AccessDenied",
           "InvalidAccessKeyId"}};
  for (const auto& [service, operation, input, throttled, denied, unknown] : rows) {
    transport.refusal = AwsRefusal::kThrottled;
    EXPECT_EQ(code(service, operation, input), throttled);
    transport.refusal = AwsRefusal::kDenied;
    EXPECT_EQ(code(service, operation, input), denied);
    transport.refusal = AwsRefusal::kBadSignature;
    EXPECT_EQ(code(service, operation, input), unknown);
    for (const auto why : {AwsRefusal::kExpiredToken, AwsRefusal::kInternalError,
                           AwsRefusal::kUnavailable, AwsRefusal::kRequestTimeTooSkewed}) {
      transport.refusal = why;
      const auto result = call(service, operation, input);
      ASSERT_FALSE(result);
      EXPECT_FALSE(result.error().remote_code.empty());
      EXPECT_FALSE(result.error().request_id.empty()) << result.error().message;
    }
    transport.refusal.reset();
    EXPECT_EQ(code(service, operation, input, "UNKNOWN"), unknown);
  }
}

TEST_F(FakeAwsTest, AWrongClockIsToldAndCorrected) {
  clock.wrong_by = minutes(20);
  for (const auto& [service, operation, input] :
       std::vector<std::array<const char*, 3>>{{"ec2", "DescribeVpcs", "{}"},
                                               {"sts", "GetCallerIdentity", "{}"},
                                               {"kms", "CreateKey", "{}"}}) {
    const std::size_t before = transport.calls.size();
    EXPECT_EQ(code(service, operation, input), "ok") << service;
    EXPECT_EQ(transport.calls.size() - before, 2u) << service;
  }
  must("s3", "CreateBucket", R"({"Bucket": "my-bucket"})");
  clock.wrong_by = minutes(10);  // S3 is more patient
  const std::size_t before = transport.calls.size();
  EXPECT_EQ(code("s3", "GetBucketVersioning", R"({"Bucket": "my-bucket"})"), "ok");
  EXPECT_EQ(transport.calls.size() - before, 1u);
}

TEST_F(FakeAwsTest, AnAnswerToHeadHasNothingButAStatus) {
  must("s3", "CreateBucket", R"({"Bucket": "my-bucket"})");
  for (const auto& [why, status] :
       std::vector<std::pair<AwsRefusal, std::string>>{{AwsRefusal::kRequestTimeTooSkewed, "403"},
                                                       {AwsRefusal::kExpiredToken, "400"},
                                                       {AwsRefusal::kDenied, "403"},
                                                       {AwsRefusal::kThrottled, "503"}}) {
    transport.refusal = why;
    EXPECT_EQ(code("s3", "HeadBucket", R"({"Bucket": "my-bucket"})"), status);
    EXPECT_TRUE(transport.last.body.empty());
    EXPECT_FALSE(net::header(transport.last.headers, "Date").empty());
  }
}

TEST_F(FakeAwsTest, KeysOfRolesEnd) {
  const Json keys = must("sts", "AssumeRole", R"({"RoleArn": "arn:aws:iam::222222222222:role/x",
      "RoleSessionName": "session", "DurationSeconds": 900})")
                        .at("Credentials");
  const std::string key = text_at(keys, "AccessKeyId");
  EXPECT_EQ(text_at(must("sts", "GetCallerIdentity", "{}", key), "Account"), "222222222222");
  pass(minutes(16));
  EXPECT_EQ(code("sts", "GetCallerIdentity", "{}", key), "ExpiredToken");
  EXPECT_EQ(code("s3", "HeadBucket", R"({"Bucket": "my-bucket"})", key), "400");
}

class LateAws : public FakeAwsTest {
 protected:
  LateAws()
      : FakeAwsTest({.stale_by_id = 1,
                     .stale_lists = 1,
                     .stale_details = 1,
                     .stale_access = 1,
                     .monotonic = false}) {}
};

TEST_F(LateAws, WhatWasMadeAppearsAndMayVanishUntilAllKnowIt) {
  int unseen = 0;
  int vanished = 0;
  for (int i = 0; i < 40; ++i) {
    const std::string id = text_at(
        must("ec2", "CreateVpc", vpc_input("10." + std::to_string(i) + ".0.0/16")), "Vpc.VpcId");
    bool was_seen = false;
    for (int look = 0; look < 10; ++look) {
      const bool seen = code("ec2", "DescribeVpcs", R"({"VpcIds": [")" + id + R"("]})") == "ok";
      unseen += seen ? 0 : 1;
      vanished += was_seen && !seen ? 1 : 0;
      was_seen = was_seen || seen;
      pass(Duration{200});
    }
  }
  EXPECT_GT(unseen, 10);
  EXPECT_GT(vanished, 5);
  pass(minutes(6));
  EXPECT_EQ(must("ec2", "DescribeVpcs", by_tag("1")).at("Vpcs").as_array().size(), 40u);
}

TEST_F(LateAws, WhatWasDeletedMayComeBack) {
  std::vector<std::string> ids;
  for (int i = 0; i < 40; ++i) {
    ids.push_back(text_at(must("ec2", "CreateVpc", vpc_input("10.0.0.0/16")), "Vpc.VpcId"));
  }
  pass(minutes(6));
  int ghosts = 0;
  for (const std::string& id : ids) {
    must("ec2", "DeleteVpc", R"({"VpcId": ")" + id + R"("})");
    ghosts += code("ec2", "DescribeVpcs", R"({"VpcIds": [")" + id + R"("]})") == "ok" ? 1 : 0;
  }
  EXPECT_GT(ghosts, 3);
  pass(minutes(6));
  EXPECT_EQ(must("ec2", "DescribeVpcs", by_tag("1")).at("Vpcs").as_array().size(), 0u);
}

TEST_F(LateAws, AWriteMayComeTooEarly) {
  int refusals = 0;
  for (int i = 0; i < 40; ++i) {
    const std::string id = text_at(must("kms", "CreateKey", "{}"), "KeyMetadata.KeyId");
    refusals += code("kms", "DisableKey", R"({"KeyId": ")" + id + R"("})") == "ok" ? 0 : 1;
  }
  EXPECT_GT(refusals, 3);
  EXPECT_LT(refusals, 37);
}

TEST_F(LateAws, AFreshRoleIsNotYetKnownToLambda) {
  int refusals = 0;
  for (int i = 0; i < 40; ++i) {
    const std::string name = "r" + std::to_string(i);
    must("iam", "CreateRole",
         boost::json::serialize(
             JsonObject{{"RoleName", name}, {"AssumeRolePolicyDocument", kTrust}}));
    const std::string input = function_input("arn:aws:iam::111111111111:role/" + name);
    const std::string answer = code("lambda", "CreateFunction", input);
    if (answer == "InvalidParameterValueException") ++refusals;
  }
  EXPECT_GT(refusals, 3);
  EXPECT_LT(refusals, 37);
}

TEST_F(LateAws, AFreshRoleIsNoPrincipalYet) {
  int refusals = 0;
  for (int i = 0; i < 40; ++i) {
    const std::string name = "r" + std::to_string(i);
    must("iam", "CreateRole",
         boost::json::serialize(
             JsonObject{{"RoleName", name}, {"AssumeRolePolicyDocument", kTrust}}));
    const std::string policy =
        R"({"Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111111111111:role/)" +
        name + R"("},"Action":"*"}]})";
    const std::string answer =
        code("kms", "CreateKey", boost::json::serialize(JsonObject{{"Policy", policy}}));
    if (answer == "MalformedPolicyDocumentException") ++refusals;
  }
  EXPECT_GT(refusals, 3);
  EXPECT_LT(refusals, 37);
}

TEST_F(LateAws, SettingsOfQueuesAreLateByAMinuteAtMost) {
  const std::string url = text_at(must("sqs", "CreateQueue", R"({"QueueName": "q"})"), "QueueUrl");
  const std::string of = R"({"QueueUrl": ")" + url + "\"";
  pass(minutes(2));
  int late = 0;
  for (int i = 1; i <= 40; ++i) {
    must("sqs", "SetQueueAttributes",
         of + R"(, "Attributes": {"DelaySeconds": ")" + std::to_string(i) + R"("}})");
    const Json seen = must("sqs", "GetQueueAttributes", of + R"(, "AttributeNames": ["All"]})");
    late += text_at(seen, "Attributes.DelaySeconds") == std::to_string(i) ? 0 : 1;
    pass(seconds(61));
    const Json then = must("sqs", "GetQueueAttributes", of + R"(, "AttributeNames": ["All"]})");
    EXPECT_EQ(text_at(then, "Attributes.DelaySeconds"), std::to_string(i));
  }
  EXPECT_GT(late, 3);
}

TEST_F(LateAws, ACallMayStillReachAQueueThatGoes) {
  int late = 0;
  for (int i = 0; i < 40; ++i) {
    const std::string name = "q" + std::to_string(i);
    const std::string url =
        text_at(must("sqs", "CreateQueue", R"({"QueueName": ")" + name + R"("})"), "QueueUrl");
    pass(minutes(2));
    must("sqs", "DeleteQueue", R"({"QueueUrl": ")" + url + R"("})");
    const std::size_t before = fake.log().size();
    late += code("sqs", "TagQueue", R"({"QueueUrl": ")" + url + R"(", "Tags": {"a": "1"}})") == "ok"
                ? 1
                : 0;
    EXPECT_EQ(fake.log().size(), before);
  }
  EXPECT_GT(late, 3);
}

class MonotonicAws : public FakeAwsTest {
 protected:
  MonotonicAws() : FakeAwsTest({.stale_by_id = 1, .stale_lists = 1, .stale_details = 1}) {}
};

TEST_F(MonotonicAws, WhatWasSeenStaysSeen) {
  int late = 0;
  for (int i = 0; i < 40; ++i) {
    const std::string id = text_at(must("ec2", "CreateVpc", vpc_input("10.0.0.0/16")), "Vpc.VpcId");
    bool was_seen = false;
    for (int look = 0; look < 20; ++look) {
      const bool seen = code("ec2", "DescribeVpcs", R"({"VpcIds": [")" + id + R"("]})") == "ok";
      EXPECT_TRUE(seen || !was_seen);
      late += seen ? 0 : 1;
      was_seen = seen;
      pass(Duration{300});
    }
  }
  EXPECT_GT(late, 10);
}

class CutAws : public FakeAwsTest {
 protected:
  CutAws() : FakeAwsTest({.short_pages = 1}) {}
};

TEST_F(CutAws, ListsInManyPagesAreWhole) {
  for (int i = 0; i < 5; ++i) must("ec2", "CreateVpc", vpc_input("10.0.0.0/16"));
  must("iam", "CreateRole",
       boost::json::serialize(JsonObject{{"RoleName", "r"}, {"AssumeRolePolicyDocument", kTrust}}));
  for (int i = 0; i < 5; ++i) {
    must(
        "iam", "AttachRolePolicy",
        R"({"RoleName": "r", "PolicyArn": "arn:aws:iam::aws:policy/P)" + std::to_string(i) + "\"}");
  }
  JsonArray tags;
  for (int i = 0; i < 5; ++i) {
    tags.push_back(JsonObject{{"TagKey", "t" + std::to_string(i)}, {"TagValue", "v"}});
  }
  const Json key = must("kms", "CreateKey", boost::json::serialize(JsonObject{{"Tags", tags}}));
  const std::string of = R"({"KeyId": ")" + text_at(key, "KeyMetadata.KeyId") + R"("})";
  const std::size_t before = transport.calls.size();
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(must("ec2", "DescribeVpcs", by_tag("1")).at("Vpcs").as_array().size(), 5u);
    EXPECT_EQ(must("iam", "ListAttachedRolePolicies", R"({"RoleName": "r"})")
                  .at("AttachedPolicies")
                  .as_array()
                  .size(),
              5u);
    EXPECT_EQ(must("kms", "ListResourceTags", of).at("Tags").as_array().size(), 5u);
    EXPECT_EQ(must("resourcegroupstaggingapi", "GetResources", "{}")
                  .at("ResourceTagMappingList")
                  .as_array()
                  .size(),
              6u);
  }
  EXPECT_GT(transport.calls.size() - before, 160u);
}

class FailingAws : public FakeAwsTest {
 protected:
  FailingAws() : FakeAwsTest({.slow_operations = 1, .failed_operations = 1}) {}
};

TEST_F(FailingAws, FunctionsFailAndBucketsNamesAreBusy) {
  must("lambda", "CreateFunction", function_input("arn:aws:iam::111111111111:role/elsewhere"));
  pass(minutes(6));
  const Json seen = must("lambda", "GetFunctionConfiguration", R"({"FunctionName": "f"})");
  EXPECT_EQ(text_at(seen, "State"), "Failed");
  EXPECT_EQ(code("lambda", "UpdateFunctionConfiguration", R"({"FunctionName": "f", "Timeout": 9})"),
            "ResourceConflictException");
  must("s3", "CreateBucket", R"({"Bucket": "my-bucket"})");
  must("s3", "DeleteBucket", R"({"Bucket": "my-bucket"})");
  EXPECT_EQ(code("s3", "CreateBucket", R"({"Bucket": "my-bucket"})"), "OperationAborted");
  pass(minutes(31));
  EXPECT_EQ(code("s3", "CreateBucket", R"({"Bucket": "my-bucket"})"), "ok");
}

TEST_F(FakeAwsTest, OthersMeddleWithWhatIsThere) {
  Random random(7, "people");
  EXPECT_EQ(fake.tamper(random, true), "");
  must("ec2", "CreateVpc", R"({"CidrBlock": "10.0.0.0/16", "TagSpecifications": [{"ResourceType":
      "vpc", "Tags": [{"Key": "aws-infra-operator.runner.codes/uid", "Value": "u-1"}]}]})");
  must("iam", "CreateRole",
       boost::json::serialize(JsonObject{{"RoleName", "r"}, {"AssumeRolePolicyDocument", kTrust}}));
  must("sqs", "CreateQueue", R"({"QueueName": "q"})");
  must("kms", "CreateKey", "{}");
  must("lambda", "CreateFunction", function_input("arn:aws:iam::111111111111:role/elsewhere"));
  must("s3", "CreateBucket", R"({"Bucket": "my-bucket"})");
  std::set<std::string> done;
  for (int i = 0; i < 300; ++i) {
    pass(seconds(10));
    const std::size_t before = fake.log().size();
    const std::string words = fake.tamper(random, false);
    EXPECT_EQ(fake.log().size() - before, words.empty() ? 0u : 1u);
    if (words.empty()) continue;
    done.insert(words);
    EXPECT_EQ(fake.log().back().call.operation, "(actor)");
    EXPECT_TRUE(fake.log().back().call.access_key.empty());
  }
  EXPECT_GT(done.size(), 25u);
  for (const auto& resource : fake.resources()) {
    EXPECT_TRUE(resource.live);
    EXPECT_FALSE(resource.actor_made);
    EXPECT_EQ(resource.tags.at("team"), "somebody") << resource.kind;
  }
  EXPECT_EQ(fake.resources()[0].tags.at("aws-infra-operator.runner.codes/uid"), "u-1");
  for (int i = 0; i < 2000; ++i) fake.tamper(random, true);
  EXPECT_TRUE(std::ranges::none_of(fake.resources(), &FakeAws::Resource::live));
}

TEST_F(FakeAwsTest, OthersComeFirst) {
  EXPECT_NE(fake.squat("S3Bucket", "my-bucket", true), "");
  EXPECT_EQ(fake.squat("S3Bucket", "my-bucket", false), "");
  EXPECT_EQ(code("s3", "CreateBucket", R"({"Bucket": "my-bucket"})"), "BucketAlreadyExists");
  EXPECT_NE(fake.squat("IAMRole", "r", false), "");
  EXPECT_EQ(code("iam", "GetRole", R"({"RoleName": "r"})"), "ok");
  EXPECT_NE(fake.squat("SQSQueue", "q", false), "");
  EXPECT_EQ(fake.squat("SQSQueue", "q", false), "");
  EXPECT_NE(fake.squat("LambdaFunction", "f", false), "");
  EXPECT_NE(fake.squat("VPC", "10.0.0.0/16", false), "");
  EXPECT_NE(fake.squat("KMSKey", "words", false), "");
  for (const auto& resource : fake.resources()) EXPECT_TRUE(resource.actor_made);
  EXPECT_EQ(fake.resources().size(), 6u);
}

TEST_F(FakeAwsTest, WhatIsOccupiedStays) {
  Random random(7, "people");
  must("s3", "CreateBucket", R"({"Bucket": "my-bucket"})");
  EXPECT_NE(fake.occupy(random, minutes(5)), "");
  EXPECT_EQ(code("s3", "DeleteBucket", R"({"Bucket": "my-bucket"})"), "BucketNotEmpty");
  pass(minutes(5));
  EXPECT_EQ(code("s3", "DeleteBucket", R"({"Bucket": "my-bucket"})"), "ok");
}

TEST_F(LateAws, TheSameSeedGivesTheSameWorld) {
  const auto trace = [](Timeline& time, FakeAws& aws) {
    WorldClock own_clock(time);
    FakeTransport own_transport(aws);
    aws.add_access_key("AK1", "111111111111");
    aws::Client client(own_clock, own_transport, catalog(),
                       std::make_shared<aws::StaticCredentials>(
                           aws::Credentials{.access_key = "AK1", .secret_key = "secret"}),
                       aws::ClientConfig{.region = "us-east-1"}, [] { return 0.5; });
    std::string out;
    for (int i = 0; i < 30; ++i) {
      (void)run(client.call("ec2", "CreateVpc", parse_json(vpc_input("10.0.0.0/16")).value()));
      out += own_transport.last.body;
      (void)run(client.call("ec2", "DescribeVpcs", parse_json(by_tag("1")).value()));
      out += own_transport.last.body;
      time.step(time.now() + Duration{100});
    }
    return out;
  };
  const AwsBehaviour late{.stale_by_id = 1, .stale_lists = 1, .monotonic = false};
  Timeline first_time;
  FakeAws first(first_time, Random(3, "aws"), late);
  Timeline second_time;
  FakeAws second(second_time, Random(3, "aws"), late);
  EXPECT_EQ(trace(first_time, first), trace(second_time, second));
}

}  // namespace
}  // namespace infra::sim
