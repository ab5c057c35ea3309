#pragma once

#include <string>

#include "base/error.h"

namespace infra {

// The whole of a file. kInvalid, with the path, if it cannot be read or is a folder.
Result<std::string> read_file(const std::string& path);

}  // namespace infra
