#include "kube/shard_elector.h"

#include <algorithm>
#include <cstdint>
#include <utility>

namespace infra::kube {
namespace {

// Finds all Leases of one operator; the value is the name that theirs begin with.
constexpr const char* kLabel = "aws-infra-operator.runner.codes/shards-of";

}  // namespace

// FNV-1a, 64 bits.
int shard_of(std::string_view name, int shards) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char byte : name) {
    hash = (hash ^ static_cast<unsigned char>(byte)) * 0x100000001b3;
  }
  return int(hash % std::uint64_t(shards));
}

ShardElector::ShardElector(Client& client, Clock& clock, std::function<double()> random,
                           ShardSettings settings)
    : client_(client),
      clock_(clock),
      random_(std::move(random)),
      settings_(std::move(settings)),
      member_(client, clock, random_, [this] {
        LeaseSettings out = lease_of("member-" + settings_.member);
        out.identity = settings_.member;  // a process that begins anew is the same member
        out.owner = settings_.pod;
        return out;
      }()) {
  for (int i = 0; i < settings_.shards; ++i) {
    LeaseSettings lease = lease_of("shard-" + std::to_string(i));
    // A LeaderElector cannot be moved.
    shards_.push_back(std::unique_ptr<Shard>(
        new Shard{lease.name, LeaderElector(client, clock, random_, lease)}));
    shards_.back()->elector.stand(false);
  }
}

LeaseSettings ShardElector::lease_of(const std::string& what) const {
  LeaseSettings out = settings_.lease;
  out.labels = {{kLabel, settings_.lease.name}};
  out.name = settings_.lease.name + "-" + what;
  return out;
}

LeaderElector::Handlers ShardElector::handlers_of(int number) {
  Shard& shard = *shards_[std::size_t(number)];
  auto started = [this, &shard, number] {
    if (shard.state != State::kStanding) return;
    shard.state = State::kHeld;
    handlers_.taken(number);
  };
  auto stopped = [this, &shard] {
    const bool worked_on = shard.state == State::kHeld || shard.state == State::kLeaving;
    if (worked_on) handlers_.lost();
  };
  return {.asked = [](const Result<void>&) {},
          .waiting = [] {},
          .started = std::move(started),
          .stopped = std::move(stopped)};
}

void ShardElector::start(TaskScope& scope, Handlers handlers) {
  handlers_ = std::move(handlers);
  scope_ = &scope;
  scope.spawn(member_.run(
      {.asked = [](const Result<void>&) {}, .waiting = [] {}, .started = [] {}, .stopped = [] {}}));
  for (int i = 0; i < settings_.shards; ++i) {
    scope.spawn(shards_[std::size_t(i)]->elector.run(handlers_of(i)));
  }
  scope.spawn(share_out_forever());
}

Task<void> ShardElector::share_out_forever() {
  while (true) {
    const auto seen = co_await look();
    handlers_.asked(seen);
    if (seen) share_out();
    const auto retry = double(settings_.lease.retry.count());
    co_await clock_.sleep(Duration{std::int64_t(retry * (1 + 0.2 * random_()))});
  }
}

Task<Result<void>> ShardElector::look() {
  auto type = lease_resource();
  ListOptions options{.limit = 0,
                      .label_selector = std::string(kLabel) + "=" + settings_.lease.name};
  auto listed = co_await client_.list(std::move(type), settings_.lease.ns, std::move(options));
  if (!listed) co_return std::unexpected(listed.error());
  const Json* items = find_path(*listed, "items");
  if (items == nullptr || !items->is_array()) co_return Result<void>{};
  for (const Json& lease : items->get_array()) note(lease);
  co_return Result<void>{};
}

void ShardElector::note(const Json& lease) {
  const std::string name = text_at(lease, "metadata.name");
  if (name.starts_with(lease_of("member-").name)) {
    members_[name].observe(lease, clock_.steady());
  }
  const auto shard = std::ranges::find(shards_, name, &Shard::lease);
  if (shard != shards_.end()) (*shard)->elector.observe(lease);
}

// In the order of their names; the first ones take what does not divide evenly.
ShardElector::Share ShardElector::fair_share() const {
  const std::string own = lease_of("member-" + settings_.member).name;
  int members = 0, before_us = -1;
  for (const auto& [name, record] : members_) {
    const bool there =
        !record.holder.empty() && clock_.steady() < record.free_at(settings_.lease.duration);
    if (!there) continue;
    if (name == own && member_.leading()) before_us = members;
    ++members;
  }
  if (before_us < 0) return {.count = mine()};  // nobody counts with us yet
  const int each = settings_.shards / members, left_over = settings_.shards % members;
  return {.count = each + (before_us < left_over ? 1 : 0),
          .first = before_us * each + std::min(before_us, left_over)};
}

int ShardElector::mine() const {
  return int(std::ranges::count_if(shards_, [](const auto& shard) {
    return shard->state == State::kStanding || shard->state == State::kHeld;
  }));
}

void ShardElector::share_out() {
  for (const auto& shard : shards_) {
    const bool lost_race = shard->state == State::kStanding && !shard->elector.free_for_us();
    if (!lost_race) continue;
    shard->state = State::kFree;
    shard->elector.stand(false);
  }
  const Share share = fair_share();
  while (mine() > share.count) give_up_one();
  while (mine() < share.count && take_one(share.first)) {
  }
}

// Rather one that is only hoped for.
void ShardElector::give_up_one() {
  const auto standing = std::ranges::find(shards_, State::kStanding, &Shard::state);
  if (standing != shards_.end()) {
    (*standing)->state = State::kFree;
    (*standing)->elector.stand(false);
    return;
  }
  for (int i = settings_.shards - 1; i >= 0; --i) {
    Shard& shard = *shards_[std::size_t(i)];
    if (shard.state != State::kHeld) continue;
    shard.state = State::kLeaving;
    scope_->spawn(leave(i, handlers_.leave(i)));
    return;
  }
}

Task<void> ShardElector::leave(int number, Task<void> work_ends) {
  co_await std::move(work_ends);
  Shard& shard = *shards_[std::size_t(number)];
  shard.state = State::kFree;
  shard.elector.stand(false);
}

bool ShardElector::take_one(int first) {
  for (int i = 0; i < settings_.shards; ++i) {
    Shard& shard = *shards_[std::size_t((first + i) % settings_.shards)];
    const bool given_back = !shard.elector.leading();
    if (shard.state != State::kFree || !given_back || !shard.elector.free_for_us()) continue;
    shard.state = State::kStanding;
    shard.elector.stand(true);
    return true;
  }
  return false;
}

Task<void> ShardElector::release() {
  for (const auto& shard : shards_) {
    if (shard->elector.leading()) co_await shard->elector.release();
  }
  co_await member_.release();
}

bool ShardElector::holds(int shard) const {
  return shards_[std::size_t(shard)]->state == State::kHeld;
}

bool ShardElector::in_time() const {
  return std::ranges::none_of(shards_, [](const auto& shard) {
    const bool worked_on = shard->state == State::kHeld || shard->state == State::kLeaving;
    return worked_on && !shard->elector.leading();
  });
}

}  // namespace infra::kube
