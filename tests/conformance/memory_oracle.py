#!/usr/bin/env python3
"""memory_oracle.py [--emit] [SCRIPT] - runs a script of the memory language
(README.md) on the Python that runs this file, and prints the trace. Without a
file the script comes from standard input. --emit prints the Python program
that the script becomes. Exit status 2: the script is faulty.

memory_oracle.py --serve - answers many scripts: each line of standard input is
a script as a JSON string, each line of the answer a pair [status, trace]. A
script runs in a process of its own, which starts as a fresh Python would.

Every op becomes plain Python statements over module globals, and the whole
program is compiled before the first op runs. So the only containers that come
and go while a script runs are the script's own. What this driver cannot help
allocating is measured (resync, look, looked) and kept out of what the script
sees of the collector's counters."""
import copy
import gc
import os
import signal
import sys
import weakref
from types import GeneratorType

FIELDS = ("a", "b", "c", "d")
PATIENCE_S = 60


class Obj:
    __slots__ = FIELDS + ("__weakref__",)


class Fin:
    __slots__ = FIELDS + ("__weakref__",)

    def __del__(self):
        label = LABEL[id(self)]
        emit("del " + label)
        action = FIN_ACTION.get(label)
        if action is not None:
            action(self)


class PlainList(list):
    __slots__ = ()


class PlainDict(dict):
    __slots__ = ()


class PlainTuple(tuple):
    __slots__ = ()


class ScriptError(Exception):
    pass


class ActionError(Exception):
    pass


# --- what a running script uses ----------------------------------------------

LABEL = {}              # id(object) -> label; taken over with the address
FIN_ACTION = {"": len}  # label -> function(self); never empty, so always tracked
CB_ACTION = {"": len}   # label -> function(weakref)
OUT = []
INSTANCES = (Obj, Fin)  # the kinds with fields, which weak references take
WVDICT = weakref.WeakValueDictionary
WSET = weakref.WeakSet
# Exact types: asking an abstract class whether something is an instance leaves
# weak references behind.
TABLES = {WVDICT: "v", WSET: "s"}
LETTERS = ((Fin, "f"), (Obj, "o"), (list, "l"), (dict, "d"), (tuple, "t"),
           (int, "i"))
STATE = {
    "labels": 0,
    "line": 0,          # of the op that runs
    "explicit": 0,      # depth of collections that the script asked for
    "collecting": 0,    # a collection runs; known if some start by themselves
    "frozen": 0,        # what was frozen before the script
    "automatic": 0,     # the script lets collections start by themselves
    "enabled": 0,
    "bias": 0,          # how far the youngest counter stands above the script's
    "seen": 0,          # the youngest counter when an observation began
    "by_callback": 0,   # what a full collection's own callback adds to it
    "by_call": 0,       # what a full collection asked for by a call adds
    "threshold0": 0, "threshold1": 0, "threshold2": 0,
}
script_types = ()


def emit(text):
    OUT.append(str(STATE["line"]) + ": " + text)


def name_it(obj, letter):
    number = STATE["labels"] = STATE["labels"] + 1
    LABEL[id(obj)] = letter + str(number)
    return obj


def label_of(obj):
    if obj is None:
        return "None"
    return LABEL.get(id(obj), "?")


def make_fin(action):
    obj = name_it(Fin(), "f")
    FIN_ACTION[LABEL[id(obj)]] = action
    return obj


def suspended(label, action, x, y, z):
    emit("begins " + label)
    try:
        yield x
        emit("goes on " + label)
        yield y
    finally:
        emit("finally " + label)
        if action is not None:
            action(x)


def make_generator(action, x, y, z):
    number = STATE["labels"] = STATE["labels"] + 1
    label = "g" + str(number)
    gen = suspended(label, action, x, y, z)
    LABEL[id(gen)] = label
    return gen


def drive(gen, how):
    """What comes of next(), close() or throw(). It is shown when the error,
    whose traceback keeps what the generator held, is gone."""
    try:
        if how == "next":
            said = label_of(next(gen))
        elif how == "close":
            said = label_of(gen.close())
        else:
            said = label_of(gen.throw(ActionError()))
    except StopIteration:
        said = "over"
    except Exception as error:
        said = type(error).__name__
    emit(how + " -> " + said)


