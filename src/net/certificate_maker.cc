#include "net/certificate_maker.h"

#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <boost/asio/ip/address.hpp>
#include <memory>
#include <stdexcept>

#include "base/releaser.h"

namespace infra::net {
namespace {

using Bio = std::unique_ptr<BIO, Releaser<BIO_free>>;
using Key = std::unique_ptr<EVP_PKEY, Releaser<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Releaser<X509_free>>;
using Extension = std::unique_ptr<X509_EXTENSION, Releaser<X509_EXTENSION_free>>;
using Number = std::unique_ptr<BIGNUM, Releaser<BN_free>>;

// What fails only without memory or randomness.
void must(bool done) {
  if (!done) throw std::runtime_error("OpenSSL cannot make a certificate");
}

// Else OpenSSL would ask for it at the terminal.
int no_passphrase(char*, int, int, void*) { return -1; }

Bio reading(std::string_view text) { return Bio(BIO_new_mem_buf(text.data(), int(text.size()))); }

// What cannot be read is told by the result; OpenSSL would keep its own errors for whoever asks
// next.
Certificate next_certificate(const Bio& bio) {
  Certificate out(PEM_read_bio_X509(bio.get(), nullptr, no_passphrase, nullptr));
  ERR_clear_error();
  return out;
}

Certificate read_certificate(std::string_view text) { return next_certificate(reading(text)); }

Key read_key(std::string_view text) {
  const Bio bio = reading(text);
  Key out(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_passphrase, nullptr));
  ERR_clear_error();
  return out;
}

std::string text_in(const Bio& bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return {data, std::size_t(size)};
}

std::string to_pem(X509* certificate) {
  const Bio bio(BIO_new(BIO_s_mem()));
  must(PEM_write_bio_X509(bio.get(), certificate) == 1);
  return text_in(bio);
}

std::string to_pem(EVP_PKEY* key) {
  const Bio bio(BIO_new(BIO_s_mem()));
  must(PEM_write_bio_PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr) == 1);
  return text_in(bio);
}

WallTime time_of(const ASN1_TIME* time) {
  std::tm parts{};
  ASN1_TIME_to_tm(time, &parts);
  return WallTime(std::chrono::seconds(timegm(&parts)));
}

void set_time(ASN1_TIME* target, WallTime time) {
  must(ASN1_TIME_set(target, std::chrono::system_clock::to_time_t(time)) != nullptr);
}

// No two of an authority may be the same.
void set_serial(X509* certificate) {
  const Number number(BN_new());
  must(BN_rand(number.get(), 127, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) == 1);
  must(BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)) != nullptr);
}

void set_name(X509* certificate, const char* name) {
  must(X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_ASC,
                                  reinterpret_cast<const unsigned char*>(name), -1, -1, 0) == 1);
}

// False where OpenSSL cannot read the value.
bool extend(X509* certificate, X509* issuer, int which, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const Extension extension(X509V3_EXT_conf_nid(nullptr, &context, which, value.c_str()));
  return extension && X509_add_ext(certificate, extension.get(), -1) == 1;
}

// Everything but issuer, extensions and signature.
Certificate draft(const char* name, EVP_PKEY* key, Validity validity) {
  Certificate out(X509_new());
  must(out != nullptr && X509_set_version(out.get(), X509_VERSION_3) == 1);
  set_serial(out.get());
  set_name(out.get(), name);
  set_time(X509_getm_notBefore(out.get()), validity.begin);
  set_time(X509_getm_notAfter(out.get()), validity.end);
  must(X509_set_pubkey(out.get(), key) == 1);
  return out;
}

Key new_key() {
  Key key(EVP_EC_gen("P-256"));
  must(key != nullptr);
  return key;
}

bool is_address(const std::string& host) {
  boost::system::error_code ec;
  boost::asio::ip::make_address(host, ec);
  return !ec;
}

std::string alternative_names(const std::vector<std::string>& hosts) {
  std::string out;
  for (const auto& host : hosts) {
    if (!out.empty()) out += ',';
    out += (is_address(host) ? "IP:" : "DNS:") + host;
  }
  return out;
}

