#include <algorithm>
#include <array>
#include <charconv>
#include <functional>

#include "aws/paging.h"
#include "aws/services.h"
#include "aws/xml_writer.h"

namespace infra::sim {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

constexpr const char* kVpc = "VPC";

Answer no_such_vpc(const std::string& id) {
  return refused(400, "InvalidVpcID.NotFound", "The vpc ID '" + id + "' does not exist");
}

Answer missing(const std::string& name) {
  return refused(400, "MissingParameter", "The request must contain the parameter " + name);
}

bool well_formed(const std::string& id) {
  return id.starts_with("vpc-") && id.size() > 4 &&
         id.find_first_not_of("0123456789abcdef", 4) == std::string::npos;
}

Answer malformed(const std::string& id) {
  return refused(400, "InvalidVpcID.Malformed", "Invalid id: \"" + id + "\"");
}

struct Range {
  std::uint32_t address = 0;
  int length = 0;
};

std::optional<Range> parse_range(std::string_view text) {
  Range range;
  for (int i = 0; i < 4; ++i) {
    unsigned part = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), part);
    if (read.ec != std::errc() || part > 255) return std::nullopt;
    range.address = range.address << 8 | part;
    text.remove_prefix(std::size_t(read.ptr - text.data()));
    if (text.empty() || text[0] != (i < 3 ? '.' : '/')) return std::nullopt;
    text.remove_prefix(1);
  }
  const auto read = std::from_chars(text.data(), text.data() + text.size(), range.length);
  if (read.ec != std::errc() || read.ptr != text.data() + text.size()) return std::nullopt;
  return range.length >= 0 && range.length <= 32 ? std::optional(range) : std::nullopt;
}

// AWS drops the bits behind the prefix instead of refusing them.
std::string canonical_range(const Range& range) {
  const std::uint32_t mask = range.length == 0 ? 0 : ~std::uint32_t{0} << (32 - range.length);
  const std::uint32_t address = range.address & mask;
  std::string out;
  for (int shift = 24; shift >= 0; shift -= 8) {
    out += std::to_string(address >> shift & 255) + (shift > 0 ? "." : "/");
  }
  return out + std::to_string(range.length);
}

std::string state_of(const Cloud& cloud, const Thing& vpc) {
  return cloud.now() < vpc.ready_at ? "pending" : "available";
}

void write_tags(XmlWriter& xml, const JsonObject& tags) {
  if (tags.empty()) return;
  xml.open("tagSet");
  for (const auto& tag : tags) {
    xml.open("item").text("key", tag.key()).text("value", text_at(tag.value(), "")).close();
  }
  xml.close();
}

void write_vpc(XmlWriter& xml, const Cloud& cloud, const Thing& vpc, const JsonObject& tags) {
  const Json& core = vpc.truth("core");
  xml.text("vpcId", vpc.id).text("ownerId", vpc.account).text("state", state_of(cloud, vpc));
  xml.text("cidrBlock", text_at(core, "CidrBlock"));
  xml.open("cidrBlockAssociationSet").open("item");
  xml.text("cidrBlock", text_at(core, "CidrBlock"));
  xml.text("associationId", text_at(core, "AssociationId"));
  xml.open("cidrBlockState").text("state", "associated").close().close().close();
  xml.text("dhcpOptionsId", text_at(core, "DhcpOptionsId"));
  write_tags(xml, tags);
  xml.text("instanceTenancy", text_at(core, "InstanceTenancy")).boolean("isDefault", false);
}

// Tag.1.Key, Tag.1.Value and so on. Without a value: null, which DeleteTags tells from an empty
// one.
JsonObject read_tags(const Fields& form, const std::string& prefix) {
  JsonObject out;
  for (int i = 1; i <= form.count(prefix); ++i) {
    const std::string at = prefix + "." + std::to_string(i) + ".";
    if (!form.has(at + "Key")) continue;
    out[form.text(at + "Key")] =
        form.has(at + "Value") ? Json(form.text(at + "Value")) : Json(nullptr);
  }
  return out;
}

std::optional<Answer> wrong_tags(const JsonObject& tags) {
  for (const auto& tag : tags) {
    const std::string key(tag.key());
    if (key.starts_with("aws:")) {
      return refused(400, "InvalidParameterValue",
                     "Value ( " + key +
                         " ) for parameter key is invalid. Tag keys starting with "
                         "'aws:' are reserved for internal use");
    }
    if (key.empty() || key.size() > 127 || text_at(tag.value(), "").size() > 255) {
      return refused(400, "InvalidParameterValue", "Tag key or value has a length out of bounds");
    }
  }
  if (tags.size() > 50) return refused(400, "TagLimitExceeded", "More than 50 tags");
  return std::nullopt;
}

