#include "definition/model_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <optional>
#include <sstream>

#include "definition/references.h"

namespace infra::definition {
namespace {

namespace fs = std::filesystem;

// One botocore service-2.json.
class Model {
 public:
  explicit Model(Json root) : root_(std::move(root)) {}

  const JsonObject* operation(std::string_view name) const { return in("operations", name); }
  const JsonObject* shape(std::string_view name) const { return in("shapes", name); }

  // The shape of an operation's input or output; empty if it has none.
  std::string input_of(const JsonObject& operation) const { return part(operation, "input"); }
  std::string output_of(const JsonObject& operation) const { return part(operation, "output"); }

  std::string type_of(std::string_view name) const {
    const auto* found = shape(name);
    return found == nullptr ? std::string() : std::string(found->at("type").as_string());
  }

 private:
  static std::string part(const JsonObject& operation, std::string_view which) {
    const auto* found = operation.if_contains(which);
    return found == nullptr ? std::string() : text_at(*found, "shape");
  }

  const JsonObject* in(std::string_view table, std::string_view name) const {
    const auto* found = root_.as_object().at(table).as_object().if_contains(name);
    return found == nullptr ? nullptr : &found->as_object();
  }

  Json root_;
};

bool in_enum(const JsonObject& shape, std::string_view text) {
  const auto* allowed = shape.if_contains("enum");
  if (allowed == nullptr) return true;
  return std::ranges::any_of(allowed->as_array(), [&](const Json& v) { return v == Json(text); });
}

// Follows one member name from a structure or map.
std::string member_shape(const Model& model, const std::string& from, std::string_view name) {
  const auto* shape = model.shape(from);
  if (shape == nullptr) return {};
  const auto& type = shape->at("type").as_string();
  if (type == "structure") {
    const auto* member = shape->at("members").as_object().if_contains(name);
    return member == nullptr ? std::string() : text_at(*member, "shape");
  }
  if (type != "map") return {};
  const auto* key = model.shape(text_at(shape->at("key"), "shape"));
  if (key != nullptr && !in_enum(*key, name)) return {};
  return text_at(shape->at("value"), "shape");
}

std::string item_shape(const Model& model, const std::string& list) {
  const auto* shape = model.shape(list);
  if (shape == nullptr || shape->at("type").as_string() != "list") return {};
  return text_at(shape->at("member"), "shape");
}

struct Place {
  std::string shape;   // empty: leads nowhere
  bool every = false;  // "[]" was on the way: the value is a list of such shapes
};

// Follows a path such as "Rules[0].Filter.Prefix" or "Layers[].Arn".
Place follow(const Model& model, Place from, std::string_view path) {
  while (!path.empty() && !from.shape.empty()) {
    const auto step = path.substr(0, path.find('.'));
    // What is inside a JSON text no model knows.
    if (step.ends_with("{}"))
      return {member_shape(model, from.shape, step.substr(0, step.size() - 2))};
    path.remove_prefix(std::min(path.size(), step.size() + 1));
    const auto bracket = step.find('[');
    from.shape = member_shape(model, from.shape, step.substr(0, bracket));
    if (bracket == std::string_view::npos || from.shape.empty()) continue;
    from.every = from.every || step.substr(bracket) == "[]";
    from.shape = item_shape(model, from.shape);
  }
  return from;
}

class Models {
 public:
  explicit Models(fs::path folder) : folder_(std::move(folder)) {}

  // nullptr if there is no such service.
  const Model* find(const std::string& service) {
    const auto found = models_.find(service);
    if (found != models_.end()) return found->second ? &*found->second : nullptr;
    auto& slot = models_[service];
    slot = load(service);
    return slot ? &*slot : nullptr;
  }

 private:
  std::optional<Model> load(const std::string& service) const {
    std::error_code error;
    fs::path newest;
    for (const auto& entry : fs::directory_iterator(folder_ / service, error)) {
      if (fs::exists(entry.path() / "service-2.json")) newest = std::max(newest, entry.path());
    }
    if (newest.empty()) return std::nullopt;
    std::ostringstream text;
    text << std::ifstream(newest / "service-2.json").rdbuf();
    auto root = parse_json(text.str());
    if (!root) return std::nullopt;
    return Model(std::move(*root));
  }

