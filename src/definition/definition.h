#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"

namespace infra::definition {

// How a declared value is spelled for AWS, and how two spellings are compared.
enum class Form {
  kPlain,   // as it is
  kText,    // number or boolean written as a string ("30", "true")
  kJson,    // an object written as a JSON text
  kPolicy,  // a JSON text; spelling, order and white space mean nothing; may arrive %-encoded
  kSet,     // a list whose order means nothing
};

// kSecretKey: in the manifest a key of a Secret ({name, key}), for everybody else the text or, with
// format "byte", the bytes in base64 that are there.
enum class Type { kString, kInteger, kBoolean, kObject, kArray, kStringMap, kSecretKey };

// Word `reference` of a spec field: its value may stand in the status of another object.
struct Reference {
  std::string kind;  // of the other object
  std::string as;    // the field that names it: ends in Ref, or in Refs for a list
  std::string from;  // its status field

  // The field that finds it by its labels: vpcSelector beside vpcRef.
  std::string selector() const;
};

// One field of spec or status. Of a spec field, `at` is where AWS keeps the value, as a dotted path
// relative to the parent's place ("EnableDnsSupport.Value"); `read_at` where answers differ from
// inputs. Every level of an object or of a list's items is a Field.
struct Field {
  std::string name;
  Type type = Type::kString;
  std::string description;
  std::string at;
  std::string read_at;  // equals `at` unless written
  Form form = Form::kPlain;
  std::map<std::string, std::string> values;  // our spelling -> AWS's ("true" -> "Enabled")
  bool required = false;
  bool immutable = false;
  bool secret = false;
  std::optional<Reference> reference;
  Json fallback;                     // default; null: none
  std::vector<std::string> allowed;  // enum
  std::string pattern;
  std::string format;  // "cidr", "int32", "int64", "date-time", "byte" ...
  std::optional<std::int64_t> minimum, maximum;
  std::optional<std::int64_t> min_length, max_length, min_items, max_items;
  std::vector<Field> fields;  // kObject: members; kArray: one Field, the item
  int line = 0;               // in the definition file
};

// One AWS call. `input` is a template: strings "${name}" are replaced by values. Members whose
// value is not declared disappear, and so do objects that become empty that way. Names: a spec
// field in AWS's form ("${cidrBlock}"), ${id}, ${uid}, ${ownerTag} (its key), ${region},
// ${accountID}, ${bucketRegion} (absent in us-east-1, as S3 wants it), ${tags}, ${tagKeys},
// ${tagKeysAsTags} ([{Key: k}]), ${item}, ${status.x}. A string that is only "${name}" keeps the
// value's type; otherwise the value is put into the text.
struct Call {
  std::string service;  // empty: the kind's own
  std::string operation;
  Json input;
  std::map<std::string, Json> when;    // only if these spec fields have these values
  std::map<std::string, Json> unless;  // not if these have
  std::string needs;                   // word `needs`: only if this path of spec is declared, or
                                       // this status field is set ("status.x")
  std::string replaces;  // word `replaces`: once for each value, as ${item}, that this
                         // status list with the word `written` holds beside spec's
  int line = 0;          // in the definition file
};

// A part of the resource that is read by one call and changed by its own calls. The first facet is
// the resource itself: it decides whether the resource exists.
struct Facet {
  std::string name;
  Call read;
  std::string result;               // path in the answer; "Vpcs[0]" takes the first item
  std::vector<std::string> absent;  // AWS codes that mean: this part is not there
  std::string denied;               // what to tell the user if AWS refuses the read
  std::vector<std::string> fields;  // spec fields it covers; read only if one is declared
  std::vector<Call> write;          // every call whose `when` holds, if a field differs
  // Word `remembered`: a spec field AWS never gives back. No read; it differs when its digest is
  // not the one that the status field with the word `hash` holds since the last write.
  std::string remembered;
};

// Children kept equal as a set, one call each.
struct ChildSet {
  std::string field;  // spec field: a list of strings
  Call read;          // all pages
  std::string items;  // path of the list in the answer
  std::string value;  // member of an item that is the content
  Call add, remove;   // with ${item}
  std::string noted;  // status list of what was added, from before it was; empty: none
};

struct Tags {
  enum class Shape { kList, kMap };
  Shape shape = Shape::kList;
  std::string key = "Key", value = "Value";  // members of a list item
  std::string read_at;                       // in the first facet, if its answer holds the tags
  std::optional<Call> read;                  // otherwise this call ...
  std::string result;                        // ... and where in its answer
  std::vector<std::string> absent;           // codes that mean: no tags
  Call add;                                  // ${tags}: what to set
  std::optional<Call> remove;                // ${tagKeys}; none: `add` replaces the whole set
};

struct Identity {
  std::string status;       // status field that holds the id; may be empty for a chosen name
  std::string assigned_at;  // path of the id in the create answer; empty: the user chose it
  std::string chosen;       // spec field that is the id
  std::string read_at;      // path of the id in the first facet's result
  // Finds a lost resource by its owner tag or name; the id is at `find_id` of the answer.
  std::optional<Call> find;
  std::string find_id;
  std::vector<std::string> find_absent;
  // For so long AWS may hide what was created: until then its absence proves nothing.
  std::int64_t visible_after_seconds = 60;
  bool unique = false;  // a second create cannot make a second resource, as for a chosen name
  // Word `answersExisting`: a create may answer with what was there before, as if it had made it,
  // so only the owner tag tells whose it is.
  bool answers_existing = false;
};

struct States {
  std::string at;  // in the first facet's result; empty: present means ready
  std::vector<std::string> ready, progress, failed, gone;
};

struct StatusField {
  Field field;
  std::string from;     // path in the first facet's result, "${id}", or "spec.x"
  std::string hash;     // word `hash`: the digest of this spec field as last written
  std::string written;  // word `written`: a list of the values that this path of spec had when it
                        // was written, from before it was until the earlier ones have gone
  std::string text;     // a template such as "arn:aws:s3:::${id}"; wins over `from`
};

struct Definition {
  std::string kind, plural, singular, service, description;
  std::vector<std::string> short_names;
  std::vector<std::pair<std::string, std::string>> columns;  // title, JSON path
  std::vector<Field> spec;
  std::vector<StatusField> status;
  std::vector<std::string> rules;  // CEL over spec, "expression: message"
  Identity identity;
  std::vector<Facet> facets;
  std::vector<ChildSet> sets;
  std::optional<Tags> tags;
  States states;
  Call create;
  std::vector<Call> before_delete;
  Call remove;
  std::vector<std::string> remove_absent;             // codes that mean: already gone
  std::map<std::string, std::string> remove_blocked;  // code -> sentence for the condition
  std::vector<std::string> deletion_policies;
  Json sample;  // spec of the sample manifest
  std::string file;

  const Field* field(std::string_view name) const;  // top-level spec field or nullptr
};

}  // namespace infra::definition
