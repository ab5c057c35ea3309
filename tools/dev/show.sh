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

# The image, as files: tools/image.py says which.
image() {
  build release infra-operator
  python3 tools/image.py build/release/src/app/infra-operator "$(sed -nE 's/^project\(.* VERSION ([0-9.]+) .*/\1/p' CMakeLists.txt)" \
    "$(git rev-parse HEAD)" build/image
}

bench() {
  build release infra_bench
  tool operator
  stack_tools "$TOOL"
  python3 tools/bench.py "${TOOLS[@]}" "infra_bench=$PWD/build/release/bench/infra_bench"
}

# chart_tests PRESET [TEST ...]: prints last how many passed and failed.
chart_tests() {
  local preset=$1
  shift
  build "$preset" infra-operator
  tool helm
  ensure_chart_tools
  "$CHART_PYTHON/bin/python" tests/chart/run.py "operator=$PWD/build/$preset/src/app/infra-operator" "helm=$TOOL" \
    "promtool=$BIN/promtool" "$@"
}

# integration PRESET [TEST ...]: prints a line a test, and last how many passed and failed.
integration() {
  local preset=$1
  shift
  build "$preset" infra-operator infra-generate sim_aws_server sim_kube_server
  stack_tools "$PWD/build/$preset/src/app/infra-operator"
  ensure_moto
  ensure_prometheus
  tool helm
  TOOLS+=("helm=$TOOL" "prometheus=$BIN/prometheus" "generate=$PWD/build/$preset/src/definition/infra-generate")
  "$MOTO/bin/python" tests/integration/run.py "${TOOLS[@]}" "$@"
}
