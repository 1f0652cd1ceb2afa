"""Following a log, a job's or the project's, over as many connections as it takes. The cursor is pure; the two loops only move
bytes and wait."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncGenerator, Generator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import httpx
from httpx_sse import EventSource, ServerSentEvent, SSEError

from ._callers import AsyncCaller, Caller
from ._calls import Call, segment
from ._errors import APIConnectionError, APIStatusError, ReliquaryError
from ._generated import names

TERMINAL = ("job.completed", "job.failed", "job.expired", "job.cancelled")
ENDED = tuple(name.removeprefix("job.") for name in TERMINAL)
# The service shows a sign of life every 15 seconds.
SILENCE = httpx.Timeout(45.0, connect=5.0)
# A place that is missing so often in a row is missing in the log.
MOST_GAPS = 5
# How long the service may be away before a reader gives up.
PATIENCE_S = 600.0


@dataclass(frozen=True)
class Reset:
    """Events after `after` and before `oldest` are kept no more."""

    after: int
    oldest: int
    # The service said so; else a log that ended brought nothing, which may also be since nothing in it was asked for.
    is_certain: bool = True


class Gap(Exception):
    """A place is missing, which a log never lacks: the connection lost something."""


class Cursor:
    """How far a reader of a log has got. Each event passes once, in order, whatever the connections do."""

    def __init__(
        self, path: str, after: int | None, types: Sequence[str] = (), include: str | None = None, owner: Call | None = None
    ) -> None:
        # the place of the last event that passed. None: the log is read from where it ends when the service is reached
        self.after = after
        self.types = tuple(dict.fromkeys(types))
        # asks for the job whose log it is; a log that nothing ends has none
        self.owner = owner
        self.is_over = False
        self._path, self._include, self._gaps = path, include, 0

    @classmethod
    def of_job(cls, job_id: str, after: int, types: Sequence[str] = (), include: str | None = None) -> Cursor:
        path = f"/v1/jobs/{segment(job_id)}"
        # without its last event a log would not be seen to end
        return cls(f"{path}/events", after, [*types, *TERMINAL] if types else (), include, Call("GET", path))

    @classmethod
    def of_project(cls, after: int | None, types: Sequence[str] = ()) -> Cursor:
        return cls("/v1/events/stream", after, types)

    def take(self, message: ServerSentEvent) -> names.Event | Reset | None:
        """What a message brings that is new."""
        if message.event == "stream.reset":
            return self._reset(int(json.loads(message.data)["oldest_sequence"]))
        # what has no id comes with that of the message before it, which has passed: it has no place in the log
        if not message.id or (self.after is not None and int(message.id) <= self.after):
            return None
        place = int(message.id)
        if not message.data:  # nothing has happened yet, and this is where
            self.after = place if self.after is None else self.after
            return None
        if not self.types and self.after is not None and place != self.after + 1:
            self._gaps += 1
            if self._gaps > MOST_GAPS:
                raise ReliquaryError(f"{self._path} has nothing between {self.after} and {place}")
            raise Gap
        # one that cannot be read is not to be passed over
        event = names.Event.model_validate(json.loads(message.data))
        self.after, self._gaps = place, 0
        self.is_over = self.owner is not None and event.type in TERMINAL
        return event

    def _reset(self, oldest: int) -> Reset | None:
        after = self.after
        if after is None or oldest <= after + 1:
            return None
        self.after = oldest - 1
        return Reset(after, oldest)

    def call(self) -> Call:
        return Call(
            "GET",
            self._path,
            query={"types": self.types or None, "include": self._include},
            headers={
                "Accept": "text/event-stream",
                "Accept-Encoding": "identity",
                "Cache-Control": "no-store",
                "Last-Event-ID": None if self.after is None else str(self.after),
            },
            timeout=SILENCE,
            max_retries=0,
        )

    def settle(self, job: names.Job) -> Reset | None:
        """After a connection that brought nothing: of a job that ended there may be no log left to read."""
        if job.status not in ENDED:
            return None
        self.is_over = True
        reset = self._reset(job.last_sequence + 1)
        return None if reset is None else replace(reset, is_certain=not self.types)


class Outage:
    """How long the service has been away, and how long to wait before it is asked again."""

    def __init__(self, client: Caller | AsyncCaller, patience: float) -> None:
        self._retries, self._patience = client.retries, patience
        self._tries, self._since = 0, time.monotonic()

    def contact(self) -> None:
        self._tries, self._since = 0, time.monotonic()

    def wait(self, error: Exception | None = None) -> float:
        """Seconds to wait; raises what cannot pass, and what has lasted too long."""
        asked = 0.0
        if isinstance(error, APIStatusError):
            response = error.response
            said = response.headers.get("x-should-retry")
            passing = response.status_code >= 500 or response.status_code in (408, 409, 425, 429)
            if said == "false" or not (passing or said == "true"):
                raise error
            asked = self._retries.asked(response) or 0.0
        wait = asked + self._retries.backoff(self._tries)
        self._tries += 1
        if time.monotonic() + asked - self._since > self._patience:
            if isinstance(error, ReliquaryError):
                raise error
            raise APIConnectionError(f"nothing from the service for {self._patience:.0f} s") from error
        return wait


# What ends a connection, and not the reading.
BROKEN = (httpx.TransportError, httpx.StreamError, APIConnectionError, APIStatusError, SSEError, Gap)


def follow(client: Caller, cursor: Cursor, patience: float) -> Generator[names.Event | Reset, None, None]:
    outage = Outage(client, patience)
    while not cursor.is_over:
        started, error = cursor.after, None
        try:
            with client.stream(cursor.call()) as response:
                if response.status_code == 204 and cursor.owner is not None:
                    cursor.is_over = True
                    return
                outage.contact()
                for message in EventSource(response).iter_sse():
                    outage.contact()
                    found = cursor.take(message)
                    if found is not None:
                        yield found
                    if cursor.is_over:
                        return
        except BROKEN as broken:
            error = broken
        if error is None and cursor.after != started:
            continue  # it was closed after a while, as streams are
        if error is None and cursor.owner is not None:
            try:
                job = client.request_as(cursor.owner, names.Job)
            except BROKEN as broken:
                client._sleep(outage.wait(broken))
                continue
            reset = cursor.settle(job)
            if reset is not None:
                yield reset
            if cursor.is_over:
                return
        client._sleep(outage.wait(error))


async def follow_async(client: AsyncCaller, cursor: Cursor, patience: float) -> AsyncGenerator[names.Event | Reset, None]:
    outage = Outage(client, patience)
    while not cursor.is_over:
        started, error = cursor.after, None
        try:
            async with client.stream(cursor.call()) as response:
                if response.status_code == 204 and cursor.owner is not None:
                    cursor.is_over = True
                    return
                outage.contact()
                async for message in EventSource(response).aiter_sse():
                    outage.contact()
                    found = cursor.take(message)
                    if found is not None:
                        yield found
                    if cursor.is_over:
                        return
        except BROKEN as broken:
            error = broken
        if error is None and cursor.after != started:
            continue
        if error is None and cursor.owner is not None:
            try:
                job = await client.request_as(cursor.owner, names.Job)
            except BROKEN as broken:
                await client._sleep(outage.wait(broken))
                continue
            reset = cursor.settle(job)
            if reset is not None:
                yield reset
            if cursor.is_over:
                return
        await client._sleep(outage.wait(error))


def rollout_of(event: names.Event) -> names.Rollout:
    """The record that a `rollout.verified` brings."""
    data: Any = event.data
    record = data.get("rollout")
    if record is None:
        raise ReliquaryError(f"the rollout of event {event.sequence} of {event.job_id} is kept no more")
    return names.Rollout.model_validate(record)
