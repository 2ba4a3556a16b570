#!/usr/bin/env python3
"""save_to_verdict.py [OURO [SAVES]] - what a learner waits for: `ouro lab watch`
in a terminal, and a file that is saved, by writing it and by putting another in
its place, in turns. Medians of the saves in milliseconds of the clock: until
the first byte is shown, and until the verdict is; and what gcc -O0 -c takes for
the same file. Build first: make all MODE=release."""
import fcntl
import os
import pty
import re
import select
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
VERDICT = re.compile(rb"\d+ of \d+ points\b.*?Passed", re.S)
PATIENCE_S = 5
QUIET_S = 0.5


def start(ouro, folder):
    """The lab is watched: the process, and its terminal."""
    words = [ouro, "lab", "watch", "01", "--lang", "en", "--profile",
             folder + "/profile"]
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(folder)
        os.execve(ouro, words, {**os.environ, "TERM": "xterm"})
    fcntl.ioctl(terminal, termios.TIOCSWINSZ,
                struct.pack("HHHH", 24, 80, 0, 0))
    return child, terminal


def wait_until_quiet(terminal):
    while select.select([terminal], [], [], QUIET_S)[0]:
        os.read(terminal, 65536)


def save(path, text, in_place):
    target = path if in_place else path + ".new"
    with open(target, "w", encoding="utf-8") as out:
        out.write(text)
    if not in_place:
        os.rename(target, path)


def wait_for_verdict(terminal, begun):
    """Until the first byte, and until the verdict, in ms."""
    shown, first = b"", None
    while not VERDICT.search(shown):
        if not select.select([terminal], [], [], PATIENCE_S)[0]:
            sys.exit(f"no verdict: {shown.decode(errors='replace')}")
        shown += os.read(terminal, 65536)
        first = first or time.monotonic()
    return (first - begun) * 1e3, (time.monotonic() - begun) * 1e3


def compile_plainly(path, ouro):
    include = os.path.join(os.path.dirname(ouro), "labs", "include")
    begun = time.monotonic()
    subprocess.run(["gcc", "-std=c11", "-D_GNU_SOURCE", "-O0", "-fPIC",
                    "-I" + include, "-c", path, "-o", os.devnull], check=True)
    return (time.monotonic() - begun) * 1e3


def main():
    ouro = os.path.abspath(sys.argv[1] if len(sys.argv) > 1
                           else ROOT + "/build/release/ouro")
    saves = int(sys.argv[2]) if len(sys.argv) > 2 else 20
    with open(ROOT + "/labs/runtime/object.c", encoding="utf-8") as file:
        right = file.read()
    rows = {name: [] for name in ("first byte", "verdict", "gcc -O0 -c",
                                  "verdict / gcc")}
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([ouro, "lab", "start", "01", "--profile",
                        folder + "/profile"], cwd=folder, check=True,
                       stdout=subprocess.DEVNULL)
        path = folder + "/ouro-labs/01_refcount/object.c"
        child, terminal = start(ouro, folder)
        wait_until_quiet(terminal)
        for number in range(saves):
            text = f"{right}\n/* {number} */\n"
            begun = time.monotonic()
            save(path, text, number % 2 == 0)
            first, verdict = wait_for_verdict(terminal, begun)
            wait_until_quiet(terminal)
            plain = compile_plainly(path, ouro)
            for name, value in zip(rows, (first, verdict, plain,
                                          verdict / plain)):
                rows[name].append(value)
        os.write(terminal, b"q")
        os.waitpid(child, 0)
    for name, values in rows.items():
        print(f"{name:14} {statistics.median(values):8.2f}   "
              f"{min(values):.2f} to {max(values):.2f}")


if __name__ == "__main__":
    main()
