#include "net/http.h"

#include <boost/beast/core/string.hpp>

namespace infra::net {

std::string_view header(const Headers& headers, std::string_view name) {
  for (const auto& [key, value] : headers) {
    if (boost::beast::iequals(key, name)) return value;
  }
  return {};
}

}  // namespace infra::net
