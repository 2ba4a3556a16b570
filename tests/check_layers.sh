#!/bin/sh
# check_layers.sh - the arrows of the house: who may include whom, and which
# folder may use which library. Prints every include that points the wrong
# way.
set -u
bad=0

# forbid FILES PATTERN WHY: no #include in FILES may match PATTERN.
forbid() {
    # shellcheck disable=SC2086
    found=$(grep -nE "^#include $2" $1 2>/dev/null)
    if [ -n "$found" ]; then
        printf '%s:\n%s\n' "$3" "$found"
        bad=1
    fi
}

core=$(find quiz/core -name '*.[ch]')
io=$(find quiz/io -name '*.[ch]')
cmd=$(find quiz/cmd quiz/main.c -name '*.[ch]')
quiz="$core $io $cmd"
grader=$(find grader -name '*.[ch]')
runtime=$(find labs/runtime -name '*.[ch]' 2>/dev/null)
lab=$(find labs -name '*.[ch]' -not -path 'labs/runtime/*')

forbid "$core" '"quiz/(io|cmd)/' 'core knows neither io nor cmd'
forbid "$core" '"(grader|labs)/' 'core knows neither grader nor labs'
forbid "$core" '<(yaml|sqlite3|histedit|md4c|jansson|seccomp|termios|fcntl|sys/|unistd)' 'core touches no file, terminal or database'
forbid "$io" '"quiz/cmd/' 'io does not know the commands'
forbid "$io" '"(grader|labs)/' 'io knows neither grader nor labs'
forbid "$cmd" '"labs/' 'commands reach the labs through the grader'
for header in $(grep -hoE '"grader/[a-z_]+\.h"' $cmd | sort -u | tr -d '"'); do
    case $header in
    grader/grade.h | grader/verdict.h) ;;
    *)
        echo "commands see only grade.h and verdict.h of the grader: $header"
        bad=1
        ;;
    esac
done
forbid "$grader" '"(quiz|labs)/' 'the grader knows neither quiz nor labs'
forbid "$grader" '<(yaml|sqlite3|histedit|md4c)' 'the grader knows no YAML and no database'
forbid "$runtime" '"(quiz|grader|tests)/' 'the runtime knows nothing of the project'
forbid "$runtime" '"labs/[^r]' 'the runtime knows nothing of the labs'
forbid "$runtime" '<(yaml|sqlite3|histedit|md4c|jansson|seccomp|cmocka)' 'the runtime uses the C library only'
forbid "$lab" '"(quiz|grader)/' 'labs know neither quiz nor grader'
forbid "$quiz $grader $runtime" '"tests/' 'nothing but a test includes from tests'

# One library, one place.
only() {
    places=$(grep -lE "^#include <$1" $quiz | grep -vE "$2")
    if [ -n "$places" ]; then
        printf '<%s> is used outside of %s:\n%s\n' "$1" "$2" "$places"
        bad=1
    fi
}
only 'yaml\.h' '^quiz/io/(ydoc|content[a-z_]*)\.[ch]'
only 'sqlite3\.h' '^quiz/io/store[a-z_]*\.[ch]'
only 'histedit\.h' '^quiz/io/term[a-z_]*\.c'
only 'termios\.h' '^quiz/io/term[a-z_]*\.c'
only 'md4c\.h' '^quiz/io/(view|markdown)\.c'
only 'jansson\.h' '^quiz/io/json[a-z_]*\.h'
exit $bad