  fs::path folder_;
  std::map<std::string, std::optional<Model>> models_;
};

bool is_number(std::string_view type) {
  return type == "integer" || type == "long" || type == "float" || type == "double";
}

bool is_text(std::string_view type) {
  return type == "string" || type == "blob" || type == "timestamp" || type == "character";
}

// Whether a scalar spec field can be sent as a shape of this type.
bool fits(const Field& field, std::string_view type) {
  if (type == "map" || type == "structure" || type == "list") return false;
  if (!field.values.empty() || field.form == Form::kText || field.form == Form::kJson) {
    return is_text(type);
  }
  if (field.type == Type::kBoolean) return type == "boolean";
  if (field.type == Type::kInteger) return is_number(type);
  return is_text(type);
}

class Checker {
 public:
  Checker(const Definition& definition, Models& models, std::vector<std::string>& wrong)
      : definition_(definition), models_(models), wrong_(wrong) {}

  void run() {
    for (const Definition& variant : definition_.variants) Checker(variant, models_, wrong_).run();
    if (!definition_.variants.empty()) return;
    for (const Call* call : all_calls(definition_)) check_call(*call);
    for (const ChildSet& set : definition_.sets) check_items_sent(set);
    for (const Facet& facet : definition_.facets) check_facet(facet);
    check_identity();
    check_status();
    for (const ChildSet& set : definition_.sets) check_set(set);
    check_tags();
  }

 private:
  struct Answer {
    const Model* model = nullptr;
    Place place;
  };

  void complain(int line, const std::string& what) {
    wrong_.push_back(fmt::format("{}:{}: {}", definition_.file, line, what));
  }

  const std::string& service_of(const Call& call) const {
    return call.service.empty() ? definition_.service : call.service;
  }

  void check_call(const Call& call) {
    const Model* model = models_.find(service_of(call));
    if (model == nullptr) {
      return complain(call.line, fmt::format("there is no AWS service '{}'", service_of(call)));
    }
    const auto* operation = model->operation(call.operation);
    if (operation == nullptr) {
      return complain(call.line, fmt::format("service {} has no operation '{}'", service_of(call),
                                             call.operation));
    }
    check_input(*model, model->input_of(*operation), call.input, call, call.operation);
  }

  void check_input(const Model& model, const std::string& shape, const Json& value,
                   const Call& call, const std::string& where) {
    if (const auto* text = value.if_string()) {
      return check_text(model, shape, std::string(*text), call, where);
    }
    if (const auto* object = value.if_object()) {
      return check_members(model, shape, *object, call, where);
    }
    if (const auto* list = value.if_array()) {
      const std::string item = item_shape(model, shape);
      if (item.empty()) return complain(call.line, where + " is no list");
      for (const Json& v : *list) check_input(model, item, v, call, where + "[]");
    } else if (value.is_bool() && model.type_of(shape) != "boolean") {
      complain(call.line, where + " is no boolean");
    } else if (value.is_number() && !is_number(model.type_of(shape))) {
      complain(call.line, where + " is no number");
    }
  }

  void check_members(const Model& model, const std::string& shape, const JsonObject& object,
                     const Call& call, const std::string& where) {
    if (object.contains("$each") || object.contains("$union")) {
      return check_list_word(model, shape, object, call, where);
    }
    for (const auto& member : object) {
      if (member.key() == "$needs") continue;
      const std::string inner = member_shape(model, shape, member.key());
      if (inner.empty()) {
        complain(call.line, fmt::format("{} has no member '{}'", where, std::string(member.key())));
      } else {
        check_input(model, inner, member.value(), call, where + "." + std::string(member.key()));
      }
    }
    const auto* own = model.shape(shape);
    const auto* required = own == nullptr ? nullptr : own->if_contains("required");
    if (required == nullptr) return;
    for (const Json& name : required->as_array()) {
      if (!object.contains(name.as_string())) {
        complain(call.line,
                 fmt::format("{} needs the member '{}'", where, std::string(name.as_string())));
      }
    }
  }

