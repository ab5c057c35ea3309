#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "kube/answers.h"

namespace infra::sim {

// Which objects a list or watch is about: labels, fields and a namespace.
class Selection {
 public:
  static Answer<Selection> read(const Kind& kind, const std::string& ns, const std::string& labels,
                                const std::string& fields);
  bool matches(const Json& object) const;
  // Whether anything but the namespace is asked for.
  bool selective() const { return !labels_.empty() || !fields_.empty(); }

 private:
  struct Wish {
    enum class Kind { kIn, kNotIn, kExists, kAbsent };
    Kind kind = Kind::kIn;
    std::string name;
    std::vector<std::string> values;
  };
  static Answer<Wish> read_label(std::string_view text);
  static Answer<Wish> read_field(std::string_view text);
  static bool fulfilled(const Wish& wish, const Json* value);

  std::string ns_;
  std::vector<Wish> labels_, fields_;
};

}  // namespace infra::sim
