// Our own Kubernetes client, informer, elector and recorder against the fake API server.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>
#include <deque>
#include <memory>
#include <optional>

#include "base/wakeup.h"
#include "kube/client.h"
#include "kube/crd_files.h"
#include "kube/event_recorder.h"
#include "kube/fake_kube.h"
#include "kube/informer.h"
#include "kube/leader_elector.h"

namespace infra::sim {
namespace {

using ::testing::ElementsAre;

class TimelineClock final : public Clock {
 public:
  explicit TimelineClock(Timeline& timeline) : timeline_(timeline) {}
  WallTime wall() const override { return timeline_.wall(); }
  SteadyTime steady() const override { return SteadyTime(timeline_.now()); }

  Task<void> sleep(Duration duration) override {
    auto executor = co_await boost::asio::this_coro::executor;
    Sleeper sleeper(timeline_, executor, duration);
    boost::system::error_code ignored;
    auto token = boost::asio::redirect_error(boost::asio::use_awaitable, ignored);
    co_await sleeper.timer.async_wait(token);
    if (!sleeper.fired) throw boost::system::system_error(boost::asio::error::operation_aborted);
  }

 private:
  // Lives in the frame of the sleeping coroutine.
  struct Sleeper {
    Sleeper(Timeline& time, const boost::asio::any_io_executor& executor, Duration duration)
        : timeline(time), timer(executor, boost::asio::steady_timer::time_point::max()) {
      id = timeline.after(duration, [this] {
        fired = true;
        timer.cancel();
      });
    }
    ~Sleeper() { timeline.cancel(id); }
    Sleeper(const Sleeper&) = delete;
    Sleeper& operator=(const Sleeper&) = delete;
    Timeline& timeline;
    boost::asio::steady_timer timer;
    Timeline::Id id;
    bool fired = false;
  };

  Timeline& timeline_;
};

// Straight into the fake, with a millisecond of way.
class Wire final : public net::HttpTransport {
 public:
  Wire(FakeKube& kube, Clock& clock) : kube_(kube), clock_(clock) {}

  Task<Result<net::HttpResponse>> send(net::HttpRequest request, net::HttpOptions) override {
    co_await clock_.sleep(Duration{1});
    co_return kube_.handle(request);
  }

  Task<Result<net::HttpResponse>> stream(net::HttpRequest request, net::HttpOptions,
                                         ChunkSink sink) override {
    auto open = std::make_shared<Open>();
    FakeKube::Watcher watcher;
    watcher.line = [open](std::string line) {
      open->lines.push_back(std::move(line));
      open->wakeup.notify();
    };
    watcher.end = [open] {
      open->ended = true;
      open->wakeup.notify();
    };
    Line line(kube_);
    if (auto refused = kube_.watch(request, std::move(watcher), &line.id)) co_return *refused;
    while (true) {
      for (; !open->lines.empty(); open->lines.pop_front()) {
        auto taken = sink(open->lines.front());
        if (!taken) co_return std::unexpected(taken.error());
      }
      if (open->ended) break;
      co_await open->wakeup.wait(clock_);
    }
    co_return net::HttpResponse{.status = 200};
  }

 private:
  // Hangs up when the coroutine ends, however it does.
  struct Line {
    explicit Line(FakeKube& server) : kube(server) {}
    ~Line() { kube.unwatch(id); }
    Line(const Line&) = delete;
    Line& operator=(const Line&) = delete;
    FakeKube& kube;
    FakeKube::WatchId id = 0;
  };
  struct Open {
    std::deque<std::string> lines;
    bool ended = false;
    Wakeup wakeup;
  };
  FakeKube& kube_;
  Clock& clock_;
};

Json parsed(std::string_view text) {
  auto json = parse_json(text);
  EXPECT_TRUE(json.has_value()) << text;
  return json ? *json : Json();
}

class KubeClientsTest : public ::testing::Test {
 protected:
  KubeClientsTest()
      : kube(timeline, Random(1, "kube"), {}, schemas()),
        clock(timeline),
        wire(kube, clock),
        client(wire, clock, config()) {
    make(R"({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "team"}})");
  }

  static std::shared_ptr<const KubeSchemas> schemas() {
    static const auto all = kube_schemas(read_crds(INFRA_SOURCE_DIR "/chart/templates/crds"));
    return all;
  }

  static kube::Config config() {
    kube::Config out;
    out.server = {.scheme = "https", .host = "api.test", .port = 6443, .path = "/"};
    return out;
  }

  void make(const std::string& text) {
    const auto made = kube.create(parsed(text), "user");
    EXPECT_TRUE(made) << made.error().message;
  }

  void make_vpc(const std::string& name) {
    make(fmt::format(R"({{"apiVersion": "aws-infra-operator.runner.codes/v1alpha1", "kind": "VPC",
        "metadata": {{"name": "{}", "namespace": "team"}},
        "spec": {{"cidrBlock": "10.0.0.0/16", "providerRef": {{"name": "aws"}}}}}})",
                     name));
  }

  template <class T>
  void spawn(Task<T> task) {
    boost::asio::co_spawn(io, std::move(task), boost::asio::detached);
  }

  void pass(Duration time) {
    const auto until = timeline.now() + time;
    do {
      io.restart();
      io.poll();
    } while (timeline.step(until));
    io.restart();
    io.poll();
  }

  Timeline timeline;
  FakeKube kube;
  TimelineClock clock;
  Wire wire;
  kube::Client client;
  std::optional<kube::EventRecorder> recorder;  // outlives the frames that wait for it
  boost::asio::io_context io;                   // last: what still waits goes first
  const kube::ResourceType vpcs{.group = "aws-infra-operator.runner.codes",
                                .version = "v1alpha1",
                                .plural = "vpcs",
                                .kind = "VPC"};
};