// EC2 refuses what it does not know, so a slip in a name does not pass unseen.
std::optional<Answer> unknown_parameter(const Request& request,
                                        std::initializer_list<std::string_view> known) {
  for (const auto& [name, value] : request.form.all()) {
    const std::string_view top = std::string_view(name).substr(0, name.find('.'));
    if (top == "Action" || top == "Version" || top == "DryRun") continue;
    if (std::ranges::find(known, top) == known.end()) {
      return refused(400, "UnknownParameter", "The parameter " + name + " is not recognized");
    }
  }
  return std::nullopt;
}

int vpcs_of(const Cloud& cloud, const Request& request) {
  return int(std::ranges::count_if(cloud.things, [&request](const auto& thing) {
    return thing->kind == kVpc && thing->live && thing->account == request.account &&
           thing->region == request.region;
  }));
}

std::optional<Answer> wrong_vpc(const Cloud& cloud, const Request& request,
                                const JsonObject& tags) {
  const Fields& form = request.form;
  if (!form.has("CidrBlock")) return missing("CidrBlock");
  const std::string block = form.text("CidrBlock");
  const auto range = parse_range(block);
  if (!range) {
    return refused(400, "InvalidParameterValue",
                   "Value (" + block +
                       ") for parameter cidrBlock is invalid. This is not a valid "
                       "CIDR block.");
  }
  if (range->length < 16 || range->length > 28) {
    return refused(400, "InvalidVpc.Range", "The CIDR '" + block + "' is invalid.");
  }
  const std::string tenancy = form.text("InstanceTenancy");
  if (!tenancy.empty() && tenancy != "default" && tenancy != "dedicated") {
    return refused(400, "InvalidParameterValue",
                   "Value (" + tenancy + ") for parameter instanceTenancy is invalid.");
  }
  for (int i = 1; i <= form.count("TagSpecification"); ++i) {
    const std::string type = form.text("TagSpecification." + std::to_string(i) + ".ResourceType");
    if (type != "vpc") {
      return refused(400, "InvalidParameterValue",
                     "'" + type + "' is not a valid taggable resource type for this operation.");
    }
  }
  if (const int most = cloud.behaviour.vpc_limit; most > 0 && vpcs_of(cloud, request) >= most) {
    return refused(400, "VpcLimitExceeded", "The maximum number of VPCs has been reached.");
  }
  return wrong_tags(tags);
}

Answer create_vpc(Cloud& cloud, const Request& request) {
  const Fields& form = request.form;
  if (auto wrong =
          unknown_parameter(request, {"CidrBlock", "InstanceTenancy", "TagSpecification"})) {
    return *wrong;
  }
  const JsonObject tags = read_tags(form, "TagSpecification.1.Tag");
  if (auto wrong = wrong_vpc(cloud, request, tags)) return *wrong;
  const std::string tenancy = form.text("InstanceTenancy");
  const std::string id = "vpc-0" + hex(cloud.ids, 16);
  Thing& vpc = cloud.add(request, kVpc, here(request), id);
  const std::string range = canonical_range(*parse_range(form.text("CidrBlock")));
  cloud.give(vpc, "core",
             JsonObject{{"VpcId", id},
                        {"CidrBlock", range},
                        {"InstanceTenancy", tenancy.empty() ? "default" : tenancy},
                        {"DhcpOptionsId", "dopt-" + request.account.substr(0, 8)},
                        {"AssociationId", "vpc-cidr-assoc-0" + id.substr(5)},
                        {"OwnerId", request.account},
                        {"IsDefault", false}});
  cloud.give(vpc, "EnableDnsSupport", JsonObject{{"Value", true}});
  cloud.give(vpc, "EnableDnsHostnames", JsonObject{{"Value", false}});
  cloud.give(vpc, "EnableNetworkAddressUsageMetrics", JsonObject{{"Value", false}});
  cloud.give(vpc, "tags", tags);
  vpc.ready_at = cloud.now() + cloud.takes(seconds(1), minutes(2));
  cloud.note(request.call, vpc, Cloud::Change::kCreated);
  XmlWriter xml;
  xml.open("vpc");
  write_vpc(xml, cloud, vpc, tags);
  return done(xml.close().take());
}

