#pragma once

#include <memory>
#include <string>

#include "core/timeline.h"
#include "kube/store.h"
#include "kube/writer.h"

namespace infra::sim {

// What a cluster does of itself: namespaces that are to go are emptied and removed, and events are
// forgotten after a while.
class Housekeeping {
 public:
  Housekeeping(Timeline& timeline, Store& store, Writer& writer)
      : timeline_(timeline),
        store_(store),
        writer_(writer),
        self_(std::make_shared<Housekeeping*>(this)) {}

  void note(Collection& collection, const Change& change);

 private:
  void note_event(Collection& collection, const Change& change);
  void look_after(const std::string& name);
  void empty(const std::string& name);
  bool empty_of(Collection& collection, const std::string& name);

  Timeline& timeline_;
  Store& store_;
  Writer& writer_;
  std::shared_ptr<Housekeeping*> self_;  // what waits in the timeline may outlive this
};

}  // namespace infra::sim
