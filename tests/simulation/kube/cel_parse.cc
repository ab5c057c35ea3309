#include "kube/cel_parse.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "kube/cel_words.h"

namespace infra::sim::cel {
namespace {

using Op = Node::Op;
template <std::size_t N>
using Names = std::array<std::pair<std::string_view, Op>, N>;

constexpr Names<7> kRelations{{{"==", Op::kEqual},
                               {"!=", Op::kUnequal},
                               {"<=", Op::kAtMost},
                               {">=", Op::kAtLeast},
                               {"<", Op::kLess},
                               {">", Op::kMore},
                               {"in", Op::kIn}}};
constexpr Names<2> kFunctions{{{"size", Op::kSize}, {"int", Op::kInt}}};
constexpr Names<6> kMethods{{{"size", Op::kSize},
                             {"matches", Op::kMatches},
                             {"contains", Op::kContains},
                             {"startsWith", Op::kStartsWith},
                             {"endsWith", Op::kEndsWith},
                             {"split", Op::kSplit}}};
constexpr Names<3> kMacros{
    {{"all", Op::kAll}, {"exists", Op::kExists}, {"exists_one", Op::kExistsOne}}};

template <std::size_t N>
std::optional<Op> op_of(const Names<N>& names, std::string_view name) {
  const auto found = std::ranges::find(names, name, [](const auto& entry) { return entry.first; });
  return found == names.end() ? std::nullopt : std::optional(found->second);
}

Node node_of(Op op, Node first) {
  Node node{.op = op};
  node.parts.push_back(std::move(first));
  return node;
}

Node node_of(Op op, Node first, Node second) {
  Node node = node_of(op, std::move(first));
  node.parts.push_back(std::move(second));
  return node;
}

Node literal(Json value) { return {.op = Op::kLiteral, .literal = std::move(value)}; }

const boost::json::string* text_of(const Node& node) {
  return node.op == Op::kLiteral ? node.literal.if_string() : nullptr;
}

// A function for each level of the language's grammar, from the weakest operator to the strongest.
class Parser {
 public:
  explicit Parser(std::vector<Word> words) : words_(std::move(words)) {}

  Node whole() {
    Node node = expression();
    if (look().kind != Word::Kind::kEnd) unexpected();
    return node;
  }

 private:
  const Word& look() const { return words_[at_]; }
  bool sees(std::string_view sign) const {
    return look().kind == Word::Kind::kSign && look().text == sign;
  }
  bool skip(std::string_view sign) {
    if (!sees(sign)) return false;
    ++at_;
    return true;
  }
  void expect(std::string_view sign) {
    if (!skip(sign)) unexpected();
  }
  std::string name() {
    if (look().kind != Word::Kind::kName) unexpected();
    return words_[at_++].text;
  }
  [[noreturn]] void unexpected() const {
    const bool end = look().kind == Word::Kind::kEnd;
    throw Unknown(end ? "an unexpected end" : "'" + look().text + "' in an unexpected place");
  }

  Node expression() {
    Node condition = either();
    if (!skip("?")) return condition;
    Node node = node_of(Op::kChoice, std::move(condition), either());
    expect(":");
    node.parts.push_back(expression());
    return node;
  }

  Node either() {
    Node node = both();
    while (skip("||")) node = node_of(Op::kOr, std::move(node), both());
    return node;
  }

  Node both() {
    Node node = relation();
    while (skip("&&")) node = node_of(Op::kAnd, std::move(node), relation());
    return node;
  }

  Node relation() {
    Node node = sum();
    while (const auto op = relation_ahead()) {
      ++at_;
      node = node_of(*op, std::move(node), sum());
    }
    return node;
  }

  std::optional<Op> relation_ahead() const {
    const bool is_text = look().kind == Word::Kind::kText;
    return is_text ? std::nullopt : op_of(kRelations, look().text);
  }

  Node sum() {
    Node node = unary();
    while (skip("+")) node = node_of(Op::kPlus, std::move(node), unary());
    return node;
  }

  Node unary() {
    if (skip("!")) return node_of(Op::kNot, unary());
    Node node = primary();
    while (true) {
      if (skip(".")) {
        node = member(std::move(node));
      } else if (skip("[")) {
        node = node_of(Op::kIndex, std::move(node), expression());
        expect("]");
      } else {
        return node;
      }
    }
  }

  Node member(Node of) {
    const std::string called = name();
    if (!skip("(")) {
      Node node = node_of(Op::kMember, std::move(of));
      node.name = called;
      return node;
    }
    if (const auto op = op_of(kMacros, called)) return macro(*op, std::move(of));
    const auto op = op_of(kMethods, called);
    if (!op) throw Unknown("the method " + called + "()");
    return method(*op, std::move(of));
  }

  Node method(Op op, Node of) {
    Node node = node_of(op, std::move(of));
    if (op != Op::kSize) node.parts.push_back(expression());
    expect(")");
    if (op == Op::kMatches) compile_pattern(node);
    if (op == Op::kSplit) check_separator(node);
    return node;
  }

  static void compile_pattern(Node& node) {
    const auto* text = text_of(node.parts.back());
    if (text == nullptr) throw Unknown("a regular expression that is no literal");
    node.pattern = std::make_shared<const Pattern>(std::string_view(*text));
    node.parts.pop_back();
  }

  static void check_separator(const Node& node) {
    const auto* text = text_of(node.parts.back());
    if (text == nullptr || text->empty()) throw Unknown("a separator that is no text");
  }

  Node macro(Op op, Node of) {
    const std::string variable = name();
    expect(",");
    variables_.push_back(variable);
    Node node = node_of(op, std::move(of), expression());
    variables_.pop_back();
    expect(")");
    node.name = variable;
    return node;
  }

  Node primary() {
    if (skip("(")) {
      Node node = expression();
      expect(")");
      return node;
    }
    if (skip("[")) return list();
    switch (look().kind) {
      case Word::Kind::kText: return literal(Json(words_[at_++].text));
      case Word::Kind::kNumber: return literal(Json(words_[at_++].number));
      case Word::Kind::kName: return named();
      default: unexpected();
    }
  }

  Node list() {
    Node node{.op = Op::kList};
    while (!sees("]")) {
      node.parts.push_back(expression());
      if (!skip(",")) break;
    }
    expect("]");
    return node;
  }

  Node named() {
    const std::string word = name();
    if (word == "true" || word == "false") return literal(Json(word == "true"));
    if (skip("(")) return function(word);
    const bool known = std::ranges::find(variables_, word) != variables_.end();
    if (!known) throw Unknown("the name " + word);
    return {.op = Op::kVariable, .name = word};
  }

  Node function(const std::string& called) {
    Node argument = expression();
    expect(")");
    if (called == "has") return has(std::move(argument));
    const auto op = op_of(kFunctions, called);
    if (!op) throw Unknown("the function " + called + "()");
    return node_of(*op, std::move(argument));
  }

  static Node has(Node argument) {
    if (argument.op != Op::kMember) throw Unknown("has() of what is no member");
    argument.op = Op::kHas;
    return argument;
  }

  std::vector<Word> words_;
  std::size_t at_ = 0;
  std::vector<std::string> variables_{"self", "oldSelf"};
};

}  // namespace

Node parse(std::string_view expression) { return Parser(words_of(expression)).whole(); }

bool mentions(const Node& node, std::string_view variable) {
  return (node.op == Op::kVariable && node.name == variable) ||
         std::ranges::any_of(node.parts,
                             [&](const Node& part) { return mentions(part, variable); });
}

}  // namespace infra::sim::cel
