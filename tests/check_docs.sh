#!/bin/sh
# check_docs.sh OURO OURO-GRADE - help, man pages and README name the same
# commands and the same options, and every make target of the README exists.
set -u
ouro=$1
grade=$2
man=quiz/ouro.1
grade_man=grader/ouro-grade.1
bad=0
complain() {
    echo "$1"
    bad=1
}
commands=$("$ouro" help | sed -n '/^Commands:/,/^$/s/^  \([a-z]*\) .*/\1/p')
[ -n "$commands" ] || complain "ouro help lists no commands"
for command in $commands; do
    grep -q "^\.SS \"*$command" $man || complain "the man page lacks: $command"
    grep -q "ouro $command" README.md || complain "the README lacks: ouro $command"
    for option in $("$ouro" help "$command" | grep -oE -- '--[a-z][a-z-]+' | sort -u); do
        sed 's/\\-/-/g' $man | grep -q -- "$option" || complain "the man page lacks: $command $option"
    done
done
for command in $(sed -n 's/^\.SS "*\([a-z]*\).*/\1/p' $man); do
    echo "$commands" | grep -qx "$command" || complain "the man page has a command of its own: $command"
done
options() { grep -oE -- '--[a-z][a-z-]+' | sort -u; }
said=$("$grade" --help | options)
for option in $(sed 's/\\-/-/g' $grade_man | options); do
    echo "$said" | grep -qx -- "$option" || complain "ouro-grade --help lacks: $option"
done
for option in $said; do
    sed 's/\\-/-/g' $grade_man | grep -q -- "$option" || complain "the man page lacks: ouro-grade $option"
done
for target in $(grep -oE '\bmake [a-z-]+' README.md | cut -d' ' -f2 | sort -u); do
    grep -qE "^$target:" Makefile || complain "the README names a target that is not there: make $target"
done
for version in $(grep -hoE '^\.TH .*' $man $grade_man | grep -oE 'Ouro [0-9.]+' | cut -d' ' -f2); do
    [ "$("$ouro" --version)" = "ouro $version" ] || complain "a man page is of version $version"
done
[ "$("$grade" --version)" = "ouro-grade ${version-}" ] || complain "ouro-grade has another version"
exit $bad
