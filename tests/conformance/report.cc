#include "report.h"

#include <cstdio>
#include <fstream>
#include <iterator>
#include <sstream>

namespace infra::conformance {

namespace fs = std::filesystem;

std::string read_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

Result<LeftOut> LeftOut::parse(const std::string& text) {
  LeftOut out;
  bool reason = false;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (line.empty()) reason = false;
    if (line.empty() || line[0] == '#') continue;
    const auto from = line.find_first_not_of(' ');
    if (from == 0) {
      reason = true;
      continue;
    }
    const auto space = line.find(' ', from);
    if (!reason || space == std::string::npos) {
      return fail(Code::kInvalid, "a case needs a file, an id and a reason above it: " + line);
    }
    out.met_[{line.substr(from, space - from), line.substr(space + 1)}] = false;
  }
  return out;
}

bool LeftOut::has(const std::string& file, const std::string& id) {
  for (const std::string& name : {id, std::string("*")}) {
    const auto found = met_.find({file, name});
    if (found == met_.end()) continue;
    found->second = true;
    return true;
  }
  return false;
}

bool LeftOut::has_like(const std::string& file, const std::string& id) const {
  const fs::path name = fs::path(file).filename();
  for (const auto& [entry, met] : met_) {
    const bool same_case = entry.second == id || entry.second == "*";
    if (same_case && fs::path(entry.first).filename() == name) return true;
  }
  return false;
}

std::vector<std::string> LeftOut::unmet(std::string_view prefix) const {
  std::vector<std::string> out;
  for (const auto& [entry, met] : met_) {
    if (!met && entry.first.starts_with(prefix)) out.push_back(entry.first + " " + entry.second);
  }
  return out;
}

void Report::start(std::string file) {
  file_ = std::move(file);
  counts_ = {};
}

void Report::fail_case(const std::string& id, const std::string& why) {
  ++counts_.failed;
  const std::string name = id.empty() ? file_ : file_ + " " + id;
  std::printf("FAILED %s: %s\n", name.c_str(), why.c_str());
}

void Report::add(const std::string& id, const std::string& wrong, bool ignored) {
  const bool listed = strict_ ? left_out_.has(file_, id) : left_out_.has_like(file_, id);
  if (wrong.empty() && listed && strict_) {
    return fail_case(id, "stale exclusion: it passes, so take it off the list");
  }
  if (wrong.empty()) {
    ++counts_.passed;
  } else if (listed || ignored) {
    ++counts_.left_out;
  } else {
    fail_case(id, wrong);
  }
}

void Report::end() {
  std::printf("%s: %d passed, %d failed, %d left out\n", file_.c_str(), counts_.passed,
              counts_.failed, counts_.left_out);
  total_.passed += counts_.passed;
  total_.failed += counts_.failed;
  total_.left_out += counts_.left_out;
}

void Report::check_list(const std::string& suite) {
  if (!strict_) return;
  for (const std::string& entry : left_out_.unmet(suite + "/")) {
    ++total_.failed;
    std::printf("FAILED %s: stale exclusion: there is no such case\n", entry.c_str());
  }
}

int Report::finish() const {
  std::printf("%d passed, %d failed\n", total_.passed, total_.failed);
  return total_.failed == 0 && total_.passed > 0 ? 0 : 1;
}

}  // namespace infra::conformance
