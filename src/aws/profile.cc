#include "aws/profile.h"

#include <aws/sdkutils/aws_profile.h>

#include <charconv>
#include <filesystem>

#include "aws/crt_text.h"

namespace infra::aws {
namespace {

struct DestroyString {
  void operator()(aws_string* text) const { aws_string_destroy(text); }
};
using CrtString = std::unique_ptr<aws_string, DestroyString>;

CrtString to_crt(const std::string& text) {
  const aws_byte_cursor cursor = to_cursor(text);
  return CrtString(aws_string_new_from_cursor(aws_default_allocator(), &cursor));
}

std::string path_of(const Environment& environment, const std::string& variable,
                    const std::string& usual) {
  const std::string home = environment("HOME");
  std::string path = environment(variable);
  if (path.empty() && !home.empty()) path = home + "/.aws/" + usual;
  return path.starts_with("~/") ? home + path.substr(1) : path;
}

std::unexpected<Error> no_credentials(const std::string& why) {
  return fail(Code::kUnauthenticated, "no AWS credentials: " + why);
}

std::unexpected<Error> unusable(const std::string& profile, const std::string& why) {
  return no_credentials("the profile '" + profile + "' " + why);
}

bool has_keys(const Profiles& profiles, const std::string& profile) {
  return !profiles.value(profile, "aws_access_key_id").empty();
}

// Ways to credentials that need a person or another program.
std::string unsupported(const Profiles& profiles, const std::string& profile) {
  for (const char* property :
       {"credential_process", "sso_session", "sso_start_url", "login_session"}) {
    if (!profiles.value(profile, property).empty()) return property;
  }
  return {};
}

Result<std::shared_ptr<CredentialSource>> keys_of(const Profiles& profiles,
                                                  const std::string& profile) {
  Credentials keys{.access_key = profiles.value(profile, "aws_access_key_id"),
                   .secret_key = profiles.value(profile, "aws_secret_access_key"),
                   .session_token = profiles.value(profile, "aws_session_token")};
  if (!keys.access_key.empty() && !keys.secret_key.empty()) {
    return std::make_shared<StaticCredentials>(std::move(keys));
  }
  const std::string other = unsupported(profiles, profile);
  if (other.empty()) return unusable(profile, "lacks aws_access_key_id or aws_secret_access_key");
  return unusable(profile, "has " + other + ", which is not supported, and no keys");
}

Result<std::chrono::seconds> duration_of(const Profiles& profiles, const std::string& profile) {
  const std::string text = profiles.value(profile, "duration_seconds");
  int seconds = 3600;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  const bool whole = error == std::errc() && end == text.data() + text.size();
  if (!text.empty() && !whole) return unusable(profile, "has a duration_seconds that is no number");
  return std::chrono::seconds(seconds);
}

std::string session_of(const Profiles& profiles, const std::string& profile) {
  const std::string name = profiles.value(profile, "role_session_name");
  return name.empty() ? "infra-operator" : name;
}

}  // namespace

void Profiles::Release::operator()(aws_profile_collection* collection) const {
  aws_profile_collection_release(collection);
}

Result<Profiles::Collection> Profiles::read_file(const std::string& path, bool credentials) {
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored)) return nullptr;
  Collection out(
      aws_profile_collection_new_from_file(aws_default_allocator(), to_crt(path).get(),
                                           credentials ? AWS_PST_CREDENTIALS : AWS_PST_CONFIG));
  if (!out) return fail(Code::kInvalid, "the file " + path + " with AWS profiles cannot be read");
  return out;
}

Result<Profiles> Profiles::read(const Environment& environment) {
  const std::string config_path = path_of(environment, "AWS_CONFIG_FILE", "config");
  const std::string keys_path = path_of(environment, "AWS_SHARED_CREDENTIALS_FILE", "credentials");
  auto config = read_file(config_path, false);
  if (!config) return std::unexpected(config.error());
  auto keys = read_file(keys_path, true);
  if (!keys) return std::unexpected(keys.error());

  Profiles out;
  out.collection_.reset(
      aws_profile_collection_new_from_merge(aws_default_allocator(), config->get(), keys->get()));
  out.selected_ = environment("AWS_PROFILE");
  if (out.selected_.empty()) out.selected_ = environment("AWS_DEFAULT_PROFILE");
  if (!out.selected_.empty() && !out.has(out.selected_)) {
    return fail(Code::kInvalid, "the profile '" + out.selected_ +
                                    "' of AWS_PROFILE is neither in '" + config_path +
                                    "' nor in '" + keys_path + "'");
  }
  if (out.selected_.empty()) out.selected_ = "default";
  return out;
}

