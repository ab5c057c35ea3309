#include <algorithm>

#include "aws/json_tags.h"
#include "aws/paging.h"
#include "aws/services.h"

namespace infra::sim {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr const char* kSecret = "SecretsManagerSecret";
// When its deletion was asked for, which a reader may hear of late; null: it was not.
constexpr std::string_view kDeletion = "DeletedDate";
constexpr std::string_view kVersions = "Versions";
constexpr std::size_t kMostVersions = 100;
constexpr std::size_t kLongestValue = 65536;
constexpr const char* kCurrent = "AWSCURRENT";
constexpr const char* kPrevious = "AWSPREVIOUS";

Answer invalid(const std::string& why) { return refused(400, "InvalidParameterException", why); }

Answer not_now(const std::string& why) { return refused(400, "InvalidRequestException", why); }

Answer not_there() {
  return refused(400, "ResourceNotFoundException",
                 "Secrets Manager can't find the specified secret.");
}

Answer exists(const std::string& why) { return refused(400, "ResourceExistsException", why); }

Answer answer_of(JsonObject body) { return done(boost::json::serialize(body)); }

bool is_on(const Json* value) { return value != nullptr && *value == Json(true); }

// An ARN ends in six characters that AWS has chosen.
std::string name_of(const std::string& id) {
  const auto at = id.find(":secret:");
  if (at == std::string::npos) return id;
  const std::string name = id.substr(at + 8);
  const bool whole = name.size() > 7 && name[name.size() - 7] == '-';
  return whole ? name.substr(0, name.size() - 7) : name;
}

std::string six_characters(Random& random) {
  std::string out;
  while (out.size() < 6) {
    out += "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"[random.between(0, 61)];
  }
  return out;
}

std::optional<Answer> wrong_tags(const JsonObject& tags) {
  if (!fit_for_tags(tags)) return invalid("A tag is not valid.");
  if (tags.size() > 50) return invalid("You can't have more than 50 tags.");
  return std::nullopt;
}

// The value that a request brings, under the name that it has there; empty: none.
JsonObject value_in(const Json& body) {
  JsonObject out;
  for (const char* name : {"SecretString", "SecretBinary"}) {
    if (const Json* value = find_path(body, name)) out[name] = *value;
  }
  return out;
}

std::optional<Answer> wrong_value(const JsonObject& value) {
  if (value.size() > 1) {
    return invalid(
        "You can't specify both a binary secret value and a string secret value in the same "
        "secret.");
  }
  for (const auto& entry : value) {
    const std::size_t size = text_at(entry.value(), "").size();
    if (size == 0 || size > kLongestValue) return invalid("The value is of a wrong length.");
  }
  return std::nullopt;
}

const Json* version_of(const JsonArray& versions, const std::string& id) {
  const auto found = std::ranges::find_if(
      versions, [&id](const Json& one) { return text_at(one, "VersionId") == id; });
  return found == versions.end() ? nullptr : &*found;
}

// The newest is current, the one before it the previous one; all others have no label.
void add_version(JsonArray& versions, const std::string& id, const JsonObject& value,
                 WallTime now) {
  if (versions.size() > 1) versions[versions.size() - 2].as_object()["VersionStages"] = JsonArray();
  if (!versions.empty()) versions.back().as_object()["VersionStages"] = JsonArray{kPrevious};
  JsonObject version = value;
  version["VersionId"] = id;
  version["VersionStages"] = JsonArray{kCurrent};
  version["CreatedDate"] = epoch(now);
  versions.push_back(std::move(version));
}

JsonObject named(const Thing& secret) {
  const Json& core = secret.truth("core");
  return {{"ARN", core.at("ARN")}, {"Name", core.at("Name")}};
}

// A create that was sent once before made the same.
Answer created_before(const Thing& secret, const std::string& token, const JsonObject& value) {
  if (!secret.truth(kDeletion).is_null()) {
    return not_now(
        "You can't create this secret because a secret with this name is already scheduled for "
        "deletion.");
  }
  const Json* version = version_of(secret.truth(kVersions).as_array(), token);
  if (version == nullptr || value_in(*version) != value) {
    return exists("The operation failed because the secret " + secret.id + " already exists.");
  }
  JsonObject out = named(secret);
  out["VersionId"] = token;
  return answer_of(std::move(out));
}

std::optional<Answer> wrong_secret(const Json& body, const JsonObject& tags) {
  const std::string name = text_at(body, "Name");
  constexpr std::string_view kPlain = "/_+=.@-";
  const bool letters = std::ranges::all_of(name, [&](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) || kPlain.find(c) != std::string_view::npos;
  });
  if (name.empty() || name.size() > 512 || !letters) {
    return invalid(
        "Invalid name. Must be a valid name containing alphanumeric characters, or any "
        "of the following: -/_+=.@!");
  }
  if (text_at(body, "ClientRequestToken").empty()) {
    return invalid("You must provide a ClientRequestToken value.");
  }
  if (text_at(body, "Description").size() > 2048) return invalid("Description is too long.");
  if (auto wrong = wrong_value(value_in(body))) return wrong;
  return wrong_tags(tags);
}

