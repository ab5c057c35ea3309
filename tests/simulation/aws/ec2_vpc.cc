#include <algorithm>

#include "aws/address_range.h"
#include "aws/ec2.h"

namespace infra::sim {
namespace ec2 {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

// How DescribeVpcAttribute names them, and ModifyVpcAttribute.
constexpr std::pair<const char*, const char*> kAttributes[] = {
    {"enableDnsSupport", "EnableDnsSupport"},
    {"enableDnsHostnames", "EnableDnsHostnames"},
    {"enableNetworkAddressUsageMetrics", "EnableNetworkAddressUsageMetrics"}};

std::string state_of(const Cloud& cloud, const Thing& vpc) {
  return cloud.now() < vpc.ready_at ? "pending" : "available";
}

void write_vpc(XmlWriter& xml, const Cloud& cloud, const Thing& vpc, int) {
  const Json& core = vpc.truth("core");
  xml.text("vpcId", vpc.id).text("ownerId", vpc.account).text("state", state_of(cloud, vpc));
  xml.text("cidrBlock", text_at(core, "CidrBlock"));
  xml.open("cidrBlockAssociationSet").open("item");
  xml.text("cidrBlock", text_at(core, "CidrBlock"));
  xml.text("associationId", text_at(core, "AssociationId"));
  xml.open("cidrBlockState").text("state", "associated").close().close().close();
  xml.text("dhcpOptionsId", text_at(core, "DhcpOptionsId"));
  xml.text("instanceTenancy", text_at(core, "InstanceTenancy")).boolean("isDefault", false);
}

std::optional<Texts> filtered_by(const Cloud& cloud, const Thing& vpc, const std::string& name,
                                 int) {
  if (name == "vpc-id") return Texts{vpc.id};
  if (name == "cidr" || name == "cidr-block") return Texts{text_at(vpc.truth("core"), "CidrBlock")};
  if (name == "state") return Texts{state_of(cloud, vpc)};
  if (name == "owner-id") return Texts{vpc.account};
  if (name == "is-default" || name == "isDefault") return Texts{"false"};
  return std::nullopt;
}

int vpcs_of(const Cloud& cloud, const Request& request) {
  return int(std::ranges::count_if(cloud.things, [&request](const auto& thing) {
    return thing->kind == kVpc.name && thing->live && thing->account == request.account &&
           thing->region == request.region;
  }));
}

std::optional<Answer> wrong_vpc(const Cloud& cloud, const Request& request) {
  const Fields& form = request.form;
  if (!form.has("CidrBlock")) return missing("CidrBlock");
  const std::string block = form.text("CidrBlock");
  const auto range = AddressRange::parse(block);
  if (!range) return invalid_value("cidrBlock", block, "This is not a valid CIDR block.");
  if (range->length < 16 || range->length > 28) {
    return refused(400, "InvalidVpc.Range", "The CIDR '" + block + "' is invalid.");
  }
  const std::string tenancy = form.text("InstanceTenancy");
  if (!tenancy.empty() && tenancy != "default" && tenancy != "dedicated") {
    return invalid_value("instanceTenancy", tenancy, "");
  }
  if (const int most = cloud.behaviour.vpc_limit; most > 0 && vpcs_of(cloud, request) >= most) {
    return refused(400, "VpcLimitExceeded", "The maximum number of VPCs has been reached.");
  }
  return std::nullopt;
}

Answer create_vpc(Cloud& cloud, const Request& request) {
  const Fields& form = request.form;
  if (auto wrong =
          unknown_parameter(request, {"CidrBlock", "InstanceTenancy", "TagSpecification"})) {
    return *wrong;
  }
  if (auto wrong = wrong_vpc(cloud, request)) return *wrong;
  const auto tags = tags_to_create(request, kVpc);
  if (!tags) return tags.error();
  Thing& vpc = add_vpc(cloud, request, new_id(cloud, kVpc), form.text("CidrBlock"));
  if (form.has("InstanceTenancy")) {
    JsonObject core = vpc.truth("core").as_object();
    core["InstanceTenancy"] = form.text("InstanceTenancy");
    cloud.give(vpc, "core", std::move(core));
  }
  cloud.give(vpc, "tags", *tags);
  vpc.ready_at = cloud.now() + cloud.takes(seconds(1), minutes(2));
  cloud.note(request.call, vpc, Cloud::Change::kCreated);
  XmlWriter xml;
  xml.open("vpc");
  write_vpc(xml, cloud, vpc, request.replica);
  write_tags(xml, *tags);
  return done(xml.close().take());
}

Answer describe_attribute(Cloud& cloud, const Request& request) {
  if (auto wrong = unknown_parameter(request, {"VpcId", "Attribute"})) return *wrong;
  const std::string id = request.form.text("VpcId");
  const auto vpc = readable(cloud, request, kVpc, id);
  if (!vpc) return vpc.error();
  const std::string wanted = request.form.text("Attribute");
  for (const auto& [name, part] : kAttributes) {
    if (name != wanted) continue;
    const Json* value = find_path(cloud.details(**vpc, part, request.replica), "Value");
    XmlWriter xml;
    xml.text("vpcId", id).open(name).boolean("value", value != nullptr && *value == Json(true));
    return done(xml.close().take());
  }
  return invalid_value("attribute", wanted, "Unknown attribute.");
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
  const auto vpc = writable(cloud, request, kVpc);
  if (!vpc) return vpc.error();
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
  if (auto wrong = wrong_attribute(**vpc, changed, on)) return *wrong;
  cloud.set(**vpc, changed, JsonObject{{"Value", on}});
  cloud.note(request.call, **vpc, Cloud::Change::kChanged);
  return yes();
}

// Subnets, groups and tables in it, and gateways that are attached to it.
bool is_used(const Cloud& cloud, const Thing& vpc) {
  if (internet_gateway_of(cloud, vpc) != nullptr) return true;
  return std::ranges::any_of(cloud.things, [&](const auto& thing) {
    if (!thing->live || thing->account != vpc.account || thing->region != vpc.region) return false;
    const bool within = thing->kind == kSubnet.name || thing->kind == kSecurityGroup.name ||
                        thing->kind == kRouteTable.name;
    return within && text_at(thing->truth("core"), "VpcId") == vpc.id;
  });
}

Answer delete_vpc(Cloud& cloud, const Request& request) {
  if (auto wrong = unknown_parameter(request, {"VpcId"})) return *wrong;
  const auto vpc = writable(cloud, request, kVpc);
  if (!vpc) return vpc.error();
  if (cloud.now() < (*vpc)->occupied_until || is_used(cloud, **vpc)) {
    return refused(400, "DependencyViolation",
                   "The vpc '" + (*vpc)->id + "' has dependencies and cannot be deleted.");
  }
  cloud.bury(**vpc);
  cloud.note(request.call, **vpc, Cloud::Change::kRemoved);
  return yes();
}

}  // namespace

const Kind kVpc{.name = "VPC",
                .prefix = "vpc-",
                .words = "vpc ID",
                .parameter = "VpcId",
                .type = "vpc",
                .set = "vpcSet",
                .not_found = "InvalidVpcID.NotFound",
                .malformed = "InvalidVpcID.Malformed",
                .write = write_vpc,
                .filtered = filtered_by};

Thing& add_vpc(Cloud& cloud, const Request& request, const std::string& id,
               const std::string& range) {
  Thing& vpc = cloud.add(request, kVpc.name, here(request), id);
  cloud.give(vpc, "core",
             JsonObject{{"VpcId", id},
                        {"CidrBlock", AddressRange::parse(range)->text()},
                        {"InstanceTenancy", "default"},
                        {"DhcpOptionsId", "dopt-" + request.account.substr(0, 8)},
                        {"AssociationId", "vpc-cidr-assoc-0" + id.substr(5)},
                        {"OwnerId", request.account},
                        {"IsDefault", false}});
  cloud.give(vpc, "EnableDnsSupport", JsonObject{{"Value", true}});
  cloud.give(vpc, "EnableDnsHostnames", JsonObject{{"Value", false}});
  cloud.give(vpc, "EnableNetworkAddressUsageMetrics", JsonObject{{"Value", false}});
  cloud.give(vpc, "tags", JsonObject());
  return vpc;
}

std::optional<Answer> serve_vpcs(Cloud& cloud, const Request& request) {
  const std::string& operation = request.call.operation;
  if (operation == "CreateVpc") return create_vpc(cloud, request);
  if (operation == "DescribeVpcs") return describe(cloud, request, kVpc);
  if (operation == "DescribeVpcAttribute") return describe_attribute(cloud, request);
  if (operation == "ModifyVpcAttribute") return modify_attribute(cloud, request);
  if (operation == "DeleteVpc") return delete_vpc(cloud, request);
  return std::nullopt;
}

}  // namespace ec2

Json vpc_state(const Cloud& cloud, const Thing& thing) {
  JsonObject out = thing.truth("core").as_object();
  out["State"] = ec2::state_of(cloud, thing);
  for (const auto& [name, part] : ec2::kAttributes) out[part] = thing.truth(part);
  return out;
}

}  // namespace infra::sim
