#include "operator/dispatcher.h"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <sstream>

#include "base/clock_for_test.h"

namespace infra {
namespace {

class DispatcherTest : public ::testing::Test {
 protected:
  DispatcherTest() { boost::asio::co_spawn(io, dispatcher.run(), boost::asio::detached); }

  // A reconcile that ends when the test says so.
  Dispatcher::Reconcile waits_for_the_test(Next next) {
    return [this, next](std::string key, Dispatcher::Lane) {
      return wait_and_say(std::move(key), next);
    };
  }
  Task<Next> wait_and_say(std::string key, Next next) {
    begun.push_back(key);
    Wakeup& go_on = gates[key];
    co_await go_on.wait(clock);
    co_return next;
  }
  Task<Next> note_and_say(std::string what, Next next) {
    begun.push_back(std::move(what));
    co_return next;
  }
  Task<Next> throws(std::string) {
    ++thrown;
    throw std::runtime_error("a bug");
    co_return Next::forget();
  }
  Task<void> look_idle(Duration limit) { idle = co_await dispatcher.wait_idle(limit); }

  void poll() {
    io.restart();
    io.poll();
  }
  void end(const std::string& key) {
    gates[key].notify();
    poll();
  }
  void advance(Duration time) {
    clock.advance(time);
    poll();
  }

  // With one place for checks.
  void handle(const std::string& kind, Dispatcher::Reconcile reconcile) {
    dispatcher.handle(kind, std::move(reconcile), 1);
  }