JsonObject initial_settings(const Cloud& cloud, const Json& body) {
  JsonObject out{{"LastChangedDate", epoch(cloud.wall())}};
  for (const char* name : {"Description", "KmsKeyId"}) {
    if (const Json* value = find_path(body, name)) out[name] = *value;
  }
  return out;
}

Answer create(Cloud& cloud, const Request& request) {
  const Json& body = request.body;
  const JsonObject tags = read_tag_list(find_path(body, "Tags"));
  if (auto wrong = wrong_secret(body, tags)) return *wrong;
  const std::string name = text_at(body, "Name");
  const std::string token = text_at(body, "ClientRequestToken");
  const JsonObject value = value_in(body);
  if (const Thing* secret = cloud.truth(kSecret, here(request), name)) {
    return created_before(*secret, token, value);
  }
  Thing& secret = cloud.add(request, kSecret, here(request), name);
  cloud.give(secret, "core",
             JsonObject{{"ARN", "arn:aws:secretsmanager:" + request.region + ":" + request.account +
                                    ":secret:" + name + "-" + six_characters(cloud.ids)},
                        {"Name", name},
                        {"CreatedDate", epoch(cloud.wall())}});
  cloud.give(secret, "settings", initial_settings(cloud, body));
  JsonArray versions;
  if (!value.empty()) add_version(versions, token, value, cloud.wall());
  cloud.give(secret, kVersions, std::move(versions));
  cloud.give(secret, kDeletion, nullptr);
  cloud.give(secret, "tags", tags);
  cloud.note(request.call, secret, Cloud::Change::kCreated);
  JsonObject out = named(secret);
  if (!value.empty()) out["VersionId"] = token;
  return answer_of(std::move(out));
}

// What has no value is left out.
Answer describe(Cloud& cloud, const Request& request, const Thing& secret) {
  JsonObject out = secret.truth("core").as_object();
  const Json& settings = cloud.details(secret, "settings", request.replica);
  for (const auto& setting : settings.as_object()) out[setting.key()] = setting.value();
  const Json& deletion = cloud.details(secret, kDeletion, request.replica);
  if (!deletion.is_null()) out[kDeletion] = deletion;
  const JsonObject& tags = cloud.tags(secret, View::kDetails, request.replica);
  if (!tags.empty()) out["Tags"] = write_tag_list(tags);
  JsonObject stages;
  for (const Json& one : cloud.details(secret, kVersions, request.replica).as_array()) {
    if (!one.at("VersionStages").as_array().empty()) {
      stages[text_at(one, "VersionId")] = one.at("VersionStages");
    }
  }
  if (!stages.empty()) out["VersionIdsToStages"] = std::move(stages);
  return answer_of(std::move(out));
}

Answer list_versions(Cloud& cloud, const Request& request, const Thing& secret) {
  JsonArray found;
  for (const Json& one : cloud.details(secret, kVersions, request.replica).as_array()) {
    const JsonArray& stages = one.at("VersionStages").as_array();
    if (stages.empty() && !is_on(find_path(request.body, "IncludeDeprecated"))) continue;
    JsonObject version{{"VersionId", one.at("VersionId")}, {"CreatedDate", one.at("CreatedDate")}};
    if (!stages.empty()) version["VersionStages"] = stages;
    found.push_back(std::move(version));
  }
  const auto page = cut_page(cloud, text_at(request.body, "NextToken"), found.size(), 100);
  if (!page) return refused(400, "InvalidNextTokenException", "The NextToken is invalid.");
  const auto begin = found.begin();
  JsonObject out = named(secret);
  out["Versions"] =
      JsonArray(begin + std::ptrdiff_t(page->first), begin + std::ptrdiff_t(page->last));
  if (!page->token.empty()) out["NextToken"] = page->token;
  return answer_of(std::move(out));
}

