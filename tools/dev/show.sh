# Shared by ./dev: the demo, the measuring and the tests against real parts. Sourced, never run.

# Sets TOOLS to NAME=PATH of every program that tools/stack.py starts.
stack_tools() {
  TOOLS=("operator=$1")
  name_tools etcd kube-apiserver kubectl moto_server
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

# bench [scale ...]: what follows `scale` goes to tools/bench_scale.py.
bench() {
  if [[ ${1-} == scale ]]; then
    build release infra-operator sim_aws_server
    tool operator
    stack_tools "$TOOL"
    python3 tools/bench_scale.py "${TOOLS[@]}" "sim_aws_server=$PWD/build/release/tests/simulation/sim_aws_server" "${@:2}"
    return
  fi
  build release infra_bench infra_load
  tool operator
  stack_tools "$TOOL"
  python3 tools/bench.py "${TOOLS[@]}" "infra_bench=$PWD/build/release/bench/infra_bench" "infra_load=$PWD/build/release/bench/infra_load"
}

# soak [FLAG ...]
soak() {
  build release infra-operator sim_aws_server
  tool operator
  stack_tools "$TOOL"
  python3 tools/soak.py "${TOOLS[@]}" "sim_aws_server=$PWD/build/release/tests/simulation/sim_aws_server" "$@"
}

# chart_tests PRESET [TEST ...]: prints last how many passed and failed.
chart_tests() {
  local preset=$1
  shift
  build "$preset" infra-operator
  ensure_chart_tools
  TOOLS=("operator=$PWD/build/$preset/src/app/infra-operator" "promtool=$BIN/promtool" "crds=$FOREIGN_CRDS")
  name_tools helm helm3 kubeconform
  "$CHART_PYTHON/bin/python" tests/chart/run.py "${TOOLS[@]}" "$@"
}

# integration PRESET [TEST ...]: prints a line a test, and last how many passed and failed.
integration() {
  local preset=$1
  shift
  build "$preset" infra-operator infra-generate sim_aws_server sim_kube_server
  stack_tools "$PWD/build/$preset/src/app/infra-operator"
  ensure_moto
  ensure_prometheus
  name_tools helm
  TOOLS+=("prometheus=$BIN/prometheus" "generate=$PWD/build/$preset/src/definition/infra-generate")
  "$MOTO/bin/python" tests/integration/run.py "${TOOLS[@]}" "$@"
}
