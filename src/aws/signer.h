#pragma once

#include <string>

#include "aws/credentials.h"
#include "net/http.h"

namespace infra::aws {

struct SigningOptions {
  std::string region;
  std::string service;  // the signing name, such as "ec2"
  WallTime time;
  // S3 reads the path as it was sent; every other service encodes it once more and removes dots.
  bool double_encode_path = true;
  bool normalize_path = true;
  bool unsigned_payload = false;
  bool content_sha256_header = false;  // S3 demands it
};

// Adds the headers of Signature Version 4. Host is added too when it is missing, because it is
// signed. Sign a fresh copy for each attempt: signing a signed request is refused.
Result<void> sign(net::HttpRequest& request, const Credentials& credentials,
                  const SigningOptions& options);

}  // namespace infra::aws
