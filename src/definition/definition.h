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
  kPlain,      // as it is
  kText,       // number or boolean written as a string ("30", "true")
  kJson,       // an object written as a JSON text
  kPolicy,     // a JSON text; spelling, order and white space mean nothing; may arrive %-encoded
  kSet,        // a list whose order means nothing
  kNetwork,    // an address range; 10.0.0.5/8 is 10.0.0.0/8
  kKmsKey,     // id or ARN of a key, which are equal; an alias is not compared
  kNameOrArn,  // {Name: ...} or, for what begins with "arn:", {Arn: ...}
  kBase64,     // bytes; AWS wants them in base64
  kVersion,    // AWS shows it in full, and a newer one will do: no call takes it back
  kAtLeast,    // a number that AWS may round up and cannot make smaller
  kCount,      // AWS shows a list, and this is how long it is
  kOthers,     // the same but for the first, as replicas are counted beside a primary
  kAnyCase,    // a text that AWS keeps in lower case
};

// kSecretKey: in the manifest a key of a Secret ({name, key}), for everybody else the text or, with
// format "byte", the bytes in base64 that are there.
enum class Type { kString, kInteger, kBoolean, kObject, kArray, kStringMap, kSecretKey };

// Whether something applies: the fields beside it, or of spec, that `when` names have these values,
// and not all of those in `unless` have theirs.
struct Condition {
  std::map<std::string, Json> when, unless;
};

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
// From the least to the worst.
inline constexpr std::array<std::string_view, 4> kSeverities{"low", "medium", "high", "critical"};

