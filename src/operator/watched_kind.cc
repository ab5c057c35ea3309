#include "operator/watched_kind.h"

#include <algorithm>

#include "planning/decide.h"
#include "reconcile/finalizer.h"

namespace infra {

kube::ResourceType resource_type(const definition::Definition& definition) {
  return {.group = std::string(planning::kGroup),
          .version = "v1alpha1",
          .plural = definition.plural,
          .kind = definition.kind,
          .namespaced = true};
}

WatchedKind::WatchedKind(const definition::Definition& definition, kube::Client& client,
                         Clock& clock, std::function<double()> random,
                         const std::vector<std::string>& namespaces)
    : definition_(definition), all_namespaces_(namespaces.empty()), namespaces_(namespaces) {
  if (all_namespaces_) namespaces_.emplace_back();
  for (const auto& ns : namespaces_) {
    informers_.push_back(std::make_unique<kube::Informer>(
        client, clock, random, resource_type(definition), kube::InformerOptions{.ns = ns}));
  }
}

bool WatchedKind::synced() const {
  return std::ranges::all_of(informers_, [](const auto& informer) { return informer->synced(); });
}

kube::Informer* WatchedKind::informer_of(std::string_view ns) const {
  if (all_namespaces_) return informers_.front().get();
  const auto found = std::ranges::find(namespaces_, ns);
  if (found == namespaces_.end()) return nullptr;
  return informers_[std::size_t(found - namespaces_.begin())].get();
}

Result<Json> WatchedKind::get(const std::string& key) const {
  const auto* informer = informer_of(std::string_view(key).substr(0, key.find('/')));
  if (informer == nullptr)
    return fail(Code::kNotFound, "the namespace of " + key + " is not watched");
  return informer->get(key);
}

std::vector<Json> WatchedKind::list(const std::string& ns) const {
  std::vector<Json> out;
  const auto* informer = informer_of(ns);
  if (informer == nullptr) return out;
  informer->for_each([&out, &ns](const std::string& key, const kube::Bytes& bytes) {
    if (!key.starts_with(ns + "/")) return;
    auto object = parse_json(*bytes);
    if (object) out.push_back(std::move(*object));
  });
  return out;
}

void WatchedKind::for_each(
    const std::function<void(const std::string& key, const kube::Bytes& bytes)>& visit) const {
  for (const auto& informer : informers_) informer->for_each(visit);
}

void WatchedKind::doubt_if_touched(const std::string& key, const Json& object) {
  if (reconcile::holds_finalizer(definition_, reconcile::Object(object))) doubt(key);
}

Json WatchedKind::note_written(Json object) {
  trust(kube::object_key(object));
  auto* informer = informer_of(text_at(object, "metadata.namespace"));
  return informer == nullptr ? object : informer->note_written(std::move(object));
}

}  // namespace infra