def make_linked(count, kind, ring):
    """A chain, or a ring, of objects that each hold the one made before."""
    head = first = None
    while count > 0:
        count -= 1
        if kind == "list":
            obj = name_it(PlainList(), "l")
            if head is not None:
                obj.append(head)
        else:
            obj = name_it(Obj(), "o") if kind == "obj" else make_fin(None)
            if head is not None:
                obj.a = head
        if first is None:
            first = obj
        head = obj
    if ring and first is not None:
        if kind == "list":
            first.append(head)
        else:
            first.a = head
    return head


def make_nest(count, kind, List, Dict, Tuple):
    """A nest of pairs, each with an object that has a finalizer and dies after
    the pair inside."""
    nest = None
    while count > 0:
        count -= 1
        fin = make_fin(None)
        if kind == "obj":
            pair = name_it(Obj(), "o")
            pair.a = nest
            pair.b = fin
        elif kind == "dict":
            pair = name_it(Dict(), "d")
            pair["a"] = nest
            pair["b"] = fin
        elif kind == "list":
            pair = name_it(List(), "l")
            pair.append(fin)
            pair.append(nest)
        else:
            pair = name_it(Tuple((fin, nest)), "t")
        nest = pair
    return nest


def make_atom():
    """Integers that no cache holds: the collector does not know them."""
    serial = [10 ** 20]

    def atom():
        serial[0] += 1
        return serial[0] * 1
    return atom


# --- weak references and finalizers ------------------------------------------

def on_dead(ref):
    label = LABEL[id(ref)]
    emit("callback " + label)
    action = CB_ACTION.get(label)
    if action is not None:
        action(ref)


def on_finalize(label):
    emit("finalize " + label)
    action = FIN_ACTION.get(label)
    if action is not None:
        action(None)


def make_wref(obj):
    before = weakref.getweakrefcount(obj)
    ref = weakref.ref(obj)
    if weakref.getweakrefcount(obj) == before:
        return ref                          # the one there was, label and all
    return name_it(ref, "w")


def make_wcb(obj, action):
    ref = name_it(weakref.ref(obj, on_dead), "w")
    CB_ACTION[LABEL[id(ref)]] = action
    return ref


def refuse_weakref(obj):
    emit("skip" if obj is None else "no weakref")


def make_final(obj, action):
    number = STATE["labels"] = STATE["labels"] + 1
    label = "z" + str(number)
    FIN_ACTION[label] = action
    final = weakref.finalize(obj, on_finalize, label)
    final.atexit = False
    for ref in weakref.getweakrefs(obj):    # its own one has no label
        if ref.__callback__ is final:
            LABEL.pop(id(ref), None)
    LABEL[id(final)] = label
    return final


# --- weak dicts and sets -----------------------------------------------------

def unname_refs(obj):
    """What a weak set refers with has no label, and may have the address of
    something that had one."""
    for ref in weakref.getweakrefs(obj):
        if ref.__callback__ is not on_dead and type(ref) is weakref.ref:
            if ref.__callback__ is not None or type(obj) in TABLES:
                LABEL.pop(id(ref), None)


def make_weak(table, letter):
    unname_refs(table)
    return name_it(table, letter)


def put_weakly(table, key, obj):
    if not type(table) is WVDICT:
        emit("skip")
    elif isinstance(obj, INSTANCES):
        table[key] = obj
    else:
        refuse_weakref(obj)


def unput_weakly(table, key):
    if type(table) is WVDICT and key in table:
        del table[key]
    else:
        emit("skip")


def add_weakly(table, obj):
    if isinstance(obj, INSTANCES):
        table.add(obj)
        unname_refs(obj)
    else:
        refuse_weakref(obj)


def label_number(label):
    return int(label[1:])


def living(table):
    """A weak set has no order to rely on: it goes by the labels' numbers."""
    if type(table) is WVDICT:
        found = [k + ":" + label_of(v) for k, v in table.items()]
    else:
        found = sorted([label_of(obj) for obj in table], key=label_number)
    return " ".join(found) if found else "-"


