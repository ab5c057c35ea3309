#pragma once

#include <cstdio>
#include <map>
#include <optional>
#include <string>

#include "aws/services.h"

namespace infra::sim {

// An access key that AWS knows; those that STS gives out end by themselves.
struct KnownKey {
  std::string account;
  std::string arn;
  std::string user_id;
  Duration expires = Duration::max();
};

struct FakeAws::State {
  State(Timeline& timeline, const Random& random, AwsBehaviour behaviour)
      : cloud(timeline, random, behaviour) {}

  std::string next_request_id() {
    char text[40];
    std::snprintf(text, sizeof(text), "00000000-0000-4000-8000-%012llx",
                  static_cast<unsigned long long>(++requests));
    return text;
  }

  std::optional<Answer> unwelcome(Request& request);
  Answer serve(Request& request);
  Answer serve_sts(Request& request);
  Answer caller_identity(const Request& request);
  Answer assume_role(const Request& request);
  std::string issue_key(const std::string& role_arn, const std::string& session, int seconds_valid);

  Cloud cloud;
  std::map<std::string, KnownKey> keys;
  std::string first_account;  // whose resources are squatted
  std::uint64_t requests = 0;
};

}  // namespace infra::sim
