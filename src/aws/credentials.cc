#include "aws/credentials.h"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <pugixml.hpp>
#include <utility>
#include <vector>

#include "aws/profile.h"
#include "aws/signer.h"
#include "base/json.h"

namespace infra::aws {
namespace {

using Form = std::vector<std::pair<std::string, std::string>>;

std::unexpected<Error> no_credentials(std::string why) {
  return fail(Code::kUnauthenticated, "no AWS credentials: " + std::move(why));
}

std::string encode_form(const Form& form) {
  std::string out;
  for (const auto& [name, value] : form) {
    if (!out.empty()) out += '&';
    out += name + "=" + net::percent_encode(value);
  }
  return out;
}

Result<std::string> read_token(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  if (text.empty()) return no_credentials("the token file " + path + " cannot be read or is empty");
  return text;
}

Result<net::HttpRequest> sts_request(const StsSettings& sts, const Form& form) {
  auto url = net::parse_url(sts.url);
  if (!url) return std::unexpected(url.error());
  net::HttpRequest request{.method = "POST",
                           .scheme = url->scheme,
                           .host = url->host,
                           .port = url->port,
                           .target = url->path,
                           .body = encode_form(form)};
  request.headers.emplace_back("Content-Type", "application/x-www-form-urlencoded; charset=utf-8");
  return request;
}

Code classify_sts(int status, const std::string& code) {
  if (code.starts_with("Throttl") || status == 429) return Code::kThrottled;
  if (status >= 500 || code == "IDPCommunicationError") return Code::kUnavailable;
  if (code.starts_with("AccessDenied")) return Code::kDenied;
  return Code::kUnauthenticated;
}

Error read_sts_error(const net::HttpResponse& response, const std::string& operation) {
  pugi::xml_document document;
  document.load_buffer(response.body.data(), response.body.size());
  const pugi::xml_node error = document.first_child().child("Error");
  const std::string code = error.child_value("Code");
  std::string message = "sts " + operation + " was refused";
  message += code.empty() ? " with status " + std::to_string(response.status) : ": " + code;
  const std::string text = error.child_value("Message");
  if (!text.empty()) message += ": " + text;
  return {.code = classify_sts(response.status, code),
          .message = message,
          .remote_code = code,
          .http_status = response.status,
          .request_id = document.first_child().child_value("RequestId")};
}

Result<Credentials> read_sts_answer(const net::HttpResponse& response,
                                    const std::string& operation) {
  if (response.status != 200) return std::unexpected(read_sts_error(response, operation));
  pugi::xml_document document;
  document.load_buffer(response.body.data(), response.body.size());
  const std::string result = operation + "Result";
  const pugi::xml_node keys = document.first_child().child(result.c_str()).child("Credentials");
  Credentials out{.access_key = keys.child_value("AccessKeyId"),
                  .secret_key = keys.child_value("SecretAccessKey"),
                  .session_token = keys.child_value("SessionToken"),
                  .expiry = parse_rfc3339(keys.child_value("Expiration"))};
  if (out.access_key.empty() || out.secret_key.empty() || *out.expiry == WallTime{}) {
    return fail(Code::kUnavailable, "the answer to sts " + operation + " cannot be read");
  }
  return out;
}

// The document that the container agent and the metadata service give.
Result<Credentials> read_document(const std::string& body, const std::string& who) {
  auto document = parse_json(body);
  if (!document) return fail(Code::kUnavailable, "the answer of " + who + " is not JSON");
  Credentials out{.access_key = text_at(*document, "AccessKeyId"),
                  .secret_key = text_at(*document, "SecretAccessKey"),
                  .session_token = text_at(*document, "Token")};
  if (out.access_key.empty() || out.secret_key.empty()) {
    return no_credentials(who + " gave none");
  }
  const std::string expiration = text_at(*document, "Expiration");
  if (!expiration.empty()) out.expiry = parse_rfc3339(expiration);
  return out;
}

// By the rules for names of roles (IAM user guide, "IAM and AWS STS quotas").
bool is_role_name(const std::string& text) {
  constexpr std::string_view kOthers = "_+=,.@-";
  return !text.empty() && std::ranges::all_of(text, [kOthers](unsigned char c) {
    return std::isalnum(c) != 0 || kOthers.find(char(c)) != std::string_view::npos;
  });
}

net::HttpOptions quick() {
  net::HttpOptions options;
  options.timeout = Duration{5'000};
  options.body_limit = 1u << 20;
  options.idempotent = true;
  return options;
}

net::HttpOptions for_sts(const StsSettings& sts) {
  net::HttpOptions options = quick();
  options.tls = sts.tls;
  options.link_local = false;
  return options;
}

// The agent gets a bearer token from us, so plain HTTP may only stay on this machine.
bool may_be_plain(const std::string& host) {
  return host == "localhost" || host.starts_with("127.") || host == "::1" ||
         host == "169.254.170.2" || host == "169.254.170.23" || host == "fd00:ec2::23";
}

// Resets a flag also when the coroutine that set it is cancelled.
class Raised {
 public:
  explicit Raised(bool& flag) : flag_(flag) { flag_ = true; }
  ~Raised() { flag_ = false; }
  Raised(const Raised&) = delete;
  Raised& operator=(const Raised&) = delete;

 private:
  bool& flag_;
};

}  // namespace

Environment process_environment() {
  return [](const std::string& name) {
    const char* value = std::getenv(name.c_str());
    return std::string(value == nullptr ? "" : value);
  };
}

Task<Result<Credentials>> StaticCredentials::get() { co_return credentials_; }

Task<Result<Credentials>> EnvironmentCredentials::get() {
  Credentials out{.access_key = environment_("AWS_ACCESS_KEY_ID"),
                  .secret_key = environment_("AWS_SECRET_ACCESS_KEY"),
                  .session_token = environment_("AWS_SESSION_TOKEN")};
  if (out.access_key.empty() || out.secret_key.empty()) {
    co_return no_credentials("AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not both set");
  }
  co_return out;
}

Task<Result<Credentials>> WebIdentityCredentials::get() {
  auto token = read_token(settings_.token_file);
  if (!token) co_return std::unexpected(token.error());
  const Form form{{"Action", "AssumeRoleWithWebIdentity"},
                  {"Version", "2011-06-15"},
                  {"RoleArn", settings_.role_arn},
                  {"RoleSessionName", settings_.session_name},
                  {"DurationSeconds", std::to_string(settings_.duration.count())},
                  {"WebIdentityToken", *token}};
  auto request = sts_request(settings_.sts, form);
  if (!request) co_return std::unexpected(request.error());
  auto response = co_await transport_.send(std::move(*request), for_sts(settings_.sts));
  if (!response) co_return std::unexpected(response.error().in("sts AssumeRoleWithWebIdentity"));
  co_return read_sts_answer(*response, "AssumeRoleWithWebIdentity");
}

bool says_expired(const Error& error) {
  return error.remote_code == "ExpiredToken" || error.remote_code == "ExpiredTokenException";
}

// Once more with new keys of the base where AWS says that the ones it gave have expired.
Task<Result<Credentials>> AssumeRoleCredentials::get() {
  auto keys = co_await base_->get();
  if (!keys) co_return std::unexpected(keys.error());
  auto assumed = co_await assume_with(*keys);
  if (assumed || !says_expired(assumed.error())) co_return assumed;
  base_->note_expired(*keys);
  keys = co_await base_->get();
  if (!keys) co_return std::unexpected(keys.error());
  assumed = co_await assume_with(std::move(*keys));
  co_return assumed;
}

Task<Result<Credentials>> AssumeRoleCredentials::assume_with(Credentials keys) {
  Form form{{"Action", "AssumeRole"},
            {"Version", "2011-06-15"},
            {"RoleArn", settings_.role_arn},
            {"RoleSessionName", settings_.session_name},
            {"DurationSeconds", std::to_string(settings_.duration.count())}};
  if (!settings_.external_id.empty()) form.emplace_back("ExternalId", settings_.external_id);
  int number = 0;
  for (const auto& [key, value] : settings_.tags) {
    const std::string member = "Tags.member." + std::to_string(++number);
    form.emplace_back(member + ".Key", key);
    form.emplace_back(member + ".Value", value);
  }
  auto request = sts_request(settings_.sts, form);
  if (!request) co_return std::unexpected(request.error());
  const SigningOptions signing{
      .region = settings_.sts.region, .service = "sts", .time = clock_.wall()};
  auto done = sign(*request, keys, signing);
  if (!done) co_return std::unexpected(done.error());
  auto response = co_await transport_.send(std::move(*request), for_sts(settings_.sts));
  if (!response) co_return std::unexpected(response.error().in("sts AssumeRole"));
  co_return read_sts_answer(*response, "AssumeRole");
}

Task<Result<Credentials>> ContainerCredentials::get() {
  std::string where = environment_("AWS_CONTAINER_CREDENTIALS_FULL_URI");
  if (where.empty()) {
    where = "http://169.254.170.2" + environment_("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
  }
  auto url = net::parse_url(where);
  if (!url) co_return std::unexpected(url.error().in("AWS_CONTAINER_CREDENTIALS_FULL_URI"));
  if (url->scheme != "https" && !may_be_plain(url->host)) {
    co_return no_credentials("the container agent at " + url->host + " must be asked over HTTPS");
  }
  net::HttpRequest request{
      .scheme = url->scheme, .host = url->host, .port = url->port, .target = url->path};
  std::string token = environment_("AWS_CONTAINER_AUTHORIZATION_TOKEN");
  const std::string token_file = environment_("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
  if (!token_file.empty()) {
    auto text = read_token(token_file);
    if (!text) co_return std::unexpected(text.error());
    token = *text;
  }
  if (!token.empty()) request.headers.emplace_back("Authorization", token);
  auto response = co_await transport_.send(std::move(request), quick());
  if (!response) co_return std::unexpected(response.error().in("the container agent"));
  if (response->status != 200) {
    const Code code = response->status >= 500 ? Code::kUnavailable : Code::kUnauthenticated;
    co_return fail(code, "the container agent answered " + std::to_string(response->status));
  }
  co_return read_document(response->body, "the container agent");
}

Task<Result<std::string>> InstanceCredentials::fetch(net::HttpRequest request) {
  std::string where = environment_("AWS_EC2_METADATA_SERVICE_ENDPOINT");
  if (where.empty()) where = "http://169.254.169.254";
  auto url = net::parse_url(where);
  if (!url) co_return std::unexpected(url.error().in("AWS_EC2_METADATA_SERVICE_ENDPOINT"));
  request.scheme = url->scheme;
  request.host = url->host;
  request.port = url->port;
  net::HttpOptions options = quick();
  options.timeout = Duration{2'000};
  auto response = co_await transport_.send(std::move(request), std::move(options));
  if (!response) co_return std::unexpected(response.error().in("the metadata service"));
  if (response->status != 200) {
    const Code code = response->status >= 500 ? Code::kUnavailable : Code::kUnauthenticated;
    co_return fail(code, "the metadata service answered " + std::to_string(response->status));
  }
  co_return response->body;
}

Task<Result<Credentials>> InstanceCredentials::get() {
  const std::string path = "/latest/meta-data/iam/security-credentials/";
  net::HttpRequest ask_token{.method = "PUT", .target = "/latest/api/token"};
  ask_token.headers.emplace_back("X-aws-ec2-metadata-token-ttl-seconds", "300");
  auto token = co_await fetch(std::move(ask_token));
  if (!token) co_return no_credentials(token.error().message);

  net::HttpRequest ask_role{.target = path};
  ask_role.headers.emplace_back("X-aws-ec2-metadata-token", *token);
  auto role = co_await fetch(std::move(ask_role));
  if (!role) co_return std::unexpected(role.error());

  const std::string name = role->substr(0, role->find('\n'));
  if (!is_role_name(name)) co_return no_credentials("the metadata service names no role");

  net::HttpRequest ask_keys{.target = path + name};
  ask_keys.headers.emplace_back("X-aws-ec2-metadata-token", *token);
  auto keys = co_await fetch(std::move(ask_keys));
  if (!keys) co_return std::unexpected(keys.error());
  co_return read_document(*keys, "the metadata service");
}

bool CachedCredentials::good_for(Duration margin) const {
  return current_ && (!current_->expiry || *current_->expiry - clock_.wall() > margin);
}

// Others who had them may have asked for new ones meanwhile: those stay.
void CachedCredentials::note_expired(const Credentials& keys) {
  const bool same = current_ && current_->access_key == keys.access_key &&
                    current_->session_token == keys.session_token;
  if (same) current_.reset();
}

Task<Result<Credentials>> CachedCredentials::get() {
  constexpr Duration kMargin = std::chrono::minutes(5);
  while (asking_ && !good_for(kMargin)) {
    if (good_for(Duration{0})) co_return *current_;
    co_await clock_.sleep(Duration{20});
  }
  if (good_for(kMargin)) co_return *current_;
  const Raised raised(asking_);
  auto fresh = co_await source_->get();
  if (fresh) {
    current_ = *fresh;
    co_return *current_;
  }
  if (good_for(Duration{0})) co_return *current_;
  co_return std::unexpected(fresh.error());
}

std::shared_ptr<CredentialSource> default_credentials(Clock& clock, net::HttpTransport& transport,
                                                      Environment environment, StsSettings sts) {
  if (!environment("AWS_ACCESS_KEY_ID").empty()) {
    return std::make_shared<EnvironmentCredentials>(std::move(environment));
  }
  std::shared_ptr<CredentialSource> source;
  const std::string session = environment("AWS_ROLE_SESSION_NAME");
  const ProfileOffer offer = profile_offer(environment);
  const bool web_identity = !environment("AWS_WEB_IDENTITY_TOKEN_FILE").empty();
  if (offer == ProfileOffer::kRole || (offer == ProfileOffer::kKeys && !web_identity)) {
    source = std::make_shared<ProfileCredentials>(clock, transport, std::move(environment),
                                                  std::move(sts));
  } else if (web_identity) {
    source = std::make_shared<WebIdentityCredentials>(
        clock, transport,
        WebIdentityCredentials::Settings{
            .role_arn = environment("AWS_ROLE_ARN"),
            .token_file = environment("AWS_WEB_IDENTITY_TOKEN_FILE"),
            .session_name = session.empty() ? "infra-operator" : session,
            .sts = std::move(sts)});
  } else if (!environment("AWS_CONTAINER_CREDENTIALS_FULL_URI").empty() ||
             !environment("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI").empty()) {
    source = std::make_shared<ContainerCredentials>(transport, std::move(environment));
  } else {
    source = std::make_shared<InstanceCredentials>(transport, std::move(environment));
  }
  return std::make_shared<CachedCredentials>(clock, std::move(source));
}

}  // namespace infra::aws
