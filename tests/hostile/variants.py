#!/usr/bin/env python3
"""variants.py BUILD [--every N] - right files in many manners must pass.

Takes the reference and the alternatives of every lab, writes each of them anew
in the manners below, and grades them. Says how many passed; the exit status is
1 when one did not. With --every, only every Nth file is graded."""
import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FUNCTION = re.compile(r"^(?P<head>\w[^;{}#]*?\b(?P<name>\w+)\((?P<words>[^;{}]*)\))\n\{\n", re.M)
STATIC = re.compile(r"^static (?:[\w ]|\*)+\n(\w+)\(", re.M)


def behind_includes(text, addition):
    """Puts lines behind the last #include."""
    ends = [match.end() for match in re.finditer(r'^#include .*\n', text, re.M)]
    at = ends[-1] if ends else 0
    return text[:at] + addition + text[at:]


def noisy(text):
    text = FUNCTION.sub(lambda m: m.group(0) + '    NOISE();\n', text)
    return behind_includes(text, '#include <stdio.h>\nstatic int noise;\n'
                           '#define NOISE() (noise++ < 3 ? printf("%s\\n", __func__) : 0)\n')


def with_helpers(text):
    text = FUNCTION.sub(lambda m: m.group(0) + '    is_fine(1);\n', text)
    return behind_includes(text, 'static inline int\nis_fine(int number)\n{\n'
                           '    return number > 0;\n}\n')


def recursive(text):
    text = FUNCTION.sub(lambda m: m.group(0) + '    (void)count_down(5);\n', text)
    return behind_includes(text, 'static int\ncount_down(int n)\n{\n'
                           '    return n == 0 ? 0 : 1 + count_down(n - 1);\n}\n')


def renamed(text):
    names = {name for name in STATIC.findall(text)
             if not re.search(rf'(\.|->){name}\b', text)}
    return behind_includes(text, ''.join(
        f'#define {name} my_own_{name}\n' for name in sorted(names)))


def gnu(text):
    text = FUNCTION.sub(lambda m: m.group(0) + '    __auto_type five = ({ int x = 2; x + 3; });\n'
                        '    int again(void) { return five ?: 0; }\n    (void)again;\n', text)
    return behind_includes(text, '#pragma GCC optimize("O2")\n')


def stripped(text):
    text = re.sub(r'/\*.*?\*/', ' ', text, flags=re.S)
    text = re.sub(r'//[^\n]*', '', text)
    return re.sub(r'\n\s*\n+', '\n', text)


def of_windows(text):
    return text.replace('    ', '\t').replace('\n', '\r\n')


def hot(text):
    return FUNCTION.sub(lambda m: f'__attribute__((noinline, hot)) {m.group("head")}\n{{\n'
                        '    volatile char room[256] = {0};\n    (void)room;\n'
                        if not m.group('head').startswith('static') else m.group(0), text)


def with_tables(text):
    return behind_includes(text, 'static const char own_table[4096] = {1, 2, 3};\n'
                           'static int own_counts[100000];\nint own_variable = 7;\n'
                           'void *own_function(void);\nvoid *\nown_function(void)\n{\n'
                           '    own_counts[0] += own_table[0];\n    return own_counts;\n}\n')


def roomy(text):
    text = FUNCTION.sub(lambda m: m.group(0) + '    __attribute__((cleanup(own_bye))) int own_left = 3;\n'
                        '    int own_row[own_left + 1]; own_row[own_left] = own_left;\n'
                        '    char *own_room = __builtin_alloca(40 + own_row[3]); own_room[0] = 1;\n'
                        '    void *own_way = &&own_on; goto *own_way; own_on:;\n', text)
    return behind_includes(text, 'static void\nown_bye(int *left)\n{\n    *left = 0;\n}\n')


def in_russian(text):
    return '\ufeff/* Решение с пояснениями: «так, мол, и так». */\n' + text


MANNERS = [str, noisy, with_helpers, recursive, renamed, gnu, stripped, of_windows, hot,
           with_tables, roomy, in_russian]


def bases(lab):
    yaml = (ROOT / 'labs' / lab / 'lab.yaml').read_text()
    replaced = re.search(r'^replaces: *(\S+)', yaml, re.M)
    yield ROOT / ('labs/runtime/' + replaced[1] if replaced else f'labs/{lab}/solution.c')
    yield from sorted((ROOT / 'labs' / lab / 'alternatives').glob('*.c'))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('build', type=Path)
    parser.add_argument('--every', type=int, default=1)
    options = parser.parse_args()
    graded = passed = number = 0
    labs = sorted(path.parent.name for path in (ROOT / 'labs').glob('*/lab.yaml'))
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        for lab in labs:
            place = Path(folder) / lab
            place.mkdir()
            for base in bases(lab):
                for manner in MANNERS:
                    number += 1
                    if number % options.every == 0:
                        name = f'{base.stem}.{manner.__name__}.c'
                        (place / name).write_text(manner(base.read_text()), newline='')
            if not any(place.iterdir()):
                continue
            said = subprocess.run(
                [options.build / 'ouro-grade', lab, place, '--format', 'json', '--seed', '7'],
                stdout=subprocess.PIPE, check=False)
            for line in said.stdout.splitlines():
                record = json.loads(line)
                graded += 1
                passed += record['verdict'] == 'pass'
                if record['verdict'] != 'pass':
                    print(lab, record['submission'], record['verdict'], record['reason'],
                          [m['text'] for m in record['compile']['diagnostics'][:2]],
                          [(c['name'], c.get('cause')) for c in record['cases']
                           if c['passed'] is False][:2])
    print(f'{passed} of {graded} right variants passed')
    return graded == 0 or passed != graded


if __name__ == '__main__':
    sys.exit(main())
