"""openrlhf: its engine's actor loads our agent file, its generator makes samples of what the agent answers, its experience
maker makes advantages of them, and its policy loss moves a tiny model. vLLM and FlashAttention, which need CUDA, are stand-ins
that nothing calls; OpenRLHF imports them beside what is used here."""

import asyncio
import pathlib
import sys
import tempfile
import types
from unittest import mock

import tiny
import torch
from rows import GOLDEN, golden, lines

for name in ("vllm", "vllm.inputs", "vllm.utils", "flash_attn", "flash_attn.bert_padding", "flash_attn.utils"):
    sys.modules[name] = mock.MagicMock(__spec__=None, side_effect=AssertionError(name))
sys.modules["flash_attn.utils.distributed"] = mock.MagicMock(__spec__=None)

from openrlhf.models.loss import PolicyLoss  # noqa: E402
from openrlhf.models.utils import log_probs_from_logits  # noqa: E402
from openrlhf.trainer.ppo_utils.experience import Experience, split_experience_batch  # noqa: E402
from openrlhf.trainer.ppo_utils.experience_maker import RemoteExperienceMaker  # noqa: E402
from openrlhf.trainer.ppo_utils.samples_generator import SamplesGenerator  # noqa: E402
from openrlhf.trainer.ray.vllm_engine import _load_agent_executor  # noqa: E402

scored = [record for record in golden() if record["reward"] is not None]
rows = lines("openrlhf.jsonl")
with tempfile.TemporaryDirectory() as folder:
    agent = pathlib.Path(folder) / "agent.py"
    agent.write_text(
        "from reliquary.adapters import openrlhf, read\n"
        f"AgentExecutor = openrlhf.executor(read({str(GOLDEN / 'openrlhf.jsonl')!r}))\n"
    )
    executor = _load_agent_executor(str(agent))


async def answers():
    asked = (rows[0]["group_id"], "42", types.SimpleNamespace(), 32, None, None)
    return [await executor.execute(*asked) for _ in rows]


generator = SamplesGenerator(types.SimpleNamespace(args=None), None, None, None, None)
samples = [generator._process_response_into_experience(answer, max_len=32) for answer in asyncio.run(answers())]
for sample, row in zip(samples, rows, strict=True):
    # every field of the row is what its own generator made
    for name in ("sequences", "attention_mask", "action_mask"):
        found = getattr(sample, name)
        assert found.dtype == torch.int64 and found.tolist() == [row[name]], name
    torch.testing.assert_close(sample.rollout_log_probs, torch.tensor([row["rollout_log_probs"]]), rtol=0, atol=0)
    assert (sample.prompts, sample.labels) == ([row["prompts"]], [row["labels"]])
    assert (sample.rewards.tolist(), sample.scores.tolist()) == ([row["rewards"]], [row["scores"]])
    assert (sample.truncated.tolist(), sample.total_length.tolist()) == ([row["truncated"]], [row["total_length"]])
    # of a sample that must not be learned from it counts nothing
    assert sample.response_length.tolist() == [row["response_length"] if 1 in row["action_mask"] else 0]
batch = Experience.concat_experiences(samples, pad_token_id=tiny.PAD)
assert batch.sequences.tolist() == [
    [10, 11, 12, 50, 51, 2, 0],
    [10, 11, 12, 60, 2, 0, 0],
    [10, 11, 12, 70, 71, 72, 73],
]
assert batch.action_mask.tolist() == [[0, 0, 1, 1, 1, 0], [0, 0, 1, 1, 0, 0], [0] * 6]
torch.testing.assert_close(batch.rollout_log_probs[0], torch.tensor([0, 0, -0.1, -0.2, -0.3, 0]))

model = tiny.model()
logits = model(batch.sequences, attention_mask=batch.attention_mask).logits
now = log_probs_from_logits(logits[:, :-1], batch.sequences[:, 1:])
batch.kl, batch.index = torch.zeros_like(now), [0, 1, 2]
space = types.SimpleNamespace
advantage = space(estimator="group_norm", gamma=1.0, lambd=1.0)
args = space(
    rollout=space(n_samples_per_prompt=3),
    reward=space(clip_range=None, overlong_buffer_len=None, stop_properly_penalty_coef=None),
    algo=space(advantage=advantage),
)
maker = space(
    strategy=space(args=args),
    kl_ctl=space(value=0.0),
    advantage_estimator="group_norm",
    get_cumulative_returns=lambda *given: RemoteExperienceMaker.get_cumulative_returns(None, *given),
)
(batch,) = RemoteExperienceMaker.compute_advantages_and_returns(maker, [batch])
rewards = torch.tensor([record["reward"] for record in scored])
advantages = (rewards - rewards.mean()) / (rewards.std() + 1e-9)
torch.testing.assert_close(batch.advantages * batch.action_mask, advantages[:, None] * batch.action_mask)
assert len(split_experience_batch(batch)) == 3
loss = PolicyLoss()(now, now.detach(), batch.advantages, batch.action_mask)[0]
torch.testing.assert_close(loss, -(3 * advantages[0] + 2 * advantages[1]) / 5)
loss.backward()
before = model.lm_head.weight.detach().clone()
torch.optim.SGD(model.parameters(), lr=0.1).step()
assert not torch.equal(before, model.lm_head.weight)
print("openrlhf: ok, its agent, samples, advantages, one step of its loss")
