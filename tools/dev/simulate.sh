# Shared by ./dev: the simulated worlds. Sourced, never run.

simulator() { echo "build/${2:-release}/tests/simulation/$1"; }

# simulate [FLAG ...]: with a planted bug, or all of them, the program that has their copies.
simulate() {
  local program=infra_sim
  case " $* " in *' --plant'* | *' --hunt '*) program=infra_sim_bugs ;; esac
  build release "$program"
  "$(simulator "$program")" --jobs "$JOBS" "$@"
}

# traces PRESET: one number for all that happens in some worlds.
traces() {
  "$(simulator infra_sim "$1")" --seeds 60 --jobs "$JOBS" --twice 0 2>/dev/null | sed -nE 's/.*; traces ([0-9a-f]+)$/\1/p'
}

# A trace depends on the seed alone: memory that is not initialised, or an order by addresses, would show here.
same_under_sanitizers() {
  local plain sanitized
  plain=$(traces release) || true
  sanitized=$(traces asan) || true
  echo "traces of 60 worlds: '$plain', with sanitizers '$sanitized'"
  if [ -n "$plain" ] && [ "$plain" = "$sanitized" ]; then echo '1 passed, 0 failed'; else echo '0 passed, 1 failed'; fi
}

# What every landing is held to: the worlds that failed once, a thousand, a part of the sweeps, planted bugs in the worlds
# that showed them, and the same traces with and without sanitizers.
# The log's last line counts the worlds.
run_simulation() {
  local log=$1 part
  build release infra_sim infra_sim_bugs
  build asan infra_sim
  : >"$log"
  for part in '--scenarios tests/simulation/scenarios' '--seeds 1000' '--sweep --stride 47'; do
    # shellcheck disable=SC2086 # a list of words
    "$(simulator infra_sim)" --jobs "$JOBS" $part 2>&1 | tee -a "$log" || true
  done
  "$(simulator infra_sim_bugs)" --hunt --known --jobs "$JOBS" 2>&1 | tee -a "$log" || true
  same_under_sanitizers | tee -a "$log"
  sed -nE 's/^([0-9]+) passed, ([0-9]+) failed$/\1 \2/p' "$log" |
    awk '{ passed += $1; failed += $2 } END { print "simulation: " passed + 0 " passed, " failed + 0 " failed" }' | tee -a "$log"
}
