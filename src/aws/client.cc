#include "aws/client.h"

#include <algorithm>
#include <boost/algorithm/string/predicate.hpp>
#include <ctime>
#include <fstream>
#include <iterator>

#include "aws/paginate.h"
#include "aws/profile.h"
#include "aws/protocol.h"
#include "aws/signer.h"

namespace infra::aws {
namespace {

constexpr int kMostAttempts = 3;
// Who would wait longer for its turn is sent away, so that it holds nothing that others may need.
constexpr Duration kPatience{1'000};

// "403" is all that an answer to HEAD says.
bool may_be_skew(std::string_view code) {
  for (const char* known : {"RequestTimeTooSkewed", "InvalidSignatureException", "403",
                            "SignatureDoesNotMatch", "RequestExpired", "AuthFailure"}) {
    if (code == known) return true;
  }
  return false;
}

// "Fri, 15 Jan 2027 08:00:00 GMT"
std::optional<WallTime> parse_http_date(std::string_view text) {
  std::tm parts{};
  const std::string copy(text);
  if (strptime(copy.c_str(), "%a, %d %b %Y %H:%M:%S", &parts) == nullptr) return std::nullopt;
  return std::chrono::system_clock::from_time_t(timegm(&parts));
}

// The rules put the bucket into the endpoint, so it goes from the front of the path.
std::string without_bucket(std::string target, const std::string& bucket) {
  const std::string prefix = "/" + net::percent_encode(bucket);
  if (bucket.empty() || !target.starts_with(prefix)) return target;
  const std::string rest = target.substr(prefix.size());
  return rest.empty() || rest[0] == '/' || rest[0] == '?' ? rest : target;
}

// AWS names these variables after the service's id, which is not always the name we call it by.
constexpr std::pair<const char*, const char*> kEndpointVariables[] = {
    {"dynamodb", "DYNAMODB"},
    {"ec2", "EC2"},
    {"ecr", "ECR"},
    {"elasticache", "ELASTICACHE"},
    {"iam", "IAM"},
    {"kms", "KMS"},
    {"lambda", "LAMBDA"},
    {"rds", "RDS"},
    {"resourcegroupstaggingapi", "RESOURCE_GROUPS_TAGGING_API"},
    {"s3", "S3"},
    {"secretsmanager", "SECRETS_MANAGER"},
    {"sns", "SNS"},
    {"sqs", "SQS"},
    {"sts", "STS"}};

bool is_true(const std::string& text) { return boost::algorithm::iequals(text, "true"); }

// The one sentence that people read about a failed call.
Error explain(Error error, const std::string& service, const std::string& operation) {
  const std::string call = service + " " + operation;
  if (error.http_status >= 300 && error.http_status < 400) {
    error.code = Code::kUnavailable;
    error.message = call + " was answered with redirect " + std::to_string(error.http_status) +
                    ", which is not followed; the region or the endpoint may be wrong";
  } else if (error.http_status != 0) {
    // The decoder's sentence is shortened to AWS's own words.
    const std::string opening =
        operation + " failed with status " + std::to_string(error.http_status);
    std::string words = error.message;
    if (words.starts_with(opening)) words = words.substr(opening.size());
    words.erase(0, words.find_first_not_of(": "));
    const std::string verb = error.http_status >= 500 ? " failed" : " was refused";
    error.message = call + verb + ": " +
                    (words.empty() ? "status " + std::to_string(error.http_status) : words);
  } else {
    error.message = call + " failed: " + error.message;
  }
  if (!error.request_id.empty()) error.message += " (request id " + error.request_id + ")";
  return error;
}

std::string make_token(const std::function<double()>& random) {
  std::string out;
  while (out.size() < 32) out += "0123456789abcdef"[static_cast<std::size_t>(random() * 15.99)];
  return out;
}

std::string request_id_of(const net::HttpResponse& response) {
  for (const char* name : {"x-amzn-requestid", "x-amz-request-id"}) {
    const auto id = net::header(response.headers, name);
    if (!id.empty()) return std::string(id);
  }
  return {};
}

}  // namespace

Result<ClientConfig> ClientConfig::from_environment(const Environment& environment) {
  ClientConfig out;
  out.region = environment("AWS_REGION");
  if (out.region.empty()) out.region = environment("AWS_DEFAULT_REGION");
  if (out.region.empty()) {
    const auto profiles = Profiles::read(environment);
    if (!profiles) return std::unexpected(profiles.error());
    out.region = profiles->value(profiles->selected(), "region");
  }
  out.endpoint = environment("AWS_ENDPOINT_URL");
  for (const auto& [service, variable] : kEndpointVariables) {
    const std::string url = environment(std::string("AWS_ENDPOINT_URL_") + variable);
    if (!url.empty()) out.endpoints.emplace(service, url);
  }
  out.use_fips = is_true(environment("AWS_USE_FIPS_ENDPOINT"));
  out.use_dual_stack = is_true(environment("AWS_USE_DUALSTACK_ENDPOINT"));
  const std::string bundle = environment("AWS_CA_BUNDLE");
  if (bundle.empty()) return out;
  std::ifstream file(bundle, std::ios::binary);
  out.ca_pem.assign(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  if (out.ca_pem.empty()) return fail(Code::kInvalid, "AWS_CA_BUNDLE " + bundle + " has no text");
  return out;
}

std::string ClientConfig::endpoint_of(const std::string& service) const {
  const auto own = endpoints.find(service);
  return own == endpoints.end() ? endpoint : own->second;
}

EndpointParameters ClientConfig::endpoint_parameters() const {
  EndpointParameters out{{"UseFIPS", use_fips}, {"UseDualStack", use_dual_stack}};
  if (!region.empty()) out.emplace("Region", region);
  return out;
}

Result<StsSettings> ClientConfig::sts(Catalog& catalog) const {
  StsSettings out{.region = region, .url = endpoint_of("sts"), .tls = {.ca_pem = ca_pem}};
  if (!out.url.empty()) return out;
  const auto service = catalog.find("sts");
  if (!service) return std::unexpected(service.error());
  auto found = (*service)->endpoints->resolve(endpoint_parameters());
  if (!found) return std::unexpected(found.error().in("sts"));
  out.url = std::move(found->url);
  return out;
}

Client::Client(Clock& clock, net::HttpTransport& transport, std::shared_ptr<Catalog> catalog,
               std::shared_ptr<CredentialSource> credentials, ClientConfig config,
               std::function<double()> random)
    : clock_(clock),
      transport_(transport),
      catalog_(std::move(catalog)),
      credentials_(std::move(credentials)),
      config_(std::move(config)),
      random_(std::move(random)) {}

Result<Endpoint> Client::find_endpoint(const Service& service, const Operation& operation,
                                       const Json& input) const {
  EndpointParameters parameters = config_.endpoint_parameters();
  parameters.merge(parameters_of(operation, input));
  const std::string url = config_.endpoint_of(service.name);
  if (!url.empty()) {
    parameters.insert_or_assign("Endpoint", url);
    // An address rarely has names for buckets.
    parameters.insert_or_assign("ForcePathStyle", true);
  }
  return service.endpoints->resolve(parameters);
}

Result<Client::Pending> Client::prepare(const std::string& service_name,
                                        const std::string& operation_name, Json input,
                                        const CallOptions& options) {
  Pending out;
  out.observer = options.observer;
  out.until = clock_.steady() + options.deadline;
  auto service = catalog_->find(service_name);
  if (!service) return std::unexpected(service.error());
  out.service = *service;
  const ServiceModel& model = *out.service->model;
  out.operation = model.operation(operation_name);
  if (out.operation == nullptr) {
    return fail(Code::kInvalid, service_name + " has no operation '" + operation_name + "'");
  }
  // One a call, so that every attempt carries the same.
  const std::string& token = options.idempotency_token;
  fill_token(*out.operation, input, token.empty() ? make_token(random_) : token);
  auto encoded = encode(model, *out.operation, input);
  if (!encoded) return std::unexpected(encoded.error().in(service_name + " " + operation_name));
  auto endpoint = find_endpoint(*out.service, *out.operation, input);
  if (!endpoint) return std::unexpected(endpoint.error().in(service_name));
  auto url = net::parse_url(endpoint->url);
  if (!url) return std::unexpected(url.error().in("the endpoint of " + service_name));

  const bool overridden = !config_.endpoint_of(service_name).empty();
  std::string target = std::move(encoded->target);
  if (service_name == "s3") target = without_bucket(std::move(target), text_at(input, "Bucket"));
  out.request.method = encoded->method;
  out.request.scheme = url->scheme;
  out.request.host = (overridden ? "" : encoded->host_prefix) + url->host;
  out.request.port = url->port;
  out.request.target = below(url->path, target);
  out.request.headers = std::move(encoded->headers);
  std::ranges::move(endpoint->headers, std::back_inserter(out.request.headers));
  out.request.headers.emplace_back("User-Agent", kUserAgent);
  out.request.body = std::move(encoded->body);

  const std::string& own_name =
      model.signing_name.empty() ? model.endpoint_prefix : model.signing_name;
  out.signing_name = endpoint->signing_name.empty() ? own_name : endpoint->signing_name;
  out.signing_region = endpoint->signing_region.empty() ? config_.region : endpoint->signing_region;
  out.double_encode_path = endpoint->double_encode_path && service_name != "s3";
  return out;
}

Result<void> Client::sign_for_now(net::HttpRequest& request, const Pending& pending,
                                  const Credentials& keys) const {
  const bool is_s3 = pending.signing_name == "s3" || pending.service->name == "s3";
  return sign(request, keys,
              {.region = pending.signing_region,
               .service = pending.signing_name,
               .time = clock_.wall() + clock_offset_,
               .double_encode_path = pending.double_encode_path,
               .normalize_path = !is_s3,
               .content_sha256_header = is_s3});
}

// A request that was under way when another's answer corrected the clock was signed with the old
// offset, `used`.
bool Client::correct_clock(const Error& error, const net::HttpResponse& response, Duration used) {
  constexpr Duration kTolerated = std::chrono::minutes(4);
  if (!may_be_skew(error.remote_code)) return false;
  const auto theirs = parse_http_date(net::header(response.headers, "Date"));
  if (!theirs) return false;
  const auto offset = std::chrono::duration_cast<Duration>(*theirs - clock_.wall());
  if (std::chrono::abs(offset - used) < kTolerated) return false;
  clock_offset_ = offset;
  return true;
}

void Client::record(const Pending& pending, const Result<Json>& result, SteadyTime started,
                    const net::HttpResponse& response) const {
  if (!observer && !pending.observer) return;
  CallRecord out{.service = pending.service->name,
                 .service_id = pending.service->model->service_id,
                 .operation = pending.operation->name,
                 .duration = std::chrono::duration_cast<Duration>(clock_.steady() - started),
                 .http_status = response.status,
                 .request_id = request_id_of(response),
                 .attempt = pending.attempt};
  if (!result) {
    out.error = result.error().code;
    const std::string& theirs = result.error().remote_code;
    out.error_code = theirs.empty() ? std::string(to_string(*out.error)) : theirs;
    if (!result.error().request_id.empty()) out.request_id = result.error().request_id;
  }
  if (observer) observer(out);
  if (pending.observer) pending.observer(out);
}

// Whether what was wrong lay with us, and is not any more: each once in a call.
bool Client::mend(Pending& pending, const Error& error, const net::HttpResponse& response,
                  const Credentials& keys, Duration used_offset) {
  if (says_expired(error) && !std::exchange(pending.keys_renewed, true)) {
    credentials_->note_expired(keys);
    return true;
  }
  if (pending.clock_corrected || !correct_clock(error, response, used_offset)) return false;
  pending.clock_corrected = true;
  return true;
}

// One attempt, and another at once where only our clock was wrong, or our keys had just expired.
Task<Result<Json>> Client::attempt(Pending* pending) {
  while (true) {
    auto keys = co_await credentials_->get();
    if (!keys) co_return std::unexpected(keys.error());
    net::HttpRequest request = pending->request;
    const Duration offset = clock_offset_;
    auto done = sign_for_now(request, *pending, *keys);
    if (!done) co_return std::unexpected(done.error());
    const SteadyTime started = clock_.steady();
    const auto left = std::chrono::duration_cast<Duration>(pending->until - started);
    if (left <= Duration{0}) co_return fail(Code::kDeadline, "out of time before it was sent");
    net::HttpOptions options;
    options.timeout = left;
    options.tls.ca_pem = config_.ca_pem;
    options.idempotent = pending->operation->method == "GET";
    options.link_local = false;
    auto sent = co_await transport_.send(std::move(request), std::move(options));
    const net::HttpResponse response = sent ? std::move(*sent) : net::HttpResponse{};
    Result<Json> result = std::unexpected(sent ? Error{} : sent.error());
    if (sent) result = decode(*pending->service->model, *pending->operation, response);
    record(*pending, result, started, response);
    if (result) co_return result;
    if (!mend(*pending, result.error(), response, *keys, offset)) co_return result;
  }
}

Budget* Client::budget_for(const Pending& pending) const {
  if (budgets_ == nullptr) return nullptr;
  return &budgets_->of({.account = account_,
                        .region = config_.region,
                        .service = pending.service->name,
                        .operation = pending.operation->name});
}

// Waits for its turn, if AWS has throttled such calls.
Task<Result<void>> Client::take_turn(const Pending* pending, const CallOptions* options) {
  Budget* budget = budget_for(*pending);
  if (budget == nullptr) co_return Result<void>{};
  auto turn = co_await budget->take(options->caller, kPatience);
  co_return turn;
}

Task<Result<Json>> Client::call(std::string service, std::string operation, Json input,
                                CallOptions options) {
  if (input.is_null()) input = JsonObject{};
  auto pending = prepare(service, operation, std::move(input), options);
  if (!pending) co_return std::unexpected(pending.error());
  bool retried = false;
  while (true) {
    auto turn = co_await take_turn(&*pending, &options);
    if (!turn) co_return std::unexpected(turn.error());
    auto result = co_await attempt(&*pending);
    if (Budget* budget = budget_for(*pending)) {
      budget->note_answer(!result && result.error().code == Code::kThrottled);
    }
    if (result) {
      quota_.give_back(retried);
      co_return result;
    }
    const Error error = explain(result.error(), service, operation);
    const bool redirect = error.http_status >= 300 && error.http_status < 400;
    if (redirect || pending->attempt >= kMostAttempts) co_return std::unexpected(error);
    if (!worth_retrying(error, options.retry_unknown)) co_return std::unexpected(error);
    const Duration wait = retry_wait(pending->attempt, error, random_());
    if (clock_.steady() + wait >= pending->until) co_return std::unexpected(error);
    if (!quota_.take(error)) co_return std::unexpected(error);
    retried = true;
    ++pending->attempt;
    co_await clock_.sleep(wait);
  }
}

Task<Result<Json>> Client::call_paged(std::string service, std::string operation, Json input,
                                      CallOptions options) {
  auto known = catalog_->find(service);
  if (!known) co_return std::unexpected(known.error());
  const Json* rules = (*known)->paginators.if_contains(operation);
  if (rules == nullptr) {
    auto only = co_await call(service, operation, std::move(input), std::move(options));
    co_return only;
  }
  auto pages = Paginator::make(*rules);
  if (!pages) co_return std::unexpected(pages.error().in(service + " " + operation));
  if (input.is_null()) input = JsonObject{};
  for (int page = 0; page < options.page_limit; ++page) {
    auto answer = co_await call(service, operation, input, options);
    if (!answer) co_return std::unexpected(answer.error());
    auto next = pages->take(std::move(*answer));
    if (!next) co_return std::unexpected(next.error().in(service + " " + operation));
    if (next->empty()) co_return std::move(*pages).joined();
    for (auto& [name, token] : *next) input.as_object()[name] = token;
  }
  co_return fail(Code::kUnavailable, service + " " + operation + " has more than " +
                                         std::to_string(options.page_limit) + " pages");
}

}  // namespace infra::aws
