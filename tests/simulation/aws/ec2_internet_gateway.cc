#include <algorithm>

#include "aws/ec2.h"

namespace infra::sim {
namespace ec2 {
namespace {

// The VPC it is attached to; empty: none. A part that is shown late.
constexpr std::string_view kVpcId = "VpcId";

void write_gateway(XmlWriter& xml, const Cloud& cloud, const Thing& gateway, int replica) {
  xml.text("internetGatewayId", gateway.id).text("ownerId", gateway.account);
  xml.open("attachmentSet");
  const std::string vpc = text_at(cloud.details(gateway, kVpcId, replica), "");
  if (!vpc.empty()) xml.open("item").text("vpcId", vpc).text("state", "available").close();
  xml.close();
}

std::optional<Texts> filtered_by(const Cloud& cloud, const Thing& gateway, const std::string& name,
                                 int replica) {
  const std::string vpc = text_at(cloud.details(gateway, kVpcId, replica), "");
  if (name == "internet-gateway-id") return Texts{gateway.id};
  if (name == "attachment.vpc-id") return vpc.empty() ? Texts{} : Texts{vpc};
  if (name == "attachment.state") return vpc.empty() ? Texts{} : Texts{"available"};
  if (name == "owner-id") return Texts{gateway.account};
  return std::nullopt;
}

Answer create(Cloud& cloud, const Request& request) {
  if (auto wrong = unknown_parameter(request, {"TagSpecification"})) return *wrong;
  const auto tags = tags_to_create(request, kInternetGateway);
  if (!tags) return tags.error();
  Thing& gateway = add_internet_gateway(cloud, request, new_id(cloud, kInternetGateway), "");
  cloud.give(gateway, "tags", *tags);
  cloud.note(request.call, gateway, Cloud::Change::kCreated);
  XmlWriter xml;
  xml.open("internetGateway");
  write_gateway(xml, cloud, gateway, request.replica);
  write_tags(xml, *tags);
  return done(xml.close().take());
}

Answer changed(Cloud& cloud, const Request& request, Thing& gateway, const std::string& vpc) {
  cloud.set(gateway, kVpcId, Json(vpc));
  cloud.note(request.call, gateway, Cloud::Change::kChanged);
  return yes();
}

Answer attach(Cloud& cloud, const Request& request) {
  if (auto wrong = unknown_parameter(request, {"InternetGatewayId", "VpcId"})) return *wrong;
  const auto gateway = writable(cloud, request, kInternetGateway);
  if (!gateway) return gateway.error();
  const auto vpc = writable(cloud, request, kVpc);
  if (!vpc) return vpc.error();
  const std::string now = text_at((*gateway)->truth(kVpcId), "");
  if (!now.empty()) {
    return refused(400, "Resource.AlreadyAssociated",
                   "resource " + (*gateway)->id + " is already attached to network " + now);
  }
  if (internet_gateway_of(cloud, **vpc) != nullptr) {
    return refused(400, "InvalidParameterValue",
                   "Network " + (*vpc)->id + " already has an internet gateway attached");
  }
  return changed(cloud, request, **gateway, (*vpc)->id);
}

Answer detach(Cloud& cloud, const Request& request) {
  if (auto wrong = unknown_parameter(request, {"InternetGatewayId", "VpcId"})) return *wrong;
  const auto gateway = writable(cloud, request, kInternetGateway);
  if (!gateway) return gateway.error();
  const std::string vpc = request.form.text("VpcId");
  if (vpc.empty()) return missing("vpcId");
  if (text_at((*gateway)->truth(kVpcId), "") != vpc) {
    return refused(400, "Gateway.NotAttached",
                   "resource " + (*gateway)->id + " is not attached to network " + vpc);
  }
  if (cloud.now() < (*gateway)->occupied_until) {
    return refused(400, "DependencyViolation",
                   "Network " + vpc +
                       " has some mapped public address(es). Please unmap those public "
                       "address(es) before detaching the gateway.");
  }
  return changed(cloud, request, **gateway, "");
}

Answer remove(Cloud& cloud, const Request& request) {
  if (auto wrong = unknown_parameter(request, {"InternetGatewayId"})) return *wrong;
  const auto gateway = writable(cloud, request, kInternetGateway);
  if (!gateway) return gateway.error();
  if (!text_at((*gateway)->truth(kVpcId), "").empty()) {
    return refused(
        400, "DependencyViolation",
        "The internetGateway '" + (*gateway)->id + "' has dependencies and cannot be deleted.");
  }
  cloud.bury(**gateway);
  cloud.note(request.call, **gateway, Cloud::Change::kRemoved);
  return yes();
}

}  // namespace

const Kind kInternetGateway{.name = "InternetGateway",
                            .prefix = "igw-",
                            .words = "internetGateway ID",
                            .parameter = "InternetGatewayId",
                            .type = "internet-gateway",
                            .set = "internetGatewaySet",
                            .not_found = "InvalidInternetGatewayID.NotFound",
                            .malformed = "InvalidInternetGatewayId.Malformed",
                            .write = write_gateway,
                            .filtered = filtered_by};

Thing& add_internet_gateway(Cloud& cloud, const Request& request, const std::string& id,
                            const std::string& vpc) {
  Thing& gateway = cloud.add(request, kInternetGateway.name, here(request), id);
  cloud.give(gateway, "core", JsonObject{{"InternetGatewayId", id}});
  cloud.give(gateway, kVpcId, Json(vpc));
  cloud.give(gateway, "tags", JsonObject());
  return gateway;
}

const Thing* internet_gateway_of(const Cloud& cloud, const Thing& vpc) {
  const auto found = std::ranges::find_if(cloud.things, [&](const auto& thing) {
    return thing->kind == kInternetGateway.name && thing->live && thing->account == vpc.account &&
           text_at(thing->truth(kVpcId), "") == vpc.id;
  });
  return found == cloud.things.end() ? nullptr : found->get();
}

std::optional<Answer> serve_internet_gateways(Cloud& cloud, const Request& request) {
  const std::string& operation = request.call.operation;
  if (operation == "CreateInternetGateway") return create(cloud, request);
  if (operation == "DescribeInternetGateways") return describe(cloud, request, kInternetGateway);
  if (operation == "AttachInternetGateway") return attach(cloud, request);
  if (operation == "DetachInternetGateway") return detach(cloud, request);
  if (operation == "DeleteInternetGateway") return remove(cloud, request);
  return std::nullopt;
}

}  // namespace ec2

Json internet_gateway_state(const Cloud&, const Thing& thing) {
  JsonObject out = thing.truth("core").as_object();
  out["VpcId"] = thing.truth(ec2::kVpcId);
  return out;
}

}  // namespace infra::sim
