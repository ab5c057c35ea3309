#include <algorithm>
#include <array>
#include <optional>
#include <set>

#include "aws/s3_documents.h"
#include "aws/services.h"

namespace infra::sim {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

constexpr const char* kBucket = "S3Bucket";
constexpr const char* kEverywhere = "";  // one name space for all accounts and regions

Answer no_such_bucket() {
  return refused(404, "NoSuchBucket", "The specified bucket does not exist");
}

Answer access_denied() { return refused(403, "AccessDenied", "Access Denied"); }

Answer malformed_xml() {
  return refused(400, "MalformedXML",
                 "The XML you provided was not well-formed or did not validate against our "
                 "published schema");
}

Answer nothing_left() {
  Answer answer = done();
  answer.status = 204;
  return answer;
}

Answer elsewhere(const Thing& bucket) {
  Answer answer = refused(301, "PermanentRedirect",
                          "The bucket you are attempting to access must be addressed using the "
                          "specified endpoint. Please send all future requests to this endpoint.");
  answer.headers.emplace_back("x-amz-bucket-region", bucket.region);
  return answer;
}

// A setting of a bucket that has calls of its own.
struct Setting {
  const char* operation;  // what follows Get, Put or Delete
  const char* part;       // its name in the ledger
  const char* root;       // of the document
  const char* member;     // what the document holds if that is the value; empty: all of it
  const char* absent;     // the code where there is none; empty: an empty document
  const char* absent_words;
};
constexpr Setting kSettings[] = {
    {"BucketVersioning", "Versioning", "VersioningConfiguration", "", "", ""},
    {"BucketEncryption", "ServerSideEncryptionConfiguration", "ServerSideEncryptionConfiguration",
     "", "ServerSideEncryptionConfigurationNotFoundError",
     "The server side encryption configuration was not found"},
    {"PublicAccessBlock", "PublicAccessBlockConfiguration", "PublicAccessBlockConfiguration", "",
     "NoSuchPublicAccessBlockConfiguration", "The public access block configuration was not found"},
    {"BucketCors", "CORSRules", "CORSConfiguration", "CORSRules", "NoSuchCORSConfiguration",
     "The CORS configuration does not exist"},
    {"BucketLifecycleConfiguration", "LifecycleRules", "LifecycleConfiguration", "Rules",
     "NoSuchLifecycleConfiguration", "The lifecycle configuration does not exist"}};

Json default_encryption() {
  JsonObject rule{{"ApplyServerSideEncryptionByDefault", JsonObject{{"SSEAlgorithm", "AES256"}}},
                  {"BucketKeyEnabled", false}};
  return JsonObject{{"Rules", JsonArray{std::move(rule)}}};
}

Json all_blocked() {
  return JsonObject{{"BlockPublicAcls", true},
                    {"IgnorePublicAcls", true},
                    {"BlockPublicPolicy", true},
                    {"RestrictPublicBuckets", true}};
}

bool well_named(std::string_view name) {
  const auto edge = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  return name.size() >= 3 && name.size() <= 63 && edge(name.front()) && edge(name.back()) &&
         name.find("..") == std::string_view::npos &&
         name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789.-") == std::string_view::npos;
}

JsonObject as_map(const Json* tags) {
  JsonObject out;
  for (const Json& tag : tags != nullptr && tags->is_array() ? tags->get_array() : JsonArray()) {
    out[text_at(tag, "Key")] = text_at(tag, "Value");
  }
  return out;
}

std::optional<Answer> wrong_tags(const Json* tags) {
  std::set<std::string> keys;
  for (const Json& tag : tags != nullptr && tags->is_array() ? tags->get_array() : JsonArray()) {
    const std::string key = text_at(tag, "Key");
    if (key.starts_with("aws:")) {
      return refused(400, "InvalidTag", "System tags cannot be added/updated by requester");
    }
    if (key.empty() || key.size() > 128 || !plain_tag_text(key)) {
      return refused(400, "InvalidTag", "The TagKey you have provided is invalid");
    }
    if (text_at(tag, "Value").size() > 256 || !plain_tag_text(text_at(tag, "Value"))) {
      return refused(400, "InvalidTag", "The TagValue you have provided is invalid");
    }
    if (!keys.insert(key).second) {
      return refused(400, "InvalidTag", "Cannot provide multiple Tags with the same key");
    }
  }
  if (keys.size() > 50) return refused(400, "BadRequest", "Bucket tag count cannot exceed 50");
  return std::nullopt;
}

// A region's endpoint makes buckets in that region only, and us-east-1 is never named.
std::optional<Answer> wrong_location(const Request& request, const std::string& constraint) {
  const bool first = request.region == "us-east-1";
  if (constraint == "us-east-1") {
    return refused(400, "InvalidLocationConstraint",
                   "The specified location-constraint is not valid");
  }
  if (first ? constraint.empty() : constraint == request.region) return std::nullopt;
  return refused(400, "IllegalLocationConstraintException",
                 "The " + (constraint.empty() ? std::string("unspecified") : constraint) +
                     " location constraint is incompatible for the region specific endpoint this "
                     "request was sent to.");
}

// New buckets have no use for ACLs that let others in, and refuse them.
std::optional<Answer> wrong_acl(const Request& request) {
  const std::string_view acl = net::header(request.http.headers, "x-amz-acl");
  if (acl.empty() || acl == "private") return std::nullopt;
  return refused(400, "InvalidBucketAclWithObjectOwnership",
                 "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting");
}

std::optional<Answer> taken(const Cloud& cloud, const Request& request, const Thing& bucket) {
  if (bucket.death) {
    // The name of a bucket that has just gone may be busy for a while.
    if (cloud.now() >= bucket.updated_at) return std::nullopt;
    return refused(409, "OperationAborted",
                   "A conflicting conditional operation is currently in progress against this "
                   "resource. Please try again.");
  }
  if (bucket.account != request.account) {
    return refused(409, "BucketAlreadyExists",
                   "The requested bucket name is not available. The bucket namespace is shared by "
                   "all users of the system. Please select a different name and try again.");
  }
  if (request.region == "us-east-1" && bucket.region == "us-east-1") return done();
  return refused(409, "BucketAlreadyOwnedByYou",
                 "Your previous request to create the named bucket succeeded and you already own "
                 "it.");
}

Answer create_bucket(Cloud& cloud, const Request& request) {
  const std::string& name = request.name;
  if (!well_named(name)) {
    return refused(400, "InvalidBucketName", "The specified bucket is not valid.");
  }
  Json configuration = JsonObject();
  if (!request.http.body.empty()) {
    auto read = read_document(request.http.body, "CreateBucketConfiguration");
    if (!read) return malformed_xml();
    configuration = std::move(*read);
  }
  if (auto wrong = wrong_location(request, text_at(configuration, "LocationConstraint"))) {
    return *wrong;
  }
  const Json* tags = find_path(configuration, "Tags");
  if (auto wrong = wrong_tags(tags)) return *wrong;
  if (const Thing* bucket = cloud.latest(kBucket, kEverywhere, name)) {
    if (auto answer = taken(cloud, request, *bucket)) return *answer;
  }
  if (auto wrong = wrong_acl(request)) return *wrong;
  Thing& bucket = cloud.add(request, kBucket, kEverywhere, name);
  cloud.give(bucket, "core", JsonObject{{"Name", name}, {"BucketRegion", request.region}});
  cloud.give(bucket, "Versioning", JsonObject());
  cloud.give(bucket, "ServerSideEncryptionConfiguration", default_encryption());
  cloud.give(bucket, "PublicAccessBlockConfiguration", all_blocked());
  cloud.give(bucket, "tags", as_map(tags));
  cloud.note(request.call, bucket, Cloud::Change::kCreated);
  Answer answer = done();
  answer.headers.emplace_back("Location", "/" + name);
  return answer;
}

Answer head_bucket(const Thing& bucket) {
  Answer answer = done();
  answer.headers.emplace_back("x-amz-bucket-region", bucket.region);
  return answer;
}

// The first region has no name here either.
Answer get_location(const Thing& bucket) {
  constexpr std::string_view kOpening =
      R"(<LocationConstraint xmlns="http://s3.amazonaws.com/doc/2006-03-01/">)";
  const std::string name = bucket.region == "us-east-1" ? "" : bucket.region;
  return done(std::string(kOpening) + name + "</LocationConstraint>");
}

Answer get_tagging(Cloud& cloud, const Request& request, const Thing& bucket) {
  const JsonObject& tags = cloud.tags(bucket, View::kDetails, request.replica);
  if (tags.empty()) return refused(404, "NoSuchTagSet", "The TagSet does not exist");
  JsonArray items;
  for (const auto& tag : tags) {
    items.push_back(JsonObject{{"Key", tag.key()}, {"Value", tag.value()}});
  }
  return done(write_document("Tagging", JsonObject{{"TagSet", std::move(items)}}));
}

Answer changed(Cloud& cloud, const Request& request, Thing& bucket, std::string_view part,
               Json value) {
  cloud.set(bucket, part, std::move(value));
  cloud.note(request.call, bucket, Cloud::Change::kChanged);
  return done();
}

// Documents that a slip on the way must not change come with a digest.
std::optional<Answer> missing_digest(const Request& request) {
  for (const auto& [name, value] : request.http.headers) {
    std::string lower = name;
    std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return std::tolower(c); });
    if (lower == "content-md5" || lower.starts_with("x-amz-checksum-")) return std::nullopt;
  }
  return refused(400, "InvalidRequest", "Missing required header for this request: Content-MD5");
}

