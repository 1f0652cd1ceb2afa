"""One request before it is sent: what the generated operations hand to a client. It sends nothing."""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias
from urllib.parse import quote

import httpx
from pydantic import BaseModel


class Identified(Protocol):
    """A resource: it stands for its id wherever one is asked for."""

    @property
    def id(self) -> str: ...


Id: TypeAlias = str | Identified
Timeout: TypeAlias = float | httpx.Timeout | None
# The parts of a form. Opened for each try, since a try reads them to their end.
Form: TypeAlias = Callable[[], AbstractContextManager[Sequence[tuple[str, Any]]]]


@dataclass(frozen=True)
class Call:
    method: str
    path: str
    query: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str | None] = field(default_factory=dict)
    body: Any = None
    form: Form | None = None
    # Takes an Idempotency-Key: one is made if none is given, and stays over all tries.
    is_keyed: bool = False
    idempotency_key: str | None = None
    # Sent twice it does what it does sent once, without a key too.
    is_repeatable: bool = True
    timeout: Timeout = None
    max_retries: int | None = None

    @property
    def may_repeat(self) -> bool:
        """Whether it may be sent again when nobody knows what became of the first."""
        return self.is_keyed or self.is_repeatable


def id_of(thing: Id) -> str:
    return thing if isinstance(thing, str) else thing.id


def segment(thing: Id | int) -> str:
    """One segment of a path."""
    text = str(thing) if isinstance(thing, int) else id_of(thing)
    if text in ("", ".", ".."):
        raise ValueError(f"not an id: {text!r}")
    return quote(text, safe="@")


def query_pairs(query: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What is None is left out; lists are joined by commas; a mapping `m` becomes `m[key]=value`."""
    for name, value in query.items():
        if value is None:
            continue
        if isinstance(value, Mapping):
            for key, one in value.items():
                yield f"{name}[{key}]", str(one)
        elif isinstance(value, bool):
            yield name, "true" if value else "false"
        elif isinstance(value, Sequence) and not isinstance(value, str):
            yield name, ",".join(map(str, value))
        else:
            yield name, str(value)


def json_bytes(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=_plain).encode()


def _plain(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json", by_alias=True, exclude_unset=True)
    if isinstance(value, datetime.datetime):
        if value.tzinfo is None:
            raise ValueError("a time needs its zone")
        return value.isoformat()
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, Sequence):
        return list(value)
    raise TypeError(f"{type(value).__name__} is no JSON")
