#include "cli/aws_command.h"

#include <gtest/gtest.h>

namespace infra::cli {
namespace {

TEST(AwsCommand, FindsOperationsByEitherSpelling) {
  auto document = parse_json(R"({"metadata": {"protocol": "query", "endpointPrefix": "x"},
    "operations": {"DescribeDBInstances": {"name": "DescribeDBInstances",
                     "http": {"method": "POST", "requestUri": "/"}},
                   "DescribeVpcs": {"name": "DescribeVpcs",
                     "http": {"method": "POST", "requestUri": "/"}}},
    "shapes": {}})");
  ASSERT_TRUE(document);
  auto model = aws::ServiceModel::parse(*document);
  ASSERT_TRUE(model) << model.error().message;
  EXPECT_EQ(find_operation(**model, "DescribeVpcs"), "DescribeVpcs");
  EXPECT_EQ(find_operation(**model, "describe-vpcs"), "DescribeVpcs");
  EXPECT_EQ(find_operation(**model, "describe-db-instances"), "DescribeDBInstances");
  EXPECT_EQ(find_operation(**model, "describe-nothing"), std::nullopt);
}

TEST(AwsCommand, PrintsIndentedJson) {
  EXPECT_EQ(pretty(*parse_json(R"({"a": [1, {"b": "\"x"}], "c": {}, "d": []})")),
            "{\n  \"a\": [\n    1,\n    {\n      \"b\": \"\\\"x\"\n    }\n  ],\n  \"c\": {},\n"
            "  \"d\": []\n}");
}

// What is wrong before the network is used.
int exit_code_of(const std::string& command) {
  CLI::App app;
  int exit_code = 0;
  add_aws_command(app, exit_code);
  app.parse(command);
  return exit_code;
}

TEST(AwsCommand, WrongInputIsTwo) {
  EXPECT_EQ(exit_code_of("aws sts GetNothing --region eu-west-1"), 2);
  EXPECT_EQ(exit_code_of("aws nothing GetCallerIdentity --region eu-west-1"), 2);
  EXPECT_EQ(exit_code_of("aws sts GetCallerIdentity --region eu-west-1 --input {"), 2);
  EXPECT_EQ(exit_code_of("aws sts GetCallerIdentity --region eu-west-1 --input @/nonexistent"), 2);
  EXPECT_THROW(exit_code_of("aws sts"), CLI::ParseError);
}

}  // namespace
}  // namespace infra::cli
