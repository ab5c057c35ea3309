#include "net/server_certificate.h"

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

}  // namespace

Result<PemPair> CertificateFolder::read() const {
  auto certificate = read_file(folder_ + "/tls.crt");
  if (!certificate) return std::unexpected(certificate.error());
  auto key = read_file(folder_ + "/tls.key");
  if (!key) return std::unexpected(key.error());
  return PemPair{.certificate = std::move(*certificate), .key = std::move(*key)};
}

Task<Result<PemPair>> CertificateFolder::look() { co_return read(); }

Result<bool> ServerCertificate::show(PemPair pair) {
  auto context = context_;
  const bool known = context != nullptr && pair == shown_;
  if (!known) {
    auto made = make_context(pair.certificate, pair.key);
    if (!made) return std::unexpected(made.error());
    context = std::move(*made);
  }
  const auto valid = validity_of(pair.certificate);
  if (!valid) return std::unexpected(valid.error());
  if (valid->end <= clock_.wall()) {
    return fail(Code::kInvalid, "tls.crt expired at " + format_rfc3339(valid->end) + "; renew it");
  }
  shown_ = std::move(pair);
  expires_ = valid->end;
  context_ = std::move(context);
  return !known;
}

}  // namespace infra::net
