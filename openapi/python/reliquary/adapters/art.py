"""`art` exports as ART's trajectory groups. Its own validation leaves choices as dicts, which its trainers do not read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import Row

if TYPE_CHECKING:
    from art.trajectories import Trajectory, TrajectoryGroup


def group(row: Row) -> TrajectoryGroup:
    """A TrajectoryGroup of one row."""
    from art.trajectories import Trajectory, TrajectoryGroup
    from openai.types.chat.chat_completion import Choice

    def trajectory(one: Row) -> Trajectory:
        items = one["messages_and_choices"]
        choices = [Choice.model_validate(item) if "finish_reason" in item else item for item in items]
        return Trajectory(**{**one, "messages_and_choices": choices})

    return TrajectoryGroup([trajectory(one) for one in row["trajectories"]], metadata=row["metadata"])
