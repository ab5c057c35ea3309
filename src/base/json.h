#pragma once

#include <boost/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace infra {

using Json = boost::json::value;
using JsonObject = boost::json::object;
using JsonArray = boost::json::array;

// Parses one JSON text; depth is limited to 64. kInvalid with position on bad input.
Result<Json> parse_json(std::string_view text);

// The value at a dotted path of member names ("Vpc.VpcId"), or nullptr. An empty path is the value.
const Json* find_path(const Json& value, std::string_view path);
// A string as it is, anything else as JSON.
std::string plain_text(const Json& value);
// The text at a path; empty when absent or no string.
std::string text_at(const Json& value, std::string_view path);
// Sets the value at a dotted path, making objects on the way.
void set_path(Json& value, std::string_view path, Json leaf);
void erase_path(Json& value, std::string_view path);

// Equal regardless of member order and of 1 versus 1.0.
bool same(const Json& a, const Json& b);
// The same of what stands at a path; nothing in both is the same too.
bool same_at(const Json& a, const Json& b, std::string_view path);
// One spelling per meaning: members sorted, no white space.
std::string canonical(const Json& value);

// An RFC 7386 merge patch that turns `from` into `to`; an empty object if they are the same.
JsonObject merge_patch(const Json& from, const Json& to);

}  // namespace infra
