#include <algorithm>
#include <cctype>
#include <vector>

#include "aws/catalog.h"
#include "aws/protocol.h"
#include "compare.h"
#include "suites.h"

namespace infra::conformance {
namespace {

namespace fs = std::filesystem;

// "describe-vpcs" and "DescribeVpcs" are the same.
std::string plain_name(std::string_view name) {
  std::string out;
  for (const unsigned char c : name) {
    if (c != '-') out += static_cast<char>(std::tolower(c));
  }
  return out;
}

std::string operation_named(const Json& model, const std::string& name) {
  for (const auto& entry : model.at("operations").as_object()) {
    if (plain_name(entry.key()) == plain_name(name)) return entry.key();
  }
  return {};
}

net::HttpResponse read_response(const fs::path& file, int status) {
  net::HttpResponse out{.status = status, .headers = {}, .body = read_file(file)};
  const auto parsed = parse_json(out.body);
  const Json* headers = parsed ? find_path(*parsed, "__headers__") : nullptr;
  if (headers == nullptr) return out;
  for (const auto& entry : headers->as_object()) {
    out.headers.emplace_back(entry.key(), std::string(entry.value().as_string()));
  }
  return out;
}

std::string check_failure(const Error& actual, const Json& expected) {
  if (actual.remote_code != text_at(expected, "Error.Code")) return "code: " + actual.remote_code;
  if (!actual.message.contains(text_at(expected, "Error.Message"))) {
    return "message: " + actual.message;
  }
  const std::string id = text_at(expected, "ResponseMetadata.RequestId");
  return id.empty() || actual.request_id == id ? "" : "request id: " + actual.request_id;
}

std::string check_answer(const aws::ServiceModel& model, const aws::Operation& operation,
                         const net::HttpResponse& response, Json expected) {
  const auto actual = aws::decode(model, operation, response);
  if (response.status != 200) {
    return actual ? "no error" : check_failure(actual.error(), expected);
  }
  if (!actual) return actual.error().message;
  expected.as_object().erase("ResponseMetadata");
  if (operation.output.shape != nullptr) {
    expected = blobs_to_base64(*operation.output.shape, expected);
  }
  return matches(*actual, expected) ? "" : "result: " + boost::json::serialize(*actual);
}

// Reads models when they are asked for; files of one service follow each other.
class Models {
 public:
  explicit Models(const fs::path& root)
      : documents_(aws::folder_documents(root / "botocore/data")) {}

  Result<void> load(const std::string& service) {
    if (service == service_) return {};
    auto text = parse_json(documents_(service, "service"));
    if (!text) return std::unexpected(text.error());
    auto parsed = aws::ServiceModel::parse(*text);
    if (!parsed) return std::unexpected(parsed.error());
    service_ = service;
    text_ = std::move(*text);
    model_ = *parsed;
    return {};
  }
  const aws::ServiceModel& model() const { return *model_; }
  const aws::Operation* operation(const std::string& name) const {
    return model_->operation(operation_named(text_, name));
  }

 private:
  aws::DocumentSource documents_;
  std::string service_;
  Json text_;
  std::shared_ptr<const aws::ServiceModel> model_;
};

// A file's name is its service and operation, and what tells it from others after a "#".
std::string check_file(Models& models, const fs::path& file, const fs::path& wanted, int status) {
  std::string name = file.stem().string();
  name = name.substr(0, name.find('#'));
  const auto dash = name.find('-');
  if (auto loaded = models.load(name.substr(0, dash)); !loaded) return loaded.error().message;
  const aws::Operation* operation = models.operation(name.substr(dash + 1));
  if (operation == nullptr) return "there is no such operation";
  const auto expected = parse_json(read_file(wanted));
  if (!expected) return expected.error().message;
  return check_answer(models.model(), *operation, read_response(file, status), *expected);
}

void run_folder(Report& report, Models& models, const fs::path& folder, const std::string& type,
                const fs::path& wanted, int status) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() == type) files.push_back(entry.path());
  }
  std::ranges::sort(files);
  for (const fs::path& file : files) {
    const fs::path expected = wanted / file.filename().replace_extension(".json");
    report.add(file.stem(), check_file(models, file, expected, status));
  }
}

}  // namespace

void run_responses(Report& report, const fs::path& root) {
  const fs::path folder = root / "tests/unit/response_parsing";
  Models models(root);
  report.start("responses/xml/responses");
  run_folder(report, models, folder / "xml/responses", ".xml", folder / "xml/responses", 200);
  report.end();
  report.start("responses/xml/errors");
  run_folder(report, models, folder / "xml/errors", ".xml", folder / "xml/errors", 400);
  report.end();
  report.start("responses/json/errors");
  run_folder(report, models, folder / "json/errors", ".json", folder / "json/expected", 400);
  report.end();
}

}  // namespace infra::conformance
