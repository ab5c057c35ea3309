#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "aws/endpoint.h"
#include "aws/model.h"

namespace infra::aws {

// Everything known of one AWS service before it is called.
struct Service {
  std::string name;
  std::shared_ptr<const ServiceModel> model;
  std::shared_ptr<const EndpointResolver> endpoints;
  JsonObject paginators;  // by operation
};

// Gives the text of a document; empty where there is none. Kinds: service, paginators,
// endpoint-rule-set, and partitions, which belongs to no service.
using DocumentSource = std::function<std::string(std::string_view service, std::string_view kind)>;

// Documents in a folder laid out like botocore/data; of a service, its latest version.
DocumentSource folder_documents(std::filesystem::path folder);

// Reads services when they are first asked for, and keeps them. Needs a CrtLibrary.
class Catalog {
 public:
  explicit Catalog(DocumentSource documents) : documents_(std::move(documents)) {}
  Result<std::shared_ptr<const Service>> find(const std::string& name);

 private:
  Result<std::shared_ptr<const Service>> load(const std::string& name);

  DocumentSource documents_;
  std::string partitions_;
  std::map<std::string, std::shared_ptr<const Service>> services_;
};

}  // namespace infra::aws
