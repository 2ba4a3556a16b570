#!/usr/bin/env python3
"""gil_beside_python.py [RT_BENCH [ROUNDS]] - the lock of the runtime, by either
rule, beside the GIL of this Python: groups t1 and t2, in turns; medians of the
rounds, and the goals.

Python's side is an extension (peer_gil.c), so Python's C headers (Debian:
python3-dev) and a compiler are needed. Time of the clock; best on a machine
with two processors that has nothing else to do. Build first: make all
MODE=release."""
import os
import socket
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
INTERVALS_MS = (5, 0.5, 0.05)
ADDITIONS = 6_000_000
TURNS = 3
PAIRS = 2_000_000
TAKES = 60
REST_US = 3_000

# What may be at most: of CPython's rule, and of the one that puts those first
# who come from outside; a number, or so many times what Python needs ("x").
GOALS = {
    "t1 2/1 5 ms": (1.05, 1.05),
    "t1 2/1 0.5 ms": (1.10, 1.10),
    "t1 2/1 0.05 ms": (1.10, 1.10),
    "t1 pair": ("1x", 15),
    "t1 take 5 ms p50": (5100, None),
    "t1 take 5 ms p90": ("1.1x", None),
    "t1 take 0.05 ms p50": (150, None),
    "t1 take 0.05 ms p90": ("1.1x", None),
    "t2 echo, 0 cpu p50": ("1.1x", "1.1x"),
    "t2 echo, 1 cpu p50": ("1.1x", 50),
    "t2 echo, 1 cpu p99": ("1.1x", 2500),
    "t2 echo, 2 cpu p50": ("1.1x", 60),
    "t2 echo, 2 cpu p99": ("1.1x", 5000),
}
RULES = ("cpython", "io first")


# --- Python's side ----------------------------------------------------------

def report(name, value):
    print(f"{name:28} {value:11.2f}", flush=True)


def report_parts(name, values, *percents):
    values.sort()
    for percent in percents:
        report(f"{name} p{percent}", values[len(values) * percent // 100])


def compute(count):
    total = 0
    for i in range(count):
        total += i & 3
    return total


def seconds_with(count):
    threads = [threading.Thread(target=compute, args=(ADDITIONS // count,))
               for _ in range(count)]
    start = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return time.perf_counter() - start


class Computing:
    """So many threads that compute meanwhile."""

    def __init__(self, count):
        self.stop = False
        self.threads = [threading.Thread(target=self.run)
                        for _ in range(count)]

    def run(self):
        while not self.stop:
            compute(20_000)

    def __enter__(self):
        for thread in self.threads:
            thread.start()

    def __exit__(self, *error):
        self.stop = True
        for thread in self.threads:
            thread.join()


def throughput_and_takes(peer_gil):
    for interval in INTERVALS_MS:
        sys.setswitchinterval(interval / 1000)
        ratios = []
        for _ in range(TURNS):
            alone = seconds_with(1)
            ratios.append(seconds_with(2) / alone)
        report(f"t1 2/1 {interval:g} ms", statistics.median(ratios))
    report("t1 pair", peer_gil.pairs(PAIRS))
    for interval in (5, 0.05):
        sys.setswitchinterval(interval / 1000)
        with Computing(1):
            times = peer_gil.takes(TAKES, REST_US)
        report_parts(f"t1 take {interval:g} ms", times, 50, 90)


def echo(peer_gil, computing, count):
    ours, theirs = socket.socketpair()
    client = os.fork()
    if client == 0:
        report_parts(f"t2 echo, {computing} cpu",
                     peer_gil.ask(theirs.fileno(), count), 50, 99)
        os._exit(0)
    with Computing(computing):
        peer_gil.answer(ours.fileno(), count)
    os.waitpid(client, 0)


def be_the_peer(folder, group, echoes):
    sys.path.insert(0, folder)
    import peer_gil
    if group == "t1":
        throughput_and_takes(peer_gil)
        return
    for computing, count in enumerate((3000, echoes, echoes)):
        echo(peer_gil, computing, count)


# --- both -------------------------------------------------------------------

def build_peer(folder):
    subprocess.run(
        [os.environ.get("CC", "cc"), "-O2", "-D_GNU_SOURCE", "-shared",
         "-fPIC", "-I", sysconfig.get_paths()["include"],
         os.path.join(HERE, "peer_gil.c"),
         "-o", os.path.join(folder, "peer_gil.so")], check=True)


def figures_of(command):
    output = subprocess.run(command, check=True, stdout=subprocess.PIPE,
                            text=True).stdout
    return {line[:28].strip(): float(line.split()[-1])
            for line in output.splitlines()}


def of_rule(name, rule):
    """What rt-bench calls the row."""
    group, rest = name.split(" ", 1)
    return f"{group} {rule} {rest}"


def verdict(value, python, goal):
    if goal is None:
        return f"{value:10.2f} {'':22}"
    most = float(str(goal).rstrip("x"))
    reached = value / python if str(goal).endswith("x") else value
    note = f"of {goal}" + (f": {reached:.2f}x" if str(goal).endswith("x")
                           else "") + (" MISSED" if reached > most else "")
    return f"{value:10.2f} {note:22}"


def show(group, rounds):
    for name in (name for name in GOALS if name.startswith(group)):
        python = statistics.median(theirs[name] for _, theirs in rounds)
        cells = [verdict(statistics.median(ours[of_rule(name, rule)]
                                           for ours, _ in rounds),
                         python, goal)
                 for rule, goal in zip(RULES, GOALS[name])]
        print(f"{name:22}{python:10.2f} " + " ".join(cells), flush=True)


def main():
    program = sys.argv[1] if len(sys.argv) > 1 else "build/release/rt-bench"
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 3
    print(f"{'':22}{'python':>10} " + " ".join(
        f"{rule:>10} {'goal':22}" for rule in RULES)
          + f" Python {sys.version.split()[0]}; us, pairs in ns")
    with tempfile.TemporaryDirectory() as folder:
        build_peer(folder)
        peer = [sys.executable, os.path.abspath(__file__), "--peer", folder]
        for group in ("t1", "t2"):
            show(group, [(figures_of([program, group]),
                          figures_of(peer + [group, "200"]))
                         for _ in range(count)])


if sys.argv[1:2] == ["--peer"]:
    be_the_peer(sys.argv[2], sys.argv[3], int(sys.argv[4]))
else:
    main()
