#include <set>

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

TEST_F(Ec2Test, AnAddressFromBirthToDeath) {
  const Json made = must("ec2", "AllocateAddress", R"({"Domain": "vpc"})");
  const std::string id = text_at(made, "AllocationId");
  EXPECT_TRUE(id.starts_with("eipalloc-0")) << id;
  EXPECT_EQ(text_at(made, "PublicIp").substr(0, 7), "198.18.");
  const std::string by_id = R"({"AllocationIds": [")" + id + R"("]})";
  const Json seen = must("ec2", "DescribeAddresses", by_id).at("Addresses").at(0);
  EXPECT_EQ(text_at(seen, "PublicIp"), text_at(made, "PublicIp"));
  EXPECT_EQ(code("ec2", "ReleaseAddress",
                 of("AllocationId", id, R"(, "NetworkBorderGroup": "us-west-2")")),
            "InvalidAddress.NotFound");
  must("ec2", "ReleaseAddress", of("AllocationId", id));
  EXPECT_EQ(code("ec2", "DescribeAddresses", by_id), "InvalidAllocationID.NotFound");
  EXPECT_EQ(code("ec2", "ReleaseAddress", of("AllocationId", id)), "InvalidAllocationID.NotFound");
}

TEST_F(Ec2Test, AnAddressInUseStays) {
  const std::string id = text_at(must("ec2", "AllocateAddress", "{}"), "AllocationId");
  Random random(1, "somebody");
  EXPECT_NE(fake.occupy(random, minutes(1)), "");
  EXPECT_EQ(code("ec2", "ReleaseAddress", of("AllocationId", id)), "InvalidIPAddress.InUse");
  pass(minutes(1));
  EXPECT_EQ(code("ec2", "ReleaseAddress", of("AllocationId", id)), "ok");
}

TEST_F(Ec2Test, AnInternetGatewayIsAttachedApart) {
  const std::string vpc = make_vpc();
  const std::string id =
      text_at(must("ec2", "CreateInternetGateway", "{}"), "InternetGateway.InternetGatewayId");
  const std::string both = of("InternetGatewayId", id, R"(, "VpcId": ")" + vpc + "\"");
  const auto attachments = [&] {
    return must("ec2", "DescribeInternetGateways", R"({"InternetGatewayIds": [")" + id + R"("]})")
        .at("InternetGateways")
        .at(0)
        .at("Attachments")
        .as_array();
  };
  EXPECT_TRUE(attachments().empty());
  EXPECT_EQ(code("ec2", "DetachInternetGateway", both), "Gateway.NotAttached");
  must("ec2", "AttachInternetGateway", both);
  ASSERT_EQ(attachments().size(), 1u);
  EXPECT_EQ(text_at(attachments().at(0), "VpcId"), vpc);
  EXPECT_EQ(text_at(attachments().at(0), "State"), "available");
  EXPECT_EQ(code("ec2", "AttachInternetGateway", both), "Resource.AlreadyAssociated");
  EXPECT_EQ(code("ec2", "DeleteInternetGateway", of("InternetGatewayId", id)),
            "DependencyViolation");
  EXPECT_EQ(code("ec2", "DeleteVpc", of("VpcId", vpc)), "DependencyViolation");
  must("ec2", "DetachInternetGateway", both);
  must("ec2", "DeleteInternetGateway", of("InternetGatewayId", id));
  EXPECT_EQ(code("ec2", "DetachInternetGateway", both), "InvalidInternetGatewayID.NotFound");
}

TEST_F(Ec2Test, AVpcHasOneInternetGateway) {
  const std::string vpc = make_vpc();
  std::vector<std::string> codes;
  for (int i = 0; i < 2; ++i) {
    const std::string id =
        text_at(must("ec2", "CreateInternetGateway", "{}"), "InternetGateway.InternetGatewayId");
    codes.push_back(code("ec2", "AttachInternetGateway",
                         of("InternetGatewayId", id, R"(, "VpcId": ")" + vpc + "\"")));
  }
  EXPECT_EQ(codes, (std::vector<std::string>{"ok", "InvalidParameterValue"}));
}

class NatTest : public Ec2Test {
 protected:
  NatTest() { fake.furnish(); }

