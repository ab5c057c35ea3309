#pragma once

#include <expected>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "aws/services.h"
#include "aws/xml_writer.h"

// What the kinds of EC2 share: how they are named, described, filtered and tagged.
namespace infra::sim::ec2 {

using Texts = std::vector<std::string>;

struct Kind {
  const char* name;              // of the custom resource: "VPC"
  std::string_view prefix;       // of its ids: "vpc-"
  std::string_view words;        // of its ids, in messages: "vpc ID"
  std::string_view parameter;    // that names one, or, with numbers, many: "VpcId"
  std::string_view type;         // in tag specifications: "vpc"
  std::string_view set;          // the element around a list of them: "vpcSet"
  std::string_view within = "";  // and another one around each; mostly none
  std::string_view not_found;    // codes
  std::string_view malformed;
  bool paged = true;
  // What an answer of that replica shows of one, besides its tags.
  void (*write)(XmlWriter& xml, const Cloud& cloud, const Thing& thing, int replica);
  // What a filter of that name compares; nothing: there is no such filter, besides those by tags.
  std::optional<Texts> (*filtered)(const Cloud& cloud, const Thing& thing, const std::string& name,
                                   int replica);
};

extern const Kind kVpc;
extern const Kind kSubnet;
extern const Kind kAddress;
extern const Kind kInternetGateway;
extern const Kind kNatGateway;
extern const Kind kSecurityGroup;
extern const Kind kRouteTable;
extern const Kind kInstance;
// Not a kind of EC2, and unique in an account.
inline constexpr const char* kInstanceProfile = "InstanceProfile";

Answer missing(const std::string& name);
Answer invalid_value(const std::string& name, const std::string& value, const std::string& why);
// EC2 refuses what it does not know, so a slip in a name does not pass unseen.
std::optional<Answer> unknown_parameter(const Request& request,
                                        std::initializer_list<std::string_view> known);

template <class T>
using Or = std::expected<T, Answer>;

// The thing that a write names, or why it cannot be had.
Or<Thing*> writable(Cloud& cloud, const Request& request, const Kind& kind, const std::string& id);
// Likewise, by the parameter of its kind.
Or<Thing*> writable(Cloud& cloud, const Request& request, const Kind& kind);
// And for a read.
Or<Thing*> readable(Cloud& cloud, const Request& request, const Kind& kind, const std::string& id);

// The tags of a create, or what is wrong with them.
Or<JsonObject> tags_to_create(const Request& request, const Kind& kind);
std::string new_id(Cloud& cloud, const Kind& kind);
void write_tags(XmlWriter& xml, const JsonObject& tags);

struct Filter {
  std::string name;
  Texts values;  // '*' and '?' in them stand for any text and any one character
};
std::vector<Filter> read_filters(const Fields& form);
bool fits(const Filter& filter, const Texts& have);
Answer unknown_filter(const std::string& name);

Answer describe(Cloud& cloud, const Request& request, const Kind& kind);
// A page of these items, each of them what is in its element.
Answer listed(Cloud& cloud, const Request& request, std::string_view set, const Texts& items);
Answer create_tags(Cloud& cloud, const Request& request);
Answer delete_tags(Cloud& cloud, const Request& request);

// The answer to what has no other.
Answer yes();

// The operations of one kind; nothing: it has none of that name.
std::optional<Answer> serve_vpcs(Cloud& cloud, const Request& request);
std::optional<Answer> serve_subnets(Cloud& cloud, const Request& request);
std::optional<Answer> serve_addresses(Cloud& cloud, const Request& request);
std::optional<Answer> serve_internet_gateways(Cloud& cloud, const Request& request);
std::optional<Answer> serve_nat_gateways(Cloud& cloud, const Request& request);
std::optional<Answer> serve_security_groups(Cloud& cloud, const Request& request);
std::optional<Answer> serve_route_tables(Cloud& cloud, const Request& request);
std::optional<Answer> serve_instances(Cloud& cloud, const Request& request);

// What is attached to a VPC, uses an address, or is in a subnet; null: nothing.
const Thing* internet_gateway_of(const Cloud& cloud, const Thing& vpc);
const Thing* nat_gateway_with(const Cloud& cloud, const Thing& address);
bool has_nat_gateway(const Cloud& cloud, const Thing& subnet);
bool has_instance(const Cloud& cloud, const Thing& subnet);
// A security group, by instances.
bool is_in_use(const Cloud& cloud, const Thing& group);

// What is made without a request for it.
Thing& add_vpc(Cloud& cloud, const Request& request, const std::string& id,
               const std::string& range);
Thing& add_subnet(Cloud& cloud, const Request& request, const std::string& id, const Thing& vpc,
                  const std::string& range, const std::string& zone);
Thing& add_address(Cloud& cloud, const Request& request, const std::string& id);
// Attached to a VPC, or to none.
Thing& add_internet_gateway(Cloud& cloud, const Request& request, const std::string& id,
                            const std::string& vpc);
Thing& add_security_group(Cloud& cloud, const Request& request, const std::string& id,
                          const Thing& vpc, const std::string& name, const std::string& words);

}  // namespace infra::sim::ec2
