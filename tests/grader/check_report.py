#!/usr/bin/env python3
"""check_report.py FORMAT FILE - holds a report to the rules of its format
and prints its verdict and score: what a reader of that format sees. Exit
status 1 and a reason when a rule is broken, 77 when a module is missing."""
import json
import re
import sys
import xml.etree.ElementTree as ElementTree

try:
    import jsonschema
    import yaml
except ImportError as error:
    print(error)
    sys.exit(77)


def need(condition, why):
    if not condition:
        sys.exit(f"broken: {why}")


def unique(pairs):
    need(len(pairs) == len(dict(pairs)), "a key stands twice")
    return dict(pairs)


def check_json(text):
    with open("grader/verdict.schema.json", encoding="utf-8") as file:
        schema = json.load(file)
    kind = jsonschema.validators.validator_for(schema)
    kind.check_schema(schema)
    lines = text.splitlines()
    need(len(lines) == text.count("\n"), "a document is a line")
    for line in lines:
        document = json.loads(line, object_pairs_hook=unique)
        error = jsonschema.exceptions.best_match(
            kind(schema).iter_errors(document))
        need(error is None, error and
             f"{'/'.join(map(str, error.absolute_path))}: {error.message}")
        passed = sum(one["points"] for one in document["cases"]
                     if one["passed"])
        need(passed == document["score"], "the cases do not add up")
        print(document["verdict"], document["score"], document["max_score"])


JUNIT = {  # element: its attributes, (needed ones first), and what is in it
    "testsuites": ({"name"}, {"testsuite"}),
    "testsuite": ({"name", "tests", "failures", "errors", "skipped", "time",
                   "id"}, {"properties", "testcase"}),
    "properties": (set(), {"property"}),
    "property": ({"name", "value"}, set()),
    "testcase": ({"name", "classname", "time"},
                 {"failure", "error", "skipped"}),
    "failure": ({"type", "message"}, set()),
    "error": ({"type", "message"}, set()),
    "skipped": ({"message"}, set()),
}


def check_junit_element(element):
    need(element.tag in JUNIT, f"an element {element.tag}")
    attributes, children = JUNIT[element.tag]
    need(set(element.attrib) == attributes, f"attributes of {element.tag}")
    for name in {"tests", "failures", "errors", "skipped", "id"} & attributes:
        need(re.fullmatch("[0-9]+", element.get(name)), f"{name} is a number")
    if "time" in attributes:
        need(re.fullmatch(r"[0-9]+\.[0-9]+", element.get("time")), "time")
    for child in element:
        need(child.tag in children, f"{child.tag} in {element.tag}")
        check_junit_element(child)


def check_junit(text):
    root = ElementTree.fromstring(text)
    need(root.tag == "testsuites", "the root")
    check_junit_element(root)
    for number, suite in enumerate(root):
        need(int(suite.get("id")) == number, "the ids")
        cases = suite.findall("testcase")
        need(int(suite.get("tests")) == len(cases), "the number of tests")
        names = [one.get("name") for one in cases]
        need(len(names) == len(set(names)), "a name stands twice")
        for plural, tag in (("failures", "failure"), ("errors", "error"),
                            ("skipped", "skipped")):
            need(int(suite.get(plural)) ==
                 len(suite.findall(f"testcase/{tag}")), plural)
        need(all(len(one) < 2 for one in cases), "two outcomes of a case")
        found = {one.get("name"): one.get("value")
                 for one in suite.iter("property")}
        print(found["verdict"], found["score"], found["max_score"])


POINT = re.compile(r"(not )?ok ([0-9]+) - ((?:[^#\\]|\\[#\\])*?)"
                   r"(?: # SKIP (.*))?$")


