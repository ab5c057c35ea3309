#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <optional>
#include <string>
#include <unordered_map>

#include "base/wakeup.h"
#include "kube/client.h"

namespace infra::kube {

enum class EventType { kNormal, kWarning };

// What an event is about.
struct ObjectReference {
  std::string api_version;
  std::string kind;
  std::string ns;  // empty: cluster-scoped; its events go to the namespace "default"
  std::string name;
  std::string uid;
};

// Writes core/v1 Events. The same reason and message about the same object raise the count of one
// event instead of making more. record() never waits: it puts the event into a queue of 1,000, and
// what does not fit, or what the API server refuses, is dropped and counted.
class EventRecorder {
 public:
  struct Stats {
    std::uint64_t written = 0;
    std::uint64_t dropped = 0;
  };

  // `random` gives numbers in [0, 1), for names.
  EventRecorder(Client& client, Clock& clock, std::function<double()> random,
                std::string component = "infra-operator");

  void record(ObjectReference about, EventType type, std::string reason, std::string message);
  // Writes what is recorded, until cancelled.
  Task<void> run();
  const Stats& stats() const { return stats_; }
  std::size_t queued() const { return queue_.size(); }
  // Waits until run() has written what is recorded, but no longer than `limit`.
  Task<void> drain(Duration limit);

 private:
  struct Pending {
    std::string key;
    ObjectReference about;
    EventType type = EventType::kNormal;
    std::string reason;
    std::string message;
    WallTime first;
    WallTime last;
    int count = 1;
  };
  struct Known {
    std::string name;
    int count = 0;
    std::list<std::string>::iterator age;
  };

  Task<void> loop();
  Task<Result<void>> write(Pending event);
  Task<Result<void>> create(Pending event);
  void remember(const std::string& key, std::string name, int count);
  void forget(const std::string& key);

  Client& client_;
  Clock& clock_;
  std::function<double()> random_;
  std::string component_;
  std::deque<Pending> queue_;
  std::unordered_map<std::string, Known> known_;
  std::list<std::string> ages_;  // keys of known_, the oldest first
  Wakeup wakeup_;
  bool writing_ = false;
  Stats stats_;
};

}  // namespace infra::kube
