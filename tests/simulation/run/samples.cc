#include "run/samples.h"

#include <algorithm>
#include <boost/algorithm/string/case_conv.hpp>
#include <boost/algorithm/string/replace.hpp>
#include <stdexcept>

#include "aws/fake_aws.h"

namespace infra::sim {
namespace {

constexpr const char* kTrust =
    R"({\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":{\"Service\":\"lambda.amazonaws.com\"},\"Action\":\"sts:AssumeRole\"}]})";
constexpr const char* kOtherTrust =
    R"({\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":{\"Service\":[\"ec2.amazonaws.com\",\"lambda.amazonaws.com\"]},\"Action\":\"sts:AssumeRole\"}]})";
constexpr const char* kInline =
    R"({\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"s3:Get*\",\"Resource\":\"*\"}]})";
constexpr const char* kKeyPolicy =
    R"({\"Version\":\"2012-10-17\",\"Statement\":[{\"Sid\":\"root\",\"Effect\":\"Allow\",\"Principal\":{\"AWS\":\"arn:aws:iam::111111111111:root\"},\"Action\":\"kms:*\",\"Resource\":\"*\"}]})";

constexpr const char* kLifecycle =
    R"({\"rules\":[{\"rulePriority\":1,\"selection\":{\"tagStatus\":\"untagged\",\"countType\":\"imageCountMoreThan\",\"countNumber\":10},\"action\":{\"type\":\"expire\"}}]})";

std::string with_policies(std::string text) {
  boost::algorithm::replace_all(text, "TRUST2", kOtherTrust);
  boost::algorithm::replace_all(text, "TRUST", kTrust);
  boost::algorithm::replace_all(text, "INLINE", kInline);
  boost::algorithm::replace_all(text, "LIFECYCLE", kLifecycle);
  boost::algorithm::replace_all(text, "KEYPOLICY", kKeyPolicy);
  return text;
}

std::vector<Sample> make_samples() {
  return {
      {"VPC",
       R"({"cidrBlock":"10.{n}.0.0/16","tags":{"Team":"a"}})",
       {R"({"enableDnsHostnames":false})", R"({"enableDnsHostnames":true})",
        R"({"enableDnsHostnames":null})",
        R"({"enableDnsHostnames":false,"enableDnsSupport":false})",
        R"({"enableDnsHostnames":true,"enableDnsSupport":true})",
        R"({"tags":{"Team":"b","More":"x"}})", R"({"tags":{"Team":null}})", R"({"tags":null})"}},
      {"Subnet",
       R"({"vpcID":"vpc-0000000000000000e","cidrBlock":"10.200.{n}.0/24","mapPublicIpOnLaunch":true,"tags":{"Team":"a"}})",
       {R"({"mapPublicIpOnLaunch":false})", R"({"mapPublicIpOnLaunch":true})",
        R"({"mapPublicIpOnLaunch":null})", R"({"tags":{"Team":"b","More":"x"}})",
        R"({"tags":{"Team":null}})", R"({"tags":null})"}},
      {"ElasticIP",
       R"({"tags":{"Team":"a"}})",
       {R"({"tags":{"Team":"b","More":"x"}})", R"({"tags":{"Team":null}})", R"({"tags":null})"}},
      {"InternetGateway",
       R"({"vpcID":"vpc-000000000000000a{n}","tags":{"Team":"a"}})",
       {R"({"vpcID":"vpc-000000000000000b{n}"})", R"({"vpcID":"vpc-000000000000000a{n}"})",
        R"({"tags":{"Team":"b","More":"x"}})", R"({"tags":{"Team":null}})", R"({"tags":null})"}},
      {"NATGateway",
       R"({"subnetID":"subnet-0000000000000000f","allocationID":"eipalloc-0000000000000000{n}","tags":{"Team":"a"}})",
       {R"({"tags":{"Team":"b","More":"x"}})", R"({"tags":{"Team":null}})", R"({"tags":null})"}},
      {"SecurityGroup",
       R"({"vpcID":"vpc-0000000000000000e","groupName":"group-{n}","description":"Number {n}","ingressRules":[{"ipProtocol":"tcp","fromPort":443,"toPort":443,"cidrBlocks":["10.0.0.0/8"],"description":"inside"}],"tags":{"Team":"a"}})",
       {R"({"ingressRules":[{"ipProtocol":"tcp","fromPort":443,"toPort":443,"cidrBlocks":["10.0.0.0/8"],"description":"other words"}]})",
        R"({"ingressRules":[{"ipProtocol":"udp","fromPort":53,"toPort":53,"cidrBlocks":["10.0.0.0/8","10.9.8.7/16"],"ipv6CidrBlocks":["2001:DB8::/32"]},{"ipProtocol":"-1","sourceSecurityGroupID":"sg-0000000000000000e"}]})",
        R"({"ingressRules":[{"ipProtocol":"-1","sourceSecurityGroupID":"sg-0000000000000000e","description":"friends"}]})",
        R"({"ingressRules":[]})", R"({"ingressRules":null})",
        R"({"egressRules":[{"ipProtocol":"tcp","fromPort":443,"toPort":443,"cidrBlocks":["0.0.0.0/0"]}]})",
        R"({"egressRules":[{"ipProtocol":"-1","cidrBlocks":["0.0.0.0/0"]}]})",
        R"({"egressRules":[]})", R"({"egressRules":null})", R"({"tags":{"Team":"b","More":"x"}})",
        R"({"tags":{"Team":null}})", R"({"tags":null})"}},
      {"RouteTable",
       R"({"vpcID":"vpc-0000000000000000f","routes":[{"destinationCidrBlock":"0.0.0.0/0","gatewayID":"igw-0000000000000000f"}],"subnetAssociations":["subnet-000000000000000a{n}"],"tags":{"Team":"a"}})",
       {R"({"subnetAssociations":["subnet-000000000000000b{n}"]})",
        R"({"subnetAssociations":["subnet-000000000000000b{n}","subnet-000000000000000a{n}"]})",
        R"({"subnetAssociations":[]})", R"({"subnetAssociations":null})",
        R"({"routes":[{"destinationCidrBlock":"0.0.0.0/0","vpcPeeringConnectionID":"pcx-0000000000000000f"}]})",
        R"({"routes":[{"destinationCidrBlock":"0.0.0.0/0","gatewayID":"igw-0000000000000000f"},{"destinationCidrBlock":"192.168.0.0/16","vpcPeeringConnectionID":"pcx-0000000000000000f"}]})",
        R"({"routes":[]})", R"({"routes":null})", R"({"tags":{"Team":"b","More":"x"}})",
        R"({"tags":{"Team":null}})", R"({"tags":null})"}},
      {"EC2Instance",
       R"({"instanceName":"machine-{n}","instanceType":"t3.micro","imageID":"ami-0000000000000000a","subnetID":"subnet-0000000000000000f","securityGroupIDs":["sg-000000000000000ff"],"iamInstanceProfile":"runner","userData":"#!/bin/sh","blockDeviceMappings":[{"deviceName":"/dev/xvda","ebs":{"volumeSize":20}}],"tags":{"Team":"a"}})",
       {R"({"instanceType":"t3.small"})", R"({"instanceType":"t3.micro"})",
        R"({"instanceName":"renamed-{n}"})", R"({"monitoring":true})", R"({"monitoring":false})",
        R"({"monitoring":null})", R"({"disableApiTermination":false})",
        R"({"securityGroupIDs":["sg-000000000000000fe"]})",
        R"({"securityGroupIDs":["sg-000000000000000fe","sg-000000000000000ff"]})",
        R"({"iamInstanceProfile":"other"})", R"({"iamInstanceProfile":"runner"})",
        R"({"enableConsoleOutput":true})", R"({"tags":{"Team":"b","More":"x"}})",
        R"({"tags":{"Team":null}})", R"({"tags":null})"},
       "Stop"},
      {"IAMRole",
       R"({"roleName":"role-{n}","assumeRolePolicyDocument":"TRUST","description":"first","tags":{"Team":"a"}})",
       {R"({"assumeRolePolicyDocument":"TRUST2"})", R"({"description":"second"})",
        R"({"maxSessionDuration":7200})",
        R"({"managedPolicyArns":["arn:aws:iam::aws:policy/ReadOnlyAccess","arn:aws:iam::aws:policy/AWSLambdaExecute"]})",
        R"({"managedPolicyArns":["arn:aws:iam::aws:policy/ReadOnlyAccess"]})",
        R"({"inlinePolicy":{"policyName":"one","policyDocument":"INLINE"}})",
        R"({"inlinePolicy":{"policyName":"two","policyDocument":"INLINE"}})",
        R"({"managedPolicyArns":null})", R"({"inlinePolicy":null})",
        R"({"tags":{"Team":"b","More":"x"}})", R"({"tags":{"Team":null}})"}},
      {"SQSQueue",
       R"({"queueName":"queue-{n}","visibilityTimeout":30,"tags":{"Team":"a"}})",
       {R"({"visibilityTimeout":60})", R"({"delaySeconds":5,"messageRetentionPeriod":86400})",
        R"({"maximumMessageSize":2048})", R"({"receiveMessageWaitTimeSeconds":20})",
        R"({"deadLetterQueue":{"targetArn":"arn:aws:sqs:us-east-1:111111111111:dead","maxReceiveCount":3}})",
        R"({"visibilityTimeout":null})", R"({"tags":{"Team":"b","More":"x"}})",
        R"({"tags":{"Team":null}})"}},
      {"KMSKey",
       R"({"description":"key {n}","pendingWindowInDays":7,"tags":{"Team":"a"}})",
       {R"({"description":"changed"})", R"({"enabled":false})", R"({"enabled":true})",
        R"({"enableKeyRotation":true})", R"({"enableKeyRotation":false})",
        R"({"keyPolicy":"KEYPOLICY"})", R"({"tags":{"Team":"b","More":"x"}})",
        R"({"tags":{"Team":null}})"}},
      {"LambdaFunction",
       R"({"functionName":"function-{n}","runtime":"python3.12","handler":"index.handler","role":"arn:aws:iam::111111111111:role/runner","code":{"zipFile":"UEsFBgAAAAAAAAAAAAAAAAAAAAAAAA=="},"environment":{"variables":{"PASSWORD":"canary-environment"}},"tags":{"Team":"a"}})",
       {R"({"memorySize":256})", R"({"timeout":10,"description":"second"})",
        R"({"handler":"other.handler"})", R"({"runtime":"python3.13"})",
        R"({"environment":{"variables":{"MODE":"two","PASSWORD":"canary-environment"}}})",
        R"({"code":{"zipFile":"UEsFBgAAAAAAAAAAAAAAAAAAAAABAAB="}})",
        R"({"memorySize":512,"code":{"zipFile":"UEsFBgAAAAAAAAAAAAAAAAAAAAACAAA="}})",
        R"({"tags":{"Team":"b","More":"x"}})", R"({"tags":{"Team":null}})"}},
      {"S3Bucket",
       R"({"bucketName":"bucket-{n}-of-ours","tags":{"Team":"a"}})",
       {R"({"versioning":{"enabled":true}})", R"({"versioning":{"enabled":false}})",
        R"({"encryption":{"algorithm":"AES256","kmsKeyID":null}})",
        R"({"encryption":{"algorithm":"aws:kms","kmsKeyID":"alias/aws/s3"}})",
        R"({"publicAccessBlock":{"blockPublicAcls":true,"blockPublicPolicy":true,"ignorePublicAcls":false,"restrictPublicBuckets":false}})",
        R"({"corsRules":[{"allowedMethods":["GET"],"allowedOrigins":["*"],"maxAgeSeconds":60}]})",
        R"({"corsRules":[]})",
        R"({"lifecycleRules":[{"id":"old","enabled":true,"prefix":"log/","expiration":{"days":30}}]})",
        R"({"lifecycleRules":[]})", R"({"tags":{"Team":"b","More":"x"}})",
        R"({"tags":{"Team":null}})"}},
      {"ECRRepository",
       R"({"repositoryName":"team/app-{n}","imageTagMutability":"MUTABLE","tags":{"Team":"a"}})",
       {R"({"imageTagMutability":"IMMUTABLE"})", R"({"imageTagMutability":"MUTABLE"})",
        R"({"scanOnPush":true})", R"({"scanOnPush":false})", R"({"scanOnPush":null})",
        R"({"lifecyclePolicy":{"policyText":"LIFECYCLE"}})",
        R"({"lifecyclePolicy":{"policyText":"{\"rules\":[]}"}})",
        R"({"tags":{"Team":"b","More":"x"}})", R"({"tags":{"Team":null}})"}},
      {"DynamoDBTable",
       R"({"tableName":"table-{n}","hashKey":{"name":"id","type":"S"},"billingMode":"PAY_PER_REQUEST","tags":{"Team":"a"}})",
       {R"({"billingMode":"PROVISIONED"})", R"({"billingMode":"PAY_PER_REQUEST"})",
        R"({"streamEnabled":true,"streamViewType":"NEW_IMAGE"})",
        R"({"streamEnabled":true,"streamViewType":"KEYS_ONLY"})",
        R"({"streamEnabled":false,"streamViewType":null})", R"({"pointInTimeRecovery":true})",
        R"({"pointInTimeRecovery":false})", R"({"tags":{"Team":"b","More":"x"}})",
        R"({"tags":{"Team":null}})"}},
      {"SNSTopic",
       R"({"topicName":"topic-{n}","displayName":"first","subscriptions":[{"protocol":"sqs","endpoint":"arn:aws:sqs:us-east-1:111111111111:dead"}],"tags":{"Team":"a"}})",
       {R"({"displayName":"second"})", R"({"displayName":null})",
        R"({"deliveryPolicy":"{\"http\":{\"defaultHealthyRetryPolicy\":{\"numRetries\":5}}}"})",
        R"({"subscriptions":[{"protocol":"sqs","endpoint":"arn:aws:sqs:us-east-1:111111111111:dead","rawMessageDelivery":true},{"protocol":"lambda","endpoint":"arn:aws:lambda:us-east-1:111111111111:function:one","filterPolicy":"{\"kind\":[\"a\"]}"}]})",
        R"({"subscriptions":[{"protocol":"lambda","endpoint":"arn:aws:lambda:us-east-1:111111111111:function:one","filterPolicy":"{\"kind\":[\"b\"]}","deadLetterQueueArn":"arn:aws:sqs:us-east-1:111111111111:dead"},{"protocol":"email","endpoint":"team@example.com"}]})",
        R"({"subscriptions":[{"protocol":"email","endpoint":"team@example.com","filterPolicy":"{\"kind\":[\"a\"]}"},{"protocol":"https","endpoint":"https://example.com/in"}]})",
        R"({"subscriptions":[]})", R"({"subscriptions":null})",
        R"({"tags":{"Team":"b","More":"x"}})", R"({"tags":{"Team":null}})"}},
      {"SecretsManagerSecret",
       R"({"secretName":"team/secret-{n}","description":"first","secretStringRef":{"name":"values-{n}","key":"value"},"recoveryWindowInDays":0,"tags":{"Team":"a"}})",
       {R"({"description":"second"})",
        R"({"secretStringRef":null,"secretBinaryRef":{"name":"values-{n}","key":"value"}})",
        R"({"secretBinaryRef":null,"secretStringRef":{"name":"values-{n}","key":"value"}})",
        R"({"rotationEnabled":true,"automaticallyAfterDays":30,"rotationLambdaARN":"arn:aws:lambda:us-east-1:111111111111:function:one"})",
        R"({"rotationEnabled":true,"automaticallyAfterDays":10,"rotationLambdaARN":"arn:aws:lambda:us-east-1:111111111111:function:one"})",
        R"({"rotationEnabled":false})", R"({"recoveryWindowInDays":7})",
        R"({"tags":{"Team":"b","More":"x"}})", R"({"tags":{"Team":null}})"}},
      {"RDSInstance",
       R"({"dbInstanceIdentifier":"Database-{n}","engine":"postgres","engineVersion":"16","dbInstanceClass":"db.t3.micro","allocatedStorage":20,"masterUsername":"first","masterUserPasswordSecretRef":{"name":"values-{n}","key":"value"},"skipFinalSnapshot":true,"tags":{"Team":"a"}})",
       {R"({"dbInstanceClass":"db.t3.small"})", R"({"allocatedStorage":22})",
        R"({"allocatedStorage":40})", R"({"backupRetentionPeriod":0})",
        R"({"backupRetentionPeriod":7,"preferredBackupWindow":"03:00-03:30"})",
        R"({"multiAZ":true})", R"({"publiclyAccessible":true})", R"({"publiclyAccessible":false})",
        R"({"port":5433})", R"({"engineVersion":"17"})", R"({"skipFinalSnapshot":false})",
        R"({"tags":{"Team":"b","More":"x"}})", R"({"tags":{"Team":null}})"},
       "Snapshot"},
      {"ElastiCacheCluster",
       R"({"clusterID":"Cache-{n}","engine":"redis","engineVersion":"7.0","nodeType":"cache.t3.micro","replicasPerNodeGroup":1,"transitEncryptionEnabled":true,"authTokenRef":{"name":"values-{n}","key":"value"},"tags":{"Team":"a"}})",
       {R"({"nodeType":"cache.t3.small"})", R"({"replicationGroupDescription":"second"})",
        R"({"automaticFailoverEnabled":true,"multiAZEnabled":true})",
        R"({"automaticFailoverEnabled":false,"multiAZEnabled":false})",
        R"({"snapshotRetentionLimit":5,"snapshotWindow":"03:00-04:00"})",
        R"({"engineVersion":"7.1"})", R"({"replicasPerNodeGroup":2})",
        R"({"parameterGroupName":"ours","preferredMaintenanceWindow":"sun:03:00-sun:04:00"})",
        R"({"securityGroupIds":["sg-00000001","sg-00000002"]})",
        R"({"tags":{"Team":"b","More":"x"}})", R"({"tags":{"Team":null}})"},
       "Snapshot"},
      {"ElastiCacheCluster",
       R"({"clusterID":"Memo-{n}","engine":"memcached","engineVersion":"1.6.17","nodeType":"cache.t3.micro","numCacheNodes":1,"tags":{"Team":"a"}})",
       {R"({"numCacheNodes":2})", R"({"numCacheNodes":3})", R"({"engineVersion":"1.6.22"})",
        R"({"nodeType":"cache.t3.small"})",
        R"({"parameterGroupName":"ours","preferredMaintenanceWindow":"sun:03:00-sun:04:00"})",
        R"({"securityGroupIds":["sg-00000001","sg-00000002"]})",
        R"({"tags":{"Team":"b","More":"x"}})", R"({"tags":{"Team":null}})"}}};
}

