#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"

namespace infra::sim {

// One thing that is wrong with an object, in the words of the API server.
struct FieldError {
  enum class Type {
    kRequired,
    kInvalid,
    kWrongType,
    kNotSupported,
    kForbidden,
    kTooLong,
    kTooMany,
    kDuplicate
  };
  Type type = Type::kInvalid;
  std::string field;  // "spec.tags[0].key"
  Json value;
  std::string detail = {};
  bool says_value = true;  // false where it would be too long to be told

  std::string reason() const;   // "FieldValueInvalid"
  std::string message() const;  // without the field
};

using FieldErrors = std::vector<FieldError>;

std::string child(std::string_view path, std::string_view name);
std::string item(std::string_view path, std::size_t index);

// A text in quotes, as the server's messages show it.
std::string quoted(std::string_view text);

}  // namespace infra::sim
