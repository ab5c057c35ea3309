#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cctype>

#include "aws/address_range.h"
#include "aws/ec2.h"

namespace infra::sim {
namespace ec2 {
namespace {

// The rules of both directions, in one part that is shown late.
constexpr std::string_view kRules = "Rules";
constexpr std::size_t kMostRules = 60;  // of a direction

constexpr std::pair<std::string_view, std::string_view> kProtocols[] = {
    {"1", "icmp"}, {"6", "tcp"}, {"17", "udp"}, {"58", "icmpv6"}};

void write_group(XmlWriter& xml, const Cloud&, const Thing& group, int) {
  const Json& core = group.truth("core");
  xml.text("groupId", group.id).text("groupName", text_at(core, "GroupName"));
  xml.text("groupDescription", text_at(core, "Description"));
  xml.text("vpcId", text_at(core, "VpcId")).text("ownerId", group.account);
}

std::optional<Texts> filtered_by(const Cloud&, const Thing& group, const std::string& name, int) {
  const Json& core = group.truth("core");
  if (name == "group-id") return Texts{group.id};
  if (name == "group-name") return Texts{text_at(core, "GroupName")};
  if (name == "description") return Texts{text_at(core, "Description")};
  if (name == "vpc-id") return Texts{text_at(core, "VpcId")};
  if (name == "owner-id") return Texts{group.account};
  return std::nullopt;
}

bool is_egress(const Json& rule) { return rule.at("IsEgress") == Json(true); }

void write_rule(XmlWriter& xml, const Thing& group, const Json& rule) {
  xml.text("securityGroupRuleId", text_at(rule, "SecurityGroupRuleId"));
  xml.text("groupId", group.id).text("groupOwnerId", group.account);
  xml.boolean("isEgress", is_egress(rule)).text("ipProtocol", text_at(rule, "IpProtocol"));
  xml.text("fromPort", boost::json::serialize(rule.at("FromPort")));
  xml.text("toPort", boost::json::serialize(rule.at("ToPort")));
  const std::string peer = text_at(rule, "Peer");
  const std::string kind = text_at(rule, "PeerKind");
  if (kind == "GroupId") {
    xml.open("referencedGroupInfo").text("groupId", peer).text("userId", group.account).close();
  } else {
    xml.text(kind == "CidrIp" ? "cidrIpv4" : "cidrIpv6", peer);
  }
  const std::string words = text_at(rule, "Description");
  if (!words.empty()) xml.text("description", words);
}

// Two rules that differ in their descriptions alone are one.
bool same_rule(const Json& one, const Json& other) {
  return std::ranges::all_of(
      std::array{"IsEgress", "IpProtocol", "FromPort", "ToPort", "Peer"},
      [&](const char* member) { return same(one.at(member), other.at(member)); });
}

JsonArray::iterator find_rule(JsonArray& rules, const Json& like) {
  return std::ranges::find_if(rules, [&](const Json& rule) { return same_rule(rule, like); });
}

JsonArray::iterator find_by_id(JsonArray& rules, const std::string& id, bool egress) {
  return std::ranges::find_if(rules, [&](const Json& rule) {
    return text_at(rule, "SecurityGroupRuleId") == id && is_egress(rule) == egress;
  });
}

bool is_plain(const std::string& text) {
  return text.size() <= 255 && std::ranges::all_of(text, [](unsigned char c) {
           return std::isalnum(c) || std::string_view(" ._-:/()#,@[]+=&;{}!$*").find(char(c)) !=
                                         std::string_view::npos;
         });
}

std::string protocol_name(const std::string& text) {
  const auto known =
      std::ranges::find(kProtocols, text, &std::pair<std::string_view, std::string_view>::first);
  return known == std::end(kProtocols) ? text : std::string(known->second);
}

bool is_protocol(const std::string& name) {
  if (name == "-1") return true;
  for (const auto& [number, known] : kProtocols) {
    if (name == known) return true;
  }
  const bool number = !name.empty() && name.size() <= 3 &&
                      name.find_first_not_of("0123456789") == std::string::npos;
  return number && std::atoi(name.c_str()) <= 255;
}

// Bits behind the prefix are dropped, and the longest run of zeros is left out.
std::optional<std::string> canonical_ipv6(const std::string& text) {
  const auto slash = text.find('/');
  if (slash == std::string::npos) return std::nullopt;
  const int length = std::atoi(text.c_str() + slash + 1);
  std::array<unsigned char, 16> address{};
  if (inet_pton(AF_INET6, text.substr(0, slash).c_str(), address.data()) != 1 || length < 0 ||
      length > 128) {
    return std::nullopt;
  }
  for (int bit = length; bit < 128; ++bit) {
    address[std::size_t(bit) / 8] &= static_cast<unsigned char>(~(0x80 >> (bit % 8)));
  }
  std::array<char, INET6_ADDRSTRLEN> out{};
  inet_ntop(AF_INET6, address.data(), out.data(), out.size());
  return std::string(out.data()) + "/" + std::to_string(length);
}

// What a rule lets in or out, as AWS writes it.
Or<std::string> peer_of(Cloud& cloud, const Request& request, std::string_view kind,
                        const std::string& text) {
  if (kind == "GroupId") {
    const auto group = writable(cloud, request, kSecurityGroup, text);
    if (!group) return std::unexpected(group.error());
    return text;
  }
  if (kind == "CidrIp") {
    if (const auto range = AddressRange::parse(text)) return range->text();
  } else if (const auto range = canonical_ipv6(text)) {
    return *range;
  }
  return std::unexpected(invalid_value("cidrIp", text, "CIDR block is malformed"));
}

int port_at(const Request& request, const std::string& name) {
  return request.form.has(name) ? std::atoi(request.form.text(name).c_str()) : -1;
}

// Protocol and ports of one permission; where a protocol knows no ports, none are kept.
Or<JsonObject> protocol_at(const Request& request, const std::string& at, bool egress) {
  const std::string name = protocol_name(request.form.text(at + "IpProtocol"));
  if (!is_protocol(name)) return std::unexpected(invalid_value("ipProtocol", name, ""));
  int from = port_at(request, at + "FromPort");
  int to = port_at(request, at + "ToPort");
  const bool ports = name == "tcp" || name == "udp";
  if (ports && (from < 0 || to > 65535 || from > to)) {
    return std::unexpected(
        invalid_value("portRange", "", "Must specify both from and to ports with TCP/UDP."));
  }
  if (!ports && name != "icmp" && name != "icmpv6") from = to = -1;
  return JsonObject{{"IsEgress", egress}, {"IpProtocol", name}, {"FromPort", from}, {"ToPort", to}};
}

constexpr std::pair<std::string_view, std::string_view> kPeers[] = {
    {"IpRanges", "CidrIp"}, {"Ipv6Ranges", "CidrIpv6"}, {"Groups", "GroupId"}};

// A permission is a rule for each of its peers.
Or<JsonArray> rules_of(Cloud& cloud, const Request& request, bool egress) {
  JsonArray out;
  for (int i = 1; i <= request.form.count("IpPermissions"); ++i) {
    const std::string at = "IpPermissions." + std::to_string(i) + ".";
    const auto protocol = protocol_at(request, at, egress);
    if (!protocol) return std::unexpected(protocol.error());
    for (const auto& [list, kind] : kPeers) {
      const std::string all = at + std::string(list);
      for (int k = 1; k <= request.form.count(all); ++k) {
        const std::string one = all + "." + std::to_string(k) + ".";
        const auto peer = peer_of(cloud, request, kind, request.form.text(one + std::string(kind)));
        if (!peer) return std::unexpected(peer.error());
        const std::string words = request.form.text(one + "Description");
        if (!is_plain(words)) return std::unexpected(invalid_value("description", words, ""));
        JsonObject rule = *protocol;
        rule["Peer"] = *peer;
        rule["PeerKind"] = kind;
        rule["Description"] = words;
        out.push_back(std::move(rule));
      }
    }
  }
  if (out.empty()) return std::unexpected(missing("ipPermissions"));
  return out;
}

Answer no_such_rule() {
  return refused(400, "InvalidPermission.NotFound",
                 "The specified rule does not exist in this security group.");
}

Answer no_such_id(const std::string& id) {
  return refused(400, "InvalidSecurityGroupRuleId.NotFound",
                 "The security group rule ID '" + id + "' does not exist");
}

JsonArray rules_now(const Thing& group) { return group.truth(kRules).as_array(); }

Answer changed(Cloud& cloud, const Request& request, Thing& group, JsonArray rules,
               const std::string& more = "") {
  cloud.set(group, kRules, std::move(rules));
  cloud.note(request.call, group, Cloud::Change::kChanged);
  XmlWriter xml;
  return done(xml.text("return", "true").raw(more).take());
}

std::size_t rules_towards(const JsonArray& rules, bool egress) {
  return std::size_t(std::ranges::count_if(
      rules, [egress](const Json& rule) { return is_egress(rule) == egress; }));
}

Answer authorize(Cloud& cloud, const Request& request, bool egress) {
  if (auto wrong = unknown_parameter(request, {"GroupId", "IpPermissions"})) return *wrong;
  const auto group = writable(cloud, request, kSecurityGroup);
  if (!group) return group.error();
  const auto fresh = rules_of(cloud, request, egress);
  if (!fresh) return fresh.error();
  JsonArray rules = rules_now(**group);
  XmlWriter xml;
  xml.open("securityGroupRuleSet");
  for (const Json& one : *fresh) {
    if (find_rule(rules, one) != rules.end()) {
      return refused(400, "InvalidPermission.Duplicate",
                     "the specified rule \"peer: " + text_at(one, "Peer") + "\" already exists");
    }
    JsonObject rule = one.as_object();
    rule["SecurityGroupRuleId"] = "sgr-0" + hex(cloud.ids, 16);
    xml.open("item");
    write_rule(xml, **group, rule);
    xml.close();
    rules.push_back(std::move(rule));
  }
  if (rules_towards(rules, egress) > kMostRules) {
    return refused(400, "RulesPerSecurityGroupLimitExceeded",
                   "The maximum number of rules per security group has been reached.");
  }
  return changed(cloud, request, **group, std::move(rules), xml.close().take());
}

// Rules are revoked by their ids or by what they say; all of those that are named, or none.
Answer revoke(Cloud& cloud, const Request& request, bool egress) {
  if (auto wrong =
          unknown_parameter(request, {"GroupId", "IpPermissions", "SecurityGroupRuleId"})) {
    return *wrong;
  }
  const auto group = writable(cloud, request, kSecurityGroup);
  if (!group) return group.error();
  JsonArray rules = rules_now(**group);
  const auto ids = request.form.list("SecurityGroupRuleId");
  for (const std::string& id : ids) {
    const auto found = find_by_id(rules, id, egress);
    if (found == rules.end()) return no_such_id(id);
    rules.erase(found);
  }
  if (!ids.empty()) return changed(cloud, request, **group, std::move(rules));
  const auto named = rules_of(cloud, request, egress);
  if (!named) return named.error();
  for (const Json& one : *named) {
    const auto found = find_rule(rules, one);
    if (found == rules.end()) return no_such_rule();
    rules.erase(found);
  }
  return changed(cloud, request, **group, std::move(rules));
}

Answer describe_anew(Cloud& cloud, const Request& request, bool egress) {
  const std::string by_id = "SecurityGroupRuleDescription";
  if (auto wrong = unknown_parameter(request, {"GroupId", "IpPermissions", by_id})) return *wrong;
  const auto group = writable(cloud, request, kSecurityGroup);
  if (!group) return group.error();
  JsonArray rules = rules_now(**group);
  for (int i = 1; i <= request.form.count(by_id); ++i) {
    const std::string at = by_id + "." + std::to_string(i) + ".";
    const std::string id = request.form.text(at + "SecurityGroupRuleId");
    const auto found = find_by_id(rules, id, egress);
    if (found == rules.end()) return no_such_id(id);
    found->as_object()["Description"] = request.form.text(at + "Description");
  }
  if (request.form.count(by_id) > 0) return changed(cloud, request, **group, std::move(rules));
  const auto named = rules_of(cloud, request, egress);
  if (!named) return named.error();
  for (const Json& one : *named) {
    const auto found = find_rule(rules, one);
    if (found == rules.end()) return no_such_rule();
    found->as_object()["Description"] = one.at("Description");
  }
  return changed(cloud, request, **group, std::move(rules));
}

// Of groups that the reader has not heard of there are no rules, and that is no error.
Answer describe_rules(Cloud& cloud, const Request& request) {
  if (auto wrong = unknown_parameter(request, {"Filter", "NextToken", "MaxResults"})) return *wrong;
  const auto filters = read_filters(request.form);
  for (const Filter& filter : filters) {
    if (filter.name != "group-id" && filter.name != "security-group-rule-id") {
      return unknown_filter(filter.name);
    }
  }
  Texts items;
  for (const auto& thing : cloud.things) {
    const bool ours = thing->kind == kSecurityGroup.name && thing->account == request.account &&
                      thing->region == request.region;
    if (!ours || !thing->visible(View::kList, request.replica, cloud.now())) continue;
    for (const Json& rule : cloud.details(*thing, kRules, request.replica).as_array()) {
      const bool wanted = std::ranges::all_of(filters, [&](const Filter& filter) {
        return filter.name == "group-id" ? fits(filter, {thing->id})
                                         : fits(filter, {text_at(rule, "SecurityGroupRuleId")});
      });
      if (!wanted) continue;
      XmlWriter xml;
      write_rule(xml, *thing, rule);
      items.push_back(xml.take());
    }
  }
  return listed(cloud, request, "securityGroupRuleSet", items);
}

std::string small(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return char(std::tolower(c)); });
  return text;
}

// Names are compared without regard to capitals.
bool is_taken(const Cloud& cloud, const Thing& vpc, const std::string& name) {
  return std::ranges::any_of(cloud.things, [&](const auto& thing) {
    if (thing->kind != kSecurityGroup.name || !thing->live) return false;
    const Json& core = thing->truth("core");
    return thing->account == vpc.account && text_at(core, "VpcId") == vpc.id &&
           small(text_at(core, "GroupName")) == small(name);
  });
}

std::optional<Answer> wrong_group(const Cloud& cloud, const Request& request, const Thing& vpc) {
  const std::string name = request.form.text("GroupName");
  const std::string words = request.form.text("GroupDescription");
  if (name.empty()) return missing("GroupName");
  if (words.empty()) return missing("GroupDescription");
  if (!is_plain(name) || name.starts_with("sg-")) return invalid_value("groupName", name, "");
  if (!is_plain(words)) return invalid_value("groupDescription", words, "");
  if (is_taken(cloud, vpc, name)) {
    return refused(400, "InvalidGroup.Duplicate",
                   "The security group '" + name + "' already exists for VPC '" + vpc.id + "'");
  }
  return std::nullopt;
}

Answer create(Cloud& cloud, const Request& request) {
  if (auto wrong = unknown_parameter(
          request, {"GroupName", "GroupDescription", "VpcId", "TagSpecification"})) {
    return *wrong;
  }
  const auto vpc = writable(cloud, request, kVpc);
  if (!vpc) return vpc.error();
  if (auto wrong = wrong_group(cloud, request, **vpc)) return *wrong;
  const auto tags = tags_to_create(request, kSecurityGroup);
  if (!tags) return tags.error();
  Thing& group =
      add_security_group(cloud, request, new_id(cloud, kSecurityGroup), **vpc,
                         request.form.text("GroupName"), request.form.text("GroupDescription"));
  cloud.give(group, "tags", *tags);
  cloud.note(request.call, group, Cloud::Change::kCreated);
  XmlWriter xml;
  xml.text("return", "true").text("groupId", group.id);
  write_tags(xml, *tags);
  return done(xml.take());
}

// By rules of other groups; one that names itself stands in nobody's way.
bool is_referenced(const Cloud& cloud, const Thing& group) {
  return std::ranges::any_of(cloud.things, [&](const auto& thing) {
    if (thing->kind != kSecurityGroup.name || !thing->live || thing.get() == &group) return false;
    return thing->account == group.account &&
           std::ranges::any_of(thing->truth(kRules).as_array(),
                               [&](const Json& rule) { return text_at(rule, "Peer") == group.id; });
  });
}

Answer remove(Cloud& cloud, const Request& request) {
  if (auto wrong = unknown_parameter(request, {"GroupId"})) return *wrong;
  const auto group = writable(cloud, request, kSecurityGroup);
  if (!group) return group.error();
  if (cloud.now() < (*group)->occupied_until || is_referenced(cloud, **group) ||
      is_in_use(cloud, **group)) {
    return refused(400, "DependencyViolation",
                   "resource " + (*group)->id + " has a dependent object");
  }
  cloud.bury(**group);
  cloud.note(request.call, **group, Cloud::Change::kRemoved);
  return yes();
}

}  // namespace