Json numbered(const std::string& text, int number) {
  std::string copy = with_policies(text);
  boost::algorithm::replace_all(copy, "{n}", std::to_string(number));
  auto json = parse_json(copy);
  if (!json) throw std::runtime_error("a sample is no JSON: " + copy);
  return std::move(*json);
}

std::vector<Sample> served(std::vector<Sample> all) {
  for (const Sample& sample : all) {
    if (!FakeAws::has(sample.kind)) {
      throw std::runtime_error("there is a sample of a " + sample.kind + ", and no AWS for it");
    }
  }
  return all;
}

}  // namespace

const std::vector<Sample>& samples() {
  static const std::vector<Sample> all = served(make_samples());
  return all;
}

const std::vector<std::string>& sampled_kinds() {
  static const std::vector<std::string> kinds = [] {
    std::vector<std::string> all;
    for (const Sample& sample : samples()) {
      if (all.empty() || all.back() != sample.kind) all.push_back(sample.kind);
    }
    return all;
  }();
  return kinds;
}

int forms_of(const std::string& kind) {
  return int(std::ranges::count(samples(), kind, &Sample::kind));
}

const Sample& sample_of(const std::string& kind, int number) {
  const int forms = forms_of(kind);
  if (forms == 0) throw std::runtime_error("there is no sample of a " + kind);
  auto sample = std::ranges::find(samples(), kind, &Sample::kind);
  return *(sample + (number - 1) % forms);
}