  std::string make(const std::string& address) {
    const Json made =
        must("ec2", "CreateNatGateway",
             of("SubnetId", "subnet-0000000000000000f", R"(, "AllocationId": ")" + address + "\""));
    return text_at(made, "NatGateway.NatGatewayId");
  }
  Json seen(const std::string& id) {
    return must("ec2", "DescribeNatGateways", R"({"NatGatewayIds": [")" + id + R"("]})")
        .at("NatGateways")
        .at(0);
  }
  const std::string kAddress = "eipalloc-00000000000000001";
};

TEST_F(NatTest, AGatewayFromBirthToDeath) {
  const std::string id = make(kAddress);
  EXPECT_EQ(text_at(seen(id), "State"), "pending");
  pass(minutes(2));
  EXPECT_EQ(text_at(seen(id), "State"), "available");
  EXPECT_EQ(text_at(seen(id).at("NatGatewayAddresses").at(0), "AllocationId"), kAddress);
  EXPECT_EQ(code("ec2", "ReleaseAddress", of("AllocationId", kAddress)), "InvalidIPAddress.InUse");
  EXPECT_EQ(code("ec2", "DeleteSubnet", of("SubnetId", "subnet-0000000000000000f")),
            "DependencyViolation");
  must("ec2", "DeleteNatGateway", of("NatGatewayId", id));
  EXPECT_EQ(text_at(seen(id), "State"), "deleting");
  EXPECT_EQ(code("ec2", "DeleteNatGateway", of("NatGatewayId", id)), "ok");
  EXPECT_EQ(code("ec2", "ReleaseAddress", of("AllocationId", kAddress)), "InvalidIPAddress.InUse");
  pass(minutes(2));
  EXPECT_EQ(text_at(seen(id), "State"), "deleted");
  EXPECT_EQ(code("ec2", "DeleteNatGateway", of("NatGatewayId", id)), "NatGatewayNotFound");
  EXPECT_EQ(code("ec2", "ReleaseAddress", of("AllocationId", kAddress)), "ok");
  pass(minutes(61));
  EXPECT_EQ(code("ec2", "DescribeNatGateways", R"({"NatGatewayIds": [")" + id + R"("]})"),
            "NatGatewayNotFound");
}

TEST_F(NatTest, AnAddressInUseMakesAGatewayFailLater) {
  make(kAddress);
  const std::string second = make(kAddress);
  EXPECT_EQ(text_at(seen(second), "State"), "pending");
  pass(minutes(2));
  EXPECT_EQ(text_at(seen(second), "State"), "failed");
  EXPECT_EQ(text_at(seen(second), "FailureCode"), "Resource.AlreadyAssociated");
  pass(minutes(60));
  EXPECT_EQ(code("ec2", "DescribeNatGateways", R"({"NatGatewayIds": [")" + second + R"("]})"),
            "NatGatewayNotFound");
}

TEST_F(NatTest, FailedGatewaysAreTakenAwayByHand) {
  make(kAddress);
  const std::string second = make(kAddress);
  pass(minutes(2));
  fake.make_way();
  EXPECT_EQ(text_at(seen(second), "State"), "deleting");
}

TEST_F(NatTest, GatewaysAreRefusedAsEc2DoesIt) {
  const std::string subnet = "subnet-0000000000000000f";
  const std::string with = R"(, "AllocationId": ")" + kAddress + "\"";
  const std::string is_private = R"(, "ConnectivityType": "private")";
  EXPECT_EQ(code("ec2", "CreateNatGateway", of("SubnetId", subnet)), "MissingParameter");
  EXPECT_EQ(code("ec2", "CreateNatGateway", of("SubnetId", "subnet-1", with)),
            "InvalidSubnetID.NotFound");
  EXPECT_EQ(
      code("ec2", "CreateNatGateway", of("SubnetId", subnet, R"(, "AllocationId": "eipalloc-1")")),
      "InvalidAllocationID.NotFound");
  EXPECT_EQ(code("ec2", "CreateNatGateway", of("SubnetId", subnet, with + is_private)),
            "InvalidParameterCombination");
  EXPECT_EQ(code("ec2", "CreateNatGateway", of("SubnetId", subnet, is_private)), "ok");
}

