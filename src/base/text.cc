#include "base/text.h"

#include "base/json.h"

namespace infra {

std::string shortened(std::string text, std::size_t most) {
  if (text.size() <= most) return text;
  std::size_t end = most - 3;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  text.resize(end);
  return text + "...";
}

// The parser refuses what is no UTF-8; the serializer does not look.
bool is_utf8(std::string_view bytes) {
  return parse_json(boost::json::serialize(boost::json::string(bytes))).has_value();
}

}  // namespace infra
