#include "kube/file_credential.h"

#include <openssl/pem.h>
#include <openssl/x509.h>

#include "base/file.h"

namespace infra::kube {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::minutes kLook{1};

class FileToken final : public TokenSource {
 public:
  FileToken(Clock& clock, std::string path) : file_(clock, std::move(path)) {}

  Task<Result<Credential>> get(bool renew) override {
    // While a token is being replaced the old one goes on serving.
    auto loaded = refresh(renew);
    if (!loaded && token_.empty()) co_return std::unexpected(loaded.error());
    co_return Credential{.token = token_};
  }

  Result<void> refresh(bool force) {
    auto read = file_.refresh(force);
    if (!read) return std::unexpected(read.error());
    if (!*read) return {};
    auto token = trimmed(file_.text());
    if (token.empty()) {
      return fail(Code::kInvalid, "the token file " + file_.path() + " is empty");
    }
    token_ = std::move(token);
    return {};
  }

 private:
  WatchedFile file_;
  std::string token_;
};

using Bio = std::unique_ptr<BIO, decltype(&BIO_free)>;

Bio reader(const std::string& text) {
  return {BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), &BIO_free};
}

// Else OpenSSL would ask for it at the terminal.
int no_passphrase(char*, int, int, void*) { return -1; }

bool belong_together(const std::string& certificate_pem, const std::string& key_pem) {
  const std::unique_ptr<X509, decltype(&X509_free)> certificate(
      PEM_read_bio_X509(reader(certificate_pem).get(), nullptr, nullptr, nullptr), &X509_free);
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(
      PEM_read_bio_PrivateKey(reader(key_pem).get(), nullptr, &no_passphrase, nullptr),
      &EVP_PKEY_free);
  return certificate && key && X509_check_private_key(certificate.get(), key.get()) == 1;
}

class FilesOfTls final : public TokenSource {
 public:
  FilesOfTls(Clock& clock, const TlsFiles& files, std::shared_ptr<TokenSource> token)
      : token_(std::move(token)) {
    if (!files.ca.empty()) ca_.emplace(clock, files.ca);
    if (!files.certificate.empty()) certificate_.emplace(clock, files.certificate);
    if (!files.key.empty()) key_.emplace(clock, files.key);
  }

  Task<Result<Credential>> get(bool renew) override {
    Credential out;
    if (token_ != nullptr) {
      auto inner = co_await token_->get(renew);
      if (!inner) co_return inner;
      out = std::move(*inner);
    }
    // What cannot be read now is served as it was.
    if (ca_) (void)ca_->refresh(renew);
    if (ca_) out.ca_pem = ca_->text();
    refresh_identity(renew);
    if (out.certificate_pem.empty()) {
      out.certificate_pem = certificate_pem_;
      out.key_pem = key_pem_;
    }
    co_return out;
  }

 private:
  // A pair is only taken whole: a rotation may have replaced one file and not yet the other.
  void refresh_identity(bool force) {
    if (!certificate_ || !key_) return;
    (void)certificate_->refresh(force);
    (void)key_->refresh(force);
    const bool same = certificate_->text() == certificate_pem_ && key_->text() == key_pem_;
    if (same || !belong_together(certificate_->text(), key_->text())) return;
    certificate_pem_ = certificate_->text();
    key_pem_ = key_->text();
  }

  std::shared_ptr<TokenSource> token_;
  std::optional<WatchedFile> ca_;
  std::optional<WatchedFile> certificate_;
  std::optional<WatchedFile> key_;
  std::string certificate_pem_;
  std::string key_pem_;
};

}  // namespace

std::string trimmed(std::string text) {
  const auto end = text.find_last_not_of(" \t\r\n");
  text.erase(end == std::string::npos ? 0 : end + 1);
  text.erase(0, text.find_first_not_of(" \t\r\n"));
  return text;
}

WatchedFile::WatchedFile(Clock& clock, std::string path) : clock_(clock), path_(std::move(path)) {}

Result<bool> WatchedFile::refresh(bool force) {
  const auto now = clock_.steady();
  if (!force && checked_ && now - *checked_ < kLook) return false;
  checked_ = now;
  std::error_code error;
  const auto modified = fs::last_write_time(path_, error);
  if (!force && !error && modified == modified_) return false;
  auto read = read_file(path_);
  if (!read) return std::unexpected(read.error());
  text_ = std::move(*read);
  modified_ = modified;
  return true;
}

Result<std::shared_ptr<TokenSource>> make_file_token(Clock& clock, std::string path) {
  auto source = std::make_shared<FileToken>(clock, std::move(path));
  if (auto loaded = source->refresh(true); !loaded) return std::unexpected(loaded.error());
  return source;
}

std::shared_ptr<TokenSource> make_tls_files(Clock& clock, const TlsFiles& files,
                                            std::shared_ptr<TokenSource> token) {
  return std::make_shared<FilesOfTls>(clock, files, std::move(token));
}

}  // namespace infra::kube
