#include <algorithm>
#include <array>
#include <optional>

#include "aws/paging.h"
#include "aws/policy.h"
#include "aws/query_lists.h"
#include "aws/services.h"

namespace infra::sim {
namespace {

constexpr const char* kRole = "IAMRole";
constexpr std::size_t kMostManaged = 10;
constexpr std::size_t kMostTags = 50;

Answer no_such_role(const std::string& name) {
  return refused(404, "NoSuchEntity", "The role with name " + name + " cannot be found.");
}

Answer invalid(const std::string& member, const std::string& constraint) {
  return refused(400, "ValidationError",
                 "1 validation error detected: Value at '" + member +
                     "' failed to satisfy constraint: " + constraint);
}

Answer malformed_policy(const std::string& fault) {
  return refused(400, "MalformedPolicyDocument", fault);
}

// Who may assume the role: IAM looks the principals up.
std::optional<Answer> wrong_trust(const Cloud& cloud, const Request& request,
                                  const std::string& text) {
  const std::string fault = policy_fault(text);
  if (!fault.empty()) return malformed_policy(fault);
  const std::string unknown = unknown_principal(cloud, text, request.replica);
  if (unknown.empty()) return std::nullopt;
  return malformed_policy("Invalid principal in policy: \"AWS\":\"" + unknown + "\"");
}

std::optional<Answer> missing_of(const Request& request,
                                 std::initializer_list<const char*> required) {
  for (const char* name : required) {
    if (!request.form.text(name).empty()) continue;
    std::string member = name;
    member[0] = char(std::tolower(static_cast<unsigned char>(member[0])));
    return invalid(member, "Member must not be null");
  }
  return std::nullopt;
}

bool well_named(std::string_view name, std::size_t most) {
  return !name.empty() && name.size() <= most &&
         name.find_first_not_of(
             "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
             "+=,.@_-") == std::string_view::npos;
}

std::optional<Answer> wrong_tags(const JsonObject& tags) {
  for (const auto& tag : tags) {
    if (std::string_view(tag.key()).starts_with("aws:")) {
      return refused(400, "InvalidInput", "Tag keys beginning with aws: are reserved.");
    }
    if (tag.key().empty() || tag.key().size() > 128) {
      return invalid("tags.1.member.key", "Member must have length between 1 and 128");
    }
    if (!plain_tag_text(tag.key()) || !plain_tag_text(text_at(tag.value(), ""))) {
      return invalid("tags.1.member", "Member must satisfy regular expression pattern");
    }
    if (text_at(tag.value(), "").size() > 256) {
      return invalid("tags.1.member.value", "Member must have length at most 256");
    }
  }
  if (tags.size() > kMostTags) return invalid("tags", "Member must have length at most 50");
  return std::nullopt;
}

std::optional<Answer> wrong_duration(const Fields& form) {
  const std::string text = form.text("MaxSessionDuration");
  if (text.empty()) return std::nullopt;
  const int seconds = std::atoi(text.c_str());
  if (seconds >= 3600 && seconds <= 43200) return std::nullopt;
  return invalid("maxSessionDuration", "Member must be between 3600 and 43200");
}

std::optional<Answer> wrong_boundary(const Fields& form) {
  const std::string arn = form.text("PermissionsBoundary");
  if (arn.empty()) return std::nullopt;
  if (arn.find(":policy/") != std::string::npos && arn.starts_with("arn:aws")) return std::nullopt;
  return refused(400, "InvalidInput", "ARN " + arn + " is not valid.");
}

std::optional<Answer> wrong_role(const Cloud& cloud, const Request& request,
                                 const JsonObject& tags) {
  const Fields& form = request.form;
  if (!well_named(form.text("RoleName"), 64)) {
    return invalid("roleName", "Member must satisfy regular expression pattern: [\\w+=,.@-]+");
  }
  const std::string path = form.text("Path");
  if (!path.empty() && (path.front() != '/' || path.back() != '/')) {
    return invalid("path", "Member must begin and end with /");
  }
  if (form.text("Description").size() > 1000) {
    return invalid("description", "Member must have length at most 1000");
  }
  if (auto wrong = wrong_duration(form)) return wrong;
  if (auto wrong = wrong_boundary(form)) return wrong;
  if (auto wrong = wrong_tags(tags)) return wrong;
  return wrong_trust(cloud, request, form.text("AssumeRolePolicyDocument"));
}

Json boundary(const std::string& arn) {
  return JsonObject{{"PermissionsBoundaryType", "Policy"}, {"PermissionsBoundaryArn", arn}};
}

// Policies come percent-encoded out of IAM, whatever went in.
void write_role(XmlWriter& xml, const Thing& role, const Json& settings, const JsonObject& tags) {
  const Json& core = role.truth("core");
  xml.open("Role");
  for (const char* name : {"Path", "RoleName", "RoleId", "Arn", "CreateDate"}) {
    xml.text(name, text_at(core, name));
  }
  xml.text("AssumeRolePolicyDocument",
           net::percent_encode(text_at(settings, "AssumeRolePolicyDocument")));
  const std::string description = text_at(settings, "Description");
  if (!description.empty()) xml.text("Description", description);
  xml.text("MaxSessionDuration",
           std::to_string(find_path(settings, "MaxSessionDuration")->to_number<int>()));
  const std::string arn = text_at(settings, "PermissionsBoundary.PermissionsBoundaryArn");
  if (!arn.empty()) {
    xml.open("PermissionsBoundary").text("PermissionsBoundaryType", "Policy");
    xml.text("PermissionsBoundaryArn", arn).close();
  }
  if (!tags.empty()) write_tag_elements(xml, "Tags", "member", tags);
  xml.close();
}

Answer create_role(Cloud& cloud, const Request& request) {
  const Fields& form = request.form;
  if (auto wrong = missing_of(request, {"RoleName", "AssumeRolePolicyDocument"})) return *wrong;
  const JsonObject tags = read_tag_fields(form, "Tags.member");
  if (auto wrong = wrong_role(cloud, request, tags)) return *wrong;
  const std::string name = form.text("RoleName");
  if (cloud.truth(kRole, request.account, name) != nullptr) {
    return refused(409, "EntityAlreadyExists", "Role with name " + name + " already exists.");
  }
  const std::string path = form.has("Path") ? form.text("Path") : "/";
  const std::string duration = form.text("MaxSessionDuration");
  Thing& role = cloud.add(request, kRole, request.account, name);
  cloud.give(role, "core",
             JsonObject{{"Path", path},
                        {"RoleName", name},
                        {"RoleId", "AROA" + capitals(cloud.ids, 17)},
                        {"Arn", "arn:aws:iam::" + request.account + ":role" + path + name},
                        {"CreateDate", iso_time(cloud.wall())}});
  JsonObject settings{
      {"AssumeRolePolicyDocument", form.text("AssumeRolePolicyDocument")},
      {"Description", form.text("Description")},
      {"MaxSessionDuration", duration.empty() ? 3600 : std::atoi(duration.c_str())}};
  if (form.has("PermissionsBoundary")) {
    settings["PermissionsBoundary"] = boundary(form.text("PermissionsBoundary"));
  }
  cloud.give(role, "settings", settings);
  cloud.give(role, "AttachedPolicies", JsonArray());
  cloud.give(role, "InlinePolicies", JsonObject());
  cloud.give(role, "tags", tags);
  cloud.note(request.call, role, Cloud::Change::kCreated);
  XmlWriter xml;
  write_role(xml, role, settings, tags);
  return done(xml.take());
}

const Thing* seen_role(Cloud& cloud, const Request& request) {
  return cloud.seen(kRole, request.account, request.form.text("RoleName"), View::kById,
                    request.replica);
}

Answer get_role(Cloud& cloud, const Request& request) {
  const Thing* role = seen_role(cloud, request);
  if (role == nullptr) return no_such_role(request.form.text("RoleName"));
  XmlWriter xml;
  write_role(xml, *role, cloud.details(*role, "settings", request.replica),
             cloud.tags(*role, View::kDetails, request.replica));
  return done(xml.take());
}

Answer get_role_policy(Cloud& cloud, const Request& request) {
  const std::string role_name = request.form.text("RoleName");
  const std::string name = request.form.text("PolicyName");
  if (auto wrong = missing_of(request, {"PolicyName"})) return *wrong;
  const Thing* role = seen_role(cloud, request);
  if (role == nullptr) return no_such_role(role_name);
  const Json& policies = cloud.details(*role, "InlinePolicies", request.replica);
  const Json* document = policies.as_object().if_contains(name);
  if (document == nullptr) {
    return refused(404, "NoSuchEntity", "The role policy with name " + name + " cannot be found.");
  }
  XmlWriter xml;
  xml.text("RoleName", role_name).text("PolicyName", name);
  return done(xml.text("PolicyDocument", net::percent_encode(text_at(*document, ""))).take());
}

std::size_t most_items(const Request& request) {
  const std::string text = request.form.text("MaxItems");
  return text.empty() ? 100 : std::size_t(std::atoi(text.c_str()));
}

void write_page_end(XmlWriter& xml, const Page& page) {
  xml.boolean("IsTruncated", !page.token.empty());
  if (!page.token.empty()) xml.text("Marker", page.token);
}

Answer list_attached(Cloud& cloud, const Request& request) {
  const Thing* role = seen_role(cloud, request);
  if (role == nullptr) return no_such_role(request.form.text("RoleName"));
  const JsonArray& all = cloud.details(*role, "AttachedPolicies", request.replica).as_array();
  const auto page = cut_page(cloud, request.form.text("Marker"), all.size(), most_items(request));
  if (!page) return refused(400, "ValidationError", "Invalid Marker.");
  XmlWriter xml;
  xml.open("AttachedPolicies");
  for (std::size_t i = page->first; i < page->last; ++i) {
    xml.open("member").text("PolicyName", text_at(all[i], "PolicyName"));
    xml.text("PolicyArn", text_at(all[i], "PolicyArn")).close();
  }
  write_page_end(xml.close(), *page);
  return done(xml.take());
}

Answer list_inline(Cloud& cloud, const Request& request) {
  const Thing* role = seen_role(cloud, request);
  if (role == nullptr) return no_such_role(request.form.text("RoleName"));
  std::vector<std::string> names;
  for (const auto& policy : cloud.details(*role, "InlinePolicies", request.replica).as_object()) {
    names.emplace_back(policy.key());
  }
  const auto page = cut_page(cloud, request.form.text("Marker"), names.size(), most_items(request));
  if (!page) return refused(400, "ValidationError", "Invalid Marker.");
  XmlWriter xml;
  xml.open("PolicyNames");
  for (std::size_t i = page->first; i < page->last; ++i) xml.text("member", names[i]);
  write_page_end(xml.close(), *page);
  return done(xml.take());
}

Answer changed(Cloud& cloud, const Request& request, Thing& role, std::string_view part,
               Json value) {
  cloud.set(role, part, std::move(value));
  cloud.note(request.call, role, Cloud::Change::kChanged);
  return done_silently();
}

Answer update_role(Cloud& cloud, const Request& request, Thing& role) {
  const Fields& form = request.form;
  if (auto wrong = wrong_duration(form)) return *wrong;
  JsonObject settings = role.truth("settings").as_object();
  if (form.has("Description")) settings["Description"] = form.text("Description");
  const std::string duration = form.text("MaxSessionDuration");
  settings["MaxSessionDuration"] = duration.empty() ? 3600 : std::atoi(duration.c_str());
  changed(cloud, request, role, "settings", std::move(settings));
  return done();
}

Answer update_trust(Cloud& cloud, const Request& request, Thing& role) {
  if (auto wrong = missing_of(request, {"PolicyDocument"})) return *wrong;
  if (auto wrong = wrong_trust(cloud, request, request.form.text("PolicyDocument"))) return *wrong;
  JsonObject settings = role.truth("settings").as_object();
  settings["AssumeRolePolicyDocument"] = request.form.text("PolicyDocument");
  return changed(cloud, request, role, "settings", std::move(settings));
}

Answer put_boundary(Cloud& cloud, const Request& request, Thing& role) {
  if (auto wrong = missing_of(request, {"PermissionsBoundary"})) return *wrong;
  if (auto wrong = wrong_boundary(request.form)) return *wrong;
  JsonObject settings = role.truth("settings").as_object();
  settings["PermissionsBoundary"] = boundary(request.form.text("PermissionsBoundary"));
  return changed(cloud, request, role, "settings", std::move(settings));
}

Answer delete_boundary(Cloud& cloud, const Request& request, Thing& role) {
  JsonObject settings = role.truth("settings").as_object();
  settings.erase("PermissionsBoundary");
  return changed(cloud, request, role, "settings", std::move(settings));
}

Answer put_inline(Cloud& cloud, const Request& request, Thing& role) {
  if (auto wrong = missing_of(request, {"PolicyName", "PolicyDocument"})) return *wrong;
  const std::string name = request.form.text("PolicyName");
  if (!well_named(name, 128)) {
    return invalid("policyName", "Member must satisfy regular expression pattern: [\\w+=,.@-]+");
  }
  const std::string fault = policy_fault(request.form.text("PolicyDocument"));
  if (!fault.empty()) return malformed_policy(fault);
  JsonObject policies = role.truth("InlinePolicies").as_object();
  policies[name] = request.form.text("PolicyDocument");
  return changed(cloud, request, role, "InlinePolicies", std::move(policies));
}

Answer delete_inline(Cloud& cloud, const Request& request, Thing& role) {
  if (auto wrong = missing_of(request, {"PolicyName"})) return *wrong;
  const std::string name = request.form.text("PolicyName");
  JsonObject policies = role.truth("InlinePolicies").as_object();
  if (!policies.contains(name)) {
    return refused(404, "NoSuchEntity", "The role policy with name " + name + " cannot be found.");
  }
  policies.erase(name);
  return changed(cloud, request, role, "InlinePolicies", std::move(policies));
}

bool policy_exists(const std::string& arn, const std::string& account) {
  return arn.starts_with("arn:aws:iam::aws:policy/") ||
         arn.starts_with("arn:aws:iam::" + account + ":policy/");
}

auto attached(JsonArray& policies, const std::string& arn) {
  return std::ranges::find_if(
      policies, [&arn](const Json& policy) { return text_at(policy, "PolicyArn") == arn; });
}

Answer attach(Cloud& cloud, const Request& request, Thing& role) {
  if (auto wrong = missing_of(request, {"PolicyArn"})) return *wrong;
  const std::string arn = request.form.text("PolicyArn");
  if (!arn.starts_with("arn:"))
    return refused(400, "InvalidInput", "ARN " + arn + " is not valid.");
  if (!policy_exists(arn, request.account)) {
    return refused(404, "NoSuchEntity", "Policy " + arn + " does not exist or is not attachable.");
  }
  JsonArray policies = role.truth("AttachedPolicies").as_array();
  if (attached(policies, arn) == policies.end()) {
    if (policies.size() >= kMostManaged) {
      return refused(409, "LimitExceeded", "Cannot exceed quota for PoliciesPerRole: 10");
    }
    policies.push_back(
        JsonObject{{"PolicyName", arn.substr(arn.rfind('/') + 1)}, {"PolicyArn", arn}});
  }
  return changed(cloud, request, role, "AttachedPolicies", std::move(policies));
}

Answer detach(Cloud& cloud, const Request& request, Thing& role) {
  if (auto wrong = missing_of(request, {"PolicyArn"})) return *wrong;
  const std::string arn = request.form.text("PolicyArn");
  JsonArray policies = role.truth("AttachedPolicies").as_array();
  const auto found = attached(policies, arn);
  if (found == policies.end()) {
    return refused(404, "NoSuchEntity", "Policy " + arn + " was not found.");
  }
  policies.erase(found);
  return changed(cloud, request, role, "AttachedPolicies", std::move(policies));
}

Answer tag_role(Cloud& cloud, const Request& request, Thing& role) {
  const JsonObject tags = read_tag_fields(request.form, "Tags.member");
  if (auto wrong = wrong_tags(tags)) return *wrong;
  JsonObject all = role.truth("tags").as_object();
  for (const auto& tag : tags) all[tag.key()] = tag.value();
  if (all.size() > kMostTags) {
    return refused(409, "LimitExceeded", "The number of tags has reached the maximum limit.");
  }
  return changed(cloud, request, role, "tags", std::move(all));
}

Answer untag_role(Cloud& cloud, const Request& request, Thing& role) {
  return changed(cloud, request, role, "tags", tags_without_named(role, request.form));
}

Answer delete_role(Cloud& cloud, const Request& request, Thing& role) {
  if (!role.truth("AttachedPolicies").as_array().empty()) {
    return refused(409, "DeleteConflict", "Cannot delete entity, must detach all policies first.");
  }
  if (!role.truth("InlinePolicies").as_object().empty()) {
    return refused(409, "DeleteConflict", "Cannot delete entity, must delete policies first.");
  }
  if (cloud.now() < role.occupied_until) {
    return refused(409, "DeleteConflict",
                   "Cannot delete entity, must remove roles from instance profile first.");
  }
  cloud.bury(role);
  cloud.note(request.call, role, Cloud::Change::kRemoved);
  return done_silently();
}

using Write = Answer (*)(Cloud&, const Request&, Thing&);
constexpr std::pair<const char*, Write> kWrites[] = {
    {"UpdateRole", update_role},
    {"UpdateAssumeRolePolicy", update_trust},
    {"PutRolePermissionsBoundary", put_boundary},
    {"DeleteRolePermissionsBoundary", delete_boundary},
    {"PutRolePolicy", put_inline},
    {"DeleteRolePolicy", delete_inline},
    {"AttachRolePolicy", attach},
    {"DetachRolePolicy", detach},
    {"TagRole", tag_role},
    {"UntagRole", untag_role},
    {"DeleteRole", delete_role}};

using Read = Answer (*)(Cloud&, const Request&);
constexpr std::pair<const char*, Read> kReads[] = {{"GetRole", get_role},
                                                   {"GetRolePolicy", get_role_policy},
                                                   {"ListAttachedRolePolicies", list_attached},
                                                   {"ListRolePolicies", list_inline}};

}  // namespace

Answer serve_iam(Cloud& cloud, const Request& request) {
  const std::string& operation = request.call.operation;
  if (operation == "CreateRole") return create_role(cloud, request);
  for (const auto& [name, read] : kReads) {
    if (operation != name) continue;
    const auto wrong = missing_of(request, {"RoleName"});
    return wrong ? *wrong : read(cloud, request);
  }
  for (const auto& [name, write] : kWrites) {
    if (operation != name) continue;
    if (auto wrong = missing_of(request, {"RoleName"})) return *wrong;
    const std::string role_name = request.form.text("RoleName");
    Thing* role = cloud.writable(kRole, request.account, role_name, request.replica);
    return role == nullptr ? no_such_role(role_name) : write(cloud, request, *role);
  }
  return refused(400, "InvalidAction", "Could not find operation " + operation);
}

Json role_state(const Cloud&, const Thing& thing) {
  JsonObject out = thing.truth("core").as_object();
  for (const auto& setting : thing.truth("settings").as_object()) {
    out[setting.key()] = setting.value();
  }
  out["AttachedPolicies"] = thing.truth("AttachedPolicies");
  out["InlinePolicies"] = thing.truth("InlinePolicies");
  return out;
}

}  // namespace infra::sim
