#include <algorithm>
#include <sstream>
#include <vector>

#include "aws/signer.h"
#include "suites.h"

namespace infra::conformance {
namespace {

namespace fs = std::filesystem;

struct Vector {
  net::HttpRequest request;
  std::string token;
};

void read_first_line(const std::string& line, net::HttpRequest& request) {
  const auto from = line.find(' ') + 1;
  request.method = line.substr(0, from - 1);
  request.target = line.substr(from, line.rfind(' ') - from);
}

void read_header(const std::string& line, Vector& out) {
  const std::string name = line.substr(0, line.find(':'));
  const std::string value = line.substr(line.find(':') + 1);
  if (line[0] == ' ') {
    // A folded line, which whoever reads HTTP joins to the one before.
    out.request.headers.back().second += line;
  } else if (name == "X-Amz-Security-Token") {
    out.token = value.substr(value.find_first_not_of(' '));
  } else if (name != "X-Amz-Date") {
    out.request.headers.emplace_back(name, value);
  }
}

// The suite's files are HTTP text without a final line end.
Vector parse_vector(const std::string& text) {
  Vector out;
  std::istringstream lines(text);
  std::string line;
  std::getline(lines, line);
  read_first_line(line, out.request);
  while (std::getline(lines, line) && !line.empty()) read_header(line, out);
  out.request.body = {std::istreambuf_iterator<char>(lines), {}};
  return out;
}

// What is wrong; empty if nothing is.
std::string check_vector(const fs::path& file) {
  const auto sibling = [&file](const char* type) {
    return read_file(fs::path(file).replace_extension(type));
  };
  Vector vector = parse_vector(read_file(file));
  aws::Credentials keys{.access_key = "AKIDEXAMPLE",
                        .secret_key = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"};
  // This one adds the token after signing, which is signing without it.
  if (file.stem() != "post-sts-header-after") {
    keys.session_token = parse_vector(sibling("sreq")).token;
  }
  auto done = aws::sign(
      vector.request, keys,
      {.region = "us-east-1", .service = "service", .time = parse_rfc3339("2015-08-30T12:36:00Z")});
  if (!done) return done.error().message;
  const std::string actual(net::header(vector.request.headers, "Authorization"));
  return actual == sibling("authz") ? "" : actual;
}

}  // namespace

void run_signing(Report& report, const fs::path& root) {
  std::vector<fs::path> files;
  for (const auto& entry :
       fs::recursive_directory_iterator(root / "tests/unit/auth/aws4_testsuite")) {
    if (entry.path().extension() == ".req") files.push_back(entry.path());
  }
  std::ranges::sort(files);
  report.start("signing/aws4_testsuite");
  for (const fs::path& file : files) report.add(file.stem(), check_vector(file));
  report.end();
}

}  // namespace infra::conformance
