"""Sends calls, again where that helps, and turns answers into values or exceptions: once for threads, once for coroutines."""

from __future__ import annotations

import os
import platform
import time
import uuid
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, nullcontext
from typing import Any, TypeVar

import anyio
import httpx
from pydantic import TypeAdapter

from ._calls import Call, Timeout, json_bytes, query_pairs
from ._errors import ReliquaryError, connection_error, status_error
from ._generated import API_VERSION
from ._retries import Retries
from ._version import VERSION

T = TypeVar("T")

DEFAULT_TIMEOUT = httpx.Timeout(60.0, connect=5.0)
DEFAULT_RETRIES = 4
USER_AGENT = f"reliquary-python/{VERSION} python/{platform.python_version()} httpx/{httpx.__version__}"


class _Base:
    def __init__(
        self,
        api_key: str | None,
        base_url: str | None,
        timeout: Timeout,
        max_retries: int,
        project: str | None,
        headers: Mapping[str, str] | None,
    ) -> None:
        api_key = api_key or os.environ.get("RELIQUARY_API_KEY")
        base_url = base_url or os.environ.get("RELIQUARY_BASE_URL")
        if not api_key:
            raise ReliquaryError("no API key: give api_key, or set RELIQUARY_API_KEY")
        if not base_url:
            raise ReliquaryError("no address of the service: give base_url, or set RELIQUARY_BASE_URL")
        self.base_url = base_url.rstrip("/").removesuffix("/v1")
        self.timeout: float | httpx.Timeout = DEFAULT_TIMEOUT if timeout is None else timeout
        self.retries = Retries(max_retries)
        self._headers = {
            "Authorization": f"Bearer {api_key}",
            "Reliquary-Version": API_VERSION,
            "User-Agent": USER_AGENT,
            **({"Reliquary-Project": project} if project else {}),
            **(headers or {}),
        }

    def _request(self, http: httpx.Client | httpx.AsyncClient, call: Call, key: str | None, form: Any) -> httpx.Request:
        headers = {**self._headers, "Accept": "application/json"}
        headers.update({name: value for name, value in call.headers.items() if value is not None})
        content: bytes | None = None
        if key is not None:
            headers["Idempotency-Key"] = key
        if call.body is not None:
            content, headers["Content-Type"] = json_bytes(call.body), "application/json"
        return http.build_request(
            call.method,
            self.base_url + call.path,
            params=list(query_pairs(call.query)) or None,
            headers=headers,
            content=content,
            files=form,
            timeout=self.timeout if call.timeout is None else call.timeout,
        )


def _key(call: Call) -> str | None:
    """Chosen once, before the first try."""
    return (call.idempotency_key or str(uuid.uuid4())) if call.is_keyed else None


def _value(response: httpx.Response, kind: Any) -> Any:
    return TypeAdapter(kind).validate_python(response.json())


class Caller(_Base):
    """A connection to the service for threads."""

    def __init__(self, *settings: Any, http_client: httpx.Client | None = None) -> None:
        super().__init__(*settings)
        self._http = http_client or httpx.Client()
        self._sleep: Callable[[float], object] = time.sleep

    def request(self, call: Call) -> httpx.Response:
        """The answer, read."""
        return self._send(call, stream=False)

    def request_as(self, call: Call, kind: type[T]) -> T:
        value: T = _value(self._send(call, stream=False), kind)
        return value

    @contextmanager
    def stream(self, call: Call) -> Iterator[httpx.Response]:
        """An answer whose body is read as it comes. Errors are as of httpx from then on."""
        response = self._send(call, stream=True)
        try:
            yield response
        finally:
            response.close()

    def close(self) -> None:
        self._http.close()

    def _send(self, call: Call, stream: bool) -> httpx.Response:
        key, attempt = _key(call), 0
        while True:
            try:
                with call.form() if call.form else nullcontext() as form:
                    response = self._http.send(self._request(self._http, call, key, form), stream=stream)
                    if stream and not response.is_success:
                        response.read()
            except httpx.TransportError as error:
                wait = self.retries.after_error(call, attempt, error)
                if wait is None:
                    raise connection_error(error) from error
            else:
                if response.is_success:
                    return response
                wait = self.retries.after_answer(call, attempt, response)
                if wait is None:
                    raise status_error(response)
            self._sleep(wait)
            attempt += 1


class AsyncCaller(_Base):
    """The same for coroutines: asyncio, or trio."""

    def __init__(self, *settings: Any, http_client: httpx.AsyncClient | None = None) -> None:
        super().__init__(*settings)
        self._http = http_client or httpx.AsyncClient()
        self._sleep: Callable[[float], Any] = anyio.sleep

    async def request(self, call: Call) -> httpx.Response:
        return await self._send(call, stream=False)

    async def request_as(self, call: Call, kind: type[T]) -> T:
        value: T = _value(await self._send(call, stream=False), kind)
        return value

    @asynccontextmanager
    async def stream(self, call: Call) -> AsyncIterator[httpx.Response]:
        response = await self._send(call, stream=True)
        try:
            yield response
        finally:
            await response.aclose()

    async def close(self) -> None:
        await self._http.aclose()

    async def _send(self, call: Call, stream: bool) -> httpx.Response:
        key, attempt = _key(call), 0
        while True:
            try:
                with call.form() if call.form else nullcontext() as form:
                    response = await self._http.send(self._request(self._http, call, key, form), stream=stream)
                    if stream and not response.is_success:
                        await response.aread()
            except httpx.TransportError as error:
                wait = self.retries.after_error(call, attempt, error)
                if wait is None:
                    raise connection_error(error) from error
            else:
                if response.is_success:
                    return response
                wait = self.retries.after_answer(call, attempt, response)
                if wait is None:
                    raise status_error(response)
            await self._sleep(wait)
            attempt += 1