Answer put_tagging(Cloud& cloud, const Request& request, Thing& bucket) {
  const auto document = read_document(request.http.body, "Tagging");
  const Json* tags = document ? find_path(*document, "TagSet") : nullptr;
  if (tags == nullptr) return malformed_xml();
  if (auto wrong = wrong_tags(tags)) return *wrong;
  // The whole set, whatever was there.
  Answer answer = changed(cloud, request, bucket, "tags", as_map(tags));
  answer.status = 204;
  return answer;
}

Answer get_setting(Cloud& cloud, const Request& request, const Thing& bucket,
                   const Setting& setting) {
  const Json& value = cloud.details(bucket, setting.part, request.replica);
  const bool none = value.is_null();
  if (none && *setting.absent != '\0') return refused(404, setting.absent, setting.absent_words);
  if (none) return done(write_document(setting.root, JsonObject()));
  if (*setting.member == '\0') return done(write_document(setting.root, value));
  return done(write_document(setting.root, JsonObject{{setting.member, value}}));
}

std::optional<Answer> wrong_cors(const Json& rules) {
  for (const Json& rule : rules.as_array()) {
    const Json* methods = find_path(rule, "AllowedMethods");
    const Json* origins = find_path(rule, "AllowedOrigins");
    if (methods == nullptr || origins == nullptr) return malformed_xml();
    for (const Json& method : methods->as_array()) {
      const std::string text = text_at(method, "");
      constexpr std::array<std::string_view, 5> kMethods{"GET", "PUT", "HEAD", "POST", "DELETE"};
      if (std::ranges::find(kMethods, text) == kMethods.end()) {
        return refused(
            400, "InvalidRequest",
            "Found unsupported HTTP method in CORS config. Unsupported method is " + text);
      }
    }
  }
  return std::nullopt;
}

