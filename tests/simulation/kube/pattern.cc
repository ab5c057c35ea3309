#include "kube/pattern.h"

#include <bitset>
#include <map>
#include <memory>
#include <set>
#include <stdexcept>
#include <string>

namespace infra::sim {
namespace {

using Bytes = std::bitset<256>;

// What was written, as a tree.
struct Node {
  enum class Kind { kNothing, kBytes, kBegin, kEnd, kSequence, kChoice, kRepeat };
  Kind kind = Kind::kNothing;
  Bytes bytes;
  std::vector<Node> parts;
  int least = 0, most = 0;  // kRepeat; most -1: any number
};

Bytes range(unsigned char first, unsigned char last) {
  Bytes out;
  for (int c = first; c <= last; ++c) out.set(std::size_t(c));
  return out;
}

Bytes one(unsigned char c) { return range(c, c); }

Bytes word_bytes() { return range('a', 'z') | range('A', 'Z') | range('0', '9') | one('_'); }

Bytes space_bytes() { return range('\t', '\n') | range('\f', '\r') | one(' '); }

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  Node whole() {
    Node node = choice();
    if (!done()) unknown("a closing bracket without an opening one");
    return node;
  }

 private:
  bool done() const { return at_ == text_.size(); }
  char look() const { return text_[at_]; }
  char take() {
    if (done()) unknown("an unexpected end");
    return text_[at_++];
  }
  bool skip(char c) {
    if (done() || look() != c) return false;
    ++at_;
    return true;
  }

  [[noreturn]] void unknown(const std::string& what) const {
    throw std::runtime_error("the fake API server does not know the regular expression '" +
                             std::string(text_) + "': it has " + what);
  }

  Node choice() {
    Node node{.kind = Node::Kind::kChoice};
    node.parts.push_back(sequence());
    while (skip('|')) node.parts.push_back(sequence());
    return node;
  }

  Node sequence() {
    Node node{.kind = Node::Kind::kSequence};
    while (!done() && look() != '|' && look() != ')') node.parts.push_back(repeated());
    return node;
  }

  Node repeated() {
    Node node = atom();
    while (!done()) {
      if (skip('*')) {
        node = repeat(std::move(node), 0, -1);
      } else if (skip('+')) {
        node = repeat(std::move(node), 1, -1);
      } else if (skip('?')) {
        node = repeat(std::move(node), 0, 1);
      } else if (skip('{')) {
        node = counted(std::move(node));
      } else {
        break;
      }
    }
    return node;
  }

  static Node repeat(Node what, int least, int most) {
    Node node{.kind = Node::Kind::kRepeat, .least = least, .most = most};
    node.parts.push_back(std::move(what));
    return node;
  }

  Node counted(Node what) {
    const int least = number();
    int most = least;
    if (skip(',')) most = !done() && look() == '}' ? -1 : number();
    if (!skip('}')) unknown("a count without an end");
    return repeat(std::move(what), least, most);
  }

  int number() {
    int value = 0;
    bool any = false;
    while (!done() && look() >= '0' && look() <= '9') {
      value = value * 10 + (take() - '0');
      any = true;
      if (value > 1000) unknown("a count above 1000");
    }
    if (!any) unknown("a count without digits");
    return value;
  }

  Node atom() {
    const char c = take();
    switch (c) {
      case '(': return group();
      case '[': return bytes(bracket());
      case '.': return bytes(~one('\n'));
      case '^': return Node{.kind = Node::Kind::kBegin};
      case '$': return Node{.kind = Node::Kind::kEnd};
      case '\\': return bytes(escaped());
      case '*':
      case '+':
      case '?': unknown("a repetition of nothing");
      default: return bytes(one(static_cast<unsigned char>(c)));
    }
  }

  static Node bytes(Bytes set) { return Node{.kind = Node::Kind::kBytes, .bytes = set}; }

  Node group() {
    if (skip('?') && !skip(':')) unknown("a group of an unusual kind");
    Node node = choice();
    if (!skip(')')) unknown("a group without an end");
    return node;
  }

  Bytes escaped() {
    const char c = take();
    switch (c) {
      case 'd': return range('0', '9');
      case 'D': return ~range('0', '9');
      case 'w': return word_bytes();
      case 'W': return ~word_bytes();
      case 's': return space_bytes();
      case 'S': return ~space_bytes();
      case 'n': return one('\n');
      case 't': return one('\t');
      case 'r': return one('\r');
      default: break;
    }
    if (word_bytes().test(static_cast<unsigned char>(c))) unknown("an unusual escape");
    return one(static_cast<unsigned char>(c));
  }

  Bytes bracket() {
    const bool inverted = skip('^');
    Bytes set;
    bool first = true;
    while (first || (!done() && look() != ']')) {
      first = false;
      set |= bracket_item();
    }
    if (!skip(']')) unknown("a bracket without an end");
    return inverted ? ~set : set;
  }

  Bytes bracket_item() {
    const char c = take();
    if (c == '[' && !done() && look() == ':') unknown("a named class");
    const Bytes low = c == '\\' ? escaped() : one(static_cast<unsigned char>(c));
    const bool is_range =
        low.count() == 1 && at_ + 1 < text_.size() && look() == '-' && text_[at_ + 1] != ']';
    if (!is_range) return low;
    ++at_;
    const char last = take();
    const Bytes high = last == '\\' ? escaped() : one(static_cast<unsigned char>(last));
    return range(only(low), only(high));
  }

