#include "aws/signer.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>

#include "aws/crt.h"
#include "base/clock.h"

namespace infra::aws {
namespace {

const CrtLibrary kCrt;

Credentials example_keys() {
  return {.access_key = "AKIDEXAMPLE", .secret_key = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"};
}

SigningOptions example_options() {
  return {
      .region = "us-east-1", .service = "service", .time = parse_rfc3339("2015-08-30T12:36:00Z")};
}

net::HttpRequest example_request() {
  net::HttpRequest request;
  request.host = "example.amazonaws.com";
  return request;
}

TEST(Signer, SignsAPlainGet) {
  auto request = example_request();
  ASSERT_TRUE(sign(request, example_keys(), example_options()));
  EXPECT_EQ(net::header(request.headers, "Authorization"),
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
            "SignedHeaders=host;x-amz-date, "
            "Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31");
  EXPECT_EQ(net::header(request.headers, "X-Amz-Date"), "20150830T123600Z");
}

TEST(Signer, NamesAnUnusualPortInHost) {
  auto request = example_request();
  request.scheme = "http";
  request.host = "::1";
  request.port = 5005;
  ASSERT_TRUE(sign(request, example_keys(), example_options()));
  EXPECT_EQ(net::header(request.headers, "Host"), "[::1]:5005");
}

TEST(Signer, SendsTheBodyHashWhereAsked) {
  auto request = example_request();
  auto options = example_options();
  options.content_sha256_header = true;
  ASSERT_TRUE(sign(request, example_keys(), options));
  EXPECT_EQ(net::header(request.headers, "x-amz-content-sha256"),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(Signer, RefusesASignedRequest) {
  auto request = example_request();
  ASSERT_TRUE(sign(request, example_keys(), example_options()));
  EXPECT_FALSE(sign(request, example_keys(), example_options()));
}

namespace fs = std::filesystem;

std::string read(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

struct Vector {
  net::HttpRequest request;
  std::string token;
};

// The suite's files are HTTP text without a final line end.
Vector parse_vector(const std::string& text) {
  Vector out;
  const auto line_end = text.find('\n');
  const std::string first = text.substr(0, line_end);
  out.request.method = first.substr(0, first.find(' '));
  const auto from = first.find(' ') + 1;
  out.request.target = first.substr(from, first.rfind(' ') - from);
  std::string rest = line_end == std::string::npos ? "" : text.substr(line_end + 1);
  while (!rest.empty()) {
    const auto end = rest.find('\n');
    const std::string line = rest.substr(0, end);
    rest = end == std::string::npos ? "" : rest.substr(end + 1);
    if (line.empty()) break;
    const std::string name = line.substr(0, line.find(':'));
    const std::string value = line.substr(line.find(':') + 1);
    if (name == "X-Amz-Security-Token")
      out.token = value.substr(value.find_first_not_of(' '));
    else if (name != "X-Amz-Date")
      out.request.headers.emplace_back(name, value);
  }
  out.request.body = rest;
  return out;
}

// What of the suite is not run, and why.
const std::map<std::string, std::string> kSkipped{
    {"get-header-value-multiline", "folded header lines are obsolete; we never send them"},
};

TEST(Signer, Conformance) {
  const fs::path suite = fs::path(INFRA_BOTOCORE) / "tests/unit/auth/aws4_testsuite";
  int checked = 0;
  for (const auto& entry : fs::recursive_directory_iterator(suite)) {
    if (entry.path().extension() != ".req") continue;
    const std::string name = entry.path().stem().string();
    if (kSkipped.contains(name)) continue;
    SCOPED_TRACE(name);
    Vector vector = parse_vector(read(entry.path()));
    auto keys = example_keys();
    // This one adds the token after signing, which is signing without it.
    if (name != "post-sts-header-after") {
      keys.session_token =
          parse_vector(read(fs::path(entry.path()).replace_extension("sreq"))).token;
    }
    auto done = sign(vector.request, keys, example_options());
    ASSERT_TRUE(done) << done.error().message;
    EXPECT_EQ(net::header(vector.request.headers, "Authorization"),
              read(fs::path(entry.path()).replace_extension("authz")));
    ++checked;
  }
  EXPECT_GE(checked, 30);
}

}  // namespace
}  // namespace infra::aws
