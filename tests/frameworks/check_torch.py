"""torch alone, for frameworks that are on no registry: what NeMo-RL's loss takes, and what slime's loader reads."""

import pathlib
import tempfile

import torch
from reliquary.adapters import nemo_rl, slime
from rows import golden, lines

records = golden()
batch = nemo_rl.train_data(lines("nemo-rl.jsonl"), pad_token_id=0, tensor=torch.tensor)
assert batch["input_ids"].dtype == torch.int64
assert batch["input_ids"].tolist() == [
    [10, 11, 12, 50, 51, 2, 0],
    [10, 11, 12, 60, 2, 0, 0],
    [10, 11, 12, 70, 71, 72, 73],
    [10, 11, 12, 80, 2, 0, 0],
]
assert batch["input_lengths"].tolist() == [6, 5, 7, 5]
assert batch["token_mask"].tolist() == [[0, 0, 0, 1, 1, 1, 0], [0, 0, 0, 1, 1, 0, 0], [0] * 7, [0] * 7]
for name in ("generation_logprobs", "prev_logprobs", "reference_policy_logprobs"):
    assert batch[name].dtype == torch.float32
    torch.testing.assert_close(batch[name][0], torch.tensor([0, 0, 0, -0.1, -0.2, -0.3, 0]))
torch.testing.assert_close(batch["advantages"][0], torch.tensor([0, 0, 0, 1.25, 1.25, 1.25, 0]))

rows = lines("slime.jsonl")
with tempfile.TemporaryDirectory() as folder:
    path = pathlib.Path(folder) / "rollout_0.pt"
    slime.save(rows, path)
    # as its --load-debug-rollout-data does
    assert torch.load(path, weights_only=False) == {"rollout_id": 0, "samples": rows}
for row, record in zip(rows, [record for record in records if record["reward"] is not None], strict=True):
    assert row["tokens"] == record["prompt_ids"] + record["completion_ids"]
    assert row["response_length"] == len(row["loss_mask"]) == len(row["rollout_log_probs"])
print("torch: ok, a batch of NeMo-RL's and a file of slime's")
