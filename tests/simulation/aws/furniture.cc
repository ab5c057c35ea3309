#include "aws/ec2.h"
#include "aws/state.h"

namespace infra::sim {
namespace {

// Of objects that worlds have of a kind.
constexpr int kNumbers = 8;

Request nobodys_request(const std::string& account) {
  Request request;
  request.account = account;
  request.region = "us-east-1";
  return request;
}

}  // namespace

void FakeAws::furnish() {
  Cloud& cloud = state_->cloud;
  const Request request = nobodys_request(state_->first_account);
  const std::size_t before = cloud.things.size();
  // For subnets and security groups, with a group that rules name.
  const Thing& room = ec2::add_vpc(cloud, request, "vpc-0000000000000000e", "10.200.0.0/16");
  ec2::add_security_group(cloud, request, "sg-0000000000000000e", room, "furniture", "Furniture");
  // For NAT gateways, with an address each.
  const Thing& vpc = ec2::add_vpc(cloud, request, "vpc-0000000000000000f", "10.201.0.0/16");
  ec2::add_internet_gateway(cloud, request, "igw-0000000000000000f", vpc.id);
  ec2::add_subnet(cloud, request, "subnet-0000000000000000f", vpc, "10.201.0.0/20", "us-east-1a");
  for (int i = 1; i <= kNumbers; ++i) {
    ec2::add_address(cloud, request, "eipalloc-0000000000000000" + std::to_string(i));
  }
  // For route tables, two subnets each.
  for (int i = 1; i <= kNumbers; ++i) {
    const std::string n = std::to_string(i);
    ec2::add_subnet(cloud, request, "subnet-000000000000000a" + n, vpc, "10.201.3" + n + ".0/24",
                    "us-east-1a");
    ec2::add_subnet(cloud, request, "subnet-000000000000000b" + n, vpc, "10.201.4" + n + ".0/24",
                    "us-east-1a");
  }
  // For instances, in the subnet of the NAT gateways.
  for (const char* n : {"f", "e"}) {
    const std::string id = std::string("sg-000000000000000f") + n;
    ec2::add_security_group(cloud, request, id, vpc, std::string("furniture-") + n, "Furniture");
  }
  for (const char* name : {"runner", "other"}) {
    cloud.add(request, ec2::kInstanceProfile, request.account, name);
  }
  // For internet gateways, two each.
  for (int i = 1; i <= kNumbers; ++i) {
    for (const char* start : {"vpc-000000000000000a", "vpc-000000000000000b"}) {
      ec2::add_vpc(cloud, request, start + std::to_string(i), "10.202.0.0/16");
    }
  }
  for (std::size_t i = before; i < cloud.things.size(); ++i) cloud.things[i]->furniture = true;
}

}  // namespace infra::sim
