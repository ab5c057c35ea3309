#include <boost/url.hpp>
#include <charconv>

#include "net/http.h"

namespace infra::net {

namespace {

bool unreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.' || c == '_' || c == '~';
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

Result<Url> parse_url(std::string_view text) {
  auto parsed = boost::urls::parse_uri({text.data(), text.size()});
  if (!parsed) return fail(Code::kInvalid, "the URL cannot be read");
  const auto& view = *parsed;
  Url url;
  if (view.scheme_id() == boost::urls::scheme::http) url.scheme = "http";
  if (view.scheme_id() == boost::urls::scheme::https) url.scheme = "https";
  if (url.scheme.empty())
    return fail(Code::kInvalid, "the URL must start with http:// or https://");
  if (view.has_userinfo()) return fail(Code::kInvalid, "the URL must not hold a user name");
  url.host = view.host_address();
  if (url.host.empty()) return fail(Code::kInvalid, "the URL has no host");
  // Not port_number(): it does not tell a number that is too large.
  std::string port(view.port());
  auto read = std::from_chars(port.data(), port.data() + port.size(), url.port);
  if (!port.empty() && (read.ec != std::errc{} || url.port == 0)) {
    return fail(Code::kInvalid, "the port in the URL is not a number from 1 to 65535");
  }
  if (url.port == 0) url.port = url.scheme == "https" ? 443 : 80;
  auto target = view.encoded_target();
  url.path.assign(target.data(), target.size());
  if (url.path.empty() || url.path.front() != '/') url.path.insert(0, "/");
  return url;
}

std::string percent_encode(std::string_view text, std::string_view also_safe) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string out;
  out.reserve(text.size());
  for (char c : text) {
    if (unreserved(c) || also_safe.find(c) != std::string_view::npos) {
      out += c;
      continue;
    }
    auto byte = static_cast<unsigned char>(c);
    out += '%';
    out += kHex[byte >> 4];
    out += kHex[byte & 15];
  }
  return out;
}

std::string percent_decode(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size()) {
      int high = hex_digit(text[i + 1]);
      int low = hex_digit(text[i + 2]);
      if (high >= 0 && low >= 0) {
        out += static_cast<char>(high * 16 + low);
        i += 2;
        continue;
      }
    }
    out += text[i];
  }
  return out;
}

}  // namespace infra::net
