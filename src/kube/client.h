#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"
#include "base/task.h"
#include "kube/config.h"
#include "net/http.h"

namespace infra::kube {

struct ResourceType {
  std::string group;  // empty: the core group
  std::string version;
  std::string plural;
  std::string kind;
  bool namespaced = true;
  // Lists and watches of it show who its objects are, and not what they hold.
  bool metadata_only = false;

  // "v1" or "apps/v1", as in an object's apiVersion.
  std::string api_version() const;
};

struct ListOptions {
  int limit = 500;  // 0: everything in one answer
  std::string continue_token;
  std::string resource_version;
  std::string label_selector;
  std::string field_selector;
};

enum class WatchEventType { kAdded, kModified, kDeleted, kBookmark };

struct WatchEvent {
  WatchEventType type = WatchEventType::kAdded;
  Json object;
};

struct WatchOptions {
  std::string resource_version;
  std::chrono::seconds timeout{300};  // after which the server ends the watch
  Duration idle_timeout{0};           // longest silence; 0: no limit
  std::string label_selector;
};

struct ApplyOptions {
  std::string field_manager = "infra-operator";
  bool force = true;
  std::string subresource;
};

// One API server. Errors carry the code that metav1.Status implies; see classify(). Reads that the
// server turns away with 429 or 503 are repeated a few times, as late as it asks; writes are not.
// After a 401 the token is fetched anew and the request sent once more.
class Client {
 public:
  // The transport and the clock must outlive the client.
  Client(net::HttpTransport& transport, Clock& clock, Config config);

  const Config& config() const { return config_; }

  Task<Result<Json>> get(ResourceType type, std::string ns, std::string name);
  // One page; an empty namespace means all of them.
  Task<Result<Json>> list(ResourceType type, std::string ns, ListOptions options);
  Task<Result<Json>> create(ResourceType type, std::string ns, Json object);
  Task<Result<Json>> replace(ResourceType type, std::string ns, std::string name, Json object,
                             std::string subresource = "");
  // With metadata.resourceVersion in the patch the server refuses it (kConflict) if the object has
  // changed since.
  Task<Result<Json>> merge_patch(ResourceType type, std::string ns, std::string name, Json patch,
                                 std::string subresource = "");
  Task<Result<Json>> json_patch(ResourceType type, std::string ns, std::string name, Json patch,
                                std::string subresource = "");
  Task<Result<Json>> apply(ResourceType type, std::string ns, std::string name, Json object,
                           ApplyOptions options);
  Task<Result<Json>> remove(ResourceType type, std::string ns, std::string name,
                            std::string uid = "", std::string propagation = "");
  // Any other path, such as /version.
  Task<Result<Json>> get_raw(std::string path);

  using WatchSink = std::function<Result<void>(WatchEvent event)>;
  // Returns without error when the server ends the watch in good order.
  Task<Result<void>> watch(ResourceType type, std::string ns, WatchOptions options, WatchSink sink);

 private:
  struct Call {
    std::string method = "GET";
    std::string path;
    std::string accept = "application/json";
    std::string content_type;
    std::string body;
    Duration timeout{30'000};
  };

  Task<Result<Json>> patch(std::string content_type, std::string path, Json body);
  Task<Result<Json>> run(Call call);
  Task<Result<net::HttpResponse>> send_once(Call call, bool renew_token);
  Task<Result<net::HttpResponse>> stream_once(Call call, Duration idle, bool renew_token,
                                              net::HttpTransport::ChunkSink sink);
  Task<Result<Credential>> credential(bool renew);
  net::HttpRequest make_request(const Call& call, const Credential& credential) const;
  net::HttpOptions make_options(const Call& call, const Credential& credential) const;

  net::HttpTransport& transport_;
  Clock& clock_;
  Config config_;
};

// The error that a metav1.Status object stands for. `http_status` decides where it gives no reason.
Error classify(const Json& status, int http_status);
Error classify(const net::HttpResponse& response);

// The path of a collection, of one object, or of its subresource.
std::string resource_path(const ResourceType& type, std::string_view ns, std::string_view name = "",
                          std::string_view subresource = "");

}  // namespace infra::kube
