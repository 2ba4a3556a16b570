#!/usr/bin/env python3
"""mutate.py - changes a lab's reference in small ways and asks the lab's cases
whether they notice.

    mutate.py [LAB...]      grade the mutants of these labs (default: all)
    mutate.py --list FILE   only print the mutants of a C file

Where what stands in a file, clang says: its syntax tree has the offset of each
node. A mutant is one edit of the text:

    operator   another operator: < becomes <= and >=, + becomes -
    constant   one more, one less; true and false are exchanged
    negated    the opposite of a condition
    deleted    a statement less
    swapped    two neighbouring statements in the other order
    variable   another variable of the same type that is in scope

A mutant that does not compile, or whose object code at -O2 is that of the
reference or of an earlier mutant, is counted apart. What survives although
nobody could tell the difference is listed, with the reason, in equivalent.txt:

    LAB FUNCTION: BEFORE => AFTER  # reason

Outcomes are kept in build/mutate/LAB, so that an interrupted run goes on where
it was, as long as the lab is the same.
"""
import argparse
import collections
import concurrent.futures
import hashlib
import json
import os
import random
import re
import shutil
import subprocess
import sys

OPERATORS = {
    "<": ["<=", ">="], "<=": ["<", ">"], ">": [">=", "<="], ">=": [">", "<"],
    "==": ["!="], "!=": ["=="], "&&": ["||"], "||": ["&&"],
    "+": ["-"], "-": ["+"], "*": ["+"], "/": ["*"], "%": ["/"],
    "&": ["|"], "|": ["&"], "^": ["|"], "<<": [">>"], ">>": ["<<"],
    "+=": ["-="], "-=": ["+="], "*=": ["+="], "/=": ["*="], "%=": ["/="],
    "&=": ["|="], "|=": ["&="], "^=": ["|="], "<<=": [">>="], ">>=": ["<<="],
}
UNARY = {"++": "--", "--": "++", "!": "", "-": "", "~": ""}
# Which child of a statement is its condition.
CONDITIONS = {"IfStmt": 0, "WhileStmt": 0, "DoStmt": 1, "ForStmt": 2,
              "ConditionalOperator": 0}
JUMPS = {"ReturnStmt", "BreakStmt", "ContinueStmt", "GotoStmt"}
BLOCKS = {"IfStmt", "WhileStmt", "ForStmt", "SwitchStmt"}
FIXED = {"DeclStmt", "LabelStmt", "CaseStmt", "DefaultStmt", "NullStmt",
         "CompoundStmt"}
TARGET_PCT = 95
NO_CLANG = 77  # exit status
SHOWN = 96  # characters of a mutation's text

Mutant = collections.namedtuple("Mutant", "kind function start end text")


# --- making mutants ----------------------------------------------------------

