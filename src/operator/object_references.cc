#include "operator/object_references.h"

#include <algorithm>

#include "operator/news.h"
#include "planning/access.h"

namespace infra {

using definition::Definition;
using definition::Field;
using reconcile::Asked;
using reconcile::Object;
using reconcile::Selection;
using reconcile::Target;

namespace {

const WatchedKind* named(const std::list<WatchedKind>& kinds, const std::string& name) {
  const auto found = std::ranges::find(kinds, name, &WatchedKind::name);
  return found == kinds.end() ? nullptr : &*found;
}

void add_taken(const std::vector<Field>& fields,
               std::map<std::string, std::set<std::string>>& taken) {
  for (const Field& field : fields) {
    if (field.reference) taken[field.reference->kind].insert(field.reference->from);
    add_taken(field.fields, taken);
  }
}

}  // namespace

const Definition* ObjectReferences::kind(const std::string& name) const {
  const WatchedKind* found = named(kinds_, name);
  return found == nullptr ? nullptr : &found->definition();
}

std::optional<Object> ObjectReferences::find(const Target& target) const {
  const WatchedKind* kind = named(kinds_, target.kind);
  if (kind == nullptr) return std::nullopt;
  auto json = kind->get(target.ns + "/" + target.name);
  if (!json) return std::nullopt;
  return Object(std::move(*json));
}

std::vector<Object> ObjectReferences::select(const Selection& selection) const {
  std::vector<Object> out;
  const WatchedKind* kind = named(kinds_, selection.kind);
  if (kind == nullptr) return out;
  for (Json& object : kind->list(selection.ns)) {
    if (selects(selection, object)) out.emplace_back(std::move(object));
  }
  return out;
}

void ObjectReferences::learn(const Definition& definition) { add_taken(definition.spec, taken_); }

void ObjectReferences::note(const WatchedKind& kind, const Json& before, const Json& after) {
  const Target self = reconcile::target_of(kind.name(), after.is_null() ? before : after);
  if (is_news(before, after)) {
    const Asked asked_before = users_.asked_by(self);
    users_.set(self, after.is_null() ? Asked{} : asked_by(kind.definition(), Object(after)));
    wake_leaving(asked_before);
  }
  wake_users(self, before, after);
}

void ObjectReferences::note_secret(const Target& secret) const {
  if (!on_wake) return;
  for (const Target& user : users_.of(secret, Json())) on_wake(user);
}

void ObjectReferences::follow(const Target& user, Asked asked) {
  users_.set(user, std::move(asked));
}

// What is to go may have waited for whoever has let go of it.
void ObjectReferences::wake_leaving(const Asked& asked) const {
  if (!on_wake) return;
  const auto wake = [this](const Target& target) {
    const auto object = find(target);
    if (object && object->deleting()) on_wake(target);
  };
  for (const Target& target : asked.named) wake(target);
  for (const Selection& selection : asked.selected) {
    for (const Object& object : select(selection)) {
      if (object.deleting()) on_wake(reconcile::target_of(selection.kind, object.json()));
    }
  }
}

// A value that has changed concerns every user; whether the object is ready only those that have
// waited for it.
void ObjectReferences::wake_users(const Target& changed, const Json& before,
                                  const Json& after) const {
  if (!on_wake || !taken_.contains(changed.kind)) return;
  const bool same_value = tells_the_same(changed.kind, before, after);
  if (same_value && reconcile::is_ready(before) == reconcile::is_ready(after)) return;
  auto users = users_.of(changed, before);
  users.merge(users_.of(changed, after));
  for (const Target& user : users) {
    if (!same_value || !is_ready(user)) on_wake(user);
  }
}

bool ObjectReferences::is_ready(const Target& target) const {
  const auto object = find(target);
  return object && reconcile::is_ready(object->json());
}

// Nothing has changed that counts for those that refer to it, but for whether it is ready.
bool ObjectReferences::tells_the_same(const std::string& kind, const Json& before,
                                      const Json& after) const {
  if (before.is_null() || after.is_null()) return before.is_null() && after.is_null();
  const auto same_field = [&](const std::string& field) {
    return text_at(before, "status." + field) == text_at(after, "status." + field);
  };
  constexpr auto kLetsIn = "allow-references-from";
  return std::ranges::all_of(taken_.at(kind), same_field) &&
         same_at(before, after, "metadata.deletionTimestamp") &&
         same_at(before, after, "metadata.labels") &&
         planning::annotation_of(before, kLetsIn) == planning::annotation_of(after, kLetsIn);
}

std::vector<Target> ObjectReferences::users_of(const std::string& kind,
                                               const Object& object) const {
  const auto users = users_.of(reconcile::target_of(kind, object.json()), object.json());
  return {users.begin(), users.end()};
}

}  // namespace infra