bool is_for(X509* certificate, const std::string& host) {
  if (is_address(host)) return X509_check_ip_asc(certificate, host.c_str(), 0) == 1;
  return X509_check_host(certificate, host.data(), host.size(), X509_CHECK_FLAG_NEVER_CHECK_SUBJECT,
                         nullptr) == 1;
}

Validity validity_of(X509* certificate) {
  return {.begin = time_of(X509_get0_notBefore(certificate)),
          .end = time_of(X509_get0_notAfter(certificate))};
}

Result<Certificate> read_pair(const PemPair& pair) {
  auto certificate = read_certificate(pair.certificate);
  if (!certificate) return fail(Code::kInvalid, "there is no certificate in PEM");
  const auto key = read_key(pair.key);
  if (!key) return fail(Code::kInvalid, "there is no key in PEM");
  if (X509_check_private_key(certificate.get(), key.get()) != 1) {
    return fail(Code::kInvalid, "the key is not that of the certificate");
  }
  return certificate;
}

}  // namespace

PemPair make_authority(Validity validity) {
  const Key key = new_key();
  const Certificate made = draft("infra-operator webhook authority", key.get(), validity);
  X509* self = made.get();
  must(X509_set_issuer_name(self, X509_get_subject_name(self)) == 1);
  must(extend(self, self, NID_basic_constraints, "critical,CA:TRUE,pathlen:0"));
  must(extend(self, self, NID_key_usage, "critical,keyCertSign"));
  must(extend(self, self, NID_subject_key_identifier, "hash"));
  must(X509_sign(self, key.get(), EVP_sha256()) != 0);
  return {.certificate = to_pem(self), .key = to_pem(key.get())};
}

Result<PemPair> make_server_certificate(const PemPair& authority,
                                        const std::vector<std::string>& hosts, Validity validity) {
  const auto issuer = read_pair(authority);
  if (!issuer) return std::unexpected(issuer.error().in("the authority cannot sign"));
  const Key key = new_key();
  const Certificate made = draft("infra-operator webhook", key.get(), validity);
  X509* self = made.get();
  must(X509_set_issuer_name(self, X509_get_subject_name(issuer->get())) == 1);
  must(extend(self, issuer->get(), NID_basic_constraints, "critical,CA:FALSE"));
  must(extend(self, issuer->get(), NID_key_usage, "critical,digitalSignature"));
  must(extend(self, issuer->get(), NID_ext_key_usage, "serverAuth"));
  must(extend(self, issuer->get(), NID_authority_key_identifier, "keyid:always"));
  const std::string names = alternative_names(hosts);
  if (!extend(self, issuer->get(), NID_subject_alt_name, names)) {
    return fail(Code::kInvalid, "no certificate can be for '" + names +
                                    "'; these must be DNS names and IP addresses");
  }
  const Key signing = read_key(authority.key);
  must(X509_sign(self, signing.get(), EVP_sha256()) != 0);
  return PemPair{.certificate = to_pem(self), .key = to_pem(key.get())};
}

Result<Validity> validity_of(const std::string& certificate) {
  const auto read = read_certificate(certificate);
  if (!read) return fail(Code::kInvalid, "there is no certificate in PEM");
  return validity_of(read.get());
}

Result<Validity> check_authority(const PemPair& authority) {
  const auto read = read_pair(authority);
  if (!read) return std::unexpected(read.error());
  if (X509_check_ca(read->get()) != 1) return fail(Code::kInvalid, "it may not sign certificates");
  return validity_of(read->get());
}

Result<Validity> check_server_certificate(const PemPair& server, const std::string& authority,
                                          const std::vector<std::string>& hosts) {
  const auto read = read_pair(server);
  if (!read) return std::unexpected(read.error());
  const auto issuer = read_certificate(authority);
  if (!issuer || X509_verify(read->get(), X509_get0_pubkey(issuer.get())) != 1) {
    return fail(Code::kInvalid, "the authority has not signed it");
  }
  for (const auto& host : hosts) {
    if (!is_for(read->get(), host)) return fail(Code::kInvalid, "it is not for " + host);
  }
  return validity_of(read->get());
}

std::vector<std::string> certificates_in(std::string_view text) {
  std::vector<std::string> out;
  const Bio bio = reading(text);
  while (const auto read = next_certificate(bio)) out.push_back(to_pem(read.get()));
  return out;
}

}  // namespace infra::net
