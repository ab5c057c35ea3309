#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "aws/budget.h"
#include "aws/catalog.h"
#include "aws/credentials.h"
#include "aws/retry.h"
#include "base/clock.h"
#include "base/json.h"
#include "net/http.h"

namespace infra::aws {

struct EncodedRequest;

// What every request says of its sender; CloudTrail shows it.
inline constexpr std::string_view kUserAgent = "infra-operator";

struct ClientConfig {
  std::string region;
  std::string endpoint;                          // URL used instead of the rules' own
  std::map<std::string, std::string> endpoints;  // the same for one service; wins
  bool use_fips = false;
  bool use_dual_stack = false;
  std::string ca_pem;  // trusted authorities; empty: the system's

  // AWS_REGION, AWS_DEFAULT_REGION, AWS_ENDPOINT_URL, AWS_ENDPOINT_URL_<SERVICE>,
  // AWS_USE_FIPS_ENDPOINT, AWS_USE_DUALSTACK_ENDPOINT and AWS_CA_BUNDLE; a region that no variable
  // gives is that of the profile.
  static Result<ClientConfig> from_environment(const Environment& environment);

  // The URL for a service; empty: the rules' own.
  std::string endpoint_of(const std::string& service) const;
  // What the endpoint rules are told whatever is called.
  EndpointParameters endpoint_parameters() const;
  // For credentials that come from STS. kInvalid where the rules refuse, as without a region.
  Result<StsSettings> sts(Catalog& catalog) const;
};

// One attempt, for metrics and traces.
struct CallRecord {
  std::string service;
  std::string service_id;
  std::string operation;
  std::optional<Code> error;  // absent: success
  std::string error_code;     // AWS's own word for the error, or ours where no answer came
  Duration duration{0};
  int http_status = 0;
  std::string request_id;
  int attempt = 1;
};
using CallObserver = std::function<void(const CallRecord&)>;

struct CallOptions {
  Duration deadline{30'000};      // of one call with all its attempts; of each page when paged
  std::string idempotency_token;  // for the operation's token member, if it has one
  // False where a second try could make a second thing: after an unknown outcome the call then
  // ends with that error.
  bool retry_unknown = true;
  int page_limit = 1000;
  CallObserver observer;  // hears of each attempt of this call, as the client's own does
  Caller caller;          // whose turn it is to be
};

// Calls any operation of any AWS service with JSON in and out, in one region with one set of
// keys. Everything it was given must outlive it, and it must outlive its calls.
class Client {
 public:
  Client(Clock& clock, net::HttpTransport& transport, std::shared_ptr<Catalog> catalog,
         std::shared_ptr<CredentialSource> credentials, ClientConfig config,
         std::function<double()> random);

  CallObserver observer;

  Task<Result<Json>> call(std::string service, std::string operation, Json input,
                          CallOptions options);
  Task<Result<Json>> call(std::string service, std::string operation, Json input) {
    return call(std::move(service), std::move(operation), std::move(input), CallOptions());
  }
  // All pages as one answer. More pages than the limit is an error, never a shortened list.
  Task<Result<Json>> call_paged(std::string service, std::string operation, Json input,
                                CallOptions options);
  Task<Result<Json>> call_paged(std::string service, std::string operation, Json input) {
    return call_paged(std::move(service), std::move(operation), std::move(input), CallOptions());
  }

  const ClientConfig& config() const { return config_; }

  // From now on it asks no more than what AWS takes of this account; they outlive it.
  void keep_within(Budgets& budgets, std::string account) {
    budgets_ = &budgets;
    account_ = std::move(account);
  }

 private:
  // A call on its way; lives in the frame of call().
  struct Pending {
    std::shared_ptr<const Service> service;
    const Operation* operation = nullptr;
    net::HttpRequest request;  // unsigned
    std::string signing_name;
    std::string signing_region;
    bool double_encode_path = true;
    CallObserver observer;
    SteadyTime until;
    int attempt = 1;
    bool clock_corrected = false;
    bool keys_renewed = false;
  };

  Result<Pending> prepare(const std::string& service, const std::string& operation, Json input,
                          const CallOptions& options);
  Result<Endpoint> find_endpoint(const Service& service, const Operation& operation,
                                 const Json& input) const;
  Budget* budget_for(const Pending& pending) const;
  Task<Result<void>> take_turn(const Pending* pending, const CallOptions* options);
  Task<Result<Json>> attempt(Pending* pending);
  Result<void> sign_for_now(net::HttpRequest& request, const Pending& pending,
                            const Credentials& keys) const;
  bool correct_clock(const Error& error, const net::HttpResponse& response, Duration used);
  bool mend(Pending& pending, const Error& error, const net::HttpResponse& response,
            const Credentials& keys, Duration used_offset);
  void record(const Pending& pending, const Result<Json>& result, SteadyTime started,
              const net::HttpResponse& response) const;

  Clock& clock_;
  net::HttpTransport& transport_;
  std::shared_ptr<Catalog> catalog_;
  std::shared_ptr<CredentialSource> credentials_;
  ClientConfig config_;
  std::function<double()> random_;
  RetryQuota quota_;
  Budgets* budgets_ = nullptr;  // null: no limits
  std::string account_;
  Duration clock_offset_{0};  // AWS's clock minus ours
};

}  // namespace infra::aws
