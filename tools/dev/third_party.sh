# Shared by ./dev: the pinned things of third_party/, made when first asked for. Sourced, never run.

BIN=$CACHE/bin
KUBERNETES_VERSION=1.36.3

# A short name for what is pinned, so that a changed pin is a new folder.
pin_of() { cat "$@" | sha256sum | cut -c1-12; }

# AWS's models, test cases and names of actions, and the AWS Common Runtime, unpacked.
THIRD_PARTY=$CACHE/src-$(pin_of third_party/sources.txt third_party/data.txt)

unpack_sources() {
  local work
  work=$(mktemp -d "$CACHE/src.XXXXXX")
  /usr/bin/python3 -m pip download --quiet --no-deps --no-binary :all: --require-hashes \
    -r third_party/sources.txt -d "$work/packages"
  for package in "$work"/packages/*.tar.gz; do tar -xzf "$package" -C "$work"; done
  /usr/bin/python3 -m pip download --quiet --no-deps --only-binary :all: --require-hashes \
    -r third_party/data.txt -d "$work/packages"
  for package in "$work"/packages/*.whl; do /usr/bin/python3 -m zipfile -e "$package" "$work"; done
  rm -rf "$work/packages"
  mv -T "$work" "$THIRD_PARTY"
}

fetch_sources() {
  [ -d "$THIRD_PARTY" ] && return
  install_packages
  step 'source packages' '1 min' unpack_sources
}

# make_venv FOLDER REQUIREMENTS: a virtual environment with exactly these packages. It cannot be moved once made, so a
# file in it says that it is whole.
make_venv() {
  rm -rf "$1"
  /usr/bin/python3 -m venv "$1"
  "$1/bin/pip" install --quiet --disable-pip-version-check --no-deps --require-hashes -r "$2"
  touch "$1/.complete"
}

ensure_moto() {
  MOTO=$CACHE/moto-$(pin_of third_party/emulator.txt)
  [ -e "$MOTO/.complete" ] && return
  install_packages
  step 'AWS emulator' '1 min' make_venv "$MOTO" third_party/emulator.txt
}

# What the chart's tests need.
ensure_chart_tools() {
  CHART_PYTHON=$CACHE/chart-$(pin_of third_party/chart.txt)
  [ -e "$CHART_PYTHON/.complete" ] || step 'schemas of Kubernetes' '30 s' make_venv "$CHART_PYTHON" third_party/chart.txt
  ensure_prometheus
  FOREIGN_CRDS=$CACHE/crds-$(pin_of third_party/go/crds/go.sum)
  [ -d "$FOREIGN_CRDS" ] || { ensure_go; step 'CRDs of others' '30 s' take_crds; }
}

# The definitions of kinds that the chart makes objects of and that are neither ours nor Kubernetes' own.
take_crds() {
  local work module folder name
  work=$(mktemp -d "$CACHE/crds.XXXXXX")
  while read -r module name; do
    folder=$(module_folder crds "$module")
    cp "$folder/$name" "$work/"
  done <third_party/crds.txt
  mv -T "$work" "$FOREIGN_CRDS"
}

# Taken out of its package, so that no service is installed.
ensure_prometheus() {
  [ -x "$BIN/prometheus" ] && [ -x "$BIN/promtool" ] && return
  step 'Prometheus' '20 s' take_programs prometheus prometheus promtool
}

# take_programs PACKAGE PROGRAM ...: out of a Debian package, so that no server is installed.
take_programs() {
  local work program
  work=$(mktemp -d "$CACHE/$1.XXXXXX")
  (cd "$work" && { apt-get download "$1" || { as_root apt-get update && apt-get download "$1"; } } && dpkg -x "$1"_*.deb .)
  mkdir -p "$BIN"
  for program in "${@:2}"; do mv "$work/usr/bin/$program" "$BIN/$program"; done
  rm -rf "$work"
}

go_is_new_enough() {
  local found wanted
  found=$("$1" env GOVERSION 2>/dev/null | sed 's/^go//') || return 1
  wanted=$(sed -n 's/^go //p' third_party/go/kubernetes/go.mod)
  [ -n "$found" ] && [ "$(printf '%s\n%s\n' "$wanted" "$found" | sort -V | head -n 1)" = "$wanted" ]
}

install_go() {
  make_venv "$1" third_party/toolchain.txt
  # A wheel does not keep the permission to run.
  find "$1" -type f \( -path '*/go/bin/*' -o -path '*/go/pkg/tool/*' \) -exec chmod +x {} +
}

ensure_go() {
  local candidate folder
  for candidate in "$(command -v go || true)" /usr/local/go/bin/go; do
    if [ -n "$candidate" ] && go_is_new_enough "$candidate"; then GO=$candidate; return; fi
  done
  install_packages
  folder=$CACHE/go-$(pin_of third_party/toolchain.txt)
  [ -e "$folder/.complete" ] || step 'Go toolchain' '30 s' install_go "$folder"
  GO=$(find "$folder" -path '*/go/bin/go' | head -n 1)
  [ -x "$GO" ] || die "The Go toolchain is not usable: no go/bin/go under $folder."
}

