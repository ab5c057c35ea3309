#include "aws/ec2.h"
#include "aws/state.h"

namespace infra::sim {
namespace {

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
  ec2::add_vpc(cloud, request, "vpc-0000000000000000e", "10.200.0.0/16");
  for (std::size_t i = before; i < cloud.things.size(); ++i) cloud.things[i]->furniture = true;
}

}  // namespace infra::sim
