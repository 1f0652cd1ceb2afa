"""verifiers: our rows are its traces, and their one branch is the training sample that prime-rl makes of it."""

import json

import numpy as np
from rows import golden, lines
from verifiers.v1 import WireTrace

rows = lines("prime-rl-traces.jsonl")
assert len(rows) == 4
for row, record in zip(rows, golden()):
    trace = WireTrace.model_validate_json(json.dumps(row))
    (branch,) = trace.branches
    prompt, completion = record["prompt_ids"], record["completion_ids"]
    assert branch.token_ids == prompt + completion and branch.trainable
    assert branch.sampled_mask == [False] * len(prompt) + [mask == 1 for mask in record["loss_mask"]]
    logprobs = [lp if mask else 0.0 for lp, mask in zip(record["behavior_logprobs"], record["loss_mask"])]
    np.testing.assert_allclose(branch.logprobs, [0.0] * len(prompt) + logprobs, rtol=1e-6)
    if record["advantage"] is not None:
        learned = [record["advantage"] if mask else 0.0 for mask in record["loss_mask"]]
        np.testing.assert_allclose(branch.advantages, [0.0] * len(prompt) + learned)
    assert trace.has_error == (record["reward_error"] is not None)
    assert trace.reward == (record["reward"] or 0)
    assert trace.task.data.prompt == record["prompt_text"]
    assert branch.num_total_tokens == len(prompt) + len(completion)
print("verifiers: ok")