class Source:
    """A C file and its syntax tree."""

    def __init__(self, path):
        with open(path, encoding="utf-8") as file:
            self.text = file.read()
        self.bytes = self.text.encode()
        clang = shutil.which("clang") or shutil.which("clang-14")
        if clang is None:
            print("mutate: there is no clang", file=sys.stderr)
            sys.exit(NO_CLANG)
        dump = subprocess.run(
            [clang, "@compile_flags.txt", "-Xclang", "-ast-dump=json",
             "-fsyntax-only", path], check=True, capture_output=True)
        self.tree = json.loads(dump.stdout)

    def declarations(self):
        """What stands in this file itself, not in a header."""
        here = False
        for node in self.tree["inner"]:
            place = node["loc"]
            place = place.get("expansionLoc", place)
            # clang names a file only where it changes.
            if "file" in place:
                here = "includedFrom" not in place
            elif "offset" not in place:
                here = False
            if here and "includedFrom" not in place:
                yield node

    def span(self, node):
        """(start, end, whether it is part of a macro's expansion)."""
        start = node["range"]["begin"]
        end = node["range"]["end"]
        is_macro = "expansionLoc" in start
        start = start.get("expansionLoc", start)
        last = end.get("expansionLoc", end)
        if "offset" not in start or "offset" not in last:
            return None
        stop = last["offset"] + last["tokLen"]
        if "expansionLoc" in end and self.bytes[stop:stop + 1] == b"(":
            stop = self.behind_parenthesis(stop)
        return start["offset"], stop, is_macro

    def behind_parenthesis(self, at):
        depth = 0
        while True:
            depth += {b"(": 1, b")": -1}.get(self.bytes[at:at + 1], 0)
            at += 1
            if depth == 0:
                return at

    def skip_space(self, at):
        space = re.compile(rb"(\s|//[^\n]*|/\*.*?\*/)*", re.DOTALL)
        return space.match(self.bytes, at).end()

    def line(self, offset):
        return self.bytes[:offset].count(b"\n") + 1

    def apply(self, mutant):
        return (self.bytes[:mutant.start] + mutant.text +
                self.bytes[mutant.end:])

    def show(self, mutant):
        """The changed lines before and after, each as one short line."""
        first = self.bytes.rfind(b"\n", 0, mutant.start) + 1
        last = self.bytes.find(b"\n", mutant.end)
        mutated = self.apply(mutant)
        before = self.bytes[first:last]
        after = mutated[first:last + len(mutated) - len(self.bytes)]
        return f"{shorten(before)} => {shorten(after)}"


def shorten(code):
    line = " ".join(code.decode().split())
    half = SHOWN // 2
    return line if len(line) <= SHOWN else f"{line[:half]} … {line[-half:]}"


