#include "aws/server_faults.h"

#include <algorithm>

#include "base/json.h"

namespace infra::sim {
namespace {

constexpr Fault kOfServers[] = {Fault::kThrottled,  Fault::kServerError, Fault::kErrorAfter,
                                Fault::kLostAnswer, Fault::kRefused,     Fault::kSlow};

std::string names_of_faults() {
  std::string out;
  for (const Fault fault : kOfServers) {
    out += (out.empty() ? "" : ", ") + std::string(to_string(fault));
  }
  return out;
}

}  // namespace

Result<void> ServerFaults::set(std::string_view shares) {
  const auto parsed = parse_json(shares);
  if (!parsed) return std::unexpected(parsed.error());
  if (!parsed->is_object()) return fail(Code::kInvalid, "faults are an object of names and shares");
  std::map<Fault, double> rates;
  for (const auto& [name, share] : parsed->get_object()) {
    const auto fault = fault_named(name);
    if (!fault || std::ranges::find(kOfServers, *fault) == std::end(kOfServers)) {
      return fail(Code::kInvalid,
                  "a server has no fault '" + std::string(name) + "', but " + names_of_faults());
    }
    if (!share.is_number()) {
      return fail(Code::kInvalid, "the share of '" + std::string(name) + "' has to be a number");
    }
    rates[*fault] = share.to_number<double>();
  }
  plan_ = FaultPlan(1, std::move(rates));
  return {};
}

Fault ServerFaults::draw(const AwsCall& call) {
  const Fault fault = plan_.draw(call.operation + " #" + std::to_string(++requests_));
  if (fault != Fault::kNone) ++counts_[std::string(to_string(fault))];
  return fault;
}

Duration ServerFaults::delay(Fault fault) {
  return Duration{fault == Fault::kSlow ? random_.between(1'000, 8'000) : 0};
}

net::HttpResponse serve_with(Fault fault, FakeAws& aws, const net::HttpRequest& request) {
  switch (fault) {
    case Fault::kThrottled: return aws.refuse(request, AwsRefusal::kThrottled);
    case Fault::kServerError: return aws.refuse(request, AwsRefusal::kUnavailable);
    case Fault::kErrorAfter:
      aws.handle(request);
      return aws.refuse(request, AwsRefusal::kInternalError);
    case Fault::kLostAnswer: aws.handle(request); return net::no_answer();
    case Fault::kRefused: return net::no_answer();
    default: return aws.handle(request);
  }
}

}  // namespace infra::sim
