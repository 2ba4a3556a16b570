#!/bin/sh
# libc.sh MANIFEST LIBRARY - makes a library that has the names, the versions
# and nothing else of what a lab allows of the C library. A learner's file is
# linked with it: the linker reads it in a quarter of the time, and the loader
# then binds the same functions of the real one. Without versions it would take
# the oldest of each: conditions that know no monotonic clock, for one.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
real=$(gcc -print-file-name=libc.so.6)
sed -n 's/^allow //p' "$1" | tr ' ' '\n' | sort -u >"$folder/allowed"
echo __stack_chk_fail >>"$folder/allowed"
# "00000000000a1b20 T memcpy@@GLIBC_2.14"
nm -D "$real" | awk -v allowed="$folder/allowed" '
    BEGIN { while ((getline line < allowed) > 0) wanted[line] = 1 }
    split($3, parts, "@@") == 2 && (parts[1] in wanted) {
        print parts[1], parts[2], $2 ~ /[DBVR]/ ? "object" : "function"
    }' >"$folder/found"
awk '{ printf ".globl %s\n.type %s, %%%s\n%s: .8byte 0\n.size %s, 8\n",
        $1, $1, $3, $1, $1 }' "$folder/found" >"$folder/names.s"
awk '{ names[$2] = names[$2] " " $1 ";" }
    END { for (version in names)
        printf "%s { global:%s local: *; };\n", version, names[version] }' \
    "$folder/found" | sed '2,$s/ local: \*;//' >"$folder/versions"
gcc -shared -nostdlib -Wl,-soname,libc.so.6 -Wl,-z,noexecstack \
    "-Wl,--version-script=$folder/versions" -o "$2" "$folder/names.s"
