"""`skyrl` exports as the output of SkyRL's generator: what GeneratorInterface.generate returns for a batch."""

from collections.abc import Iterable
from typing import Any

from . import Row

LISTS = (
    "prompt_token_ids",
    "response_ids",
    "rewards",
    "loss_masks",
    "stop_reasons",
    "rollout_logprobs",
    "trajectory_ids",
)


def generator_output(rows: Iterable[Row]) -> dict[str, Any]:
    """One output of the rows of all groups, in their order."""
    output: dict[str, Any] = {name: [] for name in LISTS} | {"rollout_metrics": None, "is_last_step": None}
    for row in rows:
        for name in LISTS:
            output[name] += row[name]
    return output


def with_trajectory_ids(output: dict[str, Any]) -> dict[str, Any]:
    """The same with SkyRL's own trajectory ids, whose instance is the group."""
    from skyrl.train.generators.base import TrajectoryID

    return output | {"trajectory_ids": [TrajectoryID(**one) for one in output["trajectory_ids"]]}