bool Profiles::has(const std::string& profile) const {
  return aws_profile_collection_get_profile(collection_.get(), to_crt(profile).get()) != nullptr;
}

std::string Profiles::value(const std::string& profile, const std::string& property) const {
  const auto* found = aws_profile_collection_get_profile(collection_.get(), to_crt(profile).get());
  if (found == nullptr) return {};
  const auto* entry = aws_profile_get_property(found, to_crt(property).get());
  if (entry == nullptr) return {};
  return std::string(to_view(aws_profile_property_get_value(entry)));
}

ProfileOffer profile_offer(const Environment& environment) {
  const auto profiles = Profiles::read(environment);
  if (!profiles) return ProfileOffer::kRole;
  const std::string& profile = profiles->selected();
  const bool role = !profiles->value(profile, "role_arn").empty();
  const bool token = !profiles->value(profile, "web_identity_token_file").empty();
  if (role && !token) return ProfileOffer::kRole;
  const bool other =
      role || has_keys(*profiles, profile) || !unsupported(*profiles, profile).empty();
  return other ? ProfileOffer::kKeys : ProfileOffer::kNothing;
}

Task<Result<Credentials>> ProfileCredentials::get() {
  const auto profiles = Profiles::read(environment_);
  if (!profiles) co_return no_credentials(profiles.error().message);
  const auto source = source_of(*profiles, profiles->selected(), "");
  if (!source) co_return std::unexpected(source.error());
  auto keys = co_await (*source)->get();
  co_return keys;
}

Result<ProfileCredentials::Source> ProfileCredentials::source_of(const Profiles& profiles,
                                                                 const std::string& profile,
                                                                 std::string path) const {
  const std::string role = profiles.value(profile, "role_arn");
  const std::string token_file = profiles.value(profile, "web_identity_token_file");
  if (role.empty()) return keys_of(profiles, profile);
  if (token_file.empty()) return assumed(profiles, profile, std::move(path));
  return std::make_shared<WebIdentityCredentials>(
      clock_, transport_,
      WebIdentityCredentials::Settings{.role_arn = role,
                                       .token_file = token_file,
                                       .session_name = session_of(profiles, profile),
                                       .sts = sts_});
}

Result<ProfileCredentials::Source> ProfileCredentials::assumed(const Profiles& profiles,
                                                               const std::string& profile,
                                                               std::string path) const {
  const std::string step = "'" + profile + "' ";
  if (path.contains(step)) return unusable(profile, "is its own source: " + path + step);
  if (!profiles.value(profile, "mfa_serial").empty()) {
    return unusable(profile, "asks for an MFA code, which is not supported");
  }
  const auto duration = duration_of(profiles, profile);
  if (!duration) return std::unexpected(duration.error());
  auto base = base_of(profiles, profile, path + step);
  if (!base) return base;
  return std::make_shared<AssumeRoleCredentials>(
      clock_, transport_, std::move(*base),
      AssumeRoleCredentials::Settings{.role_arn = profiles.value(profile, "role_arn"),
                                      .external_id = profiles.value(profile, "external_id"),
                                      .session_name = session_of(profiles, profile),
                                      .duration = *duration,
                                      .sts = sts_});
}

Result<ProfileCredentials::Source> ProfileCredentials::base_of(const Profiles& profiles,
                                                               const std::string& profile,
                                                               std::string path) const {
  const std::string source = profiles.value(profile, "source_profile");
  const std::string name = profiles.value(profile, "credential_source");
  if (source.empty() == name.empty()) {
    return unusable(profile,
                    "has a role_arn and needs one of source_profile and credential_source");
  }
  if (source.empty()) return named(name);
  if (!profiles.has(source)) {
    return unusable(profile, "has the source_profile '" + source + "', which does not exist");
  }
  // A profile with keys and a role is a source by its keys; it may even be its own.
  if (has_keys(profiles, source)) return keys_of(profiles, source);
  return source_of(profiles, source, std::move(path));
}

Result<ProfileCredentials::Source> ProfileCredentials::named(const std::string& name) const {
  if (name == "Environment") return std::make_shared<EnvironmentCredentials>(environment_);
  if (name == "EcsContainer") {
    return std::make_shared<ContainerCredentials>(transport_, environment_);
  }
  if (name == "Ec2InstanceMetadata") {
    return std::make_shared<InstanceCredentials>(transport_, environment_);
  }
  return no_credentials("the credential_source '" + name + "' is not known");
}

}  // namespace infra::aws