// '*' and '?' stand for any text and any one character.
bool matches(std::string_view pattern, std::string_view text) {
  if (pattern.empty()) return text.empty();
  if (pattern[0] == '*') {
    for (std::size_t skip = 0; skip <= text.size(); ++skip) {
      if (matches(pattern.substr(1), text.substr(skip))) return true;
    }
    return false;
  }
  if (text.empty() || (pattern[0] != '?' && pattern[0] != text[0])) return false;
  return matches(pattern.substr(1), text.substr(1));
}

struct Filter {
  std::string name;
  std::vector<std::string> values;
};

std::vector<Filter> read_filters(const Fields& form) {
  std::vector<Filter> out;
  for (int i = 1; i <= form.count("Filter"); ++i) {
    const std::string at = "Filter." + std::to_string(i) + ".";
    out.push_back({form.text(at + "Name"), form.list(at + "Value")});
  }
  return out;
}

// What a filter compares; nothing: there is no such filter.
std::optional<std::vector<std::string>> filtered_by(const Cloud& cloud, const Thing& vpc,
                                                    const JsonObject& tags,
                                                    const std::string& name) {
  std::vector<std::string> out;
  if (name.starts_with("tag:")) {
    if (const Json* value = tags.if_contains(name.substr(4))) out.push_back(text_at(*value, ""));
  } else if (name == "tag-key") {
    for (const auto& tag : tags) out.emplace_back(tag.key());
  } else if (name == "vpc-id") {
    out.push_back(vpc.id);
  } else if (name == "cidr" || name == "cidr-block") {
    out.push_back(text_at(vpc.truth("core"), "CidrBlock"));
  } else if (name == "state") {
    out.push_back(state_of(cloud, vpc));
  } else if (name == "owner-id") {
    out.push_back(vpc.account);
  } else if (name == "is-default" || name == "isDefault") {
    out.emplace_back("false");
  } else {
    return std::nullopt;
  }
  return out;
}

bool passes(const Cloud& cloud, const Thing& vpc, const JsonObject& tags, const Filter& filter) {
  const auto have = filtered_by(cloud, vpc, tags, filter.name);
  if (!have) return false;
  return std::ranges::any_of(filter.values, [&have](const std::string& pattern) {
    return std::ranges::any_of(
        *have, [&pattern](const std::string& text) { return matches(pattern, text); });
  });
}

std::optional<Answer> wrong_filter(const Cloud& cloud, const std::vector<Filter>& filters) {
  const Thing example{};
  for (const Filter& filter : filters) {
    if (!filtered_by(cloud, example, {}, filter.name)) {
      return refused(400, "InvalidParameterValue", "The filter '" + filter.name + "' is invalid");
    }
  }
  return std::nullopt;
}

Answer described(Cloud& cloud, const Request& request, const std::vector<const Thing*>& found,
                 View view) {
  const std::string most = request.form.text("MaxResults");
  const auto page = cut_page(cloud, request.form.text("NextToken"), found.size(),
                             most.empty() ? 1000 : std::size_t(std::atoi(most.c_str())));
  if (!page) return refused(400, "InvalidNextToken", "The token is invalid.");
  XmlWriter xml;
  xml.open("vpcSet");
  for (std::size_t i = page->first; i < page->last; ++i) {
    xml.open("item");
    const Thing& vpc = *found[i];
    const bool listed = view == View::kList;
    write_vpc(xml, cloud, vpc,
              cloud.tags(vpc, listed ? View::kList : View::kDetails, request.replica));
    xml.close();
  }
  xml.close();
  if (!page->token.empty()) xml.text("nextToken", page->token);
  return done(xml.take());
}

Answer describe_by_id(Cloud& cloud, const Request& request, const std::vector<std::string>& ids,
                      const std::vector<Filter>& filters) {
  if (request.form.has("MaxResults")) {
    return refused(400, "InvalidParameterCombination",
                   "The parameter vpcIds cannot be used with the parameter maxResults");
  }
  std::vector<const Thing*> found;
  for (const std::string& id : ids) {
    if (!well_formed(id)) return malformed(id);
    const Thing* vpc = cloud.seen(kVpc, here(request), id, View::kById, request.replica);
    if (vpc == nullptr) return no_such_vpc(id);
    const JsonObject& tags = cloud.tags(*vpc, View::kDetails, request.replica);
    if (std::ranges::all_of(
            filters, [&](const Filter& filter) { return passes(cloud, *vpc, tags, filter); })) {
      found.push_back(vpc);
    }
  }
  // Whoever asks for one by its id gets that one, and no pages.
  const double cut = std::exchange(cloud.behaviour.short_pages, 0);
  Answer answer = described(cloud, request, found, View::kById);
  cloud.behaviour.short_pages = cut;
  return answer;
}

