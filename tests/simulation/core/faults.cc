#include "core/faults.h"

namespace infra::sim {
namespace {

constexpr std::array<std::string_view, kFaultCount> kNames{
    "none",         "refused",         "lost-request",
    "lost-answer",  "answer-too-late", "server-error",
    "error-after",  "broken-answer",   "slow",
    "throttled",    "denied",          "twice",
    "crash-before", "crash-committed", "crash-after"};

}  // namespace

std::string_view to_string(Fault fault) { return kNames[std::size_t(fault)]; }

std::optional<Fault> fault_named(std::string_view name) {
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if (kNames[i] == name) return Fault(i);
  }
  return std::nullopt;
}

FaultPlan::FaultPlan(std::uint64_t seed, std::map<Fault, double> rates)
    : seed_(seed), rates_(std::move(rates)) {}

Fault FaultPlan::draw(const std::string& request) {
  Fault drawn = Fault::kNone;
  if (calm_) return drawn;
  if (only_) {
    const auto written = only_->find(request);
    if (written != only_->end()) drawn = written->second;
  } else if (!rates_.empty()) {
    Random random(seed_, request);
    double left = random.unit();
    for (const auto& [fault, rate] : rates_) {
      if (left < rate) {
        drawn = fault;
        break;
      }
      left -= rate;
    }
  }
  if (drawn != Fault::kNone) fired_.emplace_back(request, drawn);
  return drawn;
}

}  // namespace infra::sim
