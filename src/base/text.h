#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace infra {

// The text, or as much of it as fits into `most` bytes with "..." at the end; no character of
// UTF-8 is cut in two. `most` is at least 3.
std::string shortened(std::string text, std::size_t most);

// The items of a list with commas, without white space around them, and without empty ones.
std::vector<std::string> split_list(std::string_view text);

// Whether a text is what a pattern stands for: * for any text, ? for any character, [ab] for one of
// these; fnmatch(3) without escapes.
bool fits(const std::string& pattern, const std::string& text);

// "a, b, c and 4 more": the first `most` of them by name. `most` is at least 1.
std::string listed(std::vector<std::string> names, std::size_t most);

// Whether the bytes are text as JSON can hold it.
bool is_utf8(std::string_view bytes);

}  // namespace infra
