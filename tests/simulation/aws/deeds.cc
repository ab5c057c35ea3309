#include "aws/deeds.h"

#include <algorithm>
#include <array>

#include "aws/s3_documents.h"

namespace infra::sim {
namespace {

// Tags with this start are how the operator knows its own.
constexpr std::string_view kOurTags = "aws-infra-operator.runner.codes/";

std::string text_of(bool on) { return on ? "true" : "false"; }

bool is_on(const Json& value) { return value == Json(true); }

// The call that deletes a thing of a kind, and the parameter that names it.
struct Deletion {
  const char* kind;
  const char* service;
  const char* operation;
  const char* parameter;
};
constexpr Deletion kClusterDeletion{"ElastiCacheCluster", "elasticache", "DeleteCacheCluster",
                                    "CacheClusterId"};
constexpr std::array kDeletions{
    Deletion{"VPC", "ec2", "DeleteVpc", "VpcId"},
    Deletion{"Subnet", "ec2", "DeleteSubnet", "SubnetId"},
    Deletion{"ElasticIP", "ec2", "ReleaseAddress", "AllocationId"},
    Deletion{"InternetGateway", "ec2", "DeleteInternetGateway", "InternetGatewayId"},
    Deletion{"NATGateway", "ec2", "DeleteNatGateway", "NatGatewayId"},
    Deletion{"SecurityGroup", "ec2", "DeleteSecurityGroup", "GroupId"},
    Deletion{"RouteTable", "ec2", "DeleteRouteTable", "RouteTableId"},
    Deletion{"EC2Instance", "ec2", "TerminateInstances", "InstanceId.1"},
    Deletion{"IAMRole", "iam", "DeleteRole", "RoleName"},
    Deletion{"SQSQueue", "sqs", "DeleteQueue", "QueueUrl"},
    Deletion{"KMSKey", "kms", "ScheduleKeyDeletion", "KeyId"},
    Deletion{"LambdaFunction", "lambda", "DeleteFunction", "FunctionName"},
    Deletion{"S3Bucket", "s3", "DeleteBucket", "Bucket"},
    Deletion{"ECRRepository", "ecr", "DeleteRepository", "repositoryName"},
    Deletion{"DynamoDBTable", "dynamodb", "DeleteTable", "TableName"},
    Deletion{"SNSTopic", "sns", "DeleteTopic", "TopicArn"},
    Deletion{"SecretsManagerSecret", "secretsmanager", "DeleteSecret", "SecretId"},
    Deletion{"RDSInstance", "rds", "DeleteDBInstance", "DBInstanceIdentifier"},
    Deletion{"ElastiCacheCluster", "elasticache", "DeleteReplicationGroup", "ReplicationGroupId"},
};

bool is_cluster(const Thing& cache) { return text_at(cache.truth("core"), "Type") == "cluster"; }

const Deletion& deletion_of(const Thing& thing) {
  if (thing.kind == kClusterDeletion.kind && is_cluster(thing)) return kClusterDeletion;
  return *std::ranges::find(kDeletions, thing.kind, &Deletion::kind);
}

Deed deletion(const Thing& thing) {
  const Deletion& row = deletion_of(thing);
  Deed deed{"deletes it", about(thing, row.service, row.operation)};
  std::vector<std::pair<std::string, std::string>> fields{{row.parameter, thing.id}};
  if (thing.kind == "RDSInstance") fields.emplace_back("SkipFinalSnapshot", "true");
  set_form(deed.request, fields);
  deed.request.body = JsonObject{{row.parameter, thing.id}};
  return deed;
}

JsonArray one_tag(const std::string& key, const std::string& value) {
  return {JsonObject{{"Key", key}, {"Value", value}}};
}

Deed tagged(const Thing& thing, const std::string& key, const std::string& value) {
  const std::string words = "sets tag " + key + "=" + value;
  if (deletion_of(thing).service == std::string_view("ec2")) {
    Deed deed{words, about(thing, "ec2", "CreateTags")};
    set_form(deed.request,
             {{"ResourceId.1", thing.id}, {"Tag.1.Key", key}, {"Tag.1.Value", value}});
    return deed;
  }
  if (thing.kind == "IAMRole") {
    Deed deed{words, about(thing, "iam", "TagRole")};
    set_form(deed.request,
             {{"RoleName", thing.id}, {"Tags.member.1.Key", key}, {"Tags.member.1.Value", value}});
    return deed;
  }
  if (thing.kind == "SQSQueue") {
    Deed deed{words, about(thing, "sqs", "TagQueue")};
    deed.request.body = JsonObject{{"QueueUrl", thing.id}, {"Tags", JsonObject{{key, value}}}};
    return deed;
  }
  if (thing.kind == "KMSKey") {
    Deed deed{words, about(thing, "kms", "TagResource")};
    JsonArray tags{JsonObject{{"TagKey", key}, {"TagValue", value}}};
    deed.request.body = JsonObject{{"KeyId", thing.id}, {"Tags", std::move(tags)}};
    return deed;
  }
  if (thing.kind == "ECRRepository") {
    Deed deed{words, about(thing, "ecr", "TagResource")};
    deed.request.body = JsonObject{{"repositoryName", thing.id}, {"tags", one_tag(key, value)}};
    return deed;
  }
  if (thing.kind == "DynamoDBTable") {
    Deed deed{words, about(thing, "dynamodb", "TagResource")};
    deed.request.body = JsonObject{{"TableName", thing.id}, {"Tags", one_tag(key, value)}};
    return deed;
  }
  if (thing.kind == "SNSTopic") {
    Deed deed{words, about(thing, "sns", "TagResource")};
    set_form(
        deed.request,
        {{"ResourceArn", thing.id}, {"Tags.member.1.Key", key}, {"Tags.member.1.Value", value}});
    return deed;
  }
  if (thing.kind == "RDSInstance" || thing.kind == "ElastiCacheCluster") {
    const bool database = thing.kind == "RDSInstance";
    Deed deed{words, about(thing, database ? "rds" : "elasticache", "AddTagsToResource")};
    set_form(deed.request,
             {{"ResourceName", text_at(thing.truth("core"), database ? "DBInstanceArn" : "ARN")},
              {"Tags.Tag.1.Key", key},
              {"Tags.Tag.1.Value", value}});
    return deed;
  }
  if (thing.kind == "SecretsManagerSecret") {
    Deed deed{words, about(thing, "secretsmanager", "TagResource")};
    deed.request.body = JsonObject{{"SecretId", thing.id}, {"Tags", one_tag(key, value)}};
    return deed;
  }
  if (thing.kind == "LambdaFunction") {
    Deed deed{words, about(thing, "lambda", "TagResource")};
    deed.request.body = JsonObject{{"Tags", JsonObject{{key, value}}}};
    return deed;
  }
  Deed deed{words, about(thing, "s3", "PutBucketTagging")};
  JsonObject all = thing.truth("tags").as_object();
  all[key] = value;
  JsonArray items;
  for (const auto& tag : all) {
    items.push_back(JsonObject{{"Key", tag.key()}, {"Value", tag.value()}});
  }
  deed.request.http.body = write_document("Tagging", JsonObject{{"TagSet", std::move(items)}});
  return deed;
}

void add_tag_deeds(const Thing& thing, Deeds& deeds) {
  deeds.push_back(tagged(thing, "team", "somebody"));
  for (const auto& tag : thing.truth("tags").as_object()) {
    if (tag.key() == "team" || std::string_view(tag.key()).starts_with(kOurTags)) continue;
    deeds.push_back(tagged(thing, tag.key(), "edited"));
  }
}

void add_vpc_deeds(const Thing& vpc, Deeds& deeds) {
  for (const char* name : {"EnableDnsHostnames", "EnableDnsSupport"}) {
    const std::string value = text_of(!is_on(*find_path(vpc.truth(name), "Value")));
    Deed deed{"sets " + std::string(name) + " to " + value,
              about(vpc, "ec2", "ModifyVpcAttribute")};
    set_form(deed.request, {{"VpcId", vpc.id}, {std::string(name) + ".Value", value}});
    deeds.push_back(std::move(deed));
  }
}

void add_subnet_deeds(const Thing& subnet, Deeds& deeds) {
  const std::string value = text_of(!is_on(subnet.truth("MapPublicIpOnLaunch")));
  Deed deed{"sets MapPublicIpOnLaunch to " + value, about(subnet, "ec2", "ModifySubnetAttribute")};
  set_form(deed.request, {{"SubnetId", subnet.id}, {"MapPublicIpOnLaunch.Value", value}});
  deeds.push_back(std::move(deed));
}

void add_internet_gateway_deeds(const Thing& gateway, Deeds& deeds) {
  const std::string vpc = text_at(gateway.truth("VpcId"), "");
  if (vpc.empty()) return;
  Deed deed{"detaches it", about(gateway, "ec2", "DetachInternetGateway")};
  set_form(deed.request, {{"InternetGatewayId", gateway.id}, {"VpcId", vpc}});
  deeds.push_back(std::move(deed));
}

void add_security_group_deeds(const Thing& group, Deeds& deeds) {
  const auto add = [&](const std::string& words, const std::string& operation,
                       std::vector<std::pair<std::string, std::string>> fields) {
    Deed deed{words, about(group, "ec2", operation)};
    fields.insert(fields.begin(), {"GroupId", group.id});
    set_form(deed.request, fields);
    deeds.push_back(std::move(deed));
  };
  for (const char* direction : {"Ingress", "Egress"}) {
    add("lets more through", "AuthorizeSecurityGroup" + std::string(direction),
        {{"IpPermissions.1.IpProtocol", "tcp"},
         {"IpPermissions.1.FromPort", "22"},
         {"IpPermissions.1.ToPort", "22"},
         {"IpPermissions.1.IpRanges.1.CidrIp", "203.0.113.0/24"}});
  }
  for (const Json& rule : group.truth("Rules").as_array()) {
    const std::string direction = rule.at("IsEgress") == Json(true) ? "Egress" : "Ingress";
    const std::string id = text_at(rule, "SecurityGroupRuleId");
    add("revokes a rule", "RevokeSecurityGroup" + direction, {{"SecurityGroupRuleId.1", id}});
    add("describes a rule otherwise", "UpdateSecurityGroupRuleDescriptions" + direction,
        {{"SecurityGroupRuleDescription.1.SecurityGroupRuleId", id},
         {"SecurityGroupRuleDescription.1.Description", "edited"}});
  }
}

void add_route_table_deeds(const Thing& table, Deeds& deeds) {
  const auto add = [&](const std::string& words, const std::string& operation,
                       const std::vector<std::pair<std::string, std::string>>& fields) {
    Deed deed{words, about(table, "ec2", operation)};
    set_form(deed.request, fields);
    deeds.push_back(std::move(deed));
  };
  const std::pair<std::string, std::string> named{"RouteTableId", table.id};
  add("adds a route", "CreateRoute",
      {named,
       {"DestinationCidrBlock", "203.0.113.0/24"},
       {"VpcPeeringConnectionId", "pcx-0000000000000000e"}});
  add("has another subnet use it", "AssociateRouteTable", {named, {"SubnetId", kTheirSubnet}});
  for (const Json& route : table.truth("Routes").as_array()) {
    const std::pair<std::string, std::string> to{"DestinationCidrBlock",
                                                 text_at(route, "DestinationCidrBlock")};
    if (text_at(route, "Origin") != "CreateRoute") continue;
    add("deletes a route", "DeleteRoute", {named, to});
    add("leads a route elsewhere", "ReplaceRoute",
        {named, to, {"VpcPeeringConnectionId", "pcx-0000000000000000e"}});
  }
  for (const Json& one : table.truth("Associations").as_array()) {
    add("takes a subnet off it", "DisassociateRouteTable",
        {{"AssociationId", text_at(one, "AssociationId")}});
  }
}

void add_instance_deeds(const Thing& instance, Deeds& deeds) {
  const auto add = [&](const std::string& operation,
                       const std::vector<std::pair<std::string, std::string>>& fields) {
    Deed deed{"does " + operation, about(instance, "ec2", operation)};
    set_form(deed.request, fields);
    deeds.push_back(std::move(deed));
  };
  for (const char* operation :
       {"StopInstances", "StartInstances", "MonitorInstances", "UnmonitorInstances"}) {
    add(operation, {{"InstanceId.1", instance.id}});
  }
  const std::pair<std::string, std::string> named{"InstanceId", instance.id};
  add("ModifyInstanceAttribute", {named, {"DisableApiTermination.Value", "true"}});
  add("ModifyInstanceAttribute", {named, {"InstanceType.Value", "t3.large"}});
  add("ModifyInstanceAttribute", {named, {"GroupId.1", "sg-000000000000000fe"}});
  add("AssociateIamInstanceProfile", {named, {"IamInstanceProfile.Name", "other"}});
  const std::string association = text_at(instance.truth("Profile"), "AssociationId");
  if (association.empty()) return;
  add("DisassociateIamInstanceProfile", {{"AssociationId", association}});
}

void add_role_deeds(const Thing& role, Deeds& deeds) {
  const auto add = [&](const std::string& words, const std::string& operation,
                       std::vector<std::pair<std::string, std::string>> fields) {
    Deed deed{words, about(role, "iam", operation)};
    fields.insert(fields.begin(), {"RoleName", role.id});
    set_form(deed.request, fields);
    deeds.push_back(std::move(deed));
  };
  add("describes it otherwise", "UpdateRole",
      {{"Description", "edited"}, {"MaxSessionDuration", "7200"}});
  add("lets others assume it", "UpdateAssumeRolePolicy",
      {{"PolicyDocument",
        R"({"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":"sts:AssumeRole"}]})"}});
  add("attaches a policy", "AttachRolePolicy", {{"PolicyArn", kTheirPolicy}});
  for (const Json& policy : role.truth("AttachedPolicies").as_array()) {
    add("detaches a policy", "DetachRolePolicy", {{"PolicyArn", text_at(policy, "PolicyArn")}});
  }
  for (const auto& policy : role.truth("InlinePolicies").as_object()) {
    add("deletes an embedded policy", "DeleteRolePolicy", {{"PolicyName", policy.key()}});
  }
}

void add_queue_deeds(const Thing& queue, Deeds& deeds) {
  constexpr std::pair<const char*, const char*> kValues[] = {
      {"VisibilityTimeout", "77"}, {"DelaySeconds", "7"}, {"MessageRetentionPeriod", "7777"}};
  for (const auto& [name, value] : kValues) {
    Deed deed{"sets " + std::string(name), about(queue, "sqs", "SetQueueAttributes")};
    deed.request.body =
        JsonObject{{"QueueUrl", queue.id}, {"Attributes", JsonObject{{name, value}}}};
    deeds.push_back(std::move(deed));
  }
}

void add_key_deeds(const Thing& key, Deeds& deeds) {
  const auto add = [&](const std::string& operation, JsonObject body) {
    Deed deed{"does " + operation, about(key, "kms", operation)};
    body["KeyId"] = key.id;
    deed.request.body = std::move(body);
    deeds.push_back(std::move(deed));
  };
  const bool enabled = is_on(*find_path(key.truth("settings"), "Enabled"));
  add(enabled ? "DisableKey" : "EnableKey", {});
  add(is_on(key.truth("KeyRotationEnabled")) ? "DisableKeyRotation" : "EnableKeyRotation", {});
  add("UpdateKeyDescription", {{"Description", "edited"}});
}

void add_function_deeds(const Thing& function, Deeds& deeds) {
  const std::pair<const char*, Json> values[] = {
      {"Timeout", 77}, {"MemorySize", 777}, {"Description", "edited"}};
  for (const auto& [name, value] : values) {
    Deed deed{"sets " + std::string(name),
              about(function, "lambda", "UpdateFunctionConfiguration")};
    deed.request.body = JsonObject{{name, value}};
    deeds.push_back(std::move(deed));
  }
}

void add_repository_deeds(const Thing& repository, Deeds& deeds) {
  const auto add = [&](const std::string& operation, JsonObject body) {
    Deed deed{"does " + operation, about(repository, "ecr", operation)};
    body["repositoryName"] = repository.id;
    deed.request.body = std::move(body);
    deeds.push_back(std::move(deed));
  };
  const Json& settings = repository.truth("settings");
  const bool fixed = text_at(settings, "imageTagMutability") == "IMMUTABLE";
  add("PutImageTagMutability", {{"imageTagMutability", fixed ? "MUTABLE" : "IMMUTABLE"}});
  const bool scans = is_on(*find_path(settings, "imageScanningConfiguration.scanOnPush"));
  add("PutImageScanningConfiguration",
      {{"imageScanningConfiguration", JsonObject{{"scanOnPush", !scans}}}});
  if (!repository.truth("lifecyclePolicyText").is_null()) add("DeleteLifecyclePolicy", {});
}

void add_table_deeds(const Thing& table, Deeds& deeds) {
  const auto add = [&](const std::string& operation, JsonObject body) {
    Deed deed{"does " + operation, about(table, "dynamodb", operation)};
    body["TableName"] = table.id;
    deed.request.body = std::move(body);
    deeds.push_back(std::move(deed));
  };
  const Json& settings = table.truth("settings");
  if (text_at(settings, "BillingMode") == "PROVISIONED") {
    add("UpdateTable", {{"BillingMode", "PAY_PER_REQUEST"}});
  }
  if (!settings.at("StreamViewType").is_null()) {
    add("UpdateTable", {{"StreamSpecification", JsonObject{{"StreamEnabled", false}}}});
  }
  const bool on = is_on(table.truth("PointInTimeRecovery"));
  add("UpdateContinuousBackups",
      {{"PointInTimeRecoverySpecification", JsonObject{{"PointInTimeRecoveryEnabled", !on}}}});
}

void add_topic_deeds(const Thing& topic, Deeds& deeds) {
  const auto add = [&](const std::string& words, const std::string& operation,
                       std::vector<std::pair<std::string, std::string>> fields) -> Request& {
    deeds.push_back({words, about(topic, "sns", operation)});
    fields.emplace_back("TopicArn", topic.id);
    set_form(deeds.back().request, fields);
    return deeds.back().request;
  };
  add("renames it", "SetTopicAttributes",
      {{"AttributeName", "DisplayName"}, {"AttributeValue", "edited"}});
  add("subscribes", "Subscribe",
      {{"Protocol", "sqs"}, {"Endpoint", "arn:aws:sqs:us-east-1:111111111111:theirs"}});
  for (const Json& one : topic.truth("Subscriptions").as_array()) {
    if (one.at("ByActor") == Json(true)) continue;
    const std::string arn = text_at(one, "SubscriptionArn");
    add("ends a subscription", "Unsubscribe", {{"SubscriptionArn", arn}});
    add("filters a subscription", "SetSubscriptionAttributes",
        {{"SubscriptionArn", arn},
         {"AttributeName", "FilterPolicy"},
         {"AttributeValue", R"({"theirs":["1"]})"}});
    if (text_at(one, "State") == "PendingConfirmation") {
      add("confirms a subscription", "ConfirmSubscription", {{"Token", arn}});
    } else if (text_at(one, "Protocol") == "email") {
      add("wants no more mail", "Unsubscribe", {{"SubscriptionArn", arn}}).account = "a receiver";
    }
  }
}

// What somebody puts into it as a value stays: nobody can see that it is another.
void add_secret_deeds(const Thing& secret, Deeds& deeds) {
  const auto add = [&](const std::string& operation, JsonObject body) {
    Deed deed{"does " + operation, about(secret, "secretsmanager", operation)};
    body["SecretId"] = secret.id;
    deed.request.body = std::move(body);
    deeds.push_back(std::move(deed));
  };
  add("UpdateSecret", {{"Description", "edited"}});
  add("CancelRotateSecret", {});
  add("RotateSecret",
      {{"RotationLambdaARN", "arn:aws:lambda:us-east-1:111111111111:function:theirs"},
       {"RotationRules", JsonObject{{"AutomaticallyAfterDays", 99}}}});
}

void add_database_deeds(const Thing& database, Deeds& deeds) {
  constexpr std::pair<const char*, const char*> kValues[] = {
      {"BackupRetentionPeriod", "9"},
      {"PreferredBackupWindow", "01:00-01:30"},
      {"PubliclyAccessible", "true"},
      {"DBInstanceClass", "db.m5.large"},
      {"MultiAZ", "true"},
      {"AllocatedStorage", "30"},
      {"EngineVersion", "17"}};
  for (const auto& [name, value] : kValues) {
    Deed deed{"sets " + std::string(name), about(database, "rds", "ModifyDBInstance")};
    set_form(deed.request,
             {{"DBInstanceIdentifier", database.id}, {"ApplyImmediately", "true"}, {name, value}});
    deeds.push_back(std::move(deed));
  }
  Deed full{"fills it", about(database, "rds", "(fill)")};
  set_form(full.request, {{"DBInstanceIdentifier", database.id}});
  deeds.push_back(std::move(full));
}

void add_cache_deeds(const Thing& cache, Deeds& deeds) {
  const bool cluster = is_cluster(cache);
  const auto add = [&](const std::string& operation, const char* name, const char* value) {
    Deed deed{"does " + operation + " " + name, about(cache, "elasticache", operation)};
    set_form(deed.request, {{cluster ? "CacheClusterId" : "ReplicationGroupId", cache.id},
                            {"ApplyImmediately", "true"},
                            {name, value}});
    deeds.push_back(std::move(deed));
  };
  const char* modify = cluster ? "ModifyCacheCluster" : "ModifyReplicationGroup";
  add(modify, "PreferredMaintenanceWindow", "mon:01:00-mon:02:00");
  add(modify, "CacheNodeType", "cache.m5.large");
  add(modify, "CacheParameterGroupName", "theirs");
  if (cluster) return;
  add(modify, "SnapshotRetentionLimit", "9");
  add(modify, "ReplicationGroupDescription", "edited");
  add("CreateSnapshot", "SnapshotName", "theirs");
  add("IncreaseReplicaCount", "NewReplicaCount", "4");
  add(modify, "AutomaticFailoverEnabled", "true");
}

void add_bucket_deeds(const Thing& bucket, Deeds& deeds) {
  const auto add = [&](const std::string& operation, const std::string& root, Json document) {
    Deed deed{"does " + operation, about(bucket, "s3", operation)};
    if (!root.empty()) deed.request.http.body = write_document(root, document);
    deeds.push_back(std::move(deed));
  };
  const bool kept = text_at(bucket.truth("Versioning"), "Status") == "Enabled";
  add("PutBucketVersioning", "VersioningConfiguration",
      JsonObject{{"Status", kept ? "Suspended" : "Enabled"}});
  add("PutPublicAccessBlock", "PublicAccessBlockConfiguration",
      JsonObject{{"BlockPublicAcls", true}});
  if (!bucket.truth("CORSRules").is_null()) add("DeleteBucketCors", "", {});
  if (!bucket.truth("LifecycleRules").is_null()) add("DeleteBucketLifecycle", "", {});
}

}  // namespace

Request by_hand(const std::string& service, const std::string& operation,
                const std::string& account, const std::string& region) {
  Request request;
  request.call = {.service = service, .operation = operation, .writes = true};
  request.account = account;
  request.region = region;
  request.body = JsonObject();
  request.http.headers.emplace_back("Content-MD5", "by hand");
  return request;
}

Request about(const Thing& thing, const std::string& service, const std::string& operation) {
  Request request = by_hand(service, operation, thing.account, thing.region);
  request.call.resource = thing.id;
  request.name = thing.id;
  return request;
}

void set_form(Request& request, const std::vector<std::pair<std::string, std::string>>& fields) {
  std::string text;
  for (const auto& [name, value] : fields) {
    text += net::percent_encode(name) + "=" + net::percent_encode(value) + "&";
  }
  request.form = Fields::parse(text);
}

Deeds deeds_to(const Thing& thing, bool may_delete) {
  Deeds deeds;
  add_tag_deeds(thing, deeds);
  if (thing.kind == "VPC") add_vpc_deeds(thing, deeds);
  if (thing.kind == "Subnet") add_subnet_deeds(thing, deeds);
  if (thing.kind == "InternetGateway") add_internet_gateway_deeds(thing, deeds);
  if (thing.kind == "SecurityGroup") add_security_group_deeds(thing, deeds);
  if (thing.kind == "RouteTable") add_route_table_deeds(thing, deeds);
  if (thing.kind == "EC2Instance") add_instance_deeds(thing, deeds);
  if (thing.kind == "IAMRole") add_role_deeds(thing, deeds);
  if (thing.kind == "SQSQueue") add_queue_deeds(thing, deeds);
  if (thing.kind == "KMSKey") add_key_deeds(thing, deeds);
  if (thing.kind == "LambdaFunction") add_function_deeds(thing, deeds);
  if (thing.kind == "S3Bucket") add_bucket_deeds(thing, deeds);
  if (thing.kind == "ECRRepository") add_repository_deeds(thing, deeds);
  if (thing.kind == "DynamoDBTable") add_table_deeds(thing, deeds);
  if (thing.kind == "SNSTopic") add_topic_deeds(thing, deeds);
  if (thing.kind == "SecretsManagerSecret") add_secret_deeds(thing, deeds);
  if (thing.kind == "RDSInstance") add_database_deeds(thing, deeds);
  if (thing.kind == "ElastiCacheCluster") add_cache_deeds(thing, deeds);
  if (may_delete) deeds.push_back(deletion(thing));
  return deeds;
}

}  // namespace infra::sim
