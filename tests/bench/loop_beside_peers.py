#!/usr/bin/env python3
"""loop_beside_peers.py [RT_BENCH [ROUNDS [GROUP]...]] - the event loop beside
asyncio, uvloop, libuv and a limit, the least that a loop written by hand for
nothing else needs (loop_limit.c): groups e1 to e5, e7 and the echo of e6, in
turns; medians, and the median of the ratios of each round to the runtime's
figure. At the end of a line stand the goals: how many times a peer's figure
the runtime's is, and may be.

Python is the one that runs this; uvloop is a peer if it can be imported
(Debian: python3-uvloop), libuv if its headers are there (libuv1-dev). All run
on one processor, the echo's client on another one, if there are two; figures
are processor time of one thread. Build first: make all MODE=release."""
import asyncio
import mmap
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
CONNECTIONS = (100, 9_900)
MESSAGES = 60_000
DESCRIPTORS = 20_000
WARM_BYTES = 512 << 20

# What the runtime's figure may be at most: so many times a peer's, or that
# itself if there is no peer. A libuv or a uvloop that is not there is no goal.
GOALS = {
    "e1 call_soon chain": {"limit": 3},
    "e1 call_soon chain, polled": {"limit": 1.25, "libuv": 1,
                                   "asyncio": 0.15},
    "e1 call_soon batch": {"limit": 3},
    "e1 batch with handles": {"asyncio": 0.03},
    "e2 1M tasks x 4": {"limit": 3},
    "e2 1M tasks x 4, bytes": {None: 160},
    "e2 100k tasks x 4": {"limit": 3, "asyncio": 0.03},
    "e2 1k tasks x 1k": {"limit": 3, "asyncio": 0.025},
    "e3 timer scheduled": {"libuv": 1},
    "e3 timer in all": {"libuv": 1, "asyncio": 0.06},
    "e3 timer cancelled": {"libuv": 1, "asyncio": 0.06},
    "e4 future ping-pong": {"limit": 3, "asyncio": 0.03},
    "e5 queue 64": {"limit": 3, "asyncio": 0.03},
    "e5 queue 1": {"limit": 3, "asyncio": 0.03},
    "e7 gather 100k": {"limit": 3, "asyncio": 0.02},
    "e6 echo, 100 connections: server, ns": {"limit": 1.1, "libuv": 1,
                                             "asyncio": 0.28},
    "e6 echo, 100 connections: p99, us": {"asyncio": 0.45},
    "e6 echo, 9900 connections: server, ns": {"limit": 1.1, "libuv": 1,
                                              "asyncio": 0.45},
    "e6 echo, 9900 connections: p99, us": {"asyncio": 0.35},
}


# --- a peer in Python -------------------------------------------------------

def timed(count, work):
    """Nanoseconds for each of count things that work(loop) does."""
    loop = asyncio.get_event_loop()
    start = time.thread_time_ns()
    work(loop)
    return (time.thread_time_ns() - start) / count


def chain(loop, count):
    def link():
        nonlocal count
        count -= 1
        if count == 0:
            loop.stop()
        else:
            loop.call_soon(link)

    loop.call_soon(link)
    loop.run_forever()


def batch(loop, times, size):
    def fill():
        nonlocal times
        for _ in range(size):
            loop.call_soon(nothing)
        times -= 1
        loop.call_soon(fill if times > 0 else loop.stop)

    loop.call_soon(fill)
    loop.run_forever()


def nothing():
    pass


def switch(loop, tasks, turns):
    async def spin():
        for _ in range(turns):
            await asyncio.sleep(0)

    async def all_of_them():
        await asyncio.wait([loop.create_task(spin()) for _ in range(tasks)])

    loop.run_until_complete(all_of_them())


def schedule(loop, count):
    for i in range(count):
        loop.call_later(0.05 * (i * 7919 % count) / count, nothing)


def fire(loop, count):
    left = count

    def one():
        nonlocal left
        left -= 1
        if left == 0:
            loop.stop()

    for i in range(count):
        loop.call_later(0.05 * (i * 7919 % count) / count, one)
    loop.run_forever()


def cancel(loop, count):
    timers = [loop.call_later(60 + i * 1e-6, nothing) for i in range(count)]
    for timer in timers:
        timer.cancel()
    loop.call_soon(loop.stop)
    loop.run_forever()


