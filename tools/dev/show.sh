# Shared by ./dev: the demo, the measuring and the tests against real parts. Sourced, never run.

# Sets TOOLS to NAME=PATH of every program that tools/stack.py starts.
stack_tools() {
  local name operator=$1
  TOOLS=("operator=$operator")
  for name in etcd kube-apiserver kubectl moto_server; do
    tool "$name"
    TOOLS+=("$name=$TOOL")
  done
}

demo() {
  tool operator
  stack_tools "$TOOL"
  python3 tools/demo.py "$@" "${TOOLS[@]}"
}

bench() {
  build release infra_bench
  tool operator
  stack_tools "$TOOL"
  python3 tools/bench.py "${TOOLS[@]}" "infra_bench=$PWD/build/release/bench/infra_bench"
}

# chart_tests BINARY [TEST ...]: prints last how many passed and failed.
chart_tests() {
  local binary=$1
  shift
  tool helm
  ensure_chart_tools
  "$CHART_PYTHON/bin/python" tests/chart/run.py "operator=$binary" "helm=$TOOL" "promtool=$BIN/promtool" "$@"
}

# integration BINARY [TEST ...]: prints a line a test, and last how many passed and failed.
integration() {
  local binary=$1
  shift
  stack_tools "$binary"
  ensure_moto
  TOOLS+=("generate=$(dirname "$binary")/../definition/infra-generate")
  "$MOTO/bin/python" tests/integration/run.py "${TOOLS[@]}" "$@"
}
