#include "kube/cel_eval.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <string_view>
#include <utility>

namespace infra::sim::cel {
namespace {

using Op = Node::Op;

// A part of the object, or what was made on the way.
class Value {
 public:
  explicit Value(const Json* seen) : seen_(seen) {}
  explicit Value(Json made) : made_(std::move(made)) {}

  const Json& get() const { return seen_ != nullptr ? *seen_ : made_; }
  // A part of this one.
  Value part(const Json& inner) const { return seen_ != nullptr ? Value(&inner) : Value(inner); }

 private:
  const Json* seen_ = nullptr;
  Json made_;
};

// No value is an error of CEL.
using Maybe = std::optional<Value>;
using Truth = std::optional<bool>;

struct Scope {
  std::string_view name;
  const Json* value;
  const Scope* outer;
};

Maybe evaluate(const Node& node, const Scope& scope);

Maybe value_of(Truth truth) { return truth ? Maybe(Value(Json(*truth))) : std::nullopt; }

Truth truth_of(const Node& node, const Scope& scope) {
  const Maybe value = evaluate(node, scope);
  const bool* truth = value ? value->get().if_bool() : nullptr;
  return truth == nullptr ? std::nullopt : Truth(*truth);
}

std::optional<std::string_view> text_of(const Maybe& value) {
  if (!value || !value->get().is_string()) return std::nullopt;
  return value->get().get_string();
}

std::optional<std::int64_t> number_of(const Json& value) {
  boost::system::error_code error;
  if (value.is_double()) return std::nullopt;
  const auto number = value.to_number<std::int64_t>(error);
  return error ? std::nullopt : std::optional(number);
}

Maybe variable(const Node& node, const Scope& scope) {
  const Scope* at = &scope;
  while (at != nullptr && at->name != node.name) at = at->outer;
  return at == nullptr || at->value == nullptr ? std::nullopt : Maybe(Value(at->value));
}

Maybe list(const Node& node, const Scope& scope) {
  JsonArray items;
  for (const Node& part : node.parts) {
    const Maybe item = evaluate(part, scope);
    if (!item) return std::nullopt;
    items.push_back(item->get());
  }
  return Value(Json(std::move(items)));
}

Maybe member(const Node& node, const Scope& scope) {
  const Maybe of = evaluate(node.parts[0], scope);
  const JsonObject* object = of ? of->get().if_object() : nullptr;
  const Json* found = object == nullptr ? nullptr : object->if_contains(node.name);
  return found == nullptr ? std::nullopt : Maybe(of->part(*found));
}

Truth has(const Node& node, const Scope& scope) {
  const Maybe of = evaluate(node.parts[0], scope);
  const JsonObject* object = of ? of->get().if_object() : nullptr;
  return object == nullptr ? std::nullopt : Truth(object->contains(node.name));
}

// The item of a list, or what a map has under a key.
const Json* item_of(const Json& of, const Json& index) {
  if (const JsonObject* object = of.if_object()) {
    return index.is_string() ? object->if_contains(index.get_string()) : nullptr;
  }
  const JsonArray* array = of.if_array();
  const auto number = number_of(index);
  if (array == nullptr || !number || *number < 0) return nullptr;
  return array->if_contains(std::size_t(*number));
}

Maybe indexed(const Node& node, const Scope& scope) {
  const Maybe of = evaluate(node.parts[0], scope);
  const Maybe index = evaluate(node.parts[1], scope);
  const Json* found = of && index ? item_of(of->get(), index->get()) : nullptr;
  return found == nullptr ? std::nullopt : Maybe(of->part(*found));
}

// What decides alone does so even beside an error, on either side; no other operator is so.
Truth decided(const Node& node, const Scope& scope, bool decisive) {
  const Truth first = truth_of(node.parts[0], scope);
  if (first == decisive) return decisive;
  const Truth second = truth_of(node.parts[1], scope);
  if (second == decisive) return decisive;
  return first && second ? Truth(!decisive) : std::nullopt;
}

Truth opposite(Truth truth) { return truth ? Truth(!*truth) : std::nullopt; }

Maybe choice(const Node& node, const Scope& scope) {
  const Truth condition = truth_of(node.parts[0], scope);
  if (!condition) return std::nullopt;
  return evaluate(node.parts[*condition ? 1 : 2], scope);
}

Truth equal(const Node& node, const Scope& scope) {
  const Maybe a = evaluate(node.parts[0], scope);
  const Maybe b = evaluate(node.parts[1], scope);
  return a && b ? Truth(same(a->get(), b->get())) : std::nullopt;
}

template <class T>
bool ordered(Op op, const T& a, const T& b) {
  switch (op) {
    case Op::kLess: return a < b;
    case Op::kAtMost: return a <= b;
    case Op::kMore: return a > b;
    default: return a >= b;
  }
}

// Numbers, or texts by their bytes.
Truth compared(const Node& node, const Scope& scope) {
  const Maybe a = evaluate(node.parts[0], scope);
  const Maybe b = evaluate(node.parts[1], scope);
  if (!a || !b) return std::nullopt;
  if (a->get().is_number() && b->get().is_number()) {
    return ordered(node.op, a->get().to_number<double>(), b->get().to_number<double>());
  }
  const auto first = text_of(a);
  const auto second = text_of(b);
  return first && second ? Truth(ordered(node.op, *first, *second)) : std::nullopt;
}

// An item of a list, or a key of a map.
Truth contained(const Node& node, const Scope& scope) {
  const Maybe item = evaluate(node.parts[0], scope);
  const Maybe of = evaluate(node.parts[1], scope);
  if (!item || !of) return std::nullopt;
  if (of->get().is_object()) return item_of(of->get(), item->get()) != nullptr;
  if (!of->get().is_array()) return std::nullopt;
  return std::ranges::any_of(of->get().get_array(),
                             [&](const Json& one) { return same(one, item->get()); });
}

Maybe sum(const Node& node, const Scope& scope) {
  const Maybe a = evaluate(node.parts[0], scope);
  const Maybe b = evaluate(node.parts[1], scope);
  const auto first = a ? number_of(a->get()) : std::nullopt;
  const auto second = b ? number_of(b->get()) : std::nullopt;
  std::int64_t total = 0;
  if (!first || !second || __builtin_add_overflow(*first, *second, &total)) return std::nullopt;
  return Value(Json(total));
}

std::size_t characters(std::string_view text) {
  return std::size_t(std::ranges::count_if(
      text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

Maybe size(const Node& node, const Scope& scope) {
  const Maybe of = evaluate(node.parts[0], scope);
  if (!of) return std::nullopt;
  const Json& value = of->get();
  if (value.is_array()) return Value(Json(value.get_array().size()));
  if (value.is_object()) return Value(Json(value.get_object().size()));
  if (value.is_string()) return Value(Json(characters(value.get_string())));
  return std::nullopt;
}

Maybe whole_number(const Node& node, const Scope& scope) {
  const Maybe of = evaluate(node.parts[0], scope);
  const auto text = text_of(of);
  if (!text) return of && number_of(of->get()) ? of : std::nullopt;
  std::int64_t number = 0;
  const char* end = text->data() + text->size();
  const auto [stop, error] = std::from_chars(text->data(), end, number);
  return error == std::errc() && stop == end ? Maybe(Value(Json(number))) : std::nullopt;
}

Truth matched(const Node& node, const Scope& scope) {
  const Maybe of = evaluate(node.parts[0], scope);
  const auto text = text_of(of);
  return text ? Truth(node.pattern->found_in(*text)) : std::nullopt;
}

Truth found(const Node& node, const Scope& scope) {
  const Maybe of = evaluate(node.parts[0], scope);
  const Maybe what = evaluate(node.parts[1], scope);
  const auto text = text_of(of);
  const auto part = text_of(what);
  if (!text || !part) return std::nullopt;
  if (node.op == Op::kStartsWith) return text->starts_with(*part);
  if (node.op == Op::kEndsWith) return text->ends_with(*part);
  return text->find(*part) != std::string_view::npos;
}

Maybe pieces(const Node& node, const Scope& scope) {
  const Maybe of = evaluate(node.parts[0], scope);
  const auto text = text_of(of);
  if (!text) return std::nullopt;
  const std::string_view separator = node.parts[1].literal.get_string();
  JsonArray items;
  std::string_view rest = *text;
  for (auto end = rest.find(separator); end != rest.npos; end = rest.find(separator)) {
    items.emplace_back(rest.substr(0, end));
    rest.remove_prefix(end + separator.size());
  }
  items.emplace_back(rest);
  return Value(Json(std::move(items)));
}

// Of how many items of a list, or keys of a map, an expression is true, false and an error.
struct Tally {
  int yes = 0, no = 0, errors = 0;

  void add(Truth truth) { ++(!truth ? errors : *truth ? yes : no); }
};

std::optional<Tally> tally(const Node& node, const Scope& scope) {
  const Maybe of = evaluate(node.parts[0], scope);
  if (!of || !of->get().is_structured()) return std::nullopt;
  Tally out;
  const auto ask = [&](const Json& item) {
    out.add(truth_of(node.parts[1], {.name = node.name, .value = &item, .outer = &scope}));
  };
  if (const JsonArray* array = of->get().if_array()) {
    for (const Json& item : *array) ask(item);
  } else {
    for (const auto& entry : of->get().get_object()) ask(Json(entry.key()));
  }
  return out;
}

// all() and exists() are chains of && and ||; exists_one() bears no error.
Truth counted(const Node& node, const Scope& scope) {
  const auto items = tally(node, scope);
  if (!items) return std::nullopt;
  if (node.op == Op::kAll && items->no > 0) return false;
  if (node.op == Op::kExists && items->yes > 0) return true;
  if (items->errors > 0) return std::nullopt;
  return node.op == Op::kExistsOne ? items->yes == 1 : node.op == Op::kAll;
}

Maybe evaluate(const Node& node, const Scope& scope) {
  switch (node.op) {
    case Op::kLiteral: return Value(&node.literal);
    case Op::kList: return list(node, scope);
    case Op::kVariable: return variable(node, scope);
    case Op::kMember: return member(node, scope);
    case Op::kHas: return value_of(has(node, scope));
    case Op::kIndex: return indexed(node, scope);
    case Op::kNot: return value_of(opposite(truth_of(node.parts[0], scope)));
    case Op::kAnd: return value_of(decided(node, scope, false));
    case Op::kOr: return value_of(decided(node, scope, true));
    case Op::kChoice: return choice(node, scope);
    case Op::kEqual: return value_of(equal(node, scope));
    case Op::kUnequal: return value_of(opposite(equal(node, scope)));
    case Op::kLess:
    case Op::kAtMost:
    case Op::kMore:
    case Op::kAtLeast: return value_of(compared(node, scope));
    case Op::kIn: return value_of(contained(node, scope));
    case Op::kPlus: return sum(node, scope);
    case Op::kSize: return size(node, scope);
    case Op::kInt: return whole_number(node, scope);
    case Op::kMatches: return value_of(matched(node, scope));
    case Op::kContains:
    case Op::kStartsWith:
    case Op::kEndsWith: return value_of(found(node, scope));
    case Op::kSplit: return pieces(node, scope);
    case Op::kAll:
    case Op::kExists:
    case Op::kExistsOne: return value_of(counted(node, scope));
  }
  return std::nullopt;
}

}  // namespace

std::optional<bool> evaluate(const Node& node, const Json& self, const Json* old) {
  const Scope before{.name = "oldSelf", .value = old, .outer = nullptr};
  const Scope now{.name = "self", .value = &self, .outer = &before};
  return truth_of(node, now);
}

}  // namespace infra::sim::cel
