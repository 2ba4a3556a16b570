#!/bin/sh
# run.sh BUILD TEST... - runs test programs, two at a time, and adds up what
# cmocka says of them. A program that dies before its summary is a failure.
set -u
build=$(realpath "$1")
shift
export OURO_BUILD="$build"
export ASAN_OPTIONS="${ASAN_OPTIONS:-detect_leaks=1}"
export UBSAN_OPTIONS="${UBSAN_OPTIONS:-print_stacktrace=1}"
printf '%s\n' "$@" | xargs -P 2 -I{} sh -c '"$1" >"$1.log" 2>&1; echo $? >"$1.status"' run {}

passed=0 failed=0 skipped=0
count() { sed -n "s/^\[  $2 \] \([0-9]*\) test(s).*/\1/p" "$1.log" | tail -n 1; }
for test in "$@"; do
    status=$(cat "$test.status" 2>/dev/null || echo 99)
    p=$(count "$test" 'PASSED ') f=$(count "$test" 'FAILED ') s=$(count "$test" SKIPPED)
    if [ -z "$p" ] || { [ "$status" -ne 0 ] && [ "${f:-0}" -eq 0 ]; }; then
        f=$((${f:-0} + 1))
    fi
    if [ "${f:-0}" -gt 0 ]; then
        echo "--- $test (exit status $status)"
        if [ -f "$test.log" ]; then
            grep -v '^\[ RUN \|^\[       OK' "$test.log" | tail -n 60
        fi
    fi
    passed=$((passed + ${p:-0}))
    failed=$((failed + ${f:-0}))
    skipped=$((skipped + ${s:-0}))
done
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
