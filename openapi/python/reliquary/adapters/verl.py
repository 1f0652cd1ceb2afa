"""`verl` exports as verl's agent loop, for prompts of the `verl-prompts` export of the same job. The file that
actor_rollout_ref.rollout.agent.agent_loop_config_path names has `- {name: reliquary, _target_:
reliquary.adapters.verl.agent_loop, path: rollouts.jsonl}`; set agent.default_agent_loop=reliquary, agent.num_workers=1 (workers
know nothing of what others have given) and rollout.n to the size of the groups."""

from collections import deque
from collections.abc import Iterable
from functools import cache
from typing import Any

from . import Row, read


def by_prompt(rows: Iterable[Row]) -> dict[str, deque[Row]]:
    """The rows of each prompt by their uid, which `verl-prompts` has as extra_info.group_id."""
    groups: dict[str, deque[Row]] = {}
    for row in rows:
        groups.setdefault(row["extra_fields"]["uid"], deque()).append(row)
    return groups


@cache
def waiting(path: str) -> dict[str, deque[Row]]:
    """What is left of a file: verl makes a loop anew for each rollout."""
    return by_prompt(read(path))


def agent_loop(path: str, **given: Any) -> Any:
    """A loop whose run gives the next rollout of its prompt, and generates nothing."""
    from verl.experimental.agent_loop.agent_loop import AgentLoopBase, AgentLoopOutput

    class ReplayAgentLoop(AgentLoopBase):  # type: ignore[misc]
        async def run(self, sampling_params: Any, **kwargs: Any) -> Any:
            group = kwargs["extra_info"]["group_id"]
            if not waiting(path).get(group):
                raise ValueError(f"no rollouts are left of group {group}")
            return AgentLoopOutput(**waiting(path)[group].popleft())

    return ReplayAgentLoop(**given)
