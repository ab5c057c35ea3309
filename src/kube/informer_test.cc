#include "kube/informer.h"

#include "kube/fakes_for_test.h"

namespace infra::kube {
namespace {

std::string object(std::string name, int version, std::string uid = "") {
  return R"({"kind":"Widget","metadata":{"namespace":"n","name":")" + name + R"(","uid":")" +
         (uid.empty() ? "u-" + name : uid) + R"(","resourceVersion":")" + std::to_string(version) +
         R"(","managedFields":[{"manager":"x"}]}})";
}

std::string page(std::vector<std::string> items, int version, std::string next = "") {
  std::string out = R"({"metadata":{"resourceVersion":")" + std::to_string(version) +
                    R"(","continue":")" + next + R"("},"items":[)";
  for (std::size_t i = 0; i < items.size(); ++i) out += (i == 0 ? "" : ",") + items[i];
  return out + "]}";
}

std::string event(std::string type, std::string what) {
  return R"({"type":")" + type + R"(","object":)" + what + "}\n";
}

const std::string kGone =
    R"({"type":"ERROR","object":{"kind":"Status","code":410,"reason":"Expired"}})"
    "\n";

class InformerTest : public Bench {
 protected:
  InformerTest() : informer(client, clock, [] { return 0.5; }, widgets) {
    informer.on_change([this](const Change& change) {
      static const char* const kNames[] = {"+", "~", "-", "w"};
      log.push_back(kNames[int(change.kind)] + change.key);
    });
    informer.on_error([this](const Error& error) { errors.push_back(error.code); });
    informer.on_recovered([this] { ++recoveries; });
  }
  // Runs until the transport has been asked this often.
  void play(std::vector<Reply> replies) {
    const std::size_t last = transport.requests.size() + replies.size() + 1;
    transport.script(std::move(replies));
    if (!started) spawn(informer.run());
    started = true;
    EXPECT_TRUE(run_until([&] { return transport.requests.size() >= last; }));
  }
  bool asked_from(std::size_t index, const std::string& version) const {
    return transport.requests.at(index).target.find("resourceVersion=" + version) !=
           std::string::npos;
  }

  Informer informer;
  std::vector<std::string> log;
  std::vector<Code> errors;
  int recoveries = 0;
  bool started = false;
};

using Log = std::vector<std::string>;

TEST_F(InformerTest, ListsPagesThenWatchesFromThere) {
  play({{.body = page({object("a", 1)}, 10, "next")},
        {.body = page({object("b", 2)}, 10)},
        {.chunks = {event("MODIFIED", object("a", 11)) + event("DELETED", object("b", 12)) +
                    event("BOOKMARK", R"({"metadata":{"resourceVersion":"20"}})")}}});
  EXPECT_TRUE(informer.synced());
  EXPECT_EQ(log, (Log{"+n/a", "+n/b", "~n/a", "-n/b"}));
  EXPECT_NE(transport.requests[1].target.find("continue=next"), std::string::npos);
  EXPECT_TRUE(asked_from(2, "10"));
  EXPECT_TRUE(asked_from(3, "20"));  // the bookmark
  EXPECT_EQ(informer.bytes("n/a")->find("managedFields"), std::string::npos);
  EXPECT_EQ(informer.get("n/b").error().code, Code::kNotFound);
  EXPECT_EQ(text_at(*informer.get("n/a"), "metadata.resourceVersion"), "11");
}

TEST_F(InformerTest, GoneMeansListAgainAndReportWhatVanished) {
  play({{.body = page({object("a", 1), object("b", 2)}, 10)},
        {.chunks = {kGone}},
        {.body = page({object("b", 2), object("c", 30)}, 30)}});
  EXPECT_EQ(log, (Log{"+n/a", "+n/b", "+n/c", "-n/a"}));
  EXPECT_TRUE(asked_from(3, "30"));
}

TEST_F(InformerTest, ExpiredPageStartsTheListAgain) {
  play({{.body = page({object("a", 1)}, 10, "next")},
        {.status = 410, .body = R"({"kind":"Status","reason":"Expired","code":410})"},
        {.body = page({object("b", 12)}, 12)}});
  EXPECT_EQ(log, (Log{"+n/a", "+n/b", "-n/a"}));
  EXPECT_EQ(transport.requests[2].target.find("continue="), std::string::npos);
}

TEST_F(InformerTest, BrokenStreamIsContinuedWithoutListing) {
  play({{.body = page({}, 10)},
        {.chunks = {event("ADDED", object("a", 11))},
         .error = Error{.code = Code::kUnavailable, .message = "broken"}},
        {.chunks = {event("ADDED", object("a", 11)), event("ADDED", object("b", 12))}}});
  EXPECT_EQ(log, (Log{"+n/a", "+n/b"}));  // the repeated event is no change
  EXPECT_TRUE(asked_from(2, "11"));
  EXPECT_TRUE(asked_from(3, "12"));
  EXPECT_EQ(informer.stats().lists, 1u);
}

