#include "net/http.h"

#include <algorithm>
#include <boost/url/parse.hpp>
#include <cctype>

namespace infra::net {
namespace {

bool same_name(std::string_view a, std::string_view b) {
  return std::ranges::equal(
      a, b, [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

bool unreserved(unsigned char c) {
  return std::isalnum(c) != 0 || c == '-' || c == '.' || c == '_' || c == '~';
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

std::string_view header(const Headers& headers, std::string_view name) {
  for (const auto& [key, value] : headers) {
    if (same_name(key, name)) return value;
  }
  return {};
}

Result<Url> parse_url(std::string_view text) {
  const auto parsed = boost::urls::parse_uri(boost::core::string_view(text.data(), text.size()));
  if (!parsed) return fail(Code::kInvalid, "not a URL: it must look like https://host:port/path");
  const auto& url = *parsed;
  Url out{.scheme = std::string(url.scheme())};
  if (out.scheme != "http" && out.scheme != "https") {
    return fail(Code::kInvalid, "the URL must start with http:// or https://");
  }
  if (url.has_userinfo()) {
    return fail(Code::kInvalid, "the URL must not hold a user name or password");
  }
  out.host = std::string(url.encoded_host());
  if (out.host.starts_with('[')) out.host = out.host.substr(1, out.host.size() - 2);
  if (out.host.empty()) return fail(Code::kInvalid, "the URL names no host");
  if (url.has_port() && !url.port().empty()) {
    // port_number() is 0 both for 0 and for what does not fit.
    if (url.port_number() == 0) return fail(Code::kInvalid, "the URL's port must be 1 to 65535");
    out.port = url.port_number();
  }
  out.path = url.encoded_path().empty() ? "/" : std::string(url.encoded_path());
  if (url.has_query()) out.path += "?" + std::string(url.encoded_query());
  return out;
}

std::string percent_encode(std::string_view text, std::string_view also_safe) {
  static constexpr char kDigits[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (unreserved(byte) || also_safe.find(c) != std::string_view::npos) {
      out += c;
    } else {
      out += {'%', kDigits[byte >> 4], kDigits[byte & 15]};
    }
  }
  return out;
}

std::string percent_decode(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool escape = text[i] == '%' && i + 2 < text.size() && hex_digit(text[i + 1]) >= 0 &&
                        hex_digit(text[i + 2]) >= 0;
    if (escape) {
      out += static_cast<char>(hex_digit(text[i + 1]) * 16 + hex_digit(text[i + 2]));
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

}  // namespace infra::net
