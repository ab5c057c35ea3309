#include <algorithm>
#include <array>

#include "aws/deeds.h"
#include "aws/s3_documents.h"
#include "aws/state.h"
#include "base/base64.h"

namespace infra::sim {
namespace {

constexpr const char* kStranger = "999999999999";
// What somebody's belongings can be in.
constexpr std::string_view kRooms[] = {"VPC",
                                       "Subnet",
                                       "InternetGateway",
                                       "ElasticIP",
                                       "SecurityGroup",
                                       "IAMRole",
                                       "S3Bucket",
                                       "ECRRepository",
                                       "DynamoDBTable",
                                       "SecretsManagerSecret",
                                       "RDSInstance",
                                       "ElastiCacheCluster"};

constexpr const char* kCacheForms[] = {"replicationgroup", "cluster"};

constexpr const char* kTrust =
    R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]})";

// The rules of AWS hold for people too; the ledger says that it was one.
bool carry_out(Cloud& cloud, Request& request) {
  const std::size_t before = cloud.log.size();
  const std::string& service = request.call.service;
  Answer answer;
  if (service == "ec2") answer = serve_ec2(cloud, request);
  if (service == "iam") answer = serve_iam(cloud, request);
  if (service == "sqs") answer = serve_sqs(cloud, request);
  if (service == "kms") answer = serve_kms(cloud, request);
  if (service == "lambda") answer = serve_lambda(cloud, request);
  if (service == "s3") answer = serve_s3(cloud, request);
  if (service == "ecr") answer = serve_ecr(cloud, request);
  if (service == "dynamodb") answer = serve_dynamodb(cloud, request);
  if (service == "sns") answer = serve_sns(cloud, request);
  if (service == "secretsmanager") answer = serve_secretsmanager(cloud, request);
  if (service == "rds") answer = serve_rds(cloud, request);
  if (service == "elasticache") answer = serve_elasticache(cloud, request);
  for (std::size_t i = before; i < cloud.log.size(); ++i) cloud.log[i].call.operation = "(actor)";
  return answer.code.empty() && cloud.log.size() > before;
}

Request making(const std::string& kind, const std::string& name, const std::string& account,
               const std::string& region) {
  const auto make = [&](const char* service, const char* operation) {
    Request request = by_hand(service, operation, account, region);
    request.call.resource = name;
    request.name = name;
    return request;
  };
  if (kind == "VPC") {
    Request request = make("ec2", "CreateVpc");
    set_form(request, {{"CidrBlock", name}});
    return request;
  }
  if (kind == "SecurityGroup") {
    Request request = make("ec2", "CreateSecurityGroup");
    set_form(request, {{"VpcId", "vpc-0000000000000000e"},
                       {"GroupName", name},
                       {"GroupDescription", "of somebody"}});
    return request;
  }
  if (kind == "IAMRole") {
    Request request = make("iam", "CreateRole");
    set_form(request, {{"RoleName", name}, {"AssumeRolePolicyDocument", kTrust}});
    return request;
  }
  if (kind == "SQSQueue") {
    Request request = make("sqs", "CreateQueue");
    request.body = JsonObject{{"QueueName", name}};
    if (name.ends_with(".fifo")) {
      request.body.as_object()["Attributes"] = JsonObject{{"FifoQueue", "true"}};
    }
    return request;
  }
  if (kind == "KMSKey") {
    Request request = make("kms", "CreateKey");
    request.body = JsonObject{{"Description", name}};
    return request;
  }
  if (kind == "LambdaFunction") {
    Request request = make("lambda", "CreateFunction");
    request.body = JsonObject{{"FunctionName", name},
                              {"Runtime", "python3.12"},
                              {"Handler", "index.handler"},
                              {"Role", "arn:aws:iam::" + account + ":role/of-somebody"},
                              {"Code", JsonObject{{"ZipFile", base64_encode("PK of somebody")}}}};
    return request;
  }
  if (kind == "ECRRepository") {
    Request request = make("ecr", "CreateRepository");
    request.body = JsonObject{{"repositoryName", name}};
    return request;
  }
  if (kind == "DynamoDBTable") {
    Request request = make("dynamodb", "CreateTable");
    request.body = parse_json(R"({"KeySchema": [{"AttributeName": "k", "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": "k", "AttributeType": "B"}],
        "BillingMode": "PAY_PER_REQUEST"})")
                       .value();
    set_path(request.body, "TableName", Json(name));
    return request;
  }
  if (kind == "SNSTopic") {
    Request request = make("sns", "CreateTopic");
    set_form(request, {{"Name", name}});
    return request;
  }
  if (kind == "SecretsManagerSecret") {
    Request request = make("secretsmanager", "CreateSecret");
    request.body = JsonObject{{"Name", name}, {"ClientRequestToken", "of somebody"}};
    return request;
  }
  if (kind == "RDSInstance") {
    Request request = make("rds", "CreateDBInstance");
    set_form(request, {{"DBInstanceIdentifier", name},
                       {"DBInstanceClass", "db.m5.large"},
                       {"Engine", "mysql"},
                       {"AllocatedStorage", "100"},
                       {"MasterUsername", "somebody"},
                       {"MasterUserPassword", "of-somebody"}});
    return request;
  }
  if (kind == "ElastiCacheCluster") {
    Request request = make("elasticache", "CreateReplicationGroup");
    set_form(request, {{"ReplicationGroupId", name},
                       {"ReplicationGroupDescription", "of somebody"},
                       {"Engine", "redis"},
                       {"CacheNodeType", "cache.m5.large"}});
    return request;
  }
  Request request = make("s3", "CreateBucket");
  if (region != "us-east-1") {
    request.http.body =
        write_document("CreateBucketConfiguration", JsonObject{{"LocationConstraint", region}});
  }
  return request;
}

