#include <algorithm>

#include "aws/address_range.h"
#include "aws/ec2.h"

namespace infra::sim {
namespace ec2 {
namespace {

// What has the address in use; empty: nothing has.
std::string user_of(const Cloud& cloud, const Thing& address) {
  if (cloud.now() < address.occupied_until) return "eni-of-somebody";
  const Thing* gateway = nat_gateway_with(cloud, address);
  return gateway == nullptr ? "" : "eni-" + gateway->id.substr(kNatGateway.prefix.size());
}

void write_address(XmlWriter& xml, const Cloud& cloud, const Thing& address, int) {
  const Json& core = address.truth("core");
  xml.text("allocationId", address.id).text("publicIp", text_at(core, "PublicIp"));
  xml.text("domain", "vpc").text("publicIpv4Pool", text_at(core, "PublicIpv4Pool"));
  xml.text("networkBorderGroup", text_at(core, "NetworkBorderGroup"));
  const std::string user = user_of(cloud, address);
  if (user.empty()) return;
  xml.text("associationId", "eipassoc-" + address.id.substr(kAddress.prefix.size()));
  xml.text("networkInterfaceId", user);
}

std::optional<Texts> filtered_by(const Cloud& cloud, const Thing& address, const std::string& name,
                                 int) {
  const Json& core = address.truth("core");
  if (name == "allocation-id") return Texts{address.id};
  if (name == "domain") return Texts{"vpc"};
  if (name == "public-ip") return Texts{text_at(core, "PublicIp")};
  if (name == "network-border-group") return Texts{text_at(core, "NetworkBorderGroup")};
  if (name == "network-interface-id") return Texts{user_of(cloud, address)};
  return std::nullopt;
}

Answer allocate(Cloud& cloud, const Request& request) {
  const Fields& form = request.form;
  if (auto wrong =
          unknown_parameter(request, {"Domain", "NetworkBorderGroup", "TagSpecification"})) {
    return *wrong;
  }
  const std::string domain = form.text("Domain");
  if (form.has("Domain") && domain != "vpc") return invalid_value("domain", domain, "");
  const std::string group = form.text("NetworkBorderGroup");
  if (form.has("NetworkBorderGroup") && group != request.region) {
    return invalid_value("networkBorderGroup", group, "");
  }
  const auto tags = tags_to_create(request, kAddress);
  if (!tags) return tags.error();
  Thing& address = add_address(cloud, request, new_id(cloud, kAddress));
  cloud.give(address, "tags", *tags);
  cloud.note(request.call, address, Cloud::Change::kCreated);
  XmlWriter xml;
  write_address(xml, cloud, address, request.replica);
  return done(xml.take());
}

Answer release(Cloud& cloud, const Request& request) {
  if (auto wrong = unknown_parameter(request, {"AllocationId", "NetworkBorderGroup"})) {
    return *wrong;
  }
  const auto address = writable(cloud, request, kAddress);
  if (!address) return address.error();
  const std::string group = request.form.text("NetworkBorderGroup");
  if (!group.empty() && group != text_at((*address)->truth("core"), "NetworkBorderGroup")) {
    return refused(400, "InvalidAddress.NotFound", "Address not found in " + group);
  }
  if (!user_of(cloud, **address).empty()) {
    return refused(400, "InvalidIPAddress.InUse", "Address " + (*address)->id + " is in use.");
  }
  cloud.bury(**address);
  cloud.note(request.call, **address, Cloud::Change::kRemoved);
  return yes();
}

}  // namespace

// Lists of addresses have no pages.
const Kind kAddress{.name = "ElasticIP",
                    .prefix = "eipalloc-",
                    .words = "allocation ID",
                    .parameter = "AllocationId",
                    .type = "elastic-ip",
                    .set = "addressesSet",
                    .not_found = "InvalidAllocationID.NotFound",
                    .malformed = "InvalidParameterValue",
                    .paged = false,
                    .write = write_address,
                    .filtered = filtered_by};

Thing& add_address(Cloud& cloud, const Request& request, const std::string& id) {
  Thing& address = cloud.add(request, kAddress.name, here(request), id);
  const auto number = std::uint32_t(cloud.things.size());
  cloud.give(address, "core",
             JsonObject{{"AllocationId", id},
                        {"PublicIp", address_text((198U << 24 | 18U << 16) + number)},
                        {"Domain", "vpc"},
                        {"PublicIpv4Pool", "amazon"},
                        {"NetworkBorderGroup", request.region}});
  cloud.give(address, "tags", JsonObject());
  return address;
}

std::optional<Answer> serve_addresses(Cloud& cloud, const Request& request) {
  const std::string& operation = request.call.operation;
  if (operation == "AllocateAddress") return allocate(cloud, request);
  if (operation == "DescribeAddresses") return describe(cloud, request, kAddress);
  if (operation == "ReleaseAddress") return release(cloud, request);
  return std::nullopt;
}

}  // namespace ec2

Json address_state(const Cloud& cloud, const Thing& thing) {
  JsonObject out = thing.truth("core").as_object();
  const std::string user = ec2::user_of(cloud, thing);
  if (!user.empty()) out["NetworkInterfaceId"] = user;
  return out;
}

}  // namespace infra::sim
