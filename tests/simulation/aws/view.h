#pragma once

#include <array>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/json.h"

namespace infra::sim {

// The ways to ask about a thing; a change reaches each of them on its own.
enum class View : std::uint8_t { kById, kList, kDetails, kAccess };
inline constexpr int kViews = 4;
inline constexpr int kReplicas = 3;

// When a change reaches whom. All of a calm change arrives when it is made.
class Arrival {
 public:
  Arrival() = default;
  explicit Arrival(Duration made) : made_(made) {}

  Duration made() const { return made_; }
  void delay(View view, int replica, Duration by);
  bool reached(View view, int replica, Duration now) const;
  // By then it has reached everyone.
  Duration last() const;

 private:
  using Delays = std::array<Duration, std::size_t{kViews} * kReplicas>;
  Duration made_{0};
  std::shared_ptr<Delays> delays_;  // none: no delay; most changes are like that
};

// One setting of a thing with as many of its former values as somebody may still see.
class Part {
 public:
  void set(Json value, Arrival arrival);
  const Json& truth() const { return versions_.back().value; }
  const Json& first() const { return versions_.front().value; }
  // The newest value that has arrived; nullptr: none has.
  const Json* seen(View view, int replica, Duration now) const;

 private:
  struct Version {
    Arrival arrival;
    Json value;
  };
  void forget_what_nobody_sees(Duration now);

  std::vector<Version> versions_;
};

// One resource from its birth on. A second one of the same name is another thing.
struct Thing {
  std::string kind;
  std::string account;
  std::string region;
  std::string id;
  bool live = true;
  bool actor_made = false;
  bool furniture = false;
  Arrival birth;
  std::unique_ptr<Arrival> death;
  // "core" never changes; "settings" and "tags" do; the others are settings with calls of their
  // own, named by the result of that call.
  std::map<std::string, Part, std::less<>> parts;

  // A long operation on its way: until when, and whether it ends badly.
  Duration ready_at{0};
  bool failed = false;
  Duration updated_at{0};
  bool update_failed = false;
  Duration gone_at = Duration::max();  // what takes its time to go, such as a key
  Duration occupied_until{0};          // somebody's belongings are in it, and block its deletion

  const Json& truth(std::string_view part) const;
  bool visible(View view, int replica, Duration now) const;
};

}  // namespace infra::sim
