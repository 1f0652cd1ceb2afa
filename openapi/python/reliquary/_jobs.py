"""Jobs beyond their single operations: rollouts as they are verified, events, waiting, and the whole of it as a file."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path

from ._calls import Call, Id, id_of, segment
from ._downloads import LINES, fetch, fetch_async
from ._errors import EventsExpired, raise_unless_completed
from ._generated import names, operations
from ._streams import PATIENCE_S, Cursor, Reset, follow, follow_async, rollout_of

VERIFIED = "rollout.verified"
# Of a list that stands for a stream.
LISTED = 100


class Jobs(operations.JobsOperations):
    def stream(self, job: Id, *, starting_after: int = 0, patience: float = PATIENCE_S) -> Iterator[names.Rollout]:
        """Every delivered rollout once, in the order of the job's log, live, until the job ends.

        A cut connection or a restart of the service is resumed from the last event; it raises when the service was away for
        `patience` seconds. When the job does not end as `completed`, `JobFailed`, `JobExpired` or `JobCancelled` is raised
        after all that was delivered.
        """
        job_id = id_of(job)
        cursor = Cursor.of_job(job_id, starting_after, [VERIFIED], "rollout")
        listed: set[str] = set()
        for found in follow(self._client, cursor, patience):
            if isinstance(found, Reset):
                for rollout in self.rollouts(job_id, after=found.after, limit=LISTED):
                    if isinstance(rollout, names.Rollout) and rollout.id not in listed:
                        listed.add(rollout.id)
                        yield rollout
            elif found.type == VERIFIED:
                rollout = rollout_of(found)
                if rollout.id not in listed:
                    yield rollout
        raise_unless_completed(self.retrieve(job_id))

    def stream_events(
        self,
        job: Id,
        *,
        types: Sequence[str] = (),
        include: str | None = None,
        starting_after: int = 0,
        patience: float = PATIENCE_S,
    ) -> Iterator[names.Event]:
        """Every event of the log (of these types) once, in order, live, up to the event that ends it."""
        job_id = id_of(job)
        cursor = Cursor.of_job(job_id, starting_after, types, include)
        for found in follow(self._client, cursor, patience):
            if isinstance(found, Reset):
                if found.is_certain:
                    raise EventsExpired(job_id, found.oldest)
            elif not types or found.type in types:
                yield found

    def wait(self, job: Id, *, patience: float = PATIENCE_S) -> names.Job:
        """The job when it has ended, however it did."""
        for _ in follow(self._client, Cursor.of_job(id_of(job), 0, ["job.completed"]), patience):
            pass
        return self.retrieve(job)

    def download(self, job: Id, path: str | Path, *, include: Sequence[str] = ("reward_module", "manifest")) -> Path:
        """Writes what the job delivered to a file, one record a line: with the module and the manifest of a job that has ended,
        all that `reliquary.verify` needs."""
        return fetch(self._client, _lines(job, include), Path(path))


class AsyncJobs(operations.AsyncJobsOperations):
    async def stream(self, job: Id, *, starting_after: int = 0, patience: float = PATIENCE_S) -> AsyncIterator[names.Rollout]:
        """As `Jobs.stream`."""
        job_id = id_of(job)
        cursor = Cursor.of_job(job_id, starting_after, [VERIFIED], "rollout")
        listed: set[str] = set()
        async for found in follow_async(self._client, cursor, patience):
            if isinstance(found, Reset):
                async for rollout in self.rollouts(job_id, after=found.after, limit=LISTED):
                    if isinstance(rollout, names.Rollout) and rollout.id not in listed:
                        listed.add(rollout.id)
                        yield rollout
            elif found.type == VERIFIED:
                rollout = rollout_of(found)
                if rollout.id not in listed:
                    yield rollout
        raise_unless_completed(await self.retrieve(job_id))

    async def stream_events(
        self,
        job: Id,
        *,
        types: Sequence[str] = (),
        include: str | None = None,
        starting_after: int = 0,
        patience: float = PATIENCE_S,
    ) -> AsyncIterator[names.Event]:
        """As `Jobs.stream_events`."""
        job_id = id_of(job)
        cursor = Cursor.of_job(job_id, starting_after, types, include)
        async for found in follow_async(self._client, cursor, patience):
            if isinstance(found, Reset):
                if found.is_certain:
                    raise EventsExpired(job_id, found.oldest)
            elif not types or found.type in types:
                yield found

    async def wait(self, job: Id, *, patience: float = PATIENCE_S) -> names.Job:
        """As `Jobs.wait`."""
        async for _ in follow_async(self._client, Cursor.of_job(id_of(job), 0, ["job.completed"]), patience):
            pass
        return await self.retrieve(job)

    async def download(self, job: Id, path: str | Path, *, include: Sequence[str] = ("reward_module", "manifest")) -> Path:
        """As `Jobs.download`."""
        return await fetch_async(self._client, _lines(job, include), Path(path))


def _lines(job: Id, include: Sequence[str]) -> Call:
    return Call("GET", f"/v1/jobs/{segment(job)}/rollouts", query={"include": include or None}, headers={"Accept": LINES})