def on_unraisable(arg):
    emit("unraisable " + arg.exc_type.__name__)


# --- collections and their counters ------------------------------------------

def warm():
    """Refills the interpreter's free lists that this driver draws on. A full
    collection empties them, and the first draw after that is counted by the
    collector as a net allocation although nothing stays alive."""
    c = [[[[]]]]
    c = {"": {"": {"": c}}}
    c = ((c,), (c, c), (c, c, c), (c, c, c, c))
    c = ((c,), (c, c), (c, c, c), (c, c, c, c))
    # For a death with 3 to 9 callbacks, in such a death, in such a death.
    c = ((c,) * 6, (c,) * 8, (c,) * 10, (c,) * 12, (c,) * 14, (c,) * 16)
    c = ((c,) * 6, (c,) * 8, (c,) * 10, (c,) * 12, (c,) * 14, (c,) * 16)
    c = ((c,) * 18, c, (c,) * 8, (c,) * 10, (c,) * 12, (c,) * 14, (c,) * 16,
         (c,) * 18)
    c = ((c,) * 18, c)
    c = gc.get_threshold()
    gc.set_threshold(c[0], c[1], c[2])
    labels_of(gc.get_objects(generation=0))
    c = gc.get_count()
    c = str(c[0]) + str(c[1])


def apply_threshold():
    if STATE["threshold0"] > 0:
        gc.set_threshold(STATE["threshold0"] + STATE["bias"],
                         STATE["threshold1"], STATE["threshold2"])


def resync(script_count, full):
    """Measures the bias: the script itself would stand at script_count. Only a
    full collection has emptied the free lists."""
    if full:
        warm()
        warm()
    STATE["bias"] = gc.get_count()[0] - script_count
    apply_threshold()


def look():
    """Begins an observation: what the driver allocates must not count."""
    gc.disable()
    STATE["seen"] = gc.get_count()[0]


def looked():
    STATE["bias"] += gc.get_count()[0] - STATE["seen"]
    apply_threshold()
    if STATE["enabled"]:
        gc.enable()


def do_collect(generation):
    gc.disable()
    STATE["explicit"] += 1
    found = gc.collect(generation)
    gc.disable()            # an action may have let it start by itself
    STATE["explicit"] -= 1
    # In a collection it was refused.
    if (STATE["automatic"] and not STATE["explicit"]
            and not STATE["collecting"]):
        count = gc.get_count()[0]
        if generation == 2:
            count = max(count - STATE["by_call"], 0)
        resync(count, generation == 2)
    emit("collect " + str(generation) + " -> " + str(found))
    if STATE["enabled"]:
        gc.enable()


def do_count():
    a = gc.get_count()[0] - STATE["bias"]
    b = gc.get_count()[1]
    c = gc.get_count()[2]
    emit("count -> " + str(a) + " " + str(b) + " " + str(c))


def do_threshold(a, b, c):
    STATE["threshold0"] = a
    STATE["threshold1"] = b
    STATE["threshold2"] = c
    gc.set_threshold(a + STATE["bias"] if a > 0 else 0, b, c)


def do_enable(on):
    STATE["enabled"] = on
    if on:
        gc.enable()
    else:
        gc.disable()


def do_freeze():
    thawed = not STATE["frozen"]    # the driver's own are frozen along
    mine = labels_of(gc.get_objects()) if thawed else "-"
    gc.freeze()
    if thawed:
        STATE["frozen"] = gc.get_freeze_count()
        if mine != "-":
            STATE["frozen"] -= len(mine.split())


def do_unfreeze():
    gc.unfreeze()
    STATE["frozen"] = 0


def on_gc(phase, info):
    STATE["collecting"] = phase == "start"
    if phase == "stop" and not STATE["explicit"]:
        count = gc.get_count()[0]
        if info["generation"] == 2:
            count = max(count - STATE["by_callback"], 0)
        emit("auto gen=" + str(info["generation"]) +
             " collected=" + str(info["collected"]))
        resync(count, info["generation"] == 2)


def on_gc_probe(phase, info):
    STATE["by_callback"] = gc.get_count()[0]