const Kind kSecurityGroup{.name = "SecurityGroup",
                          .prefix = "sg-",
                          .words = "security group",
                          .parameter = "GroupId",
                          .type = "security-group",
                          .set = "securityGroupInfo",
                          .not_found = "InvalidGroup.NotFound",
                          .malformed = "InvalidGroupId.Malformed",
                          .write = write_group,
                          .filtered = filtered_by};

Thing& add_security_group(Cloud& cloud, const Request& request, const std::string& id,
                          const Thing& vpc, const std::string& name, const std::string& words) {
  Thing& group = cloud.add(request, kSecurityGroup.name, here(request), id);
  cloud.give(
      group, "core",
      JsonObject{{"GroupId", id}, {"GroupName", name}, {"Description", words}, {"VpcId", vpc.id}});
  // Everything may go out.
  cloud.give(group, kRules,
             JsonArray{JsonObject{{"SecurityGroupRuleId", "sgr-0" + hex(cloud.ids, 16)},
                                  {"IsEgress", true},
                                  {"IpProtocol", "-1"},
                                  {"FromPort", -1},
                                  {"ToPort", -1},
                                  {"Peer", "0.0.0.0/0"},
                                  {"PeerKind", "CidrIp"},
                                  {"Description", ""}}});
  cloud.give(group, "tags", JsonObject());
  return group;
}

std::optional<Answer> serve_security_groups(Cloud& cloud, const Request& request) {
  const std::string& operation = request.call.operation;
  if (operation == "CreateSecurityGroup") return create(cloud, request);
  if (operation == "DescribeSecurityGroups") return describe(cloud, request, kSecurityGroup);
  if (operation == "DescribeSecurityGroupRules") return describe_rules(cloud, request);
  if (operation == "DeleteSecurityGroup") return remove(cloud, request);
  const bool egress = operation.ends_with("Egress");
  if (!egress && !operation.ends_with("Ingress")) return std::nullopt;
  if (operation.starts_with("AuthorizeSecurityGroup")) return authorize(cloud, request, egress);
  if (operation.starts_with("RevokeSecurityGroup")) return revoke(cloud, request, egress);
  if (operation.starts_with("UpdateSecurityGroupRuleDescriptions")) {
    return describe_anew(cloud, request, egress);
  }
  return std::nullopt;
}

}  // namespace ec2

Json security_group_state(const Cloud&, const Thing& thing) {
  JsonObject out = thing.truth("core").as_object();
  out["Rules"] = thing.truth(ec2::kRules);
  return out;
}

}  // namespace infra::sim
