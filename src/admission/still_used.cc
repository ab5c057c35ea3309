#include "admission/still_used.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "planning/access.h"

namespace infra::admission {

using reconcile::Asked;
using reconcile::Target;

namespace {

constexpr std::size_t kMostNamed = 3;

}  // namespace

Asked StillUsed::asked_by(const definition::Definition& kind, const Json& object) const {
  if (kind.kind == provider_.kind) return {};
  Asked out = reconcile::asked_by(kind, reconcile::Object(object));
  const std::string provider = planning::provider_key_of(object);
  const auto slash = provider.find('/');
  if (!provider.empty()) {
    out.named.push_back({provider_.kind, provider.substr(0, slash), provider.substr(slash + 1)});
  }
  return out;
}

void StillUsed::note(const definition::Definition& kind, const Json& before, const Json& after) {
  const bool uses = !after.is_null() && !is_leaving(after);
  const Target user = reconcile::target_of(kind.kind, after.is_null() ? before : after);
  users_.set(user, uses ? asked_by(kind, after) : Asked{});
}

std::optional<std::string> StillUsed::why_not(const definition::Definition& kind,
                                              const Json& object) const {
  const Target self = reconcile::target_of(kind.kind, object);
  std::vector<std::string> names;
  for (const Target& user : users_.of(self, object)) {
    const auto& used = users_.asked_by(self).named;
    if (user == self || std::ranges::find(used, user) != used.end()) continue;
    names.push_back(called(user.kind, user.ns + "/" + user.name, self.ns));
  }
  if (names.empty()) return std::nullopt;
  return fmt::format("{} {}/{} is still used by {}; delete what uses it first", self.kind, self.ns,
                     self.name, listed(std::move(names), kMostNamed));
}

}  // namespace infra::admission
