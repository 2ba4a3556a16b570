#!/usr/bin/env python3
"""generate.py SEED [--profile NAME] [--ops N] - prints a random script of the
memory language (README.md). The same arguments always give the same script,
on every Python.

Profiles: mixed graph weak fin auto copy order track tables odd busy deep (mixed
when none is named); 80 ops when no number is given."""
import argparse
import sys

FIELDS = "abcd"

# Profile -> how likely each kind of step is; steps are methods of Script.
PROFILES = {
    "mixed": dict(new=20, attr=18, cont=14, drop=14, let=4, obs=14, wref=6,
                  wcb=6, deref=4, final=2, collect=8, gen=4),
    "graph": dict(new=26, attr=26, cont=20, drop=16, let=4, obs=8, collect=9,
                  gen=5),
    "weak": dict(new=18, attr=14, cont=6, drop=12, obs=6, wref=14, wcb=16,
                 deref=8, wattr=6, final=4, collect=9),
    "fin": dict(newfin=22, new=4, attr=22, cont=10, drop=16, obs=6, wcb=4,
                collect=9, gen=3),
    "auto": dict(newinst=50, attr=24, drop=20, obs=6, count=8, chain=2,
                 collect=1),
    "copy": dict(new=24, attr=16, cont=24, drop=5, copy=12, shape=12, obs=4),
    "order": dict(newfin=18, new=10, attr=22, cont=14, drop=8, gen=10,
                  collect=10, wcb=8),
    "tables": dict(new=22, attr=12, cont=4, drop=14, wref=4, wcb=4, deref=3,
                   collect=8, obs=4, newtable=4, fill=26, take=8, ask=20,
                   item=5, copytable=2, gen=2),
    "odd": dict(new=14, newfin=14, attr=22, cont=12, drop=16, let=4, obs=8,
                wref=6, wcb=9, wattr=2, deref=4, final=5, collect=10, gen=4,
                saving=3, chain=1),
    "busy": dict(new=12, newfin=22, attr=24, cont=10, drop=22, let=4, wref=4,
                 wcb=10, wattr=2, deref=2, collect=3, count=5, chain=2,
                 freeze=1, saving=1, toggle=2),
    "deep": dict(tower=30, newfin=10, new=8, attr=10, drop=24, wcb=6, deref=3,
                 collect=10, obs=4, gen=4, saving=1),
    "generators": dict(new=12, newfin=10, attr=20, cont=10, drop=14, let=3,
                       newgen=16, drive=18, obs=8, wref=3, wcb=5, deref=3,
                       collect=9, gen=4, final=2),
    "track": dict(new=26, cont=26, attr=6, drop=8, let=3, obs=26, copy=5,
                  collect=14),
}
EXACT = ("copy", "track")   # these use the built-in types
WITH_ACTIONS = ("mixed", "weak", "fin", "order", "tables", "deep",
                "generators")
ACTIONS = (
    ("keep", "let k self"),
    ("once", "let k self ; drop k"),
    ("cut", "drop a"),
    ("grow", "new g obj ; attr g a g ; drop g"),
    ("fail", "raise"),
    ("nest", "collect"),
    ("link", "attr self b c"),
    ("look", "deref w0 ; deref w1"),
)
GENERATOR_ACTIONS = (
    ("step", "next a ; next b"),
    ("end", "close c ; throw d"),
    ("own", "generator g still self a b ; next g ; let h g ; drop g"),
    ("let_go", "drop a ; drop b ; drop c ; drop d"),
    ("tie", "attr e a self ; attr self a e"),
)
DEEP_ACTIONS = (
    ("fall", "drop a ; drop b ; drop c"),
    ("hold", "append t self"),
    ("fell", "clear t ; drop d"),
)
KINDS = {   # of a new object, by profile
    "copy": (("obj", 3), ("list", 5), ("dict", 3), ("tuple", 4), ("atom", 2)),
    "weak": (("obj", 8), ("fin", 3), ("list", 2), ("tuple", 1)),
    "track": (("obj", 2), ("list", 3), ("dict", 6), ("tuple", 9), ("atom", 5)),
    "tables": (("obj", 9), ("list", 2), ("atom", 1)),
    "any": (("obj", 7), ("fin", 2), ("list", 4), ("dict", 3), ("tuple", 2),
            ("atom", 1)),
}