std::optional<Answer> wrong_transitions(const Json& rule) {
  const Json* transitions = find_path(rule, "Transitions");
  for (const Json& item : transitions != nullptr ? transitions->as_array() : JsonArray()) {
    const Json* days = find_path(item, "Days");
    const std::string storage = text_at(item, "StorageClass");
    const bool infrequent = storage == "STANDARD_IA" || storage == "ONEZONE_IA";
    if (storage.empty()) return malformed_xml();
    if (days != nullptr && infrequent && days->to_number<int>() < 30) {
      return refused(400, "InvalidArgument",
                     "'Days' in Transition action must be greater than or equal to 30 for "
                     "storageClass '" +
                         storage + "'");
    }
  }
  return std::nullopt;
}

std::optional<Answer> wrong_lifecycle(const Json& rules) {
  std::set<std::string> names;
  for (const Json& rule : rules.as_array()) {
    const std::string status = text_at(rule, "Status");
    const bool acts = find_path(rule, "Expiration") != nullptr ||
                      find_path(rule, "Transitions") != nullptr ||
                      find_path(rule, "NoncurrentVersionExpiration") != nullptr ||
                      find_path(rule, "NoncurrentVersionTransitions") != nullptr ||
                      find_path(rule, "AbortIncompleteMultipartUpload") != nullptr;
    const bool scoped =
        find_path(rule, "Filter") != nullptr || find_path(rule, "Prefix") != nullptr;
    if ((status != "Enabled" && status != "Disabled") || !scoped) return malformed_xml();
    if (!acts) {
      return refused(400, "InvalidRequest", "At least one action needs to be specified in a rule");
    }
    const std::string id = text_at(rule, "ID");
    if (!id.empty() && !names.insert(id).second) {
      return refused(400, "InvalidArgument",
                     "Rule ID must be unique. Found same ID for more than one rule");
    }
    const Json* days = find_path(rule, "Expiration.Days");
    if (days != nullptr && days->to_number<int>() < 1) {
      return refused(400, "InvalidArgument",
                     "'Days' for Expiration action must be a positive integer");
    }
    if (auto wrong = wrong_transitions(rule)) return wrong;
  }
  return std::nullopt;
}

