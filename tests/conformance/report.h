#pragma once

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"

namespace infra::conformance {

std::string read_file(const std::filesystem::path& path);

// The cases that may fail, and why. In the file a line at the margin is a reason, and the indented
// lines below it are cases, each its file and its id; the id * means all of the file.
class LeftOut {
 public:
  static Result<LeftOut> parse(const std::string& text);

  // True if the case is listed; remembers that it was asked for.
  bool has(const std::string& file, const std::string& id);
  // The same for files in some other folder, of which only the name is compared.
  bool has_like(const std::string& file, const std::string& id) const;
  // Entries of files that begin so and name no case that was run.
  std::vector<std::string> unmet(std::string_view prefix) const;

 private:
  std::map<std::pair<std::string, std::string>, bool> met_;  // by file and id
};

// Counts cases and says what failed; one line for each file.
class Report {
 public:
  // `strict`: a listed case that passes is an error, so that the list stays true.
  Report(LeftOut left_out, bool strict) : left_out_(std::move(left_out)), strict_(strict) {}

  void start(std::string file);
  // `wrong`: what is wrong; empty if nothing is. `ignored`: may fail although it is not listed.
  void add(const std::string& id, const std::string& wrong, bool ignored = false);
  // Closes the file's line.
  void end();
  // The current file cannot be used.
  void unreadable(const std::string& why) { fail_case("", why); }
  // After all files of a suite.
  void check_list(const std::string& suite);
  // Prints the last line; the program's exit code.
  int finish() const;

 private:
  struct Counts {
    int passed = 0;
    int failed = 0;
    int left_out = 0;
  };
  void fail_case(const std::string& id, const std::string& why);

  LeftOut left_out_;
  bool strict_;
  std::string file_;
  Counts counts_;
  Counts total_;
};

}  // namespace infra::conformance
