#include "telemetry/health.h"

#include <fmt/format.h>

#include <algorithm>

namespace infra::telemetry {
namespace {

std::string on_one_line(std::string_view text) {
  std::string line(text);
  std::ranges::replace_if(line, [](unsigned char c) { return c < 0x20 || c == 0x7F; }, ' ');
  return line;
}

std::string check_line(std::string_view name, bool good, std::string_view reason) {
  if (good) return fmt::format("[+]{} ok\n", name);
  if (reason.empty()) return fmt::format("[-]{} failed\n", name);
  return fmt::format("[-]{} failed: {}\n", name, reason);
}

}  // namespace

void Health::add(const std::string& name) { checks_.try_emplace(on_one_line(name)); }

void Health::set_ready(const std::string& name, bool ready, std::string_view reason) {
  checks_[on_one_line(name)].ready = {ready, on_one_line(reason)};
}

void Health::set_alive(const std::string& name, bool alive, std::string_view reason) {
  checks_[on_one_line(name)].alive = {alive, on_one_line(reason)};
}

HealthAnswer Health::alive() const {
  HealthAnswer answer{true, ""};
  for (const auto& [name, check] : checks_) {
    answer.ok = answer.ok && check.alive.good;
    answer.text += check_line(name, check.alive.good, check.alive.reason);
  }
  answer.text += answer.ok ? "alive\n" : "not alive\n";
  return answer;
}

HealthAnswer Health::ready() const {
  HealthAnswer answer{!checks_.empty(), ""};
  for (const auto& [name, check] : checks_) {
    const bool good = check.alive.good && check.ready.good;
    answer.ok = answer.ok && good;
    answer.text +=
        check_line(name, good, check.alive.good ? check.ready.reason : check.alive.reason);
  }
  answer.text += answer.ok ? "ready\n" : "not ready\n";
  return answer;
}

}  // namespace infra::telemetry
