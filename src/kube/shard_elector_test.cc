#include "kube/shard_elector.h"

#include <gmock/gmock.h>

#include <numeric>
#include <set>

#include "kube/fakes_for_test.h"

namespace infra::kube {
namespace {

using testing::ElementsAre;

constexpr int kShards = 4;

// The part of an API server that holds Leases.
struct LeaseServer {
  std::map<std::string, Json> leases;
  int version = 0;
  bool down = false;

  static Reply refused(int status, const char* reason) {
    return {.status = status,
            .body = std::string(R"({"kind":"Status","reason":")") + reason + "\"}"};
  }
  Reply answer(const net::HttpRequest& request) {
    if (down) return {.hang = true};
    const auto query = request.target.find('?');
    if (query != std::string::npos) return list();
    if (request.method == "POST") return write(*parse_json(request.body));
    const std::string name = request.target.substr(request.target.rfind('/') + 1);
    const auto found = leases.find(name);
    if (found == leases.end()) return refused(404, "NotFound");
    if (request.method == "GET") return {.body = boost::json::serialize(found->second)};
    const Json patch = *parse_json(request.body);
    if (text_at(patch, "metadata.resourceVersion") !=
        text_at(found->second, "metadata.resourceVersion")) {
      return refused(409, "Conflict");
    }
    Json lease = found->second;
    for (const auto& member : patch.at("spec").get_object()) {
      lease.at("spec").get_object()[member.key()] = member.value();
    }
    return write(std::move(lease));
  }
  Reply list() const {
    JsonArray items;
    for (const auto& [name, lease] : leases) items.push_back(lease);
    return {.body = boost::json::serialize(JsonObject{{"items", items}})};
  }
  Reply write(Json lease) {
    set_path(lease, "metadata.resourceVersion", Json(std::to_string(++version)));
    leases[text_at(lease, "metadata.name")] = lease;
    return {.body = boost::json::serialize(lease)};
  }
  std::string holder(int shard) {
    return text_at(leases["op-shard-" + std::to_string(shard)], "spec.holderIdentity");
  }
};

// A replica, and what it works on.
struct Replica {
  Replica(Client& client, Clock& clock, boost::asio::io_context& io, const std::string& name)
      : elector(
            client, clock, [] { return 0.5; },
            {.lease = {.ns = "n", .name = "op", .identity = name + "-process"},
             .shards = kShards,
             .member = name,
             .pod =
                 ObjectReference{
                     .api_version = "v1", .kind = "Pod", .name = name, .uid = "uid-of-" + name}}),
        scope(io.get_executor(), [](std::exception_ptr) { FAIL(); }),
        clock_(clock) {
    elector.start(scope, {.asked = [](const Result<void>&) {},
                          .taken = [this](int shard) { under_way.insert(shard); },
                          .leave = [this](int shard) { return end(shard); },
                          .lost = [this] { lost = true; }});
  }

  Task<void> end(int shard) {
    while (busy) co_await clock_.sleep(Duration{100});
    under_way.erase(shard);
  }

  ShardElector elector;
  TaskScope scope;
  std::set<int> under_way;
  bool busy = false, lost = false;

 private:
  Clock& clock_;
};

class ShardElectorTest : public Bench {
 protected:
  ShardElectorTest() {
    transport.handler = [this](const net::HttpRequest& request) { return server.answer(request); };
  }
  Replica& start(const std::string& name) {
    return replicas.try_emplace(name, client, clock, io, name).first->second;
  }
  void stop(const std::string& name, bool in_order) {
    const auto replica = replicas.find(name);
    bool stopped = false;
    spawn(stop_it(replica->second, in_order, &stopped));
    ASSERT_TRUE(run_until([&] { return stopped; }));
    replicas.erase(replica);
  }
  Task<void> stop_it(Replica& replica, bool in_order, bool* stopped) {
    co_await replica.scope.stop(clock);
    if (in_order) co_await replica.elector.release();
    *stopped = true;
  }
  // Sees at each moment that nobody works on what another works on.
  bool pass(std::chrono::seconds time) {
    const auto end = clock.steady() + time;
    return run_until([&] {
      std::multiset<int> all;
      for (const auto& [name, replica] : replicas) {
        all.insert(replica.under_way.begin(), replica.under_way.end());
      }
      for (int i = 0; i < kShards; ++i) EXPECT_LE(all.count(i), 1u) << "shard " << i;
      return clock.steady() >= end;
    });
  }
  std::vector<int> shares() const {
    std::vector<int> out;
    for (const auto& [name, replica] : replicas) {
      int held = 0;
      for (int i = 0; i < kShards; ++i) held += replica.elector.holds(i) ? 1 : 0;
      out.push_back(held);
    }
    return out;
  }

