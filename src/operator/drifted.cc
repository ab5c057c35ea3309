#include "operator/drifted.h"

#include <fmt/format.h>

#include <utility>

namespace infra {
namespace {

constexpr std::int64_t kPage = 500;

std::string or_nothing(const std::string& text) { return text.empty() ? "not there" : text; }

void add_lines(const kube::ResourceType& type, const Json& object, std::vector<std::string>& out) {
  const Json* detected = find_path(object, "status.drift.detected");
  const Json* details = find_path(object, "status.drift.details");
  const bool drifted = detected != nullptr && *detected == Json(true);
  if (!drifted || details == nullptr || !details->is_array()) return;
  for (const Json& one : details->get_array()) {
    out.push_back(fmt::format("{} {}/{}: {} is {}, declared {} ({}, since {})", type.plural,
                              text_at(object, "metadata.namespace"),
                              text_at(object, "metadata.name"), text_at(one, "field"),
                              or_nothing(text_at(one, "actual")),
                              or_nothing(text_at(one, "expected")), text_at(one, "severity"),
                              text_at(object, "status.drift.lastCheck")));
  }
}

// All pages of one type in one namespace.
Task<Result<void>> add_all(kube::Client& kube, kube::ResourceType type, std::string ns,
                           std::vector<std::string>& out) {
  std::string token;
  do {
    kube::ListOptions options;
    options.limit = kPage;
    options.continue_token = token;
    const auto page = co_await kube.list(type, ns, std::move(options));
    if (!page && page.error().code == Code::kNotFound) co_return Result<void>{};
    if (!page) co_return std::unexpected(page.error());
    const Json* items = find_path(*page, "items");
    if (items != nullptr && items->is_array()) {
      for (const Json& object : items->get_array()) add_lines(type, object, out);
    }
    token = text_at(*page, "metadata.continue");
  } while (!token.empty());
  co_return Result<void>{};
}

}  // namespace

Task<Result<std::vector<std::string>>> drifted_objects(kube::Client& kube,
                                                       std::vector<kube::ResourceType> types,
                                                       std::vector<std::string> namespaces) {
  if (namespaces.empty()) namespaces.emplace_back();
  std::vector<std::string> out;
  for (const auto& type : types) {
    for (const auto& ns : namespaces) {
      auto added = co_await add_all(kube, type, ns, out);
      if (!added) co_return std::unexpected(added.error());
    }
  }
  co_return out;
}

}  // namespace infra
