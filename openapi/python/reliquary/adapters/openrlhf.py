"""`openrlhf` exports as the responses of OpenRLHF's agent executor (--train.agent_func_path), which generate nothing, for the
prompts of `prompts` (as JSON lines, with the keys `input` and `label` and no chat template)."""

from collections.abc import Iterable
from typing import Any

from . import Row


def prompts(rows: Iterable[Row]) -> list[Row]:
    """The lines of the prompt dataset: an input is the id of a group, which tells groups apart whatever their prompts are."""
    return [{"input": group, "label": label} for group, label in {row["group_id"]: row["labels"] for row in rows}.items()]


def response(row: Row) -> Row:
    """What an executor returns for one sample: its generator makes the Experience of the row from it again."""
    learned = [place + 1 for place, mask in enumerate(row["action_mask"]) if mask]
    return {
        "prompt": row["prompts"],
        "label": row["labels"],
        "images": None,
        "mm_train_inputs": None,
        "reward": row["rewards"],
        "scores": row["scores"],
        "observation_tokens": list(row["sequences"]),
        "action_ranges": [(learned[0], learned[-1] + 1)] if learned else [],
        # its generator drops the first, which nothing predicts
        "rollout_log_probs": [0.0, *row["rollout_log_probs"]],
        "truncated": row["truncated"],
        "extra_logs": {},
    }


def executor(rows: Iterable[Row]) -> type[Any]:
    """A class to export as `AgentExecutor` from the agent's file."""
    from openrlhf.utils.agent import AgentExecutorBase

    waiting: dict[str, list[Row]] = {}
    for row in rows:
        waiting.setdefault(row["group_id"], []).append(row)

    class ReplayExecutor(AgentExecutorBase):  # type: ignore[misc]
        async def execute(self, prompt: str, label: Any, *asked: Any, **more: Any) -> Row:
            if not waiting.get(prompt):
                raise ValueError(f"no rollouts are left of group {prompt}")
            return response(waiting[prompt].pop(0))

    return ReplayExecutor
