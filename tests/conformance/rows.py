#!/usr/bin/env python3
"""rows.py FILE... - which rows of scenarios.txt the files cover: those that
they name in a comment "row: ID TEST". Prints a table by group, the scripts'
rows and those of the tests in C apart, and what is missing.

Exit status: 1 when a file names a row that is not in the list, or by another
test's name, or when a row that a script can say has none."""
import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
KINDS = ("script", "c", "loop")


def read_rows():
    """Row id -> (what it is tested with, CPython's test)."""
    with open(os.path.join(HERE, "scenarios.txt"), encoding="utf-8") as file:
        found = re.findall(r"^([A-Z]+\d+) +(\w+) +(\S+)$", file.read(),
                           re.MULTILINE)
    return {row: (kind, test) for row, kind, test in found}


def read_marks(path):
    with open(path, encoding="utf-8") as file:
        # A long name may have got a line of its own in a comment in C.
        return re.findall(r"\brow: ([A-Z]+\d+)\s+(?:\*\s+)?(\S+)",
                          file.read())


def find_covered(rows, paths):
    """The rows that the files name, and what is wrong with their marks."""
    covered, wrong = set(), []
    for path in paths:
        for row, test in read_marks(path):
            if rows.get(row, ("", ""))[1] == test:
                covered.add(row)
            else:
                wrong.append("%s: no row %s %s" % (path, row, test))
    return covered, wrong


def print_table(rows, covered):
    groups = list(dict.fromkeys(re.match("[A-Z]+", row)[0] for row in rows))
    print("rows covered    " + "".join("%-14s" % kind for kind in KINDS))
    for group in groups + [""]:
        cells = []
        for kind in KINDS:
            all_of = [row for row in rows if rows[row][0] == kind
                      and re.match((group or "[A-Z]+") + r"\d", row)]
            done = sum(row in covered for row in all_of)
            cells.append("%-14s" % ("%d of %d" % (done, len(all_of))
                                    if all_of else "-"))
        print("    %-12s" % (group or "all") + "".join(cells).rstrip())


def main(paths):
    rows = read_rows()
    covered, wrong = find_covered(rows, paths)
    print_table(rows, covered)
    for kind in KINDS:
        missing = [r for r in rows if rows[r][0] == kind and r not in covered]
        if missing:
            print("no %s for: %s" % (kind, " ".join(missing)))
        if kind != "c":
            wrong += ["%s: no script names it" % row for row in missing]
    for line in wrong:
        print(line)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