  HandClock clock;
  boost::asio::io_context io;
  telemetry::Metrics metrics{{.version = "test", .revision = ""}};
  std::ostringstream out;
  telemetry::Logger log{out, telemetry::Level::kInfo, telemetry::Format::kJson, clock};
  double random = 0.5;
  Dispatcher dispatcher{
      clock, [this] { return random; }, {.most_at_once = 2, .jitter = 0.2}, metrics, log};
  std::vector<std::string> begun;
  std::map<std::string, Wakeup> gates;
  int thrown = 0;
  std::optional<bool> idle;
};

TEST_F(DispatcherTest, RunsSoManyAtATime) {
  handle("VPC", waits_for_the_test(Next::forget()));
  for (const char* name : {"a", "b", "c"})
    dispatcher.add(queue_key("VPC", std::string("n/") + name));
  poll();
  EXPECT_EQ(begun, (std::vector<std::string>{"n/a", "n/b"}));
  end("n/a");
  EXPECT_EQ(begun, (std::vector<std::string>{"n/a", "n/b", "n/c"}));
}

TEST_F(DispatcherTest, AnEditDuringAReconcileComesAfterIt) {
  handle("VPC", waits_for_the_test(Next::check(std::chrono::hours(1))));
  dispatcher.add("VPC/n/a");
  poll();
  dispatcher.add("VPC/n/a");
  poll();
  EXPECT_EQ(begun.size(), 1u);
  end("n/a");
  EXPECT_EQ(begun.size(), 2u);
}

TEST_F(DispatcherTest, ALookThatIsAskedForComesAfterEdits) {
  handle("VPC", waits_for_the_test(Next::forget()));
  dispatcher.add_look("VPC/n/later", Duration{3'000});
  for (const char* name : {"a", "b", "c"}) {
    dispatcher.add_look(queue_key("VPC", std::string("n/") + name), Duration{0});
  }
  dispatcher.add("VPC/n/edited");
  poll();
  EXPECT_EQ(begun, (std::vector<std::string>{"n/edited", "n/a"}));
  end("n/edited");
  end("n/a");
  end("n/b");
  end("n/c");
  EXPECT_EQ(begun.size(), 4u);
  advance(Duration{3'000});
  EXPECT_EQ(begun.back(), "n/later");
}

TEST_F(DispatcherTest, AKindHoldsUpNoOther) {
  for (const char* kind : {"RDSInstance", "VPC"}) {
    handle(kind, waits_for_the_test(Next::forget()));
  }
  for (const char* name : {"a", "b", "c"}) {
    dispatcher.add(queue_key("RDSInstance", std::string("slow/") + name));
  }
  dispatcher.add(queue_key("VPC", "n/a"));
  poll();
  EXPECT_EQ(begun, (std::vector<std::string>{"slow/a", "slow/b", "n/a"}));
}

TEST_F(DispatcherTest, ChecksAndAllElseHavePlacesOfTheirOwn) {
  handle("VPC", waits_for_the_test(Next::forget()));
  for (const char* name : {"a", "b", "c"})
    dispatcher.add(queue_key("VPC", std::string("n/") + name));
  for (const char* name : {"x", "y"}) {
    dispatcher.add_look(queue_key("VPC", std::string("n/") + name), Duration{0});
  }
  poll();
  EXPECT_EQ(begun, (std::vector<std::string>{"n/a", "n/b", "n/x"}));
  end("n/x");
  EXPECT_EQ(begun.back(), "n/y");
  end("n/a");
  EXPECT_EQ(begun.back(), "n/c");
}

TEST_F(DispatcherTest, ASettledKeyIsLookedAtAgain) {
  handle("VPC", waits_for_the_test(Next::check(Duration{60'000})));
  dispatcher.add("VPC/n/a");
  poll();
  end("n/a");
  advance(Duration{59'000});
  EXPECT_EQ(begun.size(), 1u);
  advance(Duration{2'000});
  EXPECT_EQ(begun.size(), 2u);
}

TEST_F(DispatcherTest, ALookComesSoonerOrLaterByTheJitter) {
  handle("VPC", waits_for_the_test(Next::check(Duration{100'000})));
  dispatcher.add("VPC/n/a");
  poll();
  random = 0;
  end("n/a");
  advance(Duration{79'000});
  EXPECT_EQ(begun.size(), 1u);
  advance(Duration{2'000});
  EXPECT_EQ(begun.size(), 2u);
  random = 1;
  end("n/a");
  advance(Duration{119'000});
  EXPECT_EQ(begun.size(), 2u);
  advance(Duration{5'000});  // the next moment at which checks line up
  EXPECT_EQ(begun.size(), 3u);
}

TEST_F(DispatcherTest, ChecksLineUpKindByKind) {
  for (const char* kind : {"VPC", "Subnet"}) {
    handle(kind, [this, kind](const std::string& name, Dispatcher::Lane) {
      return note_and_say(kind + name.substr(1), Next::check(Duration{100'000}));
    });
  }
  for (const char* key : {"VPC/n/a", "Subnet/n/b", "VPC/n/c", "Subnet/n/d"}) {
    advance(Duration{700});
    dispatcher.add(key);
    poll();
  }
  begun.clear();
  advance(Duration{98'000});
  EXPECT_TRUE(begun.empty()) << "the first is to wait for the others";
  advance(Duration{5'000});
  EXPECT_EQ(begun, (std::vector<std::string>{"Subnet/b", "Subnet/d", "VPC/a", "VPC/c"}));
}

TEST_F(DispatcherTest, ALookMayHaveAJitterOfItsOwn) {
  handle("VPC", waits_for_the_test(Next::check(Duration{100'000}, 0.5)));
  dispatcher.add("VPC/n/a");
  poll();
  random = 0;
  end("n/a");
  advance(Duration{49'000});
  EXPECT_EQ(begun.size(), 1u);
  advance(Duration{2'000});
  EXPECT_EQ(begun.size(), 2u);
}

TEST_F(DispatcherTest, AForgottenKeyDoesNotComeBack) {
  handle("VPC", waits_for_the_test(Next::forget()));
  dispatcher.add("VPC/n/a");
  poll();
  end("n/a");
  advance(std::chrono::hours(100));
  EXPECT_EQ(begun.size(), 1u);
}

TEST_F(DispatcherTest, AnExceptionIsLoggedAndTheKeyComesBack) {
  handle("VPC", [this](std::string key, Dispatcher::Lane) { return throws(std::move(key)); });
  dispatcher.add("VPC/n/a");
  poll();
  EXPECT_EQ(thrown, 1);
  EXPECT_NE(out.str().find("a bug"), std::string::npos);
  advance(Duration{2'000});
  EXPECT_EQ(thrown, 2);
}

TEST_F(DispatcherTest, AStoppedOneTakesNothingMoreAndWaitsForWhatRuns) {
  handle("VPC", waits_for_the_test(Next::forget()));
  dispatcher.add("VPC/n/a");
  poll();
  dispatcher.stop();
  dispatcher.add("VPC/n/b");
  boost::asio::co_spawn(io, look_idle(Duration{5'000}), boost::asio::detached);
  poll();
  EXPECT_EQ(begun.size(), 1u);
  EXPECT_FALSE(idle);
  end("n/a");
  advance(Duration{10});
  EXPECT_EQ(idle, true);
}

TEST_F(DispatcherTest, WaitingForWhatRunsHasAnEnd) {
  handle("VPC", waits_for_the_test(Next::forget()));
  dispatcher.add("VPC/n/a");
  poll();
  dispatcher.stop();
  boost::asio::co_spawn(io, look_idle(Duration{20}), boost::asio::detached);
  poll();
  advance(Duration{20});
  EXPECT_EQ(idle, false);
}

TEST_F(DispatcherTest, DepthCountsWhatIsDueAndWaits) {
  handle("VPC", waits_for_the_test(Next::check(std::chrono::hours(1))));
  for (const char* name : {"a", "b", "c"})
    dispatcher.add(queue_key("VPC", std::string("n/") + name));
  poll();
  dispatcher.refresh_metrics();
  EXPECT_EQ(metrics.workqueue_depth.with({"VPC"}).value(), 1);
  EXPECT_EQ(metrics.workqueue_adds.with({"VPC"}).value(), 3);
}

}  // namespace
}  // namespace infra
