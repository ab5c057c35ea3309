#include "aws/fake_aws.h"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <optional>

#include "aws/client.h"
#include "aws/crt.h"
#include "aws/embedded.h"
#include "base/base64.h"

namespace infra::sim {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

const aws::CrtLibrary kCrt;
const std::string kTrust =
    R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]})";

class WorldClock final : public Clock {
 public:
  explicit WorldClock(Timeline& timeline) : timeline_(timeline) {}
  WallTime wall() const override { return timeline_.wall() + wrong_by; }
  SteadyTime steady() const override { return SteadyTime(timeline_.now()); }
  Task<void> sleep(Duration duration) override {
    timeline_.step(timeline_.now() + duration);
    co_return;
  }
  Duration wrong_by{0};

 private:
  Timeline& timeline_;
};

class FakeTransport final : public net::HttpTransport {
 public:
  explicit FakeTransport(FakeAws& aws) : aws_(aws) {}
  Task<Result<net::HttpResponse>> send(net::HttpRequest request, net::HttpOptions) override {
    calls.push_back(aws_.identify(request));
    if (refusal) co_return aws_.refuse(request, *refusal);
    last = aws_.handle(request);
    co_return last;
  }
  Task<Result<net::HttpResponse>> stream(net::HttpRequest request, net::HttpOptions options,
                                         ChunkSink) override {
    return send(std::move(request), std::move(options));
  }
  std::vector<AwsCall> calls;
  std::optional<AwsRefusal> refusal;
  net::HttpResponse last;

 private:
  FakeAws& aws_;
};

std::shared_ptr<aws::Catalog> catalog() {
  static const auto kCatalog = std::make_shared<aws::Catalog>(aws::embedded_document);
  return kCatalog;
}

// Runs a coroutine that never waits for anything but our clock.
template <class T>
T run(Task<T> task) {
  boost::asio::io_context io;
  std::optional<T> out;
  boost::asio::co_spawn(
      io,
      [](Task<T> inner, std::optional<T>& to) -> Task<void> {
        to.emplace(co_await std::move(inner));
      }(std::move(task), out),
      [](std::exception_ptr thrown) {
        if (thrown) std::rethrow_exception(thrown);
      });
  io.run();
  return std::move(*out);
}

class FakeAwsTest : public ::testing::Test {
 protected:
  explicit FakeAwsTest(AwsBehaviour behaviour = {}) : fake(timeline, Random(1, "aws"), behaviour) {
    fake.add_access_key("AK1", "111111111111");
    fake.add_access_key("AK2", "222222222222");
  }

  std::unique_ptr<aws::Client> client_of(const std::string& key, const std::string& region) {
    return std::make_unique<aws::Client>(clock, transport, catalog(),
                                         std::make_shared<aws::StaticCredentials>(aws::Credentials{
                                             .access_key = key, .secret_key = "secret"}),
                                         aws::ClientConfig{.region = region}, [] { return 0.5; });
  }
  Result<Json> call(const std::string& service, const std::string& operation,
                    const std::string& input, const std::string& key = "AK1",
                    const std::string& region = "us-east-1") {
    auto client = client_of(key, region);
    return run(client->call_paged(service, operation, parse_json(input).value()));
  }
  Json must(const std::string& service, const std::string& operation, const std::string& input,
            const std::string& key = "AK1") {
    auto result = call(service, operation, input, key);
    EXPECT_TRUE(result) << result.error().message;
    return result ? *result : Json(JsonObject());
  }
  // The service's own code; "ok" if it did not refuse.
  std::string code(const std::string& service, const std::string& operation,
                   const std::string& input, const std::string& key = "AK1",
                   const std::string& region = "us-east-1") {
    auto result = call(service, operation, input, key, region);
    return result ? "ok" : result.error().remote_code;
  }
  void pass(Duration time) { timeline.step(timeline.now() + time); }
  FakeAws::Resource only() const {
    EXPECT_EQ(fake.resources().size(), 1u);
    return fake.resources().at(0);
  }

  Timeline timeline;
  WorldClock clock{timeline};
  FakeAws fake;
  FakeTransport transport{fake};
};

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

}  // namespace
}  // namespace infra::sim
