#include "definition/references.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace infra::definition {
namespace {

constexpr auto kValues = std::to_array<std::string_view>(
    {"id", "uid", "ownerTag", "region", "bucketRegion", "tags", "tagKeys", "tagKeysAsTags", "item",
     "token", "createToken", "accountID", "partition"});

const Field* named(const std::vector<Field>& fields, std::string_view name) {
  const auto found = std::ranges::find(fields, name, &Field::name);
  return found == fields.end() ? nullptr : &*found;
}

bool has_status(const Definition& definition, std::string_view path) {
  const auto name = path.substr(0, path.find_first_of(".["));
  static constexpr std::array<std::string_view, 6> kOwn = {
      "ready", "lastSyncTime", "conditions", "observedGeneration", "creation", "absence"};
  return std::ranges::find(kOwn, name) != kOwn.end() ||
         std::ranges::any_of(definition.status,
                             [&](const StatusField& s) { return s.field.name == name; });
}

// Some list of spec has items with this member.
bool has_member(const Definition& definition, std::string_view path) {
  return std::ranges::any_of(definition.spec, [&](const Field& field) {
    return field_at(definition, field.name + "[]." + std::string(path)) != nullptr;
  });
}

bool leads_somewhere(const Definition& definition, std::string_view name) {
  const auto bar = name.find('|');
  if (bar != std::string_view::npos) {
    return leads_somewhere(definition, name.substr(0, bar)) &&
           leads_somewhere(definition, name.substr(bar + 1));
  }
  if (std::ranges::find(kValues, name) != kValues.end()) return true;
  if (name.starts_with("status.")) return has_status(definition, name.substr(7));
  if (name.starts_with("found.")) return true;  // an item as AWS shows it
  if (name.starts_with("item.")) return has_member(definition, name.substr(5));
  return field_at(definition, name) != nullptr;
}

class Checker {
 public:
  Checker(const Definition& definition, Complaints& complaints)
      : definition_(definition), complaints_(complaints) {}

  void run() {
    for (const Definition& variant : definition_.variants) Checker(variant, complaints_).run();
    check_conditions(definition_.variant, 1);
    check_value(definition_.connection, 1);
    check_admission();
    if (definition_.variants.empty()) check_behaviour();
    for (const StatusField& status : definition_.status) check_status(status);
    for (const auto& [title, path] : definition_.columns) check_column(title, path);
  }

 private:
  void check_behaviour() {
    for (const Call* call : all_calls(definition_)) check_call(*call);
    for (const Facet& facet : definition_.facets) check_facet(facet);
    for (const ChildSet& set : definition_.sets) check_set(set);
    for (const auto& [policy, call] : definition_.instead) {
      const auto& policies = definition_.deletion_policies;
      if (std::ranges::find(policies, policy) != policies.end()) continue;
      complaints_.add(call.line, fmt::format("'instead' names '{}', which is not in "
                                             "deletionPolicies",
                                             policy));
    }
    const Identity& identity = definition_.identity;
    for (const auto& field : {identity.chosen, identity.decided_by}) {
      if (!field.empty()) must_be_field(field, 1, "identity");
    }
    for (const auto& name : {identity.status, identity.proof}) {
      if (name.empty() || has_status(definition_, name)) continue;
      complaints_.add(1,
                      fmt::format("identity names status field '{}', which is not declared", name));
    }
  }

  void check_conditions(const Condition& condition, int line) {
    for (const auto& [path, value] : condition.when) must_be_field(path, line, "'when'");
    for (const auto& [path, value] : condition.unless) must_be_field(path, line, "'unless'");
  }

  void check_admission() {
    for (const InnerRange& range : definition_.admission.ranges) {
      must_be_field(range.field, range.line, "a range of admission");
      const Field* within = definition_.field(range.within);
      if (within != nullptr && within->reference) continue;
      complaints_.add(range.line, fmt::format("'within' names '{}', which is no field of spec with "
                                              "the word 'reference'",
                                              range.within));
    }
    for (const Opening& opening : definition_.admission.openings) {
      std::vector<std::string> members = opening.from;
      members.insert(members.end(), {opening.protocol, opening.first, opening.last});
      for (const auto& member : members) {
        must_be_field(opening.list + "[]." + member, opening.line, "an opening");
      }
    }
    for (const Warning& warning : definition_.admission.warnings) {
      if (!warning.needs.empty()) must_be_field(warning.needs, warning.line, "'needs'");
      check_conditions(warning.condition, warning.line);
    }
  }