class GroupTest : public Ec2Test {
 protected:
  std::string make(const std::string& name) {
    const std::string words = R"(, "Description": "words", "VpcId": ")" + vpc + "\"";
    return text_at(must("ec2", "CreateSecurityGroup", of("GroupName", name, words)), "GroupId");
  }
  std::string make_code(const std::string& name, const std::string& in) {
    return code("ec2", "CreateSecurityGroup",
                of("GroupName", name, R"(, "Description": "words", "VpcId": ")" + in + "\""));
  }
  // {"GroupId": ..., "IpPermissions": [...]}
  static std::string permission(const std::string& id, const std::string& members) {
    return of("GroupId", id, R"(, "IpPermissions": [{)" + members + "}]");
  }
  JsonArray rules(const std::string& id) {
    return must("ec2", "DescribeSecurityGroupRules",
                R"({"Filters": [{"Name": "group-id", "Values": [")" + id + R"("]}]})")
        .at("SecurityGroupRules")
        .as_array();
  }
  const std::string vpc = make_vpc();
  const std::string kWeb =
      R"("IpProtocol": "6", "FromPort": 80, "ToPort": 80, "IpRanges": [{"CidrIp": "10.1.2.3/8", "Description": "d"}])";
};

TEST_F(GroupTest, AGroupFromBirthToDeath) {
  const std::string id = make("web");
  EXPECT_TRUE(id.starts_with("sg-0")) << id;
  const std::string by_id = R"({"GroupIds": [")" + id + R"("]})";
  const Json seen = must("ec2", "DescribeSecurityGroups", by_id).at("SecurityGroups").at(0);
  EXPECT_EQ(text_at(seen, "GroupName"), "web");
  EXPECT_EQ(text_at(seen, "Description"), "words");
  EXPECT_EQ(text_at(seen, "VpcId"), vpc);
  ASSERT_EQ(rules(id).size(), 1u);
  EXPECT_EQ(rules(id).at(0).at("IsEgress"), Json(true));
  EXPECT_EQ(text_at(rules(id).at(0), "CidrIpv4"), "0.0.0.0/0");
  EXPECT_EQ(code("ec2", "DeleteVpc", of("VpcId", vpc)), "DependencyViolation");
  must("ec2", "DeleteSecurityGroup", of("GroupId", id));
  EXPECT_EQ(code("ec2", "DescribeSecurityGroups", by_id), "InvalidGroup.NotFound");
  EXPECT_EQ(code("ec2", "DeleteVpc", of("VpcId", vpc)), "ok");
}

TEST_F(GroupTest, ANameIsTakenInItsVpcAlone) {
  make("web");
  EXPECT_EQ(make_code("Web", vpc), "InvalidGroup.Duplicate");
  EXPECT_EQ(make_code("web", make_vpc()), "ok");
  EXPECT_EQ(make_code("sg-web", vpc), "InvalidParameterValue");
  EXPECT_EQ(make_code("other", "vpc-0123"), "InvalidVpcID.NotFound");
}

TEST_F(GroupTest, RulesComeAndGo) {
  const std::string id = make("web");
  const Json made = must("ec2", "AuthorizeSecurityGroupIngress", permission(id, kWeb));
  const std::string rule = text_at(made.at("SecurityGroupRules").at(0), "SecurityGroupRuleId");
  ASSERT_EQ(rules(id).size(), 2u);
  const Json seen = rules(id).at(1);
  EXPECT_EQ(text_at(seen, "SecurityGroupRuleId"), rule);
  EXPECT_EQ(text_at(seen, "IpProtocol"), "tcp");
  EXPECT_EQ(text_at(seen, "CidrIpv4"), "10.0.0.0/8");
  EXPECT_EQ(code("ec2", "AuthorizeSecurityGroupIngress", permission(id, kWeb)),
            "InvalidPermission.Duplicate");
  EXPECT_EQ(code("ec2", "AuthorizeSecurityGroupEgress", permission(id, kWeb)), "ok");
  const std::string anew =
      R"("IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "IpRanges": [{"CidrIp": "10.0.0.0/8", "Description": "e"}])";
  must("ec2", "UpdateSecurityGroupRuleDescriptionsIngress", permission(id, anew));
  EXPECT_EQ(text_at(rules(id).at(1), "Description"), "e");
  const std::string by_id = of("GroupId", id, R"(, "SecurityGroupRuleIds": [")" + rule + R"("])");
  EXPECT_EQ(code("ec2", "RevokeSecurityGroupEgress", by_id), "InvalidSecurityGroupRuleId.NotFound");
  must("ec2", "RevokeSecurityGroupIngress", by_id);
  EXPECT_EQ(code("ec2", "RevokeSecurityGroupIngress", by_id),
            "InvalidSecurityGroupRuleId.NotFound");
  EXPECT_EQ(code("ec2", "RevokeSecurityGroupIngress", permission(id, kWeb)),
            "InvalidPermission.NotFound");
  EXPECT_EQ(code("ec2", "UpdateSecurityGroupRuleDescriptionsIngress", permission(id, anew)),
            "InvalidPermission.NotFound");
}

