"""`skyrl` exports for SkyRL: a generator that generates nothing, for a PromptDataset of the `verl-prompts` export of the same job
(generator.n_samples_per_prompt is the size of the groups); or the output of one, of all rows."""

from collections import deque
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
    """What GeneratorInterface.generate returns for a batch: the rows of all groups, in their order."""
    output: dict[str, Any] = {name: [] for name in LISTS} | {"rollout_metrics": None, "is_last_step": None}
    for row in rows:
        for name in LISTS:
            output[name] += row[name]
    return output


def generator(rows: Iterable[Row]) -> Any:
    """A GeneratorInterface that gives each prompt the next rollout of its group."""
    from skyrl.train.generators.base import GeneratorInterface

    waiting: dict[str, deque[Row]] = {}
    for row in rows:
        for place, name in enumerate(row["trajectory_ids"]):
            waiting.setdefault(name["instance_id"], deque()).append({name: [row[name][place]] for name in LISTS})

    class ReplayGenerator(GeneratorInterface):  # type: ignore[misc]
        async def generate(self, input_batch: Any) -> Any:
            groups = [extras["extra_info"]["group_id"] for extras in input_batch["env_extras"]]
            output = generator_output([waiting[group].popleft() for group in groups])
            return output | {"trajectory_ids": input_batch["trajectory_ids"]}

    return ReplayGenerator()
