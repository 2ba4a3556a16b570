#!/usr/bin/env python3
"""facts.py - what the questions say Python does, done by Python.

Every `output` question, every `proof` and every text with a session (>>>)
in it is executed by each Python at hand that the question's `python` range
includes (by the first one twice, with different hash seeds), each run in a
folder of its own, with an empty environment and a time limit. What looks at a
clock and is not true is asked again, alone: on a busy machine the first answer
means little. Other code that is shown must be Python at least. One line per
disagreement:

    FILE:LINE: ID (proof, Python 3.11): expected ..., got ...

Pythons are python3 of the PATH, those that OURO_PYTHONS names (executables
or folders, parted by colons) and, with --all, what pyenv has. A question
without a range is asked of those from 3.9 on.

Exit status 0: all true, 1: something is not, 77: nothing could be asked.

The isolation is made by hand: python3 -I would ignore PYTHONHASHSEED."""
import argparse
import ast
import concurrent.futures
import glob
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

OLDEST = (3, 11)        # of python3 itself; with less nothing is asked
OLDEST_UNASKED = (3, 9)  # of the Pythons that no range leaves out
HASH_SEEDS = ("0", "4242")
SHOWN_LINES = 20
CLOCK = re.compile(r"\b(perf_counter|monotonic|process_time|thread_time|sleep|"
                   r"timeout|setitimer)\b")
MORE_TRIES = 5
PARSE = ("import ast, sys; "
         "ast.parse(open(sys.argv[1], encoding='utf-8').read())")
VERSION = "import sys; print('%d.%d.%d' % sys.version_info[:3])"