def labels_of(found):
    """The script's own among the objects found."""
    labels = []
    for obj in found:
        kind = type(obj)
        if kind in script_types and id(obj) in LABEL:
            labels.append(LABEL[id(obj)])
    return " ".join(labels) if labels else "-"


# --- graphs and copies -------------------------------------------------------

def children(obj):
    """What obj holds, in the order of its construction."""
    if isinstance(obj, (list, tuple)):
        return list(obj)
    if isinstance(obj, dict):
        return list(obj.values())
    if isinstance(obj, INSTANCES):
        return [getattr(obj, f) for f in FIELDS if hasattr(obj, f)]
    return []


def reach(roots):
    seen, todo = {}, list(roots)
    while todo:
        obj = todo.pop()
        if obj is None or id(obj) in seen:
            continue
        seen[id(obj)] = obj
        todo.extend(children(obj))
    return seen


# The two walks below pass everything on: a nested function that calls itself
# would be a cycle, which the script's next collection would count.

def name_new(obj, before, seen):
    """Gives labels, in preorder, to what is not in before."""
    if obj is None or id(obj) in seen:
        return
    seen.add(id(obj))
    if id(obj) not in before:
        if type(obj) in TABLES:
            name_it(obj, TABLES[type(obj)])
        for kind, letter in LETTERS:
            if isinstance(obj, kind):
                name_it(obj, letter)
                break
    for child in children(obj):
        name_new(child, before, seen)


def do_copy(source, deep, variables):
    before = reach([v for k, v in variables.items() if k.startswith("v_")])
    new = copy.deepcopy(source) if deep else copy.copy(source)
    name_new(new, before, set())
    if type(new) in TABLES:
        unname_refs(new)
    before.clear()
    return new


def shape(obj, seen):
    if obj is None:
        return "-"
    if isinstance(obj, int):
        return label_of(obj)
    if id(obj) in seen:
        return "^" + str(seen[id(obj)])
    number = seen[id(obj)] = len(seen)
    return str(number) + shape_inside(obj, seen)


def shape_inside(obj, seen):
    if isinstance(obj, list):
        return "[" + ",".join([shape(c, seen) for c in obj]) + "]"
    if isinstance(obj, tuple):
        return "(" + ",".join([shape(c, seen) for c in obj]) + ")"
    if isinstance(obj, dict):
        return "{" + ",".join([k + ":" + shape(c, seen)
                               for k, c in obj.items()]) + "}"
    if isinstance(obj, INSTANCES):
        return "<" + ",".join([f + "=" + shape(getattr(obj, f), seen)
                               for f in FIELDS if hasattr(obj, f)]) + ">"
    return "&"


# --- from the script to Python -----------------------------------------------

BOUND = "{0} is not None"
GENERATOR = "type({0}) is GeneratorType"
LIST = "isinstance({0}, list)"
DICT = "isinstance({0}, dict)"
INSTANCE = "isinstance({0}, INSTANCES)"
REF = "isinstance({0}, weakref.ref)"
FINAL = "isinstance({0}, weakref.finalize)"

