#include "aws/profile.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>

#include "aws/client.h"
#include "aws/crt.h"
#include "aws/run_for_test.h"

namespace infra::aws {
namespace {

const StsSettings kSts{.region = "eu-west-1", .url = "https://sts.eu-west-1.amazonaws.com"};

using ::testing::HasSubstr;
using ::testing::Not;

const CrtLibrary kCrt;

constexpr std::string_view kStsAnswer =
    "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ASIA1</AccessKeyId>"
    "<SecretAccessKey>s3cret</SecretAccessKey><SessionToken>tok</SessionToken>"
    "<Expiration>2027-01-15T09:00:00Z</Expiration></Credentials></AssumeRoleResult>"
    "</AssumeRoleResponse>";

std::string key_of(const Result<Credentials>& keys) {
  return keys ? keys->access_key : keys.error().message;
}

class ProfileTest : public ::testing::Test {
 protected:
  ProfileTest()
      : home(std::filesystem::temp_directory_path() /
             ("infra-profile-" + std::to_string(getpid()))) {
    std::filesystem::create_directories(home / ".aws");
    variables["HOME"] = home.string();
  }
  ~ProfileTest() override { std::filesystem::remove_all(home); }

  void config(std::string_view text) { std::ofstream(home / ".aws/config") << text; }
  void credentials(std::string_view text) { std::ofstream(home / ".aws/credentials") << text; }

  Environment environment() const {
    return [values = variables](const std::string& name) {
      const auto it = values.find(name);
      return it == values.end() ? std::string() : it->second;
    };
  }
  Result<Credentials> keys() {
    ProfileCredentials source(clock, transport, environment(), kSts);
    return run(source.get());
  }
  Result<Credentials> chain() {
    const auto source = default_credentials(clock, transport, environment(), kSts);
    return run(source->get());
  }
  std::string refusal() {
    const auto result = keys();
    EXPECT_FALSE(result);
    EXPECT_EQ(result.error().code, Code::kUnauthenticated);
    EXPECT_TRUE(transport.requests.empty());
    return result.error().message;
  }

