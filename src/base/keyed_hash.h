#pragma once

#include <string>
#include <string_view>

namespace infra {

// HMAC-SHA-256 in hexadecimal. Says whether two values are the same without holding either; whoever
// lacks the key cannot try out values against it.
std::string keyed_hash(std::string_view key, std::string_view text);

// 32 bytes nobody can guess, for keys that need not outlive the process.
std::string random_key();

}  // namespace infra
