#pragma once

#include <map>
#include <string>
#include <string_view>

namespace infra::telemetry {

// The answer to a probe: status 200 if ok, else 503, with one line per check.
//   [+]caches ok
//   [-]webhook failed: no certificate yet
struct HealthAnswer {
  bool ok;
  std::string text;
  int http_status() const { return ok ? 200 : 503; }
};

// Named checks that parts of the program set when they change. A check starts alive and not ready.
// With no check at all the program is alive but not ready, as nothing has started yet.
class Health {
 public:
  void add(const std::string& name);
  // `reason` is shown where the value is false; it must not hold a secret. A name that was not
  // added is added.
  void set_ready(const std::string& name, bool ready, std::string_view reason = "");
  void set_alive(const std::string& name, bool alive, std::string_view reason = "");

  HealthAnswer alive() const;  // for /healthz: should this process be restarted?
  HealthAnswer ready() const;  // for /readyz: may it get work? Never true when not alive.

 private:
  struct State {
    bool good;
    std::string reason;
  };
  struct Check {
    State alive{true, ""};
    State ready{false, "not started"};
  };

  std::map<std::string, Check> checks_;
};

}  // namespace infra::telemetry
