#!/usr/bin/env bash
# Builds the parts of the AWS Common Runtime that signing and endpoint rules need, as static
# libraries. Each library finds the ones before it in the prefix.
# usage: tools/build_crt.sh SOURCE PREFIX    (SOURCE: the unpacked awscrt source package)
set -euo pipefail

[ $# -eq 2 ] || { echo 'usage: tools/build_crt.sh SOURCE PREFIX' >&2; exit 2; }
source=$1/crt
prefix=$2
[ -d "$source/aws-c-auth" ] || { echo "No AWS Common Runtime in '$1'." >&2; exit 1; }
mkdir -p "$prefix"
prefix=$(readlink -f "$prefix")

# Several build folders may share one prefix and configure at the same moment.
exec 9>"$prefix/.lock"
flock 9
[ -e "$prefix/.complete" ] && exit 0

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
options=(
  -G Ninja -DCMAKE_BUILD_TYPE=Release -DCMAKE_POSITION_INDEPENDENT_CODE=ON
  -DCMAKE_PREFIX_PATH="$prefix" -DCMAKE_INSTALL_PREFIX="$prefix" -DCMAKE_INSTALL_LIBDIR=lib
  -DBUILD_SHARED_LIBS=OFF -DBUILD_TESTING=OFF -DUSE_OPENSSL=ON
)
if command -v ccache >/dev/null; then options+=(-DCMAKE_C_COMPILER_LAUNCHER=ccache); fi

# source_of LIBRARY: aws-c-common comes without its wish for libnuma, which would bring the C library of whatever system
# it runs on into a static program.
source_of() { if [ "$1" = aws-c-common ]; then echo "$work/source"; else echo "$source/$1"; fi; }
cp -r "$source/aws-c-common" "$work/source"
sed -i 's/dlopen("libnuma[^)]*)/NULL/' "$work/source/source/common.c"
if grep -q dlopen "$work/source/source/common.c"; then echo 'aws-c-common still loads libraries.' >&2; exit 1; fi

# Connections are ours: with a TLS of its own, the runtime would read every certificate of the system when it starts.
options_of() { [ "$1" != aws-c-io ] || echo -DBYO_CRYPTO=ON; }

# Messages name their source file: without the folders of this machine, or the program would differ from one to the next.
flags="-ffile-prefix-map=$work/source=aws-c-common -ffile-prefix-map=$source/= -ffile-prefix-map=$prefix/= ${INFRA_CRT_FLAGS:-}"

for library in aws-c-common aws-c-cal aws-c-io aws-c-compression aws-c-http aws-c-sdkutils aws-c-auth; do
  cmake -S "$(source_of "$library")" -B "$work/$library" "${options[@]}" $(options_of "$library") "-DCMAKE_C_FLAGS=$flags"
  cmake --build "$work/$library" --target install
done
touch "$prefix/.complete"
