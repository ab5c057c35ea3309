#include <algorithm>
#include <cctype>
#include <optional>

#include "aws/paging.h"
#include "aws/services.h"

namespace infra::sim {
namespace {

// "kms:key" and the ARN; empty for what this API does not cover, or covers only in other ways.
struct Named {
  std::string type;
  std::string arn;
};

const std::pair<std::string_view, std::string> kEc2Types[] = {
    {"VPC", "vpc"},
    {"Subnet", "subnet"},
    {"ElasticIP", "elastic-ip"},
    {"InternetGateway", "internet-gateway"},
    {"NATGateway", "natgateway"},
    {"SecurityGroup", "security-group"},
    {"RouteTable", "route-table"},
    {"EC2Instance", "instance"}};

Named named(const Thing& thing) {
  const std::string where = thing.region + ":" + thing.account + ":";
  if (thing.kind == "KMSKey") return {"kms:key", "arn:aws:kms:" + where + "key/" + thing.id};
  for (const auto& [kind, type] : kEc2Types) {
    if (thing.kind == kind) return {"ec2:" + type, "arn:aws:ec2:" + where + type + "/" + thing.id};
  }
  if (thing.kind == "S3Bucket") return {"s3", "arn:aws:s3:::" + thing.id};
  if (thing.kind == "SQSQueue") return {"sqs", text_at(thing.truth("core"), "QueueArn")};
  if (thing.kind == "ECRRepository") {
    return {"ecr:repository", text_at(thing.truth("core"), "repositoryArn")};
  }
  if (thing.kind == "DynamoDBTable") {
    return {"dynamodb:table", text_at(thing.truth("core"), "TableArn")};
  }
  if (thing.kind == "SNSTopic") return {"sns", thing.id};
  if (thing.kind == "RDSInstance") {
    return {"rds:db", text_at(thing.truth("core"), "DBInstanceArn")};
  }
  if (thing.kind == "ElastiCacheCluster") {
    return {"elasticache", text_at(thing.truth("core"), "ARN")};
  }
  if (thing.kind == "SecretsManagerSecret") {
    return {"secretsmanager:secret", text_at(thing.truth("core"), "ARN")};
  }
  if (thing.kind == "LambdaFunction") {
    return {"lambda:function", text_at(thing.truth("core"), "FunctionArn")};
  }
  return {};
}

// "kms" stands for all types of the service.
bool wanted_type(const Json& body, const std::string& type) {
  const Json* filters = find_path(body, "ResourceTypeFilters");
  if (filters == nullptr || !filters->is_array() || filters->get_array().empty()) return true;
  return std::ranges::any_of(filters->get_array(), [&type](const Json& filter) {
    const std::string text = text_at(filter, "");
    return text == type || type.starts_with(text + ":");
  });
}

// All filters have to fit; a filter without values asks for the key alone.
bool wanted_tags(const Json& body, const JsonObject& tags) {
  const Json* filters = find_path(body, "TagFilters");
  if (filters == nullptr || !filters->is_array()) return true;
  return std::ranges::all_of(filters->get_array(), [&tags](const Json& filter) {
    const Json* have = tags.if_contains(text_at(filter, "Key"));
    if (have == nullptr) return false;
    const Json* values = find_path(filter, "Values");
    if (values == nullptr || !values->is_array() || values->get_array().empty()) return true;
    return std::ranges::find(values->get_array(), *have) != values->get_array().end();
  });
}

Json mapping(const std::string& arn, const JsonObject& tags) {
  JsonArray items;
  for (const auto& tag : tags) {
    items.push_back(JsonObject{{"Key", tag.key()}, {"Value", tag.value()}});
  }
  return JsonObject{{"ResourceARN", arn}, {"Tags", std::move(items)}};
}

Answer get_resources(Cloud& cloud, const Request& request) {
  JsonArray found;
  for (const auto& thing : cloud.things) {
    const bool ours = thing->account == request.account && thing->region == request.region;
    if (!ours || !thing->visible(View::kList, request.replica, cloud.now())) continue;
    // Its index knows nothing of keys that are long gone.
    if (cloud.now() >= thing->gone_at) continue;
    const Named name = named(*thing);
    const JsonObject& tags = cloud.tags(*thing, View::kList, request.replica);
    if (name.arn.empty() || tags.empty()) continue;
    if (!wanted_type(request.body, name.type) || !wanted_tags(request.body, tags)) continue;
    found.push_back(mapping(name.arn, tags));
  }
  const auto page = cut_page(cloud, text_at(request.body, "PaginationToken"), found.size(), 100);
  if (!page) return refused(400, "PaginationTokenExpiredException", "The token is invalid");
  const auto begin = found.begin();
  return done(boost::json::serialize(JsonObject{
      {"PaginationToken", page->token},
      {"ResourceTagMappingList",
       JsonArray(begin + std::ptrdiff_t(page->first), begin + std::ptrdiff_t(page->last))}}));
}

}  // namespace

bool plain_tag_text(std::string_view text) {
  return std::ranges::all_of(text, [](unsigned char c) {
    return c >= 0x80 || std::isalnum(c) ||
           std::string_view(" _.:/=+-@").find(char(c)) != std::string_view::npos;
  });
}

Answer serve_tagging(Cloud& cloud, const Request& request) {
  if (request.malformed) return refused(400, "SerializationException", "");
  if (request.call.operation == "GetResources") return get_resources(cloud, request);
  return refused(400, "UnknownOperationException", "");
}

}  // namespace infra::sim
