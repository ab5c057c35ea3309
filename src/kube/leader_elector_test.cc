#include "kube/leader_elector.h"

#include "kube/fakes_for_test.h"

namespace infra::kube {
namespace {

// The part of an API server that holds one Lease.
struct LeaseServer {
  Json lease;
  int version = 0;
  bool down = false;     // says nothing
  bool refuses = false;  // connections
  bool denies = false;   // whatever is asked

  Reply answer(const net::HttpRequest& request) {
    if (down) return {.hang = true};
    if (refuses) return {.error = Error{.code = Code::kUnavailable, .message = "refused"}};
    if (denies) return {.status = 403, .body = R"({"kind":"Status","reason":"Forbidden"})"};
    if (request.method == "POST") {
      lease = *parse_json(request.body);
    } else if (lease.is_null()) {
      return {.status = 404, .body = R"({"kind":"Status","reason":"NotFound","code":404})"};
    } else if (request.method == "PATCH") {
      const Json patch = *parse_json(request.body);
      if (text_at(patch, "metadata.resourceVersion") != std::to_string(version)) {
        return {.status = 409, .body = R"({"kind":"Status","reason":"Conflict","code":409})"};
      }
      for (const auto& member : patch.at("spec").get_object()) {
        lease.at("spec").get_object()[member.key()] = member.value();
      }
    }
    if (request.method != "GET") {
      set_path(lease, "metadata.resourceVersion", Json(std::to_string(++version)));
    }
    return {.body = boost::json::serialize(lease)};
  }
  std::string holder() const { return text_at(lease, "spec.holderIdentity"); }
};

class LeaderElectorTest : public Bench {
 protected:
  LeaderElectorTest() {
    transport.handler = [this](const net::HttpRequest& request) { return server.answer(request); };
  }
  LeaderElector make(std::string identity) {
    const bool shared = identity == "all";
    return LeaderElector(client, clock, [] { return 0.5; },
                         {.ns = "n", .identity = std::move(identity), .shared = shared});
  }
  void start(LeaderElector& elector, std::string name) {
    LeaderElector::Handlers handlers{.asked = [this](const auto& done) { note(done); },
                                     .waiting = [this, name] { waiting.push_back(name); },
                                     .started = [this, name] { log.push_back("+" + name); },
                                     .stopped = [this, name] { log.push_back("-" + name); }};
    spawn(elector.run(std::move(handlers)));
  }
  // Only what is new.
  void note(const Result<void>& asked) {
    const std::string said = asked ? "" : std::string(to_string(asked.error().code));
    if (problems.empty() || problems.back() != said) problems.push_back(said);
  }
  bool pass(std::chrono::seconds time) {
    const auto end = clock.steady() + time;
    return run_until([&] { return clock.steady() >= end; });
  }

