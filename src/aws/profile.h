#pragma once

#include <memory>
#include <string>

#include "aws/credentials.h"

struct aws_profile_collection;

namespace infra::aws {

// The files in which AWS's own tools keep settings and keys: AWS_CONFIG_FILE and
// AWS_SHARED_CREDENTIALS_FILE, or config and credentials in ~/.aws. Needs a CrtLibrary.
class Profiles {
 public:
  // A missing file counts as empty; where both give a value, that of the credentials file counts.
  // kInvalid if a file cannot be read or AWS_PROFILE names a profile that is in neither.
  static Result<Profiles> read(const Environment& environment);

  // AWS_PROFILE, AWS_DEFAULT_PROFILE or "default".
  const std::string& selected() const { return selected_; }
  bool has(const std::string& profile) const;
  // Empty where there is no such profile or property.
  std::string value(const std::string& profile, const std::string& property) const;

 private:
  struct Release {
    void operator()(aws_profile_collection* collection) const;
  };
  using Collection = std::unique_ptr<aws_profile_collection, Release>;
  static Result<Collection> read_file(const std::string& path, bool credentials);

  std::string selected_;
  Collection collection_;
};

// What the selected profile says about credentials. One that cannot be read offers a role, since
// that comes before all that would hide the mistake.
enum class ProfileOffer { kNothing, kKeys, kRole };
ProfileOffer profile_offer(const Environment& environment);

// The keys of the selected profile, or of the role that it assumes: with the keys of another
// profile (source_profile), of a source named by credential_source, or with a token file. Single
// sign-on, MFA and credential_process are refused in words. The files are read each time.
class ProfileCredentials final : public CredentialSource {
 public:
  ProfileCredentials(Clock& clock, net::HttpTransport& transport, Environment environment,
                     StsSettings sts)
      : clock_(clock),
        transport_(transport),
        environment_(std::move(environment)),
        sts_(std::move(sts)) {}
  Task<Result<Credentials>> get() override;

 private:
  using Source = std::shared_ptr<CredentialSource>;
  // `path`: the profiles that led here, to find circles.
  Result<Source> source_of(const Profiles& profiles, const std::string& profile,
                           std::string path) const;
  Result<Source> assumed(const Profiles& profiles, const std::string& profile,
                         std::string path) const;
  Result<Source> base_of(const Profiles& profiles, const std::string& profile,
                         std::string path) const;
  Result<Source> named(const std::string& credential_source) const;

  Clock& clock_;
  net::HttpTransport& transport_;
  Environment environment_;
  StsSettings sts_;
};

}  // namespace infra::aws