# go_build MODULE PACKAGE NAME LINKER_FLAGS: into a file that carries the pin, so that it is made once.
go_build() {
  local out=$BIN/$3-$(pin_of "third_party/go/$1/go.sum") usual='1 min'
  [ "$3" = kube-apiserver ] && usual='5 min from an empty Go cache'
  TOOL=$out
  [ -x "$out" ] && return
  ensure_go
  mkdir -p "$BIN"
  step "build $3" "$usual" env -C "third_party/go/$1" CGO_ENABLED=0 GOFLAGS='-buildvcs=false -mod=readonly' \
    "$GO" build -trimpath -ldflags "-s -w $4" -o "$out" "$2"
}

# module_folder OURS MODULE: where Go keeps the sources of a module that one of third_party/go names.
module_folder() { env -C "third_party/go/$1" "$GO" mod download -json "$2" | sed -nE 's/^\s*"Dir": "(.*)",$/\1/p'; }

# What keeps a pod's network while its containers come and go: Kubernetes has it as one C file.
build_pause() {
  local module
  module=$(module_folder kubernetes k8s.io/kubernetes)
  gcc -Os -static -s -DVERSION="$KUBERNETES_VERSION" -o "$1" "$module/build/pause/linux/pause.c"
}

ensure_pause() {
  TOOL=$BIN/pause-$(pin_of third_party/go/kubernetes/go.sum)
  [ -x "$TOOL" ] && return
  ensure_go
  mkdir -p "$BIN"
  step 'build pause' '1 s' build_pause "$TOOL"
}

ensure_containerd() {
  TOOL=$BIN/$1
  [ -x "$TOOL" ] || step 'containerd' '20 s' take_programs containerd ctr containerd-shim-runc-v2 containerd
}

# The Kubernetes parts take their version from the linker.
kubernetes_flags() {
  local v=k8s.io/component-base/version
  echo "-X $v.gitVersion=v$KUBERNETES_VERSION -X $v.gitMajor=1 -X $v.gitMinor=${KUBERNETES_VERSION:2:2}"
}

# tool NAME: sets TOOL to where the program lies, building it if need be. What KUBEBUILDER_ASSETS names is used as it is.
tool() {
  TOOL=${KUBEBUILDER_ASSETS:-/nonexistent}/$1
  [ -x "$TOOL" ] && return
  case $1 in
    kube-apiserver | kube-controller-manager | kube-scheduler | kubelet | kube-proxy | kubectl)
      go_build kubernetes "k8s.io/kubernetes/cmd/$1" "$1" "$(kubernetes_flags)" ;;
    etcd) go_build etcd go.etcd.io/etcd/server/v3 etcd '' ;;
    helm) go_build helm helm.sh/helm/v4/cmd/helm helm '' ;;
    helm3) go_build helm3 helm.sh/helm/v3/cmd/helm helm3 '' ;;
    kubeconform) go_build kubeconform github.com/yannh/kubeconform/cmd/kubeconform kubeconform '' ;;
    coredns) go_build coredns . coredns '' ;;
    metrics-server) go_build metrics-server sigs.k8s.io/metrics-server/cmd/metrics-server metrics-server '' ;;
    cert-manager-module) ensure_go; TOOL=$(module_folder cert-manager github.com/cert-manager/cert-manager) ;;
    cert-manager-*) go_build cert-manager "github.com/cert-manager/cert-manager/cmd/${1#cert-manager-}" "$1" '' ;;
    kube-router) go_build kube-router github.com/cloudnativelabs/kube-router/v2/cmd/kube-router kube-router '' ;;
    pause) ensure_pause ;;
    containerd | ctr) ensure_containerd "$1" ;;
    moto_server) ensure_moto; TOOL=$MOTO/bin/moto_server ;;
    operator) build release; TOOL=$PWD/build/release/src/app/infra-operator ;;
    *) die "Unknown name '$1': operator, moto_server, helm, kubectl, etcd, or another part of a cluster." ;;
  esac
}

# name_tools NAME ...: adds NAME=PATH of each to TOOLS.
name_tools() {
  local name
  for name in "$@"; do
    tool "$name"
    TOOLS+=("$name=$TOOL")
  done
}

# Prints where a tool lies, and nothing else on standard output.
path_of() {
  [ -n "${1:-}" ] || die 'usage: ./dev path NAME'
  tool "$1" >&2
  echo "$TOOL"
}
