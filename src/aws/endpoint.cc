#include "aws/endpoint.h"

#include <aws/common/array_list.h>
#include <aws/common/hash_table.h>
#include <aws/sdkutils/endpoints_rule_engine.h>
#include <aws/sdkutils/partitions.h>

#include "aws/crt_text.h"

namespace infra::aws {

struct EndpointResolver::Handles {
  aws_partitions_config* partitions = nullptr;
  aws_endpoints_ruleset* rules = nullptr;
  aws_endpoints_rule_engine* engine = nullptr;

  Handles() = default;
  Handles(const Handles&) = delete;
  Handles& operator=(const Handles&) = delete;
  ~Handles() {
    aws_endpoints_rule_engine_release(engine);
    aws_endpoints_ruleset_release(rules);
    aws_partitions_config_release(partitions);
  }
};

namespace {

struct ReleaseContext {
  void operator()(aws_endpoints_request_context* it) const {
    aws_endpoints_request_context_release(it);
  }
};
using Context = std::unique_ptr<aws_endpoints_request_context, ReleaseContext>;
struct ReleaseResolved {
  void operator()(aws_endpoints_resolved_endpoint* it) const {
    aws_endpoints_resolved_endpoint_release(it);
  }
};
using Resolved = std::unique_ptr<aws_endpoints_resolved_endpoint, ReleaseResolved>;

int add(aws_endpoints_request_context* context, std::string_view name, const EndpointValue& value) {
  aws_allocator* allocator = aws_default_allocator();
  if (const auto* flag = std::get_if<bool>(&value)) {
    return aws_endpoints_request_context_add_boolean(allocator, context, to_cursor(name), *flag);
  }
  if (const auto* text = std::get_if<std::string>(&value)) {
    return aws_endpoints_request_context_add_string(allocator, context, to_cursor(name),
                                                    to_cursor(*text));
  }
  std::vector<aws_byte_cursor> cursors;
  for (const auto& item : std::get<std::vector<std::string>>(value)) {
    cursors.push_back(to_cursor(item));
  }
  return aws_endpoints_request_context_add_string_array(allocator, context, to_cursor(name),
                                                        cursors.data(), cursors.size());
}

net::Headers read_headers(const aws_endpoints_resolved_endpoint* resolved) {
  net::Headers out;
  const aws_hash_table* table = nullptr;
  if (aws_endpoints_resolved_endpoint_get_headers(resolved, &table) != 0 || table == nullptr) {
    return out;
  }
  for (auto it = aws_hash_iter_begin(table); !aws_hash_iter_done(&it); aws_hash_iter_next(&it)) {
    const auto* name = static_cast<const aws_string*>(it.element.key);
    const auto* values = static_cast<const aws_array_list*>(it.element.value);
    for (std::size_t i = 0; i < aws_array_list_length(values); ++i) {
      aws_string* value = nullptr;
      aws_array_list_get_at(values, static_cast<void*>(&value), i);
      out.emplace_back(to_view(name), to_view(value));
    }
  }
  return out;
}

// We sign with Signature Version 4 only, so its scheme is taken wherever the rules offer it.
void read_auth_scheme(Endpoint& endpoint) {
  const Json* schemes = endpoint.properties.if_contains("authSchemes");
  if (schemes == nullptr || !schemes->is_array() || schemes->get_array().empty()) return;
  const Json* chosen = &schemes->get_array().front();
  for (const Json& scheme : schemes->get_array()) {
    if (text_at(scheme, "name") != "sigv4") continue;
    chosen = &scheme;
    break;
  }
  endpoint.auth_scheme = text_at(*chosen, "name");
  endpoint.signing_name = text_at(*chosen, "signingName");
  endpoint.signing_region = text_at(*chosen, "signingRegion");
  const Json* single = find_path(*chosen, "disableDoubleEncoding");
  endpoint.double_encode_path = single == nullptr || *single != Json(true);
}

Result<Endpoint> read_endpoint(const aws_endpoints_resolved_endpoint* resolved) {
  aws_byte_cursor text{};
  if (aws_endpoints_resolved_endpoint_get_type(resolved) == AWS_ENDPOINTS_RESOLVED_ERROR) {
    aws_endpoints_resolved_endpoint_get_error(resolved, &text);
    return fail(Code::kInvalid, std::string(to_view(text)));
  }
  Endpoint out;
  if (aws_endpoints_resolved_endpoint_get_url(resolved, &text) == 0) out.url = to_view(text);
  out.headers = read_headers(resolved);
  if (aws_endpoints_resolved_endpoint_get_properties(resolved, &text) == 0 && text.len != 0) {
    auto properties = parse_json(to_view(text));
    if (properties && properties->is_object()) out.properties = properties->get_object();
  }
  read_auth_scheme(out);
  return out;
}

}  // namespace

EndpointParameters parameters_of(const Operation& operation, const Json& input) {
  EndpointParameters out;
  for (const auto& [name, value] : operation.endpoint_parameters) {
    if (value.is_bool()) out.emplace(name, value.get_bool());
    if (value.is_string()) out.emplace(name, std::string(value.get_string()));
  }
  if (operation.input.shape == nullptr || !input.is_object()) return out;
  for (const Member& member : operation.input.shape->members) {
    const Json* value = input.get_object().if_contains(member.name);
    if (member.endpoint_parameter.empty() || value == nullptr || !value->is_string()) continue;
    out.emplace(member.endpoint_parameter, std::string(value->get_string()));
  }
  return out;
}

EndpointResolver::EndpointResolver(std::unique_ptr<Handles> handles)
    : handles_(std::move(handles)) {
  const aws_hash_table* table = aws_endpoints_ruleset_get_parameters(handles_->rules);
  for (auto it = aws_hash_iter_begin(table); !aws_hash_iter_done(&it); aws_hash_iter_next(&it)) {
    known_.emplace(to_view(*static_cast<const aws_byte_cursor*>(it.element.key)));
  }
}

EndpointResolver::~EndpointResolver() = default;

Result<std::shared_ptr<const EndpointResolver>> EndpointResolver::make(
    std::string_view rule_set, std::string_view partitions) {
  aws_allocator* allocator = aws_default_allocator();
  auto handles = std::make_unique<Handles>();
  handles->partitions = aws_partitions_config_new_from_string(allocator, to_cursor(partitions));
  if (handles->partitions == nullptr) {
    return fail(Code::kInternal, "the list of AWS partitions cannot be read: " + crt_error());
  }
  handles->rules = aws_endpoints_ruleset_new_from_string(allocator, to_cursor(rule_set));
  if (handles->rules == nullptr) {
    return fail(Code::kInternal, "the endpoint rules cannot be read: " + crt_error());
  }
  handles->engine = aws_endpoints_rule_engine_new(allocator, handles->rules, handles->partitions);
  if (handles->engine == nullptr) {
    return fail(Code::kInternal, "the endpoint rules cannot be used: " + crt_error());
  }
  return std::shared_ptr<const EndpointResolver>(new EndpointResolver(std::move(handles)));
}

Result<Endpoint> EndpointResolver::resolve(const EndpointParameters& parameters) const {
  const Context context(aws_endpoints_request_context_new(aws_default_allocator()));
  for (const auto& [name, value] : parameters) {
    if (knows(name) && add(context.get(), name, value) != 0) {
      return fail(Code::kInternal, "no endpoint: " + crt_error());
    }
  }
  aws_endpoints_resolved_endpoint* raw = nullptr;
  if (aws_endpoints_rule_engine_resolve(handles_->engine, context.get(), &raw) != 0) {
    return fail(Code::kInvalid, "no endpoint for these settings: " + crt_error());
  }
  const Resolved resolved(raw);
  return read_endpoint(raw);
}

}  // namespace infra::aws
