"""`trl` exports as the rollouts of TRL's GRPOTrainer: GRPOTrainer(train_dataset=Dataset.from_list(prompts(rows)),
rollout_func=rollout_func(rows), reward_funcs=[reward], …); `trl-async` exports as what AsyncGRPOTrainer's queue takes."""

from collections import Counter, deque
from collections.abc import Callable, Iterable
from typing import Any

from . import Row


def prompts(rows: Iterable[Row]) -> list[Row]:
    """The trainer's dataset. A prompt is the id of a group, which tells groups apart whatever their prompts are."""
    return [{"prompt": group} for group in dict.fromkeys(row["group_id"] for row in rows)]


def rollout_func(rows: Iterable[Row]) -> Callable[[list[Any], Any], dict[str, list[Any]]]:
    """Gives each prompt the next of its rollouts. The trainer asks for a prompt as often as it wants rollouts of it, whatever
    its documentation says of duplicates; processes that share a prompt take turns."""
    waiting: dict[str, deque[Row]] = {}
    for row in rows:
        waiting.setdefault(row["group_id"], deque()).append(row)

    def rollouts(prompts: list[Any], trainer: Any) -> dict[str, list[Any]]:
        wanted, first = [str(prompt) for prompt in prompts], 0
        if trainer.accelerator.num_processes > 1:
            from accelerate.utils import gather_object

            wanted, first = gather_object(wanted), trainer.accelerator.process_index * len(prompts)
        short = sorted(group for group, count in Counter(wanted).items() if len(waiting.get(group, ())) < count)
        if short:
            raise ValueError(f"no rollouts are left of {len(short)} prompts, such as {short[0]!r}")
        chosen = [waiting[group].popleft() for group in wanted][first : first + len(prompts)]
        names = ("prompt_ids", "completion_ids", "logprobs", "env_mask", "reward")
        return {name: [row[name] for row in chosen] for name in names}

    return rollouts


def reward(completions: Any, reward: list[float], **_: Any) -> list[float]:
    """The rewards that the rollouts came with."""
    return reward


def sample(row: Row) -> Any:
    """The RolloutSample of a `trl-async` row: its batcher wants arrays, not lists."""
    import numpy as np
    from trl.experimental.async_grpo.async_rollout_worker import RolloutSample

    kinds = {"input_ids": np.int64, "completion_mask": np.int64, "old_log_probs": np.float32}
    return RolloutSample(**{**row, **{name: np.asarray(row[name], kind) for name, kind in kinds.items()}})
