# Shared by ./dev: the simulated worlds. Sourced, never run.

simulator() { echo "build/${2:-sim}/tests/simulation/$1"; }

# simulate [FLAG ...]: with a planted bug, or all of them, the program that has their copies.
simulate() {
  local program=infra_sim
  case " $* " in *' --plant'* | *' --hunt '*) program=infra_sim_bugs ;; esac
  build sim "$program"
  "$(simulator "$program")" --jobs "$JOBS" "$@"
}

# A trace depends on the seed alone: memory that is not initialised, or an order by addresses, would show here.
same_under_sanitizers() {
  local preset traces=''
  build asan infra_sim
  for preset in sim asan; do
    "$(simulator infra_sim "$preset")" --seeds 60 --twice 0 --jobs "$JOBS" >"$1" 2>&1 || { cat "$1"; return 1; }
    traces+=" $(sed -nE 's/^.*; traces ([0-9a-f]+)$/\1/p' "$1")"
  done
  # shellcheck disable=SC2086 # two words
  set -- $traces
  echo "traces of 60 worlds: ${1:-none}, with sanitizers ${2:-none}"
  if [ -n "${1:-}" ] && [ "${1:-}" = "${2:-}" ]; then echo '1 passed, 0 failed'; else echo '0 passed, 1 failed'; fi
}

# What every landing is held to: the worlds that failed once, a thousand, a part of the sweeps, planted bugs in the worlds
# that showed them, and the same traces with and without sanitizers.
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
  same_under_sanitizers "$log.part" 2>&1 | tee -a "$log" || true
  sed -nE 's/^([0-9]+) passed, ([0-9]+) failed$/\1 \2/p' "$log" |
    awk '{ passed += $1; failed += $2 } END { print "simulation: " passed + 0 " passed, " failed + 0 " failed" }' | tee -a "$log"
}