class InformerTest : public KubeClientsTest {
 protected:
  InformerTest() : informer(client, clock, [] { return 0.5; }, vpcs, options()) {
    informer.on_change([this](const kube::Change& change) {
      static const std::vector<std::string> kinds{"added", "modified", "deleted", "written"};
      changes.push_back(kinds[std::size_t(change.kind)] + " " + change.key);
    });
    spawn(informer.run());
  }

  static kube::InformerOptions options() {
    kube::InformerOptions out;
    out.page_size = 2;
    return out;
  }

  void expect_true_copy() {
    const auto truth = kube.all("VPC");
    EXPECT_EQ(informer.size(), truth.size());
    for (const Json* object : truth) {
      const auto copy = informer.get(kube::object_key(*object));
      ASSERT_TRUE(copy) << kube::object_key(*object);
      EXPECT_TRUE(same(*copy, *object)) << kube::object_key(*object);
    }
  }

  kube::Informer informer;
  std::vector<std::string> changes;
};

TEST_F(InformerTest, ListsInPagesAndFollows) {
  for (const char* name : {"a", "b", "c"}) make_vpc(name);
  pass(Duration{1'000});
  EXPECT_TRUE(informer.synced());
  ASSERT_TRUE(kube.remove("VPC", "team", "b", "user"));
  ASSERT_TRUE(
      kube.patch("VPC", "team", "a", parsed(R"({"metadata": {"labels": {"x": "y"}}})"), "user"));
  pass(Duration{1'000});
  EXPECT_THAT(changes, ElementsAre("added team/a", "added team/b", "added team/c", "deleted team/b",
                                   "modified team/a"));
  expect_true_copy();
}

TEST_F(InformerTest, OutlivesRestartsCompactionLagAndDuplicates) {
  kube.set_behaviour({.watch_lag = Duration{3'000},
                      .duplicate_events = 0.3,
                      .history = Duration{20'000},
                      .gone_at_start = 0.5});
  for (int i = 0; i < 300; ++i) {
    const auto name = fmt::format("v{}", i % 20);
    if (kube.find("VPC", "team", name) == nullptr) {
      make_vpc(name);
    } else if (i % 3 == 0) {
      ASSERT_TRUE(kube.remove("VPC", "team", name, "user"));
    } else {
      const auto patch = fmt::format(R"({{"metadata": {{"labels": {{"x": "{}"}}}}}})", i);
      ASSERT_TRUE(kube.patch("VPC", "team", name, parsed(patch), "user"));
    }
    if (i % 50 == 49) kube.end_watches();
    if (i % 70 == 69) kube.compact();
    pass(Duration{700});
  }
  kube.set_behaviour({});
  pass(std::chrono::minutes(1));
  expect_true_copy();
}

TEST_F(KubeClientsTest, ALeaseGoesFromOneToTheNext) {
  kube::LeaseSettings settings;
  settings.ns = "team";
  settings.name = "lease";
  settings.identity = "one";
  kube::LeaderElector one(client, clock, [] { return 0.5; }, settings);
  settings.identity = "two";
  kube::LeaderElector two(client, clock, [] { return 0.5; }, settings);
  const kube::LeaderElector::Handlers nobody{[](const Result<void>&) {}, [] {}, [] {}, [] {}};
  spawn(one.run(nobody));
  pass(Duration{1'000});
  spawn(two.run(nobody));
  pass(std::chrono::minutes(1));
  EXPECT_TRUE(one.leading());
  EXPECT_FALSE(two.leading());
  spawn(one.release());
  pass(Duration{10'000});
  EXPECT_TRUE(two.leading() || one.leading());
  const auto* lease = kube.find("Lease", "team", "lease");
  ASSERT_NE(lease, nullptr);
}

TEST_F(KubeClientsTest, EventsAreWrittenAndCounted) {
  recorder.emplace(client, clock, [] { return 0.25; }, "operator");
  spawn(recorder->run());
  const kube::ObjectReference about{
      .api_version = vpcs.api_version(), .kind = "VPC", .ns = "team", .name = "a", .uid = "u"};
  recorder->record(about, kube::EventType::kNormal, "Made", "it is there");
  pass(Duration{100});
  recorder->record(about, kube::EventType::kNormal, "Made", "it is there");
  pass(Duration{100});
  ASSERT_EQ(kube.all("Event").size(), 1u);
  EXPECT_EQ(kube.all("Event")[0]->at("count").as_int64(), 2);
}

TEST_F(KubeClientsTest, ErrorsHaveTheirCodes) {
  make_vpc("a");
  std::vector<Code> codes;
  const auto ask = [&](Task<Result<Json>> task) {
    boost::asio::co_spawn(io, std::move(task), [&](std::exception_ptr, Result<Json> result) {
      codes.push_back(result ? Code::kInternal : result.error().code);
    });
    pass(Duration{100});
  };
  ask(client.get(vpcs, "team", "b"));
  ask(client.merge_patch(vpcs, "team", "a", parsed(R"({"metadata": {"resourceVersion": "1"}})")));
  ask(client.merge_patch(vpcs, "team", "a", parsed(R"({"spec": {"cidrBlock": "x"}})")));
  ask(client.remove(vpcs, "team", "a", "another"));
  ask(client.list({.group = "g.io", .version = "v1", .plural = "things", .kind = "Thing"}, "", {}));
  EXPECT_THAT(codes, ElementsAre(Code::kNotFound, Code::kConflict, Code::kInvalid, Code::kConflict,
                                 Code::kNotFound));
}

}  // namespace
}  // namespace infra::sim