bool exists(const Cloud& cloud, const std::string& kind, const Request& request,
            const std::string& name) {
  if (kind == "IAMRole") return cloud.truth(kind, request.account, name) != nullptr;
  if (kind == "ElastiCacheCluster") {
    return std::ranges::any_of(kCacheForms, [&](const char* form) {
      return cloud.truth(kind, here(request) + "/" + form, name) != nullptr;
    });
  }
  if (kind == "S3Bucket") return cloud.truth(kind, "", name) != nullptr;
  if (kind == "LambdaFunction" || kind == "ECRRepository" || kind == "DynamoDBTable" ||
      kind == "SecretsManagerSecret" || kind == "RDSInstance") {
    return cloud.truth(kind, here(request), name) != nullptr;
  }
  return false;  // names of VPCs and keys repeat; a queue that is there is found, not made
}

// Groups and clusters have names apart: somebody takes both.
void make_cluster(Cloud& cloud, const Request& group, const std::string& name) {
  Request request = by_hand("elasticache", "CreateCacheCluster", group.account, group.region);
  set_form(
      request,
      {{"CacheClusterId", name}, {"Engine", "memcached"}, {"CacheNodeType", "cache.m5.large"}});
  carry_out(cloud, request);
}

// Failed gateways go by themselves within an hour; nobody has to wait for that.
void delete_failed(Cloud& cloud, const Thing& gateway) {
  Request request = about(gateway, "ec2", "DeleteNatGateway");
  set_form(request, {{"NatGatewayId", gateway.id}});
  carry_out(cloud, request);
}

void disassociate_theirs(Cloud& cloud, const Thing& table) {
  for (const Json& one : table.truth("Associations").as_array()) {
    if (text_at(one, "SubnetId") != kTheirSubnet) continue;
    Request request = about(table, "ec2", "DisassociateRouteTable");
    set_form(request, {{"AssociationId", text_at(one, "AssociationId")}});
    carry_out(cloud, request);
    break;
  }
}

void unprotect(Cloud& cloud, const Thing& instance) {
  if (instance.truth("DisableApiTermination") != Json(true)) return;
  Request request = about(instance, "ec2", "ModifyInstanceAttribute");
  set_form(request, {{"InstanceId", instance.id}, {"DisableApiTermination.Value", "false"}});
  carry_out(cloud, request);
}

}  // namespace

std::string FakeAws::tamper(Random& random, bool may_delete) {
  std::vector<Thing*> living;
  for (const auto& thing : state_->cloud.things) {
    // What others do to their own things is nothing to anybody here.
    if (thing->live && !thing->actor_made) living.push_back(thing.get());
  }
  if (living.empty()) return {};
  const Thing& thing = *random.pick(living);
  Deeds deeds = deeds_to(thing, may_delete);
  Deed deed = random.pick(deeds);
  const std::string words = "a person " + deed.words + ": " + thing.kind + " " + thing.id;
  return carry_out(state_->cloud, deed.request) ? words : "";
}

void FakeAws::make_way() {
  for (const auto& thing : state_->cloud.things) {
    // They mend the network that a database or a cache did not find.
    if (thing->kind == "RDSInstance" || thing->kind == "ElastiCacheCluster") thing->failed = false;
    if (thing->live && thing->kind == "NATGateway" && thing->failed) {
      delete_failed(state_->cloud, *thing);
    }
    if (thing->live && thing->kind == "RouteTable") disassociate_theirs(state_->cloud, *thing);
    if (thing->live && thing->kind == "EC2Instance") unprotect(state_->cloud, *thing);
    if (!thing->live || thing->kind != "IAMRole") continue;
    for (const Json& policy : thing->truth("AttachedPolicies").as_array()) {
      if (text_at(policy, "PolicyArn") != kTheirPolicy) continue;
      Request request = about(*thing, "iam", "DetachRolePolicy");
      set_form(request, {{"RoleName", thing->id}, {"PolicyArn", kTheirPolicy}});
      carry_out(state_->cloud, request);
      break;
    }
  }
}

std::string FakeAws::occupy(Random& random, Duration how_long) {
  std::vector<Thing*> rooms;
  for (const auto& thing : state_->cloud.things) {
    const bool holds = std::ranges::find(kRooms, thing->kind) != std::end(kRooms);
    if (thing->live && !thing->furniture && holds) rooms.push_back(thing.get());
  }
  if (rooms.empty()) return {};
  Thing& thing = *random.pick(rooms);
  thing.occupied_until = std::max(thing.occupied_until, state_->cloud.now() + how_long);
  return "a person puts something into " + thing.kind + " " + thing.id;
}

std::string FakeAws::squat(const std::string& kind, const std::string& name, bool other_account,
                           const std::string& region) {
  const std::string account = other_account ? kStranger : state_->first_account;
  Request request = making(kind, name, account, region);
  if (exists(state_->cloud, kind, request, name)) return {};
  if (!carry_out(state_->cloud, request)) return {};
  if (kind == "ElastiCacheCluster") make_cluster(state_->cloud, request, name);
  // S3 (us-east-1) answers the create of a bucket that the account has as if it had been made, and
  // nothing but 403 about those of others: hidden at first, nothing tells them from our own.
  if (kind == "S3Bucket") state_->cloud.things.back()->birth = Arrival(state_->cloud.now());
  return "somebody makes " + kind + " " + name + " in account " + account;
}

}  // namespace infra::sim