TEST_F(GroupTest, RulesAreKeptAsEc2WritesThem) {
  const std::string id = make("web");
  must("ec2", "AuthorizeSecurityGroupIngress",
       permission(id, R"("IpProtocol": "-1", "FromPort": 1, "ToPort": 2,
                         "Ipv6Ranges": [{"CidrIpv6": "2001:DB8:0:0::1/33"}])"));
  const Json seen = rules(id).at(1);
  EXPECT_EQ(text_at(seen, "CidrIpv6"), "2001:db8::/33");
  EXPECT_EQ(seen.at("FromPort"), Json(-1));
  for (
      const char* wrong :
      {R"("IpProtocol": "tcp", "IpRanges": [{"CidrIp": "10.0.0.0/8"}])",
       R"("IpProtocol": "udp", "FromPort": 9, "ToPort": 8, "IpRanges": [{"CidrIp": "10.0.0.0/8"}])",
       R"("IpProtocol": "quic", "IpRanges": [{"CidrIp": "10.0.0.0/8"}])",
       R"("IpProtocol": "-1", "IpRanges": [{"CidrIp": "10.0.0.0"}])"}) {
    EXPECT_EQ(code("ec2", "AuthorizeSecurityGroupIngress", permission(id, wrong)),
              "InvalidParameterValue")
        << wrong;
  }
}

TEST_F(GroupTest, AGroupThatOthersNameStays) {
  const std::string id = make("web");
  const std::string other = make("other");
  const std::string from =
      R"("IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": ")" + id + R"("}])";
  must("ec2", "AuthorizeSecurityGroupIngress", permission(id, from));
  must("ec2", "AuthorizeSecurityGroupIngress", permission(other, from));
  EXPECT_EQ(code("ec2", "DeleteSecurityGroup", of("GroupId", id)), "DependencyViolation");
  must("ec2", "RevokeSecurityGroupIngress", permission(other, from));
  EXPECT_EQ(code("ec2", "DeleteSecurityGroup", of("GroupId", id)), "ok");
  EXPECT_EQ(code("ec2", "AuthorizeSecurityGroupIngress", permission(other, from)),
            "InvalidGroup.NotFound");
}

class RouteTest : public Ec2Test {
 protected:
  RouteTest() { fake.furnish(); }

  std::string make() {
    return text_at(must("ec2", "CreateRouteTable", of("VpcId", "vpc-0000000000000000f")),
                   "RouteTable.RouteTableId");
  }
  Json seen(const std::string& id) {
    return must("ec2", "DescribeRouteTables", R"({"RouteTableIds": [")" + id + R"("]})")
        .at("RouteTables")
        .at(0);
  }
  static std::string route(const std::string& table, const std::string& block,
                           const std::string& target = "") {
    return of("RouteTableId", table, R"(, "DestinationCidrBlock": ")" + block + "\"" + target);
  }
  static std::string both(const std::string& table, const std::string& subnet) {
    return of("RouteTableId", table, R"(, "SubnetId": ")" + subnet + "\"");
  }
  const std::string kGateway = R"(, "GatewayId": "igw-0000000000000000f")";
  const std::string kPeer = R"(, "VpcPeeringConnectionId": "pcx-1")";
  const std::string kSubnet = "subnet-000000000000000a1";
};

