#include "net/server_certificate.h"

#include <openssl/x509.h>

#include <boost/asio/ssl.hpp>

#include "base/file.h"

namespace infra::net {
namespace {

namespace asio = boost::asio;
namespace ssl = boost::asio::ssl;

// Else OpenSSL would ask for it at the terminal.
std::string no_passphrase(std::size_t, ssl::context::password_purpose) { return {}; }

Result<std::shared_ptr<ssl::context>> make_context(const std::string& certificate,
                                                   const std::string& key) {
  auto context = std::make_shared<ssl::context>(ssl::context::tls_server);
  SSL_CTX_set_min_proto_version(context->native_handle(), TLS1_2_VERSION);
  boost::system::error_code ec;
  context->set_password_callback(no_passphrase, ec);
  context->use_certificate_chain(asio::buffer(certificate), ec);
  if (ec) return fail(Code::kInvalid, "tls.crt is no certificate in PEM");
  context->use_private_key(asio::buffer(key), ssl::context::pem, ec);
  if (ec) return fail(Code::kInvalid, "tls.key is no key in PEM, or not that of tls.crt");
  return context;
}

WallTime end_of(ssl::context& context) {
  const X509* certificate = SSL_CTX_get0_certificate(context.native_handle());
  std::tm parts{};
  ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &parts);
  return WallTime(std::chrono::seconds(timegm(&parts)));
}

}  // namespace

ServerCertificate::ServerCertificate(const Clock& clock, std::string folder)
    : clock_(clock), folder_(std::move(folder)) {}

Result<ServerCertificate::Pair> ServerCertificate::read() const {
  auto certificate = read_file(folder_ + "/tls.crt");
  if (!certificate) return std::unexpected(certificate.error());
  auto key = read_file(folder_ + "/tls.key");
  if (!key) return std::unexpected(key.error());
  return Pair{.certificate = std::move(*certificate), .key = std::move(*key)};
}

Result<bool> ServerCertificate::look() {
  auto pair = read();
  if (!pair) return std::unexpected(pair.error());
  auto context = context_;
  const bool known = context != nullptr && *pair == shown_;
  if (!known) {
    auto made = make_context(pair->certificate, pair->key);
    if (!made) return std::unexpected(made.error());
    context = std::move(*made);
  }
  const WallTime expires = known ? expires_ : end_of(*context);
  if (expires <= clock_.wall()) {
    return fail(Code::kInvalid, "tls.crt expired at " + format_rfc3339(expires) + "; renew it");
  }
  shown_ = std::move(*pair);
  expires_ = expires;
  context_ = std::move(context);
  return !known;
}

Result<bool> ServerCertificate::refresh() {
  auto looked = look();
  if (!looked) return std::unexpected(looked.error().in(folder_ + " holds no good certificate"));
  return looked;
}

}  // namespace infra::net
