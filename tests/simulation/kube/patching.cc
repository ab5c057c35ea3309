#include "kube/patching.h"

#include <optional>
#include <vector>

#include "kube/request.h"

namespace infra::sim {
namespace {

Refused cannot_apply(const std::string& why) {
  return Refused({.code = 422, .reason = "Invalid", .message = why});
}

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
}

std::optional<std::vector<std::string>> steps_of(std::string_view pointer) {
  std::vector<std::string> out;
  while (!pointer.empty()) {
    if (!pointer.starts_with('/')) return std::nullopt;
    pointer.remove_prefix(1);
    const auto end = std::min(pointer.find('/'), pointer.size());
    std::string step(pointer.substr(0, end));
    replace_all(step, "~1", "/");
    replace_all(step, "~0", "~");
    out.push_back(std::move(step));
    pointer.remove_prefix(end);
  }
  return out;
}

Json* member_of(Json& value, const std::string& step) {
  if (auto* object = value.if_object()) return object->if_contains(step);
  auto* array = value.if_array();
  const auto index = whole_number(step);
  return array != nullptr && index && *index < array->size() ? &(*array)[*index] : nullptr;
}

Json* parent_at(Json& root, const std::vector<std::string>& steps) {
  Json* at = &root;
  for (std::size_t i = 0; at != nullptr && i + 1 < steps.size(); ++i) at = member_of(*at, steps[i]);
  return at;
}

bool put_at(Json& root, const std::vector<std::string>& steps, Json value, bool replace) {
  if (steps.empty()) {
    root = std::move(value);
    return true;
  }
  Json* parent = parent_at(root, steps);
  if (parent == nullptr) return false;
  Json* present = member_of(*parent, steps.back());
  if (replace && present == nullptr) return false;
  if (auto* object = parent->if_object()) {
    (*object)[steps.back()] = std::move(value);
    return true;
  }
  if (replace) {
    *present = std::move(value);
    return true;
  }
  auto* array = parent->if_array();
  if (array == nullptr) return false;
  const auto index = steps.back() == "-" ? array->size() : whole_number(steps.back());
  if (!index || *index > array->size()) return false;
  array->insert(array->begin() + std::ptrdiff_t(*index), std::move(value));
  return true;
}

bool remove_at(Json& root, const std::vector<std::string>& steps) {
  Json* parent = steps.empty() ? nullptr : parent_at(root, steps);
  if (parent == nullptr || member_of(*parent, steps.back()) == nullptr) return false;
  if (auto* object = parent->if_object()) {
    object->erase(steps.back());
  } else {
    auto& array = parent->get_array();
    array.erase(array.begin() + std::ptrdiff_t(*whole_number(steps.back())));
  }
  return true;
}

std::optional<Json> value_at(Json& root, const std::vector<std::string>& steps) {
  if (steps.empty()) return root;
  Json* parent = parent_at(root, steps);
  Json* found = parent == nullptr ? nullptr : member_of(*parent, steps.back());
  return found == nullptr ? std::nullopt : std::optional<Json>(*found);
}

// Whether it could be done.
bool apply_one(Json& target, const Json& operation) {
  const auto steps = steps_of(text_at(operation, "path"));
  if (!steps) return false;
  const auto what = text_at(operation, "op");
  const Json* value = find_path(operation, "value");
  if (what == "add") return value != nullptr && put_at(target, *steps, *value, false);
  if (what == "replace") return value != nullptr && put_at(target, *steps, *value, true);
  if (what == "remove") return remove_at(target, *steps);
  if (what == "test") {
    const auto present = value_at(target, *steps);
    return value != nullptr && present && same(*present, *value);
  }
  const auto from = steps_of(text_at(operation, "from"));
  if (!from || (what != "move" && what != "copy")) return false;
  auto moved = value_at(target, *from);
  if (!moved || (what == "move" && !remove_at(target, *from))) return false;
  return put_at(target, *steps, std::move(*moved), false);
}

}  // namespace

void merge(Json& target, const Json& patch) {
  const auto* changes = patch.if_object();
  if (changes == nullptr) {
    target = patch;
    return;
  }
  if (!target.is_object()) target = JsonObject{};
  JsonObject& object = target.get_object();
  for (const auto& member : *changes) {
    if (member.value().is_null()) {
      object.erase(member.key());
    } else {
      merge(object[member.key()], member.value());
    }
  }
}

Answer<Json> apply_json_patch(Json target, const Json& operations) {
  const auto* list = operations.if_array();
  if (list == nullptr) return bad_request("a JSON patch must be a list of operations");
  for (const Json& operation : *list) {
    if (!apply_one(target, operation)) {
      return cannot_apply("the server rejected our request due to an error in our request");
    }
  }
  return target;
}

}  // namespace infra::sim
