#include <algorithm>

#include "aws/address_range.h"
#include "aws/ec2.h"

namespace infra::sim {
namespace ec2 {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::string_view kRoutes = "Routes";
constexpr std::string_view kAssociations = "Associations";

// What a route may lead to: in requests, and in answers.
constexpr std::pair<const char*, const char*> kTargets[] = {
    {"GatewayId", "gatewayId"},
    {"NatGatewayId", "natGatewayId"},
    {"InstanceId", "instanceId"},
    {"NetworkInterfaceId", "networkInterfaceId"},
    {"VpcPeeringConnectionId", "vpcPeeringConnectionId"}};

std::string vpc_of(const Thing& thing) { return text_at(thing.truth("core"), "VpcId"); }

bool is_attached(const Cloud& cloud, const Thing& table, const std::string& gateway) {
  const Thing* vpc = cloud.truth(kVpc.name, table.account + "/" + table.region, vpc_of(table));
  const Thing* found = vpc == nullptr ? nullptr : internet_gateway_of(cloud, *vpc);
  return found != nullptr && found->id == gateway;
}

bool is_working(const Cloud& cloud, const Thing& table, const std::string& nat_gateway) {
  const std::string scope = table.account + "/" + table.region;
  const Thing* found = cloud.truth(kNatGateway.name, scope, nat_gateway);
  return found != nullptr && found->live && !found->failed;
}

// A route stays when what it leads to has gone.
bool is_blackhole(const Cloud& cloud, const Thing& table, const Json& route) {
  const std::string gateway = text_at(route, "GatewayId");
  const std::string nat_gateway = text_at(route, "NatGatewayId");
  if (gateway.starts_with(kInternetGateway.prefix)) return !is_attached(cloud, table, gateway);
  return !nat_gateway.empty() && !is_working(cloud, table, nat_gateway);
}

// An association goes with its subnet.
JsonArray living(const Cloud& cloud, const Thing& table, const Json& associations) {
  JsonArray out;
  for (const Json& one : associations.as_array()) {
    const std::string scope = table.account + "/" + table.region;
    if (cloud.truth(kSubnet.name, scope, text_at(one, "SubnetId")) != nullptr) out.push_back(one);
  }
  return out;
}

void write_routes(XmlWriter& xml, const Cloud& cloud, const Thing& table, int replica) {
  xml.open("routeSet");
  for (const Json& route : cloud.details(table, kRoutes, replica).as_array()) {
    xml.open("item").text("destinationCidrBlock", text_at(route, "DestinationCidrBlock"));
    for (const auto& [target, element] : kTargets) {
      const std::string id = text_at(route, target);
      if (!id.empty()) xml.text(element, id);
    }
    xml.text("state", is_blackhole(cloud, table, route) ? "blackhole" : "active");
    xml.text("origin", text_at(route, "Origin")).close();
  }
  xml.close();
}

std::string state_of(const Cloud& cloud, const Json& association) {
  const Duration done{association.at("AssociatedAt").to_number<std::int64_t>()};
  return cloud.now() < done ? "associating" : "associated";
}

void write_table(XmlWriter& xml, const Cloud& cloud, const Thing& table, int replica) {
  xml.text("routeTableId", table.id).text("vpcId", vpc_of(table)).text("ownerId", table.account);
  write_routes(xml, cloud, table, replica);
  xml.open("associationSet");
  for (const Json& one : living(cloud, table, cloud.details(table, kAssociations, replica))) {
    xml.open("item").text("routeTableAssociationId", text_at(one, "AssociationId"));
    xml.text("routeTableId", table.id).text("subnetId", text_at(one, "SubnetId"));
    xml.boolean("main", false);
    xml.open("associationState").text("state", state_of(cloud, one)).close().close();
  }
  xml.close();
}

Texts all_of(const JsonArray& items, const char* member) {
  Texts out;
  for (const Json& one : items) out.push_back(text_at(one, member));
  return out;
}

std::optional<Texts> filtered_by(const Cloud& cloud, const Thing& table, const std::string& name,
                                 int replica) {
  if (name == "route-table-id") return Texts{table.id};
  if (name == "vpc-id") return Texts{vpc_of(table)};
  if (name == "owner-id") return Texts{table.account};
  if (name == "association.main") return Texts{"false"};
  const char* member = name == "association.subnet-id"                    ? "SubnetId"
                       : name == "association.route-table-association-id" ? "AssociationId"
                                                                          : nullptr;
  if (member == nullptr) return std::nullopt;
  const Json& associations = cloud.details(table, kAssociations, replica);
  if (associations.is_null()) return Texts{};
  return all_of(living(cloud, table, associations), member);
}

Answer changed(Cloud& cloud, const Request& request, Thing& table, std::string_view part,
               JsonArray all) {
  cloud.set(table, part, std::move(all));
  cloud.note(request.call, table, Cloud::Change::kChanged);
  return yes();
}

Answer create(Cloud& cloud, const Request& request) {
  if (auto wrong = unknown_parameter(request, {"VpcId", "ClientToken", "TagSpecification"})) {
    return *wrong;
  }
  const auto vpc = writable(cloud, request, kVpc);
  if (!vpc) return vpc.error();
  const auto tags = tags_to_create(request, kRouteTable);
  if (!tags) return tags.error();
  const std::string id = new_id(cloud, kRouteTable);
  Thing& table = cloud.add(request, kRouteTable.name, here(request), id);
  cloud.give(table, "core", JsonObject{{"RouteTableId", id}, {"VpcId", (*vpc)->id}});
  cloud.give(
      table, kRoutes,
      JsonArray{JsonObject{{"DestinationCidrBlock", text_at((*vpc)->truth("core"), "CidrBlock")},
                           {"GatewayId", "local"},
                           {"Origin", "CreateRouteTable"}}});
  cloud.give(table, kAssociations, JsonArray());
  cloud.give(table, "tags", *tags);
  cloud.note(request.call, table, Cloud::Change::kCreated);
  XmlWriter xml;
  xml.open("routeTable");
  write_table(xml, cloud, table, request.replica);
  write_tags(xml, *tags);
  return done(xml.close().take());
}

Answer elsewhere(const Thing& table, const std::string& what, const std::string& id) {
  return refused(
      400, "InvalidParameterValue",
      "route table " + table.id + " and " + what + " " + id + " belong to different networks");
}

std::optional<Answer> wrong_gateway(Cloud& cloud, const Request& request, const Thing& table,
                                    const std::string& id) {
  if (!id.starts_with(kInternetGateway.prefix)) return std::nullopt;  // others are taken on trust
  if (!readable(cloud, request, kInternetGateway, id)) {
    return refused(400, "InvalidGatewayID.NotFound", "The gateway ID '" + id + "' does not exist");
  }
  if (!is_attached(cloud, table, id)) return elsewhere(table, "network gateway", id);
  return std::nullopt;
}

std::optional<Answer> wrong_nat_gateway(Cloud& cloud, const Request& request, const Thing& table,
                                        const std::string& id) {
  const auto gateway = readable(cloud, request, kNatGateway, id);
  if (!gateway || !is_working(cloud, table, id)) {
    return refused(400, "InvalidNatGatewayID.NotFound",
                   "The natGateway ID '" + id + "' does not exist");
  }
  if (vpc_of(**gateway) != vpc_of(table)) return elsewhere(table, "NAT gateway", id);
  return std::nullopt;
}

// Where a request says that a route leads to, exactly one target.
Or<JsonObject> route_of(Cloud& cloud, const Request& request, const Thing& table) {
  const std::string block = request.form.text("DestinationCidrBlock");
  const auto range = AddressRange::parse(block);
  if (!range) return std::unexpected(invalid_value("destinationCidrBlock", block, ""));
  JsonObject route{{"DestinationCidrBlock", range->text()}, {"Origin", "CreateRoute"}};
  for (const auto& [target, element] : kTargets) {
    const std::string id = request.form.text(target);
    if (!id.empty()) route[target] = id;
  }
  if (route.size() != 3) {
    return std::unexpected(
        refused(400, route.size() < 3 ? "MissingParameter" : "InvalidParameterCombination",
                "The request must contain exactly one target"));
  }
  const std::string gateway = request.form.text("GatewayId");
  const std::string nat_gateway = request.form.text("NatGatewayId");
  const auto wrong = !gateway.empty()       ? wrong_gateway(cloud, request, table, gateway)
                     : !nat_gateway.empty() ? wrong_nat_gateway(cloud, request, table, nat_gateway)
                                            : std::nullopt;
  if (wrong) return std::unexpected(*wrong);
  return route;
}

JsonArray::iterator find_route(JsonArray& routes, const Json& block) {
  return std::ranges::find_if(
      routes, [&](const Json& route) { return route.at("DestinationCidrBlock") == block; });
}

std::optional<Answer> unknown_of_routes(const Request& request) {
  return unknown_parameter(
      request, {"RouteTableId", "DestinationCidrBlock", "GatewayId", "NatGatewayId", "InstanceId",
                "NetworkInterfaceId", "VpcPeeringConnectionId"});
}

Answer create_route(Cloud& cloud, const Request& request) {
  if (auto wrong = unknown_of_routes(request)) return *wrong;
  const auto table = writable(cloud, request, kRouteTable);
  if (!table) return table.error();
  const auto route = route_of(cloud, request, **table);
  if (!route) return route.error();
  JsonArray routes = (*table)->truth(kRoutes).as_array();
  const Json& block = route->at("DestinationCidrBlock");
  if (find_route(routes, block) != routes.end()) {
    return refused(400, "RouteAlreadyExists",
                   "The route identified by " + text_at(block, "") + " already exists.");
  }
  routes.push_back(*route);
  return changed(cloud, request, **table, kRoutes, std::move(routes));
}

Answer replace_route(Cloud& cloud, const Request& request) {
  if (auto wrong = unknown_of_routes(request)) return *wrong;
  const auto table = writable(cloud, request, kRouteTable);
  if (!table) return table.error();
  const auto route = route_of(cloud, request, **table);
  if (!route) return route.error();
  JsonArray routes = (*table)->truth(kRoutes).as_array();
  const auto found = find_route(routes, route->at("DestinationCidrBlock"));
  if (found == routes.end()) {
    return refused(400, "InvalidParameterValue",
                   "There is no route defined for '" +
                       text_at(route->at("DestinationCidrBlock"), "") +
                       "' in the route table. Use CreateRoute instead.");
  }
  *found = *route;
  return changed(cloud, request, **table, kRoutes, std::move(routes));
}

Answer delete_route(Cloud& cloud, const Request& request) {
  if (auto wrong = unknown_parameter(request, {"RouteTableId", "DestinationCidrBlock"})) {
    return *wrong;
  }
  const auto table = writable(cloud, request, kRouteTable);
  if (!table) return table.error();
  const std::string block = request.form.text("DestinationCidrBlock");
  JsonArray routes = (*table)->truth(kRoutes).as_array();
  const auto found = find_route(routes, Json(block));
  if (found == routes.end()) {
    return refused(
        400, "InvalidRoute.NotFound",
        "no route with destination-cidr-block " + block + " in route table " + (*table)->id);
  }
  if (text_at(*found, "Origin") != "CreateRoute") {
    return refused(400, "InvalidParameterValue",
                   "cannot remove local route " + block + " in route table " + (*table)->id);
  }
  routes.erase(found);
  return changed(cloud, request, **table, kRoutes, std::move(routes));
}

// The table, dead ones apart, with an association for which that holds.
template <class Holds>
Thing* table_with(const Cloud& cloud, const Request& request, Holds holds) {
  const auto found = std::ranges::find_if(cloud.things, [&](const auto& thing) {
    return thing->kind == kRouteTable.name && thing->live && thing->account == request.account &&
           thing->region == request.region &&
           std::ranges::any_of(thing->truth(kAssociations).as_array(), holds);
  });
  return found == cloud.things.end() ? nullptr : found->get();
}

Answer associate(Cloud& cloud, const Request& request) {
  if (auto wrong = unknown_parameter(request, {"RouteTableId", "SubnetId"})) return *wrong;
  const auto table = writable(cloud, request, kRouteTable);
  if (!table) return table.error();
  const auto subnet = writable(cloud, request, kSubnet);
  if (!subnet) return subnet.error();
  if (vpc_of(**subnet) != vpc_of(**table)) return elsewhere(**table, "subnet", (*subnet)->id);
  const auto is_of_subnet = [&](const Json& one) {
    return text_at(one, "SubnetId") == (*subnet)->id;
  };
  if (table_with(cloud, request, is_of_subnet) != nullptr) {
    return refused(400, "Resource.AlreadyAssociated",
                   "the specified association for route table " + (*table)->id +
                       " conflicts with an existing association");
  }
  const std::string id = "rtbassoc-0" + hex(cloud.ids, 16);
  const Duration done_at = cloud.now() + cloud.takes(seconds(1), minutes(2));
  JsonObject association{
      {"AssociationId", id}, {"SubnetId", (*subnet)->id}, {"AssociatedAt", done_at.count()}};
  XmlWriter xml;
  xml.text("associationId", id).open("associationState");
  xml.text("state", state_of(cloud, association)).close();
  JsonArray all = (*table)->truth(kAssociations).as_array();
  all.push_back(std::move(association));
  (void)changed(cloud, request, **table, kAssociations, std::move(all));
  return done(xml.take());
}

Answer disassociate(Cloud& cloud, const Request& request) {
  if (auto wrong = unknown_parameter(request, {"AssociationId"})) return *wrong;
  const std::string id = request.form.text("AssociationId");
  if (id.empty()) return missing("associationId");
  const auto named = [&](const Json& one) { return text_at(one, "AssociationId") == id; };
  Thing* table = table_with(cloud, request, named);
  if (table == nullptr) {
    return refused(400, "InvalidAssociationID.NotFound",
                   "The association ID '" + id + "' does not exist");
  }
  JsonArray all = table->truth(kAssociations).as_array();
  all.erase(std::ranges::find_if(all, named));
  return changed(cloud, request, *table, kAssociations, std::move(all));
}

Answer remove(Cloud& cloud, const Request& request) {
  if (auto wrong = unknown_parameter(request, {"RouteTableId"})) return *wrong;
  const auto table = writable(cloud, request, kRouteTable);
  if (!table) return table.error();
  if (!living(cloud, **table, (*table)->truth(kAssociations)).empty()) {
    return refused(400, "DependencyViolation",
                   "The routeTable '" + (*table)->id + "' has dependencies and cannot be deleted.");
  }
  cloud.bury(**table);
  cloud.note(request.call, **table, Cloud::Change::kRemoved);
  return yes();
}

}  // namespace

const Kind kRouteTable{.name = "RouteTable",
                       .prefix = "rtb-",
                       .words = "routeTable ID",
                       .parameter = "RouteTableId",
                       .type = "route-table",
                       .set = "routeTableSet",
                       .not_found = "InvalidRouteTableID.NotFound",
                       .malformed = "InvalidRouteTableId.Malformed",
                       .write = write_table,
                       .filtered = filtered_by};

std::optional<Answer> serve_route_tables(Cloud& cloud, const Request& request) {
  const std::string& operation = request.call.operation;
  if (operation == "CreateRouteTable") return create(cloud, request);
  if (operation == "DescribeRouteTables") return describe(cloud, request, kRouteTable);
  if (operation == "CreateRoute") return create_route(cloud, request);
  if (operation == "ReplaceRoute") return replace_route(cloud, request);
  if (operation == "DeleteRoute") return delete_route(cloud, request);
  if (operation == "AssociateRouteTable") return associate(cloud, request);
  if (operation == "DisassociateRouteTable") return disassociate(cloud, request);
  if (operation == "DeleteRouteTable") return remove(cloud, request);
  return std::nullopt;
}

}  // namespace ec2

Json route_table_state(const Cloud& cloud, const Thing& thing) {
  JsonObject out = thing.truth("core").as_object();
  out["Routes"] = thing.truth(ec2::kRoutes);
  out["Associations"] = ec2::living(cloud, thing, thing.truth(ec2::kAssociations));
  return out;
}

}  // namespace infra::sim
