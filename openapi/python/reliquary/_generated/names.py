"""What the layer by hand calls models. Generated from openapi/openapi.json by ../../generate: do not edit."""

from .models import Event as Event
from .models import Export as Export
from .models import File as File
from .models import Job as Job
from .models import RewardValidation as Validation
from .models import RewardVersion as RewardVersion
from .models import Rollout as Rollout
from .models import VerificationKeys as VerificationKeys
from .params import RewardSampleInput as SampleInput

__all__ = [
    "Event",
    "Export",
    "File",
    "Job",
    "RewardVersion",
    "Rollout",
    "SampleInput",
    "Validation",
    "VerificationKeys",
]