  LeaseServer server;
  std::map<std::string, Replica> replicas;
};

TEST_F(ShardElectorTest, OneAloneTakesAll) {
  Replica& a = start("a");
  ASSERT_TRUE(pass(std::chrono::seconds(10)));
  EXPECT_THAT(shares(), ElementsAre(kShards));
  EXPECT_TRUE(a.elector.holds(0));
  EXPECT_EQ(server.holder(0), "a-process");
  const Json& member = server.leases["op-member-a"];
  EXPECT_EQ(member.at_pointer("/metadata/ownerReferences/0/uid"), Json("uid-of-a"));
  EXPECT_EQ(member.at_pointer("/metadata/labels").as_object().size(), 1u);
}

TEST_F(ShardElectorTest, ReplicasTakeFairShares) {
  start("a");
  start("b");
  ASSERT_TRUE(pass(std::chrono::seconds(30)));
  EXPECT_THAT(shares(), ElementsAre(2, 2));
  start("c");
  ASSERT_TRUE(pass(std::chrono::seconds(30)));
  EXPECT_THAT(shares(), ElementsAre(2, 1, 1));
  for (const char* name : {"d", "e"}) start(name);
  ASSERT_TRUE(pass(std::chrono::seconds(30)));
  EXPECT_THAT(shares(), ElementsAre(1, 1, 1, 1, 0));
}

TEST_F(ShardElectorTest, WhatIsUnderWayEndsBeforeAnotherBegins) {
  Replica& a = start("a");
  ASSERT_TRUE(pass(std::chrono::seconds(10)));
  a.busy = true;
  Replica& b = start("b");
  ASSERT_TRUE(pass(std::chrono::minutes(2)));
  EXPECT_THAT(shares(), ElementsAre(2, 0)) << "it begins nothing new, and has not ended yet";
  EXPECT_EQ(a.under_way.size(), 4u);
  EXPECT_TRUE(a.elector.in_time()) << "it keeps the leases until then";
  a.busy = false;
  ASSERT_TRUE(pass(std::chrono::seconds(10)));
  EXPECT_THAT(shares(), ElementsAre(2, 2));
  EXPECT_EQ(b.under_way.size(), 2u);
}

TEST_F(ShardElectorTest, ThoseOfALostReplicaMoveWithinTheLease) {
  start("a");
  start("b");
  ASSERT_TRUE(pass(std::chrono::seconds(30)));
  stop("a", false);
  ASSERT_TRUE(pass(std::chrono::seconds(12)));
  EXPECT_THAT(shares(), ElementsAre(2)) << "it may only be slow";
  ASSERT_TRUE(pass(std::chrono::seconds(8)));
  EXPECT_THAT(shares(), ElementsAre(4));
}

TEST_F(ShardElectorTest, WhoStopsInOrderLeavesAtOnce) {
  start("a");
  start("b");
  ASSERT_TRUE(pass(std::chrono::seconds(30)));
  stop("a", true);
  ASSERT_TRUE(pass(std::chrono::seconds(6)));
  EXPECT_THAT(shares(), ElementsAre(4));
}

TEST_F(ShardElectorTest, WithoutTheApiServerNothingGoesOn) {
  Replica& a = start("a");
  ASSERT_TRUE(pass(std::chrono::seconds(10)));
  EXPECT_TRUE(a.elector.in_time());
  server.down = true;
  ASSERT_TRUE(pass(std::chrono::seconds(12)));
  EXPECT_FALSE(a.elector.in_time());
  EXPECT_TRUE(a.lost);
}

TEST(ShardOf, IsTheSameEverywhere) {
  EXPECT_EQ(shard_of("VPC/team/main", 1000), 556);
  EXPECT_EQ(shard_of("SQSQueue/team/orders", 1000), 933);
  EXPECT_EQ(shard_of("VPC/team/main", 1), 0);
  std::vector<int> counts(8);
  for (int i = 0; i < 8000; ++i) ++counts[shard_of("VPC/team/vpc-" + std::to_string(i), 8)];
  for (const int count : counts) EXPECT_NEAR(count, 1000, 150);
}

}  // namespace
}  // namespace infra::kube
