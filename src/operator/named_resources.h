#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "definition/definition.h"

namespace infra {

// Which objects stand for what a change in AWS names: by their provider, the service of their kind,
// and the id, ARN or chosen name of their resource.
class NamedResources {
 public:
  // Of an object as it is now, by its queue key (dispatcher.h); null: it has gone.
  void set(const std::string& key, const definition::Definition& definition, const Json& object);
  // `service` is CloudTrail's word, such as "ec2".
  const std::set<std::string>& find(const std::string& provider, const std::string& service,
                                    const std::string& name) const;

 private:
  void replace(const std::string& key, std::vector<std::string> places);

  // A place is provider, service and name in one text.
  std::map<std::string, std::set<std::string>> keys_;
  std::map<std::string, std::vector<std::string>> places_;
};

}  // namespace infra