class Random:
    """A generator of its own, so that scripts do not depend on Python's."""

    MASK = 2 ** 64 - 1

    def __init__(self, seed):
        self.state = (seed * 2654435761 + 88172645463325252) & self.MASK
        for _ in range(8):
            self.next()

    def next(self):
        x = self.state
        x ^= (x << 13) & self.MASK
        x ^= x >> 7
        x ^= (x << 17) & self.MASK
        self.state = x
        return x >> 11

    def below(self, limit):
        return self.next() % limit

    def pick(self, items):
        return items[self.below(len(items))]

    def chance(self, percent):
        return self.below(100) < percent

    def weighted(self, table):
        at = self.below(sum(weight for _, weight in table))
        for item, weight in table:
            if at < weight:
                return item
            at -= weight
        raise AssertionError


class Script:
    """Keeps a rough idea of what each variable holds, so that most ops fit
    and some do not."""

    def __init__(self, seed, ops, profile):
        self.random = Random(seed)
        self.ops = ops
        self.profile = profile
        self.steps = sorted(PROFILES[profile].items())
        self.lines = []
        self.names = [chr(ord("a") + i) for i in range(12)]
        self.held = dict.fromkeys(self.names)               # name -> kind
        self.refs = dict.fromkeys("w%d" % i for i in range(6))
        self.finals = dict.fromkeys("z%d" % i for i in range(3))
        self.tables = dict.fromkeys(["m0", "m1", "s0", "s1"])
        self.actions = []

    def emit(self, *words):
        self.lines.append(" ".join(str(word) for word in words))

    # --- which variable

    def one(self, *kinds):
        """A variable that holds something (of these kinds), or None."""
        bound = [name for name in self.names if self.held[name]
                 and (not kinds or self.held[name] in kinds)]
        return self.random.pick(bound) if bound else None

    def target(self):
        """A variable to bind: an empty one, mostly."""
        empty = [name for name in self.names if not self.held[name]]
        if empty and not self.random.chance(12):
            return self.random.pick(empty)
        return self.random.pick(self.names)

    def one_ref(self):
        return self.random.pick(sorted(r for r in self.refs if self.refs[r]))

    # --- one step each

    def step_new(self):
        self.make(self.target(), self.random.weighted(
            KINDS.get(self.profile, KINDS["any"])))

    def step_newfin(self):
        self.make(self.target(), "fin")

    def step_newinst(self):
        self.make(self.target(), "obj")

    def make(self, name, kind):
        if kind == "tuple":
            held = [n for n in self.names if self.held[n]]
            items = [self.random.pick(held)
                     for _ in range(self.random.below(4))] if held else []
            self.emit("new", name, "tuple", *items)
        elif kind == "fin" and self.actions and self.random.chance(35):
            self.emit("new", name, "fin", self.random.pick(self.actions))
        else:
            self.emit("new", name, kind)
        self.held[name] = kind

    def step_attr(self):
        name, value = self.one("obj", "fin"), self.one()
        if not name or not value:
            return
        if self.random.chance(8):
            self.emit("unattr", name, self.random.pick(FIELDS))
        else:
            self.emit("attr", name, self.random.pick(FIELDS), value)

    def step_wattr(self):
        name = self.one("obj", "fin")
        if name and any(self.refs.values()):
            self.emit("attr", name, self.random.pick(FIELDS), self.one_ref())

    def step_cont(self):
        name, value = self.one("list", "dict"), self.one()
        if not name or not value:
            return
        if self.held[name] == "list":
            self.change_list(name, value)
        else:
            self.change_dict(name, value)

    def change_list(self, name, value):
        which = self.random.below(10)
        if which == 0:
            self.emit("pop", name)
        elif which == 1:
            self.emit("setitem", name, self.random.below(3), value)
        elif which == 2:
            self.emit("clear", name)
        else:
            self.emit("append", name, value)

    def change_dict(self, name, value):
        which = self.random.below(10)
        key = "k%d" % self.random.below(4)
        if which == 0:
            self.emit("unput", name, key)
        elif which == 1:
            self.emit("clear", name)
        else:
            self.emit("put", name, key, value)

    def step_drop(self):
        if self.random.chance(8) and any(self.refs.values()):
            ref = self.one_ref()
            self.emit("drop", ref)
            self.refs[ref] = None
            return
        name = self.one()
        if name:
            self.emit("drop", name)
            self.held[name] = None

    def step_let(self):
        name, value = self.target(), self.one()
        if value:
            self.emit("let", name, value)
            self.held[name] = self.held[value]

    def referent(self):
        ref, value = self.random.pick(sorted(self.refs)), self.one("obj", "fin")
        if value is None and self.random.chance(10):
            value = self.one()      # of a kind that takes no weak reference
        return ref, value

    def step_wref(self):
        ref, value = self.referent()
        if value:
            self.emit("wref", ref, value)
            self.refs[ref] = True

    def step_wcb(self):
        ref, value = self.referent()
        if not value:
            return
        words = ["wcb", ref, value]
        if self.actions and self.random.chance(30):
            # link needs a self with fields; a weak reference has none.
            words.append(self.random.pick(
                [a for a in self.actions if a != "link"] or self.actions))
        self.emit(*words)
        self.refs[ref] = True

    def step_deref(self):
        ref = self.random.pick(sorted(self.refs))
        if self.random.chance(20):
            self.emit("get", self.target(), ref)
        else:
            self.emit("deref", ref)

    def step_final(self):
        final = self.random.pick(sorted(self.finals))
        value = self.one("obj", "fin")
        if self.random.below(6) < 4 and value:
            self.emit("final", final, value)
            self.finals[final] = True
        elif self.finals[final]:
            self.emit(self.random.pick(["callf", "detach", "alive"]), final)

    def step_obs(self):
        name = self.one()
        if name:
            self.emit(self.random.pick(self.observations(self.held[name])),
                      name)

    def observations(self, kind):
        if self.profile == "auto":
            return ["rc"]
        if self.profile == "copy":
            return ["label"] if kind in ("tuple", "atom") else ["rc"]
        if self.profile == "track":
            return ["tracked"]
        ops = ["rc", "rc", "rc", "referents", "referrers"]
        if kind in ("obj", "fin"):
            ops += ["nwrefs", "finalized"]
        if kind == "fin":
            ops.append("finalized")
        return ops

    def step_count(self):
        self.emit("count")

    def step_saving(self):
        ops = [["saveall", "on"], ["saveall", "off"], ["cleargarbage"]]
        if self.profile != "busy":  # whose actions must make no list
            ops.insert(2, ["garbage"])
        self.emit(*self.random.pick(ops))

    def step_collect(self):
        if self.random.chance(50):
            self.emit("collect")
        else:
            self.emit("collect", self.random.below(3))

    def step_gen(self):
        self.emit("gen", self.random.below(3))

    def step_chain(self):
        name = self.target()
        self.emit(self.random.pick(["chain", "ring"]), name,
                  5 + self.random.below(30), "obj")
        self.held[name] = "obj"

    def step_copy(self):
        source, name = self.one(), self.target()
        if source:
            self.emit(self.random.pick(["copy", "deepcopy", "deepcopy"]),
                      name, source)
            self.emit("same", name, source)
            self.emit("shape", name)
            self.held[name] = self.held[source]

    def step_toggle(self):
        """Changes when collections start by themselves."""
        if self.random.chance(40):
            self.emit("disable")
        elif self.random.chance(50):
            self.emit("threshold", 2 + self.random.below(9),
                      self.random.below(4), self.random.below(3))
        self.emit("enable")

    def step_freeze(self):
        self.emit("freeze")

    # --- nests that are deeper than a death goes at once

    def step_newgen(self):
        held = [self.one() or "a" for _ in range(3)]
        name = self.target()
        self.emit("generator", name, self.random.pick(self.actions), *held)
        self.held[name] = "generator"
        if self.random.chance(60):
            self.emit("next", name)

    def step_drive(self):
        name = self.one("generator") or self.one()
        if name:
            self.emit(self.random.weighted([("next", 6), ("close", 2),
                                            ("throw", 1)]), name)

    def step_tower(self):
        """A nest of all kinds, with last words and callbacks on the way. q
        holds what is there so far, r the next level, t what callbacks need."""
        random = self.random
        kinds = random.pick([["obj"], ["list"], ["dict"], ["tuple", "obj"],
                             ["obj", "list", "dict", "tuple"]])
        self.emit("new", "q", "obj")
        self.emit("new", "t", "list")
        if random.chance(30):
            self.emit("let", "u", "q")  # to close a cycle
        for _ in range(45 + random.below(80)):
            self.level(random.pick(kinds))
        if random.chance(30):
            self.emit("attr", "u", "d", "q")
        name = self.target()
        self.emit("let", name, "q")
        for other in "qru":
            self.emit("drop", other)
        self.held[name] = "obj"

    def level(self, kind):
        random = self.random
        extra = random.chance(40)
        if extra:
            self.make("s", "fin")
        if kind == "tuple":
            self.emit("new", "r", "tuple",
                      *random.pick([["q", "s"], ["s", "q"], ["q"]]))
        else:
            self.emit("new", "r", kind)
            fields = [random.pick("ab"), random.pick("cd")]
            for name in random.pick(["qs", "sq"]) if extra else "q":
                words = {"obj": ["attr", "r", fields[name == "s"], name],
                         "list": ["append", "r", name],
                         "dict": ["put", "r", fields[name == "s"], name]}
                self.emit(*words[kind])
        if kind == "obj" and random.chance(25):
            self.emit("wcb", "w", "r", *([random.pick(self.actions)]
                                         if self.actions else []))
            self.emit("append", "t", "w")
        self.emit("let", "q", "r")
        if extra:
            self.emit("drop", "s")

    # --- weak dicts (m) and weak sets (s), which nothing else holds

    def step_newtable(self):
        name = self.random.pick(sorted(self.tables))
        self.emit("new", name, "wvdict" if name[0] == "m" else "wset")
        self.tables[name] = True

    def table(self):
        """One that is there, mostly."""
        names = [name for name in sorted(self.tables)
                 if self.tables[name] or self.random.chance(4)]
        return self.random.pick(names) if names else None

    def key(self):
        return "k%d" % self.random.below(6)

    def step_fill(self):
        name, value = self.table(), self.one("obj")
        if value and self.random.chance(4):
            value = self.one()
        if not name or not value:
            return
        if name[0] == "m":
            self.emit("put", name, self.key(), value)
        else:
            self.emit("add", name, value)

    def step_take(self):
        name, value = self.table(), self.one()
        if name and name[0] == "m":
            self.emit("unput", name, self.key())
        elif name and value:
            self.emit("discard", name, value)

    def step_ask(self):
        name, value = self.table(), self.one()
        if not name:
            return
        which = self.random.below(4)
        if which == 0 and value and name[0] == "s":
            self.emit("has", name, value)
        elif which == 1 and value:
            self.emit("nwrefs", value)
        else:
            self.emit("len" if which == 2 else "living", name)

    def step_item(self):
        name = self.table()
        if name and name[0] == "m":
            target = self.target()
            self.emit("item", target, name, self.key())
            self.held[target] = "obj"

    def step_copytable(self):
        name = self.table()
        if name and self.tables[name]:
            target = name[0] + self.random.pick("01")
            ops = ["copy", "deepcopy"] if name[0] == "m" else ["copy"]
            self.emit(self.random.pick(ops), target, name)
            self.tables[target] = True

    def step_shape(self):
        name = self.one()
        if name:
            self.emit("shape", name)

    # --- actions of any steps, for the profiles odd and busy

    def with_self(self, words):
        for at, word in enumerate(words):
            is_field = at == 2 and words[0] in ("attr", "unattr")
            if word in self.held and not is_field and self.random.chance(30):
                words[at] = "self"
        return " ".join(words)

    def odd_action(self, name, steps):
        """As if all variables held something; self stands for some."""
        kinds = ["obj", "fin", "list", "dict", "tuple", "obj"]
        script, self.lines = self.lines, []
        self.held = {n: kinds[i % 6] for i, n in enumerate(self.names)}
        self.refs = dict.fromkeys(self.refs, True)
        size = 1 + self.random.below(4)
        while len(self.lines) < size:
            getattr(self, "step_" + self.random.weighted(steps))()
        body = [self.with_self(line.split()) for line in self.lines]
        self.lines = script
        self.held = dict.fromkeys(self.names)
        self.refs = dict.fromkeys(self.refs)
        self.emit("action %s: %s" % (name, " ; ".join(body)))
        self.actions.append(name)

    def odd_actions(self):
        left_out = ("obs", "chain") if self.profile == "odd" else ("count",)
        steps = [step for step in self.steps if step[0] not in left_out]
        for number in range(1 + self.random.below(6)):
            self.odd_action("odd%d" % number, steps)

    # --- the whole

    def begin(self):
        self.emit("# profile", self.profile)
        if self.profile in EXACT:
            self.emit("types exact")
        if self.profile in WITH_ACTIONS:
            deep = DEEP_ACTIONS if self.profile == "deep" else ()
            if self.profile == "generators":
                self.emit("action still:")
                self.actions.append("still")
                for name, body in GENERATOR_ACTIONS:
                    if self.random.chance(70):
                        self.actions.append(name)
                        self.emit("action %s: %s" % (name, body))
            for name, body in ACTIONS + deep:
                if name == "fail" and self.profile in ("deep", "generators"):
                    continue    # the error holds what is to die, and is put off
                if self.random.chance(60):
                    self.actions.append(name)
                    self.emit("action %s: %s" % (name, body))
        if self.profile in ("odd", "busy"):
            self.odd_actions()
        if self.profile in ("auto", "busy"):
            self.emit("threshold", self.random.pick([3, 5, 7, 10, 20]),
                      self.random.pick([1, 2, 3, 5]),
                      self.random.pick([1, 2, 3]))
            self.emit("enable")

    def end(self):
        """Drops all, and shows what is left."""
        if self.profile in ("auto", "busy"):
            self.emit("count")
            self.emit("disable")
        for name in self.names:
            self.emit("drop", name)
        if self.profile in ("odd", "busy", "deep"):
            for name in "qrstu" if self.profile == "deep" else "":
                self.emit("drop", name)
            self.emit("saveall off")
            self.emit("cleargarbage")
        for name in sorted(self.tables):
            if self.profile == "tables":
                self.emit("living", name)
        if self.profile == "copy":  # exact types: collections do not compare
            return
        for _ in range(2):
            self.emit("drop k")
            self.emit("collect")
        if self.profile not in ("auto", "track"):
            for generation in range(3):
                self.emit("gen", generation)

    def text(self):
        self.begin()
        while len(self.lines) < self.ops:
            step = self.random.weighted(self.steps)
            getattr(self, "step_" + step)()
        self.end()
        return "\n".join(self.lines) + "\n"


def script(seed, profile, ops):
    return Script(seed, ops, profile).text()


def main():
    parser = argparse.ArgumentParser(
        description="print a random script of the memory language")
    parser.add_argument("seed", type=int)
    parser.add_argument("--profile", choices=sorted(PROFILES), default="mixed")
    parser.add_argument("--ops", type=int, default=80)
    options = parser.parse_args()
    sys.stdout.write(script(options.seed, options.profile, options.ops))


if __name__ == "__main__":
    main()
