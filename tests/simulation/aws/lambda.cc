#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <optional>

#include "aws/services.h"
#include "base/base64.h"

namespace infra::sim {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

constexpr const char* kFunction = "LambdaFunction";

Answer no_such_function(const Request& request, const std::string& name) {
  return refused(404, "ResourceNotFoundException",
                 "Function not found: arn:aws:lambda:" + request.region + ":" + request.account +
                     ":function:" + name);
}

Answer invalid(const std::string& words) {
  return refused(400, "InvalidParameterValueException", words);
}

Answer out_of_bounds(const std::string& member, const std::string& constraint) {
  return refused(400, "ValidationException",
                 "1 validation error detected: Value at '" + member +
                     "' failed to satisfy constraint: " + constraint);
}

std::string sha256(std::string_view bytes) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  EVP_Digest(bytes.data(), bytes.size(), digest, &size, EVP_sha256(), nullptr);
  return base64_encode(std::string_view(reinterpret_cast<const char*>(digest), size));
}

// "2027-01-15T08:00:00.000+0000"
std::string modified(WallTime time) {
  std::string text = iso_time(time);
  text.pop_back();
  return text + ".000+0000";
}

// A function is named by its name, by its ARN, or by a part of that.
std::string plain_name(const std::string& text) {
  const auto at = text.find("function:");
  std::string name = at == std::string::npos ? text : text.substr(at + 9);
  return name.substr(0, name.find(':'));
}

std::optional<Answer> wrong_number(const Json& body, const char* name, const char* member,
                                   std::int64_t low, std::int64_t high) {
  const Json* found = find_path(body, name);
  if (found == nullptr || found->is_null()) return std::nullopt;
  if (found->is_int64() && found->get_int64() >= low && found->get_int64() <= high) {
    return std::nullopt;
  }
  return out_of_bounds(
      member, "Member must be between " + std::to_string(low) + " and " + std::to_string(high));
}

// Lambda tries to become the role; a role that IAM made a moment ago may not be known to it yet.
std::optional<Answer> wrong_role(Cloud& cloud, const Request& request, const std::string& arn) {
  constexpr std::string_view kStart = "arn:aws:iam::";
  const auto role_at = arn.find(":role/");
  if (!arn.starts_with(kStart) || role_at == std::string::npos) {
    return out_of_bounds("role",
                         "Member must satisfy regular expression pattern: "
                         "arn:(aws[a-zA-Z-]*)?:iam::\\d{12}:role/?[a-zA-Z_0-9+=,.@\\-_/]+");
  }
  const std::string account = arn.substr(kStart.size(), role_at - kStart.size());
  if (account != request.account) {
    return refused(403, "AccessDeniedException", "Cross-account pass role is not allowed.");
  }
  const std::string name = arn.substr(arn.rfind('/') + 1);
  if (cloud.latest("IAMRole", account, name) == nullptr) return std::nullopt;  // not of this world
  const Thing* role = cloud.seen("IAMRole", account, name, View::kAccess, request.replica);
  const bool trusted =
      role != nullptr &&
      text_at(role->truth("settings"), "AssumeRolePolicyDocument").find("lambda.amazonaws.com") !=
          std::string::npos;
  if (trusted) return std::nullopt;
  return invalid("The role defined for the function cannot be assumed by Lambda.");
}

std::optional<Answer> wrong_settings(Cloud& cloud, const Request& request) {
  const Json& body = request.body;
  if (auto wrong = wrong_number(body, "MemorySize", "memorySize", 128, 10240)) return wrong;
  if (auto wrong = wrong_number(body, "Timeout", "timeout", 1, 900)) return wrong;
  if (text_at(body, "Description").size() > 256) {
    return out_of_bounds("description", "Member must have length less than or equal to 256");
  }
  const std::string runtime = text_at(body, "Runtime");
  constexpr const char* kRuntimes[] = {"python3", "nodejs",   "java", "dotnet",
                                       "ruby",    "provided", "go1.x"};
  const bool known = std::ranges::any_of(
      kRuntimes, [&runtime](const char* start) { return runtime.starts_with(start); });
  if (!runtime.empty() && !known) {
    return invalid(
        "Value " + runtime +
        " at 'runtime' failed to satisfy constraint: Member must satisfy enum value set");
  }
  const std::string role = text_at(body, "Role");
  return role.empty() ? std::nullopt : wrong_role(cloud, request, role);
}

