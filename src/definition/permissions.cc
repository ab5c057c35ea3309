#include "definition/permissions.h"

#include <map>
#include <set>

#include "definition/crd.h"
#include "definition/references.h"

namespace infra::definition {
namespace {

JsonArray list(std::initializer_list<std::string_view> words) {
  JsonArray out;
  for (const auto word : words) out.emplace_back(word);
  return out;
}

JsonObject rule(std::string_view group, JsonArray resources,
                std::initializer_list<std::string_view> verbs) {
  return {
      {"apiGroups", list({group})}, {"resources", std::move(resources)}, {"verbs", list(verbs)}};
}

JsonArray resources(const std::set<std::string>& plurals, const std::string& suffix) {
  JsonArray out;
  for (const auto& plural : plurals) out.emplace_back(plural + suffix);
  return out;
}

// botocore's name of a service -> the prefix of its IAM actions, where they differ.
const std::map<std::string, std::string>& prefixes() {
  static const std::map<std::string, std::string> kPrefixes = {
      {"resourcegroupstaggingapi", "tag"}, {"elbv2", "elasticloadbalancing"},
      {"elb", "elasticloadbalancing"},     {"efs", "elasticfilesystem"},
      {"stepfunctions", "states"},         {"cloudwatch", "cloudwatch"}};
  return kPrefixes;
}

// Operations whose action has another name, and those that need a second one.
const std::map<std::string, std::vector<std::string>>& unusual() {
  static const std::map<std::string, std::vector<std::string>> kUnusual = {
      {"s3:HeadBucket", {"s3:ListBucket"}},
      {"s3:ListObjects", {"s3:ListBucket"}},
      {"s3:ListObjectsV2", {"s3:ListBucket"}},
      {"s3:ListObjectVersions", {"s3:ListBucketVersions"}},
      {"s3:ListBuckets", {"s3:ListAllMyBuckets"}},
      {"s3:CreateBucket", {"s3:CreateBucket", "s3:PutBucketAcl", "s3:TagResource"}},
      {"s3:GetBucketEncryption", {"s3:GetEncryptionConfiguration"}},
      {"s3:PutBucketEncryption", {"s3:PutEncryptionConfiguration"}},
      {"s3:DeleteBucketEncryption", {"s3:PutEncryptionConfiguration"}},
      {"s3:GetBucketLifecycleConfiguration", {"s3:GetLifecycleConfiguration"}},
      {"s3:PutBucketLifecycleConfiguration", {"s3:PutLifecycleConfiguration"}},
      {"s3:DeleteBucketLifecycle", {"s3:PutLifecycleConfiguration"}},
      {"s3:GetBucketCors", {"s3:GetBucketCORS"}},
      {"s3:PutBucketCors", {"s3:PutBucketCORS"}},
      {"s3:DeleteBucketCors", {"s3:PutBucketCORS"}},
      {"s3:GetPublicAccessBlock", {"s3:GetBucketPublicAccessBlock"}},
      {"s3:PutPublicAccessBlock", {"s3:PutBucketPublicAccessBlock"}},
      {"s3:DeletePublicAccessBlock", {"s3:PutBucketPublicAccessBlock"}},
      {"s3:DeleteBucketTagging", {"s3:PutBucketTagging"}},
      {"s3:DeleteBucketWebsite", {"s3:DeleteBucketWebsite"}},
      {"s3:GetBucketReplication", {"s3:GetReplicationConfiguration"}},
      {"s3:PutBucketReplication", {"s3:PutReplicationConfiguration", "iam:PassRole"}},
      {"s3:GetBucketNotificationConfiguration", {"s3:GetBucketNotification"}},
      {"s3:PutBucketNotificationConfiguration", {"s3:PutBucketNotification"}},
      {"lambda:CreateFunction",
       {"lambda:CreateFunction", "iam:PassRole", "lambda:GetLayerVersion"}},
      {"lambda:UpdateFunctionConfiguration",
       {"lambda:UpdateFunctionConfiguration", "iam:PassRole", "lambda:GetLayerVersion"}},
      {"ec2:RunInstances", {"ec2:RunInstances", "iam:PassRole"}},
      {"ec2:AssociateIamInstanceProfile", {"ec2:AssociateIamInstanceProfile", "iam:PassRole"}},
      // With the first of its resources a service gets the role by which it acts for the account.
      {"rds:CreateDBInstance", {"rds:CreateDBInstance", "iam:CreateServiceLinkedRole"}},
      {"elasticache:CreateReplicationGroup",
       {"elasticache:CreateReplicationGroup", "iam:CreateServiceLinkedRole"}},
      {"elasticache:CreateCacheCluster",
       {"elasticache:CreateCacheCluster", "iam:CreateServiceLinkedRole"}},
      {"kms:CreateKey", {"kms:CreateKey", "iam:CreateServiceLinkedRole"}},
      {"ecs:RegisterTaskDefinition", {"ecs:RegisterTaskDefinition", "iam:PassRole"}},
      {"eks:CreateCluster", {"eks:CreateCluster", "iam:PassRole"}},
      {"eks:CreateNodegroup", {"eks:CreateNodegroup", "iam:PassRole"}}};
  return kUnusual;
}

std::vector<std::string> together(std::vector<std::string> some,
                                  const std::vector<std::string>& more) {
  some.insert(some.end(), more.begin(), more.end());
  return some;
}

// What a service does for a caller, with the caller's permissions, to carry out an operation.
const std::map<std::string, std::vector<std::string>>& forwarded() {
  static const std::vector<std::string> kCode = {"s3:GetObject",
                                                 "s3:GetObjectVersion",
                                                 "ecr:BatchGetImage",
                                                 "ecr:GetRepositoryPolicy",
                                                 "ecr:GetDownloadUrlForLayer",
                                                 "ecr:SetRepositoryPolicy"};
  static const std::vector<std::string> kNetwork = {"ec2:DescribeSecurityGroups",
                                                    "ec2:DescribeSubnets", "ec2:DescribeVpcs"};
  static const std::vector<std::string> kSecretKey = {"kms:Decrypt", "kms:GenerateDataKey"};
  static const std::vector<std::string> kCacheKey = {"kms:CreateGrant", "kms:DescribeKey"};
  static const std::map<std::string, std::vector<std::string>> kForwarded = {
      {"ec2:RunInstances",
       {"kms:CreateGrant", "kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKeyWithoutPlaintext",
        "kms:ReEncryptFrom", "kms:ReEncryptTo", "ssm:GetParameters"}},
      {"ecr:CreateRepository", {"kms:CreateGrant", "kms:DescribeKey", "kms:RetireGrant"}},
      {"elasticache:CreateCacheCluster", kCacheKey},
      {"elasticache:CreateReplicationGroup", kCacheKey},
      {"lambda:CreateFunction", together(kCode, kNetwork)},
      {"lambda:UpdateFunctionCode", kCode},
      {"lambda:UpdateFunctionConfiguration", kNetwork},
      {"secretsmanager:CreateSecret", kSecretKey},
      {"secretsmanager:PutSecretValue", kSecretKey},
      {"secretsmanager:RotateSecret", {"lambda:InvokeFunction"}},
      {"secretsmanager:UpdateSecret", kSecretKey}};
  return kForwarded;
}

std::string action_of(const std::string& service, const std::string& operation) {
  return action_prefix(service) + ":" + operation;
}

JsonObject statement(std::string_view id, const std::set<std::string>& actions) {
  return {{"Sid", id},
          {"Effect", "Allow"},
          {"Action", JsonArray(actions.begin(), actions.end())},
          {"Resource", "*"}};
}

}  // namespace

JsonArray rbac_rules(std::span<const Definition> definitions, const Definition& provider) {
  std::set<std::string> plurals = {provider.plural};
  for (const Definition& definition : definitions) plurals.insert(definition.plural);
  return {
      rule(kGroup, resources(plurals, ""), {"get", "list", "watch", "patch"}),
      rule(kGroup, resources(plurals, "/status"), {"patch"}),
      rule(kGroup, resources(plurals, "/finalizers"), {"update"}),
      rule("", list({"events"}), {"create", "patch"}),
      // Watched by their names and versions alone: docs/design/008-references-and-secrets.md.
      // Written where a spec asks for it: docs/secrets.md.
      rule("", list({"secrets"}), {"get", "list", "watch", "create", "update", "patch"}),
      // For the label that lets providers use the operator's identity: docs/providers.md.
      rule("", list({"namespaces"}), {"get"}),
      rule("coordination.k8s.io", list({"leases"}), {"get", "list", "create", "patch"}),
  };
}

std::string action_prefix(const std::string& service) {
  const auto found = prefixes().find(service);
  return found == prefixes().end() ? service : found->second;
}

std::vector<std::string> iam_actions(const std::string& service, const std::string& operation) {
  const std::string action = action_of(service, operation);
  const auto other = unusual().find(action);
  return other == unusual().end() ? std::vector<std::string>{action} : other->second;
}

JsonObject iam_policy(std::span<const Definition> definitions) {
  std::set<std::string> own, by_services;
  const auto allow = [&](const std::string& service, const std::string& operation) {
    const auto actions = iam_actions(service, operation);
    own.insert(actions.begin(), actions.end());
    const auto more = forwarded().find(action_of(service, operation));
    if (more != forwarded().end()) by_services.insert(more->second.begin(), more->second.end());
  };
  allow("sts", "GetCallerIdentity");
  for (const Definition& definition : definitions) {
    for (const Call* call : all_calls(definition)) {
      allow(call->service.empty() ? definition.service : call->service, call->operation);
    }
  }
  // Few statements: AWS takes policies of 6,144 characters, white space not counted.
  JsonArray statements{statement("Operator", own)};
  if (!by_services.empty()) {
    JsonObject forwarding = statement("ForwardedByServices", by_services);
    forwarding["Condition"] = JsonObject{{"Bool", JsonObject{{"aws:ViaAWSService", "true"}}}};
    statements.push_back(std::move(forwarding));
  }
  return {{"Version", "2012-10-17"}, {"Statement", std::move(statements)}};
}

}  // namespace infra::definition