class Mutator:
    """Walks the tree of a source and collects mutants."""

    def __init__(self, source):
        self.source = source
        self.mutants = []
        self.function = "-"
        self.scopes = [{}]  # of each: id of a declaration -> (name, type)

    def add(self, kind, start, end, text):
        self.mutants.append(Mutant(kind, self.function, start, end,
                                   text.encode()))

    def run(self):
        for node in self.source.declarations():
            has_body = any(child.get("kind") == "CompoundStmt"
                           for child in node.get("inner", []))
            if node["kind"] == "FunctionDecl" and has_body:
                self.function = node["name"]
                self.scopes.append({})
                self.walk(node)
                self.scopes.pop()
                self.function = "-"
            elif node["kind"] in ("EnumDecl", "VarDecl"):
                self.walk(node)
        self.mutants.sort(key=lambda one: (one.start, one.end, one.text))
        return self.mutants

    def walk(self, node):
        kind = node.get("kind")
        span = self.source.span(node) if "range" in node else None
        if kind is None:
            return
        if span is not None:
            self.look_at(node, kind, *span)
        opens = kind in ("CompoundStmt", "ForStmt")
        if opens:
            self.scopes.append({})
        for child in node.get("inner", []):
            self.walk(child)
        if opens:
            self.scopes.pop()
        if kind in ("VarDecl", "ParmVarDecl"):  # behind its initializer
            self.scopes[-1][node["id"]] = (node.get("name"),
                                           plain_type(node["type"]))

    def look_at(self, node, kind, start, end, is_macro):
        if kind == "IntegerLiteral":
            self.change_constant(start, end)
        if is_macro:
            return
        if kind in ("BinaryOperator", "CompoundAssignOperator"):
            self.change_operator(node)
        elif kind == "UnaryOperator":
            self.change_unary(node, start, end)
        elif kind == "DeclRefExpr":
            self.change_variable(node, start, end)
        elif kind == "CompoundStmt":
            self.change_statements(node)
        if kind in CONDITIONS:
            self.negate(node["inner"][CONDITIONS[kind]])

    def change_constant(self, start, end):
        word = self.source.bytes[start:end].decode()
        number = re.fullmatch(r"(0[xX][0-9a-fA-F]+|[0-9]+)([uUlL]*)", word)
        if word in ("true", "false"):
            self.add("constant", start, end,
                     "false" if word == "true" else "true")
        elif number is not None:
            value = int(number[1], 0)
            for other in (value + 1, value - 1):
                if other >= 0:
                    self.add("constant", start, end, f"{other}{number[2]}")

    def change_operator(self, node):
        left = self.source.span(node["inner"][0])
        operator = node["opcode"]
        at = self.source.skip_space(left[1])
        if self.source.bytes[at:at + len(operator)].decode() != operator:
            return
        for other in OPERATORS.get(operator, []):
            self.add("operator", at, at + len(operator), other)

    def change_unary(self, node, start, end):
        operator = node["opcode"]
        if operator not in UNARY:
            return
        length = len(operator)
        at = end - length if node.get("isPostfix") else start
        self.add("operator", at, at + length, UNARY[operator])

    def change_variable(self, node, start, end):
        visible = {}
        for scope in self.scopes:
            visible.update(scope)
        used = visible.get(node["referencedDecl"]["id"])
        if used is None:
            return
        for name in sorted({name for name, kind in visible.values()
                            if name is not None and kind == used[1]}):
            if name != used[0]:
                self.add("variable", start, end, name)

    def negate(self, condition):
        span = self.source.span(condition) if "range" in condition else None
        if span is not None:
            start, end, _ = span
            old = self.source.bytes[start:end].decode()
            self.add("negated", start, end, f"!({old})")

    def statement_span(self, node):
        """With its semicolon; None for what must stay."""
        span = self.source.span(node) if "range" in node else None
        if node.get("kind") in FIXED or span is None or span[2]:
            return None
        start, end, _ = span
        if node["kind"] in BLOCKS:
            return start, end
        end = self.source.skip_space(end)
        return (start, end + 1) if self.source.bytes[end:end + 1] == b";" \
            else None

    def change_statements(self, block):
        children = block.get("inner", [])
        spans = [self.statement_span(child) for child in children]
        for i, (child, span) in enumerate(zip(children, spans)):
            is_end = child.get("kind") == "ReturnStmt" and \
                child.get("inner") and len(self.scopes) == 2
            if span is None or is_end:
                continue
            old = self.source.bytes[span[0]:span[1]]
            # The lines keep their numbers.
            self.add("deleted", *span, ";" + "\n" * old.count(b"\n"))
            following = spans[i + 1] if i + 1 < len(children) else None
            if following is None or child["kind"] in JUMPS or \
                    children[i + 1]["kind"] in JUMPS:
                continue
            between = self.source.bytes[span[1]:following[0]]
            other = self.source.bytes[following[0]:following[1]]
            self.add("swapped", span[0], following[1],
                     (other + between + old).decode())


def plain_type(kind):
    """A variable's type without its own const."""
    name = kind["qualType"]
    return name.removesuffix("const").rstrip() if "*" in name \
        else name.removeprefix("const ")


# --- grading them ------------------------------------------------------------

def fingerprint(artifacts, lab):
    digest = hashlib.sha256()
    for name in ("lab.so", "lab.asan.so", "lab.manifest"):
        with open(f"{artifacts}/{lab}/{name}", "rb") as file:
            digest.update(file.read())
    return digest.hexdigest()


def copy_artifacts(build, lab):
    """A copy, so that a build in between does no harm; its path."""
    copy = f"build/mutate/{lab}.labs"
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(f"{build}/labs/{lab}", f"{copy}/{lab}")
    for tool in ("leaf", "leaf.asan", "builder", "tools"):
        shutil.copy(f"{build}/labs/{tool}", copy)
    shutil.copytree(f"{build}/labs/include", f"{copy}/include")
    return copy


