#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "kube/client.h"

namespace infra::kube {

enum class ChangeKind {
  kAdded,
  kModified,
  kDeleted,
  kWritten,  // our own write, told by note_written(); its watch event is then not repeated
};

using Bytes = std::shared_ptr<const std::string>;
// Null for none.
Json to_json(const Bytes& bytes);

struct Change {
  ChangeKind kind = ChangeKind::kAdded;
  std::string key;  // "namespace/name", or "name" of a cluster-scoped object
  Bytes before;     // null when added
  Bytes after;      // null when deleted
};

struct InformerOptions {
  std::string ns;  // empty: all namespaces
  std::string label_selector;
  int page_size = 500;
  // Bookmarks come about every minute. A longer silence is taken for a dead connection.
  Duration idle_timeout{150'000};
};

struct InformerStats {
  std::uint64_t lists = 0;
  std::uint64_t watches = 0;
  std::uint64_t events = 0;
  std::uint64_t failures = 0;
  std::size_t objects = 0;
  std::size_t bytes = 0;
};

// A copy of one type of objects, kept current: a paged list, then a watch from where the list
// stood, continued from the last version seen whenever it ends. Only when the server no longer
// knows that version is everything listed again, and what has vanished is reported as deleted.
// Objects are kept as compact JSON without managedFields and parsed when asked for. Versions are
// compared as numbers, so a late event never replaces a newer object.
class Informer {
 public:
  using Handler = std::function<void(const Change&)>;
  using ErrorHandler = std::function<void(const Error&)>;

  // `random` gives numbers in [0, 1). Client and clock must outlive the informer.
  Informer(Client& client, Clock& clock, std::function<double()> random, ResourceType type,
           InformerOptions options = {});

  // All are called from run() (and on_change from note_written) and must not wait.
  void on_change(Handler handler) { handler_ = std::move(handler); }
  // What keeps the copy from being current. Not: a version that is too old, or being told to slow
  // down once or twice.
  void on_error(ErrorHandler handler) { error_handler_ = std::move(handler); }
  // Once after one or more of these, when the server has answered again.
  void on_recovered(std::function<void()> handler) { recovered_handler_ = std::move(handler); }
  // Once, when the first list is complete.
  void on_synced(std::function<void()> handler) { synced_handler_ = std::move(handler); }

  // Until cancelled.
  Task<void> run();

  const ResourceType& type() const { return type_; }
  const std::string& ns() const { return options_.ns; }  // empty: all namespaces
  // The first list is complete.
  bool synced() const { return synced_; }
  std::size_t size() const { return objects_.size(); }
  InformerStats stats() const;

  // kNotFound when there is none. Only meaningful once synced.
  Result<Json> get(const std::string& key) const;
  Bytes bytes(const std::string& key) const;
  // In the order of keys. The visitor must not change the informer.
  void for_each(const std::function<void(const std::string& key, const Bytes& bytes)>& visit) const;

  // Shows the answer to one of our writes at once, instead of when the watch brings it, and gives
  // it back.
  Json note_written(Json object);

 private:
  struct Entry {
    Bytes bytes;
    std::string uid;
    std::string version;
    std::uint64_t round = 0;  // the list that last had it
  };

  Task<void> loop();
  Task<Result<void>> list_all();
  Task<Result<void>> watch_once();
  Result<void> handle(WatchEvent event);
  void put(Json object, ChangeKind if_known);
  void drop(const std::string& key);
  void sweep(const std::string& list_version);
  void store(const std::string& key, Json& object, ChangeKind kind);
  void tell(ChangeKind kind, const std::string& key, Bytes before, Bytes after);
  void note_failure(const Error& error);
  void note_answer();
  Duration backoff();
  Duration backoff_after(const Error& error);

  Client& client_;
  Clock& clock_;
  std::function<double()> random_;
  ResourceType type_;
  InformerOptions options_;
  Handler handler_;
  ErrorHandler error_handler_;
  std::function<void()> synced_handler_;
  std::function<void()> recovered_handler_;

  std::map<std::string, Entry> objects_;
  std::string position_;  // the version to watch from; empty: list first
  std::uint64_t round_ = 0;
  int failures_in_row_ = 0;
  bool synced_ = false;
  bool in_trouble_ = false;  // on_error was called, and no answer has come since
  InformerStats stats_;
};

// "namespace/name", or "name" without a namespace.
std::string object_key(const Json& object);

}  // namespace infra::kube