# Op -> what its words are, what must hold (else it prints "skip"), what it
# does, and what it does instead of printing "skip". The words: v variable,
# f field, k key, i integer, a action or nothing, g generation or nothing,
# c kind of a chain or nothing, h kind of a nest or nothing, s on or off, * any number of variables,
# t text. "new V KIND" is looked up as "new KIND V".
OPS = {
    "new obj": ("v", "", "{0} = name_it(Obj(), 'o')"),
    "new fin": ("va", "", "{0} = make_fin({1})"),
    "new list": ("v", "", "{0} = name_it(List(), 'l')"),
    "new dict": ("v", "", "{0} = name_it(Dict(), 'd')"),
    "new tuple": ("v*", "", "{0} = name_it(Tuple(({1})), 't')"),
    "new wvdict": ("v", "", "{0} = make_weak(WVDICT(), 'v')"),
    "new wset": ("v", "", "{0} = make_weak(WSET(), 's')"),
    "new atom": ("v", "", "{0} = name_it(atom(), 'i')"),
    "generator": ("vavvv", "", "{0} = make_generator({1}, {2}, {3}, {4})"),
    "next": ("v", GENERATOR, "drive({0}, 'next')"),
    "close": ("v", GENERATOR, "drive({0}, 'close')"),
    "throw": ("v", GENERATOR, "drive({0}, 'throw')"),
    "chain": ("vic", "", "{0} = make_linked({1}, {2}, False)"),
    "ring": ("vic", "", "{0} = make_linked({1}, {2}, True)"),
    "nest": ("vih", "", "{0} = make_nest({1}, {2}, List, Dict, Tuple)"),
    "let": ("vv", "", "{0} = {1}"),
    "drop": ("v", "", "{0} = None"),
    "attr": ("vfv", INSTANCE, "{0}.{1} = {2}"),
    "unattr": ("vf", INSTANCE + " and hasattr({0}, '{1}')", "del {0}.{1}"),
    "append": ("vv", LIST, "{0}.append({1})"),
    "pop": ("v", LIST + " and len({0})", "{0}.pop()"),
    "setitem": ("viv", LIST + " and {1} < len({0})", "{0}[{1}] = {2}"),
    "put": ("vkv", DICT, "{0}[{1}] = {2}", "put_weakly({0}, {1}, {2})"),
    "unput": ("vk", DICT + " and {1} in {0}", "del {0}[{1}]",
              "unput_weakly({0}, {1})"),
    "item": ("vvk", "type({1}) is WVDICT", "{0} = {1}.get({2})"),
    "add": ("vv", "type({0}) is WSET", "add_weakly({0}, {1})"),
    "discard": ("vv", "type({0}) is WSET and isinstance({1}, INSTANCES)",
                "{0}.discard({1})"),
    "has": ("vv", "type({0}) is WSET",
            "emit('has -> ' + str(isinstance({1}, INSTANCES) and {1} in {0}))"),
    "len": ("v", "type({0}) in TABLES or isinstance({0}, (list, dict, tuple))",
            "emit('len -> ' + str(len({0})))"),
    "living": ("v", "type({0}) in TABLES",
               "emit('living -> ' + living({0}))"),
    "clear": ("v", "isinstance({0}, (list, dict))", "{0}.clear()"),
    "wref": ("vv", "isinstance({1}, INSTANCES)", "{0} = make_wref({1})",
             "refuse_weakref({1})"),
    "wcb": ("vva", "isinstance({1}, INSTANCES)", "{0} = make_wcb({1}, {2})",
            "refuse_weakref({1})"),
    "deref": ("v", REF, "emit('deref -> ' + label_of({0}()))"),
    "get": ("vv", "isinstance({1}, weakref.ref)", "{0} = {1}()"),
    "nwrefs": ("v", BOUND,
               "emit('nwrefs -> ' + str(weakref.getweakrefcount({0})))"),
    "final": ("vva", "isinstance({1}, INSTANCES)",
              "{0} = make_final({1}, {2})"),
    "callf": ("v", FINAL, "{0}()"),
    "detach": ("v", FINAL,
               "emit('detach -> ' + str({0}.detach() is not None))"),
    "alive": ("v", FINAL, "emit('alive -> ' + str({0}.alive))"),
    "rc": ("v", BOUND, "emit('rc -> ' + str(getrefcount({0}) - 1))"),
    "same": ("vv", "", "emit('same -> ' + str({0} is {1}))"),
    "label": ("v", "", "emit('label -> ' + label_of({0}))"),
    "tracked": ("v", BOUND, "emit('tracked -> ' + str(gc.is_tracked({0})))"),
    "finalized": ("v", BOUND,
                  "emit('finalized -> ' + str(gc.is_finalized({0})))"),
    "collect": ("g", "", "do_collect({0})"),
    "threshold": ("iii", "", "do_threshold({0}, {1}, {2})"),
    "enable": ("", "", "do_enable(1)"),
    "disable": ("", "", "do_enable(0)"),
    "count": ("", "", "do_count()"),
    "gen": ("i", "", "emit('gen {0} -> ' + "
            "labels_of(gc.get_objects(generation={0})))"),
    "saveall": ("s", "", "gc.set_debug({0} and gc.DEBUG_SAVEALL)"),
    "garbage": ("", "", "emit('garbage -> ' + labels_of(gc.garbage))"),
    "cleargarbage": ("", "", "gc.garbage.clear()"),
    "freeze": ("", "", "do_freeze()"),
    "unfreeze": ("", "", "do_unfreeze()"),
    "frozen": ("", "", "emit('frozen -> ' + "
               "str(gc.get_freeze_count() - STATE['frozen']))"),
    "referents": ("v", BOUND, "emit('referents -> ' + "
                  "labels_of(gc.get_referents({0})))"),
    "referrers": ("v", BOUND, "emit('referrers -> ' + "
                  "labels_of(gc.get_referrers({0})))"),
    "copy": ("vv", "{1} is not None", "{0} = do_copy({1}, False, globals())"),
    "deepcopy": ("vv", "{1} is not None",
                 "{0} = do_copy({1}, True, globals())"),
    "shape": ("v", BOUND, "emit('shape -> ' + shape({0}, {{}}))"),
    "print": ("t", "", "emit({0})"),
    "raise": ("", "", "raise ActionError"),
}
OBSERVERS = frozenset(
    "count gen rc same label tracked finalized deref nwrefs garbage "
    "referents referrers shape frozen alive has len living".split())