TEST_F(RouteTest, ATableFromBirthToDeath) {
  const std::string id = make();
  EXPECT_TRUE(id.starts_with("rtb-0")) << id;
  ASSERT_EQ(seen(id).at("Routes").as_array().size(), 1u);
  EXPECT_EQ(text_at(seen(id).at("Routes").at(0), "GatewayId"), "local");
  EXPECT_EQ(text_at(seen(id).at("Routes").at(0), "Origin"), "CreateRouteTable");
  EXPECT_TRUE(seen(id).at("Associations").as_array().empty());
  must("ec2", "DeleteRouteTable", of("RouteTableId", id));
  EXPECT_EQ(code("ec2", "DescribeRouteTables", R"({"RouteTableIds": [")" + id + R"("]})"),
            "InvalidRouteTableID.NotFound");
  EXPECT_EQ(code("ec2", "DeleteRouteTable", of("RouteTableId", id)),
            "InvalidRouteTableID.NotFound");
}

TEST_F(RouteTest, RoutesComeAndGo) {
  const std::string id = make();
  must("ec2", "CreateRoute", route(id, "0.0.0.0/0", kGateway));
  EXPECT_EQ(text_at(seen(id).at("Routes").at(1), "GatewayId"), "igw-0000000000000000f");
  EXPECT_EQ(text_at(seen(id).at("Routes").at(1), "State"), "active");
  EXPECT_EQ(code("ec2", "CreateRoute", route(id, "0.0.0.0/0", kPeer)), "RouteAlreadyExists");
  must("ec2", "ReplaceRoute", route(id, "0.0.0.0/0", kPeer));
  EXPECT_EQ(text_at(seen(id).at("Routes").at(1), "VpcPeeringConnectionId"), "pcx-1");
  EXPECT_EQ(find_path(seen(id).at("Routes").at(1), "GatewayId"), nullptr);
  must("ec2", "DeleteRoute", route(id, "0.0.0.0/0"));
  EXPECT_EQ(code("ec2", "DeleteRoute", route(id, "0.0.0.0/0")), "InvalidRoute.NotFound");
  EXPECT_EQ(code("ec2", "ReplaceRoute", route(id, "0.0.0.0/0", kPeer)), "InvalidParameterValue");
  EXPECT_EQ(code("ec2", "DeleteRoute", route(id, "10.201.0.0/16")), "InvalidParameterValue");
}

TEST_F(RouteTest, RoutesAreRefusedAsEc2DoesIt) {
  const std::string id = make();
  EXPECT_EQ(code("ec2", "CreateRoute", route(id, "0.0.0.0/0")), "MissingParameter");
  EXPECT_EQ(code("ec2", "CreateRoute", route(id, "0.0.0.0/0", kGateway + kPeer)),
            "InvalidParameterCombination");
  EXPECT_EQ(code("ec2", "CreateRoute", route(id, "0.0.0.0/0", R"(, "GatewayId": "igw-1")")),
            "InvalidGatewayID.NotFound");
  EXPECT_EQ(code("ec2", "CreateRoute", route(id, "0.0.0.0/0", R"(, "NatGatewayId": "nat-1")")),
            "InvalidNatGatewayID.NotFound");
  const std::string other =
      text_at(must("ec2", "CreateInternetGateway", "{}"), "InternetGateway.InternetGatewayId");
  EXPECT_EQ(
      code("ec2", "CreateRoute", route(id, "0.0.0.0/0", R"(, "GatewayId": ")" + other + "\"")),
      "InvalidParameterValue");
}

TEST_F(RouteTest, ARouteStaysWithoutItsGateway) {
  const std::string id = make();
  must("ec2", "CreateRoute", route(id, "0.0.0.0/0", kGateway));
  must("ec2", "DetachInternetGateway",
       of("InternetGatewayId", "igw-0000000000000000f", R"(, "VpcId": "vpc-0000000000000000f")"));
  EXPECT_EQ(text_at(seen(id).at("Routes").at(1), "State"), "blackhole");
}

