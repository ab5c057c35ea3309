#include "base/file.h"

#include <filesystem>
#include <fstream>
#include <sstream>

namespace infra {

Result<std::string> read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  if (file) text << file.rdbuf();
  std::error_code error;
  if (!file || std::filesystem::is_directory(path, error)) {
    return fail(Code::kInvalid, "cannot read the file " + path);
  }
  return text.str();
}

}  // namespace infra
