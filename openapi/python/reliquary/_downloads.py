"""Answers into files: under another name until all of it is there and is what it should be."""

from __future__ import annotations

import hashlib
import os
from dataclasses import replace
from pathlib import Path

import anyio.to_thread
import httpx

from ._callers import AsyncCaller, Caller
from ._calls import Call
from ._errors import IntegrityError, connection_error

LINES = "application/x-ndjson"


class Part:
    """The file while it is fetched. A part that is there already is gone on with, where its hash will be checked."""

    def __init__(self, path: Path, sha256: str | None) -> None:
        self.path, self.sha256 = path, sha256
        self.part = path.with_name(path.name + ".part")
        if sha256 is None:
            self.part.unlink(missing_ok=True)

    def call(self, call: Call) -> Call:
        """Asks for the rest."""
        size = self.part.stat().st_size if self.sha256 and self.part.exists() else 0
        headers = {"Accept": "*/*", **call.headers, "Accept-Encoding": "identity"}
        return replace(call, headers={**headers, "Range": f"bytes={size}-"} if size else headers)

    def mode(self, response: httpx.Response) -> str:
        return "ab" if response.status_code == 206 else "wb"

    def done(self) -> Path:
        if self.sha256 is not None:
            with self.part.open("rb") as file:
                found = hashlib.sha256()
                while chunk := file.read(1 << 20):
                    found.update(chunk)
            if found.hexdigest() != self.sha256:
                self.part.unlink()
                raise IntegrityError(f"{self.path}: its SHA-256 is {found.hexdigest()}, not {self.sha256}")
        os.replace(self.part, self.path)
        return self.path


def fetch(client: Caller, call: Call, path: Path, sha256: str | None = None) -> Path:
    part, attempt = Part(path, sha256), 0
    while True:
        try:
            with client.stream(part.call(call)) as response, part.part.open(part.mode(response)) as file:
                for chunk in response.iter_bytes():
                    file.write(chunk)
            return part.done()
        except httpx.TransportError as error:
            wait = client.retries.after_error(call, attempt, error)
            if wait is None:
                raise connection_error(error) from error
        client._sleep(wait)
        attempt += 1


async def fetch_async(client: AsyncCaller, call: Call, path: Path, sha256: str | None = None) -> Path:
    part, attempt = Part(path, sha256), 0
    while True:
        try:
            async with client.stream(part.call(call)) as response:
                file = await anyio.open_file(part.part, "ab" if part.mode(response) == "ab" else "wb")
                async with file:
                    async for chunk in response.aiter_bytes():
                        await file.write(chunk)
            return await anyio.to_thread.run_sync(part.done)
        except httpx.TransportError as error:
            wait = client.retries.after_error(call, attempt, error)
            if wait is None:
                raise connection_error(error) from error
        await client._sleep(wait)
        attempt += 1
