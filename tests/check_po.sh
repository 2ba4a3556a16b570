#!/bin/sh
# check_po.sh - every interface text has a Russian translation, no translation
# is left over, and the formats fit.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
find quiz grader -name '*.c' | sort >"$folder/sources"
xgettext --language=C --from-code=UTF-8 --keyword=tr --keyword=trn:1,2 \
    --keyword=TR_LATER --keyword=say --keyword=SAY_LATER --flag=tr:1:pass-c-format --flag=trn:1:pass-c-format \
    --flag=trn:2:pass-c-format --flag=say:1:pass-c-format --no-location --sort-output \
    --files-from="$folder/sources" --output="$folder/ouro.pot" 2>/dev/null
msgfmt --check-format --check-domain -o /dev/null quiz/po/ru.po
bad=0
if ! msgcmp quiz/po/ru.po "$folder/ouro.pot" 2>"$folder/missing"; then
    cat "$folder/missing"
    bad=1
fi
# Left over: in the translation, but in no source.
msgcomm --more-than=1 --no-wrap "$folder/ouro.pot" quiz/po/ru.po -o "$folder/both.po" 2>/dev/null
extra=$(msgcomm --unique --no-wrap "$folder/both.po" quiz/po/ru.po -o - 2>/dev/null | grep '^msgid "..*"' || true)
if [ -n "$extra" ]; then
    printf 'translated, but no longer in the program:\n%s\n' "$extra"
    bad=1
fi
exit $bad
