#pragma once

#include <optional>
#include <string>
#include <vector>

#include "world/world.h"

namespace infra::sim {

// A custom resource that a user makes.
struct ObjectPlan {
  std::string kind;
  std::string ns;
  std::string name;
  Duration at{0};
  Json spec;
};

// Something that happens during the chaos. What it is about depends on the word:
//   patch OBJECT VALUE         a user changes the spec (merge patch)
//   delete OBJECT              a user deletes it
//   recreate OBJECT            a user makes it again, if it has gone, with the spec of its plan
//   annotate OBJECT VALUE      annotations of our group, null to remove one
//   rival OBJECT               another controller writes a label of its own, five times in a row
//   wipe-status OBJECT         a tool that restores backups writes objects back without status
//   hold OBJECT LENGTH         another controller sets a finalizer of its own for a while
//   strip OBJECT LENGTH        a user takes its finalizers away, deletes it, and makes it again
//   new-value OBJECT           what its spec takes from a Secret changes there
//   lose-value OBJECT LENGTH   that Secret lacks its key for a while
//   lose-secret OBJECT LENGTH  and that it is gone
//   squat OBJECT               somebody makes a resource of the name in its spec
// With the text "at-create" these wait for the moment at which the operator has saved its intent.
//   kube-gone POD LENGTH       the pod cannot reach the API server
//   aws-gone POD LENGTH        the pod cannot reach AWS
//   denied POD LENGTH TEXT     the pod's keys may nothing of a service ("*": at all)
//   throttled POD LENGTH TEXT  the account's calls to a service are refused as too many
//   crash POD, restart POD, pause POD LENGTH, set-clock POD LENGTH
//   compact                    the API server forgets its history
//   cut-watches                it ends all watches
//   tamper TEXT                somebody changes something in AWS ("delete": or deletes it)
//   occupy LENGTH              somebody puts something into a resource, so that AWS keeps it
//   break-secret LENGTH        the Secret of the provider lacks one of its keys for a while
//   rotate                     new keys: the Secret is changed, the old keys end a while later
struct Operation {
  Duration at{0};
  std::string what;
  int object = -1;
  int pod = 0;
  Duration length{0};
  std::string text;
  Json value;
};

// Everything about one run. The seed decides the delays and draws within it; the rest is written
// out, so that a scenario can be made smaller by hand or by shrink().
struct Scenario {
  std::uint64_t seed = 0;
  Duration chaos{600'000};
  Duration check_interval{60'000};
  int workers = 10;
  bool leader_elect = false;
  int shards = 1;        // that pods divide the work into
  int other_shards = 1;  // and every second pod, as in the middle of a rollout
  Duration latency{20};
  Duration longest_restart{10'000};
  AwsBehaviour aws;
  KubeBehaviour kube;
  std::map<Fault, double> fault_rates;
  std::optional<std::map<std::string, Fault>> only_faults;
  std::vector<ClockError> pods{ClockError{}};
  std::vector<std::string> squatted;  // "SQSQueue/name": exists before, and is somebody else's
  bool broken_provider = false;       // a second provider whose keys AWS never accepts
  bool assume_role = false;           // the keys of the provider are those of a role, for an hour
  Duration provider_at{0};            // when the provider is made
  std::vector<ObjectPlan> objects;
  std::vector<Operation> operations;
};

Json to_json(const Scenario& scenario);
Result<Scenario> scenario_from_json(const Json& json);

// The namespace whose objects use the provider that never works.
inline constexpr std::string_view kBrokenNamespace = "broken";
// And that whose objects name a provider which does not serve them.
inline constexpr std::string_view kUnservedNamespace = "unserved";

}  // namespace infra::sim
