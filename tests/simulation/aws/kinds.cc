#include "aws/kinds.h"

#include <array>

#include "aws/services.h"

namespace infra::sim {

std::span<const KindOfThing> kinds_of_things() {
  static constexpr std::array kAll{
      KindOfThing{"VPC", vpc_state},        KindOfThing{"Subnet", subnet_state},
      KindOfThing{"IAMRole", role_state},   KindOfThing{"SQSQueue", queue_state},
      KindOfThing{"KMSKey", key_state},     KindOfThing{"LambdaFunction", function_state},
      KindOfThing{"S3Bucket", bucket_state}};
  return kAll;
}

}  // namespace infra::sim
