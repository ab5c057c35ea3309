#include <functional>

#include "aws/s3_documents.h"
#include "aws/state.h"
#include "base/base64.h"

namespace infra::sim {
namespace {

constexpr const char* kTheirPolicy = "arn:aws:iam::aws:policy/SecurityAudit";
constexpr const char* kStranger = "999999999999";
// Tags with this start are how the operator knows its own.
constexpr std::string_view kOurTags = "aws-infra-operator.runner.codes/";

constexpr const char* kTrust =
    R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]})";

// The request of somebody at the console: it goes the way of all others, from behind the keys on.
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

// What a person does to a thing, in words.
struct Deed {
  std::string words;
  Request request;
};
using Deeds = std::vector<Deed>;

std::string text_of(bool on) { return on ? "true" : "false"; }

bool is_on(const Json& value) { return value == Json(true); }

Deed tagged(const Thing& thing, const std::string& key, const std::string& value) {
  const std::string words = "sets tag " + key + "=" + value;
  if (thing.kind == "VPC") {
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

Deed deletion(const Thing& thing) {
  constexpr std::array<std::array<const char*, 3>, 6> kCalls{
      {{"VPC", "ec2", "DeleteVpc"},
       {"IAMRole", "iam", "DeleteRole"},
       {"SQSQueue", "sqs", "DeleteQueue"},
       {"KMSKey", "kms", "ScheduleKeyDeletion"},
       {"LambdaFunction", "lambda", "DeleteFunction"},
       {"S3Bucket", "s3", "DeleteBucket"}}};
  for (const auto& [kind, service, operation] : kCalls) {
    if (thing.kind != kind) continue;
    Deed deed{"deletes it", about(thing, service, operation)};
    set_form(deed.request, {{thing.kind == "VPC" ? "VpcId" : "RoleName", thing.id}});
    deed.request.body = JsonObject{{"QueueUrl", thing.id}, {"KeyId", thing.id}};
    return deed;
  }
  return {};
}

Deeds deeds_to(const Thing& thing, bool may_delete) {
  Deeds deeds;
  add_tag_deeds(thing, deeds);
  if (thing.kind == "VPC") add_vpc_deeds(thing, deeds);
  if (thing.kind == "IAMRole") add_role_deeds(thing, deeds);
  if (thing.kind == "SQSQueue") add_queue_deeds(thing, deeds);
  if (thing.kind == "KMSKey") add_key_deeds(thing, deeds);
  if (thing.kind == "LambdaFunction") add_function_deeds(thing, deeds);
  if (thing.kind == "S3Bucket") add_bucket_deeds(thing, deeds);
  if (may_delete) deeds.push_back(deletion(thing));
  return deeds;
}

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
  if (kind == "S3Bucket") return cloud.truth(kind, "", name) != nullptr;
  if (kind == "LambdaFunction") return cloud.truth(kind, here(request), name) != nullptr;
  return false;  // names of VPCs and keys repeat; a queue that is there is found, not made
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
    const bool holds =
        thing->kind == "VPC" || thing->kind == "S3Bucket" || thing->kind == "IAMRole";
    if (thing->live && holds) rooms.push_back(thing.get());
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
  // S3 (us-east-1) answers the create of a bucket that the account has as if it had been made, and
  // nothing but 403 about those of others: hidden at first, nothing tells them from our own.
  if (kind == "S3Bucket") state_->cloud.things.back()->birth = Arrival(state_->cloud.now());
  return "somebody makes " + kind + " " + name + " in account " + account;
}

}  // namespace infra::sim
