#include "kube/store.h"

#include <algorithm>

namespace infra::sim {
namespace {

Json numbered(Json object, std::uint64_t number) {
  object.as_object()["metadata"].as_object()["resourceVersion"] = std::to_string(number);
  return object;
}

}  // namespace

const std::string& Version::text() const {
  if (text_.empty()) text_ = boost::json::serialize(object_);
  return text_;
}

void Store::add_kind(KindPointer kind) {
  collections_.push_back(std::make_unique<Collection>());
  collections_.back()->kind = std::move(kind);
}

Collection* Store::find(const std::string& group, const std::string& version,
                        const std::string& plural) {
  for (const auto& collection : collections_) {
    const Kind& kind = *collection->kind;
    if (kind.plural == plural && kind.group == group && kind.version == version) {
      return collection.get();
    }
  }
  return nullptr;
}

Collection* Store::find_kind(const std::string& name) {
  for (const auto& collection : collections_) {
    if (collection->kind->name == name) return collection.get();
  }
  return nullptr;
}

const Change& Store::put(Collection& collection, const std::string& key, Json object) {
  VersionPointer& place = collection.objects[key];
  Change change{.number = ++current_, .key = key, .before = place};
  change.after = std::make_shared<const Version>(current_, numbered(std::move(object), current_));
  place = change.after;
  return note(collection, std::move(change));
}

const Change& Store::erase(Collection& collection, const std::string& key) {
  const auto found = collection.objects.find(key);
  Change change{.number = ++current_, .key = key, .before = found->second};
  change.last =
      std::make_shared<const Version>(current_, numbered(found->second->object(), current_));
  collection.objects.erase(found);
  return note(collection, std::move(change));
}

const Change& Store::note(Collection& collection, Change change) {
  trim(collection);
  moments_.emplace_back(timeline_.now(), change.number);
  collection.changes.push_back(std::move(change));
  return collection.changes.back();
}

void Store::trim(Collection& collection) {
  auto& changes = collection.changes;
  while (!changes.empty() && changes.front().number <= compacted_) changes.pop_front();
}

std::uint64_t Store::current_at(Duration time) const {
  const auto after =
      std::ranges::upper_bound(moments_, time, {}, &decltype(moments_)::value_type::first);
  return after == moments_.begin() ? compacted_ : std::prev(after)->second;
}

void Store::compact_until(Duration time) {
  while (!moments_.empty() && moments_.front().first <= time) {
    compacted_ = moments_.front().second;
    moments_.pop_front();
  }
}

void Store::compact() { compact_until(timeline_.now()); }

Objects Store::view(Collection& collection, std::uint64_t number) {
  Objects out = collection.objects;
  const auto& changes = collection.changes;
  for (auto change = changes.rbegin(); change != changes.rend(); ++change) {
    if (change->number <= number) break;
    if (change->before == nullptr) {
      out.erase(change->key);
    } else {
      out[change->key] = change->before;
    }
  }
  return out;
}

}  // namespace infra::sim
