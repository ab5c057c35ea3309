# Shared by ./dev: building, testing, generating. Sourced, never run.

# build PRESET [TARGET]
build() {
  local preset=${1:-debug} target=${2:-all} crt=$THIRD_PARTY/crt crt_flags=''
  case $preset in
    debug | release) ;;
    asan) crt=$crt-asan crt_flags='-fsanitize=address' ;;
    tsan) crt=$crt-tsan crt_flags='-fsanitize=thread' ;;
    *) die "Unknown preset '$preset': debug, release, asan or tsan." ;;
  esac
  install_packages
  fetch_sources
  step "configure $preset" '5 s, 1 min the first time' env INFRA_CRT_FLAGS="$crt_flags" \
    cmake --preset "$preset" -DCMAKE_CXX_COMPILER_LAUNCHER=ccache \
    -DINFRA_THIRD_PARTY="$THIRD_PARTY" -DINFRA_CRT_PREFIX="$crt"
  step "build $preset" '5 min from nothing' cmake --build "build/$preset" -j "$JOBS" --target "$target"
}

generated='chart/crds chart/files docs/kinds samples'

generate() {
  build debug
  build/debug/src/definition/infra-generate .
}

# What is committed must be what the definitions make.
check_generated() {
  "build/$1/src/definition/infra-generate" .
  # shellcheck disable=SC2086 # a list of words
  [ -z "$(git status --porcelain -- $generated)" ] ||
    die "Generated files were stale; ./dev generate has rewritten them, commit them: $(git status --porcelain -- $generated | head)"
}

# Runs all tests and closes on the counts, whatever they are.
run_tests() {
  local preset=${1:-debug} log=$CACHE/log/ctest.log failed=0 total bad
  build "$preset"
  step 'generated files are fresh' '1 s' check_generated "$preset"
  ctest --test-dir "build/$preset" --output-on-failure -j "$JOBS" 2>&1 | tee "$log" | grep -vE '^ *[0-9]+/[0-9]+ Test .*Passed|^ *Start ' || failed=1
  total=$(sed -nE 's/.*tests failed out of ([0-9]+).*/\1/p' "$log")
  bad=$(sed -nE 's/.* ([0-9]+) tests failed out of .*/\1/p' "$log")
  [ -n "$total" ] && [ "$total" -gt 0 ] || die "ctest ran no test; see $log"
  grep -q '^100% tests passed' "$log" || failed=1
  printf '%s passed, %s failed\n' "$((total - bad))" "$bad"
  return "$failed"
}

# conformance [DIR]: DIR as it is called where ./dev was started.
conformance() {
  local dir=${1:-}
  [ -z "$dir" ] || dir=$(cd "$OLDPWD" && realpath -m "$dir")
  build debug infra_conformance
  build/debug/tests/conformance/infra_conformance ${dir:+"$dir"}
}

sources() { git ls-files 'src/*.h' 'src/*.cc' 'tests/*.h' 'tests/*.cc' 'bench/*.cc'; }

check_format() { sources | xargs clang-format-19 --dry-run -Werror; }

check() {
  install_packages
  step 'format' '5 s' check_format
  step 'coroutine traps' '1 s' python3 tools/check_coroutines.py
  step 'include directions' '1 s' python3 tools/check_includes.py
  step 'paths in docs' '1 s' python3 tools/check_docs.py
}
