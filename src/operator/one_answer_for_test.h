#pragma once

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <utility>

#include "reconcile/seams.h"

namespace infra {

// Answers every call in the same way.
class OneAnswer final : public reconcile::Cloud {
 public:
  explicit OneAnswer(Result<Json> answer) : answer_(std::move(answer)) {}
  Task<Result<Json>> call(std::string, std::string, Json, Intent) override { co_return answer_; }
  Task<Result<Json>> call_all_pages(std::string, std::string, Json) override { co_return answer_; }
  const reconcile::Location& location() const override { return location_; }
  const planning::TagPolicy& tag_policy() const override { return tags_; }
  const planning::DriftPolicy& drift_policy() const override { return drift_; }

 private:
  Result<Json> answer_;
  reconcile::Location location_;
  planning::TagPolicy tags_;
  planning::DriftPolicy drift_;
};

inline Task<void> ask_both(reconcile::Cloud& cloud, Result<Json>* one, Result<Json>* all) {
  *one = co_await cloud.call("s", "o", Json(), reconcile::Cloud::Intent::kRead);
  *all = co_await cloud.call_all_pages("s", "o", Json());
}

// The answers to a call, and to one for all pages.
inline std::pair<Result<Json>, Result<Json>> ask(reconcile::Cloud& cloud) {
  std::pair<Result<Json>, Result<Json>> out;
  boost::asio::io_context io;
  boost::asio::co_spawn(io, ask_both(cloud, &out.first, &out.second), [](std::exception_ptr error) {
    if (error) std::rethrow_exception(error);
  });
  io.run();
  return out;
}

}  // namespace infra
