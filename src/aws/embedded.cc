#include "aws/embedded.h"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>

namespace infra::aws {
namespace {

const EmbeddedDocument* find_document(std::string_view service, std::string_view kind) {
  for (const auto& document : embedded_documents()) {
    if (document.service == service && document.kind == kind) return &document;
  }
  return nullptr;
}

std::string gunzip(const EmbeddedDocument& document) {
  constexpr int kGzip = 16 + MAX_WBITS;
  z_stream stream{};
  if (inflateInit2(&stream, kGzip) != Z_OK) return {};
  stream.next_in = const_cast<unsigned char*>(document.bytes);
  stream.avail_in = static_cast<uInt>(document.size);
  std::string text;
  int status = Z_OK;
  while (status == Z_OK) {
    const std::size_t filled = text.size();
    text.resize(filled + std::max<std::size_t>(filled, 1u << 16));
    stream.next_out = reinterpret_cast<Bytef*>(text.data() + filled);
    stream.avail_out = static_cast<uInt>(text.size() - filled);
    status = inflate(&stream, Z_NO_FLUSH);
    text.resize(text.size() - stream.avail_out);
  }
  inflateEnd(&stream);
  if (status != Z_STREAM_END) text.clear();
  return text;
}

}  // namespace

std::string embedded_document(std::string_view service, std::string_view kind) {
  const EmbeddedDocument* document = find_document(service, kind);
  return document == nullptr ? std::string() : gunzip(*document);
}

std::string core_document(std::string_view service, std::string_view kind) {
  const bool has_core = kind == "service" && find_document(service, "core") != nullptr;
  return embedded_document(service, has_core ? "core" : kind);
}

Result<std::shared_ptr<const ServiceModel>> load_service(std::string_view name, ModelPart part) {
  const std::string text = part == ModelPart::kCore ? core_document(name, "service")
                                                    : embedded_document(name, "service");
  if (text.empty()) {
    return fail(Code::kInvalid, fmt::format("no AWS service model named '{}' is built in", name));
  }
  const auto parsed = parse_json(text);
  if (!parsed) return std::unexpected(parsed.error().in(fmt::format("the model of {}", name)));
  return ServiceModel::parse(*parsed);
}

}  // namespace infra::aws