TEST_F(InformerTest, MadeAgainUnderTheSameName) {
  play({{.body = page({object("a", 1, "u1")}, 10)},
        {.chunks = {kGone}},
        {.body = page({object("a", 20, "u2")}, 30)}});
  EXPECT_EQ(log, (Log{"+n/a", "-n/a", "+n/a"}));
}

TEST_F(InformerTest, OwnWritesShowAtOnceAndAreNotRepeated) {
  play({{.body = page({object("a", 1)}, 10)}});
  informer.note_written(*parse_json(object("a", 15)));
  EXPECT_EQ(text_at(*informer.get("n/a"), "metadata.resourceVersion"), "15");
  informer.note_written(*parse_json(object("a", 14)));        // an answer overtaken by another
  informer.note_written(*parse_json(object("deleted", 9)));   // the watch is past it
  informer.note_written(*parse_json(object("a", 99, "u9")));  // another object
  EXPECT_EQ(log, (Log{"+n/a", "wn/a"}));
}

TEST_F(InformerTest, LateEventDoesNotReplaceOwnWrite) {
  transport.script({{.body = page({object("a", 1)}, 10)},
                    {.delay = std::chrono::seconds(60)},
                    {.chunks = {event("MODIFIED", object("a", 12))}}});
  spawn(informer.run());
  ASSERT_TRUE(run_until([&] { return transport.requests.size() == 2; }));
  informer.note_written(*parse_json(object("a", 15)));
  ASSERT_TRUE(run_until([&] { return transport.requests.size() == 4; }));
  EXPECT_EQ(text_at(*informer.get("n/a"), "metadata.resourceVersion"), "15");
  EXPECT_EQ(log, (Log{"+n/a", "wn/a"}));
}

TEST_F(InformerTest, WhatIsWrittenDuringAListGoesIfTheListHasItNot) {
  const std::vector<Reply> replies{{.body = page({object("a", 1), object("b", 2)}, 10)},
                                   {.chunks = {kGone}},
                                   {.body = page({}, 15, "next")},
                                   {.body = page({}, 15)},
                                   {.hang = true}};
  transport.handler = [&](const net::HttpRequest&) {
    const std::size_t asked = transport.requests.size();
    if (asked == 4) {
      informer.note_written(*parse_json(object("a", 15)));  // our last: with it, it has gone
      informer.note_written(*parse_json(object("b", 16)));  // after the list
    }
    return replies.at(asked - 1);
  };
  spawn(informer.run());
  EXPECT_TRUE(run_until([&] { return transport.requests.size() == replies.size(); }));
  EXPECT_EQ(log, (Log{"+n/a", "+n/b", "wn/a", "wn/b", "-n/a"}));
}

TEST_F(InformerTest, EndsWhenCancelled) {
  transport.script({{.body = page({object("a", 1)}, 10)}});
  boost::asio::cancellation_signal stop;
  bool ended = false;
  auto note = [&ended](std::exception_ptr error) { ended = error == nullptr; };
  boost::asio::co_spawn(io, informer.run(), boost::asio::bind_cancellation_slot(stop.slot(), note));
  ASSERT_TRUE(run_until([&] { return transport.requests.size() == 2; }));
  stop.emit(boost::asio::cancellation_type::terminal);
  io.restart();
  io.poll();
  EXPECT_TRUE(ended);
}

TEST_F(InformerTest, ServerErrorsAreRetriedWithGrowingPauses) {
  std::vector<Reply> replies(
      6, Reply{.error = Error{.code = Code::kUnavailable, .message = "refused"}});
  replies.push_back({.body = page({object("a", 1)}, 10)});
  const auto before = clock.steady();
  play(replies);
  EXPECT_TRUE(informer.synced());
  EXPECT_GT(clock.steady() - before, std::chrono::seconds(4));
  EXPECT_EQ(informer.stats().failures, 6u);
  EXPECT_EQ(errors, std::vector<Code>(6, Code::kUnavailable));
}

// A watch that is granted again says nothing for as long as nothing happens.
TEST_F(InformerTest, WhatWasTakenAwayIsListedUntilItIsBack) {
  const Reply denied{.status = 403, .body = R"({"kind":"Status","reason":"Forbidden","code":403})"};
  play({{.body = page({object("a", 1)}, 10)}, denied, denied});
  EXPECT_EQ(errors, (std::vector<Code>{Code::kDenied, Code::kDenied}));
  EXPECT_EQ(recoveries, 0);
  EXPECT_EQ(transport.requests[2].target.find("watch="), std::string::npos);
  play({{.body = page({object("a", 1)}, 20)}});
  EXPECT_EQ(recoveries, 1);
  EXPECT_NE(transport.requests.back().target.find("resourceVersion=20"), std::string::npos);
  EXPECT_EQ(log, (Log{"+n/a"}));
}

