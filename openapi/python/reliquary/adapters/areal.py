"""`areal` exports as what an AReaL workflow's arun_episode returns: a batch of one, which its trainer pads and joins."""

from typing import Any

from . import Row


def trajectory(row: Row) -> dict[str, Any]:
    """The tensors of RLVRWorkflow, in its kinds."""
    import torch

    kinds = {"logprobs": torch.float32, "rewards": torch.float32, "attention_mask": torch.bool}
    return {name: torch.tensor(value, dtype=kinds.get(name, torch.int32)).unsqueeze(0) for name, value in row.items()}
