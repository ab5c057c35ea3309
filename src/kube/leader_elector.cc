#include "kube/leader_elector.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/error.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/multiple_exceptions.hpp>
#include <boost/system/system_error.hpp>
#include <utility>

namespace infra::kube {
namespace {

// metav1.MicroTime wants exactly six digits of a second.
std::string micro_time(WallTime time) {
  const auto since = std::chrono::duration_cast<std::chrono::microseconds>(time.time_since_epoch());
  auto text = format_rfc3339(time);
  text.pop_back();  // Z
  return fmt::format("{}.{:06}Z", text, since.count() % 1'000'000);
}

// Not ours where somebody else was faster.
Result<bool> lost_race_or(const Error& error) {
  if (error.code == Code::kConflict || error.code == Code::kAlreadyExists) return false;
  return std::unexpected(error);
}

}  // namespace

LeaderElector::LeaderElector(Client& client, Clock& clock, std::function<double()> random,
                             LeaseSettings settings)
    : client_(client), clock_(clock), random_(std::move(random)), settings_(std::move(settings)) {}

bool LeaderElector::leading() const {
  return leading_ && clock_.steady() < renewed_ + settings_.renew_deadline;
}

Task<void> LeaderElector::run(Handlers handlers) {
  try {
    co_await loop(std::move(handlers));
  } catch (const boost::system::system_error& error) {
    if (error.code() != boost::asio::error::operation_aborted) throw;
  } catch (const boost::asio::multiple_exceptions&) {
    // Cancelled while a request was racing against its deadline: both were told to stop.
  }
}

Task<void> LeaderElector::loop(Handlers handlers) {
  bool waiting = false;
  while (true) {
    if (!standing_) {
      co_await stand_aside();
      continue;
    }
    const SteadyTime begun = clock_.steady();
    const auto left = leading_ ? std::chrono::duration_cast<Duration>(
                                     renewed_ + settings_.renew_deadline - clock_.steady())
                               : settings_.renew_deadline;
    bool ours = false;
    if (left > Duration{0}) {
      auto tried = co_await try_in_time(left);
      handlers.asked(tried ? Result<void>() : std::unexpected(tried.error()));
      ours = tried.value_or(false);
    }
    if (ours && !leading_) {
      leading_ = true;
      handlers.started();
    }
    const bool taken = !ours && !record_.holder.empty() && record_.holder != settings_.identity;
    const bool late = clock_.steady() >= renewed_ + settings_.renew_deadline;
    if (leading_ && (taken || late)) {
      leading_ = false;
      handlers.stopped();
    } else if (taken && !std::exchange(waiting, true)) {
      handlers.waiting();
    }
    // The leader renews on time, however long an answer takes.
    SteadyTime next = clock_.steady() + pause_of_waiting();
    if (leading_) {
      next = std::min(begun + settings_.retry, renewed_ + settings_.renew_deadline);
    }
    co_await changed_.wait(clock_, next);
  }
}

void LeaderElector::stand(bool standing) {
  standing_ = standing;
  changed_.notify();
}

// Whether or not it can be given back now: it runs out by itself.
Task<void> LeaderElector::stand_aside() {
  co_await release();
  if (!standing_) co_await changed_.wait(clock_);
}

void LeaderElector::observe(const Json& lease) {
  if (!leading_) record_.observe(lease, clock_.steady());
}

// Spread out, but not past the end of a lease that nobody renews.
Duration LeaderElector::pause_of_waiting() const {
  const auto retry = double(settings_.retry.count());
  const Duration spread{std::int64_t(retry * (1 + 0.2 * random_()))};
  if (free_for_us()) return spread;
  return std::min(
      spread, std::chrono::ceil<Duration>(record_.free_at(settings_.duration) - clock_.steady()));
}

Task<Result<bool>> LeaderElector::try_in_time(Duration limit) {
  using namespace boost::asio::experimental::awaitable_operators;
  auto attempt = try_once();
  auto deadline = clock_.sleep(limit);
  auto first = co_await (std::move(attempt) || std::move(deadline));
  if (first.index() == 0) co_return std::get<0>(std::move(first));
  co_return fail(Code::kDeadline, "the API server has not answered in time");
}

Task<Result<bool>> LeaderElector::try_once() {
  // While we lead alone nobody else should write the lease: patch what we know, read only when
  // refused.
  if (leading_ && !settings_.shared) {
    const auto asked = clock_.steady();
    const auto renewed = co_await take(asked);
    if (renewed && *renewed) co_return true;
  }
  auto asked = clock_.steady();
  auto type = lease_resource();
  auto lease = co_await client_.get(std::move(type), settings_.ns, settings_.name);
  if (!lease && lease.error().code == Code::kNotFound) {
    auto created = co_await create();
    co_return created;
  }
  if (!lease) co_return std::unexpected(lease.error());
  note(*lease, asked);
  if (!free_for_us()) co_return false;
  const bool lately = clock_.steady() < renewed_ + 2 * settings_.retry;
  if (settings_.shared && leading() && lately) co_return true;
  asked = clock_.steady();
  auto taken = co_await take(asked);
  co_return taken;
}

// The answer to something that was asked at that time. Where it shows the lease ours, and not as we
// knew it, others of our name have renewed it: after we had asked for what we knew.
void LeaderElector::note(const Json& lease, SteadyTime asked) {
  const std::string known = record_.renewed;
  record_.observe(lease, clock_.steady());
  const bool renewed = leading_ && record_.holder == settings_.identity && record_.renewed != known;
  if (renewed) renewed_ = std::max(renewed_, known_at_);
  known_at_ = asked;
}

Task<Result<bool>> LeaderElector::create() {
  record_ = {};
  JsonObject lease;
  lease["apiVersion"] = "coordination.k8s.io/v1";
  lease["kind"] = "Lease";
  lease["metadata"] = metadata();
  const Json patch = spec_patch();
  lease["spec"] = patch.at("spec");
  const auto asked = clock_.steady();
  Json body = std::move(lease);
  auto type = lease_resource();
  auto created = co_await client_.create(std::move(type), settings_.ns, std::move(body));
  if (!created) co_return lost_race_or(created.error());
  note(*created, asked);
  renewed_ = asked;
  co_return true;
}

JsonObject LeaderElector::metadata() const {
  JsonObject out{{"name", settings_.name}, {"namespace", settings_.ns}};
  if (!settings_.labels.empty()) out["labels"] = boost::json::value_from(settings_.labels);
  if (const auto& owner = settings_.owner; owner && !owner->uid.empty()) {
    out["ownerReferences"] = JsonArray{JsonObject{{"apiVersion", owner->api_version},
                                                  {"kind", owner->kind},
                                                  {"name", owner->name},
                                                  {"uid", owner->uid}}};
  }
  return out;
}

// Writes us into the lease, provided that it is still as we last saw it.
Task<Result<bool>> LeaderElector::take(SteadyTime asked) {
  Json body = spec_patch();
  auto type = lease_resource();
  auto patched =
      co_await client_.merge_patch(std::move(type), settings_.ns, settings_.name, std::move(body));
  if (!patched) co_return lost_race_or(patched.error());
  note(*patched, asked);
  renewed_ = asked;
  co_return true;
}

Json LeaderElector::spec_patch() const {
  const bool ours = record_.holder == settings_.identity;
  const auto now = micro_time(clock_.wall());
  Json patch = JsonObject{};
  if (!record_.version.empty()) {
    set_path(patch, "metadata.resourceVersion", Json(record_.version));
  }
  set_path(patch, "spec.holderIdentity", Json(settings_.identity));
  set_path(patch, "spec.leaseDurationSeconds", Json(settings_.duration.count() / 1000));
  set_path(patch, "spec.renewTime", Json(now));
  if (!ours) {
    set_path(patch, "spec.acquireTime", Json(now));
    // A first holder is no transition.
    const bool first = record_.version.empty();
    set_path(patch, "spec.leaseTransitions", Json(record_.transitions + (first ? 0 : 1)));
  }
  return patch;
}

bool LeaderElector::free_for_us() const {
  if (record_.holder.empty() || record_.holder == settings_.identity) return true;
  return clock_.steady() >= record_.free_at(settings_.duration);
}

Task<Result<void>> LeaderElector::release() {
  if (!leading_) co_return Result<void>();
  leading_ = false;
  Json patch = JsonObject{};
  set_path(patch, "metadata.resourceVersion", Json(record_.version));
  set_path(patch, "spec.holderIdentity", Json(""));
  set_path(patch, "spec.leaseDurationSeconds", Json(1));
  set_path(patch, "spec.renewTime", Json(micro_time(clock_.wall())));
  auto type = lease_resource();
  auto patched =
      co_await client_.merge_patch(std::move(type), settings_.ns, settings_.name, std::move(patch));
  if (!patched) co_return std::unexpected(patched.error());
  record_.observe(*patched, clock_.steady());
  co_return Result<void>();
}

}  // namespace infra::kube
