#include "run/expected.h"

#include <openssl/evp.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/base64.h"

namespace infra::sim {
namespace {

// What a declared value should be in AWS's words.
using Form = Json (*)(const Json& declared);

Json plain(const Json& declared) { return declared; }

Json as_text(const Json& declared) {
  return declared.is_string() ? declared : Json(boost::json::serialize(declared));
}

Json parsed(const Json& text) {
  if (!text.is_string()) return text;
  return parse_json(std::string_view(text.get_string())).value_or(nullptr);
}

// A list whose order says nothing.
Json sorted(const Json& list) {
  if (!list.is_array()) return list;
  std::set<std::string> items;
  for (const Json& item : list.get_array()) items.insert(canonical(item));
  JsonArray out;
  for (const auto& item : items) out.emplace_back(item);
  return out;
}

Json policy_arns(const Json& attached) {
  JsonArray out;
  if (!attached.is_array()) return out;
  for (const Json& one : attached.get_array()) out.emplace_back(text_at(one, "PolicyArn"));
  return sorted(out);
}

Json enabled_or_suspended(const Json& declared) {
  return declared.get_bool() ? "Enabled" : "Suspended";
}

Json enabled_or_disabled(const Json& declared) {
  return declared.get_bool() ? "enabled" : "disabled";
}

// "7.0" is 7.0.0.
Json whole_version(const Json& declared) {
  const std::string text(declared.as_string());
  return std::ranges::count(text, '.') == 1 ? Json(text + ".0") : declared;
}

// As Lambda shows code: the hash of the archive, in base64.
Json sha256(const Json& declared) {
  const auto archive = base64_decode(std::string_view(declared.as_string()));
  std::string hash(EVP_MAX_MD_SIZE, '\0');
  unsigned size = 0;
  EVP_Digest(archive->data(), archive->size(), reinterpret_cast<unsigned char*>(hash.data()), &size,
             EVP_sha256(), nullptr);
  return Json(base64_encode(hash.substr(0, size)));
}

Json redrive(const Json& declared) {
  return JsonObject{{"deadLetterTargetArn", text_at(declared, "targetArn")},
                    {"maxReceiveCount", declared.at("maxReceiveCount")}};
}

Json cors(const Json& declared) {
  JsonArray out;
  for (const Json& rule : declared.get_array()) {
    out.push_back(JsonObject{{"AllowedMethods", rule.at("allowedMethods")},
                             {"AllowedOrigins", rule.at("allowedOrigins")},
                             {"MaxAgeSeconds", rule.at("maxAgeSeconds")}});
  }
  return out;
}

Json lifecycle(const Json& declared) {
  JsonArray out;
  for (const Json& rule : declared.get_array()) {
    const JsonObject filter{{"Prefix", text_at(rule, "prefix")}};
    out.push_back(
        JsonObject{{"ID", text_at(rule, "id")},
                   {"Status", rule.at("enabled").get_bool() ? "Enabled" : "Disabled"},
                   {"Filter", filter},
                   {"Expiration", JsonObject{{"Days", rule.at("expiration").at("days")}}}});
  }
  return out;
}

// The rules of a security group as AWS has them, one for each range or group that is named.
JsonArray declared_rules(const Json& declared) {
  // As AWS writes them.
  static const std::map<std::string, std::string> kCanonical{{"10.9.8.7/16", "10.9.0.0/16"},
                                                             {"2001:DB8::/32", "2001:db8::/32"}};
  const auto port = [](const Json& rule, const char* name) {
    const Json* found = find_path(rule, name);
    return found == nullptr ? Json(-1) : *found;
  };
  JsonArray out;
  for (const Json& rule : declared.get_array()) {
    JsonObject one{{"IpProtocol", rule.at("ipProtocol")},
                   {"FromPort", port(rule, "fromPort")},
                   {"ToPort", port(rule, "toPort")}};
    if (const Json* words = find_path(rule, "description")) one["Description"] = *words;
    const auto add = [&](const std::string& peer) {
      const auto known = kCanonical.find(peer);
      one["Peer"] = known == kCanonical.end() ? peer : known->second;
      out.push_back(one);
    };
    for (const char* list : {"cidrBlocks", "ipv6CidrBlocks"}) {
      const Json* ranges = find_path(rule, list);
      if (ranges == nullptr) continue;
      for (const Json& range : ranges->get_array()) add(text_at(range, ""));
    }
    const std::string group = text_at(rule, "sourceSecurityGroupID");
    if (!group.empty()) add(group);
  }
  return out;
}

// The routes that somebody has made, by what they lead to.
Json routes(const Json& declared) {
  constexpr std::pair<const char*, const char*> kNames[] = {
      {"destinationCidrBlock", "DestinationCidrBlock"},
      {"gatewayID", "GatewayId"},
      {"vpcPeeringConnectionID", "VpcPeeringConnectionId"}};
  JsonArray out;
  for (const Json& route : declared.get_array()) {
    JsonObject one{{"Origin", "CreateRoute"}};
    for (const auto& [field, member] : kNames) {
      const std::string text = text_at(route, field);
      if (!text.empty()) one[member] = text;
    }
    out.push_back(std::move(one));
  }
  return sorted(out);
}

Json made_routes(const Json& all) {
  JsonArray out;
  for (const Json& route : all.get_array()) {
    if (text_at(route, "Origin") == "CreateRoute") out.push_back(route);
  }
  return sorted(out);
}

Json subnets_of(const Json& associations) {
  JsonArray out;
  for (const Json& one : associations.get_array()) out.push_back(one.at("SubnetId"));
  return sorted(out);
}

struct Row {
  const char* kind;
  const char* field;  // in the spec
  const char* place;  // in the truth
  Form declared = plain;
  Form actual = plain;
};

constexpr Row kRows[] = {
    {"VPC", "cidrBlock", "CidrBlock"},
    {"VPC", "instanceTenancy", "InstanceTenancy"},
    {"VPC", "enableDnsSupport", "EnableDnsSupport.Value"},
    {"VPC", "enableDnsHostnames", "EnableDnsHostnames.Value"},
    {"Subnet", "vpcID", "VpcId"},
    {"Subnet", "cidrBlock", "CidrBlock"},
    {"Subnet", "availabilityZone", "AvailabilityZone"},
    {"Subnet", "mapPublicIpOnLaunch", "MapPublicIpOnLaunch"},
    {"ElasticIP", "domain", "Domain"},
    {"InternetGateway", "vpcID", "VpcId"},
    {"NATGateway", "subnetID", "SubnetId"},
    {"NATGateway", "allocationID", "AllocationId"},
    {"NATGateway", "connectivityType", "ConnectivityType"},
    {"SecurityGroup", "vpcID", "VpcId"},
    {"SecurityGroup", "groupName", "GroupName"},
    {"RouteTable", "vpcID", "VpcId"},
    {"RouteTable", "routes", "Routes", routes, made_routes},
    {"RouteTable", "subnetAssociations", "Associations", sorted, subnets_of},
    {"EC2Instance", "instanceType", "InstanceType"},
    {"EC2Instance", "imageID", "ImageId"},
    {"EC2Instance", "subnetID", "SubnetId"},
    {"EC2Instance", "securityGroupIDs", "Groups", sorted, sorted},
    {"EC2Instance", "monitoring", "Monitoring", enabled_or_disabled},
    {"EC2Instance", "disableApiTermination", "DisableApiTermination"},
    {"EC2Instance", "iamInstanceProfile", "Profile"},
    {"IAMRole", "description", "Description"},
    {"IAMRole", "maxSessionDuration", "MaxSessionDuration"},
    {"IAMRole", "assumeRolePolicyDocument", "AssumeRolePolicyDocument", parsed, parsed},
    {"IAMRole", "managedPolicyArns", "AttachedPolicies", sorted, policy_arns},
    {"SQSQueue", "visibilityTimeout", "VisibilityTimeout", as_text},
    {"SQSQueue", "delaySeconds", "DelaySeconds", as_text},
    {"SQSQueue", "messageRetentionPeriod", "MessageRetentionPeriod", as_text},
    {"SQSQueue", "maximumMessageSize", "MaximumMessageSize", as_text},
    {"SQSQueue", "receiveMessageWaitTimeSeconds", "ReceiveMessageWaitTimeSeconds", as_text},
    {"SQSQueue", "deadLetterQueue", "RedrivePolicy", redrive, parsed},
    {"KMSKey", "description", "Description"},
    {"KMSKey", "enabled", "Enabled"},
    {"KMSKey", "enableKeyRotation", "KeyRotationEnabled"},
    {"KMSKey", "keyPolicy", "Policy", parsed, parsed},
    {"LambdaFunction", "runtime", "Runtime"},
    {"LambdaFunction", "handler", "Handler"},
    {"LambdaFunction", "role", "Role"},
    {"LambdaFunction", "description", "Description"},
    {"LambdaFunction", "memorySize", "MemorySize"},
    {"LambdaFunction", "timeout", "Timeout"},
    {"LambdaFunction", "environment.variables", "Environment.Variables"},
    {"LambdaFunction", "code.zipFile", "CodeSha256", sha256},
    {"ECRRepository", "imageTagMutability", "imageTagMutability"},
    {"ECRRepository", "scanOnPush", "imageScanningConfiguration.scanOnPush"},
    {"ECRRepository", "lifecyclePolicy.policyText", "lifecyclePolicyText", parsed, parsed},
    {"DynamoDBTable", "billingMode", "BillingMode"},
    {"DynamoDBTable", "streamEnabled", "StreamEnabled"},
    {"DynamoDBTable", "streamViewType", "StreamViewType"},
    {"DynamoDBTable", "pointInTimeRecovery", "PointInTimeRecovery"},
    {"SecretsManagerSecret", "description", "Description"},
    {"SecretsManagerSecret", "rotationEnabled", "RotationEnabled"},
    {"RDSInstance", "dbInstanceClass", "DBInstanceClass"},
    {"RDSInstance", "backupRetentionPeriod", "BackupRetentionPeriod"},
    {"RDSInstance", "preferredBackupWindow", "PreferredBackupWindow"},
    {"RDSInstance", "multiAZ", "MultiAZ"},
    {"RDSInstance", "publiclyAccessible", "PubliclyAccessible"},
    {"RDSInstance", "port", "Port"},
    {"ElastiCacheCluster", "nodeType", "CacheNodeType"},
    {"ElastiCacheCluster", "numCacheNodes", "NumCacheNodes"},
    {"ElastiCacheCluster", "replicasPerNodeGroup", "ReplicasPerNodeGroup"},
    {"ElastiCacheCluster", "replicationGroupDescription", "ReplicationGroupDescription"},
    {"ElastiCacheCluster", "automaticFailoverEnabled", "AutomaticFailoverEnabled"},
    {"ElastiCacheCluster", "multiAZEnabled", "MultiAZEnabled"},
    {"ElastiCacheCluster", "snapshotRetentionLimit", "SnapshotRetentionLimit"},
    {"ElastiCacheCluster", "snapshotWindow", "SnapshotWindow"},
    {"ElastiCacheCluster", "engineVersion", "EngineVersion", whole_version, plain},
    {"ElastiCacheCluster", "parameterGroupName", "CacheParameterGroupName"},
    {"ElastiCacheCluster", "preferredMaintenanceWindow", "PreferredMaintenanceWindow"},
    {"ElastiCacheCluster", "securityGroupIds", "SecurityGroupIds", sorted, sorted},
    {"SNSTopic", "displayName", "DisplayName"},
    {"SNSTopic", "deliveryPolicy", "DeliveryPolicy", parsed, parsed},
    {"S3Bucket", "versioning.enabled", "Versioning.Status", enabled_or_suspended},
    {"S3Bucket", "publicAccessBlock.blockPublicAcls",
     "PublicAccessBlockConfiguration.BlockPublicAcls"},
    {"S3Bucket", "publicAccessBlock.blockPublicPolicy",
     "PublicAccessBlockConfiguration.BlockPublicPolicy"},
    {"S3Bucket", "publicAccessBlock.ignorePublicAcls",
     "PublicAccessBlockConfiguration.IgnorePublicAcls"},
    {"S3Bucket", "publicAccessBlock.restrictPublicBuckets",
     "PublicAccessBlockConfiguration.RestrictPublicBuckets"},
    {"S3Bucket", "corsRules", "CORSRules", cors},
    {"S3Bucket", "lifecycleRules", "LifecycleRules", lifecycle},
};

std::string shown(const Json* value) {
  return value == nullptr ? "nothing" : boost::json::serialize(*value);
}

bool empty(const Json& value) { return value.is_array() && value.get_array().empty(); }

void compare(const Row& row, const Json& spec, const Json& state, std::vector<std::string>& out) {
  const Json* declared = find_path(spec, row.field);
  if (declared == nullptr || declared->is_null()) return;
  const Json wanted = row.declared(*declared);
  const Json* place = find_path(state, row.place);
  if (place == nullptr && empty(wanted)) return;
  if (place != nullptr && same(wanted, row.actual(*place))) return;
  out.push_back(std::string(row.field) + " should be " + shown(&wanted) + " and is " +
                shown(place));
}

void compare_inline_policy(const Json& spec, const Json& state, std::vector<std::string>& out) {
  const Json* declared = find_path(spec, "inlinePolicy");
  if (declared == nullptr || declared->is_null()) return;
  const Json* policies = find_path(state, "InlinePolicies");
  if (policies == nullptr || !policies->is_object()) {
    out.emplace_back("there is no inline policy");
    return;
  }
  const std::string name = text_at(*declared, "policyName");
  const Json* document = policies->get_object().if_contains(name);
  if (document == nullptr || !same(parsed(*document), parsed(declared->at("policyDocument")))) {
    out.push_back("inline policy " + name + " is " + shown(document));
  }
  if (policies->get_object().size() > 1) out.emplace_back("there are more inline policies");
}

// How a secret is rotated counts only while it is.
void compare_rotation(const Json& spec, const Json& state, std::vector<std::string>& out) {
  const Json* on = find_path(spec, "rotationEnabled");
  if (on == nullptr || *on != Json(true)) return;
  for (const Row& row : {Row{"", "automaticallyAfterDays", "RotationRules.AutomaticallyAfterDays"},
                         Row{"", "rotationLambdaARN", "RotationLambdaARN"}}) {
    compare(row, spec, state, out);
  }
}

void compare_encryption(const Json& spec, const Json& state, std::vector<std::string>& out) {
  const std::string declared = text_at(spec, "encryption.algorithm");
  if (declared.empty()) return;
  const std::string wanted = declared == "AES256" ? declared : "aws:kms";
  const std::string text = boost::json::serialize(state);
  if (text.find("\"SSEAlgorithm\":\"" + wanted + "\"") == std::string::npos) {
    out.push_back("encryption is not " + wanted);
  }
}

void compare_rules(const Json& spec, const Json& state, const char* field, bool egress,
                   std::vector<std::string>& out) {
  const Json* declared = find_path(spec, field);
  if (declared == nullptr || declared->is_null()) return;
  JsonArray actual;
  for (const Json& rule : state.at("Rules").as_array()) {
    if (rule.at("IsEgress") == Json(egress)) actual.push_back(rule);
  }
  for (const Json& rule : declared_rules(*declared)) {
    const auto found = std::ranges::find_if(actual, [&rule](const Json& other) {
      return std::ranges::all_of(rule.get_object(), [&other](const auto& member) {
        return same(other.at(member.key()), member.value());
      });
    });
    if (found == actual.end()) {
      out.push_back(std::string(field) + " lacks " + shown(&rule));
      return;
    }
    actual.erase(found);
  }
  if (!actual.empty()) out.push_back(std::string(field) + " has too much: " + shown(&actual[0]));
}

void compare_name(const Json& spec, const FakeAws::Resource& resource,
                  std::vector<std::string>& out) {
  const auto found = resource.tags.find("Name");
  if (found != resource.tags.end() && found->second == text_at(spec, "instanceName")) return;
  out.emplace_back("its name is not as declared");
}

// What a declared subscription should be like. One that nobody has confirmed cannot be changed.
std::string subscription_fault(const Json& declared, const Json& found) {
  if (text_at(found, "State") != "Confirmed") return "";
  const Json& attributes = found.at("Attributes");
  for (const auto& [field, place] : {std::pair("filterPolicy", "FilterPolicy"),
                                     std::pair("rawMessageDelivery", "RawMessageDelivery"),
                                     std::pair("deadLetterQueueArn", "RedrivePolicy")}) {
    const Json* wanted = find_path(declared, field);
    if (wanted == nullptr || wanted->is_null()) continue;
    const Json* there = attributes.as_object().if_contains(place);
    const bool as_json = std::string_view(field) == "filterPolicy";
    const Json shown = there == nullptr ? Json(nullptr) : *there;
    const bool right =
        std::string_view(field) == "deadLetterQueueArn"
            ? Json(text_at(parsed(shown), "deadLetterTargetArn")) == *wanted
            : same(as_json ? parsed(*wanted) : as_text(*wanted), as_json ? parsed(shown) : shown);
    if (!right) return field;
  }
  return "";
}

std::string endpoint_of(const Json& subscription, const char* protocol, const char* endpoint) {
  return text_at(subscription, protocol) + " " + text_at(subscription, endpoint);
}

// All that are declared are there, and of our own no others, but for those that cannot be taken
// back.
void compare_subscriptions(const Json& spec, const Json& state, std::vector<std::string>& out) {
  const Json* declared = find_path(spec, "subscriptions");
  const JsonArray wanted =
      declared != nullptr && declared->is_array() ? declared->get_array() : JsonArray();
  JsonArray found = state.at("Subscriptions").as_array();
  for (const Json& one : wanted) {
    const std::string endpoint = endpoint_of(one, "protocol", "endpoint");
    const auto there = std::ranges::find_if(found, [&endpoint](const Json& other) {
      return endpoint_of(other, "Protocol", "Endpoint") == endpoint;
    });
    if (there == found.end()) {
      out.push_back("there is no subscription of " + endpoint);
      continue;
    }
    const std::string fault = subscription_fault(one, *there);
    if (!fault.empty()) out.push_back(fault + " of the subscription of " + endpoint + " is wrong");
    found.erase(there);
  }
  for (const Json& one : found) {
    if (one.at("ByActor") == Json(true) || text_at(one, "State") != "Confirmed") continue;
    out.push_back("there is a subscription of " + endpoint_of(one, "Protocol", "Endpoint"));
  }
}

int major(const Json& version) { return std::atoi(version.as_string().c_str()); }

// Of these AWS may have more than is declared, and nothing makes it less.
void compare_growth(const Json& spec, const Json& state, std::vector<std::string>& out) {
  if (spec.at("allocatedStorage").as_int64() > state.at("AllocatedStorage").as_int64()) {
    out.push_back("allocatedStorage is " + shown(&state.at("AllocatedStorage")));
  }
  if (major(spec.at("engineVersion")) > major(state.at("EngineVersion"))) {
    out.push_back("engineVersion is " + shown(&state.at("EngineVersion")));
  }
}

void compare_tags(const Json& spec, const FakeAws::Resource& resource,
                  std::vector<std::string>& out) {
  const Json* tags = find_path(spec, "tags");
  if (tags == nullptr || !tags->is_object()) return;
  for (const auto& tag : tags->get_object()) {
    const auto found = resource.tags.find(std::string(tag.key()));
    if (found == resource.tags.end() || Json(found->second) != tag.value()) {
      out.push_back("tag " + std::string(tag.key()) + " is not as declared");
    }
  }
}

}  // namespace

namespace {

bool is_less(const Json& spec, const char* field, const Json& state, const char* place) {
  const Json* declared = find_path(spec, field);
  const Json* actual = find_path(state, place);
  return declared != nullptr && declared->is_int64() && actual != nullptr &&
         declared->get_int64() < actual->as_int64();
}

// "You can't currently modify the storage of this DB instance because the previous storage change
// is being optimized", for six hours, and storage only grows.
bool storage_is_fixed(const Json& spec, const Json& state) {
  return state.at("StorageRests") == Json(true) &&
         spec.at("allocatedStorage").as_int64() > state.at("AllocatedStorage").as_int64();
}

// Fewer nodes have to be told which.
bool nodes_are_fixed(const Json& spec, const Json& state) {
  return is_less(spec, "numCacheNodes", state, "NumCacheNodes");
}

}  // namespace

bool aws_refuses(const std::string& kind, const Json& spec, const FakeAws::Resource& resource) {
  if (kind == "RDSInstance" && storage_is_fixed(spec, resource.state)) return true;
  if (kind == "ElastiCacheCluster" && nodes_are_fixed(spec, resource.state)) return true;
  // "You cannot enable or disable automatic rotation while the key is disabled": KMS's reference of
  // EnableKeyRotation, DisabledException.
  const Json* enabled = find_path(spec, "enabled");
  const Json* rotation = find_path(spec, "enableKeyRotation");
  const Json* actual = find_path(resource.state, "KeyRotationEnabled");
  // "The enableDnsHostnames attribute cannot be set while enableDnsSupport is false": EC2's answer.
  const Json* support = find_path(spec, "enableDnsSupport");
  const Json* hostnames = find_path(spec, "enableDnsHostnames");
  const Json* has_names = find_path(resource.state, "EnableDnsHostnames.Value");
  if (kind == "VPC" && support != nullptr && *support == false && hostnames != nullptr &&
      has_names != nullptr && *hostnames != *has_names) {
    return true;
  }
  return kind == "KMSKey" && enabled != nullptr && *enabled == false && rotation != nullptr &&
         actual != nullptr && *rotation != *actual;
}

std::string value_fault(const Json& spec, const std::string& value,
                        const FakeAws::Resource& resource) {
  constexpr std::pair<const char*, const char*> kPlaces[] = {
      {"secretStringRef", "SecretString"},
      {"secretBinaryRef", "SecretBinary"},
      {"masterUserPasswordSecretRef", "MasterUserPassword"},
      {"authTokenRef", "AuthToken"}};
  for (const auto& [field, place] : kPlaces) {
    const Json* declared = find_path(spec, field);
    if (declared == nullptr || declared->is_null()) continue;
    const bool bytes = std::string_view(place) == "SecretBinary";
    const std::string wanted = bytes ? base64_encode(value) : value;
    if (text_at(resource.state, place) != wanted)
      return field + std::string(" is not what AWS has");
  }
  return {};
}

std::vector<std::string> differences(const std::string& kind, const Json& spec,
                                     const FakeAws::Resource& resource) {
  std::vector<std::string> out;
  for (const Row& row : kRows) {
    if (kind == row.kind) compare(row, spec, resource.state, out);
  }
  if (kind == "IAMRole") compare_inline_policy(spec, resource.state, out);
  if (kind == "RDSInstance") compare_growth(spec, resource.state, out);
  if (kind == "EC2Instance" && resource.state.at("StoppedByUs") == Json(true)) {
    out.emplace_back("it was stopped for a change, and not started again");
  }
  if (kind == "SecurityGroup") {
    compare_rules(spec, resource.state, "ingressRules", false, out);
    compare_rules(spec, resource.state, "egressRules", true, out);
  }
  if (kind == "EC2Instance") compare_name(spec, resource, out);
  if (kind == "SNSTopic") compare_subscriptions(spec, resource.state, out);
  if (kind == "SecretsManagerSecret") compare_rotation(spec, resource.state, out);
  if (kind == "S3Bucket") compare_encryption(spec, resource.state, out);
  compare_tags(spec, resource, out);
  return out;
}

// "The specified association conflicts with an existing association": EC2's answer to
// AssociateRouteTable.
bool subnet_taken(const Json& spec, const FakeAws::Resource& other) {
  const Json* subnets = find_path(spec, "subnetAssociations");
  if (subnets == nullptr || !subnets->is_array()) return false;
  return std::ranges::any_of(other.state.at("Associations").as_array(), [&](const Json& one) {
    return std::ranges::find(subnets->get_array(), one.at("SubnetId")) !=
           subnets->get_array().end();
  });
}

bool place_taken(const std::string& kind, const Json& spec, const std::string& uid,
                 const std::vector<FakeAws::Resource>& resources) {
  // "The CIDR conflicts with another subnet": EC2's answer to CreateSubnet. "Network already has an
  // internet gateway attached": that to AttachInternetGateway. "The security group already exists
  // for VPC": that to CreateSecurityGroup.
  if (kind == "RouteTable") {
    return std::ranges::any_of(resources, [&](const auto& other) {
      return other.live && other.kind == kind && !belongs_to(other, uid) &&
             subnet_taken(spec, other);
    });
  }
  if (kind != "Subnet" && kind != "InternetGateway" && kind != "SecurityGroup") return false;
  return std::ranges::any_of(resources, [&](const auto& other) {
    return other.live && other.kind == kind && !belongs_to(other, uid) &&
           text_at(other.state, "VpcId") == text_at(spec, "vpcID") &&
           text_at(other.state, "CidrBlock") == text_at(spec, "cidrBlock") &&
           text_at(other.state, "GroupName") == text_at(spec, "groupName");
  });
}

bool holds_data(const std::string& kind) {
  static const std::set<std::string> kKinds{"S3Bucket", "RDSInstance", "DynamoDBTable", "KMSKey",
                                            "SecretsManagerSecret"};
  return kKinds.contains(kind);
}

bool is_failed(const FakeAws::Resource& resource) {
  const std::string state = text_at(resource.state, "State");
  return state == "Failed" || state == "failed" || state == "create-failed" ||
         state == "incompatible-network";
}

bool is_unready(const FakeAws::Resource& resource) {
  const std::string state = text_at(resource.state, "State");
  return is_failed(resource) || state == "Pending" || state == "pending" || state == "creating" ||
         state == "stopping" || text_at(resource.state, "TableStatus") == "CREATING";
}

bool is_leaving(const FakeAws::Resource& resource) {
  const std::string state = text_at(resource.state, "State");
  return state == "deleting" || state == "shutting-down" ||
         text_at(resource.state, "TableStatus") == "DELETING";
}

bool is_changing(const FakeAws::Resource& resource) {
  const bool shows_work = resource.kind == "RDSInstance" || resource.kind == "ElastiCacheCluster";
  return shows_work && text_at(resource.state, "State") != "available";
}

bool belongs_to(const FakeAws::Resource& resource, const std::string& uid) {
  const auto owner = resource.tags.find(std::string(FakeAws::kOwnerTag));
  return owner != resource.tags.end() && owner->second == uid;
}

}  // namespace infra::sim
