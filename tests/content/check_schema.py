#!/usr/bin/env python3
"""check_schema.py SCHEMA FILE... - says of each YAML file whether the JSON
Schema takes it: a line "valid FILE", "invalid FILE: where: why" or
"unreadable FILE: why". Exit status 77 when a module is missing.

YAML is read as its 1.2 core schema has it (yes is a text, 0x10 and dates
are, too), which is what editors do, and duplicate keys are refused."""
import json
import re
import sys

try:
    import jsonschema
    import yaml
except ImportError as error:
    print(error)
    sys.exit(77)


class CoreLoader(yaml.SafeLoader):
    pass


CoreLoader.yaml_implicit_resolvers = {}
for tag, pattern, first in (
    ("bool", r"^(?:true|false)$", "tf"),
    ("null", r"^(?:~|null|Null|NULL|)$", ["~", "n", "N", ""]),
    ("int", r"^-?(?:0|[1-9][0-9]*)$", "-0123456789"),
    ("float", r"^(?:-?(?:0|[1-9][0-9]*)(?:\.[0-9]*)?(?:[eE][-+]?[0-9]+)?"
              r"|-?\.(?:inf|nan))$", "-.0123456789"),
):
    CoreLoader.add_implicit_resolver(
        f"tag:yaml.org,2002:{tag}", re.compile(pattern), list(first))


def unique_mapping(loader, node):
    keys = [key.value for key, _ in node.value]
    if len(keys) != len({str(key) for key in keys}):
        raise yaml.YAMLError("a key stands twice")
    return {str(loader.construct_object(key, deep=True)):
            loader.construct_object(value, deep=True)
            for key, value in node.value}


CoreLoader.add_constructor("tag:yaml.org,2002:map", unique_mapping)


def main():
    schema = json.load(open(sys.argv[1], encoding="utf-8"))
    kind = jsonschema.validators.validator_for(schema)
    kind.check_schema(schema)
    validator = kind(schema)
    for path in sys.argv[2:]:
        try:
            with open(path, encoding="utf-8-sig") as file:
                document = yaml.load(file, Loader=CoreLoader)
        except (yaml.YAMLError, ValueError) as error:
            print(f"unreadable {path}: {str(error).splitlines()[0]}")
            continue
        error = jsonschema.exceptions.best_match(
            validator.iter_errors(document))
        if error is None:
            print(f"valid {path}")
        else:
            where = "/".join(str(part) for part in error.absolute_path)
            print(f"invalid {path}: {where}: {error.message[:200]}")


main()