  // {$each: list, $item: shape} and {$union: [values and lists]}
  void check_list_word(const Model& model, const std::string& shape, const JsonObject& object,
                       const Call& call, const std::string& where) {
    const std::string item = item_shape(model, shape);
    if (item.empty()) return complain(call.line, where + " is no list");
    if (const auto* one = object.if_contains("$item")) {
      items_of_ = text_at(object, "$each");
      check_input(model, item, *one, call, where + "[]");
      items_of_.clear();
      return;
    }
    for (const Json& part : object.at("$union").as_array()) {
      const bool list =
          part.is_string() || (part.is_object() && part.as_object().contains("$each"));
      check_input(model, list ? shape : item, part, call, where);
    }
  }

  // The calls of a set, where ${item} is one of its field's.
  void check_items_sent(const ChildSet& set) {
    items_of_ = set.field;
    for (const Call* call : {&set.add, &set.remove}) check_call(*call);
    for (const Call& call : set.change) check_call(call);
    items_of_.clear();
  }

  // What a name in an input stands for, if that is a field of spec.
  const Field* field_of(const std::string& name) const {
    if (!name.starts_with("item")) return field_at(definition_, name);
    if (items_of_.empty() || !name.starts_with("item.")) return nullptr;
    const Field* field = field_at(definition_, items_of_ + "[]" + name.substr(4));
    // A member of which each value makes an item.
    return field != nullptr && field->type == Type::kArray && !is_listed(name.substr(5))
               ? field
               : scalar(field);
  }

  bool is_listed(const std::string& member) const {
    return std::ranges::any_of(definition_.sets, [&](const ChildSet& set) {
      return set.field == items_of_ && std::ranges::find(set.each, member) != set.each.end();
    });
  }

  static const Field* scalar(const Field* field) {
    return field != nullptr && field->type == Type::kArray ? &field->fields.front() : field;
  }

  void check_text(const Model& model, const std::string& shape, const std::string& text,
                  const Call& call, const std::string& where) {
    const auto start = text.find("${");
    if (start == std::string::npos) {
      if (!is_text(model.type_of(shape))) return complain(call.line, where + " is no text");
      if (!in_enum(*model.shape(shape), text)) {
        complain(call.line, fmt::format("{} cannot be '{}'", where, text));
      }
      return;
    }
    if (start != 0 || text.find('}') + 1 != text.size()) {
      if (!is_text(model.type_of(shape))) complain(call.line, where + " is no text");
      return;
    }
    const std::string name = text.substr(2, std::min(text.find('|'), text.size() - 1) - 2);
    if (name == "tags" && definition_.tags) return check_tag_input(model, shape, call, where);
    const Field* field = field_of(name);
    if (field != nullptr) check_sent(model, shape, *field, call.line, where);
  }

  void check_tag_input(const Model& model, const std::string& shape, const Call& call,
                       const std::string& where) {
    const std::string type = model.type_of(shape);
    if (definition_.tags->shape == Tags::Shape::kMap) {
      if (type != "map") complain(call.line, where + " is no map of tags");
      return;
    }
    const std::string item = item_shape(model, shape);
    if (member_shape(model, item, definition_.tags->key).empty() ||
        member_shape(model, item, definition_.tags->value).empty()) {
      complain(call.line, fmt::format("{} is no list of {} and {}", where, definition_.tags->key,
                                      definition_.tags->value));
    }
  }

  // Whether the value of a spec field can be sent in this place.
  void check_sent(const Model& model, const std::string& shape, const Field& field, int line,
                  const std::string& where) {
    const std::string type = model.type_of(shape);
    if (field.form == Form::kNameOrArn) {
      for (const auto* member : {"Name", "Arn"}) {
        if (member_shape(model, shape, member).empty()) {
          complain(line, fmt::format("{} has no member '{}'", where, member));
        }
      }
    } else if (field.form == Form::kJson || field.form == Form::kPolicy) {
      if (!is_text(type)) complain(line, where + " is no text");
    } else if (field.type == Type::kObject) {
      for (const Field& inner : field.fields) check_sent_at(model, {shape}, inner, where);
    } else if (field.type == Type::kArray) {
      const std::string item = item_shape(model, shape);
      if (item.empty()) return complain(line, where + " is no list");
      check_sent_at(model, {item}, field.fields.front(), where + "[]");
    } else if (field.type == Type::kStringMap) {
      if (type != "map") complain(line, where + " is no map");
    } else {
      check_scalar(model, shape, field, line, where);
    }
  }

