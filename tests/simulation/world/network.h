#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "aws/fake_aws.h"
#include "core/faults.h"
#include "kube/fake_kube.h"
#include "net/http.h"
#include "world/process_clock.h"

namespace infra::sim {

// One request under way, shared by the frame that waits for it and the events that carry it.
struct Exchange {
  std::optional<Result<net::HttpResponse>> answer;  // of send(), or how a stream ended
  std::deque<std::string> chunks;                   // of a stream, not yet taken
  std::function<void()> wake;                       // null: nobody waits any more
};

// What one request turned out to be; for invariants, traces and coverage.
struct Sent {
  int process = 0;
  bool to_aws = false;
  AwsCall aws;
  FakeKube::Call kube;
  std::string name;    // "ec2 CreateVpc", "patch vpcs/status"
  std::string key;     // name and number
  std::string digest;  // equal for equal requests, whenever they are sent
  Fault fault = Fault::kNone;
};

// What happens to every request of a while: a server that cannot be reached, keys that may nothing.
// Each lasts until the time that is given.
struct Weather {
  Duration kube_gone{0};
  Duration aws_gone{0};
  std::map<std::string, Duration> denied;  // by service; "*": all
  std::map<std::string, Duration> throttled;
};

// Carries requests from processes to the two fakes and answers back, late, never or wrongly.
class Network {
 public:
  static constexpr std::string_view kKubeHost = "kube.test";

  Network(Timeline& timeline, FakeAws& aws, FakeKube& kube, FaultPlan& faults, Random random);

  // Latency of one way, drawn up to this.
  void set_latency(Duration longest) { latency_ = longest; }
  Weather& weather(int process) { return weather_[process]; }
  // Fine weather from now on, everywhere.
  void calm() { weather_.clear(); }

  void send(int process, const ProcessClock& clock, net::HttpRequest request,
            net::HttpOptions options, std::shared_ptr<Exchange> exchange);
  void stream(int process, const ProcessClock& clock, net::HttpRequest request,
              net::HttpOptions options, std::shared_ptr<Exchange> exchange);

  // Called as a request leaves, before anything happens to it.
  std::function<void(const Sent&, const net::HttpRequest&)> on_send;
  // Called with what a server has answered, whether or not that arrives.
  std::function<void(const Sent&, const net::HttpResponse&)> on_answer;
  // Ends a process as soon as what it is just doing waits for something.
  std::function<void(int process)> crash;

 private:
  struct Watch;

  Sent describe(int process, const net::HttpRequest& request);
  Duration one_way();
  bool gone(const Sent& sent);
  std::optional<net::HttpResponse> turned_away(const Sent& sent, const net::HttpRequest& request);
  net::HttpResponse serve(const Sent& sent, const net::HttpRequest& request);
  void arrive(const Sent& sent, const net::HttpRequest& request,
              std::shared_ptr<Exchange> exchange);
  void open(const Sent& sent, const net::HttpRequest& request, Duration idle,
            std::shared_ptr<Exchange> exchange);
  void push(const std::shared_ptr<Watch>& watch, std::string line);
  void watch_silence(const std::shared_ptr<Watch>& watch);
  void finish(const std::shared_ptr<Watch>& watch, Result<net::HttpResponse> how);
  void deliver(const std::shared_ptr<Exchange>& exchange, Duration pause,
               Result<net::HttpResponse> answer);

  Timeline& timeline_;
  FakeAws& aws_;
  FakeKube& kube_;
  FaultPlan& faults_;
  Random latency_random_;
  Random fault_random_;
  Duration latency_{20};
  std::map<std::string, int> numbers_;
  std::map<int, Weather> weather_;
};

}  // namespace infra::sim
