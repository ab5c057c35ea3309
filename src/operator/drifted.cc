#include "operator/drifted.h"

#include <fmt/format.h>

#include <utility>

#include "operator/listed_objects.h"
#include "reconcile/drift_record.h"

namespace infra {
namespace {

void add_lines(const kube::ResourceType& type, const Json& object, std::vector<std::string>& out) {
  const Json* detected = find_path(object, "status.drift.detected");
  const Json* details = find_path(object, "status.drift.details");
  const bool drifted = detected != nullptr && *detected == Json(true);
  if (!drifted || details == nullptr || !details->is_array()) return;
  for (const Json& one : details->get_array()) {
    out.push_back(fmt::format("{}: {} ({}, since {})", name_of(type, object),
                              reconcile::sentence_of(text_at(one, "field"), text_at(one, "actual"),
                                                     text_at(one, "expected")),
                              text_at(one, "severity"), text_at(object, "status.drift.lastCheck")));
  }
}

}  // namespace

Task<Result<std::vector<std::string>>> drifted_objects(kube::Client& kube,
                                                       std::vector<kube::ResourceType> types,
                                                       std::vector<std::string> namespaces) {
  std::vector<std::string> out;
  std::function<void(const kube::ResourceType&, const Json&)> take =
      [&out](const kube::ResourceType& type, const Json& object) { add_lines(type, object, out); };
  const Extent everything;
  const auto listed = co_await list_objects(kube, std::move(types), std::move(namespaces),
                                            everything, std::move(take));
  if (!listed) co_return std::unexpected(listed.error());
  co_return out;
}

}  // namespace infra
