#include "aws/signer.h"

#include <aws/auth/credentials.h>
#include <aws/auth/signable.h>
#include <aws/auth/signing.h>
#include <aws/auth/signing_config.h>
#include <aws/auth/signing_result.h>
#include <aws/http/request_response.h>
#include <aws/io/stream.h>

#include <memory>

#include "aws/crt_text.h"
#include "base/releaser.h"

namespace infra::aws {
namespace {

using Message = std::unique_ptr<aws_http_message, Releaser<aws_http_message_release>>;
using Signable = std::unique_ptr<aws_signable, Releaser<aws_signable_destroy>>;
using CrtCredentials = std::unique_ptr<aws_credentials, Releaser<aws_credentials_release>>;
using Stream = std::unique_ptr<aws_input_stream, Releaser<aws_input_stream_release>>;

std::string host_header(const net::HttpRequest& request) {
  const bool is_ipv6 = request.host.find(':') != std::string::npos;
  std::string host = is_ipv6 ? "[" + request.host + "]" : request.host;
  const int usual = request.scheme == "http" ? 80 : 443;
  if (request.port != 0 && request.port != usual) host += ":" + std::to_string(request.port);
  return host;
}

Message to_message(const net::HttpRequest& request) {
  Message message(aws_http_message_new_request(aws_default_allocator()));
  if (!message) return nullptr;
  if (aws_http_message_set_request_method(message.get(), to_cursor(request.method)) != 0 ||
      aws_http_message_set_request_path(message.get(), to_cursor(request.target)) != 0) {
    return nullptr;
  }
  for (const auto& [name, value] : request.headers) {
    const aws_http_header header{.name = to_cursor(name), .value = to_cursor(value)};
    if (aws_http_message_add_header(message.get(), header) != 0) return nullptr;
  }
  return message;
}

// Written by on_signed, which the runtime calls before aws_sign_request_aws returns: the
// credentials are given, so there is nothing to wait for.
struct Signed {
  aws_http_message* message;
  bool called = false;
  int error = 0;
};

void on_signed(aws_signing_result* result, int error, void* user_data) {
  auto& out = *static_cast<Signed*>(user_data);
  out.called = true;
  out.error = error;
  if (error == 0 &&
      aws_apply_signing_result_to_http_request(out.message, aws_default_allocator(), result) != 0) {
    out.error = aws_last_error();
  }
}

aws_signing_config_aws to_config(const SigningOptions& options,
                                 const aws_credentials* credentials) {
  aws_signing_config_aws config{};
  config.config_type = AWS_SIGNING_CONFIG_AWS;
  config.algorithm = AWS_SIGNING_ALGORITHM_V4;
  config.signature_type = AWS_ST_HTTP_REQUEST_HEADERS;
  config.region = to_cursor(options.region);
  config.service = to_cursor(options.service);
  const auto since = options.time.time_since_epoch();
  const auto millis = std::chrono::duration_cast<std::chrono::milliseconds>(since).count();
  aws_date_time_init_epoch_millis(&config.date, static_cast<std::uint64_t>(millis));
  config.flags.use_double_uri_encode = options.double_encode_path;
  config.flags.should_normalize_uri_path = options.normalize_path;
  if (options.unsigned_payload) config.signed_body_value = g_aws_signed_body_value_unsigned_payload;
  if (options.content_sha256_header) config.signed_body_header = AWS_SBHT_X_AMZ_CONTENT_SHA256;
  config.credentials = credentials;
  return config;
}

net::Headers headers_of(const aws_http_message* message) {
  net::Headers out;
  for (std::size_t i = 0; i < aws_http_message_get_header_count(message); ++i) {
    aws_http_header header{};
    if (aws_http_message_get_header(message, &header, i) != 0) continue;
    out.emplace_back(to_view(header.name), to_view(header.value));
  }
  return out;
}

std::unexpected<Error> not_signed(const std::string& why) {
  return fail(Code::kInternal, "the request cannot be signed: " + why);
}

}  // namespace

Result<void> sign(net::HttpRequest& request, const Credentials& credentials,
                  const SigningOptions& options) {
  if (net::header(request.headers, "Host").empty()) {
    request.headers.emplace_back("Host", host_header(request));
  }
  const Message message = to_message(request);
  if (!message) return not_signed(crt_error());
  const aws_byte_cursor body = to_cursor(request.body);
  const Stream stream(aws_input_stream_new_from_cursor(aws_default_allocator(), &body));
  aws_http_message_set_body_stream(message.get(), stream.get());
  const Signable signable(aws_signable_new_http_request(aws_default_allocator(), message.get()));
  const CrtCredentials keys(aws_credentials_new(
      aws_default_allocator(), to_cursor(credentials.access_key), to_cursor(credentials.secret_key),
      to_cursor(credentials.session_token), UINT64_MAX));
  if (!stream || !signable || !keys) return not_signed(crt_error());

  const aws_signing_config_aws config = to_config(options, keys.get());
  Signed done{.message = message.get()};
  const auto* base = reinterpret_cast<const aws_signing_config_base*>(&config);
  if (aws_sign_request_aws(aws_default_allocator(), signable.get(), base, on_signed, &done) != 0) {
    return not_signed(crt_error());
  }
  if (!done.called) return not_signed("the runtime did not answer");
  if (done.error != 0) return not_signed(aws_error_str(done.error));
  request.headers = headers_of(message.get());
  return {};
}

}  // namespace infra::aws
