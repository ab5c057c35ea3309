#include <algorithm>

#include "aws/address_range.h"
#include "aws/ec2.h"

namespace infra::sim {
namespace ec2 {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

std::string state_of(const Cloud& cloud, const Thing& subnet) {
  return cloud.now() < subnet.ready_at ? "pending" : "available";
}

bool is_on(const Json& value) { return value == Json(true); }

void write_subnet(XmlWriter& xml, const Cloud& cloud, const Thing& subnet, int replica) {
  const Json& core = subnet.truth("core");
  xml.text("subnetId", subnet.id).text("state", state_of(cloud, subnet));
  xml.text("ownerId", subnet.account).text("vpcId", text_at(core, "VpcId"));
  xml.text("cidrBlock", text_at(core, "CidrBlock"));
  xml.text("availableIpAddressCount", boost::json::serialize(core.at("AvailableIpAddressCount")));
  xml.text("availabilityZone", text_at(core, "AvailabilityZone")).boolean("defaultForAz", false);
  xml.boolean("mapPublicIpOnLaunch", is_on(cloud.details(subnet, "MapPublicIpOnLaunch", replica)));
}

std::optional<Texts> filtered_by(const Cloud& cloud, const Thing& subnet, const std::string& name,
                                 int) {
  const Json& core = subnet.truth("core");
  if (name == "subnet-id") return Texts{subnet.id};
  if (name == "vpc-id") return Texts{text_at(core, "VpcId")};
  if (name == "cidr-block" || name == "cidr") return Texts{text_at(core, "CidrBlock")};
  if (name == "availability-zone") return Texts{text_at(core, "AvailabilityZone")};
  if (name == "state") return Texts{state_of(cloud, subnet)};
  if (name == "owner-id") return Texts{subnet.account};
  return std::nullopt;
}

bool conflicts(const Cloud& cloud, const Thing& vpc, const AddressRange& range) {
  return std::ranges::any_of(cloud.things, [&](const auto& thing) {
    if (thing->kind != kSubnet.name || !thing->live) return false;
    const Json& core = thing->truth("core");
    return text_at(core, "VpcId") == vpc.id && thing->account == vpc.account &&
           AddressRange::parse(text_at(core, "CidrBlock"))->overlaps(range);
  });
}

std::optional<Answer> wrong_range(const Cloud& cloud, const Thing& vpc, const std::string& block) {
  const auto range = AddressRange::parse(block);
  if (!range) return invalid_value("cidrBlock", block, "This is not a valid CIDR block.");
  const auto around = AddressRange::parse(text_at(vpc.truth("core"), "CidrBlock"));
  if (range->length < 16 || range->length > 28 || !around->contains(*range)) {
    return refused(400, "InvalidSubnet.Range", "The CIDR '" + block + "' is invalid.");
  }
  if (conflicts(cloud, vpc, *range)) {
    return refused(400, "InvalidSubnet.Conflict",
                   "The CIDR '" + block + "' conflicts with another subnet");
  }
  return std::nullopt;
}

bool is_zone(const std::string& zone, const std::string& region) {
  return zone.size() == region.size() + 1 && zone.starts_with(region) && zone.back() >= 'a' &&
         zone.back() <= 'c';
}

Answer create_subnet(Cloud& cloud, const Request& request) {
  const Fields& form = request.form;
  if (auto wrong = unknown_parameter(
          request, {"VpcId", "CidrBlock", "AvailabilityZone", "TagSpecification"})) {
    return *wrong;
  }
  const auto vpc = writable(cloud, request, kVpc);
  if (!vpc) return vpc.error();
  if (!form.has("CidrBlock")) return missing("cidrBlock");
  const std::string zone =
      form.has("AvailabilityZone") ? form.text("AvailabilityZone") : request.region + "b";
  if (!is_zone(zone, request.region)) return invalid_value("availabilityZone", zone, "");
  if (auto wrong = wrong_range(cloud, **vpc, form.text("CidrBlock"))) return *wrong;
  const auto tags = tags_to_create(request, kSubnet);
  if (!tags) return tags.error();
  Thing& subnet =
      add_subnet(cloud, request, new_id(cloud, kSubnet), **vpc, form.text("CidrBlock"), zone);
  cloud.give(subnet, "tags", *tags);
  subnet.ready_at = cloud.now() + cloud.takes(seconds(1), minutes(2));
  cloud.note(request.call, subnet, Cloud::Change::kCreated);
  XmlWriter xml;
  xml.open("subnet");
  write_subnet(xml, cloud, subnet, request.replica);
  write_tags(xml, *tags);
  return done(xml.close().take());
}

Answer modify_attribute(Cloud& cloud, const Request& request) {
  if (auto wrong = unknown_parameter(request, {"SubnetId", "MapPublicIpOnLaunch"})) return *wrong;
  const auto subnet = writable(cloud, request, kSubnet);
  if (!subnet) return subnet.error();
  if (!request.form.has("MapPublicIpOnLaunch.Value")) return missing("attribute");
  const bool on = request.form.text("MapPublicIpOnLaunch.Value") == "true";
  cloud.set(**subnet, "MapPublicIpOnLaunch", on);
  cloud.note(request.call, **subnet, Cloud::Change::kChanged);
  return yes();
}

Answer delete_subnet(Cloud& cloud, const Request& request) {
  if (auto wrong = unknown_parameter(request, {"SubnetId"})) return *wrong;
  const auto subnet = writable(cloud, request, kSubnet);
  if (!subnet) return subnet.error();
  if (cloud.now() < (*subnet)->occupied_until || has_nat_gateway(cloud, **subnet) ||
      has_instance(cloud, **subnet)) {
    return refused(400, "DependencyViolation",
                   "The subnet '" + (*subnet)->id + "' has dependencies and cannot be deleted.");
  }
  cloud.bury(**subnet);
  cloud.note(request.call, **subnet, Cloud::Change::kRemoved);
  return yes();
}

}  // namespace

const Kind kSubnet{.name = "Subnet",
                   .prefix = "subnet-",
                   .words = "subnet ID",
                   .parameter = "SubnetId",
                   .type = "subnet",
                   .set = "subnetSet",
                   .not_found = "InvalidSubnetID.NotFound",
                   .malformed = "InvalidSubnetID.Malformed",
                   .write = write_subnet,
                   .filtered = filtered_by};

Thing& add_subnet(Cloud& cloud, const Request& request, const std::string& id, const Thing& vpc,
                  const std::string& block, const std::string& zone) {
  const AddressRange range = *AddressRange::parse(block);
  Thing& subnet = cloud.add(request, kSubnet.name, here(request), id);
  // Five addresses of each subnet are AWS's.
  cloud.give(subnet, "core",
             JsonObject{{"SubnetId", id},
                        {"VpcId", vpc.id},
                        {"CidrBlock", range.text()},
                        {"AvailabilityZone", zone},
                        {"AvailableIpAddressCount", (1 << (32 - range.length)) - 5}});
  cloud.give(subnet, "MapPublicIpOnLaunch", false);
  cloud.give(subnet, "tags", JsonObject());
  return subnet;
}

std::optional<Answer> serve_subnets(Cloud& cloud, const Request& request) {
  const std::string& operation = request.call.operation;
  if (operation == "CreateSubnet") return create_subnet(cloud, request);
  if (operation == "DescribeSubnets") return describe(cloud, request, kSubnet);
  if (operation == "ModifySubnetAttribute") return modify_attribute(cloud, request);
  if (operation == "DeleteSubnet") return delete_subnet(cloud, request);
  return std::nullopt;
}

}  // namespace ec2

Json subnet_state(const Cloud& cloud, const Thing& thing) {
  JsonObject out = thing.truth("core").as_object();
  out["State"] = ec2::state_of(cloud, thing);
  out["MapPublicIpOnLaunch"] = thing.truth("MapPublicIpOnLaunch");
  return out;
}

}  // namespace infra::sim
