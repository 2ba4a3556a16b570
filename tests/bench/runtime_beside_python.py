#!/usr/bin/env python3
"""runtime_beside_python.py [RT_BENCH] - the runtime's figures, and what this
Python needs for the same, in turns; medians of three rounds and their ratio.

With Python's C headers (Debian: python3-dev) and a compiler, the peer is an
extension, tests/bench/peer.c, and every row of rt-bench's group G has one: no
bytecode is timed. Without them only such work is compared as Python does in C
by itself: full collections, deep structures dying, weak references cleared.
Each group runs in a process of its own. Nanoseconds of processor time per
object. Build first: make all MODE=release."""
import gc
import os
import random
import shutil
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import time
import weakref

MILLION = 1_000_000
ROUNDS = 3

# What rt-bench is asked for, and how many million objects there are.
GROUPS = [("g1", 1), ("g2", 1), ("g3", 1), ("g3", 4), ("g3", 8), ("g4", 1),
          ("g4", 5), ("g5", 1), ("g6", 1), ("g7", 1)]


# --- the peer in C ----------------------------------------------------------

def build_peer(folder):
    """The folder with the built extension, or None and the reason."""
    headers = sysconfig.get_paths()["include"]
    compiler = shutil.which("cc") or shutil.which("gcc")
    if not os.path.exists(os.path.join(headers, "Python.h")):
        return None, "there is no Python.h"
    if compiler is None:
        return None, "there is no C compiler"
    source = os.path.join(os.path.dirname(os.path.abspath(__file__)), "peer.c")
    built = subprocess.run(
        [compiler, "-O2", "-shared", "-fPIC", "-I", headers, source,
         "-o", os.path.join(folder, "peer.so")],
        stderr=subprocess.PIPE, text=True)
    if built.returncode != 0:
        return None, "peer.c does not compile:\n" + built.stderr
    return folder, None


def figures_of(command, **options):
    output = subprocess.run(command, check=True, stdout=subprocess.PIPE,
                            text=True, **options).stdout
    found = {}
    for line in output.splitlines():
        found.setdefault(line[:28].strip(), []).append(float(line.split()[-1]))
    return {name: statistics.median(values) for name, values in found.items()}


def peer_figures(folder, group, millions):
    """The median of as many turns in one process as rt-bench takes."""
    program = (f"import sys; sys.path.insert(0, {folder!r}); import peer\n"
               f"for _ in range(3): peer.run({group!r}, {millions})")
    return figures_of([sys.executable, "-S", "-c", program])


# --- without it -------------------------------------------------------------

class Node:
    __slots__ = ("a", "b", "__weakref__")


def nodes(count=MILLION):
    made = [Node() for _ in range(count)]
    for node in made:
        node.a = node.b = None
    return made


def timed(work, count=MILLION):
    start = time.thread_time_ns()
    work()
    return (time.thread_time_ns() - start) / count


def rings(length, shuffled):
    made = nodes()
    if shuffled:
        random.Random(42).shuffle(made)
    for i, node in enumerate(made):
        first = i - i % length
        node.a = made[first + (i + 1 - first) % length]
        node.b = made[first + (i - 1 - first) % length]
    del made, node
    return timed(gc.collect)


def live(tree):
    made = nodes()
    dice = random.Random(7)
    for i, node in enumerate(made):
        if tree:
            node.a = made[2 * i + 1] if 2 * i + 1 < MILLION else None
            node.b = made[2 * i + 2] if 2 * i + 2 < MILLION else None
        else:
            node.a = made[dice.randrange(MILLION)]
            node.b = made[dice.randrange(MILLION)]
    result = timed(gc.collect)
    for node in made:
        node.a = node.b = None
    return result


def end_of_a_tree():
    count = (1 << 20) - 1

    def tree(at):
        return [tree(2 * at + 1), tree(2 * at + 2), at + 1000] if at < count else None

    holder = [tree(0)]
    return timed(holder.clear, count)


def target_dropped():
    made = nodes()
    references = [weakref.ref(node) for node in made]
    result = timed(made.clear)
    del references
    return result


WORKLOADS = {
    "g2": {
        "g2 rings of 2 seq": lambda: rings(2, False),
        "g2 rings of 10 seq": lambda: rings(10, False),
        "g2 rings of 10 rnd": lambda: rings(10, True),
        "g2 rings of 1000000 seq": lambda: rings(MILLION, False),
        "g2 rings of 1000000 rnd": lambda: rings(MILLION, True),
    },
    "g3": {
        "g3 live tree": lambda: live(True),
        "g3 live random graph": lambda: live(False),
    },
    "g6": {"g6 end of a tree": end_of_a_tree},
    "g7": {"g7 target dropped": target_dropped},
}


def plain_figures(group, millions):
    if millions > 1:
        return {}
    return {name: work() for name, work in WORKLOADS.get(group, {}).items()}


# --- both -------------------------------------------------------------------

def compare(program, group, millions, theirs_of):
    """Prints a line for each row that both have."""
    ours, theirs = [], []
    for _ in range(ROUNDS):
        theirs.append(theirs_of(group, millions))
        if not theirs[-1]:
            return
        ours.append(figures_of([program, "--millions", str(millions), group]))
    for name in (name for name in ours[0] if name in theirs[0]):
        mine = [figures[name] for figures in ours]
        python = [figures[name] for figures in theirs]
        ratio = statistics.median(a / b for a, b in zip(mine, python))
        size = f", {millions} million" if millions > 1 else ""
        print(f"{name + size:38}{statistics.median(mine):9.1f}"
              f"{statistics.median(python):10.1f}{ratio:7.2f}x", flush=True)


def main():
    program = sys.argv[1] if len(sys.argv) > 1 else "build/release/rt-bench"
    with tempfile.TemporaryDirectory() as folder:
        peer, reason = build_peer(folder)
        if peer is not None:
            print("Python's side: its C API (tests/bench/peer.c)")
        else:
            print(f"Python's side: its own objects, for {reason}")
            gc.disable()
            gc.collect()
            gc.freeze()
        print(f"{'':38}{'runtime':>9}{'python':>10}{'ratio':>8}"
              f"   ns, Python {sys.version.split()[0]}")
        for group, millions in GROUPS:
            compare(program, group, millions,
                    plain_figures if peer is None else
                    lambda *workload: peer_figures(peer, *workload))


main()
