"""Exports into trainers that call back for their data: one module each, pure functions over the rows of an export.

No module here imports its framework before one of its functions that needs it is called."""

import io
import json
import os
from collections.abc import Iterator
from typing import Any

Row = dict[str, Any]


def read(path: str | os.PathLike[str]) -> Iterator[Row]:
    """The rows of a JSONL export; one that ends with .zst needs the package `zstandard`."""
    if str(path).endswith(".zst"):
        import zstandard

        with open(path, "rb") as packed, zstandard.ZstdDecompressor().stream_reader(packed) as lines:
            yield from map(json.loads, io.TextIOWrapper(lines, encoding="utf-8"))
    else:
        with open(path, encoding="utf-8") as text:
            yield from map(json.loads, text)