def run(command, folder, seed, limit):
    """(exit status or None when it took too long, stdout, stderr)."""
    environment = {"PATH": "/usr/bin:/bin", "HOME": folder, "TMPDIR": folder,
                   "LC_ALL": "C.UTF-8", "PYTHONIOENCODING": "utf-8",
                   "PYTHONDONTWRITEBYTECODE": "1", "PYTHONHASHSEED": seed}
    child = subprocess.Popen(
        command, cwd=folder, env=environment, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        encoding="utf-8", errors="replace", start_new_session=True)
    status = None
    try:
        out, err = child.communicate(timeout=limit)
        status = child.returncode
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, signal.SIGKILL)
        out, err = child.communicate()
    try:  # whatever it left behind
        os.killpg(child.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    return status, out, err


class Python:
    """An interpreter at hand."""

    def __init__(self, path, text):
        self.path = path
        self.text = text
        self.seeds = HASH_SEEDS[1:]
        self.version = tuple(int(part) for part in text.split(".")[:2])

    @staticmethod
    def at(path):
        """The interpreter, or None when it cannot be run."""
        with tempfile.TemporaryDirectory() as folder:
            try:
                status, out, _ = run([path, "-s", "-c", VERSION], folder,
                                     "0", 20)
            except OSError:
                return None
        found = re.fullmatch(r"\d+\.\d+\.\d+", out.strip())
        return Python(path, out.strip()) if status == 0 and found else None


def candidates(every):
    yield shutil.which("python3")
    for entry in os.environ.get("OURO_PYTHONS", "").split(":"):
        if os.path.isdir(entry):
            yield from sorted(glob.glob(os.path.join(entry, "bin/python3")) +
                              glob.glob(os.path.join(entry,
                                                     "*/bin/python3")))
        elif entry:
            yield entry
    if every:
        root = os.environ.get("PYENV_ROOT", os.path.expanduser("~/.pyenv"))
        yield from sorted(glob.glob(os.path.join(root,
                                                 "versions/*/bin/python3")))


def find_pythons(every):
    """One of each version, python3 of the PATH first."""
    found = {}
    for path in candidates(every):
        python = Python.at(path) if path else None
        if python is not None and python.version[0] == 3:
            found.setdefault(python.text, python)
        elif path and path in os.environ.get("OURO_PYTHONS", "").split(":"):
            print(f"{path}: no Python 3", file=sys.stderr)
    pythons = list(found.values())
    for python in pythons[:1]:
        python.seeds = HASH_SEEDS
    return pythons


def includes(claim, version):
    """Whether ">=3.8, <3.14" includes (3, 11); no claim means from 3.9 on."""
    if not claim:
        return version >= OLDEST_UNASKED
    signs = {">=": version.__ge__, "<=": version.__le__,
             "==": version.__eq__, "!=": version.__ne__,
             ">": version.__gt__, "<": version.__lt__}
    for part in claim.split(","):
        sign, major, minor = re.fullmatch(r"([<>=!]+)(\d+)\.(\d+)",
                                          part.strip()).groups()
        if not signs[sign]((int(major), int(minor))):
            return False
    return True


def foreign_imports(code):
    """Modules that do not come with Python."""
    try:
        tree = ast.parse(code)
    except SyntaxError:
        return []  # of another version; its own Python will say
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names.add(node.module)
    return sorted(name for name in names
                  if name.split(".")[0] not in sys.stdlib_module_names)


def session_of(text):
    """The sessions of a Markdown text as a doctest file: fences are no
    output, and neither is what is between the sessions."""
    lines = []
    inside = False
    for line in text.splitlines():
        bare = line.strip()
        fence = bare.startswith("```") or bare.startswith("~~~")
        inside = bare.startswith(">>>") or (inside and bool(bare)
                                            and not fence)
        lines.append(line if inside else "")
    return "\n".join(lines) + "\n"


def shorten(text):
    lines = text.rstrip("\n").split("\n")
    more = len(lines) - SHOWN_LINES
    return "\n".join("    " + line for line in lines[:SHOWN_LINES]) + (
        f"\n    (and {more} more lines)" if more > 0 else "")


def disagreement(fact, python, limit):
    """None, or what is wrong, in words."""
    said = (fact["prints"] or "").rstrip("\n")
    for seed in python.seeds if fact["kind"] != "snippet" else ["0"]:
        with tempfile.TemporaryDirectory(prefix="ouro-fact-") as folder:
            if fact["kind"] == "session":
                name, content = "session.txt", session_of(fact["code"])
                command = ["-m", "doctest", "-o", "ELLIPSIS", name]
            elif fact["kind"] == "snippet":
                name, content = "snippet.py", fact["code"] + "\n"
                command = ["-c", PARSE, name]
            else:
                name, content = "fact.py", fact["code"] + "\n"
                command = [name]
            with open(os.path.join(folder, name), "w",
                      encoding="utf-8") as file:
                file.write(content)
            status, out, err = run([python.path, "-s"] + command, folder,
                                   seed, limit)
        if status is None:
            return f"it is not done after {limit} s"
        if fact["kind"] == "session":
            if status != 0:
                return "the session does not go like this:\n" + shorten(
                    out or err)
        elif fact["kind"] == "snippet":
            if status != 0:
                return "it is no Python:\n" + shorten(err)
        elif status != 0:
            return f"it ends with status {status}:\n" + shorten(err or out)
        elif out.rstrip("\n") != said:
            return (f"expected\n{shorten(said)}\n  got (hash seed {seed})\n"
                    f"{shorten(out)}")
    return None


def ask(job):
    fact, python, limit = job
    foreign = foreign_imports(fact["code"]) if fact["kind"] != "session" else []
    if foreign:
        return fact, python, "it needs " + ", ".join(foreign)
    return fact, python, disagreement(fact, python, limit)


def ask_alone(job):
    """Whether what looks at a clock is true in one of some tries, nobody else
    being asked meanwhile."""
    fact = job[0]
    return (CLOCK.search(fact["code"]) is not None and
            any(ask(job)[2] is None for _ in range(MORE_TRIES)))


def read_facts(ouro, path):
    command = [ouro, "content", "facts", "--json"] + ([path] if path else [])
    done = subprocess.run(command, stdout=subprocess.PIPE, check=False,
                          encoding="utf-8")
    if done.returncode != 0:
        sys.exit(done.returncode)
    return json.loads(done.stdout)["facts"]


def main():
    parser = argparse.ArgumentParser(
        description="execute what the questions say Python does")
    parser.add_argument("--ouro", default="build/debug/ouro",
                        help="the built program")
    parser.add_argument("--all", action="store_true",
                        help="with every Python that pyenv has")
    parser.add_argument("--limit", type=float, default=20,
                        help="seconds for one run (20)")
    parser.add_argument("path", nargs="?",
                        help="a content folder or a file of questions")
    options = parser.parse_args()
    if sys.version_info[:2] < OLDEST:
        print("skipped: python3 is %d.%d, and the facts need %d.%d" %
              (sys.version_info[:2] + OLDEST))
        return 77
    pythons = find_pythons(options.all)
    facts = read_facts(options.ouro, options.path)
    jobs = [(fact, python, options.limit) for fact in facts
            for python in pythons if includes(fact["python"], python.version)]
    start = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        answers = list(pool.map(ask, jobs))
    wrong = again = 0
    for job, (fact, python, what) in zip(jobs, answers):
        if what is None:
            continue
        if ask_alone(job):
            again += 1
            continue
        wrong += 1
        print(f"{fact['file']}:{fact['line']}: {fact['id']} "
              f"({fact['kind']}, Python {python.text}): {what}")
    asked = {id(fact) for fact, _, _ in jobs}
    kinds = ", ".join(
        f"{sum(fact['kind'] == kind for fact in facts)} {kind}s"
        for kind in ("output", "proof", "session", "snippet"))
    print(f"{len(facts)} facts ({kinds}), Python "
          f"{', '.join(python.text for python in pythons)}: "
          f"{len(jobs)} asked, {len(facts) - len(asked)} for other versions, "
          f"{again} true when asked again, {wrong} not true ({time.monotonic() - start:.1f} s)")
    return 1 if wrong else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
