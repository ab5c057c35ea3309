#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "kube/config.h"

namespace infra::kube {

// Without the white space around it.
std::string trimmed(std::string text);

// The text of a file that others replace now and then. Looks at its modification time at most once
// a minute.
class WatchedFile {
 public:
  WatchedFile(Clock& clock, std::string path);

  // True if the file has been read anew; `force` reads it in any case. While it cannot be read the
  // old text stays.
  Result<bool> refresh(bool force);
  const std::string& path() const { return path_; }
  const std::string& text() const { return text_; }

 private:
  Clock& clock_;
  std::string path_;
  std::string text_;
  std::optional<SteadyTime> checked_;
  std::optional<std::filesystem::file_time_type> modified_;
};

// Paths; an empty one means that this part does not come from a file.
struct TlsFiles {
  std::string ca;
  std::string certificate;
  std::string key;
  bool operator==(const TlsFiles&) const = default;
};

// Adds to the credential of `token`, which may be null, what the files hold now.
std::shared_ptr<TokenSource> make_tls_files(Clock& clock, const TlsFiles& files,
                                            std::shared_ptr<TokenSource> token);

}  // namespace infra::kube