  void check_set(const ChildSet& set) {
    const int line = set.add.line;
    must_be_field(set.field, line, "set");
    if (!set.noted.empty()) must_be_list(set.noted, line);
    const Field* field = field_at(definition_, set.field);
    const bool objects = field != nullptr && field->type == Type::kArray &&
                         field->fields.front().type == Type::kObject;
    if (objects == set.key.empty()) {
      complaints_.add(
          line, fmt::format("set {}: 'key' is for lists of objects, and they need it", set.field));
    }
    for (const auto* members : {&set.key, &set.each}) {
      for (const auto& member : *members) {
        must_be_field(set.field + "[]." + member, line, "set " + set.field);
      }
    }
  }

  void must_be_field(const std::string& path, int line, std::string_view who) {
    if (field_at(definition_, path) != nullptr) return;
    complaints_.add(line, fmt::format("{} names '{}', which is no field of spec", who, path));
  }

  void must_be_status(const std::string& name, int line, std::string_view who) {
    if (has_status(definition_, name)) return;
    complaints_.add(line, fmt::format("{} names '{}', which is no field of status", who, name));
  }

  const StatusField* status_list(const std::string& name) const {
    const auto found = std::ranges::find_if(definition_.status, [&name](const StatusField& status) {
      return status.field.name == name && status.field.type == Type::kArray;
    });
    return found == definition_.status.end() ? nullptr : &*found;
  }

  void must_be_list(const std::string& noted, int line) {
    if (status_list(noted) != nullptr) return;
    complaints_.add(
        line, fmt::format("'noted' names '{}', which is no status field of type array", noted));
  }

  void check_replaces(const Call& call) {
    const StatusField* list = status_list(call.replaces);
    if (list != nullptr && !list->written.empty()) return;
    complaints_.add(call.line, fmt::format("'replaces' names '{}', which is no status field of "
                                           "type array with the word 'written'",
                                           call.replaces));
  }

  void check_facet(const Facet& facet) {
    const int line = facet.write.empty() ? facet.read.line : facet.write.front().line;
    for (const auto& field : facet.fields) must_be_field(field, line, "facet " + facet.name);
    if (!facet.remembered.empty()) must_be_field(facet.remembered, line, "facet " + facet.name);
    if (!facet.begun.empty()) must_be_status(facet.begun, line, "'begun' of facet " + facet.name);
    check_conditions(facet.condition, line);
  }

  void check_status(const StatusField& status) {
    const int line = status.field.line;
    if (!status.hash.empty()) must_be_field(status.hash, line, "status " + status.field.name);
    if (!status.written.empty()) {
      must_be_field(status.written, line, "status " + status.field.name);
    }
    if (status.from.starts_with("spec.")) {
      must_be_field(status.from.substr(5), line, "status " + status.field.name);
    }
    const auto shows = [&status](const Facet& facet) { return facet.name == status.in; };
    const bool somewhere = status.in.empty() || !definition_.variants.empty() ||
                           std::ranges::any_of(definition_.facets, shows);
    if (!somewhere) {
      complaints_.add(line, fmt::format("status {} is in '{}', which is no facet",
                                        status.field.name, status.in));
    }
    check_text(status.text, line);
  }

  void check_column(const std::string& title, const std::string& path) {
    const bool good = path.starts_with(".metadata.") ||
                      (path.starts_with(".spec.") && field_at(definition_, path.substr(6))) ||
                      (path.starts_with(".status.") && has_status(definition_, path.substr(8)));
    if (!good)
      complaints_.add(1, fmt::format("column '{}' shows {}, which is nowhere", title, path));
  }

