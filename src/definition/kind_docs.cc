#include "definition/kind_docs.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "definition/crd.h"
#include "definition/object_reference.h"
#include "definition/permissions.h"
#include "definition/references.h"
#include "definition/sample.h"
#include "definition/yaml_writer.h"

namespace infra::definition {
namespace {

// A "|" inside a cell would end it.
std::string cell(std::string text) {
  for (std::size_t at = text.find('|'); at != std::string::npos; at = text.find('|', at + 2)) {
    text.insert(at, "\\");
  }
  return text;
}

std::string code(const std::string& text) {
  return text.empty() ? std::string() : "`" + cell(text) + "`";
}

std::string type_of(const Field& field) {
  switch (field.type) {
    case Type::kString: return "string";
    case Type::kInteger: return "integer";
    case Type::kBoolean: return "boolean";
    case Type::kObject: return "object";
    case Type::kStringMap: return "map of strings";
    case Type::kSecretKey: return "key of a Secret";
    case Type::kArray: return "list of " + type_of(field.fields.front());
  }
  return {};
}

std::string description_of(const Field& field) {
  std::string out = field.description;
  if (!field.allowed.empty()) {
    out += fmt::format(" One of `{}`.", fmt::join(field.allowed, "`, `"));
  }
  const auto bound = [&out](std::string_view what, const auto& low, const auto& high) {
    if (low && high) {
      out += fmt::format(" {} {} to {}.", what, *low, *high);
    } else if (low) {
      out += fmt::format(" {} {} or more.", what, *low);
    } else if (high) {
      out += fmt::format(" {} {} at most.", what, *high);
    }
  };
  bound("From", field.minimum, field.maximum);
  bound("Length", field.min_length, field.max_length);
  bound("Items:", field.min_items, field.max_items);
  if (field.reference) {
    out += fmt::format(" Or from a {}: `{}`, `{}`.", field.reference->kind, field.reference->as,
                       field.reference->selector());
  }
  return cell(std::move(out));
}

// Where AWS keeps it.
std::string member_of(const Field& field) {
  return field.tag.empty() ? code(field.at) : "tag " + code(field.tag);
}

void add_rows(const std::vector<Field>& fields, const std::string& before, std::string& out) {
  for (const Field& field : fields) {
    const std::string name = before + field.name;
    const std::string fallback =
        field.fallback.is_null() ? "" : boost::json::serialize(field.fallback);
    out += fmt::format("| `{}` | {} | {} | {} | {} | {} | {} |\n", name, type_of(field),
                       must_be_written(field) ? "yes" : "no", code(fallback),
                       field.immutable ? "no" : "yes", member_of(field), description_of(field));
    if (field.type == Type::kObject || field.type == Type::kSecretKey)
      add_rows(field.fields, name + ".", out);
    if (field.type == Type::kArray) add_rows(field.fields.front().fields, name + "[].", out);
    add_rows(reference_fields(field), before, out);
  }
}

std::string spec_table(const Definition& definition) {
  std::string out =
      "## spec\n\n| field | type | required | default | mutable | AWS member | what it is |\n"
      "|---|---|---|---|---|---|---|\n";
  add_rows(definition.spec, "", out);
  return out + "\n";
}

std::string status_table(const Definition& definition) {
  std::string out = "## status\n\n| field | type | what it is |\n|---|---|---|\n";
  for (const StatusField& status : definition.status) {
    out += fmt::format("| `{}` | {} | {} |\n", status.field.name, type_of(status.field),
                       cell(status.field.description));
  }
  return out +
         "| `ready` | boolean | Whether the last pass found everything as declared. |\n"
         "| `conditions` | list of object | Where the object stands. |\n"
         "| `observedGeneration` | integer | The generation of spec last worked on. |\n\n";
}

std::string call_list(const Definition& definition) {
  std::set<std::string> calls;
  for (const Call* call : all_calls(definition)) {
    const auto& service = call->service.empty() ? definition.service : call->service;
    calls.insert(fmt::format("| `{} {}` | `{}` |\n", service, call->operation,
                             fmt::join(iam_actions(service, call->operation), "`, `")));
  }
  if (calls.empty()) return {};
  return fmt::format("## AWS calls\n\n| call | IAM actions |\n|---|---|\n{}\n",
                     fmt::join(calls, ""));
}

// Some text in an input, or a word such as $each, names this spec field.
bool mentions(const Json& input, const std::string& field) {
  if (const auto* text = input.if_string()) {
    const std::string_view all(*text);
    for (const auto* end : {"}", ".", "[", "|"}) {
      if (all.find("${" + field + end) != std::string_view::npos) return true;
      if (all.find("|" + field + end) != std::string_view::npos) return true;
    }
    return all == field;
  }
  if (const auto* list = input.if_array()) {
    return std::ranges::any_of(*list, [&](const Json& item) { return mentions(item, field); });
  }
  const auto* object = input.if_object();
  return object != nullptr && std::ranges::any_of(*object, [&](const auto& member) {
           return mentions(member.value(), field);
         });
}

using Names = std::set<std::string>;

void add_sending(const std::vector<Call>& calls, const std::string& field, Names& out) {
  for (const Call& call : calls) {
    const bool switched = call.condition.when.contains(field) || call.needs == field;
    if (switched || mentions(call.input, field)) out.insert(call.operation);
  }
}

std::string listed(const Names& names) {
  return names.empty() ? "" : fmt::format("`{}`", fmt::join(names, "`, `"));
}

struct Keeping {
  Names created, compared, corrected;
};

void add_keeping_of_tags(const Definition& definition, Keeping& out) {
  const Tags& tags = *definition.tags;
  add_sending({definition.create}, "tags", out.created);
  out.compared.insert(tags.read ? tags.read->operation : definition.facets.front().read.operation);
  out.corrected.insert(tags.add.operation);
  if (tags.remove) out.corrected.insert(tags.remove->operation);
}

void add_keeping(const Definition& definition, const Field& field, Keeping& out) {
  const bool is_tag = field.name == "tags" || !field.tag.empty();
  if (is_tag && definition.tags) add_keeping_of_tags(definition, out);
  if (is_tag) return;
  add_sending({definition.create}, field.name, out.created);
  for (const Facet& facet : definition.facets) {
    const bool named = std::ranges::find(facet.fields, field.name) != facet.fields.end();
    if (!named && facet.remembered != field.name) continue;
    out.compared.insert(facet.remembered == field.name ? "a digest in status"
                                                       : facet.read.operation);
    add_sending(facet.write, field.name, out.corrected);
  }
  for (const ChildSet& set : definition.sets) {
    if (set.field != field.name) continue;
    const Call& read = set.read ? *set.read : definition.facets.front().read;
    out.compared.insert(read.operation);
    for (const Call* call : {&set.add, &set.remove}) out.corrected.insert(call->operation);
    for (const Call& call : set.change) out.corrected.insert(call.operation);
  }
}

// Of a change by others, as planning/drift.cc sees it.
std::string_view severity_of(const Field& field) {
  const bool is_tag = field.name == "tags" || !field.tag.empty();
  if (is_tag) return "low";
  if (field.severity.empty()) return "high";
  return field.severity;
}

// Which call sends a field, which shows it, and which puts it right when it was changed in AWS.
std::string keeping_table(const Definition& definition) {
  std::string rows;
  for (const Field& field : definition.spec) {
    Keeping keeping;
    if (definition.variants.empty()) add_keeping(definition, field, keeping);
    for (const Definition& variant : definition.variants) add_keeping(variant, field, keeping);
    if (keeping.created.empty() && keeping.compared.empty()) continue;
    std::string corrected = listed(keeping.corrected);
    if (corrected.empty())
      corrected = keeping.compared.empty() ? "" : "no call can; says Immutable";
    rows += fmt::format("| `{}` | {} | {} | {} | {} |\n", field.name, listed(keeping.created),
                        listed(keeping.compared), corrected,
                        keeping.compared.empty() ? "" : severity_of(field));
  }
  if (rows.empty()) return {};
  return "## How fields are kept\n\n| field | created by | compared with | put right by "
         "| severity of drift |\n|---|---|---|---|---|\n" +
         rows + "\n";
}

std::string blocks(const Definition& definition) {
  std::set<std::string> lines;
  for (const Call* call : all_calls(definition)) {
    for (const auto& [error, sentence] : call->blocked) {
      lines.insert(fmt::format("- `{}` ({}): {}\n", error, call->operation, sentence));
    }
  }
  if (lines.empty()) return {};
  return fmt::format("## When AWS makes it wait\n\n{}\n", fmt::join(lines, ""));
}

}  // namespace

std::string kind_page(const Definition& definition) {
  std::string out = fmt::format(
      "<!-- Generated by infra-generate; change the definition instead. -->\n# {}\n\n{}\n\n"
      "`kubectl get {}`; API group `{}`, version `{}`.",
      definition.kind, definition.description, definition.plural, kGroup, kVersion);
  if (!definition.short_names.empty()) {
    out += fmt::format(" Short names: `{}`.", fmt::join(definition.short_names, "`, `"));
  }
  if (definition.holds_data) {
    out += "\n\nWhen it has gone from AWS it is not made again unasked: `docs/drift.md`.";
  }
  out += "\n\n" + spec_table(definition) + keeping_table(definition) + status_table(definition) +
         call_list(definition) + blocks(definition);
  if (definition.sample.is_object()) {
    out += "## Sample\n\n```yaml\n" + sample_manifest(definition) + "```\n";
  }
  while (out.ends_with("\n\n")) out.pop_back();
  return out;
}

}  // namespace infra::definition
