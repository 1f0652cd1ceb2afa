"""`slime` exports as the file that slime's --load-debug-rollout-data reads."""

import os
from collections.abc import Iterable

from . import Row


def save(rows: Iterable[Row], path: str | os.PathLike[str], rollout_id: int = 0) -> None:
    """Writes the .pt: every field that slime's samples have and an export does not is slime's default."""
    import torch

    torch.save({"rollout_id": rollout_id, "samples": list(rows)}, path)