// The code's digest and size; for an archive in a bucket, what stands for them.
struct Code {
  std::string sha256;
  std::int64_t size = 0;
};

std::optional<Answer> read_code(const Json& code, Code& out) {
  const std::string zip = text_at(code, "ZipFile");
  const std::string elsewhere = text_at(code, "S3Bucket") + "/" + text_at(code, "S3Key") + "/" +
                                text_at(code, "S3ObjectVersion") + text_at(code, "ImageUri");
  if (zip.empty()) {
    if (elsewhere == "//") return invalid("Please provide a source for function code.");
    out = {sha256(elsewhere), std::int64_t(elsewhere.size())};
    return std::nullopt;
  }
  const auto bytes = base64_decode(zip);
  if (!bytes || !bytes->starts_with("PK")) {
    return invalid(
        "Could not unzip uploaded file. Please check your file, then try to upload "
        "again.");
  }
  out = {sha256(*bytes), std::int64_t(bytes->size())};
  return std::nullopt;
}

bool in_progress(const Cloud& cloud, const Thing& function) {
  return cloud.now() < function.ready_at || cloud.now() < function.updated_at;
}

void add_state(const Cloud& cloud, const Thing& function, JsonObject& out) {
  const bool pending = cloud.now() < function.ready_at;
  out["State"] = pending ? "Pending" : function.failed ? "Failed" : "Active";
  if (pending) {
    out["StateReason"] = "The function is being created.";
    out["StateReasonCode"] = "Creating";
  } else if (function.failed) {
    out["StateReason"] = "The function could not be set up.";
    out["StateReasonCode"] = "InternalError";
  }
  const bool updating = pending || cloud.now() < function.updated_at;
  const bool failed = function.failed || function.update_failed;
  out["LastUpdateStatus"] = updating ? "InProgress" : failed ? "Failed" : "Successful";
  if (updating && !pending) {
    out["LastUpdateStatusReason"] = "The function is being created.";
    out["LastUpdateStatusReasonCode"] = "Creating";
  } else if (!updating && failed) {
    out["LastUpdateStatusReason"] = "The update could not be carried out.";
    out["LastUpdateStatusReasonCode"] = "InternalError";
  }
}

JsonObject configuration(const Cloud& cloud, const Thing& function, const Json& settings) {
  JsonObject out = function.truth("core").as_object();
  for (const auto& entry : settings.as_object()) out[entry.key()] = entry.value();
  add_state(cloud, function, out);
  return out;
}

// What requests say of a function in the words of answers.
void apply(JsonObject& settings, const Json& body) {
  for (const char* name : {"Runtime", "Role", "Handler", "Description", "Timeout", "MemorySize"}) {
    const Json* value = find_path(body, name);
    if (value != nullptr && !value->is_null()) settings[name] = *value;
  }
  if (const Json* layers = find_path(body, "Layers"); layers != nullptr && layers->is_array()) {
    JsonArray items;
    for (const Json& arn : layers->get_array()) {
      items.push_back(JsonObject{{"Arn", arn}, {"CodeSize", 1024}});
    }
    if (items.empty())
      settings.erase("Layers");
    else
      settings["Layers"] = std::move(items);
  }
  if (const Json* given = find_path(body, "Environment"); given != nullptr) {
    const Json* variables = find_path(*given, "Variables");
    const bool any =
        variables != nullptr && variables->is_object() && !variables->get_object().empty();
    if (any)
      settings["Environment"] = JsonObject{{"Variables", *variables}};
    else
      settings.erase("Environment");
  }
  if (const Json* given = find_path(body, "VpcConfig"); given != nullptr && given->is_object()) {
    JsonObject network{{"SubnetIds", JsonArray()}, {"SecurityGroupIds", JsonArray()}};
    for (const auto& entry : given->get_object()) network[entry.key()] = entry.value();
    network["VpcId"] = network["SubnetIds"].as_array().empty() ? "" : "vpc-00000000000000000";
    settings["VpcConfig"] = std::move(network);
  }
}

JsonObject initial_settings() {
  return {{"Description", ""},
          {"Timeout", 3},
          {"MemorySize", 128},
          {"TracingConfig", JsonObject{{"Mode", "PassThrough"}}},
          {"PackageType", "Zip"},
          {"Architectures", JsonArray{"x86_64"}},
          {"EphemeralStorage", JsonObject{{"Size", 512}}}};
}

