"""Verified rollouts for reinforcement learning: the client of the Reliquary service.

from reliquary import Reliquary

client = Reliquary()
job = client.jobs.create(prompts=[{"text": "40 + 2 = "}], sampling={"n": 8, "max_tokens": 32})
for rollout in client.jobs.stream(job):
    ...
"""

from . import types
from ._client import AsyncReliquary, Reliquary
from ._errors import (
    APIConnectionError,
    APIStatusError,
    APITimeoutError,
    AuthenticationError,
    BadRequestError,
    ConflictError,
    EventsExpired,
    ExportFailed,
    FieldError,
    GoneError,
    InsufficientCreditsError,
    IntegrityError,
    JobCancelled,
    JobEnded,
    JobExpired,
    JobFailed,
    NotFoundError,
    PermissionDeniedError,
    RateLimitError,
    ReliquaryError,
    RewardFunctionRejected,
    ServerError,
    UnprocessableError,
    WebhookVerificationError,
)
from ._verify import VerificationFailed, verify
from ._version import VERSION as __version__

__all__ = [
    "APIConnectionError",
    "APIStatusError",
    "APITimeoutError",
    "AsyncReliquary",
    "AuthenticationError",
    "BadRequestError",
    "ConflictError",
    "EventsExpired",
    "ExportFailed",
    "FieldError",
    "GoneError",
    "InsufficientCreditsError",
    "IntegrityError",
    "JobCancelled",
    "JobEnded",
    "JobExpired",
    "JobFailed",
    "NotFoundError",
    "PermissionDeniedError",
    "RateLimitError",
    "Reliquary",
    "ReliquaryError",
    "RewardFunctionRejected",
    "ServerError",
    "UnprocessableError",
    "VerificationFailed",
    "WebhookVerificationError",
    "__version__",
    "types",
    "verify",
]