class Tap:
    """A reader of TAP 14 that takes nothing but what is written there."""

    def __init__(self, lines, indent=""):
        self.lines, self.indent = lines, indent

    def peek(self):
        return self.lines[0] if self.lines else None

    def take(self):
        line = self.lines.pop(0)
        need(line.startswith(self.indent), f"indentation of {line!r}")
        return line[len(self.indent):]

    def diagnostic(self):
        start = self.indent + "  ---"
        if self.peek() != start:
            return {}
        self.lines.pop(0)
        block = []
        while self.peek() != self.indent + "  ...":
            need(self.peek() is not None, "a block has no end")
            need(self.peek().startswith(self.indent + "  "), "block")
            block.append(self.lines.pop(0)[len(self.indent) + 2:])
        self.lines.pop(0)
        return yaml.safe_load("\n".join(block))

    def points(self, planned, with_subtests):
        """Each point as (ok, name, skipped, diagnostic, points within)."""
        found = []
        for number in range(1, planned + 1):
            within = None
            if with_subtests:
                line = self.take()
                need(line.startswith("# Subtest: "), f"no subtest: {line!r}")
                inner = Tap(self.lines, self.indent + "    ")
                within = inner.points(inner.plan(), False)
            line = self.take()
            match = POINT.match(line)
            need(match, f"no point: {line!r}")
            need(int(match[2]) == number, f"the number of {line!r}")
            need(match[3] == match[3].strip(), f"spaces round {line!r}")
            found.append((match[1] is None, match[3], match[4] is not None,
                          self.diagnostic(), within))
            if within is not None:
                need(found[-1][0] == all(one[0] for one in within),
                     "a subtest and its point do not agree")
        return found

    def plan(self):
        match = re.fullmatch(r"1\.\.([0-9]+)", self.take())
        need(match, "no plan")
        return int(match[1])


def tap_line(points):
    score = sum(1 for ok, _, skipped, _, _ in points if ok and not skipped)
    refused = [one[3]["verdict"] for one in points
               if one[1] == "the file as a whole"]
    if refused:
        return refused[0]
    for ok, _, _, diagnostic, _ in points:
        need(ok or diagnostic.get("severity") == "fail", "a bare not ok")
    return f"{score} of {len(points)}" if points else "nothing"


def check_tap(text):
    need("\r" not in text, "a carriage return")
    lines = text.split("\n")
    need(lines.pop() == "", "no newline at the end")
    need(lines.pop(0) == "TAP version 14", "the version")
    bails = lines and lines[-1].startswith("Bail out!")
    if bails:
        lines.pop()
    tap = Tap(lines)
    count = tap.plan()
    nested = any(line.startswith("# Subtest: ") for line in lines)
    points = tap.points(count, nested)
    need(not lines, f"more than was planned: {lines[:1]}")
    for within in [one[4] for one in points] if nested else [points]:
        print(tap_line(within) + (" bails out" if bails else ""))


GRADESCOPE = {"score", "execution_time", "output", "output_format",
              "test_output_format", "test_name_format", "visibility",
              "stdout_visibility", "extra_data", "tests", "leaderboard"}
GRADESCOPE_TEST = {"score", "max_score", "status", "name", "name_format",
                   "number", "output", "output_format", "tags", "visibility",
                   "extra_data"}
VISIBLE = {"visible", "hidden", "after_due_date", "after_published"}


def check_gradescope(text):
    document = json.loads(text, object_pairs_hook=unique)
    need(set(document) <= GRADESCOPE, "a field that nobody knows")
    need(document["output_format"] == "text", "output_format")
    need({document["visibility"], document["stdout_visibility"]} <= VISIBLE,
         "visibility")
    tests = document["tests"]
    for test in tests:
        need(set(test) <= GRADESCOPE_TEST, "a field that nobody knows")
        need(test["status"] in ("passed", "failed"), "status")
        need(test["visibility"] in VISIBLE, "visibility")
        need(("score" in test) == ("max_score" in test), "half of the points")
    scored = ["score" in test for test in tests]
    need(("score" in document) != (any(scored)), "two sources of a score")
    need(not any(scored) or all(scored), "some tests have points")
    score = document["score"] if "score" in document else \
        sum(test["score"] for test in tests)
    print(document["extra_data"]["verdict"], score)


def check_clean(text):
    """What no format may hold: control characters, half characters."""
    for character in text:
        code = ord(character)
        need(code >= 0x20 or character == "\n", f"a control character {code}")
        need(not 0x7F <= code <= 0x9F, f"a control character {code}")
        need(code not in (0xFFFE, 0xFFFF), "no character")


def main():
    with open(sys.argv[2], "rb") as file:
        text = file.read().decode("utf-8", "strict")
    check_clean(text)
    {"json": check_json, "junit": check_junit, "tap": check_tap,
     "gradescope": check_gradescope}[sys.argv[1]](text)


main()
