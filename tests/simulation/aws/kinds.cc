#include "aws/kinds.h"

#include "aws/services.h"

namespace infra::sim {

std::span<const KindOfThing> kinds_of_things() {
  static constexpr KindOfThing kAll[] = {
      {"VPC", vpc_state},
      {"Subnet", subnet_state},
      {"ElasticIP", address_state},
      {"InternetGateway", internet_gateway_state},
      {"NATGateway", nat_gateway_state},
      {"SecurityGroup", security_group_state},
      {"RouteTable", route_table_state},
      {"EC2Instance", instance_state},
      {"IAMRole", role_state},
      {"SQSQueue", queue_state},
      {"KMSKey", key_state},
      {"LambdaFunction", function_state},
      {"S3Bucket", bucket_state},
      {"ECRRepository", repository_state},
      {"DynamoDBTable", table_state},
      {"SNSTopic", topic_state},
      {"SecretsManagerSecret", secret_state},
      {"RDSInstance", database_state},
      {"ElastiCacheCluster", cache_state},
  };
  return kAll;
}

}  // namespace infra::sim
