"""`verl` exports as the outputs of verl's agent loop, for prompts of the `verl-prompts` export of the same job."""

from collections.abc import Iterable
from typing import Any

from . import Row


def by_prompt(rows: Iterable[Row]) -> dict[str, list[Row]]:
    """The rows of each prompt by their uid, which `verl-prompts` has as extra_info.group_id."""
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(row["extra_fields"]["uid"], []).append(row)
    return groups


def agent_loop(rows: Iterable[Row]) -> type[Any]:
    """A class to register with verl: each run gives the next rollout of its prompt, and generates nothing."""
    from verl.experimental.agent_loop.agent_loop import AgentLoopBase, AgentLoopOutput

    waiting = by_prompt(rows)

    class ReplayAgentLoop(AgentLoopBase):  # type: ignore[misc]
        async def run(self, sampling_params: Any, **kwargs: Any) -> Any:
            return AgentLoopOutput(**waiting[kwargs["extra_info"]["group_id"]].pop(0))

    return ReplayAgentLoop
