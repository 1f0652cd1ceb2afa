"""`trl` exports as the rollouts of TRL's GRPOTrainer: GRPOTrainer(rollout_func=rollout_func(rows), reward_funcs=[reward], …)."""

from collections.abc import Callable, Iterable
from typing import Any

from . import Row


def text_of(prompt: str | list[Row]) -> str:
    """A prompt of the trainer's dataset as the text that it has in an export."""
    return prompt if isinstance(prompt, str) else str(prompt[-1]["content"])


def rollout_func(rows: Iterable[Row]) -> Callable[[list[Any], Any], dict[str, list[Any]]]:
    """Gives each prompt its next `num_generations` rollouts, as the trainer wants them: per prompt, side by side."""
    waiting: dict[str, list[Row]] = {}
    for row in rows:
        waiting.setdefault(row["prompt"], []).append(row)

    def rollouts(prompts: list[Any], trainer: Any) -> dict[str, list[Any]]:
        chosen: list[Row] = []
        for prompt in prompts:
            of_prompt, count = waiting.get(text_of(prompt), []), trainer.num_generations
            if len(of_prompt) < count:
                raise ValueError(f"{len(of_prompt)} of {count} rollouts are left of prompt {text_of(prompt)!r}")
            chosen += of_prompt[:count]
            del of_prompt[:count]
        names = ("prompt_ids", "completion_ids", "logprobs", "env_mask", "reward")
        return {name: [row[name] for row in chosen] for name in names}

    return rollouts


def reward(completions: Any, reward: list[float], **_: Any) -> list[float]:
    """The rewards that the rollouts came with."""
    return reward