TEST_F(RouteTest, ASubnetUsesOneTable) {
  const std::string id = make();
  const std::string other = make();
  const Json made = must("ec2", "AssociateRouteTable", both(id, kSubnet));
  EXPECT_EQ(text_at(made, "AssociationState.State"), "associating");
  pass(seconds(2));
  const Json one = seen(id).at("Associations").at(0);
  EXPECT_EQ(text_at(one, "SubnetId"), kSubnet);
  EXPECT_EQ(text_at(one, "AssociationState.State"), "associated");
  EXPECT_EQ(one.at("Main"), Json(false));
  EXPECT_EQ(code("ec2", "AssociateRouteTable", both(other, kSubnet)), "Resource.AlreadyAssociated");
  EXPECT_EQ(code("ec2", "DeleteRouteTable", of("RouteTableId", id)), "DependencyViolation");
  const std::string named = of("AssociationId", text_at(made, "AssociationId"));
  must("ec2", "DisassociateRouteTable", named);
  EXPECT_EQ(code("ec2", "DisassociateRouteTable", named), "InvalidAssociationID.NotFound");
  EXPECT_EQ(code("ec2", "AssociateRouteTable", both(other, kSubnet)), "ok");
  EXPECT_EQ(code("ec2", "DeleteRouteTable", of("RouteTableId", id)), "ok");
}

TEST_F(RouteTest, AnAssociationGoesWithItsSubnet) {
  const std::string id = make();
  must("ec2", "AssociateRouteTable", both(id, kSubnet));
  must("ec2", "DeleteSubnet", of("SubnetId", kSubnet));
  EXPECT_TRUE(seen(id).at("Associations").as_array().empty());
  EXPECT_EQ(code("ec2", "DeleteRouteTable", of("RouteTableId", id)), "ok");
}

class InstanceTest : public Ec2Test {
 protected:
  InstanceTest() {
    fake.furnish();
    pass(minutes(5));
  }

  // A launch, with more members behind it.
  static std::string launch(const std::string& more = "") {
    return R"({"MinCount": 1, "MaxCount": 1, "ImageId": "ami-1", "InstanceType": "t3.micro",
        "SubnetId": "subnet-0000000000000000f", "SecurityGroupIds": ["sg-000000000000000ff"])" +
           more + "}";
  }
  std::string make(const std::string& more = "") {
    return text_at(must("ec2", "RunInstances", launch(more)).at("Instances").at(0), "InstanceId");
  }
  static std::string ids(const std::string& id) { return R"({"InstanceIds": [")" + id + R"("]})"; }
  Json seen(const std::string& id) {
    return must("ec2", "DescribeInstances", ids(id)).at("Reservations").at(0).at("Instances").at(0);
  }
  std::string state(const std::string& id) { return text_at(seen(id), "State.Name"); }
  std::string modify(const std::string& id, const std::string& change) {
    return code("ec2", "ModifyInstanceAttribute", of("InstanceId", id, ", " + change));
  }
  const std::string kProfile = R"(, "IamInstanceProfile": {"Name": "runner"})";
};

TEST_F(InstanceTest, AnInstanceFromBirthToDeath) {
  const std::string id = make();
  EXPECT_TRUE(id.starts_with("i-0")) << id;
  EXPECT_EQ(state(id), "pending");
  EXPECT_EQ(code("ec2", "StopInstances", ids(id)), "IncorrectInstanceState");
  pass(seconds(30));
  EXPECT_EQ(state(id), "running");
  EXPECT_EQ(text_at(seen(id), "VpcId"), "vpc-0000000000000000f");
  EXPECT_EQ(text_at(seen(id).at("SecurityGroups").at(0), "GroupId"), "sg-000000000000000ff");
  EXPECT_EQ(text_at(seen(id), "Monitoring.State"), "disabled");
  must("ec2", "StopInstances", ids(id));
  EXPECT_EQ(state(id), "stopping");
  EXPECT_EQ(code("ec2", "StartInstances", ids(id)), "IncorrectInstanceState");
  pass(seconds(30));
  EXPECT_EQ(state(id), "stopped");
  must("ec2", "StartInstances", ids(id));
  EXPECT_EQ(state(id), "pending");
  must("ec2", "TerminateInstances", ids(id));
  EXPECT_EQ(state(id), "shutting-down");
  pass(seconds(30));
  EXPECT_EQ(state(id), "terminated");
  EXPECT_EQ(code("ec2", "StartInstances", ids(id)), "IncorrectInstanceState");
  EXPECT_EQ(code("ec2", "TerminateInstances", ids(id)), "ok");
  pass(minutes(61));
  EXPECT_EQ(code("ec2", "DescribeInstances", ids(id)), "InvalidInstanceID.NotFound");
}

