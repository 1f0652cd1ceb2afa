"""The golden exports that `cargo run -p export --example golden` has written into the directory GOLDEN."""

import json
import os
import pathlib

GOLDEN = pathlib.Path(os.environ["GOLDEN"])


def lines(name):
    return [json.loads(line) for line in (GOLDEN / name).read_text(encoding="utf-8").splitlines()]


def golden():
    """The records that all of them are made from."""
    return lines("jsonl.jsonl")