struct Field {
  std::string name;
  Type type = Type::kString;
  std::string description;
  std::string at;
  std::string read_at;  // equals `at` unless written
  std::string tag;      // the key of the tag that it becomes, instead of a member
  Form form = Form::kPlain;
  std::map<std::string, std::string> values;  // our spelling -> AWS's ("true" -> "Enabled")
  std::map<std::string, std::string> shown;   // AWS's in answers, where it takes ours -> ours
  Json absent_as;                             // what it means that AWS shows nothing; null: nothing
  Condition condition;                        // without it the field counts for nothing
  bool required = false;
  bool immutable = false;
  bool secret = false;
  std::string severity;  // of a change by others: low, medium, high, critical; empty: high
  std::optional<Reference> reference;
  Json fallback;                                           // default; null: none
  std::vector<std::string> allowed;                        // enum
  std::map<std::string, std::vector<std::string>> not_in;  // partition -> what it lacks of enum
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
// ${accountID}, ${partition} (as ARNs have it, such as aws-cn), ${bucketRegion} (absent in
// us-east-1, as S3 wants it), ${tags}, ${tagKeys}, ${tagKeysAsTags} ([{Key: k}]), ${token} and
// ${createToken} (of the object, and of this create),
// ${status.x}, and in a set's calls ${item}, ${item.member} and ${found.Path} (the item as AWS
// showed it). ${a|b} is the first of them that has a value. A string that is only "${name}" keeps
// the value's type; otherwise the value is put into the text. An object with `$needs: name`
// disappears as a whole unless ${name} has a value;
// {$each: list, $item: ...} is a list with one item for each of a spec field's, as ${item};
// {$union: [...]} puts values and lists of values together, without repeats.
struct Call {
  std::string service;  // empty: the kind's own
  std::string operation;
  Json input;
  Condition condition;
  std::string needs;              // word `needs`: only if this path of spec is declared, or
                                  // this status field is set ("status.x")
  std::string if_more, if_fewer;  // words `ifMore`, `ifFewer`: only if this number of spec is
                                  // greater, or less, than AWS shows
  std::string replaces;           // word `replaces`: once for each value, as ${item}, that this
                                  // status list with the word `written` holds beside spec's
  // Codes of AWS: it is so already; try again soon; until something else changes, as the sentence
  // says.
  std::vector<std::string> done, later;
  std::map<std::string, std::string> blocked;
  bool always = false;  // of a facet: made also if AWS has refused one before it
  int line = 0;         // in the definition file
};

// Word `together`: how one request asks for many, with a filter that takes their ids; `items` is
// the list in its answer, `id` the member that tells them apart.
struct Together {
  std::string filter, items, id;
};

// A part of the resource that is read by one call and changed by its own calls. The first facet is
// the resource itself: it decides whether the resource exists. One without fields is read, in all
// its pages, for the status fields that name it.
struct Facet {
  std::string name;
  Call read;
  std::optional<Together> together;
  std::string result;               // path in the answer; "Vpcs[0]" takes the first item
  std::vector<std::string> absent;  // AWS codes that mean: this part is not there
  std::vector<std::string> empty;   // those that mean: it is there, with nothing in it
  std::string denied;               // what to tell the user if AWS refuses the read
  std::vector<std::string> fields;  // spec fields it covers; read only if one is declared
  Condition condition;              // without it the facet is not there
  std::string fold;                 // path of changes that AWS has accepted; they count as made
  std::vector<Call> write;          // every call whose `when` holds, if a field differs
  // A boolean status field: true from before the first call until AWS has taken or refused all of
  // them. For calls of which some are no good without the others; while it is, the facet differs.
  std::string begun;
  std::int64_t at_most_every_seconds = 0;  // between two writes of it
  // Word `remembered`: a spec field AWS never gives back. No read; it differs when its digest is
  // not the one that the status field with the word `hash` holds since the last write.
  std::string remembered;
};

// Children kept equal as a set, one call each.
struct ChildSet {
  std::string field;              // spec field: a list of texts or of objects
  std::vector<std::string> key;   // members that make two objects the same one
  std::vector<std::string> each;  // members of which each value makes an item of its own
  std::optional<Call> read;       // all pages; none: the items lie in the first facet
  std::string items;              // path of the list in the answer
  std::string value;              // of texts: member of an item that is the content
  std::map<std::string, std::vector<Json>> only;  // items with other values do not count
  Call add, remove;
  std::vector<Call> change;    // of objects with the same key
  std::optional<Call> detail;  // reads more about a declared item
  std::string detail_at;       // path in its answer; its members are put beside the item's
  std::map<std::string, std::vector<Json>> pending;  // items that wait for others; left as they are
  bool one_at_a_time = false;
  bool foreign_stay = false;  // word `foreign: leave`: only what is noted is ever removed
  bool remove_first = false;  // before the resource is deleted
  std::string noted;  // status list of the keys of what was added, from before it was; empty: none
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
  std::string proof;        // of a chosen name: a status field that only what is ours has filled
  std::string read_at;      // path of the id in the first facet's result
  // Finds a lost resource by its owner tag or name; the id is at `find_id` of the answer.
  std::optional<Call> find;
  std::string find_id;
  std::vector<std::string> find_absent;
  // For so long AWS may hide what was created: until then its absence proves nothing.
  std::int64_t visible_after_seconds = 60;
  // Of an assigned id: the spec field whose value stands for it. AWS makes no second one of the
  // same value, as of a chosen name.
  std::string decided_by;
  // Word `answersExisting`: a create may answer with what was there before, as if it had made it,
  // so only the owner tag tells whose it is.
  bool answers_existing = false;
};

struct States {
  std::string at;  // in the first facet's result; empty: present means ready
  std::vector<std::string> ready, progress, failed, gone;
  std::vector<std::string> leaving;  // its deletion takes AWS a while, and shows as one of these
  std::vector<std::string> absent;   // the resource counts as not there
  std::string none;                  // the state of a resource that shows none
  std::string some;                  // of one that shows any, where that is no state but a time
  std::string why;                   // path of AWS's reason for a failure
};

struct StatusField {
  Field field;
  std::string from;      // path in the first facet's result, "${id}", or "spec.x"
  std::string in;        // the facet that shows it, if not the first
  bool count = false;    // how many items there are at `from`
  bool lasting = false;  // stays when AWS shows nothing any more
  std::string hash;      // word `hash`: the digest of this spec field as last written
  std::string written;   // word `written`: a list of the values that this path of spec had when it
                         // was written, from before it was until the earlier ones have gone
  std::string text;      // a template such as "arn:aws:s3:::${id}"; wins over `from`
};

// Word `ranges` of `admission`: an address range lies within that of the object that another
// field's reference leads to, and overlaps no other range within it.
struct InnerRange {
  std::string field;   // the spec field that holds the range
  std::string within;  // the spec field with the word `reference`
  std::string of;      // the other object's spec field that holds its range
  std::string all;     // ... and its status field with all that AWS shows of it
  int line = 0;        // in the definition file
};

// Word `openings` of `admission`: rules of a firewall, told if they let the whole world in at a
// port from which machines are ruled.
struct Opening {
  std::string list;               // the spec field that holds the rules
  std::vector<std::string> from;  // members of a rule: lists of address ranges
  std::string protocol;           // the member with the protocol; "-1" is all of them
  std::string first, last;        // the members with the first and the last port
  int line = 0;
};

// Word `warnings` of `admission`: what is said about a spec that is allowed.
struct Warning {
  std::string needs;  // only if this path of spec is declared
  Condition condition;
  std::string says;  // a sentence with the remedy
  int line = 0;
};

// What is asked when an object is written, beyond what its CRD says.
struct Admission {
  std::vector<InnerRange> ranges;
  std::vector<Opening> openings;
  std::vector<Warning> warnings;
};

// The spec field that asks for a Secret with `connection`.
inline constexpr std::string_view kConnectionSecret = "writeConnectionSecretToRef";

struct Definition {
  std::string kind, plural, singular, service, description;
  std::vector<std::string> short_names;
  std::vector<std::pair<std::string, std::string>> columns;  // title, JSON path
  std::vector<Field> spec;
  std::vector<StatusField> status;
  std::vector<std::string> rules;  // CEL over spec, "expression: message"
  Admission admission;
  Identity identity;
  std::vector<Facet> facets;
  std::vector<ChildSet> sets;
  std::optional<Tags> tags;
  States states;
  Call create;
  std::vector<Call> before_delete;
  std::vector<Call> removes;               // the first whose conditions hold
  std::vector<std::string> remove_absent;  // codes that mean: already gone
  std::map<std::string, Call> instead;     // deletion policies that leave the resource after a call
  std::vector<std::string> deletion_policies;
  // Word `holdsData`: what has gone from AWS is not made again unasked, as what it held is gone
  // too.
  bool holds_data = false;
  // What others need to reach the resource, by the keys of the Secret that a spec may ask for:
  // templates as in the input of a call.
  Json connection = JsonObject();
  Json sample;  // spec of the sample manifest
  std::string file;
  // A kind that is one of several things in AWS: each variant is whole, with the same spec, and
  // `variant` says when it is the one.
  std::vector<Definition> variants;
  Condition variant;

  const Field* field(std::string_view name) const;  // top-level spec field or nullptr
};

// Whether a condition holds for a spec.
bool holds(const Condition& condition, const Json& spec);
// The variant of the kind that this spec is about; the definition itself where there are none.
const Definition& variant_for(const Definition& definition, const Json& spec);
// All of it is in one answer, which it can share with others of its kind (word `together`).
bool is_read_together(const Definition& definition);

}  // namespace infra::definition
