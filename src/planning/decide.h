#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/json.h"
#include "definition/definition.h"
#include "planning/sets.h"
#include "planning/tags.h"

namespace infra::planning {

inline constexpr std::string_view kGroup = "aws-infra-operator.runner.codes";

// What should be. All of it comes from the object and its provider; nothing from AWS.
struct Desired {
  std::string uid, cluster, namespace_name, name;
  Json spec;                              // without what is not declared
  Json status;                            // as last saved
  TagMap tags;                            // provider's, object's and owner tags, merged
  std::vector<std::string> managed_keys;  // tag keys that we set before
  bool removes_foreign_tags = false;      // the provider wants no others
  std::vector<std::string> ignored;       // paths that are left to others (planning/ignored.h)
  std::string recorded_id;                // id we have noted earlier; empty: none
  bool intent_open = false;  // a create was sent, and that it made what is there is not proven yet
  bool creating = false;     // ... so lately that AWS need not show all of it
  bool deleting = false;
  bool adopt = false;  // the user asked to take over what is there
  bool observe_only = false;
  bool settled = false;    // this spec has been as declared: what differs was changed in AWS
  bool heals = true;       // such drift is put right
  bool recreates = false;  // the user wants it back, if need be without what it held
};

// What is, in the vocabulary of spec. Exists only if every part could be read.
struct Observed {
  bool present = false;  // false: AWS said, positively, that it is not there
  bool ended = false;    // ... by showing one that has gone, which no stale look does
  std::string id;
  Json resource;                                  // the first facet as AWS answered it
  std::map<std::string, Json> facets;             // each facet's answer by name; null: absent
  std::map<std::string, std::vector<Item>> sets;  // child sets by spec field
  TagMap tags;
};

// kRelease: the call that a deletion policy has instead of the deletion, then kForget.
enum class Action { kNothing, kCreate, kUpdate, kDelete, kWait, kBlock, kForget, kRelease };
std::string_view to_string(Action action);

// The reason of a plan for a resource that belongs to somebody else.
inline constexpr std::string_view kNotOurs = "NotOurs";
// And of one that may be ours: a create was sent, and AWS does not show its tags yet.
inline constexpr std::string_view kOwnerUnknown = "ConfirmingOwner";

// And of one for what differs and is left so.
inline constexpr std::string_view kDrifted = "Drifted";

// And of one for a resource that has gone with what it held.
inline constexpr std::string_view kDataLost = "DataLost";

struct Plan {
  Action action = Action::kNothing;
  std::string reason;                     // CamelCase, for conditions and events
  std::string message;                    // a sentence
  std::vector<std::string> paths;         // spec paths that differ
  std::vector<std::string> facets;        // names of facets to write
  std::map<std::string, SetChange> sets;  // by spec field
  TagMap set_tags;
  TagMap all_tags;  // for services that replace the whole set
  std::vector<std::string> remove_tags;
  Duration wait{0};
};

std::string owner_tag();
// The state that AWS shows, or what the definition says for none.
std::string state_of(const definition::States& states, const Json& resource);
// A field in the vocabulary of spec, as AWS has it; null if it does not show it.
Json as_in_aws(const definition::Definition& definition, const definition::Field& field,
               const Observed& observed);
// Whether a facet is there for this spec, and about something that is declared.
bool in_use(const definition::Facet& facet, const Json& spec);
// Whether a set has anything to compare: it is declared, or was, and what it added is noted.
bool in_use(const definition::ChildSet& set, const Json& spec, const Json& status);
// A digest for fields that AWS never gives back, to be kept in status. Keyed by the object's uid,
// so that equal values of two objects do not show.
std::string digest(const std::string& uid, const Json& value);

// What a status field with the word `written` remembers beside the value that spec has now: written
// earlier, and perhaps still there.
std::vector<std::string> replaced(const definition::Definition& definition, const Json& status,
                                  const Json& spec, std::string_view name);

// Compares and chooses. Pure: no I/O, no clock. Rules are tried in order; the first that applies
// decides.
Plan decide(const definition::Definition& definition, const Desired& desired,
            const Observed& observed);

}  // namespace infra::planning