  void check_sent_at(const Model& model, const Place& parent, const Field& field,
                     const std::string& where) {
    if (field.at.empty() && !field.name.empty() && field.type != Type::kObject) return;
    const Place place = follow(model, parent, field.at);
    if (place.shape.empty()) {
      return complain(field.line, fmt::format("{} has no member '{}'", where, field.at));
    }
    check_sent(model, place.shape, field, field.line,
               field.at.empty() ? where : where + "." + field.at);
  }

  void check_scalar(const Model& model, const std::string& shape, const Field& field, int line,
                    const std::string& where) {
    const std::string type = model.type_of(shape);
    if (!fits(field, type)) {
      return complain(line, fmt::format("{} is a {}, which does not fit", where, type));
    }
    for (const std::string& ours : field.allowed) {
      const auto spelled = field.values.find(ours);
      const std::string& theirs = spelled == field.values.end() ? ours : spelled->second;
      if (!in_enum(*model.shape(shape), theirs)) {
        complain(field.line, fmt::format("{} cannot be '{}'", where, theirs));
      }
    }
    for (const auto& [ours, theirs] : field.values) {
      if (!in_enum(*model.shape(shape), theirs)) {
        complain(field.line, fmt::format("{} cannot be '{}'", where, theirs));
      }
    }
  }

  // Where in the answer of a call a path leads; the model is nullptr if the call itself is wrong.
  Answer answer(const Call& call, const std::string& path) {
    const Model* model = models_.find(service_of(call));
    const auto* operation = model == nullptr ? nullptr : model->operation(call.operation);
    if (operation == nullptr) return {};
    const std::string output = model->output_of(*operation);
    if (output.empty() && path.empty()) return {};
    const Place place = follow(*model, {output}, path);
    if (place.shape.empty()) {
      complain(call.line, fmt::format("the answer of {} has no '{}'", call.operation, path));
      return {};
    }
    return {model, place};
  }

  void check_together(const Call& read, const Together& together) {
    answer(read, together.items + "[0]." + together.id);
    const Model* model = models_.find(service_of(read));
    const auto* operation = model == nullptr ? nullptr : model->operation(read.operation);
    if (operation == nullptr) return;
    for (const auto* member : {"Name", "Values"}) {
      const std::string path = std::string("Filters[0].") + member;
      if (!follow(*model, {model->input_of(*operation)}, path).shape.empty()) continue;
      complain(read.line, fmt::format("{} has no member '{}'", read.operation, path));
    }
  }

  void check_facet(const Facet& facet) {
    if (facet.read.operation.empty()) return;
    if (facet.together) check_together(facet.read, *facet.together);
    const Answer found = answer(facet.read, facet.result);
    if (found.model == nullptr) return;
    for (const std::string& name : facet.fields) {
      const Field* field = field_at(definition_, name);
      if (field != nullptr) check_read(*found.model, found.place, *field, facet.read.operation);
    }
  }

  void check_read(const Model& model, const Place& parent, const Field& field,
                  const std::string& operation) {
    const bool leaf = field.type != Type::kObject && field.type != Type::kArray;
    if (leaf && field.read_at.empty()) return;  // the name that the user chose, or an item
    const Place place = follow(model, parent, field.read_at);
    if (place.shape.empty()) {
      return complain(field.line, fmt::format("the answer of {} has no '{}' for field {}",
                                              operation, field.read_at, field.name));
    }
    if (field.form == Form::kJson) return;
    if (field.type == Type::kObject) {
      for (const Field& inner : field.fields) check_read(model, place, inner, operation);
    } else if (field.type == Type::kArray && !field.read_at.empty()) {
      const std::string item = place.every ? place.shape : item_shape(model, place.shape);
      if (item.empty()) {
        return complain(field.line, fmt::format("'{}' in the answer of {} is no list",
                                                field.read_at, operation));
      }
      check_read(model, {item}, field.fields.front(), operation);
    }
  }

