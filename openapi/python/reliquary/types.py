"""The models of what the service answers, and the TypedDicts of what it is sent (`params`), by their names in the document."""

from ._events import AsyncEventStream, EventStream
from ._generated import models as _models
from ._generated import params
from ._generated.models import *  # noqa: F403
from ._generated.names import Event, Export, File, Job, RewardVersion, Rollout, SampleInput, Validation, VerificationKeys
from ._pages import AsyncPages, Page, Pages

__all__ = [
    *(name for name, value in vars(_models).items() if isinstance(value, type) and value.__module__ == _models.__name__),
    "AsyncEventStream",
    "AsyncPages",
    "Event",
    "EventStream",
    "Export",
    "File",
    "Job",
    "Page",
    "Pages",
    "RewardVersion",
    "Rollout",
    "SampleInput",
    "Validation",
    "VerificationKeys",
    "params",
]