std::optional<Answer> wrong_encryption(Json& configuration) {
  Json* rules = configuration.as_object().if_contains("Rules");
  if (rules == nullptr || rules->as_array().size() != 1) return malformed_xml();
  Json& rule = rules->as_array()[0];
  const std::string algorithm = text_at(rule, "ApplyServerSideEncryptionByDefault.SSEAlgorithm");
  if (algorithm != "AES256" && algorithm != "aws:kms" && algorithm != "aws:kms:dsse") {
    return malformed_xml();
  }
  if (algorithm == "AES256" &&
      find_path(rule, "ApplyServerSideEncryptionByDefault.KMSMasterKeyID") != nullptr) {
    return refused(
        400, "InvalidArgument",
        "a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms");
  }
  rule.as_object().emplace("BucketKeyEnabled", false);
  return std::nullopt;
}

std::optional<Answer> wrong_value(const Setting& setting, Json& value) {
  const std::string_view part = setting.part;
  if (part == "Versioning") {
    const std::string status = text_at(value, "Status");
    if (status == "Enabled" || status == "Suspended") return std::nullopt;
    return refused(400, "IllegalVersioningConfigurationException",
                   "The Versioning element must be specified");
  }
  if (part == "ServerSideEncryptionConfiguration") return wrong_encryption(value);
  if (part == "CORSRules") return wrong_cors(value);
  if (part == "LifecycleRules") return wrong_lifecycle(value);
  return std::nullopt;
}

Answer put_setting(Cloud& cloud, const Request& request, Thing& bucket, const Setting& setting) {
  auto document = read_document(request.http.body, setting.root);
  if (!document) return malformed_xml();
  Json value = std::move(*document);
  if (*setting.member != '\0') {
    const Json* member = find_path(value, setting.member);
    if (member == nullptr || !member->is_array()) return malformed_xml();
    value = Json(*member);
  }
  if (std::string_view(setting.part) == "PublicAccessBlockConfiguration") {
    // What is not named is off.
    Json all = all_blocked();
    for (auto& entry : all.as_object()) {
      const Json* given = find_path(value, entry.key());
      entry.value() = given != nullptr && *given == Json(true);
    }
    value = std::move(all);
  }
  if (auto wrong = wrong_value(setting, value)) return *wrong;
  return changed(cloud, request, bucket, setting.part, std::move(value));
}