  void check_identity() {
    const Identity& identity = definition_.identity;
    if (!identity.assigned_at.empty()) answer(definition_.create, identity.assigned_at);
    if (identity.find && !identity.find_id.empty()) answer(*identity.find, identity.find_id);
    if (!identity.read_at.empty()) check_in_resource(identity.read_at, 0);
    for (const auto* path : {&definition_.states.at, &definition_.states.why}) {
      if (!path->empty()) check_in_resource(*path, 0);
    }
  }

  void check_in_resource(const std::string& path, int line) {
    if (definition_.facets.empty()) return;
    const Facet& first = definition_.facets.front();
    const Model* model = models_.find(service_of(first.read));
    const auto* operation = model == nullptr ? nullptr : model->operation(first.read.operation);
    if (operation == nullptr) return;
    const Place resource = follow(*model, {model->output_of(*operation)}, first.result);
    if (resource.shape.empty() || !follow(*model, resource, path).shape.empty()) return;
    complain(
        line == 0 ? first.read.line : line,
        fmt::format("the resource in the answer of {} has no '{}'", first.read.operation, path));
  }

  void check_status() {
    for (const StatusField& status : definition_.status) {
      const std::string& from = status.from;
      if (from.empty() || from.starts_with("${") || from.starts_with("spec.")) continue;
      if (status.in.empty()) {
        check_in_resource(from, status.field.line);
        continue;
      }
      for (const Facet& facet : definition_.facets) {
        if (facet.name == status.in) check_in_facet(facet, from, status.field.line);
      }
    }
  }

  void check_in_facet(const Facet& facet, const std::string& path, int line) {
    const Answer found = answer(facet.read, facet.result);
    if (found.model == nullptr || !follow(*found.model, found.place, path).shape.empty()) return;
    complain(line, fmt::format("the answer of {} has no '{}'", facet.read.operation, path));
  }

  void check_set(const ChildSet& set) {
    const Facet& first = definition_.facets.front();
    const Call& read = set.read ? *set.read : first.read;
    const std::string base = set.read || first.result.empty() ? "" : first.result + ".";
    const Answer list = answer(read, base + set.items);
    if (list.model == nullptr) return;
    const std::string item =
        list.place.every ? list.place.shape : item_shape(*list.model, list.place.shape);
    std::vector<std::string> members;
    if (!set.value.empty()) members.push_back(set.value);
    for (const auto& [member, values] : set.only) members.push_back(member);
    for (const auto& member : members) {
      if (!follow(*list.model, {item}, member).shape.empty()) continue;
      complain(read.line,
               fmt::format("the items in the answer of {} have no '{}'", read.operation, member));
    }
    const Field* field = field_at(definition_, set.field);
    if (set.key.empty() || field == nullptr || set.detail) return;
    for (const Field& member : field->fields.front().fields) {
      check_read(*list.model, {item}, is_listed_in(set, member) ? as_scalar(member) : member,
                 read.operation);
    }
  }

  static bool is_listed_in(const ChildSet& set, const Field& member) {
    return std::ranges::find(set.each, member.name) != set.each.end();
  }

  static Field as_scalar(Field member) {
    if (member.type == Type::kArray) member.type = Type::kString;
    return member;
  }

  void check_tags() {
    if (!definition_.tags) return;
    if (definition_.tags->read) answer(*definition_.tags->read, definition_.tags->result);
    if (!definition_.tags->read_at.empty()) check_in_resource(definition_.tags->read_at, 0);
  }

  const Definition& definition_;
  Models& models_;
  std::vector<std::string>& wrong_;
  std::string items_of_;  // the list of spec whose items ${item} stands for just now
};

}  // namespace

Result<void> check_against_models(std::span<const Definition> definitions, const fs::path& folder) {
  if (!fs::is_directory(folder)) {
    return fail(Code::kInvalid, fmt::format("there are no service models in {}", folder.string()));
  }
  Models models(folder);
  std::vector<std::string> wrong;
  for (const Definition& definition : definitions) Checker(definition, models, wrong).run();
  if (wrong.empty()) return {};
  std::string text;
  for (const auto& line : wrong) text += (text.empty() ? "" : "\n") + line;
  return fail(Code::kInvalid, std::move(text));
}

}  // namespace infra::definition
