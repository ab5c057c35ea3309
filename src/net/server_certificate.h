#pragma once

#include <memory>
#include <string>

#include "base/clock.h"
#include "base/error.h"
#include "base/task.h"
#include "net/certificate_maker.h"

namespace boost::asio::ssl {
class context;
}

namespace infra::net {

// Where a server's certificate comes from, and comes anew now and then.
class CertificateSource {
 public:
  virtual ~CertificateSource() = default;

  // The pair to show from now on. kBusy: there will be one soon.
  virtual Task<Result<PemPair>> look() = 0;
  // Between two looks.
  virtual Duration pause() const = 0;
  // For people.
  virtual std::string name() const = 0;
};

// The files tls.crt and tls.key of a folder, which others replace.
class CertificateFolder final : public CertificateSource {
 public:
  explicit CertificateFolder(std::string folder) : folder_(std::move(folder)) {}
  Task<Result<PemPair>> look() override;
  Duration pause() const override { return Duration{2'000}; }
  std::string name() const override { return folder_; }

 private:
  Result<PemPair> read() const;

  std::string folder_;
};

// What a TLS server shows. TLS 1.2 and newer.
class ServerCertificate {
 public:
  // `clock` outlives it.
  explicit ServerCertificate(const Clock& clock) : clock_(clock) {}

  // True if it is new, and shown from now on. kInvalid with the reason where it is not good: half
  // written, no pair, expired. The one before is shown on.
  Result<bool> show(PemPair pair);

  // There is one to show, and by our clock it has not expired.
  bool good() const { return context_ != nullptr && clock_.wall() < expires_; }
  // Null until there has been a good one. Connections that began with an earlier one keep that.
  std::shared_ptr<boost::asio::ssl::context> context() const { return context_; }

 private:
  const Clock& clock_;
  PemPair shown_;
  WallTime expires_;  // of what is shown
  std::shared_ptr<boost::asio::ssl::context> context_;
};

}  // namespace infra::net
