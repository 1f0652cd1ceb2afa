"""Exports into trainers that call back for their data: one module each, pure functions over the rows of an export.

No module here imports its framework before one of its functions that needs it is called."""

import json


def read(path):
    """The rows of a JSONL export; one that ends with .zst needs the package `zstandard`."""
    if str(path).endswith(".zst"):
        import io

        import zstandard

        with open(path, "rb") as packed:
            text = io.TextIOWrapper(zstandard.ZstdDecompressor().stream_reader(packed), encoding="utf-8")
            yield from map(json.loads, text)
    else:
        with open(path, encoding="utf-8") as text:
            yield from map(json.loads, text)