def ping_pong(loop, count):
    futures = {"ping": loop.create_future(), "pong": loop.create_future()}

    async def pong():
        for _ in range(count):
            await futures["pong"]
            futures["pong"] = loop.create_future()
            futures["ping"].set_result(None)

    async def ping():
        for _ in range(count):
            futures["pong"].set_result(None)
            await futures["ping"]
            futures["ping"] = loop.create_future()

    async def both():
        await asyncio.gather(pong(), ping())

    loop.run_until_complete(both())


def through_queue(loop, most, count):
    async def produce(queue):
        for _ in range(count):
            await queue.put(None)

    async def consume(queue):
        for _ in range(count):
            await queue.get()

    async def both():
        queue = asyncio.Queue(most)
        await asyncio.gather(produce(queue), consume(queue))

    loop.run_until_complete(both())


def gather(loop, count):
    async def child(index):
        await asyncio.sleep(0)
        return index

    async def parent():
        await asyncio.gather(*[child(i) for i in range(count)])

    loop.run_until_complete(parent())


# As rt-bench names them; fewer times, because each takes longer.
WORKLOADS = {
    "e1": {
        "e1 call_soon chain, polled": (30_000, lambda loop: chain(loop, 30_000)),
        "e1 batch with handles": (100_000, lambda loop: batch(loop, 10, 10_000)),
    },
    "e2": {
        "e2 100k tasks x 4": (500_000, lambda loop: switch(loop, 100_000, 4)),
        "e2 1k tasks x 1k": (100_000, lambda loop: switch(loop, 1_000, 100)),
    },
    "e3": {
        "e3 timer in all": (30_000, lambda loop: fire(loop, 30_000)),
        "e3 timer cancelled": (30_000, lambda loop: cancel(loop, 30_000)),
    },
    "e4": {"e4 future ping-pong": (30_000,
                                   lambda loop: ping_pong(loop, 30_000))},
    "e5": {
        "e5 queue 64": (50_000, lambda loop: through_queue(loop, 64, 50_000)),
        "e5 queue 1": (20_000, lambda loop: through_queue(loop, 1, 20_000)),
    },
    "e7": {"e7 gather 100k": (100_000, lambda loop: gather(loop, 100_000))},
}


