#!/usr/bin/env python3
"""loop_generate.py SEED [--profile NAME] [--tasks N] - prints a random script
of the event loop's language (README.md). The same arguments always give the
same script, on every Python.

Profiles: mixed plain cancel sync queue group timer barrier eager odd late
"late eager" shutdown deep "deep eager" "deep shutdown" exit (mixed when none is
named); 5 tasks when no number is given. The eager ones are for 3.12 and newer,
those with shutdown for 3.13."""
import argparse
import sys

from generate import Random

# Profile -> how likely each kind of step is; steps are methods of Script.
PROFILES = {
    "mixed": dict(log=6, sleep=14, turn=6, future=10, cancel=5, gather=4,
                  wait=3, wait_for=4, timeout=3, lock=5, semaphore=3, event=4,
                  condition=2, queue=8, soon=4, later=4, donecb=3, attempt=5,
                  shield=2, spawn=3, join=4, group=2, raising=1),
    "plain": dict(log=8, sleep=20, turn=10, future=10, soon=6, later=6,
                  join=6, donecb=3, spawn=4, renew=2),
    "cancel": dict(log=5, sleep=16, turn=4, cancel=14, attempt=12, wait_for=8,
                   timeout=8, shield=6, join=6, gather=4, future=6,
                   counting=6, again=3),
    "sync": dict(log=4, sleep=10, turn=6, lock=14, semaphore=10, event=10,
                 condition=8, cancel=4, wait_for=2, bare=6, attempt=3),
    "queue": dict(log=4, sleep=10, turn=6, queue=30, cancel=3, wait_for=3,
                  join=2, timeout=3),
    "group": dict(log=4, sleep=12, turn=5, gather=10, wait=8, group=8,
                  cancel=5, attempt=6, spawn=5, join=4, timeout=3),
    "timer": dict(sleep=12, later=30, stop_timer=14, many=3, turn=3, soon=3,
                  timeout=4, wait_for=3),
    "barrier": dict(log=3, sleep=12, turn=6, barrier=24, cancel=8, timeout=6,
                    attempt=4, reset=3),
    "eager": dict(log=4, sleep=10, turn=6, spawn=10, gather=8, wait=6,
                  group=8, join=6, future=8, cancel=5, attempt=5, shield=4,
                  wait_for=4, queue=6, raising=2),
    "odd": dict(log=2, sleep=12, turn=8, future=12, cancel=8, again=3, gather=5,
                wait=5, wait_for=5, timeout=6, attempt=10, shield=4, group=4,
                lock=4, semaphore=3, bare=4, event=3, condition=3, barrier=2,
                reset=1, queue=5, later=3, stop_timer=1, counting=3, spawn=3,
                join=5, donecb=2, renew=1, raising=1, returning=2),
    "late": dict(log=2, sleep=14, turn=8, future=10, cancel=6, message=8, again=2,
                 gather=3, bundle=8, cover=5, bundled=14, following=7, wait=3,
                 wait_for=5,
                 timeout=8, later_limit=6, attempt=12, shield=3, members=9,
                 member=7, lock=3, semaphore=4, bare=2, event=2, condition=3,
                 barrier=2, queue=4, counting=3, spawn=3, join=4, donecb=1,
                 raising=2, returning=1, trouble=2, stop=1, variable=5),
}
PROFILES["late eager"] = dict(PROFILES["late"], following=0)
PROFILES["shutdown"] = dict(PROFILES["late"], queue=30, close=8, stop=0)
PROFILES["deep"] = dict(
    PROFILES["late"], log=1, act=16, finish=8, look=8, adopt=10, raised=5,
    open_group=12, open_limit=12, condition_block=8, aware=4, reset_variable=3, named=12, share=6,
    attempt=18, cancel=8, message=6, release_bare=2)
