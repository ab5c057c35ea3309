#include "kube/event_recorder.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>

#include "base/text.h"

namespace infra::kube {
namespace {

constexpr std::size_t kQueueLimit = 1000;
constexpr std::size_t kKnownLimit = 4096;
constexpr std::size_t kMessageLimit = 1024;  // what the API server accepts
constexpr int kAttempts = 3;

const ResourceType& event_resource() {
  static const ResourceType type{
      .group = "", .version = "v1", .plural = "events", .kind = "Event", .namespaced = true};
  return type;
}

std::string event_namespace(const ObjectReference& about) {
  return about.ns.empty() ? "default" : about.ns;
}

Json reference_json(const ObjectReference& about) {
  JsonObject out;
  out["apiVersion"] = about.api_version;
  out["kind"] = about.kind;
  out["name"] = about.name;
  if (!about.ns.empty()) out["namespace"] = about.ns;
  if (!about.uid.empty()) out["uid"] = about.uid;
  return out;
}

bool worth_another_try(const Error& error) {
  return error.code == Code::kThrottled || error.code == Code::kUnavailable ||
         error.code == Code::kDeadline;
}

}  // namespace

EventRecorder::EventRecorder(Client& client, Clock& clock, std::function<double()> random,
                             std::string component)
    : client_(client),
      clock_(clock),
      random_(std::move(random)),
      component_(std::move(component)) {}

void EventRecorder::record(ObjectReference about, EventType type, std::string reason,
                           std::string message) {
  message = shortened(std::move(message), kMessageLimit);
  std::string key = fmt::format("{}\n{}\n{}\n{}\n{}\n{}\n{}", about.kind, about.ns, about.name,
                                about.uid, int(type), reason, message);
  const auto now = clock_.wall();
  const auto same = std::ranges::find(queue_, key, &Pending::key);
  if (same != queue_.end()) {
    ++same->count;
    same->last = now;
    return;
  }
  if (queue_.size() >= kQueueLimit) {
    ++stats_.dropped;
    return;
  }
  Pending pending;
  pending.key = std::move(key);
  pending.about = std::move(about);
  pending.type = type;
  pending.reason = std::move(reason);
  pending.message = std::move(message);
  pending.first = pending.last = now;
  queue_.push_back(std::move(pending));
  wakeup_.notify();
}

Task<void> EventRecorder::run() {
  try {
    co_await loop();
  } catch (const boost::system::system_error& error) {
    if (error.code() != boost::asio::error::operation_aborted) throw;
    // Cancelled while waiting.
  }
}

Task<void> EventRecorder::drain(Duration limit) {
  constexpr Duration kLook{10};
  const SteadyTime until = clock_.steady() + limit;
  while ((writing_ || !queue_.empty()) && clock_.steady() < until) co_await clock_.sleep(kLook);
}

Task<void> EventRecorder::loop() {
  while (true) {
    if (queue_.empty()) {
      writing_ = false;
      co_await wakeup_.wait(clock_);
      continue;
    }
    Pending event = std::move(queue_.front());
    queue_.pop_front();
    writing_ = true;
    for (int attempt = 1;; ++attempt) {
      auto done = co_await write(event);
      if (done) {
        ++stats_.written;
        break;
      }
      if (done.error().code == Code::kCancelled) co_return;
      if (!worth_another_try(done.error()) || attempt == kAttempts) {
        ++stats_.dropped;
        break;
      }
      const auto pause = done.error().retry_after.value_or(Duration{1000});
      co_await clock_.sleep(pause);
    }
  }
}

Task<Result<void>> EventRecorder::write(Pending event) {
  const auto known = known_.find(event.key);
  if (known != known_.end()) {
    const int count = known->second.count + event.count;
    const std::string name = known->second.name;
    JsonObject patch;
    patch["count"] = count;
    patch["lastTimestamp"] = format_rfc3339(event.last);
    Json body = std::move(patch);
    auto type = event_resource();
    auto ns = event_namespace(event.about);
    auto patched =
        co_await client_.merge_patch(std::move(type), std::move(ns), name, std::move(body));
    if (patched) {
      remember(event.key, name, count);
      co_return Result<void>();
    }
    if (patched.error().code != Code::kNotFound) co_return std::unexpected(patched.error());
    forget(event.key);  // events live an hour: this one has gone
  }
  auto done = co_await create(std::move(event));
  co_return done;
}

Task<Result<void>> EventRecorder::create(Pending event) {
  const auto suffix = std::uint64_t(random_() * double(1ull << 52));
  const std::string name = fmt::format("{}.{:016x}", event.about.name.substr(0, 230), suffix);
  JsonObject object;
  object["apiVersion"] = "v1";
  object["kind"] = "Event";
  JsonObject metadata;
  metadata["name"] = name;
  metadata["namespace"] = event_namespace(event.about);
  object["metadata"] = metadata;
  object["involvedObject"] = reference_json(event.about);
  object["type"] = event.type == EventType::kNormal ? "Normal" : "Warning";
  object["reason"] = event.reason;
  object["message"] = event.message;
  object["count"] = event.count;
  object["firstTimestamp"] = format_rfc3339(event.first);
  object["lastTimestamp"] = format_rfc3339(event.last);
  JsonObject source;
  source["component"] = component_;
  object["source"] = source;
  object["reportingComponent"] = component_;
  Json body = std::move(object);
  auto type = event_resource();
  auto ns = event_namespace(event.about);
  auto created = co_await client_.create(std::move(type), std::move(ns), std::move(body));
  if (created) {
    remember(event.key, name, event.count);
    co_return Result<void>();
  }
  // It may be there: the next attempt raises the count of that one, and learns whether it is.
  if (outcome_unknown(created.error())) remember(event.key, name, 0);
  co_return std::unexpected(created.error());
}

void EventRecorder::remember(const std::string& key, std::string name, int count) {
  forget(key);
  ages_.push_back(key);
  known_[key] = Known{.name = std::move(name), .count = count, .age = std::prev(ages_.end())};
  if (known_.size() > kKnownLimit) forget(std::string(ages_.front()));
}

void EventRecorder::forget(const std::string& key) {
  const auto found = known_.find(key);
  if (found == known_.end()) return;
  ages_.erase(found->second.age);
  known_.erase(found);
}

}  // namespace infra::kube
