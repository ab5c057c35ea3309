#include "kube/cel_words.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>

namespace infra::sim::cel {
namespace {

bool begins_name(char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0 || c == '_'; }
bool is_digit(char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; }
bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  std::vector<Word> all() {
    std::vector<Word> words;
    do {
      words.push_back(next());
    } while (words.back().kind != Word::Kind::kEnd);
    return words;
  }

 private:
  Word next() {
    while (!rest_.empty() && is_space(rest_.front())) take();
    if (rest_.empty()) return {};
    const char first = rest_.front();
    if (begins_name(first)) return {.kind = Word::Kind::kName, .text = name()};
    if (is_digit(first)) return {.kind = Word::Kind::kNumber, .number = number()};
    if (first == '\'' || first == '"') return {.kind = Word::Kind::kText, .text = quoted()};
    return {.kind = Word::Kind::kSign, .text = sign()};
  }

  char take() {
    if (rest_.empty()) throw Unknown("a text without an end");
    const char c = rest_.front();
    rest_.remove_prefix(1);
    return c;
  }

  std::string name() {
    const auto end =
        std::ranges::find_if(rest_, [](char c) { return !begins_name(c) && !is_digit(c); });
    std::string out(rest_.begin(), end);
    rest_.remove_prefix(out.size());
    // r'raw' and b'bytes'.
    const bool prefix = !rest_.empty() && (rest_.front() == '\'' || rest_.front() == '"');
    if (prefix) throw Unknown("a text after '" + out + "'");
    return out;
  }

  std::int64_t number() {
    std::int64_t value = 0;
    const char* end = rest_.data() + rest_.size();
    const auto [stop, error] = std::from_chars(rest_.data(), end, value);
    rest_.remove_prefix(std::size_t(stop - rest_.data()));
    // 1u, 0x1f, 1e3; 1.5.
    const bool more = !rest_.empty() && (begins_name(rest_.front()) || rest_.front() == '.');
    if (error != std::errc() || more) throw Unknown("an unusual number");
    return value;
  }

  std::string quoted() {
    const char quote = take();
    std::string out;
    for (char c = take(); c != quote; c = take()) {
      if (c == '\n' || c == '\r') throw Unknown("a text of many lines");
      out += c == '\\' ? escaped() : c;
    }
    if (out.empty() && rest_.starts_with(quote)) throw Unknown("a text in triple quotes");
    return out;
  }

  char escaped() {
    constexpr std::string_view kNames = "\\'\"`?abfnrtv";
    constexpr std::string_view kMeanings = "\\'\"`?\a\b\f\n\r\t\v";
    const char c = take();
    const auto which = kNames.find(c);
    if (which == std::string_view::npos) throw Unknown(std::string("the escape \\") + c);
    return kMeanings[which];
  }

  // The long ones first, as some begin with a short one.
  std::string sign() {
    constexpr std::array<std::string_view, 18> kSigns{
        "&&", "||", "==", "!=", "<=", ">=", "!", "<", ">",
        "+",  "?",  ":",  "(",  ")",  "[",  "]", ".", ","};
    for (const auto sign : kSigns) {
      if (!rest_.starts_with(sign)) continue;
      rest_.remove_prefix(sign.size());
      return std::string(sign);
    }
    throw Unknown(std::string("the sign ") + rest_.front());
  }

  std::string_view rest_;
};

}  // namespace

std::vector<Word> words_of(std::string_view expression) { return Reader(expression).all(); }

}  // namespace infra::sim::cel