Answer delete_setting(Cloud& cloud, const Request& request, Thing& bucket, const Setting& setting) {
  const bool encryption = std::string_view(setting.part) == "ServerSideEncryptionConfiguration";
  changed(cloud, request, bucket, setting.part, encryption ? default_encryption() : Json(nullptr));
  return nothing_left();
}

Answer delete_bucket(Cloud& cloud, const Request& request, Thing& bucket) {
  if (cloud.now() < bucket.occupied_until) {
    return refused(409, "BucketNotEmpty", "The bucket you tried to delete is not empty");
  }
  cloud.bury(bucket);
  bucket.updated_at = cloud.now() + cloud.takes(Duration{0}, minutes(30));
  cloud.note(request.call, bucket, Cloud::Change::kRemoved);
  return nothing_left();
}

std::optional<Answer> out_of_reach(const Request& request, const Thing* bucket) {
  if (bucket == nullptr) return no_such_bucket();
  if (bucket->region != request.region) return elsewhere(*bucket);
  if (bucket->account != request.account) return access_denied();
  return std::nullopt;
}

Answer read_bucket(Cloud& cloud, const Request& request) {
  const std::string& operation = request.call.operation;
  const Thing* bucket =
      cloud.seen(kBucket, kEverywhere, request.name, View::kById, request.replica);
  if (auto wrong = out_of_reach(request, bucket)) return *wrong;
  if (operation == "HeadBucket") return head_bucket(*bucket);
  if (operation == "GetBucketTagging") return get_tagging(cloud, request, *bucket);
  if (operation == "GetBucketLocation") return get_location(*bucket);
  for (const Setting& setting : kSettings) {
    if (operation == "Get" + std::string(setting.operation)) {
      return get_setting(cloud, request, *bucket, setting);
    }
  }
  return refused(501, "NotImplemented",
                 "A header you provided implies functionality that is not "
                 "implemented");
}

Answer write_bucket(Cloud& cloud, const Request& request) {
  const std::string& operation = request.call.operation;
  Thing* bucket = cloud.writable(kBucket, kEverywhere, request.name, request.replica);
  if (auto wrong = out_of_reach(request, bucket)) return *wrong;
  if (operation == "DeleteBucket") return delete_bucket(cloud, request, *bucket);
  if (operation.starts_with("Put")) {
    if (auto wrong = missing_digest(request)) return *wrong;
  }
  if (operation == "PutBucketTagging") return put_tagging(cloud, request, *bucket);
  if (operation == "DeleteBucketTagging") {
    changed(cloud, request, *bucket, "tags", JsonObject());
    return nothing_left();
  }
  for (const Setting& setting : kSettings) {
    const std::string name = setting.operation;
    if (operation == "Put" + name) return put_setting(cloud, request, *bucket, setting);
    const bool deletes = operation.starts_with("Delete") && name.starts_with(operation.substr(6));
    if (deletes) return delete_setting(cloud, request, *bucket, setting);
  }
  return refused(501, "NotImplemented",
                 "A header you provided implies functionality that is not "
                 "implemented");
}

}  // namespace

Answer serve_s3(Cloud& cloud, const Request& request) {
  if (request.name.empty()) return refused(501, "NotImplemented", "Not implemented");
  if (request.call.operation == "CreateBucket") return create_bucket(cloud, request);
  return request.call.writes ? write_bucket(cloud, request) : read_bucket(cloud, request);
}

Json bucket_state(const Cloud&, const Thing& thing) {
  JsonObject out = thing.truth("core").as_object();
  for (const Setting& setting : kSettings) {
    const Json& value = thing.truth(setting.part);
    if (!value.is_null()) out[setting.part] = value;
  }
  return out;
}

}  // namespace infra::sim
