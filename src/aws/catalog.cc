#include "aws/catalog.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <vector>

namespace infra::aws {
namespace {

namespace fs = std::filesystem;

std::string read_file(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

std::string read_newest(const fs::path& folder, const std::string& file) {
  std::error_code ignored;
  fs::path newest;
  for (const auto& entry : fs::directory_iterator(folder, ignored)) {
    if (fs::exists(entry.path() / file)) newest = std::max(newest, entry.path());
  }
  return newest.empty() ? std::string() : read_file(newest / file);
}

std::string file_name(std::string_view kind) {
  return std::string(kind) + (kind == "service" ? "-2.json" : "-1.json");
}

}  // namespace

DocumentSource folder_documents(fs::path folder) {
  return [folder = std::move(folder)](std::string_view service, std::string_view kind) {
    if (kind == "partitions") return read_file(folder / "partitions.json");
    return read_newest(folder / service, file_name(kind));
  };
}

Result<std::shared_ptr<const Service>> Catalog::find(const std::string& name) {
  const auto known = services_.find(name);
  if (known != services_.end()) return known->second;
  auto loaded = load(name);
  if (loaded) services_.emplace(name, *loaded);
  return loaded;
}

Result<std::shared_ptr<const Service>> Catalog::load(const std::string& name) {
  const bool plain =
      std::ranges::all_of(name, [](unsigned char c) { return std::isalnum(c) != 0 || c == '-'; });
  const std::string text = plain ? documents_(name, "service") : std::string();
  if (text.empty()) return fail(Code::kInvalid, "no AWS service named '" + name + "' is known");
  auto document = parse_json(text);
  if (!document) return std::unexpected(document.error().in("the model of " + name));
  auto model = ServiceModel::parse(*document);
  if (!model) return std::unexpected(model.error().in("the model of " + name));

  if (partitions_.empty()) partitions_ = documents_("", "partitions");
  auto endpoints = EndpointResolver::make(documents_(name, "endpoint-rule-set"), partitions_);
  if (!endpoints) return std::unexpected(endpoints.error().in(name));

  auto service = std::make_shared<Service>();
  service->name = name;
  service->model = *model;
  service->endpoints = *endpoints;
  if (auto pages = parse_json(documents_(name, "paginators"))) {
    const Json* by_operation = find_path(*pages, "pagination");
    if (by_operation != nullptr && by_operation->is_object()) {
      service->paginators = by_operation->get_object();
    }
  }
  return service;
}

}  // namespace infra::aws
