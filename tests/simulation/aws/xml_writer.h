#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace infra::sim {

// Writes elements one after the other; what is opened has to be closed.
class XmlWriter {
 public:
  XmlWriter& open(std::string_view name, std::string_view xmlns = "") {
    out_.append("<").append(name);
    if (!xmlns.empty()) out_.append(" xmlns=\"").append(xmlns).append("\"");
    out_ += '>';
    open_.emplace_back(name);
    return *this;
  }
  XmlWriter& close() {
    out_.append("</").append(open_.back()).append(">");
    open_.pop_back();
    return *this;
  }
  XmlWriter& text(std::string_view name, std::string_view value) {
    open(name);
    escape(value);
    return close();
  }
  XmlWriter& boolean(std::string_view name, bool value) {
    return text(name, value ? "true" : "false");
  }
  // What is XML already.
  XmlWriter& raw(std::string_view xml) {
    out_ += xml;
    return *this;
  }
  std::string take() { return std::move(out_); }

 private:
  void escape(std::string_view text) {
    for (const char c : text) {
      switch (c) {
        case '&': out_ += "&amp;"; break;
        case '<': out_ += "&lt;"; break;
        case '>': out_ += "&gt;"; break;
        case '"': out_ += "&quot;"; break;
        default: out_ += c;
      }
    }
  }

  std::string out_;
  std::vector<std::string> open_;
};

}  // namespace infra::sim
