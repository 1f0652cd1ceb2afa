"""The log of the project: what happens in all of its jobs, live."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence

from ._callers import AsyncCaller, Caller
from ._errors import EventsExpired
from ._generated import names, operations
from ._streams import PATIENCE_S, Cursor, Reset, follow, follow_async


class _Reading:
    """How far the log was read."""

    def __init__(self, cursor: Cursor) -> None:
        self._cursor = cursor

    @property
    def last_id(self) -> int | None:
        """The place of the last event that was handed out, or where the stream began: keep it, and give it as `starting_after` to
        go on in another process. None until the service was reached, where nothing was given."""
        return self._cursor.after

    def _event(self, found: names.Event | Reset) -> names.Event:
        if isinstance(found, Reset):
            # what is gone was not handed out: whoever goes on behind it has to say so
            self._cursor.after = found.after
            raise EventsExpired(None, found.oldest)
        return found


class EventStream(_Reading, Iterator[names.Event]):
    """The events of a project, which end when the reader does. Can be read once."""

    def __init__(self, client: Caller, cursor: Cursor, patience: float) -> None:
        super().__init__(cursor)
        self._found = follow(client, cursor, patience)

    def __next__(self) -> names.Event:
        return self._event(next(self._found))

    def close(self) -> None:
        """Closes the connection, as does letting go of the stream."""
        self._found.close()


class AsyncEventStream(_Reading, AsyncIterator[names.Event]):
    """The same for `async for`."""

    def __init__(self, client: AsyncCaller, cursor: Cursor, patience: float) -> None:
        super().__init__(cursor)
        self._found = follow_async(client, cursor, patience)

    async def __anext__(self) -> names.Event:
        return self._event(await anext(self._found))

    async def aclose(self) -> None:
        """Closes the connection: `contextlib.aclosing` calls it."""
        await self._found.aclose()


class Events(operations.EventsOperations):
    def stream(self, *, starting_after: int | None = None, types: Sequence[str] = (), patience: float = PATIENCE_S) -> EventStream:
        """Every event of every job of the project (of these types) once, in the order of the project's log, live and without end.

        It begins with what happens next; behind `starting_after`, a `last_id` of before; or, with 0, with the first there is. A cut
        connection or a restart of the service is resumed from the last event; it raises when the service was away for `patience`
        seconds, and `EventsExpired` where events are kept no more.
        """
        return EventStream(self._client, Cursor.of_project(starting_after, types), patience)


class AsyncEvents(operations.AsyncEventsOperations):
    def stream(
        self, *, starting_after: int | None = None, types: Sequence[str] = (), patience: float = PATIENCE_S
    ) -> AsyncEventStream:
        """As `Events.stream`."""
        return AsyncEventStream(self._client, Cursor.of_project(starting_after, types), patience)
