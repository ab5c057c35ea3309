#include "kube/informer.h"

#include <algorithm>
#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>
#include <charconv>
#include <optional>
#include <utility>

namespace infra::kube {
namespace {

constexpr int kThrottledInARow = 3;  // less often is nothing that anybody has to know
constexpr Duration kFirstPause{100};
// A server that is back is noticed this soon; a list costs it little beside that.
constexpr Duration kLongestPause{10'000};

constexpr std::string_view kLastApplied = "kubectl.kubernetes.io/last-applied-configuration";

std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// Versions that are no numbers cannot be ordered: then the later arrival counts as newer.
bool not_newer(std::string_view version, std::string_view than) {
  const auto a = number(version);
  const auto b = number(than);
  if (!a || !b) return version == than;
  return *a <= *b;
}

// The items of a list of built-in types do not say what they are.
Json typed(Json item, const ResourceType& type) {
  if (item.is_object() && !item.get_object().contains("kind")) {
    item.get_object()["apiVersion"] = type.api_version();
    item.get_object()["kind"] = type.kind;
  }
  return item;
}

// A version that is too old; or a type that is out of reach, where a list tells when it no longer
// is: a watch that is granted again may be silent for minutes.
bool needs_list(const Error& error) {
  return error.code == Code::kExpired || error.code == Code::kDenied ||
         error.code == Code::kNotFound;
}

// Who an object is, and which version: also where the server sends more.
Json only_metadata(const Json& object) {
  Json out = JsonObject{};
  for (const auto* name : {"namespace", "name", "uid", "resourceVersion"}) {
    const std::string path = std::string("metadata.") + name;
    set_path(out, path, Json(text_at(object, path)));
  }
  return out;
}

void strip(Json& object) {
  erase_path(object, "metadata.managedFields");
  auto* metadata = object.is_object() ? object.get_object().if_contains("metadata") : nullptr;
  if (metadata == nullptr || !metadata->is_object()) return;
  auto* annotations = metadata->get_object().if_contains("annotations");
  if (annotations == nullptr || !annotations->is_object()) return;
  annotations->get_object().erase(kLastApplied);
  if (annotations->get_object().empty()) metadata->get_object().erase("annotations");
}

}  // namespace

Json to_json(const Bytes& bytes) {
  if (bytes == nullptr) return nullptr;
  return parse_json(*bytes).value_or(nullptr);
}

std::string object_key(const Json& object) {
  const auto space = text_at(object, "metadata.namespace");
  const auto name = text_at(object, "metadata.name");
  return space.empty() ? name : space + "/" + name;
}

Informer::Informer(Client& client, Clock& clock, std::function<double()> random, ResourceType type,
                   InformerOptions options)
    : client_(client),
      clock_(clock),
      random_(std::move(random)),
      type_(std::move(type)),
      options_(std::move(options)) {}

Task<void> Informer::run() {
  try {
    co_await loop();
  } catch (const boost::system::system_error& error) {
    if (error.code() != boost::asio::error::operation_aborted) throw;
    // Cancelled while waiting.
  }
}

Task<void> Informer::loop() {
  while (true) {
    const auto started = clock_.steady();
    const bool watching = !position_.empty();
    Result<void> done;
    if (watching) {
      done = co_await watch_once();
    } else {
      done = co_await list_all();
    }
    if (!done && done.error().code == Code::kCancelled) co_return;
    if (!done && needs_list(done.error())) position_.clear();
    // A watch that lived for a while has only to be continued; silence is expected of a type
    // nobody touches.
    const bool lived = watching && clock_.steady() - started > std::chrono::seconds(10);
    const bool silent = !done && done.error().code == Code::kDeadline;
    if (!done && !(lived && silent)) note_failure(done.error());
    if (done) note_answer();
    if (lived) failures_in_row_ = 0;
    if (lived || (done && !watching)) continue;
    const auto pause = done ? backoff() : backoff_after(done.error());
    co_await clock_.sleep(pause);
  }
}

Duration Informer::backoff() {
  const int doublings = std::min(failures_in_row_++, 10);
  const auto longest = std::min(kFirstPause * (1 << doublings), kLongestPause);
  return Duration{std::int64_t(double(longest.count()) * (0.5 + 0.5 * random_()))};
}

Duration Informer::backoff_after(const Error& error) {
  const auto usual = backoff();
  if (error.code != Code::kThrottled || !error.retry_after) return usual;
  // Not sooner than asked, and not all informers at once.
  const auto asked = std::min(*error.retry_after, kLongestPause);
  return asked + Duration{std::int64_t(double(asked.count()) * 0.2 * random_())};
}

void Informer::note_failure(const Error& error) {
  ++stats_.failures;
  // A version that is too old and a server that has just started are part of its normal life.
  const bool routine = error.code == Code::kExpired ||
                       (error.code == Code::kThrottled && failures_in_row_ + 1 < kThrottledInARow);
  if (routine) return;
  in_trouble_ = true;
  if (error_handler_) error_handler_(error);
}

void Informer::note_answer() {
  if (std::exchange(in_trouble_, false) && recovered_handler_) recovered_handler_();
}

Task<Result<void>> Informer::list_all() {
  ++stats_.lists;
  ++round_;
  std::string version;
  ListOptions options{.limit = options_.page_size};
  options.label_selector = options_.label_selector;
  while (true) {
    auto page = co_await client_.list(type_, options_.ns, options);
    if (!page) co_return std::unexpected(page.error());
    const Json* items = find_path(*page, "items");
    if (items != nullptr && items->is_array()) {
      for (auto& item : const_cast<Json*>(items)->get_array()) {
        put(typed(std::move(item), type_), ChangeKind::kModified);
      }
    }
    version = text_at(*page, "metadata.resourceVersion");
    options.continue_token = text_at(*page, "metadata.continue");
    if (options.continue_token.empty()) break;
  }
  if (version.empty()) co_return fail(Code::kUnavailable, "a list came without a version");
  sweep(version);
  position_ = version;
  const bool first = !std::exchange(synced_, true);
  if (first && synced_handler_) synced_handler_();
  co_return Result<void>();
}

// Removes what the list no longer has. What we have written since the list was made stays: the
// watch from the list's version tells what became of it.
void Informer::sweep(const std::string& list_version) {
  std::vector<std::string> gone;
  for (const auto& [key, entry] : objects_) {
    if (entry.round != round_ && not_newer(entry.version, list_version)) gone.push_back(key);
  }
  for (const auto& key : gone) drop(key);
}

Task<Result<void>> Informer::watch_once() {
  ++stats_.watches;
  WatchOptions options;
  options.resource_version = position_;
  // Spread over five to ten minutes, so that many watches do not end together.
  options.timeout = std::chrono::seconds(300 + int(300 * random_()));
  options.idle_timeout = options_.idle_timeout;
  options.label_selector = options_.label_selector;
  Client::WatchSink sink = [this](WatchEvent event) { return handle(std::move(event)); };
  auto done = co_await client_.watch(type_, options_.ns, std::move(options), std::move(sink));
  co_return done;
}

Result<void> Informer::handle(WatchEvent event) {
  const auto version = text_at(event.object, "metadata.resourceVersion");
  if (version.empty()) return fail(Code::kUnavailable, "a watch event has no version");
  note_answer();
  if (event.type != WatchEventType::kBookmark) ++stats_.events;
  if (event.type == WatchEventType::kDeleted) {
    const auto key = object_key(event.object);
    const auto found = objects_.find(key);
    // An object of the same name that has been made since is not the one that was deleted.
    if (found != objects_.end() && found->second.uid == text_at(event.object, "metadata.uid")) {
      drop(key);
    }
  } else if (event.type != WatchEventType::kBookmark) {
    put(std::move(event.object), ChangeKind::kModified);
  }
  position_ = version;
  return {};
}

void Informer::put(Json object, ChangeKind if_known) {
  const auto key = object_key(object);
  const auto found = objects_.find(key);
  const auto version = text_at(object, "metadata.resourceVersion");
  if (found == objects_.end()) {
    store(key, object, ChangeKind::kAdded);
    return;
  }
  found->second.round = round_;
  if (not_newer(version, found->second.version)) return;
  if (found->second.uid != text_at(object, "metadata.uid")) {
    // Deleted and made again while nobody watched: two changes, not one.
    drop(key);
    store(key, object, ChangeKind::kAdded);
    return;
  }
  store(key, object, if_known);
}

void Informer::store(const std::string& key, Json& object, ChangeKind kind) {
  if (type_.metadata_only) object = only_metadata(object);
  strip(object);
  Entry& entry = objects_[key];
  const Bytes before = entry.bytes;
  entry.uid = text_at(object, "metadata.uid");
  entry.version = text_at(object, "metadata.resourceVersion");
  // What we write while a list is under way says nothing of whether the list has it.
  if (kind != ChangeKind::kWritten) entry.round = round_;
  entry.bytes = std::make_shared<const std::string>(boost::json::serialize(object));
  stats_.bytes += entry.bytes->size();
  if (before) stats_.bytes -= before->size();
  tell(kind, key, before, entry.bytes);
}

void Informer::drop(const std::string& key) {
  const auto found = objects_.find(key);
  if (found == objects_.end()) return;
  const Bytes before = found->second.bytes;
  stats_.bytes -= before->size();
  objects_.erase(found);
  tell(ChangeKind::kDeleted, key, before, nullptr);
}

void Informer::tell(ChangeKind kind, const std::string& key, Bytes before, Bytes after) {
  if (!handler_) return;
  // A copy: the caller's key may belong to an entry that the handler's work removes.
  handler_(
      Change{.kind = kind, .key = key, .before = std::move(before), .after = std::move(after)});
}

Json Informer::note_written(Json object) {
  const auto key = object_key(object);
  const auto version = text_at(object, "metadata.resourceVersion");
  const auto found = objects_.find(key);
  if (found == objects_.end()) {
    // The watch is already past this version, so the object has been deleted since.
    if (position_.empty() || not_newer(version, position_)) return object;
    store(key, object, ChangeKind::kWritten);
    return object;
  }
  if (found->second.uid != text_at(object, "metadata.uid")) return object;
  if (!number(version) || not_newer(version, found->second.version)) return object;
  store(key, object, ChangeKind::kWritten);
  return object;
}

Bytes Informer::bytes(const std::string& key) const {
  const auto found = objects_.find(key);
  return found == objects_.end() ? nullptr : found->second.bytes;
}

Result<Json> Informer::get(const std::string& key) const {
  const auto found = bytes(key);
  if (!found) return fail(Code::kNotFound, "there is no " + type_.kind + " " + key);
  return parse_json(*found);
}

void Informer::for_each(
    const std::function<void(const std::string& key, const Bytes& bytes)>& visit) const {
  for (const auto& [key, entry] : objects_) visit(key, entry.bytes);
}

InformerStats Informer::stats() const {
  InformerStats stats = stats_;
  stats.objects = objects_.size();
  return stats;
}

}  // namespace infra::kube
