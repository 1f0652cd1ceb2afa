"""A service that is played by functions: what it was sent is kept, and time does not pass."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from reliquary import AsyncReliquary, Reliquary

Handler = Callable[[httpx.Request], httpx.Response]
URL = "https://service.test"


class Service:
    """Answers with the next of its answers; an exception is raised instead."""

    def __init__(self) -> None:
        self.answers: list[httpx.Response | Exception | Handler] = []
        self.requests: list[httpx.Request] = []
        self.bodies: list[bytes] = []
        self.slept: list[float] = []

    def will(self, *answers: Any) -> None:
        self.answers += answers

    def handle(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        self.bodies.append(request.read())
        return self._answer(request)

    async def handle_async(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        self.bodies.append(await request.aread())
        return self._answer(request)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        assert self.answers, f"nobody expected {request.method} {request.url}"
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer if isinstance(answer, httpx.Response) else answer(request)

    def client(self, **settings: Any) -> Reliquary:
        http = httpx.Client(transport=httpx.MockTransport(self.handle))
        client = Reliquary("rk_live_x", URL, http_client=http, **settings)
        client._sleep = self.slept.append
        return client

    def async_client(self, **settings: Any) -> AsyncReliquary:
        async def sleep(seconds: float) -> None:
            self.slept.append(seconds)

        http = httpx.AsyncClient(transport=httpx.MockTransport(self.handle_async))
        client = AsyncReliquary("rk_live_x", URL, http_client=http, **settings)
        client._sleep = sleep
        return client


@pytest.fixture
def service() -> Iterator[Service]:
    service = Service()
    yield service
    assert not service.answers, "an answer that nobody asked for"


def ok(value: Any, status: int = 200, **headers: str) -> httpx.Response:
    return httpx.Response(status, json=value, headers=headers)


def problem(status: int, code: str, errors: list[dict[str, str]] | None = None, **headers: str) -> httpx.Response:
    body = {"status": status, "code": code, "detail": f"it is {code}", "request_id": "req_1", "errors": errors or []}
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.Response(status, content=json.dumps(body), headers={"content-type": "application/problem+json", **headers})


class Cut(httpx.SyncByteStream, httpx.AsyncByteStream):
    """A body that breaks off."""

    def __init__(self, data: bytes) -> None:
        self.data = data

    def __iter__(self) -> Iterator[bytes]:
        yield self.data
        raise httpx.ReadError("cut")

    async def __aiter__(self):
        yield self.data
        raise httpx.ReadError("cut")


def sse(*messages: bytes, cut: bool = False) -> httpx.Response:
    data = b"retry: 3000\n\n" + b"".join(messages)
    headers = {"content-type": "text/event-stream"}
    return httpx.Response(200, stream=Cut(data), headers=headers) if cut else httpx.Response(200, content=data, headers=headers)


def event(sequence: int, kind: str = "group.accepted", **data: Any) -> bytes:
    return f"id: {sequence}\n".encode() + without_id(sequence, kind, **data)


def without_id(sequence: int, kind: str, job_id: str = "job_1", **data: Any) -> bytes:
    body = {
        "object": "event",
        "id": f"evt_{job_id}_{sequence}",
        "sequence": sequence,
        "type": kind,
        "livemode": True,
        "job_id": job_id,
        "created_at": "2026-11-22T08:00:00Z",
        "data": data,
    }
    text = json.dumps(body, ensure_ascii=False)
    return f"event: {kind}\ndata: {text}\n\n".encode()
