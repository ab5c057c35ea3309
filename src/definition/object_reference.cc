#include "definition/object_reference.h"

#include <fmt/format.h>

#include <algorithm>

namespace infra::definition {
namespace {

bool is_list(const Field& field) { return field.type == Type::kArray; }

Field name_field(const Reference& reference) {
  Field name{.name = "name", .description = fmt::format("Name of the {}.", reference.kind)};
  name.required = true;
  name.min_length = 1;
  return name;
}

Field namespace_field(const Reference& reference) {
  return {.name = "namespace",
          .description = fmt::format(
              "Namespace of the {}; the object's own when absent. Another one only if the {} "
              "allows it.",
              reference.kind, reference.kind)};
}

Field named(const Field& field) {
  const Reference& reference = *field.reference;
  Field one{.type = Type::kObject};
  one.fields = {name_field(reference), namespace_field(reference)};
  if (!is_list(field)) {
    one.name = reference.as;
    one.description = fmt::format("The {} whose status.{} is taken for {}.", reference.kind,
                                  reference.from, field.name);
    return one;
  }
  Field list{.name = reference.as,
             .type = Type::kArray,
             .description = fmt::format("Objects of kind {} whose status.{} are taken for {}.",
                                        reference.kind, reference.from, field.name)};
  list.fields = {std::move(one)};
  return list;
}

Field selected(const Field& field) {
  const Reference& reference = *field.reference;
  Field labels{.name = "matchLabels",
               .type = Type::kStringMap,
               .description = "Labels that it carries, all of them."};
  labels.required = true;
  labels.min_items = 1;
  Field selector{.name = reference.selector(), .type = Type::kObject};
  selector.description =
      is_list(field) ? fmt::format("Takes every {} of the namespace that carries these labels.",
                                   reference.kind)
                     : fmt::format("Takes the one {} of the namespace that carries these labels.",
                                   reference.kind);
  selector.fields = {std::move(labels)};
  return selector;
}

// CEL: the field of `self` or `oldSelf` is there and not empty.
std::string is_set(const std::string& of, const std::string& name, bool list) {
  return list ? fmt::format("has({0}.{1}) && size({0}.{1}) > 0", of, name)
              : fmt::format("has({0}.{1}) && {0}.{1} != ''", of, name);
}

std::string refers(const std::string& of, const Reference& reference) {
  return fmt::format("has({0}.{1}) || has({0}.{2})", of, reference.as, reference.selector());
}

const Field* target_of(std::span<const Definition> definitions, const Reference& reference) {
  const auto kind = std::ranges::find(definitions, reference.kind, &Definition::kind);
  if (kind == definitions.end()) return nullptr;
  const auto status = std::ranges::find_if(kind->status, [&reference](const StatusField& one) {
    return one.field.name == reference.from && one.field.type == Type::kString;
  });
  return status == kind->status.end() ? nullptr : &status->field;
}

void check_fields(const std::vector<Field>& fields, const std::string& file,
                  std::span<const Definition> definitions, std::string& wrong) {
  for (const Field& field : fields) {
    if (field.reference && target_of(definitions, *field.reference) == nullptr) {
      wrong +=
          fmt::format("{}{}:{}: 'reference' leads to status.{} of {}, and there is no such text",
                      wrong.empty() ? "" : "\n", file, field.line, field.reference->from,
                      field.reference->kind);
    }
    check_fields(field.fields, file, definitions, wrong);
  }
}

// The fields that hold the outer ranges of `admission`.
void check_ranges(const Definition& definition, std::span<const Definition> definitions,
                  std::string& wrong) {
  for (const InnerRange& range : definition.admission.ranges) {
    const auto& kind = definition.field(range.within)->reference->kind;
    const auto outer = std::ranges::find(definitions, kind, &Definition::kind);
    if (outer == definitions.end()) continue;
    const auto complain = [&](const char* word, const std::string& name, const char* where) {
      wrong += fmt::format("{}{}:{}: '{}' names '{}', which is no field of {} of {}",
                           wrong.empty() ? "" : "\n", definition.file, range.line, word, name,
                           where, kind);
    };
    const bool shown = std::ranges::any_of(
        outer->status, [&range](const StatusField& one) { return one.field.name == range.all; });
    if (outer->field(range.of) == nullptr) complain("of", range.of, "spec");
    if (!shown) complain("all", range.all, "status");
  }
}

}  // namespace

std::vector<Field> reference_fields(const Field& field) {
  if (!field.reference) return {};
  return {named(field), selected(field)};
}

bool must_be_written(const Field& field) { return field.required && !field.reference; }

std::string choice_rule(const Field& field) {
  const Reference& reference = *field.reference;
  return fmt::format("({} ? 1 : 0) + (has(self.{}) ? 1 : 0) + (has(self.{}) ? 1 : 0) {} 1",
                     is_set("self", field.name, is_list(field)), reference.as, reference.selector(),
                     field.required ? "==" : "<=");
}

std::string choice_message(const Field& field) {
  return fmt::format("{} one of {}, {} and {}", field.required ? "needs" : "takes only", field.name,
                     field.reference->as, field.reference->selector());
}

std::string literal_stays_rule(const Field& field) {
  const std::string empty = is_list(field) ? "[]" : "''";
  return fmt::format(
      "(has(self.{0}) ? self.{0} : {1}) == (has(oldSelf.{0}) ? oldSelf.{0} : {1}) || {2} || {3}",
      field.name, empty, refers("self", *field.reference), refers("oldSelf", *field.reference));
}

Result<void> check_targets(std::span<const Definition> definitions) {
  std::string wrong;
  for (const Definition& definition : definitions) {
    check_fields(definition.spec, definition.file, definitions, wrong);
    check_ranges(definition, definitions, wrong);
  }
  if (!wrong.empty()) return fail(Code::kInvalid, std::move(wrong));
  return {};
}

}  // namespace infra::definition
