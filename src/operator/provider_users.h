#pragma once

#include <map>
#include <set>
#include <string>

namespace infra {

// Which objects use which provider: whom to wake when one changes, and which may go.
class ProviderUsers {
 public:
  // A queue key (dispatcher.h); an object without a provider is forgotten.
  void set(const std::string& user, const std::string& provider);
  void remove(const std::string& user) { set(user, ""); }
  const std::set<std::string>& of(const std::string& provider) const;

 private:
  std::map<std::string, std::set<std::string>> users_;
  std::map<std::string, std::string> provider_of_;
};

}  // namespace infra
