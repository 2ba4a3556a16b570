#!/usr/bin/env python3
"""loop_oracle.py [--ticks] [SCRIPT] - runs a script of the event loop's
language (README.md) on asyncio, under a clock that waiting moves, and prints
the trace. Without a file the script comes from standard input. --ticks puts
the number of the loop's iteration before each line. Exit status 2: the script
is faulty. Needs Python 3.11 or newer.

loop_oracle.py --serve - answers many scripts: each line of standard input is a
script as a JSON string, each line of the answer a pair [status, trace]. A
script runs in a process of its own."""
import asyncio
import contextvars
import inspect
import itertools
import logging
import os
import re
import signal
import sys
import warnings

PATIENCE_S = 60

BLOCKS = ("task", "main", "try", "timeout", "with_lock", "with_sem", "repeat",
          "taskgroup", "action", "outside", "rawgroup", "rawtimeout",
          "with_cond")
MARKS = ("cancelled", "except", "finally")

# What follows a word: f a future, x a lock, semaphore or condition, l a lock,
# s a semaphore, e an event, n a condition, b a barrier, q a queue, t a task, k
# a future or task, v a variable, a an action, r an error, d a number of
# seconds, o one or "none", i a whole number, w any word, * any number of words,
# + any number of k and the operation's own words.
DECLARATIONS = {
    "future": "w", "lock": "w", "sem": "wi", "bsem": "wi", "event": "w",
    "cond": "w", "queue": "wi", "lifo": "wi", "prio": "wi", "barrier": "wi",
    "task": "w", "main": "", "eager": "", "var": "w", "action": "w",
    "outside": "", "debug": "",
}
OPERATIONS = {
    "log": "*", "raise": "", "return": "w", "reraise": "", "set": "fw",
    "setexc": "fw", "fcancel": "f", "fnew": "f", "fdonecb": "f", "spawn": "t",
    "cancel": "t", "cancelling": "", "uncancel": "", "donecb": "t",
    "soon": "w", "later": "dw", "at": "dw", "hcancel": "w", "release": "x",
    "locked": "x", "ev_set": "e", "ev_clear": "e", "put_nowait": "qi",
    "get_nowait": "q", "task_done": "q", "qsize": "q", "sleep": "d",
    "yield": "", "await": "f", "join": "t", "gather": "+", "wait": "+",
    "wait_for": "ko", "shield": "k", "group": "+", "timeout": "d", "try": "",
    "repeat": "i", "with_lock": "l", "with_sem": "s", "acquire": "x",
    "ev_wait": "e", "cond_wait": "n", "cond_notify": "ni",
    "cond_notify_all": "n", "put": "qi", "get": "q", "q_join": "q",
    "bar_wait": "b", "bar_reset": "b", "bar_abort": "b", "cancelmsg": "tw",
    "fgather": "f+", "fshield": "fk", "as_completed": "+", "stop": "",
    "soonraise": "w", "cset": "vw", "cget": "v", "csoon": "v",
    "q_shutdown": "q", "q_shutdown_now": "q", "taskgroup": "", "gspawn": "t",
    "reschedule": "o", "raises": "r", "set_result": "fw",
    "set_exception": "fr", "result": "f", "exception": "f", "state": "f",
    "ftask": "ft", "flatest": "ft", "fcancelmsg": "fw", "fcancelling": "f",
    "funcancel": "f", "current_task": "", "all_tasks": "", "call_soon": "a",
    "call_later": "da", "call_at": "da", "add_done_callback": "fa",
    "remove_done_callback": "fa", "creset": "v", "caught": "",
    "rawgroup": "", "rawtimeout": "o", "with_cond": "n", "c_wait": "n",
    "c_notify": "ni", "c_notify_all": "n", "is_set": "e", "bar_state": "b",
    "q_state": "q", "run_until_complete": "f", "run_forever": "",
    "name_group": "w", "gspawn_in": "wt", "name_limit": "w",
    "reschedule_in": "wo", "limit_state": "w", "as_completed_of": "w+",
    "next_of": "w",
}
KINDS = {
    "f": ("future",), "x": ("lock", "sem", "bsem", "cond"), "l": ("lock",),
    "s": ("sem", "bsem"), "e": ("event",), "n": ("cond",), "b": ("barrier",),
    "q": ("queue", "lifo", "prio"), "t": ("task",), "k": ("future", "task"),
    "v": ("var",), "a": ("action",),
}


class ScriptError(Exception):
    pass


class Boom(Exception):
    pass


ERRORS = {error.__name__: error for error in (
    Boom, asyncio.CancelledError, TimeoutError, RuntimeError, ValueError,
    StopIteration, GeneratorExit, KeyboardInterrupt, SystemExit)}


