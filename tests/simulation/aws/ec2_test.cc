#include "aws/fake_aws_for_test.h"

namespace infra::sim {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

class Ec2Test : public FakeAwsTest {
 protected:
  std::string make_vpc() {
    return text_at(must("ec2", "CreateVpc", R"({"CidrBlock": "10.0.0.0/16"})"), "Vpc.VpcId");
  }
  static std::string subnet(const std::string& vpc, const std::string& range) {
    return R"({"VpcId": ")" + vpc + R"(", "CidrBlock": ")" + range + "\"}";
  }
  std::string make_subnet(const std::string& vpc) {
    return text_at(must("ec2", "CreateSubnet", subnet(vpc, "10.0.1.0/24")), "Subnet.SubnetId");
  }
  // {"Name": "id"}, with more members behind it.
  static std::string of(const std::string& name, const std::string& id,
                        const std::string& more = "") {
    return "{\"" + name + "\": \"" + id + "\"" + more + "}";
  }
};

TEST_F(Ec2Test, ASubnetFromBirthToDeath) {
  const std::string vpc = make_vpc();
  const std::string id = make_subnet(vpc);
  EXPECT_TRUE(id.starts_with("subnet-0")) << id;
  const std::string by_id = R"({"SubnetIds": [")" + id + R"("]})";
  const auto seen = [&] { return must("ec2", "DescribeSubnets", by_id).at("Subnets").at(0); };
  EXPECT_EQ(text_at(seen(), "State"), "pending");
  pass(seconds(2));
  EXPECT_EQ(text_at(seen(), "State"), "available");
  EXPECT_EQ(text_at(seen(), "VpcId"), vpc);
  EXPECT_EQ(text_at(seen(), "AvailabilityZone"), "us-east-1b");
  EXPECT_EQ(seen().at("AvailableIpAddressCount"), Json(251));
  EXPECT_EQ(seen().at("MapPublicIpOnLaunch"), Json(false));
  must("ec2", "ModifySubnetAttribute",
       of("SubnetId", id, R"(, "MapPublicIpOnLaunch": {"Value": true})"));
  EXPECT_EQ(seen().at("MapPublicIpOnLaunch"), Json(true));
  must("ec2", "DeleteSubnet", of("SubnetId", id));
  EXPECT_EQ(code("ec2", "DescribeSubnets", by_id), "InvalidSubnetID.NotFound");
}

TEST_F(Ec2Test, SubnetsAreRefusedAsEc2DoesIt) {
  const std::string vpc = make_vpc();
  make_subnet(vpc);
  for (const char* range : {"10.0.1.0/24", "10.0.1.128/25", "10.0.0.0/16"}) {
    EXPECT_EQ(code("ec2", "CreateSubnet", subnet(vpc, range)), "InvalidSubnet.Conflict") << range;
  }
  for (const char* range : {"10.1.1.0/24", "10.0.2.0/29", "10.0.0.0/8"}) {
    EXPECT_EQ(code("ec2", "CreateSubnet", subnet(vpc, range)), "InvalidSubnet.Range") << range;
  }
  EXPECT_EQ(code("ec2", "CreateSubnet", subnet("vpc-0123", "10.0.2.0/24")),
            "InvalidVpcID.NotFound");
  EXPECT_EQ(code("ec2", "CreateSubnet",
                 of("VpcId", vpc, R"(, "CidrBlock": "10.0.2.0/24", "AvailabilityZone": "moon")")),
            "InvalidParameterValue");
  EXPECT_EQ(code("ec2", "CreateSubnet", subnet(vpc, "10.0.2.0/24")), "ok");
}

TEST_F(Ec2Test, AVpcWithASubnetStays) {
  const std::string vpc = make_vpc();
  const std::string id = make_subnet(vpc);
  EXPECT_EQ(code("ec2", "DeleteVpc", of("VpcId", vpc)), "DependencyViolation");
  must("ec2", "DeleteSubnet", of("SubnetId", id));
  EXPECT_EQ(code("ec2", "DeleteVpc", of("VpcId", vpc)), "ok");
}

TEST_F(Ec2Test, FurnitureIsThereAndNobodysResource) {
  fake.furnish();
  EXPECT_EQ(code("ec2", "CreateSubnet", subnet("vpc-0000000000000000e", "10.200.1.0/24")), "ok");
  EXPECT_EQ(only().kind, "Subnet");
}

}  // namespace
}  // namespace infra::sim
