#pragma once

#include <aws/common/byte_buf.h>
#include <aws/common/error.h>
#include <aws/common/string.h>

#include <string>
#include <string_view>

// Text between us and the AWS Common Runtime. Only .cc files of this folder include it.
namespace infra::aws {

inline aws_byte_cursor to_cursor(std::string_view text) {
  return aws_byte_cursor_from_array(text.data(), text.size());
}

inline std::string_view to_view(aws_byte_cursor cursor) {
  return {reinterpret_cast<const char*>(cursor.ptr), cursor.len};
}

inline std::string_view to_view(const aws_string* text) {
  return {reinterpret_cast<const char*>(text->bytes), text->len};
}

// What went wrong in the runtime's last call on this thread.
std::string crt_error();

}  // namespace infra::aws
