# Shared by the scripts beside it; sourced, never run. HELM and KUBECTL name other programs, NAMESPACE another namespace.
set -euo pipefail

CHART=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../chart" && pwd)
HELM=${HELM:-helm}
KUBECTL=${KUBECTL:-kubectl}
RELEASE=${RELEASE:-infra-operator}
NAMESPACE=${NAMESPACE:-infra-operator}

die() { printf '%s\n' "$*" >&2; exit 1; }

command -v "$HELM" >/dev/null || die "There is no '$HELM'. Install helm, or say where it is: HELM=/path/to/helm $0"

has_cluster() { "$KUBECTL" --request-timeout=5s version >/dev/null 2>&1; }

# install_with VALUES_FILE [HELM_FLAG ...]: installs, or upgrades what is there, and waits unless it is a dry run.
install_with() {
  local values=$1 wait=(--wait --timeout 3m)
  shift
  [[ " $* " == *" --dry-run"* ]] && wait=()
  "$HELM" upgrade "$RELEASE" "$CHART" --install --namespace "$NAMESPACE" --create-namespace --values "$CHART/$values" "${wait[@]}" "$@"
}