TEST_F(InstanceTest, ATokenStandsForOneInstance) {
  const std::string token = R"(, "ClientToken": "once")";
  const std::string id = make(token);
  EXPECT_EQ(make(token), id);
  EXPECT_EQ(code("ec2", "RunInstances", launch(token + R"(, "KeyName": "other")")),
            "IdempotentParameterMismatch");
  must("ec2", "TerminateInstances", ids(id));
  EXPECT_EQ(make(token), id);
  EXPECT_NE(make(), id);
}

TEST_F(InstanceTest, SomeAttributesChangeOnlyWhileNothingRuns) {
  const std::string id = make();
  const std::string type = R"("InstanceType": {"Value": "t3.large"})";
  const std::string optimized = R"("EbsOptimized": {"Value": true})";
  pass(seconds(30));
  EXPECT_EQ(modify(id, type), "IncorrectInstanceState");
  EXPECT_EQ(modify(id, optimized), "IncorrectInstanceState");
  EXPECT_EQ(modify(id, R"("Groups": ["sg-000000000000000fe"])"), "ok");
  EXPECT_EQ(text_at(seen(id).at("SecurityGroups").at(0), "GroupId"), "sg-000000000000000fe");
  EXPECT_EQ(modify(id, R"("Groups": ["sg-0000000000000000e"])"), "InvalidGroup.NotFound");
  EXPECT_EQ(modify(id, type + ", " + optimized), "InvalidParameterCombination");
  must("ec2", "StopInstances", ids(id));
  EXPECT_EQ(modify(id, type), "IncorrectInstanceState");
  pass(seconds(30));
  EXPECT_EQ(modify(id, type), "ok");
  EXPECT_EQ(modify(id, optimized), "ok");
  EXPECT_EQ(text_at(seen(id), "InstanceType"), "t3.large");
  EXPECT_EQ(seen(id).at("EbsOptimized"), Json(true));
}

TEST_F(InstanceTest, AProtectedInstanceStays) {
  const std::string id = make(R"(, "DisableApiTermination": true)");
  EXPECT_EQ(code("ec2", "TerminateInstances", ids(id)), "OperationNotPermitted");
  const Json shown = must("ec2", "DescribeInstanceAttribute",
                          of("InstanceId", id, R"(, "Attribute": "disableApiTermination")"));
  EXPECT_EQ(*find_path(shown, "DisableApiTermination.Value"), Json(true));
  fake.make_way();
  EXPECT_EQ(code("ec2", "TerminateInstances", ids(id)), "ok");
}

TEST_F(InstanceTest, ItsSubnetAndItsGroupsStay) {
  const std::string id = make();
  const std::string group = of("GroupId", "sg-000000000000000ff");
  const std::string subnet = of("SubnetId", "subnet-0000000000000000f");
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(code("ec2", "DeleteSecurityGroup", group), "DependencyViolation");
    EXPECT_EQ(code("ec2", "DeleteSubnet", subnet), "DependencyViolation");
    must("ec2", "TerminateInstances", ids(id));
  }
  pass(seconds(30));
  EXPECT_EQ(code("ec2", "DeleteSecurityGroup", group), "ok");
  EXPECT_EQ(code("ec2", "DeleteSubnet", subnet), "ok");
}

TEST_F(InstanceTest, MonitoringTakesAMoment) {
  const std::string id = make();
  must("ec2", "MonitorInstances", ids(id));
  EXPECT_EQ(text_at(seen(id), "Monitoring.State"), "pending");
  pass(seconds(10));
  EXPECT_EQ(text_at(seen(id), "Monitoring.State"), "enabled");
  must("ec2", "UnmonitorInstances", ids(id));
  EXPECT_EQ(text_at(seen(id), "Monitoring.State"), "disabling");
}

