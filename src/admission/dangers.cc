#include "admission/dangers.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "planning/network.h"
#include "planning/path.h"

namespace infra::admission {
namespace {

using definition::Opening;

struct Port {
  std::int64_t number;
  std::string_view name;
};
// From these machines are ruled.
constexpr std::array kPorts{Port{22, "SSH"}, Port{3389, "RDP"}};

// The first range of a rule that is the whole world.
std::optional<std::string> whole_world(const Opening& opening, const Json& rule) {
  for (const auto& member : opening.from) {
    for (auto& text : planning::texts_at(rule, member)) {
      const auto range = planning::Range::parse(text);
      if (range && range->is_everything()) return std::move(text);
    }
  }
  return std::nullopt;
}

bool is_open(const Opening& opening, const Json& rule, std::int64_t port) {
  const std::string protocol = text_at(rule, opening.protocol);
  if (protocol == "-1") return true;  // whatever its ports say
  if (protocol != "tcp" && protocol != "6") return false;
  const Json* first = find_path(rule, opening.first);
  const Json* last = find_path(rule, opening.last);
  return first != nullptr && last != nullptr && first->is_int64() && last->is_int64() &&
         first->get_int64() <= port && port <= last->get_int64();
}

void add_openings(const Opening& opening, const Json& spec, std::vector<std::string>& sentences) {
  const Json* rules = find_path(spec, opening.list);
  if (rules == nullptr || !rules->is_array()) return;
  for (std::size_t i = 0; i < rules->get_array().size(); ++i) {
    const Json& rule = rules->get_array()[i];
    const auto world = whole_world(opening, rule);
    if (!world) continue;
    for (const Port& port : kPorts) {
      if (!is_open(opening, rule, port.number)) continue;
      sentences.push_back(fmt::format(
          "spec.{}[{}] lets everybody ({}) in at port {} ({}); name the ranges that need it",
          opening.list, i, *world, port.number, port.name));
    }
  }
}

}  // namespace

void add_dangers(const definition::Definition& kind, const Json& spec,
                 std::vector<std::string>& sentences) {
  for (const Opening& opening : kind.admission.openings) add_openings(opening, spec, sentences);
  for (const auto& warning : kind.admission.warnings) {
    const bool declared = warning.needs.empty() || find_path(spec, warning.needs) != nullptr;
    if (declared && definition::holds(warning.condition, spec)) {
      sentences.push_back(warning.says);
    }
  }
}

}  // namespace infra::admission
