#include "aws/embedded.h"

#include <gtest/gtest.h>

#include <set>

#include "aws/protocol.h"

namespace infra::aws {
namespace {

TEST(Embedded, EveryServiceLoadsInBothParts) {
  std::set<std::string_view> services;
  for (const auto& document : embedded_documents()) {
    if (!document.service.empty()) services.insert(document.service);
  }
  EXPECT_EQ(services.size(), 14u);
  const std::set<std::string_view> spoken{"ec2", "query", "json", "rest-json", "rest-xml"};
  for (const auto name : services) {
    for (const auto part : {ModelPart::kCore, ModelPart::kAll}) {
      const auto model = load_service(name, part);
      ASSERT_TRUE(model) << name << ": " << model.error().message;
      EXPECT_TRUE(spoken.contains((*model)->protocol)) << name << " speaks " << (*model)->protocol;
    }
  }
}

TEST(Embedded, EveryDocumentUnpacksToJson) {
  EXPECT_FALSE(embedded_documents().empty());
  for (const auto& document : embedded_documents()) {
    const auto parsed = parse_json(embedded_document(document.service, document.kind));
    EXPECT_TRUE(parsed && parsed->is_object()) << document.service << " " << document.kind;
  }
}

TEST(Embedded, CoreHasWhatDefinitionsNameAndNothingElse) {
  const auto core = load_service("ec2");
  const auto all = load_service("ec2", ModelPart::kAll);
  ASSERT_TRUE(core && all);
  EXPECT_NE((*core)->operation("CreateVpc"), nullptr);
  EXPECT_EQ((*core)->operation("RunScheduledInstances"), nullptr);
  EXPECT_NE((*all)->operation("RunScheduledInstances"), nullptr);
  const auto sqs = load_service("sqs");
  ASSERT_TRUE(sqs);
  for (const char* named_by_the_operator : {"ReceiveMessage", "DeleteMessageBatch"}) {
    EXPECT_NE((*sqs)->operation(named_by_the_operator), nullptr);
  }
  EXPECT_LT(embedded_document("ec2", "core").size() * 8,
            embedded_document("ec2", "service").size());
}

// Definitions mention sts:AssumeRole in policies; the credentials call more than that.
TEST(Embedded, ServiceWithoutCoreIsGivenWhole) {
  EXPECT_TRUE(embedded_document("sts", "core").empty());
  const auto model = load_service("sts");
  ASSERT_TRUE(model);
  EXPECT_NE((*model)->operation("AssumeRole"), nullptr);
  EXPECT_NE((*model)->operation("AssumeRoleWithWebIdentity"), nullptr);
  EXPECT_NE((*model)->operation("GetCallerIdentity"), nullptr);
}

TEST(Embedded, ModelsEncodeRealCalls) {
  const auto model = load_service("ec2");
  ASSERT_TRUE(model);
  const auto request = encode(**model, *(*model)->operation("CreateVpc"),
                              *parse_json(R"({"CidrBlock":"10.0.0.0/16"})"));
  ASSERT_TRUE(request) << request.error().message;
  EXPECT_EQ(request->body, "Action=CreateVpc&Version=2016-11-15&CidrBlock=10.0.0.0%2F16");
}

// Its first protocol is one that we do not speak.
TEST(Embedded, TaggingSpeaksJson) {
  const auto model = load_service("resourcegroupstaggingapi");
  ASSERT_TRUE(model);
  EXPECT_EQ((*model)->protocol, "json");
}

TEST(Embedded, HasNoDocumentationAndHasEndpointData) {
  EXPECT_EQ(embedded_document("s3", "service").find("\"documentation\":\""), std::string::npos);
  EXPECT_NE(embedded_document("", "partitions").find("aws-cn"), std::string::npos);
  EXPECT_NE(embedded_document("s3", "endpoint-rule-set").find("\"rules\""), std::string::npos);
  EXPECT_NE(embedded_document("iam", "paginators").find("ListRoles"), std::string::npos);
}

TEST(Embedded, CoreDocumentFallsBackToTheWhole) {
  EXPECT_EQ(core_document("ec2", "service"), embedded_document("ec2", "core"));
  EXPECT_EQ(core_document("sts", "service"), embedded_document("sts", "service"));
  EXPECT_EQ(core_document("ec2", "paginators"), embedded_document("ec2", "paginators"));
}

TEST(Embedded, UnknownServiceIsInvalid) {
  EXPECT_EQ(load_service("nope").error().code, Code::kInvalid);
  EXPECT_TRUE(embedded_document("nope", "service").empty());
}

}  // namespace
}  // namespace infra::aws
