"""The client: settings, and the resources of the service as its attributes."""

from __future__ import annotations

from collections.abc import Mapping
from types import TracebackType

import httpx
from typing_extensions import Self

from ._callers import DEFAULT_RETRIES, AsyncCaller, Caller
from ._calls import Timeout
from ._events import AsyncEvents, Events
from ._generated.operations import AsyncResources, Resources
from ._jobs import AsyncJobs, Jobs
from ._resources import AsyncExports, AsyncFiles, AsyncRewardFunctions, Exports, Files, RewardFunctions
from .webhooks import Webhooks


class Reliquary(Caller, Resources):
    """The service, for threads. `api_key` and `base_url` are those of RELIQUARY_API_KEY and RELIQUARY_BASE_URL if not given."""

    jobs: Jobs
    events: Events
    files: Files
    reward_functions: RewardFunctions
    exports: Exports

    def __init__(
        self,
        api_key: str | None = None,
        base_url: str | None = None,
        *,
        timeout: Timeout = None,
        max_retries: int = DEFAULT_RETRIES,
        http_client: httpx.Client | None = None,
        project: str | None = None,
        default_headers: Mapping[str, str] | None = None,
    ) -> None:
        Caller.__init__(self, api_key, base_url, timeout, max_retries, project, default_headers, http_client=http_client)
        Resources.__init__(self, self)
        self.jobs = Jobs(self)
        self.events = Events(self)
        self.files = Files(self)
        self.reward_functions = RewardFunctions(self)
        self.exports = Exports(self)
        self.webhooks = Webhooks()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


class AsyncReliquary(AsyncCaller, AsyncResources):
    """The service, for coroutines."""

    jobs: AsyncJobs
    events: AsyncEvents
    files: AsyncFiles
    reward_functions: AsyncRewardFunctions
    exports: AsyncExports

    def __init__(
        self,
        api_key: str | None = None,
        base_url: str | None = None,
        *,
        timeout: Timeout = None,
        max_retries: int = DEFAULT_RETRIES,
        http_client: httpx.AsyncClient | None = None,
        project: str | None = None,
        default_headers: Mapping[str, str] | None = None,
    ) -> None:
        AsyncCaller.__init__(self, api_key, base_url, timeout, max_retries, project, default_headers, http_client=http_client)
        AsyncResources.__init__(self, self)
        self.jobs = AsyncJobs(self)
        self.events = AsyncEvents(self)
        self.files = AsyncFiles(self)
        self.reward_functions = AsyncRewardFunctions(self)
        self.exports = AsyncExports(self)
        self.webhooks = Webhooks()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self.close()
