"""Every example of an OpenAPI document against its schema. Called by .ci/document."""

import copy
import json
import sys

from jsonschema import Draft202012Validator, FormatChecker
from referencing import Registry
from referencing.jsonschema import DRAFT202012

DOCUMENT = "urn:openapi"


def places(value, pointer=""):
    """Every object in which `example` is a word of OpenAPI, with its JSON pointer."""
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from places(item, f"{pointer}/{index}")
    elif isinstance(value, dict):
        # where names are free, a member may be called like that
        names_are_free = pointer.endswith("/properties")
        if not names_are_free:
            yield pointer, value
        for name, member in value.items():
            if names_are_free or name not in ("example", "examples", "default", "const", "enum"):
                yield from places(member, f"{pointer}/{name.replace('~', '~0').replace('/', '~1')}")


def check(document):
    """How many examples there are, and what is wrong with them."""
    registry = Registry().with_resource(DOCUMENT, DRAFT202012.create_resource(document))
    count, faults = 0, []
    for pointer, value in places(document):
        examples = list(value.get("examples", [])) + ([value["example"]] if "example" in value else [])
        # a parameter, a header or a body has its schema beside the example; else the example is within the schema
        schema = f"{pointer}/schema" if "schema" in value else pointer
        schema = schema.replace("%", "%25").replace("{", "%7B").replace("}", "%7D")
        for example in examples:
            count += 1
            validator = Draft202012Validator(
                {"$ref": f"{DOCUMENT}#{schema}"}, registry=registry, format_checker=FormatChecker()
            )
            faults += [f"{pointer}: {error.json_path}: {error.message}" for error in validator.iter_errors(example)]
    return count, faults


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        document = json.load(file)
    count, faults = check(document)
    # a check that finds nothing wrong in what is wrong would be none
    broken = copy.deepcopy(document)
    broken["components"]["schemas"]["CreateJob"]["example"]["sampling"]["n"] = "eight"
    broken["components"]["schemas"]["Job"]["properties"]["id"]["example"] = 1
    seen = len(check(broken)[1]) - len(faults)
    if seen < 2:
        faults.append(f"of two faults made on purpose {seen} were found")
    print("\n".join(faults) or f"{count} examples are what their schemas say")
    return 1 if faults else 0


sys.exit(main())
