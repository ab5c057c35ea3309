#include <algorithm>
#include <array>
#include <cstdlib>
#include <optional>

#include "aws/paging.h"
#include "aws/policy.h"
#include "aws/services.h"

namespace infra::sim {
namespace {

using std::chrono::seconds;

constexpr const char* kKey = "KMSKey";
constexpr std::chrono::hours kDay{24};

std::string arn_of(const Thing& key) {
  return "arn:aws:kms:" + key.region + ":" + key.account + ":key/" + key.id;
}

Answer no_such_key(const Request& request, const std::string& id) {
  const std::string arn = id.starts_with("arn:") ? id
                                                 : "arn:aws:kms:" + request.region + ":" +
                                                       request.account + ":key/" + id;
  return refused(400, "NotFoundException", "Key '" + arn + "' does not exist");
}

Answer invalid(const std::string& member, const std::string& constraint) {
  return refused(400, "ValidationException",
                 "1 validation error detected: Value at '" + member +
                     "' failed to satisfy constraint: " + constraint);
}

bool is_on(const Json& body, std::string_view name) {
  const Json* found = find_path(body, name);
  return found != nullptr && *found == Json(true);
}

enum class State { kEnabled, kDisabled, kCreating, kPendingDeletion, kGone };

State state_of(const Cloud& cloud, const Thing& key, const Json& settings) {
  if (cloud.now() >= key.gone_at) return State::kGone;
  if (find_path(settings, "DeletionDate") != nullptr) return State::kPendingDeletion;
  if (cloud.now() < key.ready_at) return State::kCreating;
  return is_on(settings, "Enabled") ? State::kEnabled : State::kDisabled;
}

const char* name_of(State state) {
  switch (state) {
    case State::kEnabled: return "Enabled";
    case State::kDisabled: return "Disabled";
    case State::kCreating: return "Creating";
    default: return "PendingDeletion";
  }
}

// What keys of a kind can be used for; the first is what they are for unless said otherwise.
struct Spec {
  const char* prefix;
  std::array<const char*, 3> usages;
};
constexpr Spec kSpecs[] = {{"SYMMETRIC_DEFAULT", {"ENCRYPT_DECRYPT", "", ""}},
                           {"RSA_", {"ENCRYPT_DECRYPT", "SIGN_VERIFY", ""}},
                           {"ECC_NIST_EDWARDS", {"SIGN_VERIFY", "", ""}},
                           {"ECC_NIST", {"SIGN_VERIFY", "KEY_AGREEMENT", ""}},
                           {"ECC_", {"SIGN_VERIFY", "", ""}},
                           {"ML_DSA_", {"SIGN_VERIFY", "", ""}},
                           {"SM2", {"ENCRYPT_DECRYPT", "SIGN_VERIFY", "KEY_AGREEMENT"}},
                           {"HMAC_", {"GENERATE_VERIFY_MAC", "", ""}}};

const Spec* find_spec(std::string_view name) {
  const auto found = std::ranges::find_if(
      kSpecs, [name](const Spec& spec) { return name.starts_with(spec.prefix); });
  return found == std::end(kSpecs) ? nullptr : found;
}

std::optional<Answer> wrong_usage(const std::string& spec, const std::string& usage) {
  const Spec* known = find_spec(spec);
  if (known == nullptr) return invalid("keySpec", "Member must satisfy enum value set");
  for (const char* name :
       {"ENCRYPT_DECRYPT", "SIGN_VERIFY", "GENERATE_VERIFY_MAC", "KEY_AGREEMENT"}) {
    if (usage != name) continue;
    if (std::ranges::find(known->usages, usage) != known->usages.end()) return std::nullopt;
    return refused(400, "ValidationException",
                   "KeyUsage " + usage + " is not compatible with KeySpec " + spec);
  }
  return invalid("keyUsage", "Member must satisfy enum value set");
}

JsonObject read_tags(const Json& body) {
  JsonObject out;
  const Json* tags = find_path(body, "Tags");
  for (const Json& tag : tags != nullptr && tags->is_array() ? tags->get_array() : JsonArray()) {
    out[text_at(tag, "TagKey")] = text_at(tag, "TagValue");
  }
  return out;
}

std::optional<Answer> wrong_tags(const JsonObject& tags) {
  for (const auto& tag : tags) {
    const std::string_view key = tag.key();
    if (key.starts_with("aws:")) {
      return refused(400, "TagException", "Tag keys beginning with aws: are reserved");
    }
    if (key.empty() || key.size() > 128 || text_at(tag.value(), "").size() > 256) {
      return invalid("tags", "Member has a length out of bounds");
    }
  }
  if (tags.size() > 50) return refused(400, "TagException", "Too many tags");
  return std::nullopt;
}

std::optional<Answer> wrong_policy(const Cloud& cloud, const Request& request) {
  const std::string text = text_at(request.body, "Policy");
  std::string fault = policy_fault(text);
  if (fault.empty() && !unknown_principal(cloud, text, request.replica).empty()) {
    fault = "Policy contains a statement with one or more invalid principals.";
  }
  if (fault.empty()) return std::nullopt;
  return refused(400, "MalformedPolicyDocumentException", fault);
}

std::string default_policy(const std::string& account) {
  return "{\n  \"Version\" : \"2012-10-17\",\n  \"Id\" : \"key-default-1\",\n  \"Statement\" : [ "
         "{\n    \"Sid\" : \"Enable IAM User Permissions\",\n    \"Effect\" : \"Allow\",\n    "
         "\"Principal\" : {\n      \"AWS\" : \"arn:aws:iam::" +
         account +
         ":root\"\n    },\n    \"Action\" : \"kms:*\",\n    \"Resource\" : \"*\"\n  } ]\n}";
}

Json metadata(const Cloud& cloud, const Thing& key, const Json& settings) {
  JsonObject out = key.truth("core").as_object();
  const State state = state_of(cloud, key, settings);
  out["Description"] = text_at(settings, "Description");
  out["Enabled"] = state == State::kEnabled;
  out["KeyState"] = name_of(state);
  if (const Json* date = find_path(settings, "DeletionDate")) out["DeletionDate"] = *date;
  return out;
}

Json core_of(Cloud& cloud, const Request& request, const std::string& id) {
  const std::string named = text_at(request.body, "KeySpec");
  const std::string spec = named.empty() ? "SYMMETRIC_DEFAULT" : named;
  const std::string usage = text_at(request.body, "KeyUsage");
  JsonObject out{{"AWSAccountId", request.account},
                 {"KeyId", id},
                 {"Arn", "arn:aws:kms:" + request.region + ":" + request.account + ":key/" + id},
                 {"CreationDate", epoch(cloud.wall())},
                 {"KeyUsage", usage.empty() ? "ENCRYPT_DECRYPT" : usage},
                 {"Origin", "AWS_KMS"},
                 {"KeyManager", "CUSTOMER"},
                 {"CustomerMasterKeySpec", spec},
                 {"KeySpec", spec},
                 {"MultiRegion", is_on(request.body, "MultiRegion")}};
  if (spec == "SYMMETRIC_DEFAULT") out["EncryptionAlgorithms"] = JsonArray{"SYMMETRIC_DEFAULT"};
  return out;
}

std::optional<Answer> wrong_key(const Cloud& cloud, const Request& request,
                                const JsonObject& tags) {
  const Json& body = request.body;
  const std::string named = text_at(body, "KeySpec");
  const std::string usage = text_at(body, "KeyUsage");
  const std::string spec = named.empty() ? "SYMMETRIC_DEFAULT" : named;
  if (usage.empty() && spec != "SYMMETRIC_DEFAULT") {
    return refused(400, "ValidationException",
                   "You must specify a KeyUsage value for all KMS keys except for symmetric "
                   "encryption keys.");
  }
  if (auto wrong = wrong_usage(spec, usage.empty() ? "ENCRYPT_DECRYPT" : usage)) return wrong;
  if (text_at(body, "Description").size() > 8192) {
    return invalid("description", "Member must have length less than or equal to 8192");
  }
  if (find_path(body, "Policy") != nullptr) {
    if (auto wrong = wrong_policy(cloud, request)) return wrong;
  }
  return wrong_tags(tags);
}

Answer create_key(Cloud& cloud, const Request& request) {
  const JsonObject tags = read_tags(request.body);
  if (auto wrong = wrong_key(cloud, request, tags)) return *wrong;
  const bool everywhere = is_on(request.body, "MultiRegion");
  const std::string id = everywhere ? "mrk-" + hex(cloud.ids, 32) : uuid(cloud.ids);
  Thing& key = cloud.add(request, kKey, here(request), id);
  const std::string policy = text_at(request.body, "Policy");
  JsonObject settings{{"Description", text_at(request.body, "Description")}, {"Enabled", true}};
  cloud.give(key, "core", core_of(cloud, request, id));
  cloud.give(key, "Policy", Json(policy.empty() ? default_policy(request.account) : policy));
  cloud.give(key, "KeyRotationEnabled", false);
  cloud.give(key, "tags", tags);
  // Other keys are there at once.
  if (everywhere) key.ready_at = cloud.now() + cloud.takes(Duration{0}, seconds(30));
  Json answer = JsonObject{{"KeyMetadata", metadata(cloud, key, settings)}};
  cloud.give(key, "settings", std::move(settings));
  cloud.note(request.call, key, Cloud::Change::kCreated);
  return done(boost::json::serialize(answer));
}

// Keys are named by id or by ARN.
std::string id_of(const Request& request) {
  const std::string text = text_at(request.body, "KeyId");
  const auto slash = text.rfind(":key/");
  return slash == std::string::npos ? text : text.substr(slash + 5);
}

Answer describe(Cloud& cloud, const Request& request, const Thing& key) {
  const Json& settings = cloud.details(key, "settings", request.replica);
  return done(boost::json::serialize(JsonObject{{"KeyMetadata", metadata(cloud, key, settings)}}));
}

Answer get_policy(Cloud& cloud, const Request& request, const Thing& key) {
  const std::string name = text_at(request.body, "PolicyName");
  if (!name.empty() && name != "default") {
    return refused(400, "NotFoundException", "No such policy exists");
  }
  return done(boost::json::serialize(JsonObject{
      {"Policy", cloud.details(key, "Policy", request.replica)}, {"PolicyName", "default"}}));
}

Answer get_rotation(Cloud& cloud, const Request& request, const Thing& key) {
  const Json& settings = cloud.details(key, "settings", request.replica);
  const bool waiting = find_path(settings, "DeletionDate") != nullptr;
  const Json& on = cloud.details(key, "KeyRotationEnabled", request.replica);
  JsonObject out{{"KeyId", arn_of(key)}, {"KeyRotationEnabled", !waiting && on == Json(true)}};
  if (!waiting && on == Json(true)) out["RotationPeriodInDays"] = 365;
  return done(boost::json::serialize(out));
}

Answer list_tags(Cloud& cloud, const Request& request, const Thing& key) {
  const JsonObject& tags = cloud.tags(key, View::kDetails, request.replica);
  const Json* limit = find_path(request.body, "Limit");
  const std::size_t most =
      limit != nullptr && limit->is_int64() ? std::size_t(limit->get_int64()) : 50;
  const auto page = cut_page(cloud, text_at(request.body, "Marker"), tags.size(), most);
  if (!page) return refused(400, "InvalidMarkerException", "Could not deserialize marker");
  JsonArray items;
  std::size_t index = 0;
  for (const auto& tag : tags) {
    const bool chosen = index >= page->first && index < page->last;
    ++index;
    if (!chosen) continue;
    items.push_back(JsonObject{{"TagKey", tag.key()}, {"TagValue", tag.value()}});
  }
  JsonObject out{{"Tags", std::move(items)}, {"Truncated", !page->token.empty()}};
  if (!page->token.empty()) out["NextMarker"] = page->token;
  return done(boost::json::serialize(out));
}

Answer wrong_state(const Thing& key, State state) {
  const std::string words = state == State::kCreating          ? "is creating."
                            : state == State::kPendingDeletion ? "is pending deletion."
                                                               : "is not enabled.";
  return refused(400, "KMSInvalidStateException", arn_of(key) + " " + words);
}

Answer changed(Cloud& cloud, const Request& request, Thing& key, std::string_view part,
               Json value) {
  cloud.set(key, part, std::move(value));
  cloud.note(request.call, key, Cloud::Change::kChanged);
  return done();
}

Answer set_enabled(Cloud& cloud, const Request& request, Thing& key) {
  JsonObject settings = key.truth("settings").as_object();
  settings["Enabled"] = request.call.operation == "EnableKey";
  return changed(cloud, request, key, "settings", std::move(settings));
}

Answer describe_as(Cloud& cloud, const Request& request, Thing& key) {
  const Json* text = find_path(request.body, "Description");
  if (text == nullptr) return invalid("description", "Member must not be null");
  JsonObject settings = key.truth("settings").as_object();
  settings["Description"] = *text;
  return changed(cloud, request, key, "settings", std::move(settings));
}

Answer set_rotation(Cloud& cloud, const Request& request, Thing& key) {
  if (text_at(key.truth("core"), "KeySpec") != "SYMMETRIC_DEFAULT") {
    return refused(400, "UnsupportedOperationException", "Only symmetric keys can be rotated");
  }
  if (!is_on(key.truth("settings"), "Enabled")) {
    return refused(400, "DisabledException", arn_of(key) + " is disabled.");
  }
  return changed(cloud, request, key, "KeyRotationEnabled",
                 request.call.operation == "EnableKeyRotation");
}

Answer put_policy(Cloud& cloud, const Request& request, Thing& key) {
  const std::string name = text_at(request.body, "PolicyName");
  if (!name.empty() && name != "default") {
    return refused(400, "NotFoundException", "No such policy exists");
  }
  if (auto wrong = wrong_policy(cloud, request)) return *wrong;
  return changed(cloud, request, key, "Policy", Json(text_at(request.body, "Policy")));
}

Answer tag(Cloud& cloud, const Request& request, Thing& key) {
  const JsonObject tags = read_tags(request.body);
  if (auto wrong = wrong_tags(tags)) return *wrong;
  JsonObject all = key.truth("tags").as_object();
  for (const auto& entry : tags) all[entry.key()] = entry.value();
  if (all.size() > 50) return refused(400, "TagException", "Too many tags");
  return changed(cloud, request, key, "tags", std::move(all));
}

Answer untag(Cloud& cloud, const Request& request, Thing& key) {
  const Json* keys = find_path(request.body, "TagKeys");
  JsonObject all = key.truth("tags").as_object();
  for (const Json& item : keys != nullptr ? keys->as_array() : JsonArray()) {
    all.erase(text_at(item, ""));
  }
  return changed(cloud, request, key, "tags", std::move(all));
}

Answer schedule_deletion(Cloud& cloud, const Request& request, Thing& key) {
  const Json* days = find_path(request.body, "PendingWindowInDays");
  const std::int64_t window = days != nullptr && days->is_int64() ? days->get_int64() : 30;
  if (window < 7 || window > 30) {
    return invalid("pendingWindowInDays", "Member must be between 7 and 30");
  }
  key.gone_at = cloud.now() + kDay * window;
  key.live = false;
  JsonObject settings = key.truth("settings").as_object();
  const std::int64_t date = epoch(Timeline::kStart + key.gone_at);
  settings["Enabled"] = false;
  settings["DeletionDate"] = date;
  cloud.set(key, "settings", std::move(settings));
  cloud.note(request.call, key, Cloud::Change::kRemoved);
  return done(boost::json::serialize(JsonObject{{"KeyId", arn_of(key)},
                                                {"DeletionDate", date},
                                                {"KeyState", "PendingDeletion"},
                                                {"PendingWindowInDays", window}}));
}

using Read = Answer (*)(Cloud&, const Request&, const Thing&);
constexpr std::pair<const char*, Read> kReads[] = {{"DescribeKey", describe},
                                                   {"GetKeyPolicy", get_policy},
                                                   {"GetKeyRotationStatus", get_rotation},
                                                   {"ListResourceTags", list_tags}};

// Which writes a key takes that waits for its deletion.
using Write = Answer (*)(Cloud&, const Request&, Thing&);
struct WriteRule {
  const char* name;
  Write write;
  bool while_pending = false;
};
constexpr WriteRule kWrites[] = {{"EnableKey", set_enabled},
                                 {"DisableKey", set_enabled},
                                 {"UpdateKeyDescription", describe_as},
                                 {"EnableKeyRotation", set_rotation},
                                 {"DisableKeyRotation", set_rotation},
                                 {"PutKeyPolicy", put_policy, true},
                                 {"TagResource", tag},
                                 {"UntagResource", untag},
                                 {"ScheduleKeyDeletion", schedule_deletion}};

Answer write(Cloud& cloud, const Request& request, const WriteRule& rule) {
  const std::string id = id_of(request);
  Thing* key = cloud.writable(kKey, here(request), id, request.replica);
  if (key == nullptr) return no_such_key(request, id);
  const State state = state_of(cloud, *key, key->truth("settings"));
  if (state == State::kGone) return no_such_key(request, id);
  const bool pending = state == State::kPendingDeletion && !rule.while_pending;
  if (pending || state == State::kCreating) return wrong_state(*key, state);
  return rule.write(cloud, request, *key);
}

Answer read(Cloud& cloud, const Request& request, Read operation) {
  const std::string id = id_of(request);
  const Thing* key = cloud.seen(kKey, here(request), id, View::kById, request.replica);
  if (key == nullptr || cloud.now() >= key->gone_at) return no_such_key(request, id);
  return operation(cloud, request, *key);
}

}  // namespace

Answer serve_kms(Cloud& cloud, const Request& request) {
  const std::string& operation = request.call.operation;
  if (request.malformed) return refused(400, "SerializationException", "");
  if (operation == "CreateKey") return create_key(cloud, request);
  const bool named = !text_at(request.body, "KeyId").empty();
  for (const auto& [name, handler] : kReads) {
    if (operation != name) continue;
    return named ? read(cloud, request, handler) : invalid("keyId", "Member must not be null");
  }
  for (const WriteRule& rule : kWrites) {
    if (operation != rule.name) continue;
    return named ? write(cloud, request, rule) : invalid("keyId", "Member must not be null");
  }
  return refused(400, "UnknownOperationException", "");
}

Json key_state(const Cloud& cloud, const Thing& thing) {
  Json out = metadata(cloud, thing, thing.truth("settings"));
  out.as_object()["Policy"] = thing.truth("Policy");
  out.as_object()["KeyRotationEnabled"] = thing.truth("KeyRotationEnabled");
  return out;
}

}  // namespace infra::sim
