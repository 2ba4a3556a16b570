#!/usr/bin/env python3
"""runtime_beside_python.py [RT_BENCH] - the runtime's figures, and what this
Python needs for the same, in turns; medians of three and their ratio.

Only work that Python does in C is compared, so no bytecode is timed: full
collections, deep structures dying, weak references cleared. Nanoseconds of
processor time per object. Build first: make all MODE=release."""
import gc
import random
import statistics
import subprocess
import sys
import time
import weakref

MILLION = 1_000_000
ROUNDS = 3


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
    "g2 rings of 2 seq": lambda: rings(2, False),
    "g2 rings of 10 seq": lambda: rings(10, False),
    "g2 rings of 10 rnd": lambda: rings(10, True),
    "g2 rings of 1000000 seq": lambda: rings(MILLION, False),
    "g2 rings of 1000000 rnd": lambda: rings(MILLION, True),
    "g3 live tree": lambda: live(True),
    "g3 live random graph": lambda: live(False),
    "g6 end of a tree": end_of_a_tree,
    "g7 target dropped": target_dropped,
}


def runtime_figures(program):
    output = subprocess.run([program, "g2", "g3", "g6", "g7"], check=True,
                            stdout=subprocess.PIPE, text=True).stdout
    return {line[:28].strip(): float(line.split()[-1])
            for line in output.splitlines()}


def main():
    program = sys.argv[1] if len(sys.argv) > 1 else "build/release/rt-bench"
    gc.disable()
    gc.collect()
    gc.freeze()
    ours = {name: [] for name in WORKLOADS}
    theirs = {name: [] for name in WORKLOADS}
    for _ in range(ROUNDS):
        figures = runtime_figures(program)
        for name, workload in WORKLOADS.items():
            ours[name].append(figures[name])
            theirs[name].append(workload())
    print(f"{'':28}{'runtime':>10}{'python':>10}{'ratio':>8}"
          f"   ns/object, Python {sys.version.split()[0]}")
    for name in WORKLOADS:
        mine = statistics.median(ours[name])
        python = statistics.median(theirs[name])
        ratio = statistics.median(a / b for a, b in zip(ours[name], theirs[name]))
        print(f"{name:28}{mine:10.1f}{python:10.1f}{ratio:7.2f}x")


main()
