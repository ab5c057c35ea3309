#pragma once

#include <map>
#include <set>
#include <string>

#include "base/json.h"

namespace infra {

// "namespace/name" of the provider that an object names; the namespace is the object's own unless
// written. Empty where it names none.
std::string provider_key_of(const Json& object);

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
