#include "operator/webhook.h"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>

#include "base/task_scope.h"
#include "net/http_server.h"

namespace infra {
namespace {

constexpr std::string_view kUnknown = "unknown";  // a kind that is none of ours

std::string_view result_of(const admission::Verdict& verdict) {
  if (!verdict.refusals.empty()) return "denied";
  return verdict.warnings.empty() ? "allowed" : "warned";
}

}  // namespace

Webhook::Webhook(WebhookParts parts, WebhookSettings settings)
    : parts_(std::move(parts)),
      judge_(parts_.definitions, parts_.provider_definition, settings.strictness),
      certificates_(std::move(settings.certificates)),
      certificate_(parts_.clock) {
  const auto watch = [this, &settings](const definition::Definition& definition) {
    follow(kinds_.emplace_back(definition, parts_.kube, parts_.clock, parts_.random,
                               settings.namespaces));
  };
  watch(parts_.provider_definition);
  for (const auto& definition : parts_.definitions) watch(definition);
  parts_.health.set_ready("webhook", false, "its certificate was not looked at yet");
}

void Webhook::follow(WatchedKind& kind) {
  for (const auto& informer : kind.informers()) {
    informer->on_change([this, &kind](const kube::Change& change) {
      judge_.note(kind.definition(), kube::to_json(change.before), kube::to_json(change.after));
    });
    informer->on_synced([this] { note_synced(); });
    informer->on_error([this, &kind](const Error& error) {
      parts_.log.with({{"kind", kind.name()}})
          .error("the webhook cannot watch; it judges by what it knew before",
                 telemetry::fields_of(error));
    });
  }
}

void Webhook::note_synced() {
  if (!std::ranges::all_of(kinds_, &WatchedKind::synced)) return;
  knows_all_ = true;
  judge_.set_complete();
  parts_.log.info("the webhook knows all objects");
}

void Webhook::start(const boost::asio::any_io_executor& executor) {
  const auto spawn = [this, &executor](Task<void> task) {
    boost::asio::co_spawn(executor, std::move(task), [this](const std::exception_ptr& thrown) {
      if (!thrown) return;
      parts_.log.error(
          "a task of the webhook ended with an exception; this is a bug, please "
          "report it",
          {{"exception", message_of(thrown)}});
    });
  };
  for (const auto& kind : kinds_) {
    for (const auto& informer : kind.informers()) spawn(informer->run());
  }
  spawn(watch_certificate());
}

Task<void> Webhook::watch_certificate() {
  while (true) {
    const auto found = co_await certificates_->look();
    take(found);
    co_await parts_.clock.sleep(certificates_->pause());
  }
}

void Webhook::take(const Result<net::PemPair>& found) {
  const auto shown = show(found);
  const std::string problem = shown ? "" : shown.error().message;
  if (shown && *shown) parts_.log.info("the webhook serves with a new certificate");
  if (!shown && shown.error().code != Code::kBusy && problem != problem_) {
    parts_.log.error("the webhook's certificate is no good", telemetry::fields_of(shown.error()));
  }
  problem_ = problem;
  parts_.health.set_ready("webhook", certificate_.good(), problem);
}

Result<bool> Webhook::show(const Result<net::PemPair>& found) {
  if (!found) return std::unexpected(found.error());
  auto shown = certificate_.show(*found);
  if (shown) return shown;
  return std::unexpected(shown.error().in(certificates_->name() + " holds no good certificate"));
}

Task<net::HttpResponse> Webhook::answer(net::HttpRequest request) {
  const std::string path = request.target.substr(0, request.target.find('?'));
  if (request.method != "POST" || path != "/validate") {
    co_return net::answer_with(404, "a review is asked for with POST /validate\n");
  }
  co_return review(request.body);
}

net::HttpResponse Webhook::review(const std::string& body) {
  const SteadyTime started = parts_.clock.steady();
  const auto asked = admission::read_review(body);
  if (!asked) {
    parts_.metrics.admission_reviews.with({kUnknown, "malformed"}).inc();
    return net::answer_with(400, asked.error().message + "\n");
  }
  const auto verdict = judge_.judge(*asked);
  auto answer = net::answer_with(200, admission::answer_to(*asked, verdict), "application/json");
  const auto* definition = judge_.kind_of(*asked);
  const std::string_view kind = definition == nullptr ? kUnknown : definition->kind;
  const std::chrono::duration<double> took = parts_.clock.steady() - started;
  parts_.metrics.admission_reviews.with({kind, result_of(verdict)}).inc();
  parts_.metrics.admission_review_duration.with({kind}).observe(took.count());
  return answer;
}

}  // namespace infra
