#include "planning/path.h"

#include <charconv>

namespace infra::planning {
namespace {

struct Step {
  std::string_view member;
  bool every = false;
  std::optional<std::size_t> index;
  std::string_view chosen_by, chosen;  // "[Member=text]"
  std::string_view rest;
};

Step first_step(std::string_view path) {
  const auto dot = path.find('.');
  Step step{.member = path.substr(0, dot),
            .rest = dot == std::string_view::npos ? std::string_view{} : path.substr(dot + 1)};
  const auto bracket = step.member.find('[');
  if (bracket == std::string_view::npos) return step;
  const auto inside = step.member.substr(bracket + 1, step.member.size() - bracket - 2);
  step.member = step.member.substr(0, bracket);
  step.every = inside.empty();
  const auto equals = inside.find('=');
  if (equals != std::string_view::npos) {
    step.chosen_by = inside.substr(0, equals);
    step.chosen = inside.substr(equals + 1);
  } else if (!step.every) {
    std::size_t index = 0;
    std::from_chars(inside.data(), inside.data() + inside.size(), index);
    step.index = index;
  }
  return step;
}

std::optional<Json> read_every(const Json& list, std::string_view rest) {
  if (!list.is_array()) return std::nullopt;
  JsonArray out;
  for (const Json& item : list.get_array()) {
    auto value = read_path(item, rest);
    if (value) out.push_back(std::move(*value));
  }
  return out;
}

std::optional<Json> read_chosen(const Json& list, const Step& step) {
  if (!list.is_array()) return std::nullopt;
  for (const Json& item : list.get_array()) {
    const auto value = read_path(item, step.chosen_by);
    if (value && plain_text(*value) == step.chosen) return read_path(item, step.rest);
  }
  return std::nullopt;
}

std::optional<Json> read_inside(const Json& value, const Step& step) {
  const auto text = read_path(value, step.member.substr(0, step.member.size() - 2));
  if (!text || !text->is_string()) return std::nullopt;
  const auto inside = parse_json(std::string_view(text->get_string()));
  return inside ? read_path(*inside, step.rest) : std::nullopt;
}

}  // namespace

std::optional<Json> read_path(const Json& value, std::string_view path) {
  if (path.empty()) return value;
  const Step step = first_step(path);
  if (step.member.ends_with("{}")) return read_inside(value, step);
  const auto* object = value.if_object();
  const Json* member = object == nullptr ? nullptr : object->if_contains(step.member);
  if (member == nullptr || member->is_null()) return std::nullopt;
  if (step.every) return read_every(*member, step.rest);
  if (!step.chosen_by.empty()) return read_chosen(*member, step);
  if (!step.index) return read_path(*member, step.rest);
  const auto* list = member->if_array();
  if (list == nullptr || *step.index >= list->size()) return std::nullopt;
  return read_path((*list)[*step.index], step.rest);
}

void write_path(Json& value, std::string_view path, Json leaf) {
  if (path.empty()) {
    value = std::move(leaf);
    return;
  }
  const Step step = first_step(path);
  if (!value.is_object()) value = JsonObject{};
  Json& member = value.get_object()[step.member];
  if (!step.index) return write_path(member, step.rest, std::move(leaf));
  if (!member.is_array()) member = JsonArray{};
  auto& list = member.get_array();
  if (list.size() <= *step.index) list.resize(*step.index + 1);
  write_path(list[*step.index], step.rest, std::move(leaf));
}

std::vector<std::string> texts_at(const Json& value, std::string_view path) {
  std::vector<std::string> out;
  const Json* list = find_path(value, path);
  if (list == nullptr || !list->is_array()) return out;
  for (const Json& item : list->get_array()) {
    if (item.is_string()) out.emplace_back(item.get_string());
  }
  return out;
}

}  // namespace infra::planning
