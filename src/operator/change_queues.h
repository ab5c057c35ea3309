#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "base/task_scope.h"
#include "operator/change_queue.h"
#include "operator/named_resources.h"

namespace infra {

// The queues of all providers that name one, each read by a task of its own.
class ChangeQueues {
 public:
  // What is passed by reference outlives it. `random` yields [0, 1).
  ChangeQueues(Clock& clock, std::function<double()> random, const NamedResources& resources,
               telemetry::CounterFamily<1>& results, const telemetry::Logger& log);

  // Called with the queue key of an object that is to be looked at after so long.
  std::function<void(const std::string& key, Duration after)> on_change;
  // Called with a provider of which condition() says something else.
  std::function<void(const std::string& provider)> on_condition;

  // Reads this queue for the provider "namespace/name", unless it does already, and no other one;
  // without a URL, none.
  Task<void> follow(std::string provider, ChangeQueue::Source source);
  // Returns when nothing of it is under way any more.
  Task<void> leave(std::string provider);
  // Leaves all, for good.
  Task<void> stop();

  // None: no queue is read, or it is not known yet.
  std::optional<reconcile::Condition> condition(const std::string& provider) const;

 private:
  struct Reader {
    ChangeQueue queue;
    TaskScope scope;
  };

  bool note(const std::string& provider, const ChangeEvent& event);
  Duration due_in(const std::string& key);

  Clock& clock_;
  std::function<double()> random_;
  const NamedResources& resources_;
  telemetry::CounterFamily<1>& results_;
  const telemetry::Logger& log_;
  std::map<std::string, std::unique_ptr<Reader>> readers_;
  std::map<std::string, SteadyTime> looks_;  // the last ones that were asked for
  bool stopping_ = false;
};

}  // namespace infra
