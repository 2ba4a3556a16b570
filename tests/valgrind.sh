#!/bin/sh
# valgrind.sh TEST... - runs test programs under memcheck, two at a time. What
# it finds, a definite leak included, fails; a test that fails for another
# reason, or takes minutes, is only named: memcheck is slow, and knows not every
# system call.
set -u
if ! command -v valgrind >/dev/null; then
    echo "valgrind.sh: there is no valgrind; Debian's package is called so: make deps FOR=valgrind" >&2
    exit 4
fi
FOUND=99
TOO_LONG=124
OURO_MEMCHECK="timeout 120 valgrind -q --error-exitcode=$FOUND --leak-check=full --show-leak-kinds=definite --errors-for-leak-kinds=definite"
export OURO_MEMCHECK
printf '%s\n' "$@" | xargs -P 2 -I{} sh -c \
    '$OURO_MEMCHECK "$1" >"$1.valgrind" 2>&1; echo $? >"$1.valgrind.status"' run {}

clean=0 broken=0 others=0
for test in "$@"; do
    status=$(cat "$test.valgrind.status" 2>/dev/null || echo "$FOUND")
    unknown=$(grep -m 1 -o 'unhandled .* syscall: .*' "$test.valgrind")
    case $status${unknown:+ $unknown} in
    0*) clean=$((clean + 1)) ;;
    *" $unknown")
        others=$((others + 1))
        echo "--- $test: $unknown"
        ;;
    "$FOUND")
        broken=$((broken + 1))
        echo "--- $test"
        grep '^==' "$test.valgrind" | head -n 60
        ;;
    "$TOO_LONG")
        others=$((others + 1))
        echo "--- $test: takes too long"
        ;;
    *)
        others=$((others + 1))
        echo "--- $test: exit status $status, no error of memory"
        ;;
    esac
done
echo "$clean clean, $broken with errors of memory, $others not judged"
[ "$broken" -eq 0 ]
