#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace infra {

// RFC 4648 with padding and without line breaks; nothing if the text is not of that kind.
std::string base64_encode(std::string_view bytes);
std::optional<std::string> base64_decode(std::string_view text);

}  // namespace infra
