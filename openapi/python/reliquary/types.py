"""The models of what the service answers, and the TypedDicts of what it is sent, by their names in the document."""

from ._generated import models as _models
from ._generated import params
from ._generated.models import *  # noqa: F403
from ._generated.models import Event, Export, File, Job, Quote, RewardVersion, Rollout
from ._pages import AsyncPages, Page, Pages

__all__ = [
    *(name for name in vars(_models) if name[:1].isupper() and isinstance(vars(_models)[name], type)),
    "AsyncPages",
    "Event",
    "Export",
    "File",
    "Job",
    "Page",
    "Pages",
    "Quote",
    "RewardVersion",
    "Rollout",
    "params",
]
