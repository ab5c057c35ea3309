#pragma once

#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "run/ledger.h"
#include "run/scenario.h"

namespace infra::sim {

// A promise that was broken.
struct Violation {
  std::string rule;  // its short name, such as "one-resource"
  std::string text;
  Duration at{0};
};

// What must hold at every event of a run. README.md lists the rules.
class Invariants {
 public:
  // Looks at everything that happens in the world from now on; the world must outlive this.
  Invariants(World& world, const Scenario& scenario);

  const std::optional<Violation>& violation() const { return violation_; }
  void violate(const std::string& rule, const std::string& text);

  const Ledger& ledger() const { return ledger_; }
  // Uids of objects that were ever there, with the kind and name of each.
  const std::map<std::string, std::string>& objects() const { return names_; }
  // Uids of objects whose resource was to be left in AWS when they went.
  const std::set<std::string>& retained() const { return retained_; }
  // Of those that users have forced away; what there is in AWS is left to them.
  const std::set<std::string>& abandoned() const { return abandoned_; }
  bool abandoned_name(const std::string& kind, const std::string& name) const {
    return abandoned_names_.contains(kind + "/" + name);
  }
  // Tag keys that the operator has noted for an object as its own.
  const std::set<std::string>& noted_tags(const std::string& uid) { return noted_tags_[uid]; }

  // From now on the operator has nothing to write.
  void expect_silence(bool on) { silent_ = on; }
  void expect_end(bool on) { ending_ = on; }

  // Requests by name and what happened to them.
  const std::map<std::pair<std::string, std::string>, int>& coverage() const { return coverage_; }
  std::uint64_t requests() const { return requests_; }

 private:
  void on_send(const Sent& sent, const net::HttpRequest& request);
  void on_answer(const Sent& sent, const net::HttpResponse& response);
  void on_write(const FakeKube::Write& write);
  void on_log(const std::string& text);
  void check_bug(const std::string& text);
  void on_end(int pod, Process& process);

  void note_mutations();
  void check_mutation(const FakeAws::Mutation& mutation);
  void check_created(const FakeAws::Mutation& mutation);
  void check_removed(const FakeAws::Mutation& mutation, const Ledger::Entry& entry);
  void check_pace(const Sent& sent);
  void check_leader(const Sent& sent);
  void check_holder(const Sent& sent, const std::string& lease, const std::string& identity);
  std::optional<std::string> object_of(const Sent& sent) const;
  void check_patience(const Sent& sent, int status);
  void check_tags_of_others(const FakeAws::Mutation& mutation);
  void check_finalizers_of_others(const FakeKube::Write& write);
  void check_right(const FakeKube::Write& write);
  void note_right(const FakeKube::Write& write);
  void check_harm(const FakeAws::Mutation& mutation, const std::string& owner);
  void check_event(const FakeKube::Write& write);
  bool tries_in_vain(const FakeKube::Write& write) const;
  void note_object(const FakeKube::Write& write);
  void check_secrets(const std::string& where, std::string_view text);
  void check_release(const FakeKube::Write& write);
  void check_stopped(const std::string& uid);
  void check_ready(const FakeKube::Write& write);
  void check_generation(const FakeKube::Write& write);
  void check_write_pace(const FakeKube::Write& write);
  bool is_being_deleted(const std::string& uid) const;

  World& world_;
  const Scenario& scenario_;
  const bool undisturbed_;
  Ledger ledger_;
  std::optional<Violation> violation_;
  std::size_t mutations_seen_ = 0;
  std::map<std::string, std::string> names_;
  std::map<std::string, bool> deleting_;             // by uid, of those that are still there
  std::set<std::string> ready_once_, may_be_empty_;  // uids; where users have said `recreate`
  std::set<std::string> retained_;
  std::set<std::string> abandoned_;
  std::set<std::string> abandoned_names_;  // "IAMRole/name"
  std::map<std::string, std::set<std::string>> noted_tags_;
  std::map<Ledger::Key, Duration> tampered_;  // when a person last changed it
  std::map<Ledger::Key, Duration> tagged_;    // when a person gave it a tag of their own
  std::map<std::string, int> events_;         // by what they say
  std::map<std::string, Duration>
      right_;  // since when it has said rightly that it is ready, by uid
  std::map<std::string, Duration> edited_;               // when the spec was last changed, by uid
  int starts_ = 0;                                       // of processes
  std::map<std::string, std::deque<Duration>> refused_;  // by digest of the request
  std::map<std::string, std::deque<Duration>> written_;
  std::map<std::string, std::int64_t> observed_generation_;
  std::map<std::string, Duration> paused_since_;
  std::map<std::pair<int, std::string>, std::deque<Duration>> recent_requests_;
  std::map<std::string, std::deque<Duration>> recent_writes_;
  std::map<std::pair<std::string, std::string>, int> coverage_;
  std::uint64_t requests_ = 0;
  bool silent_ = false;
  bool ending_ = false;
};

bool is_operator(const std::string& who);
bool is_our_kind(const std::string& kind);

}  // namespace infra::sim