std::optional<Answer> wrong_function(const Json& body) {
  const std::string name = plain_name(text_at(body, "FunctionName"));
  if (name.empty() || name.size() > 64) {
    return out_of_bounds("functionName", "Member must have length between 1 and 64");
  }
  if (text_at(body, "Role").empty()) return out_of_bounds("role", "Member must not be null");
  const Json* code = find_path(body, "Code");
  if (code == nullptr) return out_of_bounds("code", "Member must not be null");
  const bool image = text_at(body, "PackageType") == "Image";
  if (image) return std::nullopt;
  if (text_at(body, "Runtime").empty() || text_at(body, "Handler").empty()) {
    return invalid(
        "Runtime and Handler are mandatory parameters for functions created with "
        "deployment packages.");
  }
  return std::nullopt;
}

JsonObject tags_of(const Json& body) {
  const Json* found = find_path(body, "Tags");
  return found != nullptr && found->is_object() ? found->get_object() : JsonObject();
}

// In a network of the customer's it takes longer than elsewhere.
void start_setup(Cloud& cloud, Thing& function, bool creates) {
  const bool network = !text_at(function.truth("settings"), "VpcConfig.VpcId").empty();
  const Duration usual = network ? seconds(20) : seconds(creates ? 3 : 1);
  const Duration until = cloud.now() + cloud.takes(usual, minutes(5));
  if (creates) {
    function.ready_at = until;
    function.failed = cloud.fails();
  } else {
    function.updated_at = until;
    function.update_failed = cloud.behaviour.failed_updates && cloud.fails();
  }
}

Answer create_function(Cloud& cloud, const Request& request) {
  const Json& body = request.body;
  if (auto wrong = wrong_function(body)) return *wrong;
  if (auto wrong = wrong_settings(cloud, request)) return *wrong;
  Code code;
  if (auto wrong = read_code(body.at("Code"), code)) return *wrong;
  const std::string name = plain_name(text_at(body, "FunctionName"));
  if (cloud.truth(kFunction, here(request), name) != nullptr) {
    return refused(409, "ResourceConflictException", "Function already exist: " + name);
  }
  JsonObject settings = initial_settings();
  apply(settings, body);
  settings["CodeSha256"] = code.sha256;
  settings["CodeSize"] = code.size;
  settings["LastModified"] = modified(cloud.wall());
  settings["RevisionId"] = uuid(cloud.ids);
  Thing& function = cloud.add(request, kFunction, here(request), name);
  cloud.give(function, "core",
             JsonObject{{"FunctionName", name},
                        {"FunctionArn", "arn:aws:lambda:" + request.region + ":" + request.account +
                                            ":function:" + name},
                        {"Version", "$LATEST"}});
  cloud.give(function, "settings", std::move(settings));
  cloud.give(function, "tags", tags_of(body));
  start_setup(cloud, function, true);
  cloud.note(request.call, function, Cloud::Change::kCreated);
  Answer answer =
      done(boost::json::serialize(configuration(cloud, function, function.truth("settings"))));
  answer.status = 201;
  return answer;
}

Answer update(Cloud& cloud, const Request& request, Thing& function, JsonObject settings) {
  settings["LastModified"] = modified(cloud.wall());
  settings["RevisionId"] = uuid(cloud.ids);
  start_setup(cloud, function, false);
  // An update that fails leaves code and settings as they were.
  if (!function.update_failed) cloud.set(function, "settings", std::move(settings));
  cloud.note(request.call, function, Cloud::Change::kChanged);
  return done(boost::json::serialize(configuration(cloud, function, function.truth("settings"))));
}

// One update at a time, and none of a function that could not be set up.
std::optional<Answer> busy(const Cloud& cloud, const Request& request, const Thing& function) {
  if (!in_progress(cloud, function) && !function.failed) return std::nullopt;
  std::string what = "An update is in progress for resource: " + request.call.resource;
  if (cloud.now() < function.ready_at || function.failed) {
    const char* state = cloud.now() < function.ready_at ? "Pending" : "Failed";
    what = "The function is currently in the following state: " + std::string(state);
  }
  return refused(409, "ResourceConflictException",
                 "The operation cannot be performed at this time. " + what);
}

Answer update_configuration(Cloud& cloud, const Request& request, Thing& function) {
  if (auto wrong = busy(cloud, request, function)) return *wrong;
  if (auto wrong = wrong_settings(cloud, request)) return *wrong;
  JsonObject settings = function.truth("settings").as_object();
  apply(settings, request.body);
  return update(cloud, request, function, std::move(settings));
}

