#pragma once

#include <map>
#include <string>
#include <string_view>

#include "aws/fake_aws.h"
#include "base/error.h"
#include "core/faults.h"
#include "core/random.h"
#include "net/http_server.h"

namespace infra::sim {

// Faults of a server of the fake AWS, which come and go while it runs: throttled, server-error,
// error-after, slow, and two that close the connection without an answer, refused and lost-answer.
class ServerFaults {
 public:
  // A JSON object of names and shares, which takes the place of the one before.
  Result<void> set(std::string_view shares);
  // What happens to this request.
  Fault draw(const AwsCall& call);
  // By how much this answer is late.
  Duration delay(Fault fault);
  // How often each has happened, by its name.
  const std::map<std::string, std::int64_t>& counts() const { return counts_; }

 private:
  FaultPlan plan_{1, {}};
  Random random_{1, "delays"};
  std::int64_t requests_ = 0;
  std::map<std::string, std::int64_t> counts_;
};

// What comes of a request to which that happens.
net::HttpResponse serve_with(Fault fault, FakeAws& aws, const net::HttpRequest& request);

}  // namespace infra::sim