PROFILES["deep eager"] = dict(PROFILES["deep"], following=0)
PROFILES["deep shutdown"] = dict(PROFILES["deep"], queue=30, close=10)
PROFILES["exit"] = dict(PROFILES["deep"], way_out=5, stop=3)
# Which Pythons a profile is for.
SINCE = {"eager": "3.12", "late eager": "3.12", "shutdown": "3.13",
         "deep eager": "3.12", "deep shutdown": "3.13"}

DEEP = ("deep", "deep eager", "deep shutdown", "exit")
SPITEFUL = ("odd", "late", "late eager", "shutdown") + DEEP


class Script:
    def __init__(self, seed, profile, tasks):
        self.random = Random(seed ^ 0x5bd1e995)
        self.profile = profile
        self.steps = sorted(PROFILES[profile].items())
        self.tasks = ["t%d" % i for i in range(tasks)]
        self.leaves = []    # definitions that other tasks make
        self.actions = []   # callbacks, each of which knows the ones before
        self.timers = 0
        self.deepest = 4 if profile in DEEP else 2

    def delay(self):
        if self.profile in SPITEFUL and self.random.chance(40):
            return self.random.pick(["0", "-0.0", "-1", "0.1", "0.2", "0.3"])
        if self.random.chance(15):
            return self.random.pick(["0.5", "0.1", "0.25", "1.00001"])
        return str(self.random.pick([0, 1, 1, 2, 2, 3, 4, 5]))

    def future(self):
        return "f%d" % self.random.below(3)

    def leaf(self):
        """The name of a small definition of its own."""
        random = self.random
        if self.profile in DEEP and random.chance(35):
            return self.deep_leaf()
        name = "c%d" % len(self.leaves)
        body = []
        if not random.chance(20):
            body.append("  sleep " + self.delay())
        kind = random.below(7)
        if kind == 0:
            body.append("  raise")
        elif kind == 1:
            body += ["  sleep " + self.delay(), "  return " + name]
        elif kind == 2:
            body += ["  await " + self.future(), "  return " + name]
        elif kind == 3:
            body = (["  try"] + ["  " + line for line in body]
                    + ["    sleep " + self.delay(), "  cancelled",
                       "    sleep " + self.delay()]
                    + random.pick([["    reraise"], ["    raise"], []])
                    + ["  end", "  return " + name])
        else:
            body.append("  return " + name)
        self.leaves.append(["task " + name] + body + ["end"])
        return name

    def target(self):
        if self.profile in SPITEFUL and self.leaves and self.random.chance(40):
            return self.random.pick(self.leaves)[0].split()[1]
        return self.random.pick([self.leaf(), self.leaf(), self.future()])

    # steps: each gives the lines that it adds

    def step_log(self, me, depth):
        return ["log here%d" % self.random.below(10)]

    def step_sleep(self, me, depth):
        return ["sleep " + self.delay()]

    def step_turn(self, me, depth):
        return ["yield"]

    def step_future(self, me, depth):
        name = self.future()
        return [self.random.weighted([
            ("await " + name, 5),
            ("set %s %d" % (name, self.random.below(9)), 5),
            ("setexc %s Boom" % name, 1), ("fcancel " + name, 1),
            ("fdonecb " + name, 1)])]

    def step_renew(self, me, depth):
        return ["fnew " + self.future()]

    def others(self, me):
        return [task for task in self.tasks if task != me] or self.tasks

    def step_cancel(self, me, depth):
        return ["cancel " + self.random.pick(self.others(me))]

    def step_again(self, me, depth):
        return ["cancel " + me]

    def step_counting(self, me, depth):
        return [self.random.pick(["cancelling", "uncancel"])]

    def step_returning(self, me, depth):
        return ["return r%d" % self.random.below(10)]

    def step_raising(self, me, depth):
        return ["raise"]

    def kids(self):
        return [self.target() if self.random.chance(20) else self.leaf()
                for _ in range(1 + self.random.below(3))]

    def step_gather(self, me, depth):
        flag = " return_exceptions" if self.random.chance(40) else ""
        return ["gather %s%s" % (" ".join(self.kids()), flag)]

    def step_wait(self, me, depth):
        limit = (" timeout " + self.delay() if self.random.chance(30) else "")
        mode = self.random.pick(["ALL", "FIRST", "EXC"])
        return ["wait %s %s%s" % (mode, " ".join(self.kids()), limit)]

    def step_group(self, me, depth):
        return ["group " + " ".join(self.leaf() for _ in range(
            1 + self.random.below(3)))]

    def step_wait_for(self, me, depth):
        return ["wait_for %s %s" % (self.target(), self.delay())]

    def step_shield(self, me, depth):
        return ["shield " + self.target()]

    def step_timeout(self, me, depth):
        if depth >= self.deepest:
            return []
        inner = self.body(me, depth + 1, 1 + self.random.below(3))
        return ["timeout " + self.delay()] + inner + ["end"]

    def step_attempt(self, me, depth):
        random = self.random
        if depth >= self.deepest:
            return []
        lines = ["try"] + self.body(me, depth + 1, 1 + random.below(3))
        if random.chance(70):
            lines += ["cancelled"] + self.body(me, max(2, depth + 1), 1)
            if random.chance(50):
                lines.append("  reraise")
        if random.chance(30):
            lines += ["except"] + self.body(me, max(2, depth + 1), 1)
        if random.chance(50):
            lines += ["finally"] + self.body(me, max(2, depth + 1), 1)
        return lines + ["end"]

    def within(self, opening, me, depth):
        if depth >= self.deepest:
            return []
        return ([opening] + self.body(me, depth + 1, 1 + self.random.below(2))
                + ["end"])

    def step_lock(self, me, depth):
        return self.within("with_lock l%d" % self.random.below(2), me, depth)

    def step_semaphore(self, me, depth):
        return self.within("with_sem s%d" % self.random.below(2), me, depth)

    def step_bare(self, me, depth):
        name = self.random.pick(["l0", "l1", "s0", "s1"])
        return [self.random.pick(["acquire", "release", "release",
                                  "locked"]) + " " + name]

    def step_event(self, me, depth):
        return [self.random.pick(["ev_wait e0", "ev_set e0", "ev_clear e0"])]

    def step_condition(self, me, depth):
        return [self.random.pick(["cond_wait n0", "cond_notify n0 1",
                                  "cond_notify n0 2", "cond_notify_all n0"])]

    def step_barrier(self, me, depth):
        return ["bar_wait b0"]

    def step_reset(self, me, depth):
        return [self.random.weighted([("bar_reset b0", 4),
                                      ("bar_abort b0", 1)])]

    def step_queue(self, me, depth):
        name = "q%d" % self.random.below(4)
        item = self.random.below(100)
        return [self.random.weighted([
            ("put %s %d" % (name, item), 6), ("get " + name, 6),
            ("put_nowait %s %d" % (name, item), 2), ("get_nowait " + name, 2),
            ("task_done " + name, 2), ("q_join " + name, 1),
            ("qsize " + name, 1)])]

    def step_soon(self, me, depth):
        return ["soon s%d" % self.random.below(50)]

    def step_later(self, me, depth):
        self.timers += 1
        return ["%s %s x%d" % (self.random.pick(["later", "later", "at"]),
                               self.delay(), self.timers)]

    def step_stop_timer(self, me, depth):
        return ["hcancel x%d" % self.random.below(self.timers + 2)]

    def step_many(self, me, depth):
        """More timers than the heap keeps cancelled ones among."""
        lines = []
        first = self.timers + 1
        for _ in range(60 + self.random.below(90)):
            lines += self.step_later(me, depth)
        for timer in range(first, self.timers + 1):
            if self.random.chance(60):
                lines.append("hcancel x%d" % timer)
        return lines

    def step_donecb(self, me, depth):
        return ["donecb " + self.random.pick(self.others(me))]

    def step_spawn(self, me, depth):
        return ["spawn " + self.leaf()]

    def step_join(self, me, depth):
        later = [task for task in self.tasks if task > me]  # no cycles
        if self.profile in SPITEFUL and self.random.chance(20):
            later = [me]    # refused
        return ["join " + self.random.pick(later)] if later else []

    def step_message(self, me, depth):
        return ["cancelmsg %s m%d" % (self.random.pick(self.tasks),
                                      self.random.below(10))]

    def step_bundle(self, me, depth):
        flag = " return_exceptions" if self.random.chance(40) else ""
        return ["fgather %s %s%s" % (self.bundled(), " ".join(self.kids()),
                                     flag)]

    def step_cover(self, me, depth):
        return ["fshield %s %s" % (self.bundled(), self.target())]

    def bundled(self):
        """A future that stands for others, which never wait for it."""
        return "g%d" % self.random.below(3)

    def step_bundled(self, me, depth):
        name = self.bundled()
        return [self.random.weighted([
            ("await " + name, 4), ("fcancel " + name, 3),
            ("wait_for %s %s" % (name, self.delay()), 3),
            ("fdonecb " + name, 1), ("shield " + name, 1),
            ("wait FIRST %s %s" % (name, self.leaf()), 1),
            ("gather %s %s" % (name, self.leaf()), 1)])]

    def step_following(self, me, depth):
        """Of tasks, which are not done yet."""
        limit = (" timeout " + self.delay() if self.random.chance(40) else "")
        return ["as_completed %s%s" % (" ".join(self.leaf() for _ in range(
            1 + self.random.below(3))), limit)]

    def step_later_limit(self, me, depth):
        return ["reschedule " + self.delay()]

    def step_members(self, me, depth):
        inner = self.within("taskgroup", me, depth)
        for _ in range(self.random.below(3) if inner else 0):
            inner.insert(1, "  gspawn " + self.leaf())
        return inner

    def step_member(self, me, depth):
        return ["gspawn " + self.leaf()]

    def step_trouble(self, me, depth):
        return ["soonraise y%d" % self.random.below(10)]

    def step_stop(self, me, depth):
        return ["stop"]

    def step_variable(self, me, depth):
        return [self.random.pick(["cset v0 a%d" % self.random.below(9),
                                  "cget v0", "csoon v0"])]

    # steps of the deep profiles

    def deep_leaf(self):
        """A definition that does more than wait, but never for another."""
        random = self.random
        name = "c%d" % len(self.leaves)
        self.leaves.append([])  # the name is taken
        kinds = ["sleep", "turn", "act", "finish", "look", "raised", "lock",
                 "semaphore", "condition", "condition_block", "open_limit",
                 "queue", "attempt", "counting", "event", "cancel", "aware",
                 "variable", "barrier"]
        steps, self.steps = self.steps, [(kind, 1) for kind in kinds]
        deepest, self.deepest = self.deepest, 2
        body = self.body(name, 0, 1 + random.below(3))
        self.steps, self.deepest = steps, deepest
        if random.chance(50):
            body.append("  return " + name)
        self.leaves[int(name[1:])] = ["task " + name] + body + ["end"]
        return name

    def any_future(self):
        return self.random.pick([self.future(), self.bundled()])

    def action(self):
        """The name of a callback: an old one, or a new one."""
        random = self.random
        if self.actions and random.chance(40):
            return random.pick(self.actions)[0].split()[1]
        name = "a%d" % len(self.actions)
        body = []
        for _ in range(1 + random.below(3)):
            step = random.pick(["act", "finish", "finish", "look", "cancel",
                                "cancel", "message", "stop_timer", "log",
                                "soon", "release_bare", "set_event", "nowait",
                                "trouble", "variable", "aware", "wrong",
                                "notify", "plan"])
            if step != "act" or self.actions:
                body += getattr(self, "step_" + step)(None, 0)
        self.actions.append(["action " + name]
                            + ["  " + line for line in body] + ["end"])
        return name

    def step_act(self, me, depth):
        random = self.random
        # An action knows those before it only, so that there is an end.
        name = (self.action() if me is not None
                else random.pick(self.actions)[0].split()[1])
        return [random.weighted([
            ("call_soon " + name, 3),
            ("call_later %s %s" % (self.delay(), name), 3),
            ("call_at %s %s" % (self.delay(), name), 1),
            ("add_done_callback %s %s" % (self.any_future(), name), 4),
            ("remove_done_callback %s %s" % (self.any_future(), name), 2),
            ("hcancel " + name, 1)])]

    def error(self):
        return self.random.weighted([
            ("Boom", 4), ("CancelledError", 4), ("TimeoutError", 3),
            ("RuntimeError", 1), ("ValueError", 1), ("GeneratorExit", 2),
            ("StopIteration", 1)])

    def step_raised(self, me, depth):
        return ["raises " + self.error()]

    def step_way_out(self, me, depth):
        return ["raises " + self.random.pick(["SystemExit",
                                              "KeyboardInterrupt"])]

    def step_wrong(self, me, depth):
        return ["raises " + self.error()] if self.random.chance(20) else []

    def step_finish(self, me, depth):
        name = self.any_future()
        return [self.random.weighted([
            ("set_result %s %d" % (name, self.random.below(9)), 5),
            ("set_exception %s %s" % (name, self.error()), 3),
            ("fcancel " + name, 2), ("fcancelmsg %s w%d"
                                     % (name, self.random.below(9)), 2)])]

    def step_look(self, me, depth):
        name = self.any_future()
        return [self.random.pick([
            "result " + name, "exception " + name, "state " + name,
            "current_task", "all_tasks", "fcancelling " + name,
            "funcancel " + name, "is_set e0", "bar_state b0",
            "q_state q%d" % self.random.below(4), "locked s0", "locked n0"])]

    def step_adopt(self, me, depth):
        name = self.bundled()
        if self.leaves and self.random.chance(30):
            old = self.random.pick([x for x in self.leaves if x] or [None])
            if old is not None:
                return ["flatest %s %s" % (name, old[0].split()[1])]
        return ["ftask %s %s" % (name, self.leaf())]

    def step_open_group(self, me, depth):
        inner = self.within("rawgroup", me, depth)
        for _ in range(self.random.below(4) if inner else 0):
            inner.insert(1, "  gspawn " + self.leaf())
        return inner

    def step_open_limit(self, me, depth):
        limit = "none" if self.random.chance(10) else self.delay()
        return self.within("rawtimeout " + limit, me, depth)

    def step_condition_block(self, me, depth):
        inner = self.within("with_cond n0", me, depth)
        word = self.random.pick(["c_wait n0", "c_wait n0", "c_notify n0 1",
                                 "c_notify n0 %d" % self.random.below(4),
                                 "c_notify_all n0"])
        if inner:
            inner.insert(1, "  " + word)
        return inner or [word]

    def step_named(self, me, depth):
        """Groups, limits and iterators that others use as well."""
        random = self.random
        lines = [random.weighted([
            ("name_group y0", 3), ("gspawn_in y0 " + self.leaf(), 4),
            ("name_limit z0", 3), ("limit_state z0", 2),
            ("reschedule_in z0 " + self.delay(), 3),
            ("reschedule_in z0 none", 1), ("next_of i0", 4)])]
        if "eager" not in self.profile and random.chance(20):
            limit = " timeout " + self.delay() if random.chance(40) else ""
            lines = ["as_completed_of i0 %s%s" % (" ".join(
                self.leaf() for _ in range(1 + random.below(4))), limit)]
        return lines

    def step_share(self, me, depth):
        """Futures of futures of futures."""
        random = self.random
        name, inner = random.pick([("g1", "g0"), ("g2", "g0"), ("g2", "g1")])
        return [random.pick([
            "fshield %s %s" % (name, inner),
            "fgather %s %s %s" % (name, inner, self.leaf()),
            "fgather %s %s %s return_exceptions" % (name, inner, inner),
            "fgather %s %s %s" % (name, self.future(), inner)])]

    def step_plan(self, me, depth):
        """What an action does to what others have named."""
        return [self.random.pick(["reschedule_in z0 " + self.delay(),
                                  "limit_state z0"])]

    def step_notify(self, me, depth):
        return [self.random.pick(["c_notify n0 1", "c_notify_all n0"])]

    def step_aware(self, me, depth):
        return ["caught"]

    def step_reset_variable(self, me, depth):
        return ["creset v0"]

    def step_release_bare(self, me, depth):
        return ["release " + self.random.pick(["l0", "l1", "s0", "s1", "n0"])]

    def step_set_event(self, me, depth):
        return [self.random.pick(["ev_set e0", "ev_clear e0"])]

    def step_nowait(self, me, depth):
        name = "q%d" % self.random.below(4)
        return [self.random.pick(["put_nowait %s 7" % name,
                                  "get_nowait " + name, "task_done " + name])]

    def outside(self):
        """What is done when the loop has stopped."""
        random = self.random
        lines = []
        for _ in range(random.below(5)):
            step = random.pick(["finish", "look", "cancel", "act", "run", "run",
                                "stop", "spawn", "adopt"])
            if step == "run":
                lines.append(random.pick(["run_until_complete "
                                          + self.any_future(), "run_forever"]))
            elif step == "act":
                lines += self.step_act("main", 0)
            else:
                lines += getattr(self, "step_" + step)("main", 0)
        return ["outside"] + ["  " + line for line in lines] + ["end"]

    def step_close(self, me, depth):
        return ["%s q%d" % (self.random.pick(["q_shutdown", "q_shutdown",
                                              "q_shutdown_now"]),
                            self.random.below(4))]

    # the whole

    def body(self, me, depth, steps):
        lines = []
        for _ in range(steps):
            step = self.random.weighted(self.steps)
            lines += getattr(self, "step_" + step)(me, depth)
        return ["  " + line for line in lines] or ["  yield"]

    def text(self):
        random = self.random
        bodies = []
        for task in self.tasks:
            bodies += ["task " + task]
            bodies += self.body(task, 0, 3 + random.below(6)) + ["end"]
        lines = ["# profile %s" % self.profile]
        if "eager" in self.profile:
            lines.append("eager")
        end = self.outside() if self.profile in DEEP else []
        if self.profile in DEEP and random.chance(15):
            lines.append("debug")
        if "variable" in PROFILES[self.profile]:
            lines += ["var v0", "future g0", "future g1", "future g2"]
        lines += ["future f0", "future f1", "future f2", "lock l0", "lock l1",
                  "sem s0 %d" % (random.below(3) if self.profile in DEEP
                                 else 1 + random.below(2)), "bsem s1 1",
                  "event e0", "cond n0", "barrier b0 %d"
                  % (1 + random.below(3)), "queue q0 0",
                  "queue q1 %d" % (1 + random.below(2)), "lifo q2 3",
                  "prio q3 3"]
        for definition in self.actions + self.leaves:
            lines += definition
        lines += bodies + ["main"]
        for task in self.tasks:
            lines.append("  spawn " + task)
            if random.chance(15):
                lines.append("  yield")
        lines += ["  sleep 40", "end"] + end
        return "\n".join(lines) + "\n"


def script(seed, profile, tasks):
    return Script(seed, profile, tasks).text()


def main():
    parser = argparse.ArgumentParser(
        description="print a random script of the event loop's language")
    parser.add_argument("seed", type=int)
    parser.add_argument("--profile", choices=sorted(PROFILES), default="mixed")
    parser.add_argument("--tasks", type=int, default=5)
    options = parser.parse_args()
    sys.stdout.write(script(options.seed, options.profile, options.tasks))


if __name__ == "__main__":
    main()
