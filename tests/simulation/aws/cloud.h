#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "aws/request.h"
#include "aws/view.h"

namespace infra::sim {

// What all services of the fake share: the things there are, who sees what of them when, and the
// ledger.
class Cloud {
 public:
  Cloud(Timeline& timeline, const Random& random, AwsBehaviour behaviour);

  Timeline& timeline;
  AwsBehaviour behaviour;
  Random ids;         // names that AWS invents
  Random operations;  // how long they take, how they end
  Random replicas;    // who answers a read
  Random pages;       // how lists are cut
  std::vector<FakeAws::Mutation> log;
  std::vector<std::unique_ptr<Thing>> things;  // in the order of their birth, the dead as well

  Duration now() const { return timeline.now(); }
  WallTime wall() const { return timeline.wall(); }
  int pick_replica() { return behaviour.monotonic ? 0 : int(replicas.between(0, kReplicas - 1)); }

  // `scope` is what the id is unique in: account and region, an account, or the world.
  Thing* truth(const std::string& kind, const std::string& scope, const std::string& id) const;
  // The thing of that id as a reader sees it.
  Thing* seen(const std::string& kind, const std::string& scope, const std::string& id, View view,
              int replica) const;
  // For a write: the truth, unless whoever answers has not heard of it yet.
  Thing* writable(const std::string& kind, const std::string& scope, const std::string& id,
                  int replica) const;
  // The latest of that id, dead or alive.
  Thing* latest(const std::string& kind, const std::string& scope, const std::string& id) const;

  Thing& add(const Request& request, const std::string& kind, const std::string& scope,
             const std::string& id);
  // Settings a thing is born with; they are seen with it.
  void give(Thing& thing, std::string_view part, Json value);
  // A change, which some see late.
  void set(Thing& thing, std::string_view part, Json value);
  void bury(Thing& thing);
  // At a moment to come, for all at once.
  static void bury(Thing& thing, Duration at) { thing.death = std::make_unique<Arrival>(at); }

  // As a reader sees them.
  const Json& details(const Thing& thing, std::string_view part, int replica) const;
  const JsonObject& tags(const Thing& thing, View view, int replica) const;

  enum class Change { kCreated, kChanged, kRemoved };
  void note(const AwsCall& call, const Thing& thing, Change change);

  // How long an operation takes that usually takes `usual`.
  Duration takes(Duration usual, Duration longest);
  bool fails() { return operations.chance(behaviour.failed_operations); }

 private:
  Arrival arrival(const std::string& kind, std::string_view part);

  Random views_;
  std::map<std::string, std::vector<Thing*>, std::less<>> index_;
};

std::string hex(Random& random, int digits);
std::string uuid(Random& random);
// "12345678" and capitals, as IAM makes ids.
std::string capitals(Random& random, int count);
std::string iso_time(WallTime time);
std::int64_t epoch(WallTime time);

}  // namespace infra::sim