  JumpingClock clock;
  ScriptedTransport transport{clock};
  std::filesystem::path home;
  std::map<std::string, std::string> variables;
};

TEST_F(ProfileTest, TakesKeysOfTheDefaultProfile) {
  credentials(
      "[default]\naws_access_key_id = AK\naws_secret_access_key = SK\naws_session_token = ST\n");
  const auto result = keys();
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(result->access_key, "AK");
  EXPECT_EQ(result->secret_key, "SK");
  EXPECT_EQ(result->session_token, "ST");
}

TEST_F(ProfileTest, VariablesSelectProfileAndFiles) {
  std::ofstream(home / "keys") << "[one]\naws_access_key_id=1\naws_secret_access_key=s\n"
                                  "[two]\naws_access_key_id=2\naws_secret_access_key=s\n";
  variables["AWS_SHARED_CREDENTIALS_FILE"] = "~/keys";
  variables["AWS_DEFAULT_PROFILE"] = "two";
  EXPECT_EQ(key_of(keys()), "2");
  variables["AWS_PROFILE"] = "one";
  EXPECT_EQ(key_of(keys()), "1");
  std::ofstream(home / "settings") << "[profile one]\nregion = eu-north-1\n";
  variables["AWS_CONFIG_FILE"] = (home / "settings").string();
  EXPECT_EQ(ClientConfig::from_environment(environment())->region, "eu-north-1");
}

TEST_F(ProfileTest, CredentialsFileWinsOverConfigFile) {
  config("[profile a]\naws_access_key_id = C\naws_secret_access_key = CS\n");
  variables["AWS_PROFILE"] = "a";
  EXPECT_EQ(key_of(keys()), "C");
  credentials("[a]\naws_access_key_id = K\naws_secret_access_key = KS\n");
  EXPECT_EQ(key_of(keys()), "K");
}

TEST_F(ProfileTest, RegionComesFromTheProfileWhereNoVariableGivesOne) {
  EXPECT_EQ(ClientConfig::from_environment(environment())->region, "");
  config("[default]\nregion = eu-central-1\n");
  EXPECT_EQ(ClientConfig::from_environment(environment())->region, "eu-central-1");
  variables["AWS_DEFAULT_REGION"] = "us-west-2";
  EXPECT_EQ(ClientConfig::from_environment(environment())->region, "us-west-2");
}

TEST_F(ProfileTest, AssumesARoleWithTheKeysOfAnotherProfile) {
  credentials("[base]\naws_access_key_id = AKBASE\naws_secret_access_key = SK\n");
  config(
      "[profile deploy]\nrole_arn = arn:aws:iam::1:role/r\nsource_profile = base\n"
      "external_id = ext\nrole_session_name = me\nduration_seconds = 900\n");
  variables["AWS_PROFILE"] = "deploy";
  transport.then(200, std::string(kStsAnswer));
  const auto result = keys();
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(result->access_key, "ASIA1");
  const auto& request = transport.requests.at(0);
  EXPECT_EQ(request.host, "sts.eu-west-1.amazonaws.com");
  EXPECT_THAT(std::string(net::header(request.headers, "Authorization")), HasSubstr("AKBASE/"));
  for (const char* part : {"RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fr", "ExternalId=ext",
                           "RoleSessionName=me", "DurationSeconds=900"}) {
    EXPECT_THAT(request.body, HasSubstr(part));
  }
}

TEST_F(ProfileTest, RolesFormAChain) {
  config(
      "[default]\nrole_arn = arn:last\nsource_profile = middle\n"
      "[profile middle]\nrole_arn = arn:first\nsource_profile = middle\n"
      "aws_access_key_id = AK\naws_secret_access_key = SK\n");
  transport.then(200, std::string(kStsAnswer));
  ASSERT_TRUE(keys());
  // The keys of "middle" are used, and not its role.
  ASSERT_EQ(transport.requests.size(), 1u);
  EXPECT_THAT(transport.requests[0].body, HasSubstr("arn%3Alast"));
  variables["AWS_PROFILE"] = "middle";
  transport.then(200, std::string(kStsAnswer));
  ASSERT_TRUE(keys());
  EXPECT_THAT(transport.requests[1].body, HasSubstr("arn%3Afirst"));
}

TEST_F(ProfileTest, AssumesARoleWithANamedSource) {
  config("[default]\nrole_arn = arn:r\ncredential_source = Environment\n");
  variables["AWS_ACCESS_KEY_ID"] = "AKENV";
  variables["AWS_SECRET_ACCESS_KEY"] = "SK";
  transport.then(200, std::string(kStsAnswer));
  ASSERT_TRUE(keys());
  EXPECT_THAT(std::string(net::header(transport.requests.at(0).headers, "Authorization")),
              HasSubstr("AKENV/"));
}

TEST_F(ProfileTest, TakesATokenFile) {
  std::ofstream(home / "token") << "jwt";
  config("[default]\nrole_arn = arn:r\nweb_identity_token_file = " + (home / "token").string());
  transport.then(503, "");
  EXPECT_EQ(keys().error().code, Code::kUnavailable);
  EXPECT_THAT(transport.requests.at(0).body, HasSubstr("WebIdentityToken=jwt"));
}

TEST_F(ProfileTest, RefusesInWords) {
  config(
      "[profile empty]\nregion = x\n"
      "[profile half]\naws_access_key_id = AK\n"
      "[profile sso]\nsso_session = s\n"
      "[profile mfa]\nrole_arn = r\nsource_profile = half\nmfa_serial = m\n"
      "[profile loop]\nrole_arn = r\nsource_profile = pool\n"
      "[profile pool]\nrole_arn = r\nsource_profile = loop\n"
      "[profile alone]\nrole_arn = r\n"
      "[profile lost]\nrole_arn = r\nsource_profile = nobody\n"
      "[profile odd]\nrole_arn = r\ncredential_source = Mars\n"
      "[profile long]\nrole_arn = r\nsource_profile = half\nduration_seconds = 1h\n");
  for (const auto& [profile, words] : std::map<std::string, std::string>{
           {"empty", "'empty' lacks aws_access_key_id"},
           {"half", "aws_secret_access_key"},
           {"sso", "sso_session, which is not supported"},
           {"mfa", "MFA"},
           {"loop", "'loop' is its own source: 'loop' 'pool' 'loop'"},
           {"alone", "one of source_profile and credential_source"},
           {"lost", "'nobody', which does not exist"},
           {"odd", "'Mars' is not known"},
           {"long", "duration_seconds"},
           {"gone", "'gone' of AWS_PROFILE is neither in"}}) {
    variables["AWS_PROFILE"] = profile;
    EXPECT_THAT(refusal(), HasSubstr(words));
  }
  variables["AWS_PROFILE"] = "gone";
  EXPECT_FALSE(ClientConfig::from_environment(environment()));
}

TEST_F(ProfileTest, BrokenFileIsNamedAndNotShown) {
  credentials("[default\naws_secret_access_key = hidden\n");
  const std::string message = refusal();
  EXPECT_THAT(message, HasSubstr((home / ".aws/credentials").string()));
  EXPECT_THAT(message, Not(HasSubstr("hidden")));
  // Nor does the chain go on as if there were no such file.
  variables["AWS_WEB_IDENTITY_TOKEN_FILE"] = "/nonexistent";
  EXPECT_EQ(chain().error().message, message);
}

TEST_F(ProfileTest, ChainHasTheOrderOfAwsTools) {
  // Last comes the instance.
  transport.then(500, "");
  EXPECT_FALSE(chain());
  EXPECT_EQ(transport.requests.back().host, "169.254.169.254");
  // A container comes before it, and any profile before that.
  variables["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = "http://127.0.0.1/keys";
  transport.then(500, "");
  EXPECT_FALSE(chain());
  EXPECT_EQ(transport.requests.back().host, "127.0.0.1");
  credentials("[default]\naws_access_key_id = AKFILE\naws_secret_access_key = SK\n");
  EXPECT_EQ(key_of(chain()), "AKFILE");
  // Web identity comes before a profile with keys, but after one with a role.
  std::ofstream(home / "token") << "jwt";
  variables["AWS_WEB_IDENTITY_TOKEN_FILE"] = (home / "token").string();
  transport.then(500, "");
  EXPECT_FALSE(chain());
  EXPECT_THAT(transport.requests.back().body, HasSubstr("WebIdentityToken=jwt"));
  config("[default]\nrole_arn = arn:r\nsource_profile = default\n");
  transport.then(200, std::string(kStsAnswer));
  EXPECT_EQ(key_of(chain()), "ASIA1");
  EXPECT_THAT(transport.requests.back().body, HasSubstr("RoleArn=arn%3Ar"));
  // Keys in the environment come first.
  variables["AWS_ACCESS_KEY_ID"] = "AKENV";
  variables["AWS_SECRET_ACCESS_KEY"] = "SK";
  EXPECT_EQ(key_of(chain()), "AKENV");
}

}  // namespace
}  // namespace infra::aws
