# Shared by ./dev: building, testing, generating. Sourced, never run.

# build PRESET [TARGET ...]: everything, but for a release the program alone.
build() {
  local preset=${1:-debug} targets=("${@:2}") crt crt_flags=''
  crt=$THIRD_PARTY/crt-$(pin_of tools/build_crt.sh)
  case $preset in
    debug) ;;
    release) [ "${#targets[@]}" -gt 0 ] || targets=(infra-operator) ;;
    asan) crt=$crt-asan crt_flags='-fsanitize=address' ;;
    tsan) crt=$crt-tsan crt_flags='-fsanitize=thread' ;;
    *) die "Unknown preset '$preset': debug, release, asan or tsan." ;;
  esac
  install_packages
  fetch_sources
  step "configure $preset" '5 s, 1 min the first time' env INFRA_CRT_FLAGS="$crt_flags" \
    cmake --preset "$preset" -DCMAKE_CXX_COMPILER_LAUNCHER=ccache \
    -DINFRA_THIRD_PARTY="$THIRD_PARTY" -DINFRA_CRT_PREFIX="$crt"
  step "build $preset" '5 min from nothing' cmake --build "build/$preset" -j "$JOBS" --target "${targets[@]:-all}"
}

generated='chart/templates/crds chart/files docs/kinds samples'

generate() {
  build debug
  build/debug/src/definition/infra-generate .
  python3 tools/chart_tables.py
}

# What is committed must be what the definitions make.
check_generated() {
  "build/$1/src/definition/infra-generate" .
  # shellcheck disable=SC2086 # a list of words
  [ -z "$(git status --porcelain -- $generated)" ] ||
    die "Generated files were stale; ./dev generate has rewritten them, commit them: $(git status --porcelain -- $generated | head)"
}

# count_of FILE WORD: the number before WORD in the last line "... N passed, N failed" of a file.
count_of() { sed -nE "s/^(.*[ :])?([0-9]+) $2.*/\2/p" "$1" | tail -n 1; }

# Unit and conformance tests; the counts go to the end of the log in one form for all.
run_ctest() {
  local preset=$1 log=$2 total bad
  ctest --test-dir "build/$preset" --output-on-failure -j "$JOBS" 2>&1 | tee "$log" |
    grep -vE '^ *[0-9]+/[0-9]+ Test .*Passed|^ *Start ' || true
  total=$(sed -nE 's/.*tests failed out of ([0-9]+).*/\1/p' "$log")
  bad=$(sed -nE 's/.* ([0-9]+) tests failed out of .*/\1/p' "$log")
  [ -n "$total" ] && [ "$total" -gt 0 ] || die "ctest ran no test; see $log"
  echo "unit: $((total - bad)) passed, $bad failed" | tee -a "$log"
}

# Runs all tests and closes on the counts, whatever they are. A sanitizer build runs those that need no other program, the
# release, which is optimised, the simulated worlds and those against real parts, and debug all but the worlds.
run_tests() {
  local preset=${1:-debug} logs=() passed=0 failed=0 log
  if [ "$preset" = release ]; then
    logs=("$CACHE/log/simulation.log")
    run_simulation "${logs[0]}"
  else
    build "$preset"
    step 'generated files are fresh' '1 s' check_generated "$preset"
    logs=("$CACHE/log/unit.log")
    run_ctest "$preset" "${logs[0]}"
  fi
  if [ "$preset" = debug ] || [ "$preset" = release ]; then
    logs+=("$CACHE/log/chart.log" "$CACHE/log/integration.log")
    chart_tests "$preset" 2>&1 | tee "$CACHE/log/chart.log" || true
    integration "$preset" 2>&1 | tee "$CACHE/log/integration.log" || true
  fi
  for log in "${logs[@]}"; do
    [ -n "$(count_of "$log" passed)" ] || die "No count of tests at the end of $log."
    passed=$((passed + $(count_of "$log" passed)))
    failed=$((failed + $(sed -nE 's/^.*passed, ([0-9]+) failed.*/\1/p' "$log" | tail -n 1)))
  done
  printf '%s passed, %s failed\n' "$passed" "$failed"
  [ "$failed" = 0 ]
}

# conformance [DIR]: DIR as it is called where ./dev was started.
conformance() {
  local dir=${1:-}
  [ -z "$dir" ] || dir=$(cd "$OLDPWD" && realpath -m "$dir")
  build debug infra_conformance
  build/debug/tests/conformance/infra_conformance ${dir:+"$dir"}
}

sources() { git ls-files 'src/*.h' 'src/*.cc' 'tests/*.h' 'tests/*.cc' 'bench/*.h' 'bench/*.cc'; }

check_format() { sources | xargs clang-format-19 --dry-run -Werror; }

check() {
  install_packages
  step 'format' '5 s' check_format
  step 'coroutine traps' '1 s' python3 tools/check_coroutines.py
  step 'include directions' '1 s' python3 tools/check_includes.py
  step 'seams to the real world' '1 s' python3 tools/check_seams.py
  step 'paths in docs' '1 s' python3 tools/check_docs.py
  step 'tables of the chart' '1 s' python3 tools/chart_tables.py --check
}

# tidy [FILE ...]: not part of check, as it takes many minutes.
tidy() {
  local files=("$@")
  install_packages third_party/debian-tidy.txt
  build debug
  [ "${#files[@]}" -gt 0 ] || mapfile -t files < <(git ls-files 'src/*.cc')
  printf '%s\0' "${files[@]}" | xargs -0 -n 1 -P "$JOBS" clang-tidy-19 --quiet -p build/debug
}
