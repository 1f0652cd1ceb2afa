"""skyrl: its trainer reads our prompts, is given our rollouts by our generator, and makes its training batch and advantages of
them; its policy loss moves a tiny model. Its workers need GPUs: the model's own log-probs are made here."""

import asyncio
import types

import tiny
import torch
from reliquary.adapters import skyrl
from rows import GOLDEN, golden, lines
from skyrl.backends.skyrl_train.utils.ppo_utils import PolicyLossRegistry
from skyrl.train.config import SkyRLTrainConfig
from skyrl.train.dataset import PromptDataset
from skyrl.train.generators.utils import prepare_generator_input
from skyrl.train.trainer import RayPPOTrainer

scored = [record for record in golden() if record["reward"] is not None]
tokenizer = tiny.tokenizer()
config = SkyRLTrainConfig.from_cli_overrides(
    [
        "trainer.algorithm.advantage_estimator=grpo",
        "trainer.train_batch_size=1",
        "trainer.policy_mini_batch_size=1",
        "trainer.placement.colocate_all=false",
        "generator.n_samples_per_prompt=3",
        "generator.inference_engine.enable_ray_prometheus_stats=false",
        "trainer.enable_ray_gpu_monitor=false",
        "data.dataloader.num_workers=0",
        "environment.env_class=none",
    ]
)
dataset = PromptDataset([str(GOLDEN / "verl-prompts.parquet")], tokenizer, max_prompt_length=64, num_workers=1)
trainer = RayPPOTrainer(config, None, tokenizer, dataset, None, skyrl.generator(lines("skyrl.jsonl")))
trainer.dispatch = types.SimpleNamespace(get_lcm_dp_size=lambda: 1)
(prompts,) = trainer.train_dataloader
asked, uids = prepare_generator_input(prompts, 3, {}, "none", "train", 1)
output = asyncio.run(trainer.generate(asked))
assert output["trajectory_ids"] == asked["trajectory_ids"]
output, uids = trainer.postprocess_generator_output(output, uids)
batch = trainer.convert_to_training_input(output, uids)

assert batch["sequences"].dtype == torch.int64
assert batch["sequences"].tolist() == [[0, 10, 11, 12, 50, 51, 2], [0, 0, 10, 11, 12, 60, 2], [10, 11, 12, 70, 71, 72, 73]]
assert batch["attention_mask"].sum(1).tolist() == [6, 5, 7]
assert batch["response_mask"].tolist() == [[0, 1, 1, 1], [0, 0, 1, 1], [1, 1, 1, 1]]
assert batch["loss_mask"].dtype == torch.float32
assert batch["loss_mask"].tolist() == [[0, 1, 1, 1], [0, 0, 1, 1], [0, 0, 0, 0]]
assert batch["rewards"].tolist() == [[0, 0, 0, 1], [0, 0, 0, 0], [0, 0, 0, 0.5]]
logprobs = torch.zeros(3, 4)
for row, record in enumerate(scored):
    logprobs[row, 4 - len(record["behavior_logprobs"]) :] = torch.tensor(record["behavior_logprobs"])
torch.testing.assert_close(batch["rollout_logprobs"], logprobs, rtol=0, atol=0)
batch["values"] = None
batch = trainer.compute_advantages_and_returns(batch)
rewards = torch.tensor([record["reward"] for record in scored])
advantages = (rewards - rewards.mean()) / (rewards.std() + 1e-6)
torch.testing.assert_close(batch["advantages"], advantages[:, None] * batch["response_mask"])

model = tiny.model()
positions = (batch["attention_mask"].cumsum(1) - 1).clamp(min=0)
logits = model(batch["sequences"], attention_mask=batch["attention_mask"], position_ids=positions).logits[:, -5:-1]
now = logits.log_softmax(-1).gather(-1, batch["sequences"][:, -4:, None]).squeeze(-1)
algorithm = config.trainer.algorithm
loss, _ = PolicyLossRegistry.get(algorithm.policy_loss_type)(
    now, now.detach(), batch["advantages"], algorithm, batch["loss_mask"], batch["rollout_logprobs"]
)
loss.backward()
before = model.lm_head.weight.detach().clone()
torch.optim.SGD(model.parameters(), lr=0.1).step()
assert not torch.equal(before, model.lm_head.weight)
# how it reduces the loss is its own affair; what is masked has no part in it
masked = torch.zeros_like(batch["advantages"])
masked[2] = 100
moved, _ = PolicyLossRegistry.get(algorithm.policy_loss_type)(
    now, now.detach(), batch["advantages"] + masked, algorithm, batch["loss_mask"], batch["rollout_logprobs"]
)
torch.testing.assert_close(moved, loss)
print("skyrl: ok, its trainer's batch and advantages, one step of its loss")
