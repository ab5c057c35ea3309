#include "definition/references.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace infra::definition {
namespace {

constexpr std::array<std::string_view, 11> kValues = {
    "id",      "uid",           "ownerTag", "region", "bucketRegion", "tags",
    "tagKeys", "tagKeysAsTags", "item",     "token",  "accountID"};

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

bool leads_somewhere(const Definition& definition, std::string_view name) {
  if (std::ranges::find(kValues, name) != kValues.end()) return true;
  if (name.starts_with("status.")) return has_status(definition, name.substr(7));
  return field_at(definition, name) != nullptr;
}

class Checker {
 public:
  Checker(const Definition& definition, Complaints& complaints)
      : definition_(definition), complaints_(complaints) {}

  void run() {
    for (const Call* call : all_calls(definition_)) check_call(*call);
    for (const Facet& facet : definition_.facets) check_facet(facet);
    for (const ChildSet& set : definition_.sets) {
      must_be_field(set.field, set.read.line, "set");
      if (!set.noted.empty()) must_be_list(set.noted, set.read.line);
    }
    for (const StatusField& status : definition_.status) check_status(status);
    for (const auto& [title, path] : definition_.columns) check_column(title, path);
    const Identity& identity = definition_.identity;
    if (!identity.chosen.empty()) must_be_field(identity.chosen, 1, "identity");
    if (!identity.status.empty() && !has_status(definition_, identity.status)) {
      complaints_.add(1, fmt::format("identity names status field '{}', which is not declared",
                                     identity.status));
    }
  }

 private:
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
    for (const auto& [path, value] : call.when) must_be_field(path, call.line, "'when'");
    for (const auto& [path, value] : call.unless) must_be_field(path, call.line, "'unless'");
    if (call.needs.starts_with("status.")) {
      must_be_status(call.needs.substr(7), call.line, "'needs'");
    } else if (!call.needs.empty()) {
      must_be_field(call.needs, call.line, "'needs'");
    }
    if (!call.replaces.empty()) check_replaces(call);
  }

  void check_value(const Json& value, int line) {
    if (const auto* text = value.if_string()) check_text(std::string_view(*text), line);
    if (const auto* list = value.if_array()) {
      for (const Json& item : *list) check_value(item, line);
    }
    if (const auto* object = value.if_object()) {
      for (const auto& member : *object) check_value(member.value(), line);
    }
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
    const Field* field = named(*fields, path.substr(0, dot));
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
    for (const Call* call : {&set.read, &set.add, &set.remove}) add(*call);
  }
  if (definition.tags) {
    if (definition.tags->read) add(*definition.tags->read);
    add(definition.tags->add);
    if (definition.tags->remove) add(*definition.tags->remove);
  }
  add(definition.create);
  for (const Call& call : definition.before_delete) add(call);
  add(definition.remove);
  return out;
}

void check_references(const Definition& definition, Complaints& complaints) {
  Checker(definition, complaints).run();
}

}  // namespace infra::definition
