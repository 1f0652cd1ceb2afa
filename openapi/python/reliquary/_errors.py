"""What can go wrong, as exceptions. An answer that is no success becomes one by its status, with all that its problem+json says."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx

if TYPE_CHECKING:
    from ._generated.names import Job, RewardVersion


class ReliquaryError(Exception):
    """Anything that this package raises by itself."""


class APIConnectionError(ReliquaryError):
    """The service was not reached, or went away in the middle. What it did of the request is not known."""


class APITimeoutError(APIConnectionError):
    """It took longer than the time that it had."""


@dataclass(frozen=True)
class FieldError:
    """One thing that is wrong with a request."""

    pointer: str
    code: str
    detail: str


class APIStatusError(ReliquaryError):
    """The service answered, and said no."""

    def __init__(self, response: httpx.Response, problem: dict[str, Any]) -> None:
        self.response = response
        self.status: int = response.status_code
        self.problem = problem
        self.code: str | None = problem.get("code")
        self.title: str | None = problem.get("title")
        self.detail: str | None = problem.get("detail")
        self.param: str | None = problem.get("param")
        self.meta: dict[str, Any] = problem.get("meta") or {}
        self.request_id: str | None = problem.get("request_id") or response.headers.get("request-id")
        self.errors = [
            FieldError(one.get("pointer", ""), one.get("code", ""), one.get("detail", ""))
            for one in problem.get("errors") or []
            if isinstance(one, dict)
        ]
        lines = [f"{self.status} {self.code or response.reason_phrase}: {self.detail or self.title or ''}".rstrip(": ")]
        lines += [f"  {one.pointer}: {one.detail} ({one.code})" for one in self.errors]
        if self.request_id:
            lines.append(f"  request {self.request_id}")
        super().__init__("\n".join(lines))


class BadRequestError(APIStatusError):
    """400: the request is not understood."""


class AuthenticationError(APIStatusError):
    """401: no valid API key."""


class InsufficientCreditsError(APIStatusError):
    """402: it may cost more than there is."""


class PermissionDeniedError(APIStatusError):
    """403: the key may not do this."""


class NotFoundError(APIStatusError):
    """404: there is no such thing of yours."""


class ConflictError(APIStatusError):
    """409: it does not go with what is there."""


class GoneError(APIStatusError):
    """410: it was there once."""


class UnprocessableError(APIStatusError):
    """422: understood, and not possible; `errors` names every fault."""


class RateLimitError(APIStatusError):
    """429: too much at once."""


class ServerError(APIStatusError):
    """5xx: the service failed, or cannot now."""


BY_STATUS: dict[int, type[APIStatusError]] = {
    400: BadRequestError,
    401: AuthenticationError,
    402: InsufficientCreditsError,
    403: PermissionDeniedError,
    404: NotFoundError,
    409: ConflictError,
    410: GoneError,
    422: UnprocessableError,
    429: RateLimitError,
}


def status_error(response: httpx.Response) -> APIStatusError:
    """The exception of an answer whose body was read."""
    problem: Any = None
    with contextlib.suppress(ValueError):
        problem = response.json()
    kind = BY_STATUS.get(response.status_code, ServerError if response.status_code >= 500 else APIStatusError)
    return kind(response, problem if isinstance(problem, dict) else {"detail": response.text[:500]})


def connection_error(error: httpx.TransportError) -> APIConnectionError:
    kind = APITimeoutError if isinstance(error, httpx.TimeoutException) else APIConnectionError
    return kind(f"{type(error).__name__}: {error}".rstrip(": "))


class JobEnded(ReliquaryError):
    """A job ended otherwise than as `completed`. What it delivered stays where it was, and was yielded before this."""

    def __init__(self, job: Job) -> None:
        self.job = job
        reason = f" ({job.status_reason})" if job.status_reason else ""
        super().__init__(f"{job.id} is {job.status}{reason}")


class JobFailed(JobEnded):
    pass


class JobExpired(JobEnded):
    """Its deadline passed."""


class JobCancelled(JobEnded):
    pass


def raise_unless_completed(job: Job) -> None:
    kinds = {"failed": JobFailed, "expired": JobExpired, "cancelled": JobCancelled}
    if job.status != "completed":
        raise kinds.get(job.status, JobEnded)(job)


class EventsExpired(ReliquaryError):
    """Events before `oldest_sequence` (of the project: before this place) are kept no more. The rollouts are: `jobs.rollouts`."""

    def __init__(self, job_id: str | None, oldest_sequence: int) -> None:
        self.oldest_sequence = oldest_sequence
        where, instead = (job_id, "read its rollouts instead") if job_id else ("the project", "go on just before that one")
        super().__init__(f"events of {where} before {oldest_sequence} are kept no more: {instead}")


class RewardFunctionRejected(ReliquaryError):
    """A module did not pass; `version.report` says why."""

    def __init__(self, version: RewardVersion) -> None:
        self.version = version
        report = version.report.model_dump(mode="json", exclude_none=True) if version.report else None
        super().__init__(f"version {version.version} was rejected: {report}")


class ExportFailed(ReliquaryError):
    """There will be no file."""


class IntegrityError(ReliquaryError):
    """A file is not what the service says that it is."""


class WebhookVerificationError(ReliquaryError):
    """Not signed by the endpoint's secret, or not now: do not act on it."""
