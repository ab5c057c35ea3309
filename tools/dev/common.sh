# Shared by ./dev: saying what is done, and the packages of the system. Sourced, never run.

CACHE=${INFRA_CACHE:-$HOME/.cache/infra-operator}
JOBS=$(nproc)
# One cache serves every checkout, wherever it lies.
export CCACHE_DIR=$CACHE/ccache CCACHE_BASEDIR=$PWD CCACHE_NOHASHDIR=1
mkdir -p "$CACHE/log"

die() { printf '%s\n' "$*" >&2; exit 1; }

# step LABEL USUAL COMMAND...: runs quietly; on failure shows the end of the log.
step() {
  local label=$1 usual=$2 log started=$SECONDS
  shift 2
  log=$CACHE/log/${label// /-}.log
  printf '== %s (usually %s)\n' "$label" "$usual"
  if ! "$@" >"$log" 2>&1; then
    tail -n 40 "$log" >&2
    die "'$label' failed; the whole log is in $log"
  fi
  printf '   done in %s s\n' "$((SECONDS - started))"
}

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; return; fi
  command -v sudo >/dev/null || die "Packages are missing and this is not root: install sudo, or run './dev build' once as root."
  sudo "$@"
}

# missing_packages LIST
missing_packages() {
  local name
  grep -v '^#' "$1" | while read -r name; do
    dpkg-query -W -f='${Status}' "$name" 2>/dev/null | grep -q 'ok installed' || echo "$name"
  done
}

# install_packages [LIST]
install_packages() {
  local missing
  missing=$(missing_packages "${1:-third_party/debian.txt}")
  [ -z "$missing" ] && return
  command -v apt-get >/dev/null || die "Not a Debian system; install by hand: $missing"
  step 'package lists' '10 s' as_root apt-get update
  # shellcheck disable=SC2086 # a list of words
  step 'Debian packages' '1 min' as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y --no-install-recommends $missing
}
