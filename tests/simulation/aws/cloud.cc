#include "aws/cloud.h"

#include <algorithm>

namespace infra::sim {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

struct Lag {
  Duration median;
  Duration longest;
};

bool is_of_ec2(std::string_view kind) {
  return kind == "VPC" || kind == "Subnet" || kind == "ElasticIP" || kind == "InternetGateway" ||
         kind == "NATGateway" || kind == "SecurityGroup" || kind == "RouteTable" ||
         kind == "EC2Instance";
}

// SOURCES.md says where these come from. Nobody says how late tags are, so they are as late as
// everything else that is called eventually consistent.
Lag lag_of(std::string_view kind, std::string_view part, View view) {
  const bool details = view == View::kDetails;
  if (is_of_ec2(kind)) return {seconds(1), details ? seconds(60) : seconds(300)};
  if (kind == "IAMRole" || kind == "InstanceProfile") {
    return view == View::kById ? Lag{seconds(2), seconds(60)} : Lag{seconds(4), seconds(120)};
  }
  if (kind == "SQSQueue") {
    if (part == "MessageRetentionPeriod") return {seconds(60), minutes(15)};
    return {details ? seconds(10) : seconds(2), seconds(60)};
  }
  if (kind == "KMSKey") return {seconds(3), view == View::kList ? seconds(280) : seconds(180)};
  if (kind == "S3Bucket") {
    return part == "Versioning" ? Lag{seconds(60), minutes(15)} : Lag{seconds(2), seconds(60)};
  }
  return {seconds(1), seconds(60)};
}

std::string key_of(const std::string& kind, const std::string& scope, const std::string& id) {
  return kind + '\n' + scope + '\n' + id;
}

const Json kNone;
const JsonObject kNoTags;

}  // namespace

Cloud::Cloud(Timeline& timeline_, const Random& random, AwsBehaviour behaviour_)
    : timeline(timeline_),
      behaviour(behaviour_),
      ids(random.stream("ids")),
      operations(random.stream("operations")),
      replicas(random.stream("replicas")),
      pages(random.stream("pages")),
      views_(random.stream("views")) {}

Thing* Cloud::latest(const std::string& kind, const std::string& scope,
                     const std::string& id) const {
  const auto found = index_.find(key_of(kind, scope, id));
  return found == index_.end() ? nullptr : found->second.back();
}

Thing* Cloud::truth(const std::string& kind, const std::string& scope,
                    const std::string& id) const {
  Thing* thing = latest(kind, scope, id);
  const bool dead = thing != nullptr && thing->death && thing->death->made() <= now();
  return dead ? nullptr : thing;
}

Thing* Cloud::seen(const std::string& kind, const std::string& scope, const std::string& id,
                   View view, int replica) const {
  const auto found = index_.find(key_of(kind, scope, id));
  if (found == index_.end()) return nullptr;
  // Whoever has not heard of the newest may still know the one before.
  for (auto thing = found->second.rbegin(); thing != found->second.rend(); ++thing) {
    if (!(*thing)->birth.reached(view, replica, now())) continue;
    return (*thing)->visible(view, replica, now()) ? *thing : nullptr;
  }
  return nullptr;
}

Thing* Cloud::writable(const std::string& kind, const std::string& scope, const std::string& id,
                       int replica) const {
  Thing* thing = truth(kind, scope, id);
  return thing != nullptr && thing->birth.reached(View::kById, replica, now()) ? thing : nullptr;
}

Thing& Cloud::add(const Request& request, const std::string& kind, const std::string& scope,
                  const std::string& id) {
  things.push_back(std::make_unique<Thing>());
  Thing& thing = *things.back();
  thing.kind = kind;
  thing.account = request.account;
  thing.region = request.region;
  thing.id = id;
  thing.actor_made = request.call.access_key.empty();
  thing.birth = arrival(kind, "");
  index_[key_of(kind, scope, id)].push_back(&thing);
  return thing;
}

void Cloud::give(Thing& thing, std::string_view part, Json value) {
  // Tags are written apart from what they are on, so that it may be seen without them.
  thing.parts[std::string(part)].set(std::move(value),
                                     part == "tags" ? arrival(thing.kind, part) : Arrival(now()));
}

void Cloud::set(Thing& thing, std::string_view part, Json value) {
  thing.parts[std::string(part)].set(std::move(value), arrival(thing.kind, part));
}

void Cloud::bury(Thing& thing) {
  thing.live = false;
  thing.death = std::make_unique<Arrival>(arrival(thing.kind, ""));
}

Arrival Cloud::arrival(const std::string& kind, std::string_view part) {
  Arrival out(now());
  const std::pair<View, double> shares[] = {{View::kById, behaviour.stale_by_id},
                                            {View::kList, behaviour.stale_lists},
                                            {View::kDetails, behaviour.stale_details},
                                            {View::kAccess, behaviour.stale_access}};
  for (const auto& [view, share] : shares) {
    if (share <= 0 || !views_.chance(share)) continue;
    const Lag lag = lag_of(kind, part, view);
    for (int replica = 0; replica < kReplicas; ++replica) {
      out.delay(view, replica, views_.delay(lag.median, lag.longest));
    }
  }
  return out;
}

const Json& Cloud::details(const Thing& thing, std::string_view part, int replica) const {
  const auto found = thing.parts.find(part);
  if (found == thing.parts.end()) return kNone;
  const Json* value = found->second.seen(View::kDetails, replica, now());
  return value != nullptr ? *value : found->second.first();
}

const JsonObject& Cloud::tags(const Thing& thing, View view, int replica) const {
  const auto found = thing.parts.find("tags");
  if (found == thing.parts.end()) return kNoTags;
  const Json* value = found->second.seen(view, replica, now());
  return value != nullptr && value->is_object() ? value->get_object() : kNoTags;
}

void Cloud::note(const AwsCall& call, const Thing& thing, Change change) {
  FakeAws::Mutation entry{.at = now(),
                          .call = call,
                          .kind = thing.kind,
                          .account = thing.account,
                          .id = thing.id,
                          .created = change == Change::kCreated,
                          .removed = change == Change::kRemoved};
  const Json& tags = thing.truth("tags");
  const Json* owner =
      tags.is_object() ? tags.get_object().if_contains(FakeAws::kOwnerTag) : nullptr;
  if (owner != nullptr) entry.owner = text_at(*owner, "");
  log.push_back(std::move(entry));
}

Duration Cloud::takes(Duration usual, Duration longest) {
  if (!operations.chance(behaviour.slow_operations)) return usual;
  return Duration{operations.between(usual.count(), longest.count())};
}

std::string hex(Random& random, int digits) {
  std::string out;
  std::uint64_t bits = 0;
  for (int i = 0; i < digits; ++i) {
    if (i % 16 == 0) bits = random.next();
    out += "0123456789abcdef"[bits & 15];
    bits >>= 4;
  }
  return out;
}

std::string uuid(Random& random) {
  std::string out = hex(random, 32);
  out[12] = '4';
  out[16] = "89ab"[random.between(0, 3)];
  for (const std::size_t at : {20, 16, 12, 8}) out.insert(at, "-");
  return out;
}

std::string capitals(Random& random, int count) {
  std::string out;
  while (int(out.size()) < count) {
    out += "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[random.between(0, 31)];
  }
  return out;
}

std::int64_t epoch(WallTime time) { return std::chrono::system_clock::to_time_t(time); }

std::string iso_time(WallTime time) { return format_rfc3339(time); }

}  // namespace infra::sim
