"""verl: its dataset reads our prompts, its worker runs our agent loop and pads what it gives, its trainer's functions make
advantages of it, and its policy loss moves a tiny model. No engine is asked for anything: there is none."""

import asyncio
import json
import pathlib
import shutil
import tempfile

import numpy as np
import tiny
import torch
import verl
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf
from rows import GOLDEN, golden, lines
from verl import DataProto
from verl.experimental.agent_loop.agent_loop import AgentLoopWorker
from verl.trainer.ppo.core_algos import get_policy_loss_fn
from verl.trainer.ppo.ray_trainer import RayPPOTrainer, compute_advantage
from verl.trainer.ppo.rollout_corr_helper import compute_rollout_correction_and_rejection_mask
from verl.utils.config import omega_conf_to_dataclass
from verl.utils.dataset.rl_dataset import RLHFDataset, collate_fn
from verl.utils.torch_functional import logprobs_from_logits

scored = [record for record in golden() if record["reward"] is not None]
folder = pathlib.Path(tempfile.mkdtemp())
model, tokenizer = tiny.model(), tiny.tokenizer()
model.save_pretrained(folder / "model")
tokenizer.save_pretrained(folder / "model")
loop = {"name": "reliquary", "_target_": "reliquary.adapters.verl.agent_loop", "path": str(GOLDEN / "verl.jsonl")}
OmegaConf.save(OmegaConf.create([loop]), folder / "loop.yaml")
rollout = "actor_rollout_ref.rollout"
with initialize_config_dir(str(pathlib.Path(verl.__file__).parent / "trainer/config"), version_base=None):
    config = compose(
        "ppo_trainer",
        [
            f"data.train_files={GOLDEN}/verl-prompts.parquet",
            "data.filter_overlong_prompts=False",
            f"actor_rollout_ref.model.path={folder}/model",
            *(f"{rollout}.{one}" for one in ("name=vllm", "n=3", "prompt_length=5", "response_length=6", "temperature=1")),
            f"{rollout}.calculate_log_probs=True",
            f"{rollout}.agent.agent_loop_config_path={folder}/loop.yaml",
            f"{rollout}.agent.default_agent_loop=reliquary",
            f"{rollout}.agent.num_workers=1",
            "actor_rollout_ref.actor.ppo_micro_batch_size_per_gpu=3",
            "algorithm.adv_estimator=grpo",
        ],
    )

dataset = RLHFDataset(config.data.train_files, tokenizer, config.data)
batch = DataProto.from_single_dict(collate_fn([dataset[0]]))
batch.non_tensor_batch["uid"] = np.array(["u0"], dtype=object)
asked = RayPPOTrainer._get_gen_batch(None, batch).repeat(repeat_times=3, interleave=True)
made = asyncio.run(AgentLoopWorker(config, llm_client=None).generate_sequences(asked))

assert made.batch["prompts"].tolist() == [[0, 0, 10, 11, 12]] * 3
assert made.batch["responses"].dtype == torch.int64
assert made.batch["responses"].tolist() == [[50, 51, 2, 0, 0, 0], [60, 2, 0, 0, 0, 0], [70, 71, 72, 73, 0, 0]]
assert made.batch["response_mask"].tolist() == [[1, 1, 1, 0, 0, 0], [1, 1, 0, 0, 0, 0], [0] * 6]
assert made.batch["attention_mask"].sum(1).tolist() == [6, 5, 7]
assert made.batch["position_ids"][0].tolist() == [0, 0, 0, 1, 2, 3, 4, 5, 5, 5, 5]
logprobs = torch.zeros(3, 6)
for row, record in enumerate(scored):
    logprobs[row, : len(record["behavior_logprobs"])] = torch.tensor(record["behavior_logprobs"])
torch.testing.assert_close(made.batch["rollout_log_probs"], logprobs, rtol=0, atol=0)
# the reward is on the last token of each
assert made.batch["rm_scores"].tolist() == [[0, 0, 1, 0, 0, 0], [0] * 6, [0, 0, 0, 0.5, 0, 0]]
assert made.non_tensor_batch["custom_id"].tolist() == ["prompt-7"] * 3
assert made.non_tensor_batch["rollout_id"].tolist() == [record["id"] for record in scored]

made.batch["token_level_rewards"] = made.batch["rm_scores"]
made = compute_advantage(made, "grpo", num_repeat=3, norm_adv_by_std_in_grpo=True)
rewards = torch.tensor([record["reward"] for record in scored])
advantages = ((rewards - rewards.mean()) / (rewards.std() + 1e-6))[:, None] * made.batch["response_mask"]
torch.testing.assert_close(made.batch["advantages"], advantages)

# at the policy that made them the loss is minus the mean advantage of the five tokens that are learned
logits = model(made.batch["input_ids"], attention_mask=made.batch["attention_mask"], position_ids=made.batch["position_ids"]).logits
now = logprobs_from_logits(logits[:, 4:-1], made.batch["responses"])
actor = omega_conf_to_dataclass(config.actor_rollout_ref.actor)
mask = made.batch["response_mask"]
loss, _ = get_policy_loss_fn("vanilla")(now.detach(), now, made.batch["advantages"], mask, config=actor)
torch.testing.assert_close(loss, -advantages.sum() / 5)
loss.backward()
before = model.lm_head.weight.detach().clone()
torch.optim.SGD(model.parameters(), lr=0.1).step()
assert not torch.equal(before, model.lm_head.weight)
# and against the log-probs that they came with, its correction for the engine weighs each token by itself
corrected, kept, _ = compute_rollout_correction_and_rejection_mask(
    old_log_prob=now.detach(), rollout_log_prob=made.batch["rollout_log_probs"], response_mask=mask, rollout_is="token"
)
weights = (now.detach() - logprobs).exp().clamp(max=2) * mask
torch.testing.assert_close(corrected.batch["rollout_is_weights"], weights)
assert torch.equal(kept, mask)

# what it dumps of these is the same file
rows = lines("verl-dump.jsonl")
column = {name: [row[name] for row in rows] for name in rows[0]}
RayPPOTrainer._write_generations(
    column["input"], column["output"], column["gts"], column["score"], {"uid": column["uid"]}, str(folder), rows[0]["step"]
)
assert [json.loads(line) for line in (folder / f"{rows[0]['step']}.jsonl").open(encoding="utf-8")] == rows
shutil.rmtree(folder)
print("verl: ok, one loop of its worker, GRPO's advantages, one step of its loss")