class Outcomes:
    """What is known of a lab's mutants: a file of "hash outcome" lines."""

    def __init__(self, path, stamp, keep):
        self.path = path
        self.known = {}
        lines = []
        if os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                lines = file.read().splitlines()
        if lines and (lines[0] == stamp or keep):
            for line in lines[1:]:
                name, outcome = line.split(" ", 1)
                if lines[0] == stamp or outcome != "survived":
                    self.known[name] = outcome
        with open(path, "w", encoding="utf-8") as file:
            file.write(f"{stamp}\n")
            for name, outcome in self.known.items():
                file.write(f"{name} {outcome}\n")

    def add(self, name, outcome):
        self.known[name] = outcome
        with open(self.path, "a", encoding="utf-8") as file:
            file.write(f"{name} {outcome}\n")


def object_code(path):
    """What gcc makes of a file, or None. Always under the same name, so that
    the name makes no difference."""
    made = subprocess.run(
        ["gcc", "@compile_flags.txt", "-O2", "-w", "-x", "c", "-c", "-o",
         f"{path}.o", "-"], stdin=open(path, "rb"), capture_output=True,
        check=False)
    if made.returncode != 0:
        return None
    with open(f"{path}.o", "rb") as file:
        code = file.read()
    os.remove(f"{path}.o")
    return code


def grade(build, artifacts, lab, path, seed):
    """"killed CASE", "timed_out CASE", "survived" or "invalid"."""
    for _ in range(3):
        done = subprocess.run(
            [f"{build}/ouro-grade", "--format", "json", "--until-failure",
             "--seed", str(seed), "--labs", artifacts, lab, path],
            capture_output=True, check=False)
        if done.returncode < 2:
            break
    if done.returncode == 0:
        return "survived"
    if done.returncode != 1:
        sys.exit(f"mutate: ouro-grade {lab} {path}: exit status "
                 f"{done.returncode}\n{done.stdout.decode()}"
                 f"{done.stderr.decode()}")
    verdict = json.loads(done.stdout)
    if verdict["verdict"] in ("compile_error", "link_error", "forbidden"):
        return "invalid"
    word = "timed_out" if verdict["verdict"] == "timed_out" else "killed"
    return f"{word} {verdict['first_divergence']['name']}"


class Run:
    """The mutants of one lab."""

    def __init__(self, arguments, lab):
        self.arguments = arguments
        self.lab = lab
        with open(f"labs/{lab}/lab.yaml", encoding="utf-8") as file:
            found = re.search(r"^replaces: *(\S+)", file.read(), re.MULTILINE)
        self.path = f"labs/runtime/{found[1]}" if found is not None \
            else f"labs/{lab}/solution.c"
        self.folder = f"build/mutate/{lab}.files"
        os.makedirs(self.folder, exist_ok=True)
        self.source = Source(self.path)
        self.artifacts = copy_artifacts(arguments.build, lab)
        self.outcomes = Outcomes(f"build/mutate/{lab}",
                                 fingerprint(self.artifacts, lab),
                                 arguments.keep)
        self.codes = {}

    def mutants(self):
        mutants = Mutator(self.source).run()
        sample = self.arguments.sample
        if sample and sample < len(mutants):
            chance = random.Random(self.arguments.seed)
            mutants = sorted(chance.sample(mutants, sample),
                             key=lambda one: one.start)
        return mutants

    def is_new_code(self, name, code):
        """Whether no other mutant, nor the reference, has this code."""
        digest = hashlib.sha256(code).digest()
        return self.codes.setdefault(digest, name) == name

    def judge(self, mutant):
        text = self.source.apply(mutant)
        name = hashlib.sha256(text).hexdigest()[:16]
        path = f"{self.folder}/{name}.c"
        with open(path, "wb") as file:
            file.write(text)
        code = object_code(path)
        if code is None:
            outcome = "invalid"
        elif not self.is_new_code(name, code):
            outcome = "equal"
        elif name in self.outcomes.known:
            outcome = self.outcomes.known[name]
        else:
            outcome = grade(self.arguments.build, self.artifacts, self.lab,
                            path, self.arguments.seed)
            self.outcomes.add(name, outcome)
        os.remove(path)
        return mutant, outcome

    def judge_all(self):
        self.is_new_code("reference", object_code(self.path))
        mutants = self.mutants()
        jobs = self.arguments.jobs
        with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
            judged = []
            for one in pool.map(self.judge, mutants):
                judged.append(one)
                if sys.stderr.isatty():
                    print(f"\r{self.lab}: {len(judged)} of {len(mutants)}",
                          end="", file=sys.stderr)
        if sys.stderr.isatty():
            print("\r\033[K", end="", file=sys.stderr)
        shutil.rmtree(self.folder)
        shutil.rmtree(self.artifacts)
        return judged