class Return(Exception):
    def __init__(self, value):
        self.value = value


class Deadlock(Exception):
    pass


class InOrder(dict):
    """A set that is walked in order of insertion. The library keeps the
    members of a task group in a plain set, whose order follows addresses."""

    def add(self, member):
        self[member] = None

    def discard(self, member):
        self.pop(member, None)

    remove = discard


# --- reading a script --------------------------------------------------------

class Node:
    def __init__(self, words, line):
        self.op, self.args, self.line = words[0], words[1:], line
        self.parts = {"body": []}   # of a try also those that MARKS open


def parse(text):
    top = Node(["top"], 0)
    stack = [(top, "body")]
    for number, raw in enumerate(text.splitlines(), 1):
        words = raw.split("#", 1)[0].split()
        if not words:
            continue
        node, part = stack[-1]
        if words[0] == "end":
            if len(stack) == 1:
                raise ScriptError("line %d: end without a block" % number)
            stack.pop()
        elif words[0] in MARKS:
            if node.op != "try":
                raise ScriptError("line %d: %s outside try"
                                  % (number, words[0]))
            if words[0] in node.parts:
                raise ScriptError("line %d: a second %s" % (number, words[0]))
            node.parts[words[0]] = []
            stack[-1] = (node, words[0])
        else:
            new = Node(words, number)
            node.parts[part].append(new)
            if words[0] in BLOCKS:
                stack.append((new, "body"))
    if len(stack) != 1:
        raise ScriptError("block not closed")
    return top.parts["body"]


def is_number(word, pattern=r"-?\d{1,9}(\.\d*)?"):
    return re.fullmatch(pattern, word) is not None


class Checker:
    """Refuses what the program that is compared refuses, before it runs."""

    def __init__(self, program):
        self.names = {}
        for node in program:
            if node.args:
                self.names.setdefault(node.op, set()).add(node.args[0])
        for node in program:
            if node.op not in DECLARATIONS:
                raise ScriptError("line %d: unknown declaration %s"
                                  % (node.line, node.op))
            self.check_words(node, DECLARATIONS[node.op])
            self.check_block(node.parts["body"],
                             node.op not in ("action", "outside"))
        if not any(node.op == "main" for node in program):
            raise ScriptError("no main")

    def fits(self, letter, word):
        if letter in KINDS:
            return any(word in self.names.get(kind, ())
                       for kind in KINDS[letter])
        if letter == "i":
            return is_number(word, r"-?\d{1,9}")
        if letter == "r":
            return word in ERRORS
        return (letter == "w" or is_number(word)
                or letter == "o" and word == "none")

    def targets(self, node):
        """The words that must be futures or tasks."""
        args = list(node.args)
        if node.op in ("gather", "fgather"):
            return [x for x in args if x != "return_exceptions"]
        if node.op in ("wait", "as_completed", "as_completed_of"):
            if node.op == "as_completed":
                args.insert(0, "ALL")
            elif node.op == "as_completed_of":
                args[:1] = ["ALL"]
            if args[:1] not in (["ALL"], ["FIRST"], ["EXC"]):
                return ["?"]
            if len(args) > 3 and args[-2] == "timeout":
                if not is_number(args[-1]):
                    return ["?"]
                args = args[:-2]
            return args[1:] or ["?"]
        return args

    def check_words(self, node, letters):
        if letters.endswith("+"):
            good = (all(self.fits("k", x) for x in self.targets(node))
                    and len(node.args) >= len(letters) - 1
                    and all(map(self.fits, letters[:-1], node.args)))
        elif letters == "*":
            good = True
        else:
            good = (len(letters) == len(node.args)
                    and all(map(self.fits, letters, node.args)))
        if not good:
            raise ScriptError("line %d: wrong words after %s"
                              % (node.line, node.op))

    def check_block(self, nodes, may_wait):
        for node in nodes:
            if node.op not in OPERATIONS:
                raise ScriptError("line %d: unknown op %s"
                                  % (node.line, node.op))
            self.check_words(node, OPERATIONS[node.op])
            if not may_wait and inspect.iscoroutinefunction(
                    getattr(Machine, "do_" + node.op)):
                raise ScriptError("line %d: nothing waits here: %s"
                                  % (node.line, node.op))
            for part in ("body",) + MARKS:
                self.check_block(node.parts.get(part, ()), may_wait)


# --- the loop ----------------------------------------------------------------

class Clock:
    """Stands where the selector stands: waiting is moving the clock."""

    def __init__(self, loop):
        self.loop = loop

    def select(self, timeout):
        if timeout is None:
            raise Deadlock
        if timeout > 0:
            self.loop.now = self.loop._scheduled[0]._when
        return []

    def close(self):
        pass


