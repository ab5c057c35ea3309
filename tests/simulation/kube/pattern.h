#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

namespace infra::sim {

// A regular expression of the kind that CRDs hold, made into a table once and then matched in one
// pass over the text, without recursion: a user's long name cannot hang the simulator. Matching is
// by bytes. Throws std::runtime_error on what it does not know (look-around, back references).
class Pattern {
 public:
  Pattern() = default;
  explicit Pattern(std::string_view expression);

  // Whether the expression is found anywhere in the text, as a CRD's `pattern` means it.
  bool found_in(std::string_view text) const;

 private:
  struct State {
    std::array<std::uint16_t, 256> next{};
    bool found = false;         // whatever follows
    bool found_at_end = false;  // if nothing follows
  };
  std::vector<State> states_;  // the first is the beginning
  friend class TableMaker;
};

}  // namespace infra::sim
