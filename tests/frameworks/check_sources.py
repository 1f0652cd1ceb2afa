"""Frameworks that need torch, whose only wheels here bring CUDA with them: their own definitions, taken out of their
wheels and run without the rest. SOURCES is a directory with the unpacked wheels, one folder each."""

import ast
import dataclasses
import os
import pathlib
import sys
import types
from typing import Any, Optional

import numpy as np
import pydantic
from rows import golden, lines

sys.path.append(str(pathlib.Path(__file__).parents[2] / "openapi/python/reliquary"))
from adapters import nemo_rl, openrlhf, skyrl, trl, verl  # noqa: E402

SOURCES = pathlib.Path(os.environ["SOURCES"])
scored = [record for record in golden() if record["reward"] is not None]


def tree(path):
    (found,) = SOURCES.glob(path)
    return ast.parse(found.read_text(encoding="utf-8"))


def named(path, name):
    return next(node for node in ast.walk(tree(path)) if getattr(node, "name", None) == name)


def run(path, names, scope):
    """Defines these of a file in a scope of our own."""
    for name in names:
        node = named(path, name)
        node.decorator_list = [one for one in node.decorator_list if "dataclass" in ast.unparse(one)]
        exec(compile(ast.Module([node], []), path, "exec"), scope)
    return [scope[name] for name in names]


# verl: its own pydantic model takes our rows, and gives the fields that its trainer reads
loop = "verl/verl/experimental/agent_loop/agent_loop.py"
scope = {"BaseModel": pydantic.BaseModel, "Optional": Optional, "Any": Any}
_, AgentLoopOutput = run(loop, ["AgentLoopMetrics", "AgentLoopOutput"], scope)
rows = lines("verl.jsonl")
for row, record in zip(rows, scored, strict=True):
    output = AgentLoopOutput(**row)
    assert output.prompt_ids == record["prompt_ids"] and output.response_ids == record["completion_ids"]
    assert output.response_mask == record["loss_mask"] and output.reward_score == record["reward"]
    assert len(output.response_logprobs) == len(output.response_ids)
    assert set(row) <= set(AgentLoopOutput.model_fields)
assert [len(group) for group in verl.by_prompt(rows).values()] == [3]
dump = named("verl/verl/trainer/ppo/ray_trainer.py", "_write_generations")
keys = {node.value for node in ast.walk(dump) if isinstance(node, ast.Constant)}
assert {"input", "output", "gts", "score", "step"} <= keys & set(lines("verl-dump.jsonl")[0])

# skyrl: its own check of a generator's output passes
scope = {"np": np, "logger": types.SimpleNamespace(warning=print), "GeneratorOutput": dict}
scope |= {"_validate_per_token_side_channels": lambda *_: None, "_validate_step_wise_fields": lambda *_: None}
(validate,) = run("skyrl/skyrl/train/utils/trainer_utils.py", ["validate_generator_output"], scope)
output = skyrl.generator_output(lines("skyrl.jsonl"))
validate(len(scored), output)
known = {node.target.id for node in named("skyrl/skyrl/train/generators/base.py", "GeneratorOutput").body if isinstance(node, ast.AnnAssign)}
assert set(output) <= known, set(output) - known
assert output["rewards"] == [record["reward"] for record in scored]

# openrlhf: the fields are its Experience's, and its generator makes the row again from the adapter's response
experience = "openrlhf/**/trainer/ppo_utils/experience.py"
known = {node.target.id for node in named(experience, "Experience").body if isinstance(node, ast.AnnAssign)}
rows = lines("openrlhf.jsonl")
for row in rows:
    assert set(row) <= known, set(row) - known
    response = openrlhf.response(row)
    mask = [0] * len(response["observation_tokens"])
    for start, end in response["action_ranges"]:
        mask[start:end] = [1] * (end - start)
    assert mask[1:] == row["action_mask"]
    assert response["rollout_log_probs"][1:] == row["rollout_log_probs"]
    assert len(row["sequences"]) == len(row["attention_mask"]) == len(row["action_mask"]) + 1
made = named("openrlhf/**/trainer/ppo_utils/samples_generator.py", "_process_response_into_experience")
read = {node.slice.value for node in ast.walk(made) if isinstance(node, ast.Subscript) and ast.unparse(node.value) == "response"}
assert read <= set(openrlhf.response(rows[0])), read

# trl: what its trainer requires of a rollout_func, and the fields of a sample of its asynchronous one
trainer = (SOURCES / "trl/trl/trainer/grpo_trainer.py").read_text(encoding="utf-8")
assert 'required_keys = {"prompt_ids", "completion_ids", "logprobs"}' in trainer
rollouts = trl.rollout_func(lines("trl.jsonl"))([scored[0]["prompt_text"]], types.SimpleNamespace(num_generations=3))
assert {"prompt_ids", "completion_ids", "logprobs"} <= set(rollouts)
assert rollouts["completion_ids"] == [record["completion_ids"] for record in scored]
assert trl.reward(completions=None, **rollouts) == [record["reward"] for record in scored]
scope = {"dataclass": dataclasses.dataclass, "Messages": list, "np": np, "float": float, "str": str}
(Sample,) = run("trl/trl/experimental/async_grpo/async_rollout_worker.py", ["RolloutSample"], scope)
for row in lines("trl-async.jsonl"):
    sample = Sample(**row)
    assert len(sample.input_ids) == len(sample.completion_mask) == len(sample.old_log_probs)

# areal: the keys of the tensors that its workflow returns
workflow = ast.unparse(named("areal/areal/workflow/rlvr.py", "arun_episode"))
for row in lines("areal.jsonl"):
    assert all(f"'{key}': torch." in workflow for key in row), row.keys()
    assert len({len(row[key]) for key in row if key != "rewards"}) == 1

# nemo-rl is on no registry: arrays of a batch have one width
batch = nemo_rl.train_data(lines("nemo-rl.jsonl"), pad_token_id=0)
width = max(batch["input_lengths"])
assert all(len(row) == width for name, rows in batch.items() if name not in ("input_lengths", "sample_mask") for row in rows)
assert np.array(batch["advantages"]).shape == (4, width) == np.array(batch["token_mask"]).shape
print("sources: ok")