  unsigned char only(const Bytes& set) const {
    for (int c = 0; c < 256; ++c) {
      if (set.test(std::size_t(c))) return static_cast<unsigned char>(c);
    }
    unknown("an empty class");
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

// One step of a machine that may be in many places at once.
struct Step {
  enum class Kind { kBytes, kBegin, kEnd, kSplit, kFound };
  Kind kind = Kind::kFound;
  Bytes bytes;
  int next = -1, other = -1;
};

// Writes a tree as steps, from its end to its beginning.
class StepWriter {
 public:
  int write(const Node& node, int next) {
    switch (node.kind) {
      case Node::Kind::kNothing: return next;
      case Node::Kind::kBytes:
        return add({.kind = Step::Kind::kBytes, .bytes = node.bytes, .next = next});
      case Node::Kind::kBegin: return add({.kind = Step::Kind::kBegin, .next = next});
      case Node::Kind::kEnd: return add({.kind = Step::Kind::kEnd, .next = next});
      case Node::Kind::kSequence: return sequence(node, next);
      case Node::Kind::kChoice: return choice(node, next);
      case Node::Kind::kRepeat: return repeat(node, next);
    }
    return next;
  }

  int add(Step step) {
    steps.push_back(step);
    return int(steps.size()) - 1;
  }

  std::vector<Step> steps;

 private:
  int sequence(const Node& node, int next) {
    for (auto part = node.parts.rbegin(); part != node.parts.rend(); ++part) {
      next = write(*part, next);
    }
    return next;
  }

  int choice(const Node& node, int next) {
    int start = write(node.parts.back(), next);
    for (std::size_t i = node.parts.size() - 1; i-- > 0;) {
      start = add({.kind = Step::Kind::kSplit, .next = write(node.parts[i], next), .other = start});
    }
    return start;
  }

  int repeat(const Node& node, int next) {
    int start = next;
    if (node.most < 0) {
      const int loop = add({.kind = Step::Kind::kSplit, .other = next});
      steps[std::size_t(loop)].next = write(node.parts[0], loop);
      start = loop;
    } else {
      for (int i = node.least; i < node.most; ++i) {
        start =
            add({.kind = Step::Kind::kSplit, .next = write(node.parts[0], start), .other = next});
      }
    }
    for (int i = 0; i < node.least; ++i) start = write(node.parts[0], start);
    return start;
  }
};

}  // namespace

// Makes one state of each set of places in which the machine can be.
class TableMaker {
 public:
  TableMaker(std::vector<Step> steps, int start, Pattern& out)
      : steps_(std::move(steps)), start_(start), out_(out) {}

  void run() {
    Places first;
    follow(start_, true, false, first);
    number_of(first);
    for (std::size_t i = 0; i < sets_.size(); ++i) fill(i);
  }

 private:
  using Places = std::set<int>;
  static constexpr std::size_t kMostStates = 5000;

  void follow(int at, bool at_begin, bool at_end, Places& places) const {
    if (!places.insert(at).second) return;
    const Step& step = steps_[std::size_t(at)];
    if (step.kind == Step::Kind::kSplit) follow(step.next, at_begin, at_end, places);
    if (step.kind == Step::Kind::kSplit) follow(step.other, at_begin, at_end, places);
    if (step.kind == Step::Kind::kBegin && at_begin) follow(step.next, at_begin, at_end, places);
    if (step.kind == Step::Kind::kEnd && at_end) follow(step.next, at_begin, at_end, places);
  }

  bool found(const Places& places) const {
    for (const int at : places) {
      if (steps_[std::size_t(at)].kind == Step::Kind::kFound) return true;
    }
    return false;
  }

  // A `^` after the end of an empty text cannot matter to a set that has left the beginning.
  bool found_at_end(const Places& places, bool first) const {
    Places all;
    for (const int at : places) follow(at, first, true, all);
    return found(all);
  }

  std::uint16_t number_of(const Places& places) {
    const auto [known, fresh] = numbers_.emplace(places, std::uint16_t(sets_.size()));
    if (!fresh) return known->second;
    if (sets_.size() == kMostStates) throw std::runtime_error("a regular expression is too large");
    const bool first = sets_.empty();
    sets_.push_back(places);
    out_.states_.push_back(
        {.next = {}, .found = found(places), .found_at_end = found_at_end(places, first)});
    return known->second;
  }

  void fill(std::size_t index) {
    for (int c = 0; c < 256; ++c) {
      Places after;
      // The expression may also begin at the next byte.
      follow(start_, false, false, after);
      for (const int at : Places(sets_[index])) {
        const Step& step = steps_[std::size_t(at)];
        const bool passes = step.kind == Step::Kind::kBytes && step.bytes.test(std::size_t(c));
        if (passes) follow(step.next, false, false, after);
      }
      const auto number = number_of(after);
      out_.states_[index].next[std::size_t(c)] = number;
    }
  }

  std::vector<Step> steps_;
  int start_;
  Pattern& out_;
  std::map<Places, std::uint16_t> numbers_;
  std::vector<Places> sets_;
};

Pattern::Pattern(std::string_view expression) {
  StepWriter writer;
  const int end = writer.add({.kind = Step::Kind::kFound});
  const int start = writer.write(Parser(expression).whole(), end);
  TableMaker(std::move(writer.steps), start, *this).run();
}

bool Pattern::found_in(std::string_view text) const {
  std::size_t state = 0;
  for (const char c : text) {
    if (states_[state].found) return true;
    state = states_[state].next[static_cast<unsigned char>(c)];
  }
  return states_[state].found || states_[state].found_at_end;
}

}  // namespace infra::sim
