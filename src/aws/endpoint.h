#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "aws/model.h"
#include "base/json.h"
#include "net/http.h"

namespace infra::aws {

// Where a request goes and how it is signed there.
struct Endpoint {
  std::string url;
  net::Headers headers;
  JsonObject properties;       // as the rules gave them
  std::string signing_name;    // empty: the service's own
  std::string signing_region;  // empty: the region asked for
  std::string auth_scheme;     // such as "sigv4"; empty: the service's own
  bool double_encode_path = true;
};

using EndpointValue = std::variant<bool, std::string, std::vector<std::string>>;
using EndpointParameters = std::map<std::string, EndpointValue, std::less<>>;

// What the endpoint rules are told about a call. Left out are parameters that the model takes from
// an input by JMESPath: they matter to endpoints of an account, which we never ask for.
EndpointParameters parameters_of(const Operation& operation, const Json& input);

// The endpoint rules of one service. Needs a CrtLibrary.
class EndpointResolver {
 public:
  static Result<std::shared_ptr<const EndpointResolver>> make(std::string_view rule_set,
                                                              std::string_view partitions);
  ~EndpointResolver();
  EndpointResolver(const EndpointResolver&) = delete;
  EndpointResolver& operator=(const EndpointResolver&) = delete;

  // Parameters that the rules do not know are left out, defaults are filled in. kInvalid with the
  // rules' own sentence where they refuse.
  Result<Endpoint> resolve(const EndpointParameters& parameters) const;
  bool knows(std::string_view parameter) const { return known_.contains(parameter); }

 private:
  struct Handles;
  explicit EndpointResolver(std::unique_ptr<Handles> handles);

  std::unique_ptr<Handles> handles_;
  std::set<std::string, std::less<>> known_;
};

}  // namespace infra::aws
