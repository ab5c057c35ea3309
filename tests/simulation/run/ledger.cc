#include "run/ledger.h"

namespace infra::sim {

bool is_actor(const FakeAws::Mutation& mutation) { return mutation.call.operation == "(actor)"; }

const Ledger::Entry* Ledger::find(const Key& key) const {
  const auto found = entries_.find(key);
  return found == entries_.end() ? nullptr : &found->second;
}

const Ledger::Entry* Ledger::note(const FakeAws::Mutation& mutation) {
  Entry& entry = entries_[Key{mutation.kind, mutation.account, mutation.id}];
  if (mutation.created) {
    entry = Entry{.owner = mutation.owner, .by_actor = is_actor(mutation)};
  } else if (entry.owner.empty() && !entry.by_actor) {
    // Kinds that are tagged by a call after their creation.
    entry.owner = mutation.owner;
  }
  if (mutation.removed) {
    entry.live = false;
    entry.removed = mutation.at;
    entry.removed_by_actor = is_actor(mutation);
  }
  return &entry;
}

std::vector<Ledger::Key> Ledger::live_of(const std::string& owner) const {
  std::vector<Key> out;
  for (const auto& [key, entry] : entries_) {
    if (entry.live && entry.owner == owner) out.push_back(key);
  }
  return out;
}

bool Ledger::had_since(const std::string& owner, Duration moment) const {
  for (const auto& [key, entry] : entries_) {
    if (entry.owner == owner && (entry.live || entry.removed >= moment)) return true;
  }
  return false;
}

bool Ledger::taken(const std::string& kind, const std::string& name, const std::string& owner,
                   bool by_actor) const {
  for (const auto& [key, entry] : entries_) {
    const std::string& id = std::get<2>(key);
    const bool named = id == name || id.ends_with("/" + name) || id.ends_with(":" + name);
    const bool other = entry.live && entry.owner != owner && (entry.by_actor || !by_actor);
    if (std::get<0>(key) == kind && named && other) return true;
  }
  return false;
}

std::string Ledger::owner_of(const std::string& id) const {
  std::string owner;
  for (const auto& [key, entry] : entries_) {
    if (std::get<2>(key) != id || !entry.live) continue;
    if (!owner.empty()) return {};
    owner = entry.owner;
  }
  return owner;
}

bool Ledger::removed_by_actor(const std::string& owner) const {
  for (const auto& [key, entry] : entries_) {
    if (entry.owner == owner && entry.removed_by_actor) return true;
  }
  return false;
}

}  // namespace infra::sim
