"""Lists that come in pages: iterate, and the next page is fetched when it is needed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Generator, Iterator
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

import httpx
from pydantic import TypeAdapter

from ._callers import AsyncCaller, Caller
from ._calls import Call

T = TypeVar("T")


@dataclass(frozen=True)
class Page(Generic[T]):
    """One answer to a list."""

    data: list[T]
    has_more: bool
    first_id: str | None
    last_id: str | None


def _page(response: httpx.Response, items: TypeAdapter[list[T]]) -> Page[T]:
    body = response.json()
    data = items.validate_python(body["data"])
    return Page(data, body["has_more"], body.get("first_id"), body.get("last_id"))


def _following(call: Call, page: Page[Any]) -> Call | None:
    """Where the list goes on: after the page, or before it when it was asked for by `before`."""
    if not page.has_more:
        return None
    if call.query.get("before") is not None:
        name, cursor = "before", page.first_id
    else:
        name, cursor = "starting_after" if "starting_after" in call.query else "after", page.last_id
    # a page that leads nowhere else is the last
    if cursor is None or str(call.query.get(name)) == cursor:
        return None
    return replace(call, query={**call.query, name: cursor})


class Pages(Generic[T]):
    """All items of a list: `for item in pages`. `pages.page()` is the first page alone, `pages.pages()` one after the other."""

    def __init__(self, client: Caller, call: Call, kind: Any) -> None:
        self._client, self._call = client, call
        self._items: TypeAdapter[list[T]] = TypeAdapter(list[kind])

    def page(self) -> Page[T]:
        return _page(self._client.request(self._call), self._items)

    def pages(self) -> Iterator[Page[T]]:
        call: Call | None = self._call
        while call is not None:
            page = _page(self._client.request(call), self._items)
            yield page
            call = _following(call, page)

    def __iter__(self) -> Iterator[T]:
        for page in self.pages():
            yield from page.data


class AsyncPages(Generic[T]):
    """The same for `async for`; awaited it is its first page."""

    def __init__(self, client: AsyncCaller, call: Call, kind: Any) -> None:
        self._client, self._call = client, call
        self._items: TypeAdapter[list[T]] = TypeAdapter(list[kind])

    async def page(self) -> Page[T]:
        return _page(await self._client.request(self._call), self._items)

    def __await__(self) -> Generator[Any, Any, Page[T]]:
        return self.page().__await__()

    async def pages(self) -> AsyncIterator[Page[T]]:
        call: Call | None = self._call
        while call is not None:
            page = _page(await self._client.request(call), self._items)
            yield page
            call = _following(call, page)

    async def __aiter__(self) -> AsyncIterator[T]:
        async for page in self.pages():
            for item in page.data:
                yield item
