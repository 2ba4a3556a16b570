#!/usr/bin/env python3
"""processes.py NAME - runs one scenario with multiprocessing and
concurrent.futures, start method fork, and prints what it sees; without a NAME
prints the minor version. test_processes.c does the same on the runtime."""
import concurrent.futures as cf
import multiprocessing as mp
import os
import sys
import time
import warnings
from multiprocessing import shared_memory

warnings.simplefilter("ignore")
ctx = mp.get_context("fork")
begun, go = ctx.Semaphore(0), ctx.Semaphore(0)


def say(*words):
    print(*words, flush=True)


def attempt(function, *arguments, **options):
    """What comes of a call, as one word or as an error with its text."""
    try:
        return function(*arguments, **options)
    except BaseException as error:
        text = str(error)
        name = "OSError" if isinstance(error, OSError) and \
            not isinstance(error, TimeoutError) else type(error).__name__
        return name + (": " + text if text else "")


def square(n):
    return n * n


def refuse(n):
    raise ValueError("no %d" % n)


def leave(n):
    sys.exit(n)


def die(n):
    os._exit(n)


def wait_for_go(n):
    begun.release()
    go.acquire()
    return n


def pool(workers):
    return cf.ProcessPoolExecutor(workers, mp_context=ctx)


def results():
    with pool(2) as executor:
        for function in square, refuse, leave:
            for n in 0, 7:
                say(attempt(executor.submit(function, n).result))
    say(attempt(executor.submit, square, 1))
    say(attempt(pool, 0))


def running():
    executor = pool(1)
    futures = [executor.submit(wait_for_go, 0)]
    begun.acquire()
    futures += [executor.submit(wait_for_go, n) for n in range(1, 7)]
    while not futures[2].running():
        time.sleep(0.001)
    say([int(future.running()) for future in futures])
    say([int(future.cancel()) for future in futures[:5]])
    executor.shutdown(wait=False, cancel_futures=True)
    while not futures[6].cancelled():
        time.sleep(0.001)
    for _ in range(3):
        go.release()
    say([attempt(future.result) for future in futures[:3]])
    say([int(future.cancelled()) for future in futures])
    say(attempt(futures[6].result))


def broken():
    executor = pool(2)
    futures = [executor.submit(wait_for_go, 0)]
    begun.acquire()
    futures += [executor.submit(die, 0)]
    futures += [attempt(executor.submit, wait_for_go, n) for n in range(5)]
    for future in futures[:2]:
        say(attempt(future.result))
    say(attempt(executor.submit, square, 1))
    executor.shutdown()
    say(len(mp.active_children()))


def mapped():
    with pool(2) as executor:
        for chunksize in 1, 3, 10:
            say(list(executor.map(square, range(10), chunksize=chunksize)))
        say(attempt(lambda: list(executor.map(refuse, [4, 5], chunksize=2))))
        say(attempt(executor.map, square, [1], chunksize=0))


def waited():
    futures = [cf.Future() for _ in range(4)]

    def look(when):
        done, _ = cf.wait(futures, timeout=0.001, return_when=when)
        say([int(future in done) for future in futures])
    look(cf.FIRST_COMPLETED)
    futures[0].cancel()
    look(cf.FIRST_COMPLETED)
    futures[0].set_running_or_notify_cancel()
    look(cf.FIRST_COMPLETED)
    futures[2].set_result(1)
    look(cf.FIRST_EXCEPTION)
    futures[3].set_exception(ValueError("x"))
    look(cf.FIRST_EXCEPTION)
    look(cf.ALL_COMPLETED)
    say(attempt(lambda: list(cf.as_completed(futures, timeout=0.001))))
    futures[1].set_result(1)
    look(cf.ALL_COMPLETED)
    say(len(list(cf.as_completed(futures + futures))))


def answer(inbox, outbox):
    for n in iter(inbox.get, None):
        outbox.put(n * n)


def queues():
    small, inbox, outbox = ctx.Queue(2), ctx.SimpleQueue(), ctx.Queue()
    say(small.qsize(), int(small.empty()), int(small.full()))
    small.put(1)
    small.put(2)
    say(small.qsize(), int(small.full()))
    say(attempt(small.put, 3, timeout=0.001))
    say(attempt(small.put, 3, block=False))
    say(small.get(), small.get(), small.qsize())
    say(attempt(small.get, timeout=0.001))
    say(attempt(small.get, block=False))
    say(attempt(small.join_thread).split(":")[0])
    child = ctx.Process(target=answer, args=(inbox, outbox))
    child.start()
    for n in range(20):
        inbox.put(n)
    inbox.put(None)
    say([outbox.get() for _ in range(20)])
    child.join()
    say(child.exitcode, int(inbox.empty()))
    small.close()
    say(attempt(small.put, 1).split(":")[0])
    say(attempt(small.get).split(":")[0])


def locks():
    lock, rlock, bounded = ctx.Lock(), ctx.RLock(), ctx.BoundedSemaphore(2)
    say(int(lock.acquire()), int(lock.acquire(False)),
        int(lock.acquire(timeout=0.001)))
    lock.release()
    say(attempt(lock.release))
    say(attempt(rlock.release))
    say(int(rlock.acquire()), int(rlock.acquire()))
    rlock.release()
    rlock.release()
    say(attempt(bounded.release))
    condition, event = ctx.Condition(rlock), ctx.Event()
    say(attempt(condition.wait))
    say(attempt(condition.notify))
    with condition:
        say(int(condition.wait(0.001)), attempt(condition.notify_all))
    say(int(event.is_set()), int(event.wait(0.001)))
    event.set()
    say(int(event.is_set()), int(event.wait()))
    event.clear()
    say(int(event.is_set()))
    barrier = ctx.Barrier(2)
    say(attempt(barrier.wait, 0.001), int(barrier.broken))
    barrier.reset()
    say(int(barrier.broken), barrier.n_waiting)


def memory():
    name = "ouro_processes_test"
    say(attempt(shared_memory.SharedMemory, name))
    block = shared_memory.SharedMemory(name, create=True, size=16)
    say(block.name, block.size)
    say(attempt(shared_memory.SharedMemory, name, create=True, size=16))
    part = block.buf[2:4]
    say(attempt(block.close))
    part[0] = 77
    other = shared_memory.SharedMemory(name)
    say(other.buf[2])
    part.release()
    say(attempt(block.close))
    other.unlink()
    say(attempt(shared_memory.SharedMemory, name))
    other.close()


if len(sys.argv) == 1:
    print(sys.version_info[1])
else:
    globals()[sys.argv[1]]()
