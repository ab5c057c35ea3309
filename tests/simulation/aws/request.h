#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "aws/fake_aws.h"

namespace infra::sim {

// Names and values in the order of the wire: a query, or the form that a query protocol posts.
class Fields {
 public:
  static Fields parse(std::string_view text);

  bool has(std::string_view name) const { return find(name) != nullptr; }
  std::string text(std::string_view name) const;
  // The values of name.1, name.2 and so on.
  std::vector<std::string> list(const std::string& name) const;
  // How many of name.1, name.2 ... there are, each of which may have members of its own.
  int count(const std::string& name) const;
  const std::vector<std::pair<std::string, std::string>>& all() const { return pairs_; }

 private:
  const std::string* find(std::string_view name) const;

  std::vector<std::pair<std::string, std::string>> pairs_;
};

// A request to AWS, taken apart as far as that is the same for all services.
struct Request {
  net::HttpRequest http;
  AwsCall call;
  std::string region;
  std::string account;     // whose access key it is
  std::string name;        // the name in the path or host: bucket, function, ARN to tag
  Fields form;             // body of a query protocol
  Fields query;            // of the URL
  Json body;               // of a JSON protocol; null if it is no JSON
  bool malformed = false;  // a JSON protocol, and the body is no JSON object
  int replica = 0;         // who answers what it reads
};

Request parse_request(const net::HttpRequest& http);

}  // namespace infra::sim
