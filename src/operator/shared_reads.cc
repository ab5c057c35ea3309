#include "operator/shared_reads.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/wakeup.h"

namespace infra {
namespace {

constexpr Duration kWindow{5};
// EC2 takes no more values in a filter.
constexpr std::size_t kMost = 200;

// In a filter, '*' and '?' stand for other texts; what holds one is asked for alone.
bool is_plain(const std::string& id) {
  return !id.empty() &&
         std::ranges::all_of(id, [](unsigned char c) { return std::isalnum(c) != 0 || c == '-'; });
}

Json input_for(const definition::Together& together, const std::vector<std::string>& ids) {
  return {{"Filters", {{{"Name", together.filter}, {"Values", boost::json::value_from(ids)}}}}};
}

// One of the ids is wrong, which says nothing of the others.
bool is_of_one(const Error& error) {
  return error.code == Code::kInvalid || error.code == Code::kNotFound;
}

}  // namespace

struct SharedReads::Batch {
  std::vector<std::string> ids;
  std::vector<std::shared_ptr<Wakeup>> waiting;
  std::optional<Error> error;
  std::map<std::string, Json> found;  // by id
  bool answered = false;

  std::optional<Result<Json>> answer_for(const std::string& id,
                                         const definition::Together& together) const {
    if (error && is_of_one(*error)) return std::nullopt;
    if (error) return std::unexpected(*error);
    const auto item = found.find(id);
    if (item == found.end()) return std::nullopt;
    return Json{{together.items, JsonArray{item->second}}};
  }
};

// Of the one whose request it is. Whatever becomes of it, nobody waits for ever, or joins later.
class SharedReads::Lead {
 public:
  Lead(SharedReads& reads, std::string key, std::shared_ptr<Batch> batch)
      : reads_(reads), key_(std::move(key)), batch_(std::move(batch)) {
    reads_.open_[key_] = batch_;
  }
  ~Lead() {
    close();
    if (!batch_->answered) {
      batch_->error = Error{.code = Code::kCancelled, .message = "The read was given up"};
    }
    for (const auto& one : batch_->waiting) one->notify();
  }
  Lead(const Lead&) = delete;
  Lead& operator=(const Lead&) = delete;

  void close() {
    const auto open = reads_.open_.find(key_);
    if (open != reads_.open_.end() && open->second == batch_) reads_.open_.erase(open);
  }

 private:
  SharedReads& reads_;
  std::string key_;
  std::shared_ptr<Batch> batch_;
};

Task<std::optional<Result<Json>>> SharedReads::ask(std::string kind_of_read,
                                                   const definition::Together& together,
                                                   std::string id, Read read) {
  if (!is_plain(id)) co_return std::nullopt;
  const auto open = open_.find(kind_of_read);
  if (open != open_.end() && open->second->ids.size() < kMost) {
    const auto batch = open->second;
    const auto wakeup = std::make_shared<Wakeup>();
    batch->ids.push_back(id);
    batch->waiting.push_back(wakeup);
    co_await wakeup->wait(clock_);
    co_return batch->answer_for(id, together);
  }
  const auto batch = std::make_shared<Batch>();
  batch->ids.push_back(id);
  Lead lead(*this, std::move(kind_of_read), batch);
  co_await clock_.sleep(kWindow);
  lead.close();
  if (batch->ids.size() > 1) co_await send(*batch, together, read);
  co_return batch->answer_for(id, together);
}

Task<void> SharedReads::send(Batch& batch, const definition::Together& together, const Read& read) {
  auto answer = co_await read(input_for(together, batch.ids));
  batch.answered = true;
  if (!answer) {
    batch.error = answer.error();
    co_return;
  }
  const Json* items = find_path(*answer, together.items);
  if (items == nullptr || !items->is_array()) co_return;
  for (const Json& item : items->get_array()) batch.found[text_at(item, together.id)] = item;
}

}  // namespace infra
