#!/usr/bin/env python3
"""compare.py [OPTION]... PROGRAM [SCRIPT...] - runs scripts (README.md) in
PROGRAM and on real Pythons, and compares the traces byte by byte. PROGRAM is a
command; it reads a script from standard input, and RT_COMPAT in its
environment names the Python it is held against (3.12). The last line says
"N passed, N failed".

  --loop            scripts of the event loop, not of memory
  --python PATH     the real Python; more than once: each in turn (python3)
  --generated N     N random scripts as well, of all profiles by turns
  --first SEED      where their seeds begin (1)
  --profiles A,B    only these profiles
  --ops N           the length of each: operations (by turns 40, 80, 120 and
                    200), or tasks (by turns 2, 4, 6 and 9)
  --show N          how many differences are shown whole (3)

Exit status: 0 no difference, 1 some, 2 wrong usage, 3 a script is faulty,
4 a Python is missing or older than 3.11."""
import argparse
import json
import os
import re
import shlex
import subprocess
import sys

sys.dont_write_bytecode = True  # leaves nothing behind in the source tree

import generate
import loop_generate

HERE = os.path.dirname(os.path.abspath(__file__))


class Language:
    """One of the two: who runs its scripts, and who makes them up."""

    def __init__(self, oracle, generator, length, lengths):
        self.oracle = os.path.join(HERE, oracle)
        self.generator = generator
        self.length = length    # what the generator calls it
        self.lengths = lengths


MEMORY = Language("memory_oracle.py", generate, "ops", (40, 80, 120, 200))
LOOP = Language("loop_oracle.py", loop_generate, "tasks", (2, 4, 6, 9))
OLDEST = (3, 11)
PATIENCE_S = 60
AROUND = 3  # lines shown before and after the one in question


class Stop(Exception):
    """Nothing can be compared; the exit status and why."""


class Script:
    def __init__(self, name, text, allocator="pymalloc_debug"):
        self.name = name
        self.text = text
        self.allocator = allocator
        only = re.search(r"^# only: (.*)$", text, re.MULTILINE)
        self.only = only.group(1).split() if only else None

    def is_for(self, version):
        return self.only is None or version in self.only


