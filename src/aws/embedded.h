#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "aws/model.h"

namespace infra::aws {

// kCore has the operations that the definitions name; kAll has every operation of the service.
enum class ModelPart { kCore, kAll };

// The model of an AWS service from the data in the binary. It is parsed at each call: keep the
// result. A service that no definition names has no core and is given whole. kInvalid if the
// service is not built in.
Result<std::shared_ptr<const ServiceModel>> load_service(std::string_view name,
                                                         ModelPart part = ModelPart::kCore);

// The text of a document in the binary; empty if there is none. Kinds: "core", "service",
// "paginators", "endpoint-rule-set", and with an empty service name "partitions".
std::string embedded_document(std::string_view service, std::string_view kind);

// The same, but asked for "service" it gives "core" where there is one.
std::string core_document(std::string_view service, std::string_view kind);

// One JSON document, compressed with gzip.
struct EmbeddedDocument {
  std::string_view service;
  std::string_view kind;
  const unsigned char* bytes;
  std::size_t size;
};

// Defined in a source that tools/aws_models.py writes when the project is built.
std::span<const EmbeddedDocument> embedded_documents();

}  // namespace infra::aws
