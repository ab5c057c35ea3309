#include "operator/provider_users.h"

namespace infra {

void ProviderUsers::set(const std::string& user, const std::string& provider) {
  const auto before = provider_of_.find(user);
  if (before != provider_of_.end()) {
    if (before->second == provider) return;
    auto& users = users_[before->second];
    users.erase(user);
    if (users.empty()) users_.erase(before->second);
    provider_of_.erase(before);
  }
  if (provider.empty()) return;
  provider_of_[user] = provider;
  users_[provider].insert(user);
}

const std::set<std::string>& ProviderUsers::of(const std::string& provider) const {
  static const std::set<std::string> none;
  const auto found = users_.find(provider);
  return found == users_.end() ? none : found->second;
}

}  // namespace infra
