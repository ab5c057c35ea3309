#include "kube/event_recorder.h"

#include "kube/fakes_for_test.h"

namespace infra::kube {
namespace {

class EventRecorderTest : public Bench {
 protected:
  EventRecorderTest() : recorder(client, clock, [] { return 0.25; }) {}
  void record(std::string message) {
    recorder.record({"test.io/v1", "Widget", "n", "w", "u"}, EventType::kWarning, "Failed",
                    std::move(message));
  }
  EventRecorder recorder;
};

TEST_F(EventRecorderTest, SameEventsBecomeOneWithACount) {
  transport.handler = [](const net::HttpRequest&) { return Reply{.body = "{}"}; };
  spawn(recorder.run());
  record("x");
  record("x");
  run_until([&] { return recorder.stats().written == 1; });
  ASSERT_EQ(transport.requests.size(), 1u);
  const Json made = *parse_json(transport.requests[0].body);
  EXPECT_EQ(made.at("count").as_int64(), 2);
  EXPECT_EQ(text_at(made, "involvedObject.uid"), "u");
  EXPECT_EQ(text_at(made, "source.component"), "infra-operator");
  record("x");
  run_until([&] { return recorder.stats().written == 2; });
  ASSERT_EQ(transport.requests.size(), 2u);
  EXPECT_EQ(transport.requests[1].method, "PATCH");
  EXPECT_EQ(parse_json(transport.requests[1].body)->at("count").as_int64(), 3);
}

TEST_F(EventRecorderTest, ExpiredEventIsMadeAgain) {
  transport.script({{.body = "{}"}, {.status = 404}, {.body = "{}"}});
  spawn(recorder.run());
  record("x");
  run_until([&] { return recorder.stats().written == 1; });
  record("x");
  run_until([&] { return recorder.stats().written == 2; });
  EXPECT_EQ(transport.requests.back().method, "POST");
}

TEST_F(EventRecorderTest, AnEventWhoseAnswerWasLostIsNotMadeTwice) {
  transport.script({{.status = 500}, {.body = "{}"}});
  spawn(recorder.run());
  record("x");
  run_until([&] { return recorder.stats().written == 1; });
  ASSERT_EQ(transport.requests.size(), 2u);
  EXPECT_EQ(transport.requests[1].method, "PATCH");
  EXPECT_EQ(parse_json(transport.requests[1].body)->at("count").as_int64(), 1);
}

TEST_F(EventRecorderTest, AnEventThatNeverArrivedIsMadeAgain) {
  transport.script({{.status = 500}, {.status = 404}, {.body = "{}"}});
  spawn(recorder.run());
  record("x");
  run_until([&] { return recorder.stats().written == 1; });
  EXPECT_EQ(transport.requests.back().method, "POST");
}

TEST_F(EventRecorderTest, RefusedAndOverflowingEventsAreDropped) {
  transport.handler = [](const net::HttpRequest&) { return Reply{.status = 403}; };
  for (int i = 0; i < 1005; ++i) record(std::to_string(i));
  EXPECT_EQ(recorder.queued(), 1000u);
  EXPECT_EQ(recorder.stats().dropped, 5u);
  spawn(recorder.run());
  run_until([&] { return recorder.queued() == 0; });
  EXPECT_EQ(recorder.stats().dropped, 1005u);
}

TEST_F(EventRecorderTest, LongMessagesAreCutBetweenCharacters) {
  transport.handler = [](const net::HttpRequest&) { return Reply{.body = "{}"}; };
  std::string text(1020, 'x');
  for (int i = 0; i < 10; ++i) text += "\xC3\xA4";
  spawn(recorder.run());
  record(text);
  run_until([&] { return recorder.stats().written == 1; });
  const auto message = text_at(*parse_json(transport.requests.at(0).body), "message");
  EXPECT_LE(message.size(), 1024u);
  EXPECT_TRUE(message.ends_with("x..."));
}

class DrainTest : public EventRecorderTest {
 protected:
  static Task<void> note_end(Task<void> task, bool* ended) {
    co_await std::move(task);
    *ended = true;
  }
  void drain(Duration limit) { spawn(note_end(recorder.drain(limit), &drained)); }
  bool drained = false;
};

TEST_F(DrainTest, WaitsUntilAllIsWritten) {
  transport.handler = [](const net::HttpRequest&) {
    return Reply{.body = "{}", .delay = Duration{400}};
  };
  spawn(recorder.run());
  record("x");
  record("y");
  const auto before = clock.steady();
  drain(Duration{5'000});
  ASSERT_TRUE(run_until([&] { return drained; }));
  EXPECT_EQ(recorder.stats().written, 2u);
  EXPECT_GE(clock.steady() - before, Duration{800});
  EXPECT_LE(clock.steady() - before, Duration{900});
}

TEST_F(DrainTest, EndsAtOnceWithNothingToWrite) {
  spawn(recorder.run());
  const auto before = clock.steady();
  drain(Duration{5'000});
  ASSERT_TRUE(run_until([&] { return drained; }));
  EXPECT_EQ(clock.steady(), before);
}

TEST_F(DrainTest, WaitsNoLongerThanAllowed) {
  transport.script({});  // hangs
  spawn(recorder.run());
  record("x");
  const auto before = clock.steady();
  drain(Duration{2'000});
  ASSERT_TRUE(run_until([&] { return drained; }));
  EXPECT_EQ(recorder.stats().written, 0u);
  EXPECT_GE(clock.steady() - before, Duration{2'000});
  EXPECT_LE(clock.steady() - before, Duration{2'100});
}

}  // namespace
}  // namespace infra::kube
