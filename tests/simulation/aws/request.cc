#include "aws/request.h"

#include <algorithm>
#include <array>

namespace infra::sim {
namespace {

std::string decode_plus(std::string_view text) {
  std::string copy(text);
  std::ranges::replace(copy, '+', ' ');
  return net::percent_decode(copy);
}

// "AKID/20270115/us-east-1/ec2/aws4_request", as the signature names it.
struct Scope {
  std::string access_key;
  std::string region;
  std::string service;
};

Scope scope_of(const net::HttpRequest& http) {
  Scope scope;
  const std::string_view header = net::header(http.headers, "Authorization");
  constexpr std::string_view kCredential = "Credential=";
  const auto at = header.find(kCredential);
  if (at == std::string_view::npos) return scope;
  std::string_view rest = header.substr(at + kCredential.size());
  rest = rest.substr(0, rest.find_first_of(", "));
  std::array<std::string_view, 5> words;
  for (auto& word : words) {
    const auto slash = rest.find('/');
    word = rest.substr(0, slash);
    rest = slash == std::string_view::npos ? "" : rest.substr(slash + 1);
  }
  scope.access_key = words[0];
  scope.region = words[2];
  scope.service = words[3];
  return scope;
}

std::string host_of(const net::HttpRequest& http) {
  std::string host = http.host;
  if (host.empty()) host = net::header(http.headers, "Host");
  return host.substr(0, host.find(':'));
}

// Requests without a signature say by their host alone whom they are for.
void add_host(const net::HttpRequest& http, Scope& scope) {
  const std::string host = host_of(http);
  const auto dot = host.find('.');
  if (scope.service.empty()) scope.service = host.substr(0, dot);
  if (!scope.region.empty()) return;
  const auto end = host.find('.', dot + 1);
  scope.region = host.substr(dot + 1, end - dot - 1);
  if (scope.region.find('-') == std::string::npos) scope.region = "us-east-1";
}

bool is_read(std::string_view operation) {
  for (const char* verb : {"Get", "List", "Describe", "Head", "Assume"}) {
    if (operation.starts_with(verb)) return true;
  }
  return false;
}

std::string after_dot(std::string_view target) {
  return std::string(target.substr(target.find('.') + 1));
}

// "path/of/it" and what follows "?".
std::pair<std::string, std::string> split_target(const std::string& target) {
  const auto mark = target.find('?');
  if (mark == std::string::npos) return {target, ""};
  return {target.substr(0, mark), target.substr(mark + 1)};
}

void parse_form(Request& request, std::string_view query) {
  request.form = Fields::parse(request.http.body.empty() ? query : request.http.body);
  request.call.operation = request.form.text("Action");
  for (const char* name : {"InstanceId",
                           "InstanceId.1",
                           "RouteTableId",
                           "RouteTableId.1",
                           "AssociationId",
                           "GroupId",
                           "GroupId.1",
                           "NatGatewayId",
                           "NatGatewayId.1",
                           "InternetGatewayId",
                           "InternetGatewayId.1",
                           "AllocationId",
                           "AllocationId.1",
                           "SubnetId",
                           "SubnetId.1",
                           "VpcId",
                           "VpcId.1",
                           "ResourceId.1",
                           "RoleName",
                           "RoleArn",
                           "SubscriptionArn",
                           "TopicArn",
                           "ResourceArn",
                           "DBInstanceIdentifier",
                           "ReplicationGroupId",
                           "CacheClusterId",
                           "ResourceName"}) {
    if (request.call.resource.empty()) request.call.resource = request.form.text(name);
  }
}

void parse_json_body(Request& request) {
  if (request.http.body.empty()) {
    request.body = JsonObject();
    return;
  }
  auto parsed = parse_json(request.http.body);
  request.malformed = !parsed || !parsed->is_object();
  request.body = request.malformed ? Json(JsonObject()) : std::move(*parsed);
}

void parse_target(Request& request) {
  request.call.operation = after_dot(net::header(request.http.headers, "X-Amz-Target"));
  parse_json_body(request);
  for (const char* name : {"QueueUrl", "QueueName", "KeyId", "TableName", "ResourceArn",
                           "repositoryName", "resourceArn", "SecretId", "Name"}) {
    if (request.call.resource.empty()) request.call.resource = text_at(request.body, name);
  }
}

std::string last_word(const std::string& arn) { return arn.substr(arn.rfind(':') + 1); }

std::string lambda_operation(const std::string& method, bool tags, std::string_view below) {
  if (tags) {
    if (method == "GET") return "ListTags";
    return method == "POST" ? "TagResource" : "UntagResource";
  }
  const bool read = method == "GET";
  if (below == "configuration") {
    return read ? "GetFunctionConfiguration" : "UpdateFunctionConfiguration";
  }
  if (below == "code") return "UpdateFunctionCode";
  if (method == "DELETE") return "DeleteFunction";
  return read ? "GetFunction" : "CreateFunction";
}

void parse_lambda(Request& request, const std::string& path) {
  parse_json_body(request);
  const bool tags = path.starts_with("/2017-03-31/tags/");
  const std::string prefix = tags ? "/2017-03-31/tags/" : "/2015-03-31/functions/";
  std::string rest = path.size() > prefix.size() ? path.substr(prefix.size()) : "";
  const auto slash = rest.find('/');
  const std::string below = slash == std::string::npos ? "" : rest.substr(slash + 1);
  request.name = net::percent_decode(rest.substr(0, slash));
  request.call.operation = lambda_operation(request.http.method, tags, below);
  request.call.resource = last_word(request.name);
  if (request.call.operation == "CreateFunction") {
    request.call.resource = text_at(request.body, "FunctionName");
  }
}

constexpr std::pair<const char*, const char*> kSubResources[] = {
    {"versioning", "BucketVersioning"},
    {"encryption", "BucketEncryption"},
    {"publicAccessBlock", "PublicAccessBlock"},
    {"cors", "BucketCors"},
    {"lifecycle", "BucketLifecycle"},
    {"tagging", "BucketTagging"},
    {"location", "BucketLocation"}};

std::string s3_operation(const std::string& method, const Fields& query) {
  const std::string verb = method == "GET" ? "Get" : method == "PUT" ? "Put" : "Delete";
  for (const auto& [name, what] : kSubResources) {
    if (!query.has(name)) continue;
    const bool whole = std::string_view(what) == "BucketLifecycle" && method != "DELETE";
    return verb + what + (whole ? "Configuration" : "");
  }
  if (method == "HEAD") return "HeadBucket";
  if (method == "PUT") return "CreateBucket";
  return method == "DELETE" ? "DeleteBucket" : "ListObjects";
}

void parse_s3(Request& request, const std::string& path, std::string_view query) {
  const std::string host = host_of(request.http);
  const auto at = host.find(".s3.");
  if (at != std::string::npos) {
    request.name = host.substr(0, at);
  } else {
    request.name = net::percent_decode(path.substr(1, path.find('/', 1) - 1));
  }
  request.query = Fields::parse(query);
  request.call.operation =
      request.name.empty() ? "ListBuckets" : s3_operation(request.http.method, request.query);
  request.call.resource = request.name;
}

}  // namespace

Fields Fields::parse(std::string_view text) {
  Fields out;
  while (!text.empty()) {
    const auto end = text.find('&');
    const std::string_view pair = text.substr(0, end);
    const auto equals = pair.find('=');
    const auto value = equals == std::string_view::npos ? "" : pair.substr(equals + 1);
    if (!pair.empty()) {
      out.pairs_.emplace_back(decode_plus(pair.substr(0, equals)), decode_plus(value));
    }
    text = end == std::string_view::npos ? "" : text.substr(end + 1);
  }
  return out;
}

const std::string* Fields::find(std::string_view name) const {
  for (const auto& [key, value] : pairs_) {
    if (key == name) return &value;
  }
  return nullptr;
}

std::string Fields::text(std::string_view name) const {
  const std::string* found = find(name);
  return found == nullptr ? "" : *found;
}

std::vector<std::string> Fields::list(const std::string& name) const {
  std::vector<std::string> out;
  while (const std::string* found = find(name + "." + std::to_string(out.size() + 1))) {
    out.push_back(*found);
  }
  return out;
}

int Fields::count(const std::string& name) const {
  int most = 0;
  for (const auto& [key, value] : pairs_) {
    if (key.size() <= name.size() || !key.starts_with(name) || key[name.size()] != '.') continue;
    most = std::max(most, std::atoi(key.c_str() + name.size() + 1));
  }
  // No list of any request is longer.
  return std::min(most, 1000);
}

Request parse_request(const net::HttpRequest& http) {
  Request request{.http = http};
  Scope scope = scope_of(http);
  const auto [path, query] = split_target(http.target);
  const std::string host = host_of(http);
  if (scope.service.empty() && host.find(".s3.") != std::string::npos) scope.service = "s3";
  add_host(http, scope);
  AwsCall& call = request.call;
  call.service = scope.service == "tagging" ? "resourcegroupstaggingapi" : scope.service;
  call.access_key = scope.access_key;
  request.region = scope.region;
  if (call.service == "s3") {
    parse_s3(request, path, query);
  } else if (call.service == "lambda") {
    request.query = Fields::parse(query);
    parse_lambda(request, path);
  } else if (!net::header(http.headers, "X-Amz-Target").empty()) {
    parse_target(request);
  } else {
    parse_form(request, query);
  }
  call.writes = !is_read(call.operation);
  return request;
}

}  // namespace infra::sim
