#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "aws/fake_aws.h"

namespace infra::sim {

// Whether AWS takes a request now. EC2 gives each operation of an account and region a bucket of
// tokens of its own: reads have 100, and 20 more each second; writes 50 and 5
// (https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html). Other services publish
// no such figures for the calls that are made here, and take everything.
class Throttle {
 public:
  // `now` never goes back.
  bool takes(const AwsCall& call, Duration now);

 private:
  struct Bucket {
    double tokens = 0;
    Duration filled{0};
  };

  std::map<std::string, Bucket> buckets_;  // by access key and operation
};

}  // namespace infra::sim
