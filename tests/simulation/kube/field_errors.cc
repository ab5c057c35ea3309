#include "kube/field_errors.h"

namespace infra::sim {
namespace {

struct Words {
  FieldError::Type type;
  std::string_view reason, title;
  bool shows_value;
};

constexpr Words kWords[] = {
    {FieldError::Type::kRequired, "FieldValueRequired", "Required value", false},
    {FieldError::Type::kInvalid, "FieldValueInvalid", "Invalid value", true},
    {FieldError::Type::kWrongType, "FieldValueTypeInvalid", "Invalid value", true},
    {FieldError::Type::kNotSupported, "FieldValueNotSupported", "Unsupported value", true},
    {FieldError::Type::kForbidden, "FieldValueForbidden", "Forbidden", false},
    {FieldError::Type::kTooLong, "FieldValueTooLong", "Too long", false},
    {FieldError::Type::kTooMany, "FieldValueTooMany", "Too many", true},
    {FieldError::Type::kDuplicate, "FieldValueDuplicate", "Duplicate value", true},
};

const Words& words_of(FieldError::Type type) {
  for (const auto& words : kWords) {
    if (words.type == type) return words;
  }
  return kWords[1];
}

}  // namespace

std::string FieldError::reason() const { return std::string(words_of(type).reason); }

std::string FieldError::message() const {
  const Words& words = words_of(type);
  std::string out(words.title);
  if (words.shows_value && says_value) {
    out += ": " + (value.is_string() ? quoted(value.get_string()) : boost::json::serialize(value));
  }
  if (!detail.empty()) out += ": " + detail;
  return out;
}

std::string child(std::string_view path, std::string_view name) {
  std::string out(path);
  if (!out.empty()) out += '.';
  return out += name;
}

std::string item(std::string_view path, std::size_t index) {
  return std::string(path) + "[" + std::to_string(index) + "]";
}

std::string quoted(std::string_view text) {
  return boost::json::serialize(boost::json::string(text));
}

}  // namespace infra::sim