Answer describe_vpcs(Cloud& cloud, const Request& request) {
  if (auto wrong = unknown_parameter(request, {"VpcId", "Filter", "NextToken", "MaxResults"})) {
    return *wrong;
  }
  const auto filters = read_filters(request.form);
  if (auto wrong = wrong_filter(cloud, filters)) return *wrong;
  const auto ids = request.form.list("VpcId");
  if (!ids.empty()) return describe_by_id(cloud, request, ids, filters);
  std::vector<const Thing*> found;
  for (const auto& thing : cloud.things) {
    const bool ours =
        thing->kind == kVpc && thing->account == request.account && thing->region == request.region;
    if (!ours || !thing->visible(View::kList, request.replica, cloud.now())) continue;
    const JsonObject& tags = cloud.tags(*thing, View::kList, request.replica);
    if (std::ranges::all_of(
            filters, [&](const Filter& filter) { return passes(cloud, *thing, tags, filter); })) {
      found.push_back(thing.get());
    }
  }
  return described(cloud, request, found, View::kList);
}

constexpr std::pair<const char*, const char*> kAttributes[] = {
    {"enableDnsSupport", "EnableDnsSupport"},
    {"enableDnsHostnames", "EnableDnsHostnames"},
    {"enableNetworkAddressUsageMetrics", "EnableNetworkAddressUsageMetrics"}};

Answer describe_attribute(Cloud& cloud, const Request& request) {
  if (auto wrong = unknown_parameter(request, {"VpcId", "Attribute"})) return *wrong;
  const std::string id = request.form.text("VpcId");
  if (id.empty()) return missing("vpcId");
  if (!request.form.has("Attribute")) return missing("attribute");
  if (!well_formed(id)) return malformed(id);
  const Thing* vpc = cloud.seen(kVpc, here(request), id, View::kById, request.replica);
  if (vpc == nullptr) return no_such_vpc(id);
  const std::string wanted = request.form.text("Attribute");
  for (const auto& [name, part] : kAttributes) {
    if (name != wanted) continue;
    const Json* value = find_path(cloud.details(*vpc, part, request.replica), "Value");
    XmlWriter xml;
    xml.text("vpcId", id).open(name).boolean("value", value != nullptr && *value == Json(true));
    return done(xml.close().take());
  }
  return refused(400, "InvalidParameterValue",
                 "Value (" + wanted + ") for parameter attribute is invalid. Unknown attribute.");
}

bool is_on(const Thing& vpc, std::string_view part) {
  const Json* value = find_path(vpc.truth(part), "Value");
  return value != nullptr && *value == Json(true);
}

std::optional<Answer> wrong_attribute(const Thing& vpc, std::string_view part, bool on) {
  // Names for hosts need the server that resolves them.
  if (part == "EnableDnsHostnames" && on && !is_on(vpc, "EnableDnsSupport")) {
    return refused(400, "InvalidParameterValue",
                   "The enableDnsHostnames attribute cannot be set while enableDnsSupport is "
                   "false");
  }
  return std::nullopt;
}

Answer modify_attribute(Cloud& cloud, const Request& request) {
  if (auto wrong = unknown_parameter(request, {"VpcId", "EnableDnsSupport", "EnableDnsHostnames",
                                               "EnableNetworkAddressUsageMetrics"})) {
    return *wrong;
  }
  const std::string id = request.form.text("VpcId");
  if (id.empty()) return missing("vpcId");
  if (!well_formed(id)) return malformed(id);
  Thing* vpc = cloud.writable(kVpc, here(request), id, request.replica);
  if (vpc == nullptr) return no_such_vpc(id);
  std::string_view changed;
  for (const auto& [name, part] : kAttributes) {
    if (!request.form.has(std::string(part) + ".Value")) continue;
    if (!changed.empty()) {
      return refused(400, "InvalidParameterCombination",
                     "Fields for multiple attribute types "
                     "specified: only one attribute can be modified at a time");
    }
    changed = part;
  }
  if (changed.empty()) return missing("attribute");
  const bool on = request.form.text(std::string(changed) + ".Value") == "true";
  if (auto wrong = wrong_attribute(*vpc, changed, on)) return *wrong;
  cloud.set(*vpc, changed, JsonObject{{"Value", on}});
  cloud.note(request.call, *vpc, Cloud::Change::kChanged);
  return done("<return>true</return>");
}

