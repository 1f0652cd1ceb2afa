"""What takes or gives files: uploads, reward functions, exports. The rest of these resources is generated."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ._calls import Call, Id, Timeout, id_of, segment
from ._downloads import fetch, fetch_async
from ._errors import APITimeoutError, ExportFailed, ReliquaryError, RewardFunctionRejected
from ._generated import names, operations
from ._uploads import PART_BYTES, Upload, form, name_of, part_of, size

# The service answers sooner when there is something to say.
WAIT_S = 20
POLL_S = 0.5


# ---- files ----


def _file_call(file: Upload, purpose: str, filename: str, idempotency_key: str | None, timeout: Timeout) -> Call:
    parts = form("file", file, filename, {"purpose": purpose})
    return Call("POST", "/v1/files", form=parts, is_keyed=True, idempotency_key=idempotency_key, timeout=timeout)


def _begin_call(name: str, purpose: str, length: int, idempotency_key: str | None) -> Call:
    body = {"filename": name, "purpose": purpose, "bytes": length, "mime_type": "application/octet-stream"}
    return Call("POST", "/v1/uploads", body=body, is_keyed=True, idempotency_key=idempotency_key)


def _part_call(upload: str, file: Upload, start: int, timeout: Timeout) -> Call:
    # sent twice it is two parts, of which one is named: it may be sent again
    parts = form("data", part_of(file, start, PART_BYTES), "part", {})
    return Call("POST", f"/v1/uploads/{segment(upload)}/parts", form=parts, timeout=timeout)


def _complete_call(upload: str, parts: list[str], timeout: Timeout) -> Call:
    return Call("POST", f"/v1/uploads/{segment(upload)}/complete", body={"part_ids": parts}, timeout=timeout)


def _cancel_call(upload: str) -> Call:
    return Call("POST", f"/v1/uploads/{segment(upload)}/cancel", max_retries=0)


class Files(operations.FilesOperations):
    def upload(
        self,
        file: Upload,
        *,
        purpose: str,
        filename: str = "upload",
        idempotency_key: str | None = None,
        timeout: Timeout = 600.0,
    ) -> names.File:
        """Sends a file: a path, bytes, or what was opened in binary mode. One above 64 MiB goes in parts, each of which is
        sent again by itself where that helps."""
        length = size(file)
        if length > PART_BYTES:
            return self._upload_parts(file, length, purpose, name_of(file, filename), idempotency_key, timeout)
        return self._client.request_as(_file_call(file, purpose, filename, idempotency_key, timeout), names.File)

    def _upload_parts(
        self, file: Upload, length: int, purpose: str, name: str, idempotency_key: str | None, timeout: Timeout
    ) -> names.File:
        begin = _begin_call(name, purpose, length, idempotency_key)
        upload: str = self._client.request(begin).json()["id"]
        try:
            calls = (_part_call(upload, file, start, timeout) for start in range(0, length, PART_BYTES))
            parts: list[str] = [self._client.request(call).json()["id"] for call in calls]
            done = self._client.request(_complete_call(upload, parts, timeout)).json()
        except BaseException:
            with suppress(ReliquaryError):
                self._client.request(_cancel_call(upload))
            raise
        return names.File.model_validate(done["file"])

    def download(self, file: Id, path: str | Path) -> Path:
        """Writes the content of a file to `path`."""
        return fetch(self._client, Call("GET", f"/v1/files/{segment(file)}/content"), Path(path))


class AsyncFiles(operations.AsyncFilesOperations):
    async def upload(
        self,
        file: Upload,
        *,
        purpose: str,
        filename: str = "upload",
        idempotency_key: str | None = None,
        timeout: Timeout = 600.0,
    ) -> names.File:
        """As `Files.upload`."""
        length = size(file)
        if length > PART_BYTES:
            return await self._upload_parts(file, length, purpose, name_of(file, filename), idempotency_key, timeout)
        return await self._client.request_as(_file_call(file, purpose, filename, idempotency_key, timeout), names.File)

    async def _upload_parts(
        self, file: Upload, length: int, purpose: str, name: str, idempotency_key: str | None, timeout: Timeout
    ) -> names.File:
        begin = _begin_call(name, purpose, length, idempotency_key)
        upload: str = (await self._client.request(begin)).json()["id"]
        try:
            calls = (_part_call(upload, file, start, timeout) for start in range(0, length, PART_BYTES))
            parts: list[str] = [(await self._client.request(call)).json()["id"] for call in calls]
            done = (await self._client.request(_complete_call(upload, parts, timeout))).json()
        except Exception:
            # who is cancelled has no time for that: the upload is given up after an hour
            with suppress(ReliquaryError):
                await self._client.request(_cancel_call(upload))
            raise
        return names.File.model_validate(done["file"])

    async def download(self, file: Id, path: str | Path) -> Path:
        """As `Files.download`."""
        return await fetch_async(self._client, Call("GET", f"/v1/files/{segment(file)}/content"), Path(path))


# ---- reward functions ----


def _module_call(
    path: str, module: Upload, fields: dict[str, Any], is_keyed: bool, idempotency_key: str | None, timeout: Timeout
) -> Call:
    parts = form("module", module, "reward.wasm", fields)
    return Call("POST", path, form=parts, is_keyed=is_keyed, idempotency_key=idempotency_key, timeout=timeout)


def _version_call(version: names.RewardVersion) -> Call:
    path = f"/v1/reward_functions/{segment(version.function_id)}/versions/{version.version}"
    return Call("GET", path, query={"wait_s": WAIT_S})


def _is_validated(version: names.RewardVersion, until: float) -> bool:
    """True when it is ready. Raises when it was rejected, or is not done in time."""
    if version.state == "rejected":
        raise RewardFunctionRejected(version)
    if version.state != "ready" and time.monotonic() > until:
        raise APITimeoutError(f"version {version.version} is still {version.state}")
    return version.state == "ready"


class RewardFunctions(operations.RewardFunctionsOperations):
    def upload_version(
        self,
        function: Id,
        module: Upload,
        *,
        samples: Sequence[names.SampleInput] | None = None,
        description: str | None = None,
        source_url: str | None = None,
        wasi: str | None = None,
        wait_s: float = 120.0,
        idempotency_key: str | None = None,
        timeout: Timeout = None,
    ) -> names.RewardVersion:
        """Sends a WebAssembly module and waits until it may be used; `RewardFunctionRejected` says why it may not. With
        `wait_s=0` it is not waited for."""
        fields = {"samples": samples, "description": description, "source_url": source_url, "wasi": wasi}
        path, until = f"/v1/reward_functions/{segment(function)}/versions", time.monotonic() + wait_s
        call = _module_call(path, module, fields, True, idempotency_key, timeout)
        version = self._client.request_as(call, names.RewardVersion)
        while wait_s > 0 and not _is_validated(version, until):
            version = self._client.request_as(_version_call(version), names.RewardVersion)
        return version

    def validate(
        self, module: Upload, *, samples: Sequence[names.SampleInput] | None = None, wasi: str | None = None
    ) -> names.Validation:
        """Whether a module would be taken; nothing is kept."""
        fields = {"samples": samples, "wasi": wasi}
        call = _module_call("/v1/reward_functions/validate", module, fields, False, None, None)
        return self._client.request_as(call, names.Validation)


class AsyncRewardFunctions(operations.AsyncRewardFunctionsOperations):
    async def upload_version(
        self,
        function: Id,
        module: Upload,
        *,
        samples: Sequence[names.SampleInput] | None = None,
        description: str | None = None,
        source_url: str | None = None,
        wasi: str | None = None,
        wait_s: float = 120.0,
        idempotency_key: str | None = None,
        timeout: Timeout = None,
    ) -> names.RewardVersion:
        """As `RewardFunctions.upload_version`."""
        fields = {"samples": samples, "description": description, "source_url": source_url, "wasi": wasi}
        path, until = f"/v1/reward_functions/{segment(function)}/versions", time.monotonic() + wait_s
        call = _module_call(path, module, fields, True, idempotency_key, timeout)
        version = await self._client.request_as(call, names.RewardVersion)
        while wait_s > 0 and not _is_validated(version, until):
            version = await self._client.request_as(_version_call(version), names.RewardVersion)
        return version

    async def validate(
        self, module: Upload, *, samples: Sequence[names.SampleInput] | None = None, wasi: str | None = None
    ) -> names.Validation:
        """As `RewardFunctions.validate`."""
        fields = {"samples": samples, "wasi": wasi}
        call = _module_call("/v1/reward_functions/validate", module, fields, False, None, None)
        return await self._client.request_as(call, names.Validation)


# ---- exports ----


def _is_written(export: names.Export, until: float) -> bool:
    """True when the file is there. Raises when there will be none, or it takes too long."""
    if export.state == "failed":
        raise ExportFailed(f"{export.id}: {export.error}")
    if export.state != "ready" and time.monotonic() > until:
        raise APITimeoutError(f"{export.id} is still {export.state}")
    return export.state == "ready"


def _content_call(export: names.Export) -> Call:
    if export.download_url is None:
        raise ReliquaryError(f"{export.id} has no file")
    # on this host, whatever it is called from here; the link carries its own right
    parts = urlsplit(export.download_url)
    return Call("GET", f"{parts.path}?{parts.query}" if parts.query else parts.path)


class Exports(operations.ExportsOperations):
    def wait(self, export: Id, *, wait_s: float = 600.0) -> names.Export:
        """The export when its file is there."""
        until = time.monotonic() + wait_s
        while not _is_written(now := self.retrieve(id_of(export)), until):
            self._client._sleep(POLL_S)
        return now

    def download(self, export: Id, path: str | Path, *, wait_s: float = 600.0) -> Path:
        """Waits for the file, writes it to `path` and checks its hash. What was there of it before is gone on with."""
        ready = self.wait(export, wait_s=wait_s)
        return fetch(self._client, _content_call(ready), Path(path), ready.sha256)


class AsyncExports(operations.AsyncExportsOperations):
    async def wait(self, export: Id, *, wait_s: float = 600.0) -> names.Export:
        """As `Exports.wait`."""
        until = time.monotonic() + wait_s
        while not _is_written(now := await self.retrieve(id_of(export)), until):
            await self._client._sleep(POLL_S)
        return now

    async def download(self, export: Id, path: str | Path, *, wait_s: float = 600.0) -> Path:
        """As `Exports.download`."""
        ready = await self.wait(export, wait_s=wait_s)
        return await fetch_async(self._client, _content_call(ready), Path(path), ready.sha256)