TEST_F(InstanceTest, AnInstanceHasOneProfile) {
  const std::string id = make(kProfile);
  const auto association = [&] {
    return must("ec2", "DescribeIamInstanceProfileAssociations",
                R"({"Filters": [{"Name": "instance-id", "Values": [")" + id + R"("]}]})")
        .at("IamInstanceProfileAssociations")
        .as_array();
  };
  ASSERT_EQ(association().size(), 1u);
  EXPECT_EQ(text_at(association().at(0), "State"), "associating");
  EXPECT_EQ(text_at(seen(id), "IamInstanceProfile.Arn"),
            "arn:aws:iam::111111111111:instance-profile/runner");
  pass(seconds(30));
  EXPECT_EQ(text_at(association().at(0), "State"), "associated");
  const std::string other = R"(, "IamInstanceProfile": {"Name": "other"})";
  EXPECT_EQ(code("ec2", "AssociateIamInstanceProfile", of("InstanceId", id, other)),
            "IncorrectState");
  const auto by_id = [&] {
    return of("AssociationId", text_at(association().at(0), "AssociationId"), other);
  };
  must("ec2", "ReplaceIamInstanceProfileAssociation", by_id());
  must("ec2", "StopInstances", ids(id));
  pass(seconds(30));
  EXPECT_EQ(code("ec2", "ReplaceIamInstanceProfileAssociation", by_id()), "IncorrectState");
  must("ec2", "DisassociateIamInstanceProfile",
       of("AssociationId", text_at(association().at(0), "AssociationId")));
  EXPECT_TRUE(association().empty());
  EXPECT_EQ(code("ec2", "AssociateIamInstanceProfile", of("InstanceId", id, other)), "ok");
}

TEST_F(InstanceTest, InstancesAreRefusedAsEc2DoesIt) {
  const std::string profile = R"(, "IamInstanceProfile": {"Name": "nobody"})";
  EXPECT_EQ(code("ec2", "RunInstances", launch(profile)), "InvalidParameterValue");
  EXPECT_EQ(code("ec2", "RunInstances", launch(R"(, "UserData": "?")")), "InvalidParameterValue");
  EXPECT_EQ(
      code("ec2", "RunInstances",
           R"({"MinCount": 1, "MaxCount": 1, "ImageId": "ami-1", "InstanceType": "t3.micro"})"),
      "VPCIdNotSpecified");
  EXPECT_EQ(code("ec2", "RunInstances",
                 R"({"MinCount": 1, "MaxCount": 1, "ImageId": "ami-1", "InstanceType": "huge",
                     "SubnetId": "subnet-0000000000000000f"})"),
            "InvalidParameterValue");
}

class NoRoomTest : public FakeAwsTest {
 protected:
  NoRoomTest() : FakeAwsTest({.failed_operations = 1}) { fake.furnish(); }
};

// Some are refused, and others are made and end at once.
TEST_F(NoRoomTest, AnInstanceMayNotComeUp) {
  std::multiset<std::string> answers;
  for (int i = 0; i < 10; ++i) {
    answers.insert(code("ec2", "RunInstances", R"({"MinCount": 1, "MaxCount": 1, "ImageId": "ami-1",
        "InstanceType": "t3.micro", "SubnetId": "subnet-0000000000000000f",
        "ClientToken": ")" + std::to_string(i) + "\"}"));
  }
  EXPECT_GT(answers.count("InsufficientInstanceCapacity"), 0u);
  EXPECT_GT(answers.count("ok"), 0u);
  pass(minutes(1));
  for (const auto& one : fake.resources()) {
    EXPECT_FALSE(one.live);
    EXPECT_EQ(text_at(one.state, "State"), "terminated");
  }
}

class FreshProfileTest : public FakeAwsTest {
 protected:
  FreshProfileTest() : FakeAwsTest({.stale_access = 1}) { fake.furnish(); }
};

TEST_F(FreshProfileTest, IsNotKnownAtOnce) {
  const auto with = [this](const std::string& profile) {
    return code("ec2", "RunInstances",
                R"({"MinCount": 1, "MaxCount": 1, "ImageId": "ami-1",
        "InstanceType": "t3.micro", "SubnetId": "subnet-0000000000000000f",
        "ClientToken": ")" +
                    profile + R"(",
        "IamInstanceProfile": {"Name": ")" +
                    profile + "\"}}");
  };
  const std::multiset<std::string> early{with("runner"), with("other")};
  EXPECT_EQ(early.count("InvalidParameterValue"), 1u);  // of one, all have heard at once
  pass(minutes(2));
  EXPECT_EQ(with("runner"), "ok");
  EXPECT_EQ(with("other"), "ok");
}

}  // namespace
}  // namespace infra::sim