Json spec_of(const Sample& sample, int number, const std::string& deletion_policy) {
  Json spec = numbered(sample.spec, number);
  set_path(spec, "providerRef.name", Json("aws"));
  set_path(spec, "deletionPolicy", Json(deletion_policy));
  return spec;
}

Json edit_of(const Sample& sample, std::size_t index, int number) {
  return numbered(sample.edits[index % sample.edits.size()], number);
}

std::string values_of(const Json& spec) {
  for (const auto& field : spec.as_object()) {
    const bool of_secret = field.value().is_object() && find_path(field.value(), "key") != nullptr;
    if (of_secret) return text_at(field.value(), "name");
  }
  return {};
}

std::string chosen_name(const std::string& kind, const Json& spec) {
  if (kind == "SecurityGroup") return text_at(spec, "groupName");
  if (kind == "IAMRole") return text_at(spec, "roleName");
  if (kind == "SQSQueue") return text_at(spec, "queueName");
  if (kind == "LambdaFunction") return text_at(spec, "functionName");
  if (kind == "S3Bucket") return text_at(spec, "bucketName");
  if (kind == "ECRRepository") return text_at(spec, "repositoryName");
  if (kind == "DynamoDBTable") return text_at(spec, "tableName");
  if (kind == "SNSTopic") return text_at(spec, "topicName");
  if (kind == "SecretsManagerSecret") return text_at(spec, "secretName");
  // AWS keeps these in lower case.
  if (kind == "RDSInstance")
    return boost::algorithm::to_lower_copy(text_at(spec, "dbInstanceIdentifier"));
  if (kind == "ElastiCacheCluster")
    return boost::algorithm::to_lower_copy(text_at(spec, "clusterID"));
  return {};
}

}  // namespace infra::sim
