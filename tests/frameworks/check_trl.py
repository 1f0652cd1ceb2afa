"""trl: its GRPOTrainer takes a step on a CPU with our rollouts for its rollout_func, and its asynchronous trainer's
queue, batcher and collator make a batch of our samples. Its asynchronous forward pass needs a GPU."""

import queue
import tempfile

import tiny
import torch
from datasets import Dataset
from reliquary.adapters import trl
from rows import golden, lines
from trl import GRPOConfig, GRPOTrainer
from trl.experimental.async_grpo.async_grpo_trainer import DataCollatorForRollout, FixedCountBatcher, RolloutQueueDataset

records = golden()
scored = [record for record in records if record["reward"] is not None]
seen = {}


class Trainer(GRPOTrainer):
    """As it is, but for what it made of the rollouts, which is kept."""

    def _generate_and_score_completions(self, inputs):
        made = super()._generate_and_score_completions(inputs)
        seen.update(made)
        return made


model = tiny.model()
before = model.lm_head.weight.detach().clone()
with tempfile.TemporaryDirectory() as folder:
    trainer = Trainer(
        model=model,
        args=GRPOConfig(
            folder,
            per_device_train_batch_size=3,
            num_generations=3,
            max_completion_length=4,
            max_steps=1,
            learning_rate=1e-2,
            use_cpu=True,
            bf16=False,
            report_to=[],
            save_strategy="no",
        ),
        train_dataset=Dataset.from_list(trl.prompts(lines("trl.jsonl"))),
        processing_class=tiny.tokenizer(),
        rollout_func=trl.rollout_func(lines("trl.jsonl")),
        reward_funcs=[trl.reward],
    )
    done = trainer.train()
# the trainer shuffles what it makes into its micro-batches only after this
assert seen["prompt_ids"].tolist() == [[10, 11, 12]] * 3 and seen["prompt_mask"].tolist() == [[1, 1, 1]] * 3
assert seen["completion_ids"].dtype == torch.int64
assert seen["completion_ids"].tolist() == [[50, 51, 2, 0], [60, 2, 0, 0], [70, 71, 72, 73]]
assert seen["completion_mask"].tolist() == [[1, 1, 1, 0], [1, 1, 0, 0], [1, 1, 1, 1]]
assert (seen["completion_mask"] * seen["tool_mask"]).tolist() == [[1, 1, 1, 0], [1, 1, 0, 0], [0, 0, 0, 0]]
logprobs = torch.zeros(3, 4)
for row, record in enumerate(scored):
    logprobs[row, : len(record["behavior_logprobs"])] = torch.tensor(record["behavior_logprobs"])
assert seen["sampling_per_token_logps"].dtype == torch.float32
torch.testing.assert_close(seen["sampling_per_token_logps"], logprobs, rtol=0, atol=0)
rewards = torch.tensor([record["reward"] for record in scored])
advantages = (rewards - rewards.mean()) / (rewards.std() + 1e-4)
torch.testing.assert_close(seen["advantages"], advantages)
assert seen["num_items_in_batch"].item() == 5
# minus the mean advantage of the five tokens that are learned, of nine
torch.testing.assert_close(done.training_loss, -(3 * advantages[0] + 2 * advantages[1]).item() / 5)
assert done.global_step == 1 and not torch.equal(before, model.lm_head.weight)

waiting = queue.Queue()
for row in lines("trl-async.jsonl"):
    waiting.put(trl.sample(row))
samples = RolloutQueueDataset(waiting, lambda: 0, lambda _: None, 1.0, metrics := trainer._metrics["train"])
(rows,) = micro = next(iter(FixedCountBatcher(samples, num_processes=1, microbatch_size=4)))
batch = DataCollatorForRollout(pad_token_id=tiny.PAD, metrics=metrics).torch_call([micro])
# a prefix tree: the prompt is in it once, but for its last token, which each completion continues in its own way
assert batch["input_ids"].tolist() == [[10, 11, 12, 50, 51, 2, 12, 60, 2, 12, 70, 71, 72, 73, 12, 80, 2]]
assert batch["position_ids"].tolist() == [[0, 1, 2, 3, 4, 5, 2, 3, 4, 2, 3, 4, 5, 6, 2, 3, 4]]
learned = {2: 50, 3: 51, 4: 2, 6: 60, 7: 2}
assert batch["shift_labels"].tolist() == [[learned.get(place, -100) for place in range(17)]]
assert batch["token_index"].tolist() == [list(learned)] and batch["segment_id"].tolist() == [[0, 0, 0, 1, 1]]
torch.testing.assert_close(batch["old_log_probs"], torch.tensor([[-0.1, -0.2, -0.3, -0.1, -0.2]]))
torch.testing.assert_close(batch["advantages"], torch.tensor([[1.25, 1.25, 1.25, -0.75, -0.75]]))
print("trl: ok, one step of GRPOTrainer; a batch of the asynchronous one")
