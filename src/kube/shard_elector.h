#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/task_scope.h"
#include "kube/leader_elector.h"

namespace infra::kube {

struct ShardSettings {
  // Those of one Lease; the name is the beginning of the names of all, and the identity is that of
  // this process.
  LeaseSettings lease;
  int shards = 2;
  std::string member;                  // the name of this replica, such as its pod's
  std::optional<ObjectReference> pod;  // which the Lease that tells of this replica goes with
};

// Divides shards among replicas (docs/design/019-shards.md): each shard is a Lease, and another
// Lease of each replica says that it is there. Replicas that see the same Leases come to the same
// division without a word to each other; until then the Leases keep two from having one shard.
class ShardElector {
 public:
  // What is told; but for `leave` none of them may wait.
  struct Handlers {
    // After each look at the Leases.
    std::function<void(const Result<void>&)> asked;
    std::function<void(int shard)> taken;
    // The shard is not ours any more, as holds() says already. What is returned ends when nothing
    // of it is under way, so that another replica may begin.
    std::function<Task<void>(int shard)> leave;
    // A shard is lost, or may be soon, in the middle of work: nothing may go on.
    std::function<void()> lost;
  };

  // Client and clock outlive it.
  ShardElector(Client& client, Clock& clock, std::function<double()> random,
               ShardSettings settings);

  // Runs in `scope` until that is stopped.
  void start(TaskScope& scope, Handlers handlers);
  // Gives all Leases back, once the scope has stopped.
  Task<void> release();

  // Whether work on it may begin.
  bool holds(int shard) const;
  // Whether every Lease of a shard that is worked on was renewed in time.
  bool in_time() const;

 private:
  enum class State { kFree, kStanding, kHeld, kLeaving };
  struct Shard {
    std::string lease;
    LeaderElector elector;
    State state = State::kFree;
  };

  LeaseSettings lease_of(const std::string& what) const;
  LeaderElector::Handlers handlers_of(int number);
  Task<void> share_out_forever();
  Task<Result<void>> look();
  void note(const Json& lease);
  // How many are to be ours, and where to begin looking for them.
  struct Share {
    int count = 0, first = 0;
  };
  Share fair_share() const;
  int mine() const;
  void share_out();
  void give_up_one();
  bool take_one(int first);
  Task<void> leave(int number, Task<void> work_ends);

  Client& client_;
  Clock& clock_;
  std::function<double()> random_;
  ShardSettings settings_;
  LeaderElector member_;
  std::vector<std::unique_ptr<Shard>> shards_;
  std::map<std::string, LeaseRecord> members_;  // by the names of their Leases
  Handlers handlers_;
  TaskScope* scope_ = nullptr;
};

// Which of so many shards something with this name belongs to: the same for all replicas, all
// versions of the program and all machines.
int shard_of(std::string_view name, int shards);

}  // namespace infra::kube