TEST_F(InformerTest, AnEventTellsThatTheServerIsBack) {
  play({{.body = page({}, 10)},
        {.error = Error{.code = Code::kUnavailable, .message = "broken"}},
        {.chunks = {event("ADDED", object("a", 11)), event("ADDED", object("b", 12))}}});
  EXPECT_EQ(errors, std::vector<Code>{Code::kUnavailable});
  EXPECT_EQ(recoveries, 1);
}

TEST_F(InformerTest, FirstPauseIsShort) {
  const auto before = clock.steady();
  play({{.error = Error{.code = Code::kUnavailable, .message = "refused"}},
        {.body = page({object("a", 1)}, 10)}});
  EXPECT_LE(clock.steady() - before, Duration{100});
}

TEST_F(InformerTest, WaitsAsLongAsTheServerAsks) {
  const auto before = clock.steady();
  play({{.body = page({}, 10)}, {.status = 429, .headers = {{"Retry-After", "7"}}}});
  EXPECT_GE(clock.steady() - before, std::chrono::seconds(7));
  EXPECT_LE(clock.steady() - before, std::chrono::seconds(9));
}

TEST_F(InformerTest, RoutineFailuresAreNotReported) {
  play({{.body = page({}, 10)},
        {.chunks = {kGone}},
        {.body = page({}, 20)},
        {.status = 410, .body = R"({"kind":"Status","reason":"Expired","code":410})"},
        {.body = page({}, 30)}});
  EXPECT_EQ(informer.stats().failures, 2u);
  EXPECT_EQ(errors, std::vector<Code>{});
}

TEST_F(InformerTest, ThrottlingThatLastsIsReported) {
  std::vector<Reply> replies(4, Reply{.status = 429});
  replies.insert(replies.begin(), {.body = page({}, 10)});
  play(replies);
  EXPECT_EQ(informer.stats().failures, 4u);
  EXPECT_EQ(errors, std::vector<Code>(2, Code::kThrottled));
}

TEST_F(InformerTest, HalfALineAtTheEndIsAskedForAgain) {
  const auto second = event("ADDED", object("b", 12));
  play({{.body = page({}, 10)},
        {.chunks = {event("ADDED", object("a", 11)) + second.substr(0, second.size() / 2)}},
        {.chunks = {second}}});
  EXPECT_EQ(log, (Log{"+n/a", "+n/b"}));
  EXPECT_TRUE(asked_from(2, "11"));
  EXPECT_TRUE(asked_from(3, "12"));
  EXPECT_EQ(errors, std::vector<Code>{});
}

TEST_F(InformerTest, LargeObjectsComeInPieces) {
  Json large = *parse_json(object("a", 11));
  set_path(large, "spec.text", Json(std::string(3u << 20, 'x')));
  const auto line = event("ADDED", boost::json::serialize(large));
  std::vector<std::string> pieces;
  for (std::size_t at = 0; at < line.size(); at += 16'384) {
    pieces.push_back(line.substr(at, 16'384));
  }
  play({{.body = page({}, 10)}, {.chunks = pieces}});
  EXPECT_EQ(log, (Log{"+n/a"}));
  EXPECT_EQ(text_at(*informer.get("n/a"), "spec.text").size(), 3u << 20);
}

TEST_F(InformerTest, BookmarksAloneChangeNothingButThePosition) {
  const auto bookmark = [](int version) {
    return event("BOOKMARK",
                 R"({"metadata":{"resourceVersion":")" + std::to_string(version) + R"("}})");
  };
  play({{.body = page({object("a", 1)}, 10)},
        {.chunks = {bookmark(20), bookmark(30)}},
        {.chunks = {bookmark(40)}}});
  EXPECT_EQ(log, (Log{"+n/a"}));
  EXPECT_TRUE(asked_from(2, "30"));
  EXPECT_TRUE(asked_from(3, "40"));
  EXPECT_EQ(informer.stats().events, 0u);
  EXPECT_EQ(informer.stats().lists, 1u);
}

TEST_F(InformerTest, RestartedServerIsWatchedOnWithoutListing) {
  std::vector<Reply> replies(
      5, Reply{.error = Error{.code = Code::kUnavailable, .message = "refused"}});
  replies.insert(replies.begin(), {{.body = page({object("a", 1)}, 10)},
                                   {.chunks = {event("MODIFIED", object("a", 11))}}});
  replies.push_back({.chunks = {event("ADDED", object("b", 12))}});
  play(replies);
  EXPECT_EQ(log, (Log{"+n/a", "~n/a", "+n/b"}));
  EXPECT_EQ(informer.stats().lists, 1u);
  for (std::size_t i = 2; i < 8; ++i) EXPECT_TRUE(asked_from(i, "11")) << i;
}

}  // namespace
}  // namespace infra::kube
