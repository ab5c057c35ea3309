#pragma once

#include <cstddef>
#include <string>

namespace infra {

// The text, or as much of it as fits into `most` bytes with "..." at the end; no character of
// UTF-8 is cut in two. `most` is at least 3.
std::string shortened(std::string text, std::size_t most);

}  // namespace infra
