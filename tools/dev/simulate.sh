# Shared by ./dev: the simulated worlds. Sourced, never run.

simulator() { echo "build/${2:-sim}/tests/simulation/$1"; }

# simulate [FLAG ...]: with a planted bug, or all of them, the program that has their copies.
simulate() {
  local program=infra_sim
  case " $* " in *' --plant'* | *' --hunt '*) program=infra_sim_bugs ;; esac
  build sim "$program"
  "$(simulator "$program")" --jobs "$JOBS" "$@"
}

# What every landing is held to: the worlds that failed once, a thousand, a part of the sweeps, and planted bugs in
# the worlds that showed them.
# The log's last line counts the worlds.
run_simulation() {
  local log=$1 part
  build sim infra_sim
  build sim infra_sim_bugs
  : >"$log"
  for part in '--scenarios tests/simulation/scenarios' '--seeds 1000' '--sweep --stride 47'; do
    # shellcheck disable=SC2086 # a list of words
    "$(simulator infra_sim)" --jobs "$JOBS" $part 2>&1 | tee -a "$log" || true
  done
  "$(simulator infra_sim_bugs)" --hunt --known --jobs "$JOBS" 2>&1 | tee -a "$log" || true
  sed -nE 's/^([0-9]+) passed, ([0-9]+) failed$/\1 \2/p' "$log" |
    awk '{ passed += $1; failed += $2 } END { print "simulation: " passed + 0 " passed, " failed + 0 " failed" }' | tee -a "$log"
}