// The VPCs that a tag call names; AWS refuses the whole call if one of them is not there.
std::optional<Answer> find_tagged(Cloud& cloud, const Request& request,
                                  std::vector<Thing*>& found) {
  const auto ids = request.form.list("ResourceId");
  if (ids.empty()) return missing("resourceIdSet");
  for (const std::string& id : ids) {
    if (!id.starts_with("vpc-")) {
      return refused(400, "InvalidID", "The ID '" + id + "' is not valid");
    }
    Thing* vpc = cloud.writable(kVpc, here(request), id, request.replica);
    if (vpc == nullptr) return no_such_vpc(id);
    found.push_back(vpc);
  }
  return std::nullopt;
}

Answer create_tags(Cloud& cloud, const Request& request) {
  if (auto wrong = unknown_parameter(request, {"ResourceId", "Tag"})) return *wrong;
  const JsonObject tags = read_tags(request.form, "Tag");
  if (tags.empty()) return missing("tagSet");
  if (auto wrong = wrong_tags(tags)) return *wrong;
  std::vector<Thing*> found;
  if (auto wrong = find_tagged(cloud, request, found)) return *wrong;
  for (Thing* vpc : found) {
    JsonObject all = vpc->truth("tags").as_object();
    for (const auto& tag : tags) {
      all[tag.key()] = tag.value().is_null() ? Json("") : tag.value();
    }
    if (all.size() > 50) return refused(400, "TagLimitExceeded", "More than 50 tags");
    cloud.set(*vpc, "tags", std::move(all));
    cloud.note(request.call, *vpc, Cloud::Change::kChanged);
  }
  return done("<return>true</return>");
}

Answer delete_tags(Cloud& cloud, const Request& request) {
  if (auto wrong = unknown_parameter(request, {"ResourceId", "Tag"})) return *wrong;
  const JsonObject tags = read_tags(request.form, "Tag");
  std::vector<Thing*> found;
  if (auto wrong = find_tagged(cloud, request, found)) return *wrong;
  for (Thing* vpc : found) {
    JsonObject all = vpc->truth("tags").as_object();
    // No tags named: all go. A tag with a value goes only if it has that value.
    if (tags.empty()) all.clear();
    for (const auto& tag : tags) {
      const Json* have = all.if_contains(tag.key());
      if (have != nullptr && (tag.value().is_null() || same(*have, tag.value()))) {
        all.erase(tag.key());
      }
    }
    cloud.set(*vpc, "tags", std::move(all));
    cloud.note(request.call, *vpc, Cloud::Change::kChanged);
  }
  return done("<return>true</return>");
}

Answer delete_vpc(Cloud& cloud, const Request& request) {
  if (auto wrong = unknown_parameter(request, {"VpcId"})) return *wrong;
  const std::string id = request.form.text("VpcId");
  if (id.empty()) return missing("vpcId");
  if (!well_formed(id)) return malformed(id);
  Thing* vpc = cloud.writable(kVpc, here(request), id, request.replica);
  if (vpc == nullptr) return no_such_vpc(id);
  if (cloud.now() < vpc->occupied_until) {
    return refused(400, "DependencyViolation",
                   "The vpc '" + id + "' has dependencies and cannot be deleted.");
  }
  cloud.bury(*vpc);
  cloud.note(request.call, *vpc, Cloud::Change::kRemoved);
  return done("<return>true</return>");
}

}  // namespace

Answer serve_ec2(Cloud& cloud, const Request& request) {
  const std::string& operation = request.call.operation;
  if (operation == "CreateVpc") return create_vpc(cloud, request);
  if (operation == "DescribeVpcs") return describe_vpcs(cloud, request);
  if (operation == "DescribeVpcAttribute") return describe_attribute(cloud, request);
  if (operation == "ModifyVpcAttribute") return modify_attribute(cloud, request);
  if (operation == "CreateTags") return create_tags(cloud, request);
  if (operation == "DeleteTags") return delete_tags(cloud, request);
  if (operation == "DeleteVpc") return delete_vpc(cloud, request);
  return refused(400, "InvalidAction",
                 "The action " + operation + " is not valid for this web service.");
}

Json vpc_state(const Cloud& cloud, const Thing& thing) {
  JsonObject out = thing.truth("core").as_object();
  out["State"] = state_of(cloud, thing);
  for (const auto& [name, part] : kAttributes) out[part] = thing.truth(part);
  return out;
}

}  // namespace infra::sim
