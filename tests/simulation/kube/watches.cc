#include "kube/watches.h"

#include <algorithm>
#include <deque>
#include <vector>

namespace infra::sim {
namespace {

constexpr Duration kBookmarkPause{60'000};
constexpr Duration kLastBookmark{2'000};      // before the end
constexpr std::int64_t kShortestLife = 1800;  // seconds, where the client does not say

std::string event_text(std::string_view type, const std::string& object) {
  std::string out = R"({"type":")";
  out += type;
  out += R"(","object":)";
  out += object;
  out += "}\n";
  return out;
}

std::string bookmark_text(const Kind& kind, std::uint64_t number) {
  return event_text("BOOKMARK",
                    boost::json::serialize(JsonObject{
                        {"kind", kind.name},
                        {"apiVersion", kind.api_version()},
                        {"metadata", JsonObject{{"resourceVersion", std::to_string(number)}}}}));
}

}  // namespace

// What is on its way. The text is made when it is due: many a watch ends before.
struct Watches::Line {
  const char* type = "";
  VersionPointer version;
  std::string text = {};  // where there is no version
};

struct Watches::Watch {
  FakeKube::WatchId id = 0;
  const Collection* collection = nullptr;
  Selection selection;
  FakeKube::Watcher watcher;
  std::uint64_t from = 0;  // nothing up to this version is told, be it still to come
  bool bookmarks = false;
  bool closing = false;  // nothing comes any more but the end
  Duration latest{0};    // when the last line on its way is due
  std::deque<Line> lines;
};

Watches::Watches(Timeline& timeline, Random random, Store& store)
    : timeline_(timeline),
      random_(random),
      store_(store),
      self_(std::make_shared<Watches*>(this)) {}

Watches::~Watches() = default;

// Calls back only while this object and the watch are there.
void Watches::at(Watch& watch, Duration when, void (Watches::*action)(Watch&)) {
  timeline_.at(when, [self = std::weak_ptr(self_), id = watch.id, action] {
    const auto alive = self.lock();
    if (!alive) return;
    Watches& watches = **alive;
    const auto found = watches.watches_.find(id);
    if (found == watches.watches_.end()) return;
    const WatchPointer kept = found->second;  // its own callback may end it
    (watches.*action)(*kept);
  });
}

Answer<FakeKube::WatchId> Watches::begin(const KubeRequest& request, Collection& collection,
                                         FakeKube::Watcher watcher) {
  const auto& text = request.option("resourceVersion");
  const auto number = text.empty() ? 0 : whole_number(text);
  if (!number) return unreadable_version(text);
  auto selection = Selection::read(*collection.kind, request.ns, request.option("labelSelector"),
                                   request.option("fieldSelector"));
  if (!selection) return std::unexpected(selection.error());
  const bool too_old = *number != 0 && *number < store_.compacted();
  if (too_old && random_.chance(behaviour.gone_at_start)) {
    return gone("too old resource version: " + text);
  }
  auto watch = std::make_shared<Watch>();
  watch->id = ++last_id_;
  watch->collection = &collection;
  watch->selection = std::move(*selection);
  watch->watcher = std::move(watcher);
  watch->latest = timeline_.now();
  watch->from = *number;
  watch->bookmarks = request.flag("allowWatchBookmarks");
  watches_.emplace(watch->id, watch);
  if (too_old) {
    tell_too_old(*watch, *number);
    return watch->id;
  }
  if (*number == 0) {
    tell_state(*watch, text.empty() ? store_.current()
                                    : store_.current_at(timeline_.now() - behaviour.stale_view));
  } else {
    tell_changes_after(*watch, *number);
  }
  schedule_end(*watch, request);
  return watch->id;
}

void Watches::schedule_end(Watch& watch, const KubeRequest& request) {
  const auto asked = whole_number(request.option("timeoutSeconds")).value_or(0);
  const auto life =
      asked != 0 ? std::int64_t(asked) : random_.between(kShortestLife, 2 * kShortestLife);
  const Duration end = timeline_.now() + std::chrono::seconds(life);
  at(watch, end, &Watches::finish);
  if (!watch.bookmarks) return;
  at(watch, timeline_.now() + kBookmarkPause, &Watches::bookmark);
  const Duration last = end - kLastBookmark;
  if (last > timeline_.now()) at(watch, last, &Watches::tell_bookmark);
}

void Watches::tell_state(Watch& watch, std::uint64_t number) {
  auto& collection = const_cast<Collection&>(*watch.collection);
  for (const auto& [key, version] : store_.view(collection, number)) {
    if (watch.selection.matches(version->object())) {
      send(watch, {.type = "ADDED", .version = version});
    }
  }
  tell_changes_after(watch, number);
}

void Watches::tell_changes_after(Watch& watch, std::uint64_t number) {
  const auto& changes = watch.collection->changes;
  const auto first = std::ranges::upper_bound(changes, number, {}, &Change::number);
  for (auto change = first; change != changes.end(); ++change) {
    if (auto line = line_of(watch, *change)) send(watch, std::move(*line));
  }
}

// The server has begun to answer when it finds out, so that the refusal is an event.
void Watches::tell_too_old(Watch& watch, std::uint64_t number) {
  const auto refusal = gone("too old resource version: " + std::to_string(number) + " (" +
                            std::to_string(store_.compacted()) + ")");
  send(watch, {.text = event_text("ERROR", boost::json::serialize(refusal.error().body()))});
  at(watch, watch.latest, &Watches::finish);
}

// What a change is to those who see only the selected objects.
std::optional<Watches::Line> Watches::line_of(const Watch& watch, const Change& change) const {
  const bool was = change.before != nullptr && watch.selection.matches(change.before->object());
  const bool is = change.after != nullptr && watch.selection.matches(change.after->object());
  if (is) return Line{.type = was ? "MODIFIED" : "ADDED", .version = change.after};
  if (!was) return std::nullopt;
  if (change.last != nullptr) return Line{.type = "DELETED", .version = change.last};
  // It is still there, but no longer selected: told as it was, under the number of the change.
  Json object = change.before->object();
  set_path(object, "metadata.resourceVersion", Json(std::to_string(change.number)));
  return Line{.type = "DELETED",
              .version = std::make_shared<const Version>(change.number, std::move(object))};
}

void Watches::tell(const Collection& collection, const Change& change) {
  for (const auto& [id, watch] : watches_) {
    if (watch->collection != &collection || watch->closing) continue;
    if (change.number <= watch->from) continue;
    auto line = line_of(*watch, change);
    if (!line) continue;
    if (behaviour.duplicate_events > 0 && random_.chance(behaviour.duplicate_events)) {
      send(*watch, *line);
    }
    send(*watch, std::move(*line));
  }
}

void Watches::send(Watch& watch, Line line) {
  Duration lag{0};
  if (behaviour.watch_lag > Duration{0}) {
    lag = random_.delay(behaviour.watch_lag / 4, behaviour.watch_lag);
  }
  watch.latest = std::max(watch.latest, timeline_.now() + lag);
  watch.lines.push_back(std::move(line));
  at(watch, watch.latest, &Watches::deliver);
}

void Watches::deliver(Watch& watch) {
  if (watch.closing || watch.lines.empty()) return;
  Line line = std::move(watch.lines.front());
  watch.lines.pop_front();
  auto text =
      line.version == nullptr ? std::move(line.text) : event_text(line.type, line.version->text());
  watch.watcher.line(std::move(text));
}

// Queued behind what is on its way, so that it never runs ahead of an event.
void Watches::tell_bookmark(Watch& watch) {
  if (watch.closing || !behaviour.bookmarks || store_.current() < watch.from) return;
  send(watch, {.text = bookmark_text(*watch.collection->kind, store_.current())});
}

void Watches::bookmark(Watch& watch) {
  tell_bookmark(watch);
  at(watch, timeline_.now() + kBookmarkPause, &Watches::bookmark);
}

void Watches::finish(Watch& watch) {
  const WatchPointer kept = watches_.at(watch.id);
  watches_.erase(kept->id);
  if (kept->watcher.end) kept->watcher.end();
}

void Watches::end(FakeKube::WatchId id) { watches_.erase(id); }

void Watches::end_all() {
  for (const auto& [id, watch] : watches_) {
    if (std::exchange(watch->closing, true)) continue;
    at(*watch, timeline_.now(), &Watches::finish);
  }
}

}  // namespace infra::sim
