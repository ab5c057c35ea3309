#pragma once

#include <boost/asio/io_context.hpp>
#include <memory>
#include <optional>
#include <sstream>
#include <string>

#include "kube/client.h"
#include "operator/operator.h"
#include "world/process_transport.h"

namespace infra::sim {

// What all processes of all worlds share: it is costly to make and never changes.
struct Program {
  std::shared_ptr<aws::Catalog> catalog;
  std::vector<definition::Definition> definitions;
  definition::Definition provider_definition;
  std::shared_ptr<const KubeSchemas> schemas;
};

// One run of the operator's program, from its start to its end or crash: the production code with
// this world's clock, network, random numbers and environment.
class Process {
 public:
  struct Plan {
    int number = 0;  // which pod
    int start = 0;   // the how many-th start of that pod
    ClockError clock;
    OperatorSettings settings;
  };

  Process(const Program& program, Timeline& timeline, Network& network, Random random, Plan plan);
  // As with kill -9: everything in memory is gone, and nothing is said to anybody.
  ~Process();

  // Runs one thing that is ready to run; false if all wait.
  bool step();
  // As on SIGTERM.
  void stop();

  bool ended() const { return end_.has_value(); }
  std::optional<Operator::End> end() const { return end_; }
  const Plan& plan() const { return plan_; }
  ProcessClock& clock() { return clock_; }
  std::uint64_t steps() const { return steps_; }
  // What it has logged since the last call.
  std::string take_log();
  std::string metrics();

 private:
  Plan plan_;
  ProcessClock clock_;
  Random random_;
  ProcessTransport transport_;
  std::ostringstream log_text_;
  telemetry::Logger log_;
  telemetry::Metrics metrics_;
  telemetry::Health health_;
  kube::Client kube_;
  std::unique_ptr<Operator> operator_;
  std::optional<Operator::End> end_;
  std::uint64_t steps_ = 0;
  // Last, so that it goes first: the frames in it use all of the above.
  boost::asio::io_context io_{1};
};

}  // namespace infra::sim
