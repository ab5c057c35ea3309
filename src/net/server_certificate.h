#pragma once

#include <memory>
#include <string>

#include "base/clock.h"
#include "base/error.h"

namespace boost::asio::ssl {
class context;
}

namespace infra::net {

// The certificate of a TLS server, from the files tls.crt and tls.key of a folder, which others
// replace now and then. TLS 1.2 and newer.
class ServerCertificate {
 public:
  // `clock` outlives it.
  ServerCertificate(const Clock& clock, std::string folder);

  // Looks at the files. True if there is a new certificate to show. kInvalid with the reason where
  // they hold none that is good: half written, no pair, expired. The one before is shown on.
  Result<bool> refresh();

  // There is one to show, and by our clock it has not expired.
  bool good() const { return context_ != nullptr && clock_.wall() < expires_; }
  // Null until there has been a good one. Connections that began with an earlier one keep that.
  std::shared_ptr<boost::asio::ssl::context> context() const { return context_; }

 private:
  // PEM.
  struct Pair {
    std::string certificate, key;
    bool operator==(const Pair&) const = default;
  };

  Result<Pair> read() const;
  Result<bool> look();

  const Clock& clock_;
  std::string folder_;
  Pair shown_;
  WallTime expires_;  // of what is shown
  std::shared_ptr<boost::asio::ssl::context> context_;
};

}  // namespace infra::net
