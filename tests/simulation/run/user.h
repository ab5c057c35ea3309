#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>

#include "run/scenario.h"

namespace infra::sim {

// Everybody beside the operator: users with kubectl, people in AWS's console, and bad luck.
class User {
 public:
  User(World& world, const Scenario& scenario);

  // Namespaces, keys, providers, what others have in AWS; then pods, objects and all operations,
  // each at its time.
  void begin();
  // The chaos is over: no more faults, everything that was stopped goes on, no object is paused.
  void calm_down();
  // The provider that never worked gets keys that do.
  void mend_broken_provider();
  void delete_everything();
  // Every spec is changed twice within a moment.
  void touch_everything();

 private:
  void make_namespace(const std::string& name);
  void make_provider(const std::string& ns, const std::string& access_key);
  void squat();
  void make_object(const ObjectPlan& plan);
  void perform(const Operation& operation);
  void perform_on_object(const Operation& operation);
  void await_create(const Operation& operation, Duration until);
  bool may_wipe(const ObjectPlan& plan) const;
  bool is_forgotten(const ObjectPlan& plan) const;
  void change_spec(const Operation& operation, const ObjectPlan& plan);
  void perform_on_pod(const Operation& operation);
  void patch(const ObjectPlan& plan, const Json& body, const std::string& who,
             const std::string& subresource = "");
  void hold(const ObjectPlan& plan, bool on);
  void rotate_keys(Duration overlap);
  void break_secret(Duration length);
  void mend_secret();
  void answer_losses();
  void change_value(const Operation& operation, const ObjectPlan& plan);
  void give_value(const ObjectPlan& plan);

  World& world_;
  const Scenario& scenario_;
  Random random_;
  std::string access_key_ = "AKIAOURS1";
  int keys_ = 1;
  std::set<std::string> wiped_;        // names of objects whose status was ever taken away
  std::map<std::string, int> values_;  // how often the one for an object has changed, by its name
};

// What every value is called in the Secret that holds it.
inline constexpr const char* kValueKey = "value";

// The text of operations that wait for a create.
inline constexpr std::string_view kAtCreate = "at-create";
inline constexpr const char* kAccount = "111111111111";

}  // namespace infra::sim
