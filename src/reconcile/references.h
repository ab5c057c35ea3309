#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "definition/definition.h"
#include "reconcile/object.h"
#include "reconcile/outcome.h"

namespace infra::reconcile {

// One object of ours, as a reference names it.
struct Target {
  std::string kind, ns, name;
  auto operator<=>(const Target&) const = default;
};
std::string to_text(const Target& target);  // "VPC default/network"
Target target_of(const std::string& kind, const Json& object);

// The objects of a kind in a namespace that carry all of these labels.
struct Selection {
  std::string kind, ns;
  std::map<std::string, std::string> labels;
};
bool selects(const Selection& selection, const Json& object);

// The other objects of the cluster, as the caches have them.
class Others {
 public:
  virtual ~Others() = default;
  virtual const definition::Definition* kind(const std::string& name) const = 0;
  virtual std::optional<Object> find(const Target& target) const = 0;
  virtual std::vector<Object> select(const Selection& selection) const = 0;
};

// What a Secret is called as a target: a spec may take a value from one of its keys.
inline constexpr std::string_view kSecretKind = "Secret";
// Secrets that were read, by the whole of them.
using Secrets = std::map<Target, Object>;
// What a Secret holds under a key, in base64; nullptr if it has no such key.
const boost::json::string* entry_of(const Json& secret, const std::string& key);

// What a spec asks for, whatever is there.
struct Asked {
  std::vector<Target> named;  // Secrets too
  std::vector<Selection> selected;
};
Asked asked_by(const definition::Definition& definition, const Object& object);

// A key of a Secret.
struct SecretKey {
  Target secret;
  std::string key;
};
// The keys that a spec wants made where they are not there (`generate`), and that are not. Only in
// the object's own namespace, and only for an object that is looked after.
std::vector<SecretKey> to_generate(const definition::Definition& definition, const Object& object,
                                   const Secrets& secrets);

// A spec with the values in their fields that its references and keys of Secrets lead to, and
// without the references.
struct Resolved {
  Json spec;
  std::optional<Waiting> waiting;   // the first that could not be filled in
  std::vector<std::string> hidden;  // values of Secrets: never to be shown
};
// An object that has begun with its resource, or is on its way out, needs a value only; another one
// waits for what it refers to until that is ready.
Resolved resolve(const definition::Definition& definition, const Object& object,
                 const Others& others, const Secrets& secrets);

// The object to be deleted that others still refer to: what it waits for. `users` are those that
// may refer to it. Two that refer to each other and are both to go do not wait for each other.
std::optional<Waiting> in_use(const definition::Definition& definition, const Object& object,
                              const std::vector<Target>& users, const Others& others);

}  // namespace infra::reconcile
