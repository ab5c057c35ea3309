#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "definition/definition.h"
#include "planning/decide.h"
#include "reconcile/outcome.h"
#include "reconcile/seams.h"

namespace infra::reconcile {

// What one reconcile did, for the one funnel that reports it.
struct Report {
  Outcome outcome;
  bool corrected = false;     // AWS had drifted from a spec that had not changed, and was put right
  std::string_view severity;  // of such drift, if it was found and status did not tell of it
  // How long it took to read AWS and compare, if it came to that.
  std::optional<SteadyTime::duration> compared;
};

// One reconcile of one object of any kind: observe, decide, carry out, report. Everything that
// differs between kinds is in the definition. The promises it keeps are in
// docs/design/004-one-create.md.
class Engine {
 public:
  Engine(Clock& clock, std::string cluster) : clock_(clock), cluster_(std::move(cluster)) {}

  // `spec` is the object's with what it takes from other objects (references.h) filled in.
  // `definition`, `cloud` and `store` outlive the call.
  Task<Report> reconcile(const definition::Definition& definition, Object object, Json spec,
                         Cloud& cloud, ObjectStore& store);
  // Writes conditions for an object that cannot even start (its provider is missing ...).
  Task<void> report_only(const definition::Definition& definition, Object object, Outcome outcome,
                         ObjectStore& store);

  struct Pass;  // one reconcile under way (pass.h)

 private:
  Task<Outcome> run(Pass& pass);
  Task<Result<void>> hold_finalizer(Pass& pass);
  Task<Result<void>> note_id(Pass& pass);
  static void note_drift(Pass& pass, planning::Plan& plan);
  Task<Result<std::string>> find_lost(Pass& pass);
  Task<Result<void>> observe(Pass& pass);
  Task<void> look_at_all(Pass& pass);
  Task<void> look_ahead(Pass* pass, const definition::Call* call);
  Task<Result<void>> observe_facets(Pass& pass);
  Task<Result<void>> observe_sets(Pass& pass);
  Task<Result<void>> read_details(Pass& pass, const definition::ChildSet& set,
                                  std::vector<planning::Item>& found);
  Task<Result<void>> observe_tags(Pass& pass);
  Task<Result<void>> read_facet(Pass& pass, const definition::Facet& facet);
  enum class Pages { kFirst, kAll };
  Task<Result<Json>> read(Pass& pass, const definition::Call& call, Pages pages);
  Task<Result<Json>> look(Pass& pass, const definition::Call& call,
                          const definition::Together* together = nullptr);
  Task<Result<Json>> invoke(Pass& pass, const definition::Call& call, Cloud::Intent intent);
  Task<Result<Json>> send(Pass& pass, const definition::Call& call,
                          Cloud::Intent intent = Cloud::Intent::kWrite);
  Task<Outcome> publish(Pass& pass);
  Task<Outcome> carry_out(Pass& pass, const planning::Plan& plan, bool& again);
  Task<Result<void>> create(Pass& pass);
  Task<Result<void>> save_intent(Pass& pass);
  Task<Result<void>> renew_token(Pass& pass);
  bool may_be_hidden(const Pass& pass);
  Task<Result<void>> believe_absence(Pass& pass);
  Task<Result<bool>> confirm_absence(Pass& pass);
  Task<Result<void>> update(Pass& pass, const planning::Plan& plan);
  Task<Result<void>> write(Pass& pass, const definition::Call& call);
  Task<Result<void>> write_calls(Pass& pass, std::span<const definition::Call> calls);
  Task<Result<void>> write_facet(Pass& pass, const definition::Facet& facet);
  Task<Result<void>> write_set(Pass& pass, const definition::ChildSet& set,
                               const planning::SetChange& change);
  Task<Result<void>> write_item(Pass& pass, const definition::ChildSet& set,
                                std::span<const definition::Call> calls,
                                const planning::Item& item);
  Task<Result<void>> note_items(Pass& pass, const definition::ChildSet& set,
                                std::vector<std::string> items);
  Task<Result<void>> note_tags(Pass& pass, const planning::Plan& plan);
  Task<Result<void>> write_tags(Pass& pass, const planning::Plan& plan);
  Task<Result<void>> remove(Pass& pass, const planning::Plan& plan);
  Task<Result<Json>> send_removal(Pass& pass);
  Task<bool> gone_with_deletion(Pass& pass);
  Task<Result<void>> take_children(Pass& pass, const planning::Plan& plan);
  Task<Outcome> release(Pass& pass, const planning::Plan& plan);
  Task<Outcome> forget(Pass& pass, const planning::Plan& plan);
  Task<Result<void>> save_id(Pass& pass, const std::string& id);
  Task<Result<void>> write_id(Pass& pass);
  Task<Result<void>> save_status(Pass& pass, Json status, ObjectStore::Check check);
  Task<void> report(Pass& pass, const Outcome& outcome);
  Json status_for(Pass& pass, const Outcome& outcome) const;
  std::optional<Outcome> written_before(const Pass& pass, const planning::Plan& plan) const;
  void note_update(const Pass& pass, const planning::Plan& plan);
  std::optional<Outcome> removed_before(const Pass& pass) const;
  std::optional<Outcome> let_rest(const Pass& pass, planning::Plan& plan) const;
  Duration rest_of(const Pass& pass, const definition::Facet& facet) const;
  void note_part(const Pass& pass, const definition::Facet& facet);
  void forget_parts(const Pass& pass);

  // The difference last written for an object (uid), how often in a row, and when.
  struct Written {
    std::string signature;
    int count = 0;
    SteadyTime at{};
  };
  void note_repeat(const Pass& pass, std::string signature);
  // When it may be written again.
  static SteadyTime shown_by(const Written& written);

  Clock& clock_;
  std::string cluster_;
  std::map<std::string, Written> repeats_;
  // When a part of an object ("uid/facet") that must rest was last written.
  std::map<std::string, SteadyTime> parts_written_;
  // When this process first saw the create that an object (uid) speaks of, and which that was.
  std::map<std::string, std::pair<std::string, SteadyTime>> creates_seen_;
};

}  // namespace infra::reconcile