AUTOMATIC = frozenset(["threshold", "enable", "count"])
OPTIONAL = "agch*t"


class Compiler:
    def __init__(self):
        self.actions = {}   # name -> its lines
        self.variables = set()
        self.exact = False
        self.automatic = False

    def variable(self, word):
        if not word.isidentifier():
            raise ScriptError("bad name " + word)
        if word == "self":
            return "self"
        self.variables.add(word)
        return "v_" + word

    def word(self, kind, word):
        """The Python for one word of an op; None: it was left out."""
        if kind == "v":
            return self.variable(word)
        if kind == "f":
            return chosen(word, FIELDS)
        if kind == "k":
            return repr(word)
        if kind == "i":
            return number(word)
        if kind == "g":
            return "2" if word is None else chosen(word, ("0", "1", "2"))
        if kind == "c":
            return repr(chosen(word or "obj", ("obj", "fin", "list")))
        if kind == "h":
            return repr(chosen(word or "obj",
                               ("obj", "list", "tuple", "dict")))
        if kind == "s":
            return str(chosen(word, ("on", "off")) == "on")
        assert kind == "a"
        if word is None:
            return "None"
        return "act_" + chosen(word, self.actions)

    def words(self, kinds, words):
        values = []
        for at, kind in enumerate(kinds):
            rest = words[at:]
            if kind == "*":
                return values + ["".join(self.variable(w) + ", "
                                         for w in rest)]
            if kind == "t":
                return values + [repr(" ".join(rest))]
            if not rest and kind not in OPTIONAL:
                raise ScriptError("too few words")
            values.append(self.word(kind, rest[0] if rest else None))
        if len(words) > len(kinds):
            raise ScriptError("too many words")
        return values

    def op(self, words):
        """The lines of Python for one op."""
        name, rest = words[0], words[1:]
        if name == "new" and len(rest) > 1:
            name, rest = "new " + rest[1], rest[:1] + rest[2:]
        if name not in OPS:
            raise ScriptError("unknown op " + name)
        if name == "gen" and self.exact:
            raise ScriptError("gen needs the plain types")
        self.automatic |= name in AUTOMATIC
        kinds, holds, does, *instead = OPS[name]
        values = self.words(kinds, rest)
        does = does.format(*values)
        if not holds:
            return [does]
        instead = instead[0] if instead else "emit('skip')"
        return ["if " + holds.format(*values) + ":", "    " + does,
                "else:", "    " + instead.format(*values)]

    def action(self, line):
        head, colon, body = line.partition(":")
        name = head.split()[1:]
        if not colon or len(name) != 1 or not name[0].isidentifier():
            raise ScriptError("say action NAME: OP ; OP")
        lines = self.actions[name[0]] = []      # it may name itself
        for part in body.split(";"):
            if part.strip():
                lines += self.op(part.split())

    def line(self, number, line):
        words = line.split()
        if words[0] == "types":
            self.exact = " ".join(words[1:]) == "exact"
            return []
        if words[0] == "action":
            self.action(line)
            return []
        lines = self.op(words)
        if words[0] in OBSERVERS:
            lines = ["look()"] + lines + ["looked()"]
        return ["STATE['line'] = %d" % number] + lines

    def script(self, text):
        """The whole program: a function per action, and run()."""
        main = []
        for number, raw in enumerate(text.splitlines(), 1):
            line = raw.split("#", 1)[0].strip()
            if not line:
                continue
            try:
                main += self.line(number, line)
            except ScriptError as error:
                raise ScriptError("line %d: %s: %s" % (number, line, error))
        names = ", ".join(sorted("v_" + v for v in self.variables))
        declare = "    global " + names if names else "    pass"
        out = []
        for name, lines in self.actions.items():
            out += ["def act_%s(self):" % name, declare]
            out += ["    " + line for line in lines or ["pass"]]
        out += ["def run():", declare, "    resync(0, True)"]
        out += ["    " + line for line in main]
        return "\n".join(out) + "\n"

    def load(self, source):
        """The function run() of the program that source is."""
        names = {"v_" + v: None for v in self.variables}
        names.update(globals())
        names.update(
            atom=make_atom(), getrefcount=sys.getrefcount,
            List=list if self.exact else PlainList,
            Dict=dict if self.exact else PlainDict,
            Tuple=tuple if self.exact else PlainTuple)
        exec(compile(source, "<script>", "exec"), names)
        return names["run"]


