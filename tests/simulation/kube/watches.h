#pragma once

#include <map>
#include <memory>
#include <optional>

#include "core/random.h"
#include "kube/answers.h"
#include "kube/fake_kube.h"
#include "kube/request.h"
#include "kube/selectors.h"
#include "kube/store.h"

namespace infra::sim {

// The open watches. Whatever they are told comes from events of the timeline, in order, and never
// from within the call that brought it about.
class Watches {
 public:
  Watches(Timeline& timeline, Random random, Store& store);
  ~Watches();

  KubeBehaviour behaviour;

  Answer<FakeKube::WatchId> begin(const KubeRequest& request, Collection& collection,
                                  FakeKube::Watcher watcher);
  void end(FakeKube::WatchId id);  // without a word
  void end_all();                  // each is told
  void tell(const Collection& collection, const Change& change);

 private:
  struct Watch;
  struct Line;
  using WatchPointer = std::shared_ptr<Watch>;

  std::optional<Line> line_of(const Watch& watch, const Change& change) const;
  void tell_state(Watch& watch, std::uint64_t number);
  void tell_changes_after(Watch& watch, std::uint64_t number);
  void tell_too_old(Watch& watch, std::uint64_t number);
  void send(Watch& watch, Line line);
  void at(Watch& watch, Duration when, void (Watches::*action)(Watch&));
  void deliver(Watch& watch);
  void finish(Watch& watch);
  void tell_bookmark(Watch& watch);
  void bookmark(Watch& watch);
  void schedule_end(Watch& watch, const KubeRequest& request);

  Timeline& timeline_;
  Random random_;
  Store& store_;
  std::map<FakeKube::WatchId, WatchPointer> watches_;
  FakeKube::WatchId last_id_ = 0;
  std::shared_ptr<Watches*> self_;  // what waits in the timeline may outlive this
};

}  // namespace infra::sim
