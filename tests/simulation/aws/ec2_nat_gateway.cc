#include <algorithm>

#include "aws/ec2.h"

namespace infra::sim {
namespace ec2 {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

// When a deletion was accepted is a part of it, as a reader may hear of it late: a text, or null.
constexpr std::string_view kDeletion = "Deletion";
// How long what was deleted, or has failed, stays listed.
constexpr Duration kListed = hours(1);

bool is_public(const Thing& gateway) {
  return text_at(gateway.truth("core"), "ConnectivityType") == "public";
}

// As it is, or as somebody sees it who may not yet have heard of the deletion.
std::string state_of(const Cloud& cloud, const Thing& gateway, const Json& deletion) {
  if (!deletion.is_null()) return cloud.now() < gateway.gone_at ? "deleting" : "deleted";
  if (cloud.now() < gateway.ready_at) return "pending";
  return gateway.failed ? "failed" : "available";
}

std::string true_state(const Cloud& cloud, const Thing& gateway) {
  return state_of(cloud, gateway, gateway.truth(kDeletion));
}

void write_addresses(XmlWriter& xml, const Cloud& cloud, const Thing& gateway) {
  const Json& core = gateway.truth("core");
  xml.open("natGatewayAddressSet").open("item").text("privateIp", "10.201.0.7");
  if (is_public(gateway)) {
    const std::string id = text_at(core, "AllocationId");
    const Thing* address = cloud.latest(kAddress.name, gateway.account + "/" + gateway.region, id);
    xml.text("allocationId", id);
    if (address != nullptr) xml.text("publicIp", text_at(address->truth("core"), "PublicIp"));
  }
  xml.close().close();
}

void write_gateway(XmlWriter& xml, const Cloud& cloud, const Thing& gateway, int replica) {
  const Json& core = gateway.truth("core");
  const std::string state = state_of(cloud, gateway, cloud.details(gateway, kDeletion, replica));
  xml.text("natGatewayId", gateway.id).text("state", state);
  xml.text("subnetId", text_at(core, "SubnetId")).text("vpcId", text_at(core, "VpcId"));
  xml.text("connectivityType", text_at(core, "ConnectivityType"));
  write_addresses(xml, cloud, gateway);
  if (state != "failed") return;
  xml.text("failureCode", text_at(core, "FailureCode"));
  xml.text("failureMessage", "The gateway could not be made.");
}

std::optional<Texts> filtered_by(const Cloud& cloud, const Thing& gateway, const std::string& name,
                                 int replica) {
  const Json& core = gateway.truth("core");
  if (name == "nat-gateway-id") return Texts{gateway.id};
  if (name == "subnet-id") return Texts{text_at(core, "SubnetId")};
  if (name == "vpc-id") return Texts{text_at(core, "VpcId")};
  if (name == "state") {
    return Texts{state_of(cloud, gateway, cloud.details(gateway, kDeletion, replica))};
  }
  return std::nullopt;
}

// What is wrong with a request is told at once, and what is wrong in the network only later, by a
// gateway that fails: its code.
std::string fault_of(Cloud& cloud, const Thing& vpc, const Thing* address) {
  if (cloud.fails()) return "InternalError";
  if (address == nullptr) return "";
  if (internet_gateway_of(cloud, vpc) == nullptr) return "Gateway.NotAttached";
  const bool used = cloud.now() < address->occupied_until || nat_gateway_with(cloud, *address);
  return used ? "Resource.AlreadyAssociated" : "";
}

// AWS itself takes a failed one away.
void clear_away_later(Cloud& cloud, Thing& gateway) {
  cloud.timeline.after(kListed, [&cloud, &gateway] {
    if (!gateway.live) return;
    cloud.bury(gateway);
    cloud.note({.service = "ec2", .operation = "(actor)"}, gateway, Cloud::Change::kRemoved);
  });
}

// The address that a public gateway needs, and a private one must not have.
Or<Thing*> address_for(Cloud& cloud, const Request& request, bool everywhere) {
  const std::string id = request.form.text("AllocationId");
  if (everywhere) return writable(cloud, request, kAddress, id);
  if (id.empty()) return nullptr;
  return std::unexpected(
      refused(400, "InvalidParameterCombination", "A private NAT gateway takes no allocationId"));
}

Answer create(Cloud& cloud, const Request& request) {
  if (auto wrong = unknown_parameter(request, {"SubnetId", "AllocationId", "ConnectivityType",
                                               "ClientToken", "TagSpecification"})) {
    return *wrong;
  }
  const std::string type = request.form.text("ConnectivityType");
  if (!type.empty() && type != "public" && type != "private") {
    return invalid_value("connectivityType", type, "");
  }
  const auto subnet = writable(cloud, request, kSubnet);
  if (!subnet) return subnet.error();
  const auto address = address_for(cloud, request, type != "private");
  if (!address) return address.error();
  const auto tags = tags_to_create(request, kNatGateway);
  if (!tags) return tags.error();
  const std::string vpc = text_at((*subnet)->truth("core"), "VpcId");
  const std::string fault = fault_of(cloud, *cloud.latest(kVpc.name, here(request), vpc), *address);
  const std::string id = new_id(cloud, kNatGateway);
  Thing& gateway = cloud.add(request, kNatGateway.name, here(request), id);
  cloud.give(gateway, "core",
             JsonObject{{"NatGatewayId", id},
                        {"SubnetId", (*subnet)->id},
                        {"VpcId", vpc},
                        {"ConnectivityType", type.empty() ? "public" : type},
                        {"AllocationId", request.form.text("AllocationId")},
                        {"FailureCode", fault}});
  cloud.give(gateway, kDeletion, nullptr);
  cloud.give(gateway, "tags", *tags);
  gateway.failed = !fault.empty();
  gateway.ready_at = cloud.now() + cloud.takes(minutes(1), minutes(5));
  if (gateway.failed) clear_away_later(cloud, gateway);
  cloud.note(request.call, gateway, Cloud::Change::kCreated);
  XmlWriter xml;
  xml.open("natGateway");
  write_gateway(xml, cloud, gateway, request.replica);
  write_tags(xml, *tags);
  return done(xml.close().take());
}

Answer remove(Cloud& cloud, const Request& request) {
  if (auto wrong = unknown_parameter(request, {"NatGatewayId"})) return *wrong;
  const auto gateway = writable(cloud, request, kNatGateway);
  if (!gateway) return gateway.error();
  const std::string state = true_state(cloud, **gateway);
  if (state == "deleted") {
    return refused(400, "NatGatewayNotFound", "NatGateway " + (*gateway)->id + " was not found");
  }
  if (state != "deleting") {
    (*gateway)->gone_at = cloud.now() + cloud.takes(minutes(1), minutes(10));
    (*gateway)->live = false;
    cloud.set(**gateway, kDeletion, Json(iso_time(cloud.wall())));
    cloud.bury(**gateway, (*gateway)->gone_at + kListed);
    cloud.note(request.call, **gateway, Cloud::Change::kRemoved);
  }
  XmlWriter xml;
  return done(xml.text("natGatewayId", (*gateway)->id).take());
}

}  // namespace

const Kind kNatGateway{.name = "NATGateway",
                       .prefix = "nat-",
                       .words = "NatGateway",
                       .parameter = "NatGatewayId",
                       .type = "natgateway",
                       .set = "natGatewaySet",
                       .not_found = "NatGatewayNotFound",
                       .malformed = "NatGatewayMalformed",
                       .write = write_gateway,
                       .filtered = filtered_by};

const Thing* nat_gateway_with(const Cloud& cloud, const Thing& address) {
  const auto found = std::ranges::find_if(cloud.things, [&](const auto& thing) {
    if (thing->kind != kNatGateway.name || thing->account != address.account) return false;
    const std::string state = true_state(cloud, *thing);
    return text_at(thing->truth("core"), "AllocationId") == address.id && !thing->failed &&
           state != "deleted";
  });
  return found == cloud.things.end() ? nullptr : found->get();
}

bool has_nat_gateway(const Cloud& cloud, const Thing& subnet) {
  return std::ranges::any_of(cloud.things, [&](const auto& thing) {
    return thing->kind == kNatGateway.name && thing->account == subnet.account &&
           text_at(thing->truth("core"), "SubnetId") == subnet.id &&
           true_state(cloud, *thing) != "deleted";
  });
}

std::optional<Answer> serve_nat_gateways(Cloud& cloud, const Request& request) {
  const std::string& operation = request.call.operation;
  if (operation == "CreateNatGateway") return create(cloud, request);
  if (operation == "DescribeNatGateways") return describe(cloud, request, kNatGateway);
  if (operation == "DeleteNatGateway") return remove(cloud, request);
  return std::nullopt;
}

}  // namespace ec2

Json nat_gateway_state(const Cloud& cloud, const Thing& thing) {
  JsonObject out = thing.truth("core").as_object();
  out["State"] = ec2::true_state(cloud, thing);
  return out;
}

}  // namespace infra::sim