# --- the report --------------------------------------------------------------

def read_equivalent():
    """"LAB FUNCTION: BEFORE => AFTER" of each line of equivalent.txt."""
    path = os.path.join(os.path.dirname(__file__), "equivalent.txt")
    listed = []
    with open(path, encoding="utf-8") as file:
        for line in file:
            if line.strip() and not line.startswith("#"):
                mutation, mark, reason = line.strip().partition("  # ")
                if not mark or not reason:
                    sys.exit(f"mutate: no reason in: {line.strip()}")
                listed.append(mutation)
    return listed


def report(run, judged, listed):
    """Prints a lab's figures and survivors; whether the target is met."""
    counts = collections.Counter(outcome.split()[0] for _, outcome in judged)
    alive = []
    equivalent = 0
    stale = {line for line in listed if line.startswith(f"{run.lab} ")}
    for mutant, outcome in judged:
        name = f"{run.lab} {mutant.function}: {run.source.show(mutant)}"
        if name in stale and outcome in ("equal", "survived"):
            stale.discard(name)
        if outcome == "survived":
            if name in listed:
                equivalent += 1
            else:
                alive.append(mutant)
    killed = counts["killed"] + counts["timed_out"]
    pct = 100 * killed / max(1, killed + len(alive))
    print(f"{run.lab}: {len(judged)} mutants of {run.path}: "
          f"{counts['invalid']} do not compile, {counts['equal']} have equal "
          f"code, {equivalent} equivalent; {killed} killed "
          f"({counts['timed_out']} by time), {len(alive)} survived: "
          f"{pct:.1f} %")
    for mutant in alive:
        line = run.source.line(mutant.start)
        print(f"  {run.path}:{line}: {mutant.kind}\n"
              f"    {run.lab} {mutant.function}: {run.source.show(mutant)}")
    if not run.arguments.sample:
        for name in sorted(stale):
            print(f"  equivalent.txt lists what does not survive: {name}")
    return pct >= TARGET_PCT


def list_mutants(path):
    source = Source(path)
    for mutant in Mutator(source).run():
        print(f"{source.line(mutant.start)} {mutant.kind} {mutant.function}: "
              f"{source.show(mutant)}")


def main():
    parser = argparse.ArgumentParser(
        description="Mutates the references of labs.")
    parser.add_argument("labs", nargs="*", metavar="LAB")
    parser.add_argument("--list", metavar="FILE")
    parser.add_argument("--build", default="build/debug")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--sample", type=int, default=0,
                        help="grade only so many mutants of each lab")
    parser.add_argument("--seed", type=int, default=1,
                        help="of the sample and of the labs' dice")
    parser.add_argument("--keep", action="store_true",
                        help="take the dead for dead although the lab has "
                        "changed")
    arguments = parser.parse_args()
    if arguments.list is not None:
        list_mutants(arguments.list)
        return 0
    labs = arguments.labs or sorted(
        lab for lab in os.listdir("labs")
        if os.path.exists(f"labs/{lab}/lab.yaml"))
    listed = read_equivalent()
    met = True
    for lab in labs:
        run = Run(arguments, lab)
        met = report(run, run.judge_all(), listed) and met
        sys.stdout.flush()
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
