"""`nemo-rl` exports as the train data of NeMo-RL's GRPO loss: arrays over prompt and completion, padded on the right."""

from collections.abc import Callable, Iterable
from typing import Any

from . import Row

# the name in train data, the name in the export, and what stands where nothing is
ARRAYS = (
    ("input_ids", "token_ids", None),
    ("advantages", "advantages", 0.0),
    ("prev_logprobs", "prev_logprobs", 0.0),
    ("generation_logprobs", "generation_logprobs", 0.0),
    ("token_mask", "token_loss_mask", 0),
)


def train_data(rows: Iterable[Row], pad_token_id: int, tensor: Callable[[Any], Any] | None = None) -> dict[str, Any]:
    """Rows as one batch of lists; `tensor` (torch.tensor) makes tensors of them.

    Without a reference policy of your own its log-probs are those of the service: no penalty for the first step."""
    rows = list(rows)
    width = max(row["input_lengths"][0] for row in rows)
    make = tensor or (lambda values: values)
    batch = {
        name: make([row[source][0] + [pad_token_id if fill is None else fill] * (width - len(row[source][0])) for row in rows])
        for name, source, fill in ARRAYS
    }
    batch["reference_policy_logprobs"] = batch["prev_logprobs"]
    batch["input_lengths"] = make([row["input_lengths"][0] for row in rows])
    batch["sample_mask"] = make([row["sample_loss_mask"][0] for row in rows])
    return batch
