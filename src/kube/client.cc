#include "kube/client.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "net/retry_after.h"

namespace infra::kube {
namespace {

constexpr int kReadAttempts = 4;
constexpr Duration kLongestRetryAfter{10'000};

struct Mapping {
  std::string_view reason;
  Code code;
};

constexpr Mapping kReasons[] = {
    {"NotFound", Code::kNotFound},
    {"AlreadyExists", Code::kAlreadyExists},
    {"Conflict", Code::kConflict},
    {"Invalid", Code::kInvalid},
    {"BadRequest", Code::kInvalid},
    {"MethodNotAllowed", Code::kInvalid},
    {"NotAcceptable", Code::kInvalid},
    {"UnsupportedMediaType", Code::kInvalid},
    {"RequestEntityTooLarge", Code::kInvalid},
    {"Forbidden", Code::kDenied},
    {"Unauthorized", Code::kUnauthenticated},
    {"TooManyRequests", Code::kThrottled},
    {"Expired", Code::kExpired},
    {"Gone", Code::kExpired},
    {"Timeout", Code::kDeadline},
    {"ServerTimeout", Code::kUnavailable},
    {"InternalError", Code::kUnavailable},
    {"ServiceUnavailable", Code::kUnavailable},
};

Code code_of_status(int status) {
  switch (status) {
    case 401: return Code::kUnauthenticated;
    case 403: return Code::kDenied;
    case 404: return Code::kNotFound;
    case 409: return Code::kConflict;
    case 410: return Code::kExpired;
    case 429: return Code::kThrottled;
    case 504: return Code::kDeadline;
    default: break;
  }
  return status >= 400 && status < 500 ? Code::kInvalid : Code::kUnavailable;
}

void add_query(std::string& path, std::string_view name, std::string_view value) {
  path += path.find('?') == std::string::npos ? '?' : '&';
  path += name;
  path += '=';
  path += net::percent_encode(value);
}

void add_if_set(std::string& path, std::string_view name, std::string_view value) {
  if (!value.empty()) add_query(path, name, value);
}

// A server that does not know the form sends whole objects.
std::string metadata_as(const std::string& kind) {
  return "application/json;as=" + kind + ";g=meta.k8s.io;v=v1,application/json";
}

// Deleting or replacing without a name would mean the whole collection.
Result<void> check_name(const ResourceType& type, std::string_view ns, std::string_view name) {
  if (name.empty()) return fail(Code::kInvalid, "a " + type.kind + " needs a name");
  if (type.namespaced && ns.empty()) {
    return fail(Code::kInvalid, "a " + type.kind + " needs a namespace");
  }
  return {};
}

Result<Json> parse_body(const net::HttpResponse& response) {
  if (response.status < 200 || response.status > 299) return std::unexpected(classify(response));
  auto json = parse_json(response.body);
  if (json) return json;
  Error error{.code = Code::kUnavailable, .message = "the API server's answer is not JSON"};
  error.http_status = response.status;
  return std::unexpected(std::move(error));
}

std::optional<WatchEventType> event_type(std::string_view name) {
  if (name == "ADDED") return WatchEventType::kAdded;
  if (name == "MODIFIED") return WatchEventType::kModified;
  if (name == "DELETED") return WatchEventType::kDeleted;
  if (name == "BOOKMARK") return WatchEventType::kBookmark;
  return std::nullopt;
}

// Cuts a byte stream into lines of JSON, each one watch event.
class EventReader {
 public:
  explicit EventReader(Client::WatchSink sink) : sink_(std::move(sink)) {}

  Result<void> feed(std::string_view chunk) {
    while (true) {
      const auto end = chunk.find('\n');
      if (end == std::string_view::npos) break;
      Result<void> done;
      if (line_.empty()) {
        done = one(chunk.substr(0, end));
      } else {
        line_ += chunk.substr(0, end);
        done = one(line_);
        line_.clear();
      }
      if (!done) return done;
      chunk.remove_prefix(end + 1);
    }
    line_ += chunk;
    if (line_.size() > kLineLimit) return fail(Code::kUnavailable, "a watch event is too large");
    return {};
  }

 private:
  static constexpr std::size_t kLineLimit = 16u << 20;

  Result<void> one(std::string_view line) {
    if (line.find_first_not_of(" \r\t") == std::string_view::npos) return {};
    auto json = parse_json(line);
    if (!json) return fail(Code::kUnavailable, "a watch event is not JSON");
    auto* object = find_path(*json, "object");
    if (object == nullptr) return fail(Code::kUnavailable, "a watch event has no object");
    const auto name = text_at(*json, "type");
    if (name == "ERROR") return std::unexpected(classify(*object, 0));
    const auto type = event_type(name);
    if (!type) return {};
    return sink_(WatchEvent{.type = *type, .object = std::move(const_cast<Json&>(*object))});
  }

  Client::WatchSink sink_;
  std::string line_;
};

}  // namespace

std::string ResourceType::api_version() const {
  return group.empty() ? version : group + "/" + version;
}

std::string resource_path(const ResourceType& type, std::string_view ns, std::string_view name,
                          std::string_view subresource) {
  std::string path = type.group.empty() ? "/api/" : "/apis/" + type.group + "/";
  path += type.version;
  if (type.namespaced && !ns.empty()) path += "/namespaces/" + net::percent_encode(ns);
  path += "/" + type.plural;
  if (!name.empty()) path += "/" + net::percent_encode(name);
  if (!subresource.empty()) path += "/" + std::string(subresource);
  return path;
}

Error classify(const Json& status, int http_status) {
  Error error;
  error.http_status = http_status;
  if (const Json* code = find_path(status, "code"); code != nullptr && code->is_int64()) {
    if (http_status == 0) error.http_status = int(code->get_int64());
  }
  error.remote_code = text_at(status, "reason");
  error.message = text_at(status, "message");
  error.code = code_of_status(error.http_status);
  for (const auto& mapping : kReasons) {
    if (mapping.reason == error.remote_code) error.code = mapping.code;
  }
  // Other things are forbidden too, such as to make something where all is being deleted.
  const bool lacks_right =
      error.code == Code::kDenied && error.message.find("\" cannot ") != std::string::npos;
  if (lacks_right) {
    error.message += "; give the operator's account the rules of chart/files/rbac-rules.yaml";
  }
  if (error.message.empty()) {
    error.message = fmt::format("the API server answered {}", error.http_status);
  }
  const Json* after = find_path(status, "details.retryAfterSeconds");
  if (after != nullptr && after->is_int64() && after->get_int64() > 0) {
    error.retry_after = std::chrono::seconds(after->get_int64());
  }
  return error;
}

Error classify(const net::HttpResponse& response) {
  auto json = parse_json(response.body);
  const bool is_status = json && text_at(*json, "kind") == "Status";
  Error error = classify(is_status ? *json : Json(JsonObject{}), response.status);
  // The header is what priority-and-fairness sets; it is more exact than the body.
  if (const auto after = net::retry_after(response.headers)) error.retry_after = after;
  error.request_id = std::string(net::header(response.headers, "Audit-Id"));
  return error;
}

Client::Client(net::HttpTransport& transport, Clock& clock, Config config)
    : transport_(transport), clock_(clock), config_(std::move(config)) {
  // A path of the server is a prefix; "/" is none.
  while (config_.server.path.ends_with('/')) config_.server.path.pop_back();
}

Task<Result<Credential>> Client::credential(bool renew) {
  if (config_.token == nullptr) co_return Credential{};
  auto source = config_.token;
  auto result = co_await source->get(renew);
  co_return result;
}

net::HttpRequest Client::make_request(const Call& call, const Credential& credential) const {
  net::HttpRequest request;
  request.method = call.method;
  request.scheme = config_.server.scheme;
  request.host = config_.server.host;
  request.port = config_.server.port;
  request.target = config_.server.path + call.path;
  request.headers = {{"Accept", call.accept}, {"User-Agent", "infra-operator/1.0.0"}};
  if (!call.content_type.empty()) request.headers.emplace_back("Content-Type", call.content_type);
  if (!credential.token.empty()) {
    request.headers.emplace_back("Authorization", "Bearer " + credential.token);
  }
  request.body = call.body;
  return request;
}

net::HttpOptions Client::make_options(const Call& call, const Credential& credential) const {
  net::HttpOptions options;
  options.timeout = call.timeout;
  options.idempotent = call.method == "GET";
  options.tls = config_.tls;
  if (!credential.ca_pem.empty()) options.tls.ca_pem = credential.ca_pem;
  if (!credential.certificate_pem.empty()) {
    options.tls.certificate_pem = credential.certificate_pem;
    options.tls.key_pem = credential.key_pem;
  }
  return options;
}

Task<Result<net::HttpResponse>> Client::send_once(Call call, bool renew_token) {
  auto who = co_await credential(renew_token);
  if (!who) co_return std::unexpected(who.error());
  auto request = make_request(call, *who);
  auto options = make_options(call, *who);
  auto response = co_await transport_.send(std::move(request), std::move(options));
  co_return response;
}

Task<Result<net::HttpResponse>> Client::stream_once(Call call, Duration idle, bool renew_token,
                                                    net::HttpTransport::ChunkSink sink) {
  auto who = co_await credential(renew_token);
  if (!who) co_return std::unexpected(who.error());
  auto request = make_request(call, *who);
  auto options = make_options(call, *who);
  options.idle_timeout = idle;
  auto response =
      co_await transport_.stream(std::move(request), std::move(options), std::move(sink));
  co_return response;
}

Task<Result<Json>> Client::run(Call call) {
  const bool read = call.method == "GET";
  bool renewed = false;
  for (int attempt = 1;; ++attempt) {
    auto response = co_await send_once(call, false);
    if (!response) co_return std::unexpected(response.error());
    if (response->status == 401 && !renewed && config_.token != nullptr) {
      renewed = true;
      response = co_await send_once(call, true);
      if (!response) co_return std::unexpected(response.error());
    }
    auto result = parse_body(*response);
    const bool turned_away = response->status == 429 || response->status == 503;
    if (result || !read || !turned_away || attempt == kReadAttempts) co_return result;
    const auto asked = result.error().retry_after.value_or(Duration{500 << attempt});
    const auto pause = std::min(asked, kLongestRetryAfter);
    co_await clock_.sleep(pause);
  }
}

Task<Result<Json>> Client::get(ResourceType type, std::string ns, std::string name) {
  if (auto checked = check_name(type, ns, name); !checked) {
    co_return std::unexpected(checked.error());
  }
  Call call{.path = resource_path(type, ns, name)};
  auto result = co_await run(std::move(call));
  co_return result;
}

Task<Result<Json>> Client::get_raw(std::string path) {
  Call call{.path = std::move(path)};
  auto result = co_await run(std::move(call));
  co_return result;
}

Task<Result<Json>> Client::list(ResourceType type, std::string ns, ListOptions options) {
  Call call{.path = resource_path(type, ns)};
  if (type.metadata_only) call.accept = metadata_as("PartialObjectMetadataList");
  if (options.limit > 0) add_query(call.path, "limit", std::to_string(options.limit));
  add_if_set(call.path, "continue", options.continue_token);
  add_if_set(call.path, "labelSelector", options.label_selector);
  add_if_set(call.path, "fieldSelector", options.field_selector);
  // The server refuses a version beside a continue token: the token already fixes it.
  if (options.continue_token.empty()) {
    add_if_set(call.path, "resourceVersion", options.resource_version);
  }
  call.timeout = Duration{60'000};
  auto result = co_await run(std::move(call));
  co_return result;
}

Task<Result<Json>> Client::create(ResourceType type, std::string ns, Json object) {
  if (type.namespaced && ns.empty()) {
    co_return fail(Code::kInvalid, "a " + type.kind + " needs a namespace");
  }
  Call call{.method = "POST", .path = resource_path(type, ns), .content_type = "application/json"};
  call.body = boost::json::serialize(object);
  auto result = co_await run(std::move(call));
  co_return result;
}

Task<Result<Json>> Client::replace(ResourceType type, std::string ns, std::string name, Json object,
                                   std::string subresource) {
  if (auto checked = check_name(type, ns, name); !checked) {
    co_return std::unexpected(checked.error());
  }
  Call call{.method = "PUT",
            .path = resource_path(type, ns, name, subresource),
            .content_type = "application/json"};
  call.body = boost::json::serialize(object);
  auto result = co_await run(std::move(call));
  co_return result;
}

Task<Result<Json>> Client::patch(std::string content_type, std::string path, Json body) {
  Call call{.method = "PATCH", .path = std::move(path), .content_type = std::move(content_type)};
  call.body = boost::json::serialize(body);
  auto result = co_await run(std::move(call));
  co_return result;
}

Task<Result<Json>> Client::merge_patch(ResourceType type, std::string ns, std::string name,
                                       Json body, std::string subresource) {
  if (auto checked = check_name(type, ns, name); !checked) {
    co_return std::unexpected(checked.error());
  }
  std::string path = resource_path(type, ns, name, subresource);
  std::string content_type = "application/merge-patch+json";
  auto result = co_await patch(std::move(content_type), std::move(path), std::move(body));
  co_return result;
}

Task<Result<Json>> Client::json_patch(ResourceType type, std::string ns, std::string name,
                                      Json body, std::string subresource) {
  if (auto checked = check_name(type, ns, name); !checked) {
    co_return std::unexpected(checked.error());
  }
  std::string path = resource_path(type, ns, name, subresource);
  std::string content_type = "application/json-patch+json";
  auto result = co_await patch(std::move(content_type), std::move(path), std::move(body));
  co_return result;
}

Task<Result<Json>> Client::apply(ResourceType type, std::string ns, std::string name, Json object,
                                 ApplyOptions options) {
  if (auto checked = check_name(type, ns, name); !checked) {
    co_return std::unexpected(checked.error());
  }
  std::string path = resource_path(type, ns, name, options.subresource);
  add_query(path, "fieldManager", options.field_manager);
  add_query(path, "force", options.force ? "true" : "false");
  // JSON is YAML, and this is the type that every server version knows.
  std::string content_type = "application/apply-patch+yaml";
  auto result = co_await patch(std::move(content_type), std::move(path), std::move(object));
  co_return result;
}

Task<Result<Json>> Client::remove(ResourceType type, std::string ns, std::string name,
                                  std::string uid, std::string propagation) {
  if (auto checked = check_name(type, ns, name); !checked) {
    co_return std::unexpected(checked.error());
  }
  JsonObject options;
  options["apiVersion"] = "v1";
  options["kind"] = "DeleteOptions";
  if (!propagation.empty()) options["propagationPolicy"] = propagation;
  if (!uid.empty()) {
    JsonObject preconditions;
    preconditions["uid"] = uid;
    options["preconditions"] = preconditions;
  }
  Call call{.method = "DELETE",
            .path = resource_path(type, ns, name),
            .content_type = "application/json"};
  call.body = boost::json::serialize(options);
  auto result = co_await run(std::move(call));
  co_return result;
}

Task<Result<void>> Client::watch(ResourceType type, std::string ns, WatchOptions options,
                                 WatchSink sink) {
  Call call{.path = resource_path(type, ns)};
  if (type.metadata_only) call.accept = metadata_as("PartialObjectMetadata");
  add_query(call.path, "watch", "true");
  add_query(call.path, "allowWatchBookmarks", "true");
  add_query(call.path, "timeoutSeconds", std::to_string(options.timeout.count()));
  add_if_set(call.path, "resourceVersion", options.resource_version);
  add_if_set(call.path, "labelSelector", options.label_selector);

  auto reader = std::make_shared<EventReader>(std::move(sink));
  net::HttpTransport::ChunkSink chunks = [reader](std::string_view chunk) {
    return reader->feed(chunk);
  };
  auto response = co_await stream_once(call, options.idle_timeout, false, chunks);
  if (response && response->status == 401 && config_.token != nullptr) {
    response = co_await stream_once(call, options.idle_timeout, true, chunks);
  }
  if (!response) co_return std::unexpected(response.error());
  if (response->status < 200 || response->status > 299) {
    co_return std::unexpected(classify(*response));
  }
  co_return Result<void>();
}

}  // namespace infra::kube
