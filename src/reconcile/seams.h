#pragma once

#include <map>
#include <string>

#include "base/error.h"
#include "base/task.h"
#include "definition/definition.h"
#include "planning/drift.h"
#include "planning/tags.h"
#include "reconcile/object.h"

namespace infra::reconcile {

// Where a provider leads to.
struct Location {
  std::string account_id, region;
  std::string partition = "aws";  // as ARNs have it: aws-cn in China
};

// AWS as one provider sees it. Errors are classified (base/error.h); an answer that cannot be read
// is kUnavailable, never kNotFound.
class Cloud {
 public:
  enum class Intent {
    kRead,
    kWrite,
    kCreate
  };  // kCreate is never repeated after an unknown outcome

  virtual ~Cloud() = default;
  virtual Task<Result<Json>> call(std::string service, std::string operation, Json input,
                                  Intent intent) = 0;
  // As call(), with the lists of all pages joined.
  virtual Task<Result<Json>> call_all_pages(std::string service, std::string operation,
                                            Json input) = 0;
  // The same for a read that asks for `id` alone; it may be answered together with others that are
  // asked for at this time, with what AWS says from now on.
  virtual Task<Result<Json>> read_together(std::string service, std::string operation, Json input,
                                           const definition::Together& /*together*/,
                                           std::string /*id*/) {
    return call_all_pages(std::move(service), std::move(operation), std::move(input));
  }
  virtual const Location& location() const = 0;
  virtual const planning::TagPolicy& tag_policy() const = 0;
  virtual const planning::DriftPolicy& drift_policy() const = 0;
};

// Where desired objects live. Both writes are refused with kConflict if the object has changed
// since it was loaded, unless kAnyVersion. The object outlives the call.
class ObjectStore {
 public:
  enum class Check { kSameVersion, kAnyVersion };

  virtual ~ObjectStore() = default;
  virtual Task<Result<Object>> patch_status(const Object& object, JsonObject patch,
                                            Check check) = 0;
  virtual Task<Result<Object>> patch_metadata(const Object& object, JsonObject patch,
                                              Check check) = 0;
  // Makes sure that the Secret `name` in the owner's namespace holds just these values and goes
  // with the owner. kAlreadyExists, with a sentence: there is one that is not the owner's.
  virtual Task<Result<void>> keep_secret(Object owner, std::string name,
                                         std::map<std::string, std::string> values) = 0;
  // Says what has happened. Never waits, never fails.
  virtual void record_event(const Object& object, bool warning, const std::string& reason,
                            const std::string& message) = 0;
};

}  // namespace infra::reconcile
