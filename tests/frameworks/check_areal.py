"""areal: its actor joins and pads our trajectories and makes its advantages of them, and its policy loss moves a tiny model."""

import tiny
import torch
from areal.api.cli_args import NormConfig, PPOActorConfig
from areal.trainer.ppo.actor import PPOActor
from areal.utils.data import concat_padded_tensors
from areal.utils.functional import ppo_actor_loss_fn
from reliquary.adapters import areal
from rows import golden, lines

scored = [record for record in golden() if record["reward"] is not None]
trajectories = [areal.trajectory(row) for row in lines("areal.jsonl")]
assert {name: (tensor.dtype, tuple(tensor.shape)) for name, tensor in trajectories[0].items()} == {
    "input_ids": (torch.int32, (1, 6)),
    "loss_mask": (torch.int32, (1, 6)),
    "logprobs": (torch.float32, (1, 6)),
    "versions": (torch.int32, (1, 6)),
    "attention_mask": (torch.bool, (1, 6)),
    "rewards": (torch.float32, (1,)),
}
norm = NormConfig(mean_level="group", std_level="group", group_size=3)
config = PPOActorConfig(kl_ctl=0.0, reward_norm=norm, adv_norm=None, use_decoupled_loss=False, recompute_logprob=False)
found = PPOActor(config, engine=None).compute_advantages([dict(one) for one in trajectories])
assert len(found) == 3
batch = concat_padded_tensors(found)
assert batch["input_ids"].tolist() == [
    [10, 11, 12, 50, 51, 2, 0],
    [10, 11, 12, 60, 2, 0, 0],
    [10, 11, 12, 70, 71, 72, 73],
]
assert batch["versions"].tolist()[0][:6] == [-1, -1, -1, 0, 0, 0]
# it shifts masks and log-probs to the places that predict them
assert batch["loss_mask"].tolist() == [[0, 0, 1, 1, 1, 0, 0], [0, 0, 1, 1, 0, 0, 0], [0] * 7]
torch.testing.assert_close(batch["logprobs"][0], torch.tensor([0, 0, -0.1, -0.2, -0.3, 0, 0]))
rewards = torch.tensor([record["reward"] for record in scored])
advantages = (rewards - rewards.mean()) / (rewards.std() + 1e-5)
mask = batch["loss_mask"].bool()
torch.testing.assert_close(batch["advantages"] * mask, advantages[:, None] * mask, rtol=1e-4, atol=1e-4)

model = tiny.model()
logits = model(batch["input_ids"].long(), attention_mask=batch["attention_mask"].long()).logits
labels = torch.roll(batch["input_ids"].long(), shifts=-1, dims=-1)
now = logits.log_softmax(-1).gather(-1, labels[..., None]).squeeze(-1)
loss, _ = ppo_actor_loss_fn(now, now.detach(), now.detach(), batch["advantages"], 0.2, mask)
torch.testing.assert_close(loss, -(3 * advantages[0] + 2 * advantages[1]) / 5, rtol=1e-4, atol=1e-4)
loss.backward()
before = model.lm_head.weight.detach().clone()
torch.optim.SGD(model.parameters(), lr=0.1).step()
assert not torch.equal(before, model.lm_head.weight)
print("areal: ok, its actor's advantages, one step of its loss")