  LeaseServer server;
  std::vector<std::string> log, waiting, problems;
  const LeaderElector::Handlers nobody{[](const auto&) {}, [] {}, [] {}, [] {}};
};

using Log = std::vector<std::string>;

TEST_F(LeaderElectorTest, TakesAFreeLeaseAndKeepsIt) {
  auto a = make("a");
  auto b = make("b");
  start(a, "a");
  start(b, "b");
  ASSERT_TRUE(pass(std::chrono::minutes(5)));
  EXPECT_EQ(log, (Log{"+a"}));
  EXPECT_TRUE(a.leading());
  EXPECT_FALSE(b.leading());
  EXPECT_EQ(b.holder(), "a");
  EXPECT_EQ(server.lease.at_pointer("/spec/leaseTransitions").as_int64(), 0);
}

TEST_F(LeaderElectorTest, StopsBeforeTheLeaseExpires) {
  auto a = make("a");
  start(a, "a");
  ASSERT_TRUE(run_until([&] { return a.leading(); }));
  const auto led = clock.steady();
  server.down = true;
  ASSERT_TRUE(run_until([&] { return log.size() == 2; }));
  EXPECT_EQ(log, (Log{"+a", "-a"}));
  EXPECT_LE(clock.steady() - led, std::chrono::seconds(12));
  server.down = false;
  ASSERT_TRUE(run_until([&] { return a.leading(); }));
}

TEST_F(LeaderElectorTest, TakesOverOnlyAfterAFullDurationWithoutChange) {
  server.lease = *parse_json(
      R"({"metadata":{"resourceVersion":"0"},"spec":{"holderIdentity":"dead",
          "leaseDurationSeconds":15,"renewTime":"2020-01-01T00:00:00.000000Z"}})");
  auto a = make("a");
  const auto before = clock.steady();
  start(a, "a");
  ASSERT_TRUE(run_until([&] { return a.leading(); }));
  EXPECT_GE(clock.steady() - before, std::chrono::seconds(15));
  EXPECT_LE(clock.steady() - before, std::chrono::milliseconds(15'100));
  EXPECT_EQ(server.lease.at_pointer("/spec/leaseTransitions").as_int64(), 1);
}

TEST_F(LeaderElectorTest, WhoFindsTheLeaseTakenIsToldOnce) {
  auto a = make("a");
  auto b = make("b");
  start(a, "a");
  ASSERT_TRUE(run_until([&] { return a.leading(); }));
  start(b, "b");
  ASSERT_FALSE(pass(std::chrono::seconds(30)) && waiting.empty());
  EXPECT_EQ(waiting, (Log{"b"}));
  EXPECT_EQ(log, (Log{"+a"}));
}

TEST_F(LeaderElectorTest, ReleasedLeaseIsTakenAtOnce) {
  auto a = make("a");
  boost::asio::cancellation_signal stop;
  bool ended = false;
  auto note = [&ended](std::exception_ptr error) { ended = error == nullptr; };
  boost::asio::co_spawn(io, a.run(nobody), boost::asio::bind_cancellation_slot(stop.slot(), note));
  ASSERT_TRUE(run_until([&] { return a.leading(); }));
  stop.emit(boost::asio::cancellation_type::terminal);
  io.restart();
  io.poll();
  EXPECT_TRUE(ended);
  EXPECT_TRUE(await(a.release()).has_value());
  EXPECT_EQ(server.holder(), "");
  EXPECT_FALSE(a.leading());
  auto b = make("b");
  const auto before = clock.steady();
  start(b, "b");
  ASSERT_TRUE(run_until([&] { return b.leading(); }));
  EXPECT_LE(clock.steady() - before, std::chrono::seconds(3));
}

TEST_F(LeaderElectorTest, LosingToAnotherStopsTheWork) {
  auto a = make("a");
  start(a, "a");
  ASSERT_TRUE(run_until([&] { return a.leading(); }));
  set_path(server.lease, "spec.holderIdentity", Json("thief"));
  set_path(server.lease, "metadata.resourceVersion", Json(std::to_string(++server.version)));
  ASSERT_TRUE(run_until([&] { return log.size() == 2; }));
  EXPECT_EQ(server.holder(), "thief");
  EXPECT_FALSE(a.leading());
}

TEST_F(LeaderElectorTest, ShortOutageKeepsTheLease) {
  auto a = make("a");
  start(a, "a");
  ASSERT_TRUE(run_until([&] { return a.leading(); }));
  server.refuses = true;
  ASSERT_TRUE(pass(std::chrono::seconds(5)));
  server.refuses = false;
  ASSERT_TRUE(pass(std::chrono::seconds(30)));
  EXPECT_EQ(log, (Log{"+a"}));
  EXPECT_TRUE(a.leading());
  EXPECT_EQ(problems, (Log{"", "Unavailable", ""}));
}

TEST_F(LeaderElectorTest, WhatKeepsItFromTheLeaseIsTold) {
  server.down = true;
  auto a = make("a");
  start(a, "a");
  ASSERT_TRUE(pass(std::chrono::minutes(1)));
  EXPECT_EQ(problems, (Log{"DeadlineExceeded"}));
  server.down = false;
  server.denies = true;
  ASSERT_TRUE(pass(std::chrono::minutes(1)));
  server.denies = false;
  ASSERT_TRUE(run_until([&] { return a.leading(); }));
  EXPECT_EQ(problems, (Log{"DeadlineExceeded", "AccessDenied", ""}));
}

// All have the same name, and write at the same moments.
TEST_F(LeaderElectorTest, ThoseOfOneNameHoldItTogether) {
  auto a = make("all");
  auto b = make("all");
  auto c = make("other");
  start(a, "a");
  start(b, "b");
  ASSERT_TRUE(run_until([&] { return a.leading() && b.leading(); }));
  start(c, "c");
  ASSERT_TRUE(pass(std::chrono::minutes(2)));
  EXPECT_TRUE(a.leading() && b.leading());
  EXPECT_EQ(log.size(), 2u) << "neither has lost it in between";
  EXPECT_EQ(waiting, (Log{"c"}));
  server.down = true;
  ASSERT_TRUE(pass(std::chrono::seconds(11)));
  EXPECT_FALSE(a.leading() || b.leading());
}

// Somebody else's writes to the object are no renewal.
TEST_F(LeaderElectorTest, OnlyARenewalByOthersOfItsNameCounts) {
  auto a = make("all");
  start(a, "a");
  ASSERT_TRUE(run_until([&] { return a.leading(); }));
  const auto led = clock.steady();
  transport.handler = [this](const net::HttpRequest& request) {
    set_path(server.lease, "metadata.resourceVersion", Json(std::to_string(++server.version)));
    if (request.method == "GET") return server.answer(request);
    return Reply{.status = 409, .body = R"({"kind":"Status","reason":"Conflict","code":409})"};
  };
  ASSERT_TRUE(run_until([&] { return !a.leading(); }));
  EXPECT_LE(clock.steady() - led, std::chrono::seconds(12));
}

TEST_F(LeaderElectorTest, DeletedLeaseIsMadeAgainByTheLeader) {
  auto a = make("a");
  start(a, "a");
  ASSERT_TRUE(run_until([&] { return a.leading(); }));
  server.lease = nullptr;
  ASSERT_TRUE(pass(std::chrono::seconds(5)));
  EXPECT_EQ(server.holder(), "a");
  ASSERT_TRUE(pass(std::chrono::seconds(30)));
  EXPECT_EQ(log, (Log{"+a"}));
}

TEST_F(LeaderElectorTest, CancelledDuringARequestEndsInGoodOrder) {
  server.down = true;
  auto a = make("a");
  boost::asio::cancellation_signal stop;
  bool ended = false;
  auto note = [&ended](std::exception_ptr error) { ended = error == nullptr; };
  boost::asio::co_spawn(io, a.run(nobody), boost::asio::bind_cancellation_slot(stop.slot(), note));
  ASSERT_TRUE(run_until([&] { return transport.requests.size() == 1; }));
  stop.emit(boost::asio::cancellation_type::terminal);
  io.restart();
  io.poll();
  EXPECT_TRUE(ended);
}

}  // namespace
}  // namespace infra::kube
