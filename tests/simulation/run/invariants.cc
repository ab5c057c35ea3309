#include "run/invariants.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/algorithm/string/case_conv.hpp>

#include "base/base64.h"
#include "kube/shard_elector.h"
#include "run/conditions.h"
#include "run/expected.h"
#include "run/samples.h"

namespace infra::sim {
namespace {

constexpr Duration kSecond{1'000};
constexpr std::size_t kSameRequestsInASecond = 12;
constexpr std::size_t kWritesOfOneObjectInASecond = 15;
// How long anything in AWS may stay unseen, and a little.
constexpr Duration kViewBound{700'000};
// How late that may be while watches hang and the API server is away.
constexpr Duration kHearing{600'000};
// Secret values start with it, which is the latter in base64.
constexpr std::string_view kCanary = "canary-";
constexpr std::string_view kCanaryBytes = "Y2FuYXJ5L";
constexpr std::string_view kOurs = "aws-infra-operator.runner.codes";
// The tag that people give to what is not theirs (FakeAws::tamper).
constexpr const char* kTheirTag = "team";
// How often one request may be refused, or carried out, in a minute.
constexpr Duration kMinute{60'000};
constexpr std::size_t kRefusalsInAMinute = 60;
constexpr std::size_t kRepeatsInAMinute = 7;
// A process tells of an event that it knows, and repeats one whose answer was lost.
constexpr int kRepeatedEvents = 8;
constexpr Duration kOnItsWay{10'000};
// Creates meet what is not there yet, or busy with them.
constexpr Duration kBeginning{3'600'000};
// How long a pass may work with what it has read.
constexpr Duration kLongestPass{300'000};

bool has_our_finalizer(const Json& object) {
  const Json* finalizers = find_path(object, "metadata.finalizers");
  if (finalizers == nullptr || !finalizers->is_array()) return false;
  return std::ranges::any_of(finalizers->get_array(), [](const Json& one) {
    return one.is_string() &&
           one.get_string().find("aws-infra-operator.runner.codes") != boost::json::string::npos;
  });
}

bool is_ready(const Json& object) {
  const Json* ready = find_path(object, "status.ready");
  return ready != nullptr && ready->is_bool() && ready->get_bool();
}

std::int64_t number_at(const Json& object, std::string_view path) {
  const Json* found = find_path(object, path);
  return found != nullptr && found->is_number() ? found->to_number<std::int64_t>() : 0;
}

bool is_annotated(const Json& object, const std::string& name, std::string_view text) {
  const Json* annotations = find_path(object, "metadata.annotations");
  if (annotations == nullptr || !annotations->is_object()) return false;
  const Json* value = annotations->get_object().if_contains(std::string(kOurs) + "/" + name);
  return value != nullptr && *value == Json(text);
}

bool is_observed(const Json& object) { return is_annotated(object, "policy", "observe"); }

bool is_paused(const Json& object) { return is_annotated(object, "paused", "true"); }

// How late a process may be to hear of a pause.
Duration hearing(const Scenario& scenario) {
  static const std::set<std::string> kDeafening{"kube-gone", "pause",   "crash",
                                                "restart",   "compact", "cut-watches"};
  const bool deafened = std::ranges::any_of(
      scenario.operations, [](const Operation& one) { return kDeafening.contains(one.what); });
  const bool quiet = !deafened && scenario.fault_rates.empty() && !scenario.only_faults;
  return quiet ? scenario.kube.watch_lag + kMinute : kHearing;
}

// Nothing fails in such a world, and everything is there from the start.
bool is_undisturbed(const Scenario& scenario) {
  const bool good_clocks = std::ranges::all_of(scenario.pods, [](const ClockError& clock) {
    return clock.offset == Duration{0} && clock.rate == 1;
  });
  const bool no_faults =
      scenario.only_faults ? scenario.only_faults->empty() : scenario.fault_rates.empty();
  return good_clocks && no_faults && scenario.operations.empty() && scenario.squatted.empty() &&
         !scenario.broken_provider && scenario.provider_at == Duration{0} &&
         scenario.aws.failed_operations == 0;
}

// Times of late, with this one; true if there are more than `most` within that time.
bool too_many(std::deque<Duration>& times, Duration now, std::size_t most,
              Duration within = kSecond) {
  times.push_back(now);
  while (times.front() < now - within) times.pop_front();
  return times.size() > most;
}

std::set<std::string> finalizers_of_others(const Json& object) {
  std::set<std::string> out;
  const Json* finalizers = find_path(object, "metadata.finalizers");
  if (finalizers == nullptr || !finalizers->is_array()) return out;
  for (const Json& one : finalizers->get_array()) {
    std::string name(one.as_string());
    if (name.find(kOurs) == std::string::npos) out.insert(std::move(name));
  }
  return out;
}

Ledger::Key key_of(const FakeAws::Mutation& mutation) {
  return {mutation.kind, mutation.account, mutation.id};
}

bool never_late(const AwsBehaviour& aws) {
  return aws.stale_by_id == 0 && aws.stale_lists == 0 && aws.stale_details == 0 &&
         aws.stale_access == 0;
}

void erase_all(std::string& text, const std::string& what) {
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what)) {
    text.erase(at, what.size());
  }
}

// A body without the secret values that belong there: the environment of a function, and the value
// that is for the very thing that the request is about.
std::string without_its_own(const Sent& sent, std::string body) {
  constexpr std::string_view kTakers[] = {"CreateSecret",           "PutSecretValue",
                                          "CreateDBInstance",       "ModifyDBInstance",
                                          "CreateReplicationGroup", "ModifyReplicationGroup"};
  if (!sent.to_aws) return body;
  if (sent.aws.service == "lambda" && sent.aws.writes) return {};
  if (std::ranges::find(kTakers, sent.aws.operation) == std::end(kTakers)) return body;
  const std::string own = "canary-of-" + boost::algorithm::to_lower_copy(sent.aws.resource) + "-";
  erase_all(body, own);
  const std::string bytes = base64_encode(own);
  erase_all(body, bytes.substr(0, own.size() / 3 * 4));
  return body;
}

std::string label(const Sent& sent) {
  return sent.fault == Fault::kNone ? sent.key
                                    : sent.key + " [" + std::string(to_string(sent.fault)) + "]";
}

}  // namespace

bool is_operator(const std::string& who) { return who.starts_with("infra-operator"); }

bool is_our_kind(const std::string& kind) {
  return kind == "AWSProvider" || std::ranges::any_of(samples(), [&kind](const Sample& sample) {
           return sample.kind == kind;
         });
}

Invariants::Invariants(World& world, const Scenario& scenario)
    : world_(world), scenario_(scenario), undisturbed_(is_undisturbed(scenario)) {
  world_.network.on_send = [this](const Sent& sent, const net::HttpRequest& request) {
    on_send(sent, request);
  };
  world_.network.on_answer = [this](const Sent& sent, const net::HttpResponse& response) {
    on_answer(sent, response);
  };
  world_.kube.on_write = [this](const FakeKube::Write& write) { on_write(write); };
  world_.on_log = [this](int, const std::string& text) {
    check_bug(text);
    on_log(text);
  };
  world_.on_end = [this](int pod, Process& process) { on_end(pod, process); };
  world_.on_busy = [this](int pod) {
    violate("no-tight-loop", fmt::format("pod {} runs without end in one moment", pod));
  };
}

void Invariants::violate(const std::string& rule, const std::string& text) {
  if (violation_) return;
  world_.trace.note("VIOLATION " + rule + ": " + text);
  violation_ = Violation{.rule = rule, .text = text, .at = world_.timeline.now()};
}

void Invariants::on_send(const Sent& sent, const net::HttpRequest& request) {
  ++requests_;
  ++coverage_[{sent.name, std::string(to_string(sent.fault))}];
  world_.trace.note(fmt::format("pod {} > {} {}", sent.process, label(sent),
                                sent.to_aws ? sent.aws.resource : sent.kube.key));
  check_pace(sent);
  check_secrets("a request " + sent.key, without_its_own(sent, request.body));
  check_secrets("the target of a request " + sent.key, request.target);
  if (sent.to_aws && !request.host.ends_with(".amazonaws.com")) {
    violate("allowed-hosts", "a request went to " + request.host);
  }
  const bool of_work =
      sent.to_aws ? sent.aws.writes : sent.kube.writes && sent.kube.resource != "leases";
  if (of_work) check_leader(sent);
}

void Invariants::check_pace(const Sent& sent) {
  auto& times = recent_requests_[{sent.process, sent.digest}];
  if (too_many(times, world_.timeline.now(), kSameRequestsInASecond)) {
    violate("no-tight-loop", fmt::format("pod {} sent the same {} {} times within a second",
                                         sent.process, sent.name, times.size()));
  }
}

void Invariants::check_leader(const Sent& sent) {
  if (!scenario_.leader_elect) return;
  const Process* process = world_.process(sent.process);
  if (process == nullptr) return;
  const std::string& identity = process->plan().settings.lease.identity;
  const int shards = world_.shards_of(sent.process);
  if (shards == 1) return check_holder(sent, "infra-operator", identity);
  check_holder(sent, "infra-operator", fmt::format("{}-shards", shards));
  if (const auto object = object_of(sent)) {
    const int shard = kube::shard_of(*object, shards);
    check_holder(sent, fmt::format("infra-operator-shard-{}", shard), identity);
  }
}

void Invariants::check_holder(const Sent& sent, const std::string& lease,
                              const std::string& identity) {
  const Json* found = world_.kube.find("Lease", "operator", lease);
  const std::string holder = found == nullptr ? "" : text_at(*found, "spec.holderIdentity");
  if (holder == identity) return;
  violate("one-leader", fmt::format("pod {} sent {} while '{}' holds {} instead of '{}'",
                                    sent.process, sent.key, holder, lease, identity));
}

// The object that a request is sent for, "VPC/team/main", where the request itself tells: not a
// create in AWS, nor an event.
std::optional<std::string> Invariants::object_of(const Sent& sent) const {
  if (sent.to_aws) {
    const auto name = names_.find(ledger_.owner_of(sent.aws.resource));
    if (name == names_.end()) return std::nullopt;
    std::string object = name->second;
    object[object.find(' ')] = '/';
    return object;
  }
  const std::string plural = sent.kube.resource.substr(0, sent.kube.resource.find('/'));
  if (plural == "awsproviders") return "AWSProvider/" + sent.kube.key;
  for (const auto& definition : world_.definitions()) {
    if (definition.plural == plural) return definition.kind + "/" + sent.kube.key;
  }
  return std::nullopt;
}

void Invariants::check_secrets(const std::string& where, std::string_view text) {
  const auto found = std::min(text.find(kCanary), text.find(kCanaryBytes));
  if (found == std::string_view::npos) return;
  violate("secrets", fmt::format("'{}' is in {}", text.substr(found, 24), where));
}

void Invariants::on_answer(const Sent& sent, const net::HttpResponse& response) {
  std::string note = fmt::format("        {} < {}", sent.key, response.status);
  if (sent.to_aws && response.status >= 400) {
    note += " " + response.body.substr(0, 120);
    std::ranges::replace(note, '\n', ' ');
  }
  world_.trace.note(note);
  const bool expired = sent.to_aws && response.body.find("Expired") != std::string::npos;
  if (undisturbed_ && expired) violate("untroubled", note);
  if (sent.to_aws && sent.aws.writes) check_patience(sent, response.status);
  note_mutations();
}

// A change that AWS refuses is not asked for over and over, nor one that it has made.
void Invariants::check_patience(const Sent& sent, int status) {
  const Duration now = world_.timeline.now();
  if (status >= 400 && too_many(refused_[sent.digest], now, kRefusalsInAMinute, kMinute)) {
    violate("patience", fmt::format("the same {} was refused {} times within a minute", sent.name,
                                    refused_[sent.digest].size()));
  }
  if (status < 300 && too_many(written_[sent.digest], now, kRepeatsInAMinute, kMinute)) {
    violate("patience", fmt::format("the same {} was carried out {} times within a minute",
                                    sent.name, written_[sent.digest].size()));
  }
}

void Invariants::note_mutations() {
  const auto& log = world_.aws.log();
  while (mutations_seen_ < log.size()) check_mutation(log[mutations_seen_++]);
}

void Invariants::check_mutation(const FakeAws::Mutation& mutation) {
  world_.trace.note(fmt::format("        AWS: {} {} {} {}", mutation.call.operation, mutation.kind,
                                mutation.id,
                                mutation.created   ? "made"
                                : mutation.removed ? "removed"
                                                   : "changed"));
  const Ledger::Entry* before = ledger_.find({mutation.kind, mutation.account, mutation.id});
  const bool foreign = before != nullptr && before->live && before->by_actor && !is_actor(mutation);
  const bool adopted = before != nullptr && !before->owner.empty();
  const Ledger::Entry* entry = ledger_.note(mutation);
  check_tags_of_others(mutation);
  if (is_actor(mutation)) {
    tampered_[key_of(mutation)] = mutation.at;
    right_.erase(entry->owner);
    return;
  }
  if (foreign && !adopted) {
    violate("only-ours", fmt::format("{} changed {} {}, which somebody else has made",
                                     mutation.call.operation, mutation.kind, mutation.id));
  }
  if (mutation.of_others) {
    violate("only-ours", fmt::format("{} took something from {} that somebody else has put there",
                                     mutation.call.operation, mutation.id));
  }
  if (silent_) {
    violate("silence", fmt::format("{} changed {}", mutation.call.operation, mutation.id));
  }
  if (!mutation.created && !mutation.removed) check_harm(mutation, entry->owner);
  if (mutation.created) check_created(mutation);
  if (mutation.removed) check_removed(mutation, *entry);
  const auto paused = paused_since_.find(entry->owner);
  if (paused != paused_since_.end() && mutation.at > paused->second + hearing(scenario_)) {
    violate("paused", fmt::format("{} changed {}, whose object is paused", mutation.call.operation,
                                  mutation.id));
  }
}

void Invariants::check_created(const FakeAws::Mutation& mutation) {
  const auto live = ledger_.live_of(mutation.owner);
  if (!mutation.owner.empty() && live.size() > 1) {
    violate("one-resource",
            fmt::format("there are {} {} for {}: {} and {}", live.size(), mutation.kind,
                        names_[mutation.owner], std::get<2>(live[0]), std::get<2>(live[1])));
  }
  if (!mutation.owner.empty() && !names_.contains(mutation.owner)) {
    violate("one-resource", mutation.kind + " " + mutation.id + " was made for no object");
  }
  const bool again = ready_once_.contains(mutation.owner);
  if (holds_data(mutation.kind) && again && !may_be_empty_.contains(mutation.owner)) {
    violate("no-silent-loss", fmt::format("{} was made again, empty, and nobody had asked for that",
                                          names_[mutation.owner]));
  }
}

// A tag that a person has given stays. S3 knows only whole sets of tags: what is added while we
// read and write one, or shown late, is lost, whoever writes it.
void Invariants::check_tags_of_others(const FakeAws::Mutation& mutation) {
  const Ledger::Key key = key_of(mutation);
  if (mutation.created || mutation.removed) tagged_.erase(key);
  const bool by_person = is_actor(mutation);
  const bool about_tags = mutation.call.operation.find("Tag") != std::string::npos;
  if (mutation.removed || (!by_person && !(about_tags && tagged_.contains(key)))) return;
  for (const auto& resource : world_.aws.resources()) {
    if (Ledger::Key{resource.kind, resource.account, resource.id} != key || !resource.live)
      continue;
    const bool there = resource.tags.contains(kTheirTag);
    if (by_person) {
      if (there) tagged_.emplace(key, mutation.at);
      continue;
    }
    const bool fresh = mutation.at < tagged_[key] + kViewBound;
    if (!there && !(mutation.kind == "S3Bucket" && fresh)) {
      violate("only-ours", fmt::format("{} took from {} a tag that somebody else has set",
                                       mutation.call.operation, mutation.id));
    }
    if (!there) tagged_.erase(key);
  }
}

bool Invariants::is_being_deleted(const std::string& uid) const {
  const auto found = deleting_.find(uid);
  return found == deleting_.end() || found->second;
}

void Invariants::check_removed(const FakeAws::Mutation& mutation, const Ledger::Entry& entry) {
  if (entry.owner.empty()) {
    violate("only-ours", mutation.kind + " " + mutation.id + " was removed and is nobody's");
  } else if (!is_being_deleted(entry.owner)) {
    violate("no-needless-removal", fmt::format("{} {} was removed, and {} is not being deleted",
                                               mutation.kind, mutation.id, names_[entry.owner]));
  } else if (retained_.contains(entry.owner)) {
    violate("retain", mutation.kind + " " + mutation.id + " was to be left in AWS");
  }
}

void Invariants::on_write(const FakeKube::Write& write) {
  const bool ours = is_our_kind(write.kind);
  const bool by_operator = is_operator(write.who);
  world_.trace.note(fmt::format("        kube: {} {} {}/{}{} by {}", write.verb, write.kind,
                                write.ns, write.name,
                                write.subresource.empty() ? "" : " " + write.subresource,
                                by_operator ? "the operator" : write.who));
  if (by_operator && ours && !write.after.is_null() && !write.subresource.empty()) {
    world_.trace.note("              " + condition_of(write.after).substr(0, 160));
  }
  if (by_operator && write.kind != "Lease") {
    const Json without_spec = [&write] {
      Json copy = write.after;
      if (copy.is_object()) copy.get_object().erase("spec");
      return copy;
    }();
    check_secrets(fmt::format("{} {}", write.kind, write.name),
                  boost::json::serialize(without_spec));
    if (silent_ && !tries_in_vain(write)) {
      violate("silence",
              fmt::format("the operator wrote {} {}/{}", write.kind, write.ns, write.name));
    }
  }
  if (by_operator && write.kind == "Event") check_event(write);
  if (by_operator && ours) check_finalizers_of_others(write);
  if (!ours || write.kind == "AWSProvider") return;
  const std::string name = fmt::format("{} {}/{}", write.kind, write.ns, write.name);
  names_[write.uid] = name;
  if (by_operator) {
    check_release(write);
    check_ready(write);
    check_right(write);
    note_right(write);
    check_generation(write);
    check_write_pace(write);
  } else if (has_our_finalizer(write.before) && !has_our_finalizer(write.after)) {
    abandoned_.insert(write.uid);
    abandoned_names_.insert(write.kind + "/" +
                            chosen_name(write.kind, *find_path(write.before, "spec")));
  }
  note_object(write);
}

// A create is noted before it is sent, even if AWS refuses it each time.
bool Invariants::tries_in_vain(const FakeKube::Write& write) const {
  if (write.after.is_null() || write.subresource != "status") return false;
  return ledger_.live_of(write.uid).empty() &&
         place_taken(write.kind, *find_path(write.after, "spec"), write.uid,
                     world_.aws.resources());
}

void Invariants::note_object(const FakeKube::Write& write) {
  const bool edited = !write.before.is_null() && !write.after.is_null() &&
                      number_at(write.before, "metadata.generation") !=
                          number_at(write.after, "metadata.generation");
  if (edited) edited_[write.uid] = world_.timeline.now();
  if (edited || write.after.is_null()) right_.erase(write.uid);
  if (write.after.is_null()) {
    deleting_.erase(write.uid);
    paused_since_.erase(write.uid);
    return;
  }
  if (is_ready(write.after)) ready_once_.insert(write.uid);
  if (is_annotated(write.after, "recreate", "true")) may_be_empty_.insert(write.uid);
  deleting_[write.uid] = find_path(write.after, "metadata.deletionTimestamp") != nullptr;
  if (!deleting_[write.uid]) {
    // What counts is the policy at the moment of deletion, which no edit changes here.
    const std::string policy = text_at(write.after, "spec.deletionPolicy");
    if (policy == "Retain" || policy == "Stop") retained_.insert(write.uid);
  }
  if (!is_paused(write.after) && !is_observed(write.after)) {
    paused_since_.erase(write.uid);
  } else {
    paused_since_.emplace(write.uid, world_.timeline.now());
  }
  const Json* keys = find_path(write.after, "status.tagKeys");
  if (keys == nullptr || !keys->is_array()) {
    noted_tags_.erase(write.uid);
    return;
  }
  for (const Json& key : keys->get_array()) {
    noted_tags_[write.uid].insert(std::string(key.as_string()));
  }
}

// Other controllers have finalizers too.
void Invariants::check_finalizers_of_others(const FakeKube::Write& write) {
  if (write.before.is_null() || write.after.is_null()) return;
  if (finalizers_of_others(write.before) == finalizers_of_others(write.after)) return;
  violate("only-ours", fmt::format("a write to {} {}/{} changed the finalizers of others",
                                   write.kind, write.ns, write.name));
}

// An event is told once by each process, and counted from then on.
void Invariants::check_event(const FakeKube::Write& write) {
  if (!write.before.is_null() || write.after.is_null()) return;
  const std::string what =
      fmt::format("{}: {}: {}", text_at(write.after, "involvedObject.uid"),
                  text_at(write.after, "reason"), text_at(write.after, "message"));
  if (++events_[what] > starts_ + kRepeatedEvents) {
    violate("few-events", fmt::format("there are {} events about {} {}: {}", events_[what],
                                      text_at(write.after, "involvedObject.kind"),
                                      text_at(write.after, "involvedObject.name"),
                                      text_at(write.after, "reason")));
  }
}

// The finalizer may only go when nothing is left in AWS.
void Invariants::check_release(const FakeKube::Write& write) {
  const bool released =
      has_our_finalizer(write.before) && (write.after.is_null() || !has_our_finalizer(write.after));
  // What was only to be observed is left in AWS.
  if (released && is_observed(write.before)) retained_.insert(write.uid);
  if (!released) return;
  note_mutations();
  if (retained_.contains(write.uid)) {
    if (text_at(write.before, "spec.deletionPolicy") == "Stop" && !is_observed(write.before))
      check_stopped(write.uid);
    return;
  }
  for (const auto& key : ledger_.live_of(write.uid)) {
    violate("finalizer", fmt::format("{} was let go while {} is still in AWS", names_[write.uid],
                                     std::get<2>(key)));
  }
  for (const auto& resource : world_.aws.resources()) {
    if (belongs_to(resource, write.uid) && is_leaving(resource)) {
      violate("finalizer", fmt::format("{} was let go while {} is being deleted", names_[write.uid],
                                       resource.id));
    }
  }
}

void Invariants::check_stopped(const std::string& uid) {
  for (const auto& resource : world_.aws.resources()) {
    const std::string state = text_at(resource.state, "State");
    if (resource.live && belongs_to(resource, uid) && (state == "pending" || state == "running")) {
      violate("stopped",
              fmt::format("{} was let go while {} is {}", names_[uid], resource.id, state));
    }
  }
}

void Invariants::check_ready(const FakeKube::Write& write) {
  if (!is_ready(write.after) || is_ready(write.before)) return;
  note_mutations();
  if (!ledger_.had_since(write.uid, world_.timeline.now() - kViewBound)) {
    violate("ready-is-true", names_[write.uid] + " says it is ready, and there is nothing in AWS");
  }
}

// Where AWS shows everything at once, Ready means that it is as declared.
void Invariants::check_right(const FakeKube::Write& write) {
  if (write.after.is_null() || !is_ready(write.after) || !never_late(scenario_.aws)) return;
  const auto generation = number_at(write.after, "metadata.generation");
  const auto seen = number_at(write.after, "status.observedGeneration");
  const bool news =
      !is_ready(write.before) || number_at(write.before, "status.observedGeneration") != seen;
  if (!news || seen != generation) return;
  // A pass that a change of the spec comes into the middle of reports on the one before.
  const auto edited = edited_.find(write.uid);
  if (edited != edited_.end() && world_.timeline.now() < edited->second + kLongestPass) return;
  for (const auto& resource : world_.aws.resources()) {
    const bool own = belongs_to(resource, write.uid);
    if (!own || !resource.live || resource.kind != write.kind) continue;
    const auto tampered = tampered_.find({resource.kind, resource.account, resource.id});
    if (tampered != tampered_.end() && world_.timeline.now() < tampered->second + kLongestPass) {
      continue;
    }
    const Json& spec = *find_path(write.after, "spec");
    const auto wrong = differences(write.kind, spec, resource);
    if (!wrong.empty()) {
      violate("ready-is-right", names_[write.uid] + " says it is ready, but " + wrong.front());
    }
    if (is_unready(resource)) {
      violate("ready-is-right",
              names_[write.uid] + " says it is ready, and is " + text_at(resource.state, "State"));
    }
  }
}

void Invariants::note_right(const FakeKube::Write& write) {
  const auto generation = number_at(write.after, "metadata.generation");
  if (!is_ready(write.after) || right_.contains(write.uid) ||
      number_at(write.after, "status.observedGeneration") != generation) {
    return;
  }
  for (const auto& resource : world_.aws.resources()) {
    const bool own = belongs_to(resource, write.uid);
    const bool right = own && resource.live &&
                       differences(write.kind, *find_path(write.after, "spec"), resource).empty();
    if (right) right_[write.uid] = world_.timeline.now();
  }
}

// What was as declared, and was reported so, is not changed into something else by us.
void Invariants::check_harm(const FakeAws::Mutation& mutation, const std::string& owner) {
  const auto right = right_.find(owner);
  // A request of a process that has died may still be on its way.
  if (right == right_.end() || mutation.at < right->second + kOnItsWay) return;
  for (const Json* object : world_.kube.all(mutation.kind)) {
    if (text_at(*object, "metadata.uid") != owner) continue;
    if (find_path(*object, "metadata.deletionTimestamp") != nullptr) return;
    for (const auto& resource : world_.aws.resources()) {
      if (Ledger::Key{resource.kind, resource.account, resource.id} != key_of(mutation)) continue;
      const auto wrong = differences(mutation.kind, *find_path(*object, "spec"), resource);
      if (resource.live && !wrong.empty()) {
        violate("no-harm", fmt::format("{} was as declared until {}: {}", names_[owner],
                                       mutation.call.operation, wrong.front()));
      }
    }
  }
}

void Invariants::check_generation(const FakeKube::Write& write) {
  if (write.after.is_null()) return;
  const auto seen = number_at(write.after, "status.observedGeneration");
  auto& last = observed_generation_[write.uid];
  if (seen != 0 && seen < last && number_at(write.before, "status.observedGeneration") == last) {
    violate("generation", fmt::format("observedGeneration of {} went from {} back to {}",
                                      names_[write.uid], last, seen));
  }
  if (seen > number_at(write.after, "metadata.generation")) {
    violate("generation", names_[write.uid] + " claims a generation that is not there yet");
  }
  if (seen != 0) last = seen;
}

void Invariants::check_write_pace(const FakeKube::Write& write) {
  auto& times = recent_writes_[write.uid];
  if (too_many(times, world_.timeline.now(), kWritesOfOneObjectInASecond)) {
    violate("no-tight-loop", names_[write.uid] + " was written all the time");
  }
}

void Invariants::on_log(const std::string& text) {
  check_secrets("the log", text);
  const Duration now = world_.timeline.now();
  const bool in_between = now > kBeginning && now < scenario_.chaos;
  const bool error = text.find(R"("level":"error")") != std::string::npos;
  if (undisturbed_ && in_between && error) violate("untroubled", text.substr(0, 400));
  if (text.find("caches are synced") == std::string::npos) return;
  // A new process knows nothing of what another has tried.
  ++starts_;
  refused_.clear();
  written_.clear();
}

void Invariants::check_bug(const std::string& text) {
  if (text.find("this is a bug") != std::string::npos) {
    violate("no-bug-found", text.substr(0, 400));
  }
}

void Invariants::on_end(int pod, Process& process) {
  check_secrets("the metrics", process.metrics());
  const bool lost = process.end() == Operator::End::kLeaseLost;
  if (lost && !scenario_.leader_elect) {
    violate("stays-up", fmt::format("pod {} has ended by itself", pod));
  }
}

}  // namespace infra::sim
