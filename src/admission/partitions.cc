#include "admission/partitions.h"

#include <fmt/format.h>

#include "planning/access.h"

namespace infra::admission {
namespace {

using definition::Field;
using definition::Type;

// The first partition in a text that is another one; empty: there is none.
std::string other_partition(std::string_view text, std::string_view own) {
  for (auto at = text.find("arn:aws"); at != std::string_view::npos;
       at = text.find("arn:aws", at + 1)) {
    std::string found = planning::partition_of(text.substr(at));
    if (found != own) return found;
  }
  return {};
}

struct Found {
  std::string path, partition;
};

// Tags and variables mean nothing to AWS, and are left out.
void add_found(const Field& field, const Json& value, const std::string& path, std::string_view own,
               std::vector<Found>& out) {
  if (field.type == Type::kStringMap) return;
  if (value.is_string()) {
    std::string other = other_partition(value.get_string(), own);
    if (!other.empty()) out.push_back({path, std::move(other)});
  } else if (value.is_array()) {
    for (const Field& item : field.fields) {
      for (const Json& one : value.get_array()) add_found(item, one, path, own, out);
    }
  } else {
    for (const Field& member : field.fields) {
      const Json* found = find_path(value, member.name);
      if (found != nullptr) add_found(member, *found, path + "." + member.name, own, out);
    }
  }
}

}  // namespace

void Partitions::note(const definition::Definition& kind, const Json& before, const Json& after) {
  if (kind.kind != provider_.kind) return;
  if (!before.is_null()) partitions_.erase(key_of(before));
  const std::string caller = text_at(after, "status.callerIdentity");
  if (!caller.empty()) partitions_[key_of(after)] = planning::partition_of(caller);
}

void Partitions::check(const definition::Definition& kind, const Json& object,
                       Verdict& verdict) const {
  const std::string provider = planning::provider_key_of(object);
  const auto own = partitions_.find(provider);
  if (own == partitions_.end() || own->second.empty()) return;
  std::vector<Found> found;
  for (const Field& field : kind.spec) {
    const Json* value = find_path(object, "spec." + field.name);
    if (value != nullptr) add_found(field, *value, "spec." + field.name, own->second, found);
  }
  for (const auto& [path, partition] : found) {
    verdict.warnings.push_back(fmt::format(
        "{} has an ARN of partition {}, and AWSProvider {} signs in to {}; write arn:{}:", path,
        partition, provider, own->second, own->second));
  }
}

}  // namespace infra::admission
