#include "aws/signer.h"

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace infra::aws
