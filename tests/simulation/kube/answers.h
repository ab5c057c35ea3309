#pragma once

#include <cstdint>
#include <expected>
#include <string>

#include "base/json.h"
#include "kube/field_errors.h"
#include "kube/kinds.h"
#include "net/http.h"

namespace infra::sim {

// A refusal, as a metav1.Status tells it.
struct Refusal {
  int code = 500;
  std::string reason;
  std::string message;
  JsonObject details = {};
  std::string resume = {};  // metadata.continue of a page that has expired
  std::string plain = {};   // the body where it is no Status

  Json body() const;
  net::HttpResponse response() const;
};

template <class T>
using Answer = std::expected<T, Refusal>;
using Refused = std::unexpected<Refusal>;

Refused not_found(const Kind& kind, const std::string& name);
Refused already_exists(const Kind& kind, const std::string& name);
Refused conflict(const Kind& kind, const std::string& name, const std::string& why);
Refused invalid(const Kind& kind, const std::string& name, const FieldErrors& errors);
Refused invalid_patch(const std::string& why);
Refused bad_request(const std::string& why);
Refused forbidden(const Kind& kind, const std::string& name, const std::string& why);
Refused method_not_allowed();
// What the server did not foresee: no reason is given.
Refused failure(const std::string& why);
Refused unreadable_version(const std::string& text);
Refused unsupported_type(const std::string& type);
Refused no_such_page();
Refused no_such_subresource(const Kind& kind, const std::string& name);
Refused gone(const std::string& why);
Refused not_yet_seen(std::uint64_t version, std::uint64_t current);

net::HttpResponse json_response(int status, std::string body);
// What a DELETE answers once the object has gone.
Json deleted(const Kind& kind, const std::string& name, const std::string& uid);

}  // namespace infra::sim
