#include "admission/partitions.h"

#include <fmt/format.h>

#include <algorithm>

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

// Whom the provider of an object signs in to.
struct Home {
  std::string provider, partition;
};

bool lacks(const Home& home, const Field& field, const std::string& value) {
  const auto lacking = field.not_in.find(home.partition);
  return lacking != field.not_in.end() &&
         std::ranges::find(lacking->second, value) != lacking->second.end();
}

void check_text(const Field& field, const std::string& value, const std::string& path,
                const Home& home, Verdict& verdict) {
  const auto signs_in = fmt::format("AWSProvider {} signs in to {}", home.provider, home.partition);
  const std::string other = other_partition(value, home.partition);
  if (!other.empty()) {
    verdict.warnings.push_back(fmt::format("{} has an ARN of partition {}, and {}; write arn:{}:",
                                           path, other, signs_in, home.partition));
  }
  if (lacks(home, field, value)) {
    verdict.warnings.push_back(
        fmt::format("{} is {}, and {}, where AWS did not have that yet when "
                    "this operator was made; it may refuse",
                    path, value, signs_in));
  }
}

// Tags and variables mean nothing to AWS, and are left out.
void check_value(const Field& field, const Json& value, const std::string& path, const Home& home,
                 Verdict& verdict) {
  if (field.type == Type::kStringMap) return;
  if (value.is_string()) {
    check_text(field, std::string(value.get_string()), path, home, verdict);
  } else if (value.is_array()) {
    for (const Field& item : field.fields) {
      for (const Json& one : value.get_array()) check_value(item, one, path, home, verdict);
    }
  } else {
    for (const Field& member : field.fields) {
      const Json* found = find_path(value, member.name);
      if (found != nullptr) check_value(member, *found, path + "." + member.name, home, verdict);
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
  const Home home{provider, own->second};
  for (const Field& field : kind.spec) {
    const std::string path = "spec." + field.name;
    const Json* value = find_path(object, path);
    if (value != nullptr) check_value(field, *value, path, home, verdict);
  }
}

}  // namespace infra::admission