class Python:
    """A real Python that answers scripts with traces. submit() starts one,
    collect() waits for what it printed."""

    def __init__(self, path, oracle):
        self.path = path
        self.version = self.ask_version()
        self.process = subprocess.Popen(
            [path, oracle, "--serve"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            universal_newlines=True)

    def ask_version(self):
        try:
            said = subprocess.run(
                [self.path, "-c",
                 "import sys; print(*sys.version_info[:3])"],
                stdout=subprocess.PIPE, universal_newlines=True, check=True)
        except (OSError, subprocess.CalledProcessError) as error:
            raise Stop(4, "cannot run '%s': %s" % (self.path, error))
        parts = [int(part) for part in said.stdout.split()]
        if tuple(parts[:2]) < OLDEST:
            raise Stop(4, "'%s' is Python %d.%d, older than %d.%d"
                       % (self.path, *parts[:2], *OLDEST))
        self.full = ".".join(str(part) for part in parts)
        return "%d.%d" % tuple(parts[:2])

    def submit(self, script):
        self.process.stdin.write(json.dumps(script.text) + "\n")
        self.process.stdin.flush()

    def collect(self, script):
        line = self.process.stdout.readline()
        if not line:
            raise Stop(4, "'%s' ended in the middle" % self.path)
        status, trace = json.loads(line)
        if status == 2:
            raise Stop(3, "%s: %s" % (script.name, trace.strip()))
        if status != 0:
            trace += "(Python ended with status %d)\n" % status
        return trace

    def close(self):
        self.process.stdin.close()
        self.process.stdout.read()  # what was asked and not waited for
        self.process.stdout.close()
        self.process.wait()


def run_program(command, script, version):
    environment = dict(os.environ, RT_COMPAT=version,
                       RT_MALLOC=script.allocator)
    try:
        done = subprocess.run(
            command, input=script.text.encode(), stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, timeout=PATIENCE_S, env=environment)
    except subprocess.TimeoutExpired:
        return "(the program did not end in %d s)\n" % PATIENCE_S
    except OSError as error:
        raise Stop(2, "cannot run '%s': %s" % (command[0], error))
    trace = done.stdout.decode(errors="backslashreplace")
    if done.returncode != 0 or done.stderr:
        trace += "(the program ended with status %d)\n%s" % (
            done.returncode, done.stderr.decode(errors="backslashreplace"))
    return trace


# --- showing a difference ----------------------------------------------------

def first_difference(expected, printed):
    """The index of the first line in which two lists of lines differ."""
    for at, (a, b) in enumerate(zip(expected, printed)):
        if a != b:
            return at
    return min(len(expected), len(printed))


def line_number(trace, at):
    """The script's line that a line of the trace is about, or None."""
    number = trace[at].split(":")[0] if at < len(trace) else ""
    return int(number) if number.isdigit() else None


def at_or_end(lines, at):
    return lines[at] if at < len(lines) else "(nothing more)"


def show_difference(script, expected, printed):
    want, got = expected.split("\n"), printed.split("\n")
    at = first_difference(want, got)
    for line in want[max(0, at - AROUND):at]:
        print("            both: " + line)
    print("          python: " + at_or_end(want, at))
    print("         program: " + at_or_end(got, at))
    for line in got[at + 1:at + 1 + AROUND]:
        print("                  " + line)
    numbers = [n for n in (line_number(want, at), line_number(got, at)) if n]
    if numbers:
        show_lines(script.text.split("\n"), min(numbers))


def show_lines(lines, number):
    print("    in the script:")
    for near in range(max(1, number - 3 * AROUND), number + AROUND + 1):
        if near <= len(lines):
            print("    %s %4d  %s" % (">" if near == number else " ", near,
                                      lines[near - 1]))


# --- which scripts -----------------------------------------------------------

def read_scripts(paths):
    for path in paths:
        try:
            with open(path, encoding="utf-8") as file:
                yield Script(os.path.basename(path), file.read())
        except OSError as error:
            raise Stop(3, "cannot read '%s': %s" % (path, error.strerror))


def generated_scripts(options, language, version):
    generator = language.generator
    profiles = [x for x in options.profiles.split(",") if x]
    if not profiles:
        since = getattr(generator, "SINCE", {})
        profiles = [x for x in generator.PROFILES
                    if since.get(x, version) <= version]
    for at in range(options.generated):
        seed, which = divmod(at, len(profiles))
        seed += options.first
        length = options.ops or language.lengths[seed % 4]
        name = "%s %d --profile %s --%s %d" % (
            os.path.basename(generator.__file__), seed, profiles[which],
            language.length, length)
        # Every other one without guards and filling: plain blocks go
        # other ways.
        allocator = "pymalloc" if seed % 2 else "pymalloc_debug"
        yield Script(name, generator.script(seed, profiles[which], length),
                     allocator)


# --- the comparison ----------------------------------------------------------

class Tally:
    def __init__(self, show):
        self.passed = self.failed = self.others = 0
        self.show = show

    def compare(self, script, python, command):
        if not script.is_for(python.version):
            self.others += 1
            return
        python.submit(script)   # the two run side by side
        printed = run_program(command, script, python.full)
        expected = python.collect(script)
        if printed == expected:
            self.passed += 1
            return
        self.failed += 1
        print("DIFFERS %s on Python %s" % (script.name, python.full))
        if self.failed <= self.show:
            show_difference(script, expected, printed)


def compare_all(options):
    language = LOOP if options.loop else MEMORY
    command = shlex.split(options.program)
    if options.loop:
        command += ["--loop", "--ticks"]
    tally = Tally(options.show)
    for path in options.python or ["python3"]:
        python = Python(path, language.oracle)
        try:
            for script in read_scripts(options.scripts):
                tally.compare(script, python, command)
            for script in generated_scripts(options, language,
                                            python.version):
                tally.compare(script, python, command)
        finally:
            python.close()
        print("compared with Python %s (%s)" % (python.full, path))
    if tally.others:
        print("%d left out, for other versions" % tally.others)
    print("%d passed, %d failed" % (tally.passed, tally.failed))
    return 1 if tally.failed else 0


def main():
    parser = argparse.ArgumentParser(
        usage=__doc__, add_help=False)
    parser.add_argument("--python", action="append")
    parser.add_argument("--generated", type=int, default=0)
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--loop", action="store_true")
    parser.add_argument("--profiles", default="")
    parser.add_argument("--ops", type=int)
    parser.add_argument("--show", type=int, default=3)
    parser.add_argument("program")
    parser.add_argument("scripts", nargs="*")
    options = parser.parse_args()
    generator = (LOOP if options.loop else MEMORY).generator
    unknown = (set(filter(None, options.profiles.split(",")))
               - set(generator.PROFILES))
    if unknown:
        parser.error("unknown profile " + ", ".join(sorted(unknown)))
    try:
        return compare_all(options)
    except Stop as stop:
        status, why = stop.args
        print("compare.py: " + why, file=sys.stderr)
        return status


if __name__ == "__main__":
    sys.exit(main())