def chosen(word, choices):
    if word not in choices:
        raise ScriptError("unknown word " + str(word))
    return word


def number(word):
    if not word.isdigit():
        raise ScriptError("bad number " + word)
    return str(int(word))


# --- running -----------------------------------------------------------------

def settle(automatic):
    """Puts all there is before the script beyond the script's sight."""
    tmp = Obj()             # makes weakref.finalize build its registry now
    weakref.finalize(tmp, len, "").detach()
    del tmp
    on_gc("start", {})
    on_gc_probe("start", {})
    resync(0, True)
    gc.collect()
    gc.collect()
    gc.freeze()
    STATE["frozen"] = gc.get_freeze_count()
    gc.collect()            # so that the total of the long-lived starts at 0
    STATE["automatic"] = automatic
    if automatic:
        gc.callbacks.append(on_gc_probe)
        gc.collect()
        gc.callbacks[0] = on_gc
        STATE["explicit"] = 1
        gc.collect()
        STATE["by_call"] = gc.get_count()[0]
        STATE["explicit"] = 0
    resync(0, True)


def play(compiler, source):
    """Runs the program, prints its trace and ends this process."""
    global script_types
    script_types = INSTANCES + (weakref.ref, WVDICT, WSET, GeneratorType) + (
        (list, dict, tuple) if compiler.exact
        else (PlainList, PlainDict, PlainTuple))
    gc.disable()
    run = compiler.load(source)
    sys.unraisablehook = on_unraisable
    settle(compiler.automatic)
    try:
        run()
    finally:
        gc.disable()
        gc.set_debug(0)
    OUT.append("end")
    sys.unraisablehook = lambda arg: None
    sys.stdout.write("\n".join(OUT) + "\n")
    sys.stdout.flush()
    os._exit(0)             # no finalizer of the script runs past this point


def run_text(text, emit_only=False):
    compiler = Compiler()
    try:
        source = compiler.script(text)
    except ScriptError as error:
        print("script error:", error)
        return 2
    if emit_only:
        print(source, end="")
        return 0
    return play(compiler, source)


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
        sys.exit(run_text(text))
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
    emit_only = argv[:1] == ["--emit"]
    files = argv[1:] if emit_only else argv
    if len(files) > 1 or any(name.startswith("-") for name in files):
        print(__doc__, file=sys.stderr)
        return 2
    if files:
        with open(files[0], encoding="utf-8") as file:
            return run_text(file.read(), emit_only)
    return run_text(sys.stdin.read(), emit_only)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
