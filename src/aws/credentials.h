#pragma once

#include <functional>
#include <iosfwd>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "net/http.h"

namespace infra::aws {

// Keys that sign requests. Nothing can print them: there is no operator<< and no fmt formatter.
struct Credentials {
  std::string access_key;
  std::string secret_key;
  std::string session_token;         // empty for keys that do not expire
  std::optional<WallTime> expiry{};  // absent: never

  friend std::ostream& operator<<(std::ostream&, const Credentials&) = delete;
  // GoogleTest would otherwise dump the bytes.
  friend void PrintTo(const Credentials&, std::ostream*) {}
};

class CredentialSource {
 public:
  virtual ~CredentialSource() = default;
  // kUnauthenticated with a sentence where there are none.
  virtual Task<Result<Credentials>> get() = 0;
  // AWS says that these keys, which get() gave, have expired, whatever their own date says: the
  // next get() asks anew where there is something to ask.
  virtual void note_expired(const Credentials&) {}
};

// What AWS answers to keys that were good for a while.
bool says_expired(const Error& error);

class StaticCredentials final : public CredentialSource {
 public:
  explicit StaticCredentials(Credentials credentials) : credentials_(std::move(credentials)) {}
  Task<Result<Credentials>> get() override;

 private:
  Credentials credentials_;
};

// Reads a variable of the environment; empty when it is not set.
using Environment = std::function<std::string(const std::string& name)>;
Environment process_environment();

// Where and how STS is spoken to.
struct StsSettings {
  std::string region;
  std::string url;  // of the region
  net::TlsOptions tls;
};

// AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN, read at each call.
class EnvironmentCredentials final : public CredentialSource {
 public:
  explicit EnvironmentCredentials(Environment environment) : environment_(std::move(environment)) {}
  Task<Result<Credentials>> get() override;

 private:
  Environment environment_;
};

// A role assumed with the token that Kubernetes writes for a service account. The file is read
// each time, because it rotates.
class WebIdentityCredentials final : public CredentialSource {
 public:
  struct Settings {
    std::string role_arn;
    std::string token_file;
    std::string session_name;
    std::chrono::seconds duration{3600};
    StsSettings sts;
  };
  WebIdentityCredentials(Clock& clock, net::HttpTransport& transport, Settings settings)
      : clock_(clock), transport_(transport), settings_(std::move(settings)) {}
  Task<Result<Credentials>> get() override;

 private:
  Clock& clock_;
  net::HttpTransport& transport_;
  Settings settings_;
};

// A role assumed with the keys of another source.
class AssumeRoleCredentials final : public CredentialSource {
 public:
  struct Settings {
    std::string role_arn;
    std::string external_id;  // empty: none
    std::string session_name;
    std::chrono::seconds duration{3600};
    std::map<std::string, std::string> tags;  // of the session
    StsSettings sts;
  };
  AssumeRoleCredentials(Clock& clock, net::HttpTransport& transport,
                        std::shared_ptr<CredentialSource> base, Settings settings)
      : clock_(clock),
        transport_(transport),
        base_(std::move(base)),
        settings_(std::move(settings)) {}
  Task<Result<Credentials>> get() override;

 private:
  Task<Result<Credentials>> assume_with(Credentials keys);

  Clock& clock_;
  net::HttpTransport& transport_;
  std::shared_ptr<CredentialSource> base_;
  Settings settings_;
};

// The agent beside a container (EKS Pod Identity, ECS).
class ContainerCredentials final : public CredentialSource {
 public:
  ContainerCredentials(net::HttpTransport& transport, Environment environment)
      : transport_(transport), environment_(std::move(environment)) {}
  Task<Result<Credentials>> get() override;

 private:
  net::HttpTransport& transport_;
  Environment environment_;
};

// The metadata service of an EC2 instance, version 2 only.
class InstanceCredentials final : public CredentialSource {
 public:
  InstanceCredentials(net::HttpTransport& transport, Environment environment)
      : transport_(transport), environment_(std::move(environment)) {}
  Task<Result<Credentials>> get() override;

 private:
  Task<Result<std::string>> fetch(net::HttpRequest request);

  net::HttpTransport& transport_;
  Environment environment_;
};

// Asks the source again only when the keys expire within five minutes; keeps the old ones where
// that fails and they are still good. One question at a time.
class CachedCredentials final : public CredentialSource {
 public:
  CachedCredentials(Clock& clock, std::shared_ptr<CredentialSource> source)
      : clock_(clock), source_(std::move(source)) {}
  Task<Result<Credentials>> get() override;
  void note_expired(const Credentials& keys) override;

 private:
  bool good_for(Duration margin) const;

  Clock& clock_;
  std::shared_ptr<CredentialSource> source_;
  std::optional<Credentials> current_;
  bool asking_ = false;
};

// What the environment says, in the order of AWS's own tools: keys, a profile that assumes a role,
// web identity, any other profile, container, instance. Cached.
std::shared_ptr<CredentialSource> default_credentials(Clock& clock, net::HttpTransport& transport,
                                                      Environment environment, StsSettings sts);

}  // namespace infra::aws