class Loop(asyncio.BaseEventLoop):
    def __init__(self):
        super().__init__()
        self.now = 0.0
        self.tick = 0
        self._selector = Clock(self)
        self._clock_resolution = 1e-9

    def time(self):
        return self.now

    def _process_events(self, events):
        pass

    def _write_to_self(self):
        pass

    def _run_once(self):
        self.tick += 1
        super()._run_once()


def stamp(time):
    return ("%.5f" % time).rstrip("0").rstrip(".")


def show(value):
    if isinstance(value, BaseException):
        return type(value).__name__
    if isinstance(value, list):
        return "[" + ", ".join(map(show, value)) + "]"
    return str(value)


def show_whole(error):
    """An error with what it says, or with its members."""
    name = type(error).__name__
    if isinstance(error, BaseExceptionGroup):
        return "%s(%s: %s)" % (name, error.message,
                               ", ".join(map(show_whole, error.exceptions)))
    cancelled = isinstance(error, asyncio.CancelledError)
    return name + (message(error) if cancelled else "")


def seconds(word):
    return None if word == "none" else float(word)


def message(error):
    """What a cancellation says, behind a blank."""
    return " " + str(error.args[0]) if error.args else ""


# --- what a script does ------------------------------------------------------

class Machine:
    def __init__(self, program, ticks):
        self.ticks = ticks
        self.lines = []
        self.loop = Loop()
        self.loop.set_exception_handler(self.on_error)
        self.definitions = {}
        self.main = None
        self.futures, self.things, self.timers = {}, {}, {}
        self.tasks = {}     # label -> task, in order of creation
        self.labels = {}
        self.latest = {}    # name of a definition -> task made last
        self.count = {}
        self.groups, self.limits = {}, {}   # label -> those it is in
        self.caught = {}                    # label -> errors it deals with
        self.actions, self.callbacks = {}, {}
        self.outside = None
        self.named = {}     # groups, limits, iterators
        self.tokens = {}    # variable -> token of the last cset
        for node in program:
            self.declare(node)

    def declare(self, node):
        args, op = node.args, node.op
        makers = {
            "lock": asyncio.Lock, "sem": asyncio.Semaphore,
            "bsem": asyncio.BoundedSemaphore, "event": asyncio.Event,
            "cond": asyncio.Condition, "barrier": asyncio.Barrier,
            "queue": asyncio.Queue, "lifo": asyncio.LifoQueue,
            "prio": asyncio.PriorityQueue,
        }
        if op == "task":
            self.definitions[args[0]] = node
        elif op == "main":
            self.main = node
        elif op == "future":
            self.futures[args[0]] = self.loop.create_future()
        elif op == "var":
            self.things[args[0]] = contextvars.ContextVar(args[0],
                                                          default="unset")
        elif op == "eager":
            self.loop.set_task_factory(asyncio.eager_task_factory)
        elif op == "debug":
            self.loop.set_debug(True)
        elif op == "action":
            self.actions[args[0]] = node
        elif op == "outside":
            self.outside = node
        else:
            self.things[args[0]] = makers[op](*map(int, args[1:]))

    def say(self, who, text):
        head = "%d " % self.loop.tick if self.ticks else ""
        self.lines.append("%st=%s %s: %s"
                          % (head, stamp(self.loop.now), who, text))

    def on_error(self, loop, context):
        if context.get("handle") is not None:
            self.say("loop", "callback raised "
                     + show(context.get("exception")))

    # tasks

    def spawn(self, name, group=None):
        number = self.count[name] = self.count.get(name, 0) + 1
        label = name if number == 1 else "%s#%d" % (name, number)
        body = self.body(label, self.definitions[name])
        make = (self.loop if group is None else group).create_task
        task = make(body, name=label)
        self.tasks[label] = task
        self.labels[task] = label
        self.latest[name] = task
        return task

    async def body(self, label, node):
        # An eager task gets its name when it has begun already.
        self.labels[asyncio.current_task()] = label
        self.say(label, "start")
        try:
            await self.block(label, node.parts["body"])
        except Return as done:
            self.say(label, "return " + done.value)
            return done.value
        except asyncio.CancelledError as error:
            self.say(label, "cancelled" + message(error))
            raise
        except Exception as error:
            self.say(label, "raised " + show(error))
            raise
        self.say(label, "done")
        return "-"

    async def block(self, me, nodes):
        for node in nodes:
            await self.step(me, node)

    def target(self, name):
        """A future by its name, else a new task of that definition."""
        if name in self.futures:
            return self.futures[name]
        return self.spawn(name)

    async def step(self, me, node):
        # No variable holds what is awaited: an error's traceback would keep
        # it alive.
        work = [getattr(self, "do_" + node.op)(me, node, *node.args)]
        if work[0] is not None:
            await work.pop()

    # words, errors, results

    def do_log(self, me, node, *words):
        self.say(me, " ".join(words))

    def do_raise(self, me, node):
        raise Boom

    def do_raises(self, me, node, name):
        raise ERRORS[name]

    def do_return(self, me, node, value):
        raise Return(value)

    def do_reraise(self, me, node):
        pass

    # futures

    def do_set(self, me, node, name, value):
        try:
            if node.op == "set":
                self.futures[name].set_result(value)
            else:
                self.futures[name].set_exception(Boom())
            self.say(me, "%s %s" % (node.op, name))
        except asyncio.InvalidStateError:
            self.say(me, "%s %s invalid" % (node.op, name))

    do_setexc = do_set

    def do_fcancel(self, me, node, name):
        self.say(me, "fcancel %s -> %s" % (name, self.futures[name].cancel()))

    def do_fnew(self, me, node, name):
        self.futures[name] = self.loop.create_future()

    def do_fdonecb(self, me, node, name):
        self.futures[name].add_done_callback(
            lambda future: self.say("loop", "done " + name))

    def do_set_result(self, me, node, name, value):
        future = self.futures[name]
        try:
            if node.op == "set_result":
                future.set_result(value)
            else:
                future.set_exception(ERRORS[value]())
            self.say(me, "%s %s" % (node.op, name))
        except (asyncio.InvalidStateError, RuntimeError, TypeError) as error:
            self.say(me, "%s %s: %s" % (node.op, name, show(error)))

    do_set_exception = do_set_result

    def do_result(self, me, node, name):
        try:
            value = getattr(self.futures[name], node.op)()
            self.say(me, "%s %s = %s" % (node.op, name, show(value)))
        except BaseException as error:
            self.say(me, "%s %s: %s" % (node.op, name, show_whole(error)))

    do_exception = do_result

    def do_state(self, me, node, name):
        future = self.futures[name]
        self.say(me, "%s is %s" % (name, "cancelled" if future.cancelled()
                                   else "finished" if future.done()
                                   else "pending"))

    def do_ftask(self, me, node, name, task):
        self.futures[name] = self.spawn(task)

    def do_flatest(self, me, node, name, task):
        if task in self.latest:
            self.futures[name] = self.latest[task]
        else:
            self.say(me, "skip")

    def do_fcancelmsg(self, me, node, name, text):
        self.say(me, "fcancel %s -> %s" % (name,
                                           self.futures[name].cancel(text)))

    def do_fcancelling(self, me, node, name):
        task = self.futures[name]
        if isinstance(task, asyncio.Task):
            method = getattr(task, node.op[1:])
            self.say(me, "%s %s %d" % (node.op[1:], name, method()))
        else:
            self.say(me, "skip")

    do_funcancel = do_fcancelling

    async def do_await(self, me, node, name):
        result = await self.futures[name]
        self.say(me, "%s = %s" % (name, show(result)))

    # tasks

    def do_spawn(self, me, node, name):
        self.spawn(name)

    async def do_join(self, me, node, name):
        task = self.latest.get(name)
        if task is None:
            self.say(me, "skip")
        else:
            self.say(me, "joined %s = %s" % (name, show(await task)))

    def do_cancel(self, me, node, name, *text):
        task = self.latest.get(name)
        if task is None:
            self.say(me, "skip")
            return
        # The reply is printed before the request, so that the order of lines
        # is the order of cause and effect.
        was_done = task.done()
        self.say(me, "cancel %s -> %s" % (name, not was_done))
        if task.cancel(*text) is was_done:
            self.say(me, "cancel reply differs")

    do_cancelmsg = do_cancel

    def do_cancelling(self, me, node):
        task = asyncio.current_task(self.loop)
        if task is None:
            self.say(me, "skip")
        else:
            self.say(me, "%s %d" % (node.op, getattr(task, node.op)()))

    do_uncancel = do_cancelling

    def do_current_task(self, me, node):
        task = asyncio.current_task(self.loop)
        self.say(me, "current_task %s" % self.labels.get(task))

    def do_all_tasks(self, me, node):
        names = [self.labels[task] for task in asyncio.all_tasks(self.loop)]
        self.say(me, "all_tasks %s" % (" ".join(sorted(names)) or "-"))

    def do_donecb(self, me, node, name):
        task = self.latest.get(name)
        if task is None:
            self.say(me, "skip")
        else:
            task.add_done_callback(
                lambda task: self.say("loop", "done " + name))

    # contexts

    def do_cset(self, me, node, name, value):
        self.tokens[name] = self.things[name].set(value)
        self.say(me, "%s is now %s" % (name, value))

    def do_creset(self, me, node, name):
        if name not in self.tokens:
            self.say(me, "skip")
            return
        try:
            self.things[name].reset(self.tokens[name])
            self.say(me, "%s is reset" % name)
        except (RuntimeError, ValueError) as error:
            self.say(me, "creset %s: %s" % (name, show(error)))

    def do_cget(self, me, node, name):
        self.say(me, "%s is %s" % (name, self.things[name].get()))

    def do_csoon(self, me, node, name):
        self.loop.call_soon(self.do_cget, "loop", node, name)

    # time

    async def do_sleep(self, me, node, delay):
        await asyncio.sleep(float(delay))
        self.say(me, "slept " + delay)

    async def do_yield(self, me, node):
        await asyncio.sleep(0)
        self.say(me, "yielded")

    def do_soon(self, me, node, name):
        self.loop.call_soon(self.say, "loop", "soon " + name)

    def do_soonraise(self, me, node, name):
        self.loop.call_soon(self.raise_soon, name)

    def raise_soon(self, name):
        self.say("loop", "soon " + name)
        raise Boom

    def do_stop(self, me, node):
        self.say(me, "stop")
        self.loop.stop()

    def do_later(self, me, node, delay, name):
        self.timers[name] = self.loop.call_later(
            float(delay), self.say, "loop", "later " + name)

    def do_at(self, me, node, when, name):
        self.timers[name] = self.loop.call_at(
            float(when), self.say, "loop", "at " + name)

    def do_hcancel(self, me, node, name):
        timer = self.timers.get(name)
        if timer is None:
            self.say(me, "skip")
        else:
            timer.cancel()
            self.say(me, "hcancel " + name)

    # actions, as callbacks

    def callback(self, name):
        if name not in self.callbacks:
            self.callbacks[name] = lambda *args: self.act(name)
        return self.callbacks[name]

    def act(self, name):
        self.say("loop", "action " + name)
        for node in self.actions[name].parts["body"]:
            getattr(self, "do_" + node.op)("loop", node, *node.args)

    def do_call_soon(self, me, node, name):
        self.timers[name] = self.loop.call_soon(self.callback(name))

    def do_call_later(self, me, node, delay, name):
        self.timers[name] = self.loop.call_later(float(delay),
                                                 self.callback(name))

    def do_call_at(self, me, node, when, name):
        self.timers[name] = self.loop.call_at(float(when),
                                              self.callback(name))

    def do_add_done_callback(self, me, node, name, action):
        self.futures[name].add_done_callback(self.callback(action))

    def do_remove_done_callback(self, me, node, name, action):
        removed = self.futures[name].remove_done_callback(
            self.callback(action))
        self.say(me, "remove_done_callback %s %s -> %d"
                 % (name, action, removed))

    # running the loop

    def do_run_until_complete(self, me, node, *names):
        head = " ".join((node.op,) + names)
        try:
            value = getattr(self.loop, node.op)(
                *[self.futures[name] for name in names])
            self.say(me, "%s = %s" % (head, show(value)))
        except Deadlock:
            self.say(me, head + ": deadlock")
        except BaseException as error:
            self.say(me, "%s: %s" % (head, show_whole(error)))

    do_run_forever = do_run_until_complete

    # several at once

    async def do_gather(self, me, node, *names):
        flag = "return_exceptions" in names
        futures = [self.target(x) for x in names if x != "return_exceptions"]
        results = await asyncio.gather(*futures, return_exceptions=flag)
        self.say(me, "gather -> [%s]" % ", ".join(map(show, results)))

    def do_fgather(self, me, node, name, *names):
        flag = "return_exceptions" in names
        futures = [self.target(x) for x in names if x != "return_exceptions"]
        self.futures[name] = asyncio.gather(*futures, return_exceptions=flag)

    def do_fshield(self, me, node, name, inner):
        self.futures[name] = asyncio.shield(self.target(inner))

    async def do_as_completed(self, me, node, *names):
        limit = None
        if len(names) > 2 and names[-2] == "timeout":
            limit = float(names[-1])
            names = names[:-2]
        futures = [self.target(x) for x in names]
        for following in asyncio.as_completed(futures, timeout=limit):
            await self.await_next(me, following)

    def do_as_completed_of(self, me, node, name, *names):
        limit = None
        if len(names) > 2 and names[-2] == "timeout":
            limit = float(names[-1])
            names = names[:-2]
        results = iter(asyncio.as_completed([self.target(x) for x in names],
                                            timeout=limit))
        # Up to 3.12 nothing begins before the first is asked for.
        self.named[name] = itertools.chain([next(results)], results)

    async def do_next_of(self, me, node, name):
        results = self.named.get(name)
        if not isinstance(results, itertools.chain):
            self.say(me, "skip")
            return
        following = next(results, None)
        if following is None:
            self.say(me, "no more of " + name)
            return
        await self.await_next(me, following)

    async def await_next(self, me, following):
        try:
            result = await following
            self.say(me, "next = " + show(result))
        except asyncio.TimeoutError:
            self.say(me, "next timed out")
        except Boom:
            self.say(me, "next failed")

    async def do_wait(self, me, node, mode, *names):
        limit = None
        if len(names) > 2 and names[-2] == "timeout":
            limit = float(names[-1])
            names = names[:-2]
        futures = [(x, self.target(x)) for x in names]
        modes = {"ALL": asyncio.ALL_COMPLETED,
                 "FIRST": asyncio.FIRST_COMPLETED,
                 "EXC": asyncio.FIRST_EXCEPTION}
        done, pending = await asyncio.wait(
            [future for _, future in futures], timeout=limit,
            return_when=modes[mode])
        self.say(me, "wait done=%s pending=%s" % (
            ",".join(x for x, future in futures if future in done) or "-",
            ",".join(x for x, future in futures if future in pending) or "-"))

    async def do_wait_for(self, me, node, name, limit):
        try:
            result = await asyncio.wait_for(self.target(name), seconds(limit))
            self.say(me, "wait_for %s = %s" % (name, show(result)))
        except asyncio.TimeoutError:
            self.say(me, "wait_for %s timed out" % name)

    async def do_shield(self, me, node, name):
        result = await asyncio.shield(self.target(name))
        self.say(me, "shield %s = %s" % (name, show(result)))

    async def do_group(self, me, node, *names):
        try:
            async with asyncio.TaskGroup() as group:
                group._tasks = InOrder()
                for name in names:
                    self.spawn(name, group)
            self.say(me, "group done")
        except BaseExceptionGroup as errors:
            self.say(me, "group failed [%s]"
                     % ", ".join(map(show, errors.exceptions)))

    async def do_rawgroup(self, me, node):
        groups = self.groups.setdefault(me, [])
        async with asyncio.TaskGroup() as group:
            group._tasks = InOrder()
            groups.append(group)
            try:
                await self.block(me, node.parts["body"])
            finally:
                groups.pop()
        self.say(me, "group done")

    async def do_taskgroup(self, me, node):
        try:
            await self.do_rawgroup(me, node)
        except BaseExceptionGroup as errors:
            self.say(me, "group failed [%s]"
                     % ", ".join(map(show, errors.exceptions)))

    def do_gspawn(self, me, node, name):
        groups = self.groups.get(me)
        if not groups:
            self.say(me, "skip")
            return
        try:
            self.spawn(name, groups[-1])
        except RuntimeError:
            self.say(me, "gspawn %s refused" % name)

    def do_name_group(self, me, node, name):
        groups = self.groups.get(me)
        if groups:
            self.named[name] = groups[-1]
        else:
            self.say(me, "skip")

    def do_gspawn_in(self, me, node, name, task):
        group = self.named.get(name)
        if not isinstance(group, asyncio.TaskGroup):
            self.say(me, "skip")
            return
        try:
            self.spawn(task, group)
        except RuntimeError:
            self.say(me, "gspawn %s refused" % task)

    # blocks

    async def do_timeout(self, me, node, limit):
        limits = self.limits.setdefault(me, [])
        try:
            async with asyncio.timeout(float(limit)) as timeout:
                limits.append(timeout)
                try:
                    await self.block(me, node.parts["body"])
                finally:
                    limits.pop()
            self.say(me, "in time")
        except TimeoutError:
            self.say(me, "timed out")

    async def do_rawtimeout(self, me, node, limit):
        limits = self.limits.setdefault(me, [])
        timeout = asyncio.timeout(seconds(limit))
        try:
            async with timeout:
                limits.append(timeout)
                try:
                    await self.block(me, node.parts["body"])
                finally:
                    limits.pop()
        finally:
            self.say(me, "limit expired %s" % timeout.expired())

    def do_name_limit(self, me, node, name):
        limits = self.limits.get(me)
        if limits:
            self.named[name] = limits[-1]
        else:
            self.say(me, "skip")

    def do_limit_state(self, me, node, name):
        limit = self.named.get(name)
        if not isinstance(limit, asyncio.Timeout):
            self.say(me, "skip")
            return
        when = limit.when()
        self.say(me, "limit_state %s: when %s expired %s" % (
            name, "none" if when is None else stamp(when), limit.expired()))

    def do_reschedule_in(self, me, node, name, limit):
        self.reschedule(me, self.named.get(name), limit)

    def do_reschedule(self, me, node, limit):
        limits = self.limits.get(me)
        self.reschedule(me, limits[-1] if limits else None, limit)

    def reschedule(self, me, timeout, limit):
        if not isinstance(timeout, asyncio.Timeout):
            self.say(me, "skip")
            return
        try:
            limit_s = seconds(limit)
            timeout.reschedule(limit_s if limit_s is None
                                  else self.loop.time() + limit_s)
            self.say(me, "limit in " + limit)
        except RuntimeError:
            self.say(me, "limit is over")

    async def do_try(self, me, node):
        parts = node.parts
        try:
            await self.block(me, parts["body"])
        except asyncio.CancelledError as error:
            if "cancelled" not in parts:
                raise
            self.say(me, "caught cancel" + message(error))
            await self.deal(me, error, parts["cancelled"])
            if any(x.op == "reraise" for x in parts["cancelled"]):
                raise
        except Return:
            raise
        except Exception as error:
            if "except" not in parts:
                raise
            self.say(me, "caught " + show(error))
            await self.deal(me, error, parts["except"])
        finally:
            if "finally" in parts:
                self.say(me, "finally")
                await self.block(me, parts["finally"])

    async def deal(self, me, error, nodes):
        caught = self.caught.setdefault(me, [])
        caught.append(error)
        try:
            await self.block(me, nodes)
        finally:
            caught.pop()

    def do_caught(self, me, node):
        caught = self.caught.get(me)
        self.say(me, "caught whole " + show_whole(caught[-1]) if caught
                 else "skip")

    async def do_repeat(self, me, node, times):
        for _ in range(int(times)):
            await self.block(me, node.parts["body"])

    async def do_with_lock(self, me, node, name):
        async with self.things[name]:
            self.say(me, "got " + name)
            await self.block(me, node.parts["body"])
            self.say(me, "leaves " + name)

    do_with_sem = do_with_cond = do_with_lock

    # locks, events, conditions, barriers

    async def do_acquire(self, me, node, name):
        await self.things[name].acquire()
        self.say(me, "got " + name)

    def do_release(self, me, node, name):
        try:
            self.things[name].release()
            self.say(me, "released " + name)
        except (RuntimeError, ValueError) as error:
            self.say(me, "release %s: %s" % (name, show(error)))

    def do_locked(self, me, node, name):
        self.say(me, "locked %s -> %s" % (name, self.things[name].locked()))

    async def do_ev_wait(self, me, node, name):
        await self.things[name].wait()
        self.say(me, "saw " + name)

    def do_ev_set(self, me, node, name):
        self.things[name].set()
        self.say(me, "set " + name)

    def do_ev_clear(self, me, node, name):
        self.things[name].clear()
        self.say(me, "clear " + name)

    async def do_cond_wait(self, me, node, name):
        async with self.things[name]:
            await self.things[name].wait()
            self.say(me, "woke on " + name)

    async def do_cond_notify(self, me, node, name, count):
        async with self.things[name]:
            self.things[name].notify(int(count))
            self.say(me, "notified " + name)

    async def do_cond_notify_all(self, me, node, name):
        async with self.things[name]:
            self.things[name].notify_all()
            self.say(me, "notified " + name)

    async def do_c_wait(self, me, node, name):
        try:
            await self.things[name].wait()
            self.say(me, "woke on " + name)
        except RuntimeError as error:
            self.say(me, "c_wait %s: %s" % (name, show(error)))

    def do_c_notify(self, me, node, name, *count):
        try:
            if count:
                self.things[name].notify(int(count[0]))
            else:
                self.things[name].notify_all()
            self.say(me, "notified " + name)
        except RuntimeError as error:
            self.say(me, "%s %s: %s" % (node.op, name, show(error)))

    do_c_notify_all = do_c_notify

    def do_is_set(self, me, node, name):
        self.say(me, "is_set %s -> %s" % (name, self.things[name].is_set()))

    def do_bar_state(self, me, node, name):
        barrier = self.things[name]
        self.say(me, "bar_state %s: waiting %d broken %s"
                 % (name, barrier.n_waiting, barrier.broken))

    async def do_bar_wait(self, me, node, name):
        try:
            index = await self.things[name].wait()
            self.say(me, "passed %s as %d" % (name, index))
        except asyncio.BrokenBarrierError:
            self.say(me, "%s broken" % name)

    async def do_bar_reset(self, me, node, name):
        await self.things[name].reset()
        self.say(me, "reset " + name)

    async def do_bar_abort(self, me, node, name):
        await self.things[name].abort()
        self.say(me, "aborted " + name)

    # queues

    async def do_put(self, me, node, name, item):
        await self.things[name].put(int(item))
        self.say(me, "put %s %s" % (name, item))

    async def do_get(self, me, node, name):
        item = await self.things[name].get()
        self.say(me, "got %d from %s" % (item, name))

    def do_put_nowait(self, me, node, name, item):
        try:
            self.things[name].put_nowait(int(item))
            self.say(me, "put %s %s" % (name, item))
        except asyncio.QueueFull:
            self.say(me, name + " full")

    def do_get_nowait(self, me, node, name):
        try:
            item = self.things[name].get_nowait()
            self.say(me, "got %d from %s" % (item, name))
        except asyncio.QueueEmpty:
            self.say(me, name + " empty")

    def do_task_done(self, me, node, name):
        try:
            self.things[name].task_done()
            self.say(me, "task_done " + name)
        except ValueError:
            self.say(me, "task_done %s too often" % name)

    async def do_q_join(self, me, node, name):
        await self.things[name].join()
        self.say(me, "drained " + name)

    def do_q_shutdown(self, me, node, name):
        self.things[name].shutdown(immediate=node.op == "q_shutdown_now")
        self.say(me, "shut down " + name)

    do_q_shutdown_now = do_q_shutdown

    def do_qsize(self, me, node, name):
        self.say(me, "qsize %s = %d" % (name, self.things[name].qsize()))

    def do_q_state(self, me, node, name):
        queue = self.things[name]
        self.say(me, "q_state %s: empty %s full %s"
                 % (name, queue.empty(), queue.full()))

    # from beginning to end

    def left(self):
        return [x for x, task in self.tasks.items() if not task.done()]

    def run_main(self):
        main = self.loop.create_task(self.body("main", self.main),
                                     name="main")
        try:
            self.loop.run_until_complete(main)
        except Deadlock:
            self.say("loop", "deadlock")
        except BaseException as error:
            self.say("loop", "main ended with " + show(error))

    def end_left(self):
        left = self.left()
        self.say("loop", "pending " + (" ".join(left) or "-"))
        for label in left:
            self.tasks[label].cancel()
        if left:
            everything = asyncio.gather(*[self.tasks[x] for x in left],
                                        return_exceptions=True)
            try:
                self.loop.run_until_complete(everything)
            except Deadlock:
                self.say("loop", "deadlock")
            except RuntimeError:
                self.say("loop", "stopped")
            except BaseException as error:
                self.say("loop", "ended with " + show(error))

    def run_outside(self):
        for node in self.outside.parts["body"] if self.outside else ():
            try:
                getattr(self, "do_" + node.op)("outside", node, *node.args)
            except BaseException as error:
                self.say("outside", "raised " + show(error))

    def run(self):
        self.run_main()
        self.run_outside()
        self.end_left()
        left = self.left()
        self.say("loop", "end" + (", stuck " + " ".join(left)
                                  if left else ""))
        return "\n".join(self.lines) + "\n"


