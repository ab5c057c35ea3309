# Shared by ./dev: a real Kubernetes with one node, and the tests on it. Sourced, never run.

CLUSTER=$CACHE/cluster

cluster() {
  case ${1:-} in
    up)
      install_packages
      install_packages third_party/debian-cluster.txt
      TOOLS=()
      name_tools etcd kube-apiserver kube-controller-manager kube-scheduler kubelet kube-proxy kube-router kubectl helm containerd ctr \
        pause coredns metrics-server cert-manager-{controller,webhook,cainjector,module}
      PYTHONPATH=tools python3 -m cluster up "$CLUSTER" "${TOOLS[@]}" ;;
    down) PYTHONPATH=tools python3 -m cluster down "$CLUSTER" ;;
    *) die 'usage: ./dev cluster up|down' ;;
  esac
}

# e2e [TEST ...]: the cluster is taken down if it was not there before. Prints last how many passed and failed.
e2e() {
  local there='' status=0
  [ -d "$CLUSTER" ] && there=yes
  image
  cluster up
  ensure_chart_tools
  TOOLS=("prometheus=$BIN/prometheus" "crds=$FOREIGN_CRDS")
  name_tools kubectl helm moto_server
  "$MOTO/bin/python" tests/e2e/run.py "$CLUSTER" build/image/infra-operator.oci.tar "${TOOLS[@]}" "$@" 2>&1 |
    tee "$CACHE/log/e2e.log" || status=$?
  [ -n "$there" ] || cluster down
  tail -n 1 "$CACHE/log/e2e.log"
  return "$status"
}
