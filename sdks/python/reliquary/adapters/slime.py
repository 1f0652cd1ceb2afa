"""`slime` exports as the file that slime's --load-debug-rollout-data reads."""


def save(rows, path, rollout_id=0):
    """Writes the .pt: every field that slime's samples have and an export does not is slime's default."""
    import torch

    torch.save({"rollout_id": rollout_id, "samples": list(rows)}, path)