class Echo(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.transport.write(data)


async def serve():
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Echo, "127.0.0.1", 0, backlog=4096)
    print("ready", server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


def be_a_peer(kind, what):
    if kind == "uvloop":
        import uvloop
        asyncio.set_event_loop(uvloop.new_event_loop())
    else:
        asyncio.set_event_loop(asyncio.new_event_loop())
    if what == "echo":
        asyncio.get_event_loop().run_until_complete(serve())
    for name, (count, work) in WORKLOADS[what].items():
        print(f"{name:28} ns {timed(count, work):9.2f}", flush=True)


# --- all of them ------------------------------------------------------------

def on_processor(number):
    """What a child does first: it keeps to one processor."""
    mine = sorted(os.sched_getaffinity(0))

    def prepare():
        os.sched_setaffinity(0, {mine[number % len(mine)]})
        resource.setrlimit(resource.RLIMIT_NOFILE, (DESCRIPTORS, DESCRIPTORS))
    return prepare


def build(folder, name, *libraries):
    """The path of a program of this folder, or None."""
    path = os.path.join(folder, name)
    built = subprocess.run(
        [os.environ.get("CC", "cc"), "-O2", "-D_GNU_SOURCE",
         os.path.join(HERE, name + ".c"), "-o", path, *libraries],
        stderr=subprocess.DEVNULL)
    return path if built.returncode == 0 else None


def has_uvloop():
    return subprocess.run([sys.executable, "-c", "import uvloop"],
                          stderr=subprocess.DEVNULL).returncode == 0


def peers_of(program, folder):
    """How each one is asked for a group, and for a server."""
    peers = {"runtime": (lambda group: [program, group],
                         [program, "--echo", "0"])}
    for kind in ("asyncio", "uvloop"):
        if kind == "asyncio" or has_uvloop():
            me = [sys.executable, os.path.abspath(__file__), "--peer", kind]
            peers[kind] = (lambda group, me=me: me + [group], me + ["echo"])
    libuv = build(folder, "peer_libuv", "-luv")
    if libuv is not None:
        peers["libuv"] = (lambda group: [libuv, group], [libuv, "echo"])
    limit = build(folder, "loop_limit")
    peers["limit"] = (lambda group: [limit, group], [limit, "echo"])
    return peers


def warm_memory():
    """A virtual machine's host takes memory back that nobody has used for some
    seconds, and the first who wants it again waits for it. That would be
    whoever comes first in each round: so nobody does."""
    with mmap.mmap(-1, WARM_BYTES,
                   flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS) as memory:
        memory.madvise(mmap.MADV_HUGEPAGE)
        for at in range(0, WARM_BYTES, mmap.PAGESIZE):
            memory[at] = 1


def figures_of(command):
    warm_memory()
    output = subprocess.run(command, check=True, stdout=subprocess.PIPE,
                            text=True, preexec_fn=on_processor(0)).stdout
    found = {}
    for line in output.splitlines():
        name = line[:28].strip()
        if " bytes/" in line:
            name += ", bytes"
        if " ns" in line or " bytes/" in line:
            found[name] = float(line.split()[-1])
    return found


def cpu_ns(pid):
    with open(f"/proc/{pid}/schedstat", encoding="ascii") as file:
        return int(file.read().split()[0])


def echo_figures(command, client, connections):
    """Throughput, latencies, and what a message takes of the server's time;
    no figure is left out: what goes wrong ends it all."""
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True,
                          preexec_fn=on_processor(0)) as server:
        try:
            port = server.stdout.readline().split()[1]
            before = cpu_ns(server.pid)
            output = subprocess.run(
                [client, port, str(connections), str(MESSAGES)], check=True,
                stdout=subprocess.PIPE, text=True,
                preexec_fn=on_processor(1)).stdout
            taken = (cpu_ns(server.pid) - before) / MESSAGES
        finally:
            server.kill()
    throughput, median, late = map(float, output.split())
    name = f"e6 echo, {connections} connections"
    return {f"{name}: server, ns": taken,
            f"{name}: kmsg/s": throughput,
            f"{name}: p50, us": median, f"{name}: p99, us": late}


def verdicts(name, rounds):
    """Each goal of a row beside what it is about."""
    texts = []
    for peer, most in GOALS.get(name, {}).items():
        unit = f"x {peer}" if peer else ""
        if peer and not all(name in f.get(peer, {}) for f in rounds):
            continue
        value = statistics.median(
            f["runtime"][name] / (f[peer][name] if peer else 1)
            for f in rounds)
        missed = " MISSED" if value > most else ""
        texts.append(f"{value:.3g} of {most:g}{unit}{missed}")
    return texts


def show(rounds):
    """rounds: for each round, what each peer's figures were."""
    for name in rounds[0]["runtime"]:
        goals = verdicts(name, rounds)
        cells = []
        for peer in rounds[0]:
            if all(name in figures[peer] for figures in rounds):
                value = statistics.median(f[peer][name] for f in rounds)
                ratio = statistics.median(
                    f[peer][name] / f["runtime"][name] for f in rounds)
                cells.append(f"{peer} {value:.1f}"
                             + (f" ({ratio:.2f}x)" if peer != "runtime"
                                else ""))
        if len(cells) > 1 or goals:
            print(f"{name:42} " + "  ".join(cells)
                  + (f"  [{'; '.join(goals)}]" if goals else ""), flush=True)


def main():
    program = sys.argv[1] if len(sys.argv) > 1 else "build/release/rt-bench"
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 3
    groups = sys.argv[3:] or [*WORKLOADS, "e6"]
    with tempfile.TemporaryDirectory() as folder:
        client = build(folder, "echo_client")
        peers = peers_of(program, folder)
        for group in (group for group in WORKLOADS if group in groups):
            show([{peer: figures_of(ask(group))
                   for peer, (ask, _) in peers.items()}
                  for _ in range(count)])
        for connections in CONNECTIONS if "e6" in groups else ():
            show([{peer: echo_figures(server, client, connections)
                   for peer, (_, server) in peers.items()}
                  for _ in range(count)])


if sys.argv[1:2] == ["--peer"]:
    be_a_peer(*sys.argv[2:4])
else:
    main()
