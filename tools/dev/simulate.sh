# Shared by ./dev: the simulated worlds. Sourced, never run.

# simulate [FLAG ...]: with a planted bug, or all of them, the program that has their copies.
simulate() {
  local program=infra_sim
  case " $* " in *' --plant'* | *' --hunt '*) program=infra_sim_bugs ;; esac
  build sim "$program"
  "build/sim/tests/simulation/$program" --jobs "$JOBS" "$@"
}