  void check_call(const Call& call) {
    check_value(call.input, call.line);
    check_conditions(call.condition, call.line);
    if (call.needs.starts_with("status.")) {
      must_be_status(call.needs.substr(7), call.line, "'needs'");
    } else if (call.needs.starts_with("item.")) {
      check_name(call.needs, call.line);
    } else if (!call.needs.empty()) {
      must_be_field(call.needs, call.line, "'needs'");
    }
    for (const auto& name : {call.if_more, call.if_fewer}) check_number(name, call.line);
    if (!call.replaces.empty()) check_replaces(call);
  }

  void check_number(const std::string& name, int line) {
    if (name.empty()) return;
    const Field* field = definition_.field(name);
    if (field != nullptr && field->type == Type::kInteger) return;
    complaints_.add(line, fmt::format("'ifMore' and 'ifFewer' name '{}', which is no field of spec "
                                      "of type integer",
                                      name));
  }

  void check_value(const Json& value, int line) {
    if (const auto* text = value.if_string()) check_text(std::string_view(*text), line);
    if (const auto* list = value.if_array()) {
      for (const Json& item : *list) check_value(item, line);
    }
    if (const auto* object = value.if_object()) check_members(*object, line);
  }

  void check_members(const JsonObject& object, int line) {
    for (const auto& member : object) {
      const bool names_value = member.key() == "$needs" || member.key() == "$each";
      if (names_value) {
        check_name(text_at(object, member.key()), line);
      } else {
        check_value(member.value(), line);
      }
    }
  }

  void check_name(std::string_view name, int line) {
    if (leads_somewhere(definition_, name)) return;
    complaints_.add(line, fmt::format("there is no value '{}'", name));
  }

  void check_text(std::string_view text, int line) {
    for (auto start = text.find("${"); start != std::string_view::npos;
         start = text.find("${", start + 2)) {
      const auto end = text.find('}', start);
      const auto name =
          text.substr(start + 2, end == std::string_view::npos ? end : end - start - 2);
      if (end == std::string_view::npos || !leads_somewhere(definition_, name)) {
        complaints_.add(line, fmt::format("there is no value '${{{}}}'", name));
      }
    }
  }

  const Definition& definition_;
  Complaints& complaints_;
};

}  // namespace

const Field* field_at(const Definition& definition, std::string_view path) {
  const std::vector<Field>* fields = &definition.spec;
  while (true) {
    const auto dot = path.find('.');
    std::string_view name = path.substr(0, dot);
    const bool item = name.ends_with("[]");
    if (item) name.remove_suffix(2);
    const Field* field = named(*fields, name);
    if (item && field != nullptr) {
      field = field->type == Type::kArray ? &field->fields.front() : nullptr;
    }
    if (field == nullptr || dot == std::string_view::npos) return field;
    path = path.substr(dot + 1);
    fields = &field->fields;
  }
}

std::vector<const Call*> all_calls(const Definition& definition) {
  std::vector<const Call*> out;
  const auto add = [&out](const Call& call) {
    if (!call.operation.empty()) out.push_back(&call);
  };
  if (definition.identity.find) add(*definition.identity.find);
  for (const Facet& facet : definition.facets) {
    add(facet.read);
    for (const Call& call : facet.write) add(call);
  }
  for (const ChildSet& set : definition.sets) {
    if (set.read) add(*set.read);
    if (set.detail) add(*set.detail);
    for (const Call& call : set.change) add(call);
    for (const Call* call : {&set.add, &set.remove}) add(*call);
  }
  if (definition.tags) {
    if (definition.tags->read) add(*definition.tags->read);
    add(definition.tags->add);
    if (definition.tags->remove) add(*definition.tags->remove);
  }
  add(definition.create);
  for (const Call& call : definition.before_delete) add(call);
  for (const Call& call : definition.removes) add(call);
  for (const auto& [policy, call] : definition.instead) add(call);
  for (const Definition& variant : definition.variants) {
    const auto more = all_calls(variant);
    out.insert(out.end(), more.begin(), more.end());
  }
  return out;
}

void check_references(const Definition& definition, Complaints& complaints) {
  Checker(definition, complaints).run();
}

}  // namespace infra::definition