Answer changed(Cloud& cloud, const Request& request, Thing& secret, JsonObject settings) {
  settings["LastChangedDate"] = epoch(cloud.wall());
  cloud.set(secret, "settings", std::move(settings));
  cloud.note(request.call, secret, Cloud::Change::kChanged);
  return answer_of(named(secret));
}

// Versions younger than a day are never cleared away.
std::optional<Answer> too_many_versions(const Cloud& cloud, const JsonArray& versions) {
  const auto day_ago = epoch(cloud.wall() - hours(24));
  const auto young = std::ranges::count_if(
      versions, [day_ago](const Json& one) { return one.at("CreatedDate").as_int64() > day_ago; });
  if (std::size_t(young) < kMostVersions) return std::nullopt;
  return refused(400, "LimitExceededException", "The secret has too many versions.");
}

// A token is the id of a version, and a version never changes.
Answer put_value(Cloud& cloud, const Request& request, Thing& secret) {
  const std::string token = text_at(request.body, "ClientRequestToken");
  const JsonObject value = value_in(request.body);
  if (token.empty()) return invalid("You must provide a ClientRequestToken value.");
  if (value.empty()) return invalid("You must provide either SecretString or SecretBinary.");
  if (auto wrong = wrong_value(value)) return *wrong;
  JsonArray versions = secret.truth(kVersions).as_array();
  JsonObject out = named(secret);
  out["VersionId"] = token;
  out["VersionStages"] = JsonArray{kCurrent};
  if (const Json* version = version_of(versions, token)) {
    if (value_in(*version) == value) return answer_of(std::move(out));
    return exists("The version already exists, with another value.");
  }
  if (auto wrong = too_many_versions(cloud, versions)) return *wrong;
  add_version(versions, token, value, cloud.wall());
  cloud.set(secret, kVersions, std::move(versions));
  changed(cloud, request, secret, secret.truth("settings").as_object());
  return answer_of(std::move(out));
}

Answer update(Cloud& cloud, const Request& request, Thing& secret) {
  JsonObject settings = secret.truth("settings").as_object();
  for (const char* name : {"Description", "KmsKeyId"}) {
    if (const Json* value = find_path(request.body, name)) settings[name] = *value;
  }
  return changed(cloud, request, secret, std::move(settings));
}

Answer rotate(Cloud& cloud, const Request& request, Thing& secret) {
  JsonObject settings = secret.truth("settings").as_object();
  for (const char* name : {"RotationLambdaARN", "RotationRules"}) {
    if (const Json* value = find_path(request.body, name)) settings[name] = *value;
  }
  if (!settings.contains("RotationLambdaARN")) {
    return not_now("No Lambda rotation function ARN is associated with this secret.");
  }
  if (!settings.contains("RotationRules")) return invalid("RotationRules are required.");
  settings["RotationEnabled"] = true;
  return changed(cloud, request, secret, std::move(settings));
}

Answer cancel_rotation(Cloud& cloud, const Request& request, Thing& secret) {
  JsonObject settings = secret.truth("settings").as_object();
  settings["RotationEnabled"] = false;
  return changed(cloud, request, secret, std::move(settings));
}

Answer set_tags(Cloud& cloud, const Request& request, Thing& secret, JsonObject tags) {
  if (auto wrong = wrong_tags(tags)) return *wrong;
  cloud.set(secret, "tags", std::move(tags));
  cloud.note(request.call, secret, Cloud::Change::kChanged);
  return done();
}

Answer tag(Cloud& cloud, const Request& request, Thing& secret) {
  return set_tags(cloud, request, secret,
                  merged_tags(secret.truth("tags").as_object(),
                              read_tag_list(find_path(request.body, "Tags"))));
}

Answer untag(Cloud& cloud, const Request& request, Thing& secret) {
  return set_tags(
      cloud, request, secret,
      tags_without(secret.truth("tags").as_object(), find_path(request.body, "TagKeys")));
}

std::optional<Answer> wrong_window(const Json* window, bool at_once) {
  if (window == nullptr) return std::nullopt;
  if (at_once) {
    return invalid(
        "You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays.");
  }
  const std::int64_t days = window->as_int64();
  if (days >= 7 && days <= 30) return std::nullopt;
  return invalid("RecoveryWindowInDays value must be between 7 and 30 days (inclusive).");
}

