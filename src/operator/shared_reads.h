#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/task.h"
#include "definition/definition.h"

namespace infra {

// Reads of single things that become one: those of the same kind that come within a few
// milliseconds of each other are asked for in one request. Whoever asks gets an answer to a request
// that was sent after that, so that it is never older than what the asker has written before.
class SharedReads {
 public:
  // Sends the request for all of them, and joins its pages.
  using Read = std::function<Task<Result<Json>>(Json input)>;

  explicit SharedReads(Clock& clock) : clock_(clock) {}

  // The answer as if `id` alone had been asked for. Nothing, if it has to be asked for alone: AWS
  // did not show it among the others, or took one of the ids for wrong, or nobody else has asked.
  // Other errors are everybody's. `kind_of_read` is the same for those that can be read together.
  // `together` and what `read` uses must live until the end.
  Task<std::optional<Result<Json>>> ask(std::string kind_of_read,
                                        const definition::Together& together, std::string id,
                                        Read read);

 private:
  struct Batch;
  class Lead;

  Task<void> send(Batch& batch, const definition::Together& together, const Read& read);

  Clock& clock_;
  std::map<std::string, std::shared_ptr<Batch>> open_;  // those that can still be joined
};

}  // namespace infra
