#pragma once

#include <set>
#include <string>
#include <string_view>

#include "base/error.h"

namespace infra {

// A call to AWS, as CloudTrail tells of it and an EventBridge rule sends it on:
//
//   {"detail-type": "AWS API Call via CloudTrail", "source": "aws.ec2", "account": "111122223333",
//    "region": "eu-west-1", "detail": {"eventSource": "ec2.amazonaws.com", ...}}
struct ChangeEvent {
  std::string account, region;
  std::string service;          // as CloudTrail calls it: "ec2"
  std::string caller;           // ARN
  std::string user_agent;       // what the caller says of itself
  bool changes = true;          // AWS has done it, and it was no read and not about data
  std::set<std::string> names;  // whatever may name what was changed: every text in what was asked
                                // and answered, and the parts of ARNs
};

// kInvalid with a sentence that shows nothing of the message, which may come from anybody who can
// write to the queue.
Result<ChangeEvent> parse_change_event(std::string_view message);

}  // namespace infra
