"""Forms with files, streamed from where they are, and read again from their start for every try."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import IO, Any, TypeAlias

from ._calls import Form, json_bytes

# A path, bytes, or a file that was opened in binary mode and can seek.
Upload: TypeAlias = str | os.PathLike[str] | bytes | IO[bytes]


@contextmanager
def _opened(upload: Upload, name: str) -> Iterator[tuple[str, IO[bytes]]]:
    if isinstance(upload, bytes):
        yield name, io.BytesIO(upload)
    elif isinstance(upload, (str, os.PathLike)):
        path = Path(upload)
        with path.open("rb") as file:
            yield path.name, file
    else:
        upload.seek(0)
        yield Path(str(getattr(upload, "name", name))).name, upload


# What goes up whole; larger files go in parts of this size, so that a cut costs a part.
PART_BYTES = 64 << 20


def size(upload: Upload) -> int:
    """Of what is sent; from where it stands for a file that was opened, as that is read from its start."""
    if isinstance(upload, bytes):
        return len(upload)
    if isinstance(upload, (str, os.PathLike)):
        return Path(upload).stat().st_size
    return upload.seek(0, io.SEEK_END)


def name_of(upload: Upload, name: str) -> str:
    with _opened(upload, name) as (known, _):
        return known


def part_of(upload: Upload, start: int, length: int) -> bytes:
    """One part; held whole while it is sent."""
    with _opened(upload, "part") as (_, file):
        file.seek(start)
        return file.read(length)


def form(part: str, upload: Upload, filename: str, fields: dict[str, Any]) -> Form:
    """The text fields first, so that the service knows what the file is before it comes."""
    texts = [(name, (None, _text(value))) for name, value in fields.items() if value is not None]

    @contextmanager
    def opened() -> Iterator[Sequence[tuple[str, Any]]]:
        with _opened(upload, filename) as file:
            yield [*texts, (part, file)]

    make: Callable[[], AbstractContextManager[Sequence[tuple[str, Any]]]] = opened
    return make


def _text(value: Any) -> bytes:
    return value.encode() if isinstance(value, str) else json_bytes(value)
