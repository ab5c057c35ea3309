#include "aws/throttle.h"

#include <algorithm>

namespace infra::sim {
namespace {

struct Shape {
  double size, a_second;
};

constexpr Shape kReads{100, 20};
constexpr Shape kWrites{50, 5};

}  // namespace

bool Throttle::takes(const AwsCall& call, Duration now) {
  if (call.service != "ec2") return true;
  const Shape shape = call.writes ? kWrites : kReads;
  const auto [found, fresh] =
      buckets_.try_emplace(call.access_key + "/" + call.operation, Bucket{shape.size, now});
  Bucket& bucket = found->second;
  const double seconds = std::chrono::duration<double>(now - bucket.filled).count();
  bucket.tokens = std::min(shape.size, bucket.tokens + seconds * shape.a_second);
  bucket.filled = now;
  if (bucket.tokens < 1) return false;
  bucket.tokens -= 1;
  return true;
}

}  // namespace infra::sim