// To delete at once what is not there is no error, and it takes AWS a while as well.
Answer remove(Cloud& cloud, const Request& request) {
  const bool at_once = is_on(find_path(request.body, "ForceDeleteWithoutRecovery"));
  const Json* window = find_path(request.body, "RecoveryWindowInDays");
  if (auto wrong = wrong_window(window, at_once)) return *wrong;
  const std::string name = name_of(text_at(request.body, "SecretId"));
  Thing* secret = cloud.writable(kSecret, here(request), name, request.replica);
  if (secret == nullptr) {
    return at_once ? answer_of({{"Name", name}, {"DeletionDate", epoch(cloud.wall())}})
                   : not_there();
  }
  const bool scheduled = !secret->truth(kDeletion).is_null();
  if (scheduled && !at_once) {
    return not_now(
        "You can't perform this operation on the secret because it was already scheduled for "
        "deletion.");
  }
  if (cloud.now() < secret->occupied_until) {
    return not_now("You can't delete secret " + name + " that still has replica regions.");
  }
  const Duration wait = at_once
                            ? cloud.takes(seconds(5), minutes(1))
                            : Duration(hours(24 * (window != nullptr ? window->as_int64() : 30)));
  secret->gone_at = cloud.now() + wait;
  secret->live = false;
  if (!scheduled) cloud.set(*secret, kDeletion, Json(epoch(cloud.wall())));
  Cloud::bury(*secret, secret->gone_at);
  cloud.note(request.call, *secret, Cloud::Change::kRemoved);
  JsonObject out = named(*secret);
  out["DeletionDate"] = epoch(cloud.wall() + wait);
  return answer_of(std::move(out));
}

// As if its deletion had never been asked for.
Answer restore(Cloud& cloud, const Request& request, Thing& secret) {
  if (!secret.live) {
    secret.live = true;
    secret.death = nullptr;
    secret.gone_at = Duration::max();
    cloud.set(secret, kDeletion, nullptr);
    cloud.note(request.call, secret, Cloud::Change::kCreated);
  }
  return answer_of(named(secret));
}

using Read = Answer (*)(Cloud&, const Request&, const Thing&);
constexpr std::pair<const char*, Read> kReads[] = {{"DescribeSecret", describe},
                                                   {"ListSecretVersionIds", list_versions}};
using Write = Answer (*)(Cloud&, const Request&, Thing&);
constexpr std::pair<const char*, Write> kWrites[] = {
    {"UpdateSecret", update},  {"PutSecretValue", put_value},
    {"RotateSecret", rotate},  {"CancelRotateSecret", cancel_rotation},
    {"TagResource", tag},      {"UntagResource", untag},
    {"RestoreSecret", restore}};

}  // namespace

Answer serve_secretsmanager(Cloud& cloud, const Request& request) {
  const std::string& operation = request.call.operation;
  if (request.malformed) return refused(400, "SerializationException", "");
  if (operation == "CreateSecret") return create(cloud, request);
  if (operation == "DeleteSecret") return remove(cloud, request);
  const std::string name = name_of(text_at(request.body, "SecretId"));
  for (const auto& [known, read] : kReads) {
    if (operation != known) continue;
    const Thing* secret = cloud.seen(kSecret, here(request), name, View::kById, request.replica);
    return secret == nullptr ? not_there() : read(cloud, request, *secret);
  }
  for (const auto& [known, write] : kWrites) {
    if (operation != known) continue;
    Thing* secret = cloud.writable(kSecret, here(request), name, request.replica);
    if (secret == nullptr) return not_there();
    if (!secret->live && operation != "RestoreSecret") {
      return not_now(
          "You can't perform this operation on the secret because it was marked for deletion.");
    }
    return write(cloud, request, *secret);
  }
  return refused(400, "UnknownOperationException", "");
}

Json secret_state(const Cloud& cloud, const Thing& thing) {
  JsonObject out =
      merged_tags(thing.truth("core").as_object(), thing.truth("settings").as_object());
  out.emplace("RotationEnabled", false);
  out[kDeletion] = thing.truth(kDeletion);
  out["Gone"] = cloud.now() >= thing.gone_at;
  const JsonArray& versions = thing.truth(kVersions).as_array();
  if (!versions.empty()) {
    for (const auto& value : value_in(versions.back())) out[value.key()] = value.value();
  }
  return out;
}

}  // namespace infra::sim