Answer update_code(Cloud& cloud, const Request& request, Thing& function) {
  if (auto wrong = busy(cloud, request, function)) return *wrong;
  Code code;
  if (auto wrong = read_code(request.body, code)) return *wrong;
  JsonObject settings = function.truth("settings").as_object();
  settings["CodeSha256"] = code.sha256;
  settings["CodeSize"] = code.size;
  return update(cloud, request, function, std::move(settings));
}

Answer delete_function(Cloud& cloud, const Request& request, Thing& function) {
  cloud.bury(function);
  cloud.note(request.call, function, Cloud::Change::kRemoved);
  Answer answer = done();
  answer.status = 204;
  return answer;
}

Answer tag(Cloud& cloud, const Request& request, Thing& function) {
  JsonObject all = function.truth("tags").as_object();
  for (const auto& entry : tags_of(request.body)) all[entry.key()] = entry.value();
  if (all.size() > 50) return invalid("A function has at most 50 tags.");
  cloud.set(function, "tags", std::move(all));
  cloud.note(request.call, function, Cloud::Change::kChanged);
  Answer answer = done();
  answer.status = 204;
  return answer;
}

Answer untag(Cloud& cloud, const Request& request, Thing& function) {
  JsonObject all = function.truth("tags").as_object();
  for (const auto& [name, value] : request.query.all()) {
    if (name == "tagKeys") all.erase(value);
  }
  cloud.set(function, "tags", std::move(all));
  cloud.note(request.call, function, Cloud::Change::kChanged);
  Answer answer = done();
  answer.status = 204;
  return answer;
}

Answer get_configuration(Cloud& cloud, const Request& request, const Thing& function) {
  return done(boost::json::serialize(
      configuration(cloud, function, cloud.details(function, "settings", request.replica))));
}

Answer get_function(Cloud& cloud, const Request& request, const Thing& function) {
  JsonObject out{
      {"Configuration",
       configuration(cloud, function, cloud.details(function, "settings", request.replica))},
      {"Code", JsonObject{{"RepositoryType", "S3"}, {"Location", "https://example.com/code"}}}};
  const JsonObject& tags = cloud.tags(function, View::kDetails, request.replica);
  if (!tags.empty()) out["Tags"] = tags;
  return done(boost::json::serialize(out));
}

Answer list_tags(Cloud& cloud, const Request& request, const Thing& function) {
  return done(boost::json::serialize(
      JsonObject{{"Tags", cloud.tags(function, View::kDetails, request.replica)}}));
}

using Read = Answer (*)(Cloud&, const Request&, const Thing&);
constexpr std::pair<const char*, Read> kReads[] = {{"GetFunctionConfiguration", get_configuration},
                                                   {"GetFunction", get_function},
                                                   {"ListTags", list_tags}};

using Write = Answer (*)(Cloud&, const Request&, Thing&);
constexpr std::pair<const char*, Write> kWrites[] = {
    {"UpdateFunctionConfiguration", update_configuration},
    {"UpdateFunctionCode", update_code},
    {"DeleteFunction", delete_function},
    {"TagResource", tag},
    {"UntagResource", untag}};

}  // namespace

Answer serve_lambda(Cloud& cloud, const Request& request) {
  const std::string& operation = request.call.operation;
  if (request.malformed) {
    return refused(400, "InvalidRequestContentException", "Could not parse request body into json");
  }
  if (operation == "CreateFunction") return create_function(cloud, request);
  const std::string name = plain_name(request.name);
  for (const auto& [known, read] : kReads) {
    if (operation != known) continue;
    const Thing* function =
        cloud.seen(kFunction, here(request), name, View::kById, request.replica);
    return function == nullptr ? no_such_function(request, name) : read(cloud, request, *function);
  }
  for (const auto& [known, write] : kWrites) {
    if (operation != known) continue;
    Thing* function = cloud.writable(kFunction, here(request), name, request.replica);
    return function == nullptr ? no_such_function(request, name) : write(cloud, request, *function);
  }
  return refused(404, "UnknownOperationException", "");
}

Json function_state(const Cloud& cloud, const Thing& thing) {
  return configuration(cloud, thing, thing.truth("settings"));
}

}  // namespace infra::sim
