#pragma once

#include <yaml-cpp/yaml.h>

#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"

namespace infra::definition {

// Collects what is wrong in one file, so that all of it is told at once.
class Complaints {
 public:
  explicit Complaints(std::string file) : file_(std::move(file)) {}
  void add(int line, const std::string& what);
  bool none() const { return lines_.empty(); }
  std::string text() const;

 private:
  std::string file_;
  std::vector<std::string> lines_;
};

// 1-based; 0 for a node that is not in the file.
int line_of(const YAML::Node& node);

// Quoted scalars are strings; plain ones are null, booleans, numbers or strings.
Json to_json(const YAML::Node& node);

// One mapping whose words are known. Reading a word that is absent gives an empty value; a word of
// the wrong type gives an empty value and a complaint.
class Words {
 public:
  Words(const YAML::Node& node, std::string where, Complaints& complaints,
        std::initializer_list<std::string_view> known);

  bool has(std::string_view word) const { return find(word) != nullptr; }
  YAML::Node node(std::string_view word) const;
  int line() const { return line_of(node_); }
  const std::string& where() const { return where_; }
  Complaints& complaints() const { return complaints_; }
  void wrong(std::string_view word, const std::string& what) const;

  void require(std::string_view word) const;
  std::string text(std::string_view word) const;
  bool flag(std::string_view word) const;
  std::optional<std::int64_t> integer(std::string_view word) const;
  std::vector<std::string> texts(std::string_view word) const;
  std::vector<std::pair<std::string, std::string>> pairs(std::string_view word) const;
  std::map<std::string, std::string> text_map(std::string_view word) const;
  std::map<std::string, Json> json_map(std::string_view word) const;
  Json json(std::string_view word) const;
  // The items of a list, or none.
  std::vector<YAML::Node> items(std::string_view word) const;
  // The entries of a mapping in the order written.
  std::vector<std::pair<std::string, YAML::Node>> entries(std::string_view word) const;

 private:
  const YAML::Node* find(std::string_view word) const;

  YAML::Node node_;
  std::string where_;
  Complaints& complaints_;
  std::vector<std::pair<std::string, YAML::Node>> members_;
};

}  // namespace infra::definition