# --- running -----------------------------------------------------------------

def run_text(text, ticks=False):
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    sys.unraisablehook = lambda arg: None
    try:
        program = parse(text)
        Checker(program)
        trace = Machine(program, ticks).run()
    except ScriptError as error:
        print("script error:", error)
        return 2
    sys.stdout.write(trace)
    sys.stdout.flush()
    os._exit(0)     # no finally block of a stuck task runs past this point


def answer(text):
    """Runs text in a process of its own; its status and what it printed."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        signal.alarm(PATIENCE_S)
        os.dup2(writer, 1)
        os.dup2(writer, 2)
        os.close(reader)
        os.close(writer)
        sys.stdin.close()
        sys.exit(run_text(text, ticks=True))
    os.close(writer)
    with os.fdopen(reader) as pipe:
        trace = pipe.read()
    status = os.waitpid(child, 0)[1]
    if os.WIFSIGNALED(status):
        return 128 + os.WTERMSIG(status), trace
    return os.WEXITSTATUS(status), trace


def serve():
    import json
    for line in sys.stdin:
        print(json.dumps(answer(json.loads(line))), flush=True)
    return 0


def main(argv):
    if argv == ["--serve"]:
        return serve()
    ticks = argv[:1] == ["--ticks"]
    files = argv[1:] if ticks else argv
    if len(files) > 1 or any(name.startswith("-") for name in files):
        print(__doc__, file=sys.stderr)
        return 2
    if files:
        with open(files[0], encoding="utf-8") as file:
            return run_text(file.read(), ticks)
    return run_text(sys.stdin.read(), ticks)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
