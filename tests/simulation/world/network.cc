#include "world/network.h"

#include <fmt/format.h>

#include <algorithm>

namespace infra::sim {
namespace {

// Headers that change with the time of day are no part of what is asked.
std::string digest_of(const net::HttpRequest& request) {
  return fmt::format("{:016x}", mixed(0, request.method + " " + request.host + request.target +
                                             "\n" + request.body));
}

net::HttpResponse server_error(bool aws) {
  net::HttpResponse response{.status = 500, .headers = {}, .body = {}};
  response.headers.emplace_back("Content-Type", aws ? "text/html" : "application/json");
  response.body = aws ? "<html>internal error</html>" : "";
  return response;
}

std::unexpected<Error> unavailable(std::string what) {
  return fail(Code::kUnavailable, std::move(what));
}

std::unexpected<Error> too_late() { return fail(Code::kDeadline, "no answer came in time"); }

bool crashes(Fault fault) {
  return fault == Fault::kCrashBefore || fault == Fault::kCrashCommitted ||
         fault == Fault::kCrashAfter;
}

}  // namespace

struct Network::Watch {
  Sent sent;
  FakeKube::WatchId id = 0;
  std::shared_ptr<Exchange> exchange;
  Duration idle{0};  // true time; 0: no limit
  std::optional<Timeline::Id> alarm;
  bool hanging = false;  // nothing comes through any more, and nobody says so
  bool over = false;
};

Network::Network(Timeline& timeline, FakeAws& aws, FakeKube& kube, FaultPlan& faults, Random random)
    : timeline_(timeline),
      aws_(aws),
      kube_(kube),
      faults_(faults),
      latency_random_(random.stream("latency")),
      fault_random_(random.stream("faults")) {}

Sent Network::describe(int process, const net::HttpRequest& request) {
  Sent sent;
  sent.process = process;
  sent.to_aws = request.host != kKubeHost;
  if (sent.to_aws) {
    sent.aws = aws_.identify(request);
    sent.name = sent.aws.service + " " + sent.aws.operation;
  } else {
    sent.kube = FakeKube::identify(request);
    sent.name = sent.kube.verb + " " + sent.kube.resource;
  }
  sent.key = fmt::format("{} #{}", sent.name, ++numbers_[sent.name]);
  sent.digest = sent.name + " " + digest_of(request);
  sent.fault = faults_.draw(sent.key);
  return sent;
}

Duration Network::one_way() { return Duration{latency_random_.between(0, latency_.count())}; }

bool Network::gone(const Sent& sent) {
  const Weather& weather = weather_[sent.process];
  return timeline_.now() < (sent.to_aws ? weather.aws_gone : weather.kube_gone);
}

std::optional<net::HttpResponse> Network::turned_away(const Sent& sent,
                                                      const net::HttpRequest& request) {
  const Weather& weather = weather_[sent.process];
  const auto hits = [this, &sent](const std::map<std::string, Duration>& services) {
    return sent.to_aws && std::ranges::any_of(services, [this, &sent](const auto& service) {
             const bool about = service.first == "*" || service.first == sent.aws.service;
             return about && timeline_.now() < service.second;
           });
  };
  if (sent.fault == Fault::kThrottled || hits(weather.throttled)) {
    if (sent.to_aws) return aws_.refuse(request, AwsRefusal::kThrottled);
    return kube_.refuse(KubeRefusal::kTooManyRequests, std::chrono::seconds(1));
  }
  if (sent.fault == Fault::kDenied || hits(weather.denied)) {
    if (sent.to_aws) return aws_.refuse(request, AwsRefusal::kDenied);
    return kube_.refuse(KubeRefusal::kForbidden);
  }
  if (sent.fault == Fault::kServerError) return server_error(sent.to_aws);
  return std::nullopt;
}

net::HttpResponse Network::serve(const Sent& sent, const net::HttpRequest& request) {
  if (auto refused = turned_away(sent, request)) return std::move(*refused);
  net::HttpResponse response = sent.to_aws ? aws_.handle(request) : kube_.handle(request);
  if (sent.fault == Fault::kTwice) {
    response = sent.to_aws ? aws_.handle(request) : kube_.handle(request);
  }
  return response;
}

void Network::deliver(const std::shared_ptr<Exchange>& exchange, Duration pause,
                      Result<net::HttpResponse> answer) {
  timeline_.after(pause, [exchange, answer = std::move(answer)]() mutable {
    if (exchange->answer) return;
    exchange->answer = std::move(answer);
    if (exchange->wake) exchange->wake();
  });
}

void Network::send(int process, const ProcessClock& clock, net::HttpRequest request,
                   net::HttpOptions options, std::shared_ptr<Exchange> exchange) {
  const Sent sent = describe(process, request);
  if (on_send) on_send(sent, request);
  if (sent.fault == Fault::kCrashBefore) return crash(process);
  deliver(exchange, clock.true_length(options.timeout), too_late());
  if (gone(sent) || sent.fault == Fault::kRefused) {
    return deliver(exchange, one_way(), unavailable("connection refused"));
  }
  if (sent.fault == Fault::kLostRequest) return;
  Duration pause = one_way();
  if (sent.fault == Fault::kSlow) pause += Duration{fault_random_.between(0, 2'000)};
  timeline_.after(
      pause, [this, sent, exchange, moved = std::move(request)] { arrive(sent, moved, exchange); });
}

void Network::arrive(const Sent& sent, const net::HttpRequest& request,
                     std::shared_ptr<Exchange> exchange) {
  net::HttpResponse response = serve(sent, request);
  if (on_answer) on_answer(sent, response);
  Duration back = one_way();
  if (sent.fault == Fault::kSlow) back += Duration{fault_random_.between(1'000, 45'000)};
  switch (sent.fault) {
    case Fault::kLostAnswer: return deliver(exchange, back, unavailable("connection reset"));
    case Fault::kAnswerTooLate: return;
    case Fault::kErrorAfter: return deliver(exchange, back, server_error(sent.to_aws));
    case Fault::kBrokenAnswer:
      return deliver(exchange, back,
                     unavailable("the connection broke in the middle of an answer"));
    case Fault::kCrashCommitted: return crash(sent.process);
    case Fault::kCrashAfter:
      deliver(exchange, back, std::move(response));
      timeline_.after(back, [this, process = sent.process] { crash(process); });
      return;
    default: return deliver(exchange, back, std::move(response));
  }
}

void Network::stream(int process, const ProcessClock& clock, net::HttpRequest request,
                     net::HttpOptions options, std::shared_ptr<Exchange> exchange) {
  const Sent sent = describe(process, request);
  if (on_send) on_send(sent, request);
  if (sent.fault == Fault::kCrashBefore) return crash(process);
  if (gone(sent) || sent.fault == Fault::kRefused) {
    return deliver(exchange, one_way(), unavailable("connection refused"));
  }
  if (sent.fault == Fault::kLostRequest) {
    return deliver(exchange, clock.true_length(options.timeout), too_late());
  }
  const Duration idle = clock.true_length(options.idle_timeout);
  timeline_.after(one_way(), [this, sent, exchange, idle, moved = std::move(request)] {
    open(sent, moved, idle, exchange);
  });
}

// A watch that has begun. What draws a fault of answers loses its connection at some later moment.
void Network::open(const Sent& sent, const net::HttpRequest& request, Duration idle,
                   std::shared_ptr<Exchange> exchange) {
  if (auto refused = turned_away(sent, request)) {
    return deliver(exchange, one_way(), std::move(*refused));
  }
  auto watch = std::make_shared<Watch>();
  watch->sent = sent;
  watch->exchange = exchange;
  watch->idle = idle;
  FakeKube::Watcher watcher{
      .line = [this, watch](std::string line) { push(watch, std::move(line)); },
      .end =
          [this, watch] {
            // Of a connection that is half open nobody hears the end either.
            if (watch->hanging) return;
            finish(watch, net::HttpResponse{.status = 200, .headers = {}, .body = {}});
          }};
  if (auto refused = kube_.watch(request, std::move(watcher), &watch->id)) {
    if (on_answer) on_answer(sent, *refused);
    return deliver(exchange, one_way(), std::move(*refused));
  }
  watch_silence(watch);
  const Duration later{fault_random_.between(0, 120'000)};
  if (crashes(sent.fault)) {
    timeline_.after(later, [this, process = sent.process] { crash(process); });
  } else if (sent.fault == Fault::kAnswerTooLate || sent.fault == Fault::kSlow) {
    timeline_.after(later, [watch] { watch->hanging = true; });
  } else if (sent.fault != Fault::kNone && sent.fault != Fault::kTwice) {
    timeline_.after(later, [this, watch] { finish(watch, unavailable("connection reset")); });
  }
}

void Network::push(const std::shared_ptr<Watch>& watch, std::string line) {
  if (watch->over) return;
  if (!watch->exchange->wake || gone(watch->sent)) {
    return finish(watch, unavailable("connection reset"));
  }
  if (watch->hanging) return;
  watch->exchange->chunks.push_back(std::move(line));
  watch->exchange->wake();
  watch_silence(watch);
}

void Network::watch_silence(const std::shared_ptr<Watch>& watch) {
  if (watch->idle <= Duration{0}) return;
  if (watch->alarm) timeline_.cancel(*watch->alarm);
  watch->alarm = timeline_.after(watch->idle, [this, watch] {
    watch->alarm.reset();
    finish(watch, too_late());
  });
}

void Network::finish(const std::shared_ptr<Watch>& watch, Result<net::HttpResponse> how) {
  if (watch->over) return;
  watch->over = true;
  if (watch->alarm) timeline_.cancel(*watch->alarm);
  kube_.unwatch(watch->id);
  if (watch->exchange->answer) return;
  watch->exchange->answer = std::move(how);
  if (watch->exchange->wake) watch->exchange->wake();
}

}  // namespace infra::sim
