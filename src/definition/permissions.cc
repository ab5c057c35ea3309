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
      {"lambda:CreateFunction", {"lambda:CreateFunction", "iam:PassRole"}},
      {"lambda:UpdateFunctionConfiguration",
       {"lambda:UpdateFunctionConfiguration", "iam:PassRole"}},
      {"ec2:RunInstances", {"ec2:RunInstances", "iam:PassRole"}},
      {"ec2:AssociateIamInstanceProfile", {"ec2:AssociateIamInstanceProfile", "iam:PassRole"}},
      {"ecs:RegisterTaskDefinition", {"ecs:RegisterTaskDefinition", "iam:PassRole"}},
      {"eks:CreateCluster", {"eks:CreateCluster", "iam:PassRole"}},
      {"eks:CreateNodegroup", {"eks:CreateNodegroup", "iam:PassRole"}}};
  return kUnusual;
}

// "s3" -> "S3": a statement's id holds letters and digits only.
std::string sid(const std::string& prefix) {
  std::string out;
  for (const char c : prefix) {
    if (std::isalnum(static_cast<unsigned char>(c)) != 0) out += c;
  }
  if (!out.empty()) out[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(out[0])));
  return out;
}

}  // namespace

JsonArray rbac_rules(std::span<const Definition> definitions, const Definition& provider) {
  std::set<std::string> plurals = {provider.plural};
  for (const Definition& definition : definitions) plurals.insert(definition.plural);
  return {
      rule(kGroup, resources(plurals, ""), {"get", "list", "watch", "update", "patch"}),
      rule(kGroup, resources(plurals, "/status"), {"patch"}),
      rule(kGroup, resources(plurals, "/finalizers"), {"update"}),
      rule("", list({"events"}), {"create", "patch"}),
      // Watched by their names and versions alone: docs/design/008-references-and-secrets.md.
      // Written where a spec asks for it: docs/secrets.md.
      rule("", list({"secrets"}), {"get", "list", "watch", "create", "update", "patch"}),
      rule("coordination.k8s.io", list({"leases"}), {"get", "create", "update", "patch"}),
  };
}

std::vector<std::string> iam_actions(const std::string& service, const std::string& operation) {
  const auto found = prefixes().find(service);
  const std::string action =
      (found == prefixes().end() ? service : found->second) + ":" + operation;
  const auto other = unusual().find(action);
  return other == unusual().end() ? std::vector<std::string>{action} : other->second;
}

JsonObject iam_policy(std::span<const Definition> definitions) {
  std::map<std::string, std::set<std::string>> by_prefix;
  const auto allow = [&by_prefix](const std::string& service, const std::string& operation) {
    for (const auto& action : iam_actions(service, operation)) {
      by_prefix[action.substr(0, action.find(':'))].insert(action);
    }
  };
  allow("sts", "GetCallerIdentity");
  for (const Definition& definition : definitions) {
    for (const Call* call : all_calls(definition)) {
      allow(call->service.empty() ? definition.service : call->service, call->operation);
    }
  }
  JsonArray statements;
  for (const auto& [prefix, actions] : by_prefix) {
    statements.push_back(JsonObject{{"Sid", sid(prefix)},
                                    {"Effect", "Allow"},
                                    {"Action", JsonArray(actions.begin(), actions.end())},
                                    {"Resource", "*"}});
  }
  return {{"Version", "2012-10-17"}, {"Statement", std::move(statements)}};
}

}  // namespace infra::definition
