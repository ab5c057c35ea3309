#include "reconcile/references.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "base/base64.h"
#include "base/text.h"
#include "planning/access.h"
#include "reconcile/pass.h"

namespace infra::reconcile {
namespace {

using definition::Definition;
using definition::Field;
using definition::Reference;
using definition::Type;

// Others wake us; this is for a notice that was lost, and for a chain that closes further on.
constexpr Duration kLookAgain{10'000};
constexpr std::size_t kMostNamed = 3;

// One reference as a spec holds it.
Target named_by(std::string_view kind, const Json& value, const std::string& own_namespace) {
  const std::string ns = text_at(value, "namespace");
  return {.kind = std::string(kind),
          .ns = ns.empty() ? own_namespace : ns,
          .name = text_at(value, "name")};
}

Selection selected_by(const Reference& reference, const Json& value, const std::string& ns) {
  Selection out{.kind = reference.kind, .ns = ns, .labels = {}};
  const Json* labels = find_path(value, "matchLabels");
  if (labels == nullptr || !labels->is_object()) return out;
  for (const auto& label : labels->get_object()) {
    if (label.value().is_string()) out.labels[label.key()] = label.value().get_string().c_str();
  }
  return out;
}

bool is_empty(const Json* value) {
  if (value == nullptr || value->is_null()) return true;
  if (value->is_string()) return value->get_string().empty();
  return value->is_array() && value->get_array().empty();
}

// Calls `visit(field, parent, path)` for every field whose value may come from elsewhere, wherever
// it lies.
template <class Visit>
void visit_references(const std::vector<Field>& fields, Json& parent, const std::string& path,
                      const Visit& visit) {
  if (!parent.is_object()) return;
  for (const Field& field : fields) {
    const bool from_elsewhere = field.reference || field.type == Type::kSecretKey;
    if (from_elsewhere) visit(field, parent.get_object(), path);
    Json* value = parent.get_object().if_contains(field.name);
    if (value == nullptr) continue;
    const std::string below = path + "." + field.name;
    if (field.type == Type::kObject) visit_references(field.fields, *value, below, visit);
    if (field.type != Type::kArray || !value->is_array()) continue;
    for (Json& item : value->get_array()) {
      visit_references(field.fields.front().fields, item, below, visit);
    }
  }
}

// The targets of one field: those it names; of a selector, those that it finds.
std::vector<Target> names_in(const Field& field, const JsonObject& parent, const std::string& ns) {
  std::vector<Target> out;
  const bool secret = field.type == Type::kSecretKey;
  const std::string_view kind = secret ? kSecretKind : field.reference->kind;
  const Json* value = parent.if_contains(secret ? field.name : field.reference->as);
  if (value == nullptr) return out;
  if (value->is_object()) out.push_back(named_by(kind, *value, ns));
  if (secret || !value->is_array()) return out;
  for (const Json& item : value->get_array()) out.push_back(named_by(kind, item, ns));
  return out;
}

std::optional<Selection> selection_in(const Field& field, const JsonObject& parent,
                                      const std::string& ns) {
  if (!field.reference) return std::nullopt;
  const Json* value = parent.if_contains(field.reference->selector());
  if (value == nullptr || !value->is_object()) return std::nullopt;
  return selected_by(*field.reference, *value, ns);
}

// Puts values where references stand; notes what it cannot fill in, and what each leads to.
class Resolver {
 public:
  Resolver(const Definition& definition, const Object& object, const Others& others,
           const Secrets& secrets = no_secrets())
      : others_(others),
        secrets_(secrets),
        self_(target_of(definition.kind, object.json())),
        value_is_enough_(object.deleting() || has_begun(definition, object)) {
    spec = object.spec();
    visit_references(definition.spec, spec, "spec",
                     [this](const Field& field, JsonObject& parent, const std::string& path) {
                       if (field.reference) fill(field, parent, path);
                       if (field.type == Type::kSecretKey) fill_secret(field, parent);
                     });
  }

  Json spec;
  std::optional<Waiting> waiting;
  std::vector<Target> unready;  // there, and to be waited for
  std::vector<Target> used;     // there, and not forbidden
  std::vector<std::string> hidden;

 private:
  static const Secrets& no_secrets() {
    static const Secrets none;
    return none;
  }

  void fill_secret(const Field& field, JsonObject& parent) {
    const Json* written = parent.if_contains(field.name);
    if (written == nullptr || !written->is_object()) return;
    auto value =
        secret_value(field, named_by(kSecretKind, *written, self_.ns), text_at(*written, "key"));
    parent.erase(field.name);
    if (!value) return;
    hidden.push_back(*value);
    parent[field.name] = std::move(*value);
  }

  std::optional<std::string> secret_value(const Field& field, const Target& target,
                                          const std::string& key) {
    const auto found = secrets_.find(target);
    const bool there = found != secrets_.end();
    if (target.ns != self_.ns && !(there && planning::lets_refer(found->second.json(), self_.ns))) {
      forbid(target);
      return std::nullopt;
    }
    if (!there) {
      wait("SecretNotFound",
           fmt::format("Waits for {} with the key {}, which does not exist", to_text(target), key));
      return std::nullopt;
    }
    return value_in(found->second, target, key, field.format == "byte");
  }

  // The texts name the key and never the value.
  std::optional<std::string> value_in(const Object& secret, const Target& target,
                                      const std::string& key, bool as_bytes) {
    const auto* value = entry_of(secret.json(), key);
    if (value == nullptr) {
      wait("SecretNotFound",
           fmt::format("Waits for the key {} of {}, which has no such key", key, to_text(target)));
      return std::nullopt;
    }
    const auto bytes = base64_decode(*value);
    const bool usable = bytes && !bytes->empty() && (as_bytes || is_utf8(*bytes));
    if (usable) return as_bytes ? std::string(*value) : *bytes;
    wait("SecretInvalid", fmt::format("Waits for the key {} of {} to hold {}", key, to_text(target),
                                      as_bytes ? "something" : "text"));
    return std::nullopt;
  }

  // One sentence whether it exists or not, so that nobody learns what other namespaces hold.
  void forbid(const Target& target) {
    wait("ReferenceForbidden",
         fmt::format("Waits for {}, which does not exist or does not let namespace {} refer to "
                     "it; name it there in the annotation {}",
                     to_text(target), self_.ns, group_key("allow-references-from")));
  }

  void fill(const Field& field, JsonObject& parent, const std::string& path) {
    if (is_empty(parent.if_contains(field.name))) put_values(field, parent, path);
    parent.erase(field.reference->as);
    parent.erase(field.reference->selector());
  }

  void put_values(const Field& field, JsonObject& parent, const std::string& path) {
    JsonArray values;
    for (const Target& target : targets(field, parent, path)) {
      auto value = value_of(target, field.reference->from);
      if (value) values.emplace_back(std::move(*value));
    }
    if (values.empty()) return;
    parent[field.name] = field.type == Type::kArray ? Json(std::move(values)) : values.front();
  }

  std::vector<Target> targets(const Field& field, const JsonObject& parent,
                              const std::string& path) {
    const auto selection = selection_in(field, parent, self_.ns);
    if (!selection) return names_in(field, parent, self_.ns);
    std::vector<Target> out;
    for (const Object& found : others_.select(*selection)) {
      out.push_back(target_of(selection->kind, found.json()));
    }
    std::ranges::sort(out);
    const std::string where = path + "." + field.reference->selector();
    if (out.empty()) {
      wait("ReferenceNotFound",
           fmt::format("Waits for a {} that {} finds, and there is none", selection->kind, where));
    }
    if (out.size() > 1 && field.type != Type::kArray) {
      wait("ReferenceAmbiguous",
           fmt::format("{} finds {} objects, {} and {} among them, and may find one only; give "
                       "more labels",
                       where, out.size(), to_text(out[0]), to_text(out[1])));
      out.clear();
    }
    return out;
  }

  std::optional<std::string> value_of(const Target& target, const std::string& from) {
    const auto found = others_.find(target);
    if (target.ns != self_.ns && !(found && planning::lets_refer(found->json(), self_.ns))) {
      forbid(target);
      return std::nullopt;
    }
    if (!found) {
      wait("ReferenceNotFound", fmt::format("Waits for {}, which does not exist", to_text(target)));
      return std::nullopt;
    }
    used.push_back(target);
    std::string value = text_at(found->status(), from);
    const auto problem = why_not(*found, value, from);
    if (!problem) return value;
    unready.push_back(target);
    wait("ReferenceNotReady", fmt::format("Waits for {}, which {}", to_text(target), *problem));
    return std::nullopt;
  }

  std::optional<std::string> why_not(const Object& found, const std::string& value,
                                     const std::string& from) const {
    if (!value_is_enough_ && found.deleting()) return "is being deleted";
    if (value.empty()) return "has no " + from + " yet";
    if (!value_is_enough_ && !is_ready(found.json())) return "is not ready";
    return std::nullopt;
  }

  void wait(std::string reason, std::string message) {
    if (waiting) return;
    waiting =
        Waiting{.reason = std::move(reason), .message = std::move(message), .after = kLookAgain};
  }

  const Others& others_;
  const Secrets& secrets_;
  Target self_;
  bool value_is_enough_;
};

// What an object waits for, and what it uses: empty where it is not there.
std::vector<Target> waited_for(const Target& target, const Others& others) {
  const Definition* kind = others.kind(target.kind);
  const auto object = others.find(target);
  if (kind == nullptr || !object) return {};
  return Resolver(*kind, *object, others).unready;
}

std::vector<Target> used_by(const Target& target, const Others& others) {
  const Definition* kind = others.kind(target.kind);
  const auto object = others.find(target);
  if (kind == nullptr || !object) return {};
  return Resolver(*kind, *object, others).used;
}

bool is_on_its_way_out(const Target& target, const Others& others) {
  const auto object = others.find(target);
  return object && object->deleting();
}

// The way from the last of `chain` to `end`, along `next`; the chain is empty if there is none.
template <class Next>
std::vector<Target> way_to(std::vector<Target> chain, const Target& end, std::set<Target>& seen,
                           const Next& next) {
  for (const Target& target : next(chain.back())) {
    std::vector<Target> longer = chain;
    longer.push_back(target);
    if (target == end) return longer;
    if (!seen.insert(target).second) continue;
    longer = way_to(std::move(longer), end, seen, next);
    if (!longer.empty()) return longer;
  }
  return {};
}

std::optional<Waiting> cycle_of(const Target& self, const Others& others) {
  std::set<Target> seen;
  const auto next = [&others](const Target& target) { return waited_for(target, others); };
  const auto chain = way_to({self}, self, seen, next);
  if (chain.empty()) return std::nullopt;
  std::string text = to_text(self);
  for (std::size_t i = 1; i < chain.size(); ++i) text += " waits for " + to_text(chain[i]);
  return Waiting{.reason = "ReferenceCycle",
                 .message = text + "; give one of them a literal value",
                 .after = kLookAgain};
}

bool uses(const Target& user, const Target& target, const Others& others) {
  if (user == target) return false;
  const auto used = used_by(user, others);
  return std::ranges::find(used, target) != used.end();
}

// The user is to go as well and waits in turn, over however many, for this one.
bool waits_in_turn(const Target& user, const Target& self, const Others& others) {
  if (!is_on_its_way_out(user, others)) return false;
  std::set<Target> seen;
  const auto next = [&others](const Target& one) {
    return is_on_its_way_out(one, others) ? used_by(one, others) : std::vector<Target>{};
  };
  return !way_to({self}, user, seen, next).empty();
}

}  // namespace

Target target_of(const std::string& kind, const Json& object) {
  return {.kind = kind,
          .ns = text_at(object, "metadata.namespace"),
          .name = text_at(object, "metadata.name")};
}

// Keys may hold dots, so they are no paths.
const boost::json::string* entry_of(const Json& secret, const std::string& key) {
  const Json* data = find_path(secret, "data");
  const Json* value =
      data == nullptr || !data->is_object() ? nullptr : data->get_object().if_contains(key);
  return value == nullptr ? nullptr : value->if_string();
}

std::string to_text(const Target& target) {
  return fmt::format("{} {}/{}", target.kind, target.ns, target.name);
}

bool selects(const Selection& selection, const Json& object) {
  // Keys of labels hold dots, so they are no paths.
  const Json* labels = find_path(object, "metadata.labels");
  return std::ranges::all_of(selection.labels, [labels](const auto& wanted) {
    const Json* value = labels == nullptr || !labels->is_object()
                            ? nullptr
                            : labels->get_object().if_contains(wanted.first);
    return value != nullptr && *value == Json(wanted.second);
  });
}

Asked asked_by(const Definition& definition, const Object& object) {
  Asked out;
  Json spec = object.spec();
  const std::string ns = object.namespace_name();
  visit_references(definition.spec, spec, "spec",
                   [&out, &ns](const Field& field, JsonObject& parent, const std::string&) {
                     for (auto& one : names_in(field, parent, ns)) {
                       out.named.push_back(std::move(one));
                     }
                     if (auto selection = selection_in(field, parent, ns)) {
                       out.selected.push_back(std::move(*selection));
                     }
                   });
  return out;
}

std::vector<SecretKey> to_generate(const Definition& definition, const Object& object,
                                   const Secrets& secrets) {
  std::vector<SecretKey> out;
  const bool left_alone = object.deleting() || object.annotation("paused") == "true" ||
                          object.annotation("policy") == "observe";
  if (left_alone) return out;
  Json spec = object.spec();
  const auto visit = [&](const Field& field, JsonObject& parent, const std::string&) {
    const Json* written = parent.if_contains(field.name);
    const Json* wanted = field.type == Type::kSecretKey && written != nullptr
                             ? find_path(*written, "generate")
                             : nullptr;
    if (wanted == nullptr || *wanted != Json(true)) return;
    Target secret = named_by(kSecretKind, *written, object.namespace_name());
    if (secret.ns != object.namespace_name()) return;
    std::string key = text_at(*written, "key");
    const auto found = secrets.find(secret);
    const bool there = found != secrets.end() && entry_of(found->second.json(), key) != nullptr;
    if (!there) out.push_back({.secret = std::move(secret), .key = std::move(key)});
  };
  visit_references(definition.spec, spec, "spec", visit);
  return out;
}

Resolved resolve(const Definition& definition, const Object& object, const Others& others,
                 const Secrets& secrets) {
  Resolver done(definition, object, others, secrets);
  Resolved out{.spec = std::move(done.spec),
               .waiting = std::move(done.waiting),
               .hidden = std::move(done.hidden)};
  if (object.deleting()) out.waiting.reset();
  if (!out.waiting || out.waiting->reason != "ReferenceNotReady") return out;
  if (auto cycle = cycle_of(target_of(definition.kind, object.json()), others)) {
    out.waiting = std::move(cycle);
  }
  return out;
}

std::optional<Waiting> in_use(const Definition& definition, const Object& object,
                              const std::vector<Target>& users, const Others& others) {
  if (leaves_its_resource(definition, object) || !has_begun(definition, object))
    return std::nullopt;
  const Target self = target_of(definition.kind, object.json());
  std::vector<std::string> names;
  for (const Target& user : users) {
    if (!uses(user, self, others) || waits_in_turn(user, self, others)) continue;
    names.push_back(to_text(user));
  }
  if (names.empty()) return std::nullopt;
  return Waiting{
      .reason = "InUse",
      .message = "Goes when what refers to it has gone: " + listed(std::move(names), kMostNamed),
      .after = kLookAgain};
}

}  // namespace infra::reconcile
