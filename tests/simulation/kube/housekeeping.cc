#include "kube/housekeeping.h"

#include "kube/metadata.h"

namespace infra::sim {
namespace {

// The namespace controller comes by so long after a change.
constexpr Duration kControllerPause{1000};
constexpr Duration kEventLife{3'600'000};  // since its last change

const Author& controller() {
  static const Author author{.who = "namespace-controller", .verb = "delete", .subresource = ""};
  return author;
}

}  // namespace

void Housekeeping::note(Collection& collection, const Change& change) {
  if (change.after == nullptr && collection.kind->namespaced) {
    // It may have been the last thing in a namespace that is to go.
    look_after(text_at(change.before->object(), "metadata.namespace"));
  } else if (collection.kind->name == "Namespace") {
    look_after(change.key);
  } else if (collection.kind->name == "Event") {
    note_event(collection, change);
  }
}

void Housekeeping::note_event(Collection& collection, const Change& change) {
  timeline_.after(kEventLife, [self = std::weak_ptr(self_), &collection, key = change.key,
                               number = change.number] {
    const auto alive = self.lock();
    if (!alive) return;
    const auto found = collection.objects.find(key);
    if (found == collection.objects.end() || found->second->number() != number) return;
    (**alive).writer_.erase(collection, key,
                            {.who = "kube-apiserver", .verb = "expire", .subresource = ""});
  });
}

void Housekeeping::look_after(const std::string& name) {
  const auto& namespaces = store_.find_kind("Namespace")->objects;
  const auto found = namespaces.find(name);
  if (found == namespaces.end() || !is_deleting(found->second->object())) return;
  timeline_.after(kControllerPause, [self = std::weak_ptr(self_), name] {
    if (const auto alive = self.lock()) (**alive).empty(name);
  });
}

void Housekeeping::empty(const std::string& name) {
  Collection& namespaces = *store_.find_kind("Namespace");
  const auto found = namespaces.objects.find(name);
  if (found == namespaces.objects.end() || !is_deleting(found->second->object())) return;
  bool all_gone = true;
  for (const auto& collection : store_.collections()) all_gone &= empty_of(*collection, name);
  if (all_gone) writer_.erase(namespaces, name, controller());
}

// Whether nothing is left; what has finalizers stays for now.
bool Housekeeping::empty_of(Collection& collection, const std::string& name) {
  const std::string prefix = name + "/";
  std::vector<std::string> names;
  for (auto at = collection.objects.lower_bound(prefix);
       at != collection.objects.end() && at->first.starts_with(prefix); ++at) {
    names.push_back(at->first.substr(prefix.size()));
  }
  for (const auto& object : names) {
    // What somebody else has deleted meanwhile is as good.
    (void)writer_.remove(collection, name, object, {}, controller());
  }
  const auto left = collection.objects.lower_bound(prefix);
  return left == collection.objects.end() || !left->first.starts_with(prefix);
}

}  // namespace infra::sim
