#!/usr/bin/env python3
"""Makes vectors.json: advantages as the frameworks' own code computes them.

Opt-in; nothing in the build runs it. It wants torch and numpy, and a folder with these wheels:

    pip download --no-deps -d WHEELS trl==1.16.0 verl==0.9.1 openrlhf==0.11.2
    python make.py WHEELS > vectors.json

Functions are cut out of the wheels and run as they are ("run"). What has no wheel with code in it is written down here as a
formula, with the commit that it was read at ("transcribed"). Everything is in float64, but where a framework casts itself.
"""

import ast
import itertools
import json
import pathlib
import sys
import types
import typing
import zipfile
from collections import defaultdict

import numpy as np
import torch

torch.set_default_dtype(torch.float64)
WHEELS = pathlib.Path(sys.argv[1])


def source(wheel, path):
    (found,) = WHEELS.glob(wheel + "-*.whl")
    with zipfile.ZipFile(found) as archive:
        (name,) = [name for name in archive.namelist() if name.endswith(path)]
        return ast.parse(archive.read(name))


def cut(tree, names, scope):
    """Runs the definitions of these functions alone, without their decorators."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and node.name in names:
            node.decorator_list = []
            exec(compile(ast.Module([node], []), "wheel", "exec"), scope)
    return [scope[name] for name in names]


def scope():
    return {"torch": torch, "np": np, "defaultdict": defaultdict, "itertools": itertools, "List": typing.List,
            "Optional": typing.Optional, "AlgoConfig": object, "Experience": object}


# Rewards and lengths of groups of one size, for frameworks that want it so; halves and quarters have no rounding.
SQUARE = [
    ([1.0, 0.0, 0.0, 1.0], [3, 5, 2, 4]),
    ([0.5, 0.5, 0.5, 0.5], [1, 2, 3, 4]),
    ([0.0, 0.0, 0.0, 1.0], [6, 1, 1, 2]),
    ([-1.0, 0.25, 2.0, 0.25], [2, 2, 7, 1]),
]
RAGGED = SQUARE + [([1.0], [3]), ([0.25, 1.0], [1, 9]), ([2.0, 0.0, 1.0, 1.0, 0.5, 0.0], [1, 1, 2, 3, 5, 8])]
FAILED = [([1.0, None, 0.0, 1.0], [1, 1, 1, 1]), ([None, None, None, 1.0], [1, 1, 1, 1]),
          ([None, None, None, None], [1, 1, 1, 1])]
COMPONENTS = {"correct": [1.0, 0.0, 0.0, 1.0, 0.5, 0.5, 0.5, 0.5, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 0.0, 0.0],
              "format": [0.0, 0.25, 1.0, 0.5, 1.0, 0.0, 0.0, 1.0, 0.5, 0.5, 0.5, 0.5, 0.0, 2.0, 0.0, 1.0]}
WEIGHTS = {"correct": 1.0, "format": 0.5}
vectors = []


def add(framework, how, method, groups, advantages, eps, std_ddof=1, tolerance=1e-9, components=None):
    flat = iter(np.asarray(advantages, dtype=np.float64).tolist())
    rows, at = [], 0
    for rewards, tokens in groups:
        row = {"rewards": rewards, "tokens": tokens, "advantages": [next(flat) for _ in rewards]}
        if components:
            row["components"] = [{name: values[at + i] for name, values in components.items()}
                                 for i in range(len(rewards))]
        at += len(rewards)
        rows.append(row)
    vectors.append({"framework": framework, "how": how, "method": method, "eps": eps, "std_ddof": std_ddof,
                    "component_weights": WEIGHTS if components else {}, "tolerance": tolerance, "batch": rows})


def flat(groups):
    rewards = torch.tensor([r for rewards, _ in groups for r in rewards])
    tokens = [t for _, tokens in groups for t in tokens]
    index = np.array([i for i, (rewards, _) in enumerate(groups) for _ in rewards])
    return rewards, tokens, index


def verl():
    own = scope()
    names = ["masked_sum", "masked_mean", "masked_var", "masked_whiten"]
    own["verl_F"] = types.SimpleNamespace(**dict(zip(names, cut(source("verl", "utils/torch_functional.py"), names,
                                                                scope_f := scope()))))
    stem = ["grpo", "grpo_passk", "reinforce_plus_plus_baseline", "rloo", "opo", "reinforce_plus_plus", "gdpo"]
    tree = source("verl", "trainer/ppo/core_algos.py")
    run = dict(zip(stem, cut(tree, [f"compute_{name}_outcome_advantage" for name in stem], own)))

    def call(name, groups, **arguments):
        rewards, tokens, index = flat(groups)
        mask = torch.zeros(len(tokens), max(tokens))
        levels = torch.zeros(len(tokens), max(tokens))
        for i, count in enumerate(tokens):
            mask[i, :count] = 1
            levels[i, count - 1] = rewards[i]
        if name != "reinforce_plus_plus":
            arguments["index"] = index
        advantages, _ = run[name](token_level_rewards=levels, response_mask=mask, **arguments)
        return advantages[:, 0]

    say = ("verl 0.9.1", "run")
    add(*say, "grpo", RAGGED, call("grpo", RAGGED), 1e-6)
    add(*say, "dr_grpo", RAGGED, call("grpo", RAGGED, norm_adv_by_std_in_grpo=False), 1e-6)
    add(*say, "rloo", RAGGED, call("rloo", RAGGED), 1e-6)
    add(*say, "opo", RAGGED, call("opo", RAGGED), 1e-6)
    pairs = [group for group in RAGGED if len(group[0]) > 1]
    unscaled = {"config": {"norm_adv_by_std_in_grpo": False}}
    # among equal best ones torch.topk may take any: each of these has but one
    single = [group for group in pairs if group[0].count(max(group[0])) == 1]
    add(*say, "pass_k", single, call("grpo_passk", single, **unscaled), 1e-6)
    add(*say, "reinforce_pp", pairs, call("reinforce_plus_plus", pairs, config=types.SimpleNamespace(gamma=1.0)), 1e-6)
    add(*say, "reinforce_pp_baseline", pairs, call("reinforce_plus_plus_baseline", pairs), 1e-6)
    # verl whitens gdpo over tokens: with one token each that is TRL's normalisation but for where epsilon stands
    ones = [(rewards, [1] * len(rewards)) for rewards, _ in SQUARE]
    count = sum(len(rewards) for rewards, _ in ones)
    batch = {"prompts": torch.zeros(count, 1), "attention_mask": torch.ones(count, 2, dtype=torch.long)}
    config = {"gdpo_reward_keys": list(COMPONENTS), "gdpo_reward_weights": list(WEIGHTS.values())}
    advantages = call("gdpo", ones, config=config, batch=batch,
                      non_tensor_batch={name: np.array(values) for name, values in COMPONENTS.items()})
    add(*say, "gdpo", ones, advantages, 1e-6, tolerance=1e-5, components=COMPONENTS)


def trl():
    tree = source("trl", "trainer/grpo_trainer.py")
    (block,) = [node for node in ast.walk(tree) if isinstance(node, ast.If)
                and ast.unparse(node.test) == "self.multi_objective_aggregation == 'sum_then_normalize'"]
    code = compile(ast.Module([block], []), "wheel", "exec")
    (nanstd,) = cut(source("trl", "trl/trainer/utils.py"), ["nanstd"], scope())

    def call(per_function, weights, scale="group", how="sum_then_normalize"):
        me = types.SimpleNamespace(multi_objective_aggregation=how, scale_rewards=scale, reward_weights=weights,
                                   reward_funcs=[None] * per_function.shape[1])
        own = {"torch": torch, "nanstd": nanstd, "self": me, "device": "cpu", "num_generations": 4,
               "rewards_per_func": per_function, "unscorable_mask": torch.isnan(per_function).all(dim=1)}
        exec(code, own)
        # as the line after the block does
        return torch.nan_to_num(own["advantages"], nan=0.0)

    def one(groups):
        nan = [[float("nan") if r is None else r] for rewards, _ in groups for r in rewards]
        return torch.tensor(nan)

    say, one_weight = ("trl 1.16.0", "run"), torch.ones(1)
    groups = SQUARE + FAILED
    add(*say, "grpo", groups, call(one(groups), one_weight), 1e-4)
    add(*say, "dr_grpo", groups, call(one(groups), one_weight, "none"), 1e-4)
    # a group with one reward that did not fail is none of ours, but part of TRL's batch: none here
    whole = SQUARE + FAILED[:1]
    add(*say, "batch_std", whole, call(one(whole), one_weight, "batch"), 1e-4)
    per_function = torch.tensor(list(COMPONENTS.values())).T
    weights = torch.tensor(list(WEIGHTS.values()))
    add(*say, "gdpo", SQUARE, call(per_function, weights, how="normalize_then_sum"), 1e-4, components=COMPONENTS)


def openrlhf():
    own = scope() | {"apply_length_penalties": lambda experiences, args: None,
                     "compute_reward": lambda reward, *rest, action_mask, **more: reward.unsqueeze(-1) * action_mask}
    tree = source("openrlhf", "openrlhf/trainer/ppo_utils/experience_maker.py")
    (method,) = cut(tree, ["compute_advantages_and_returns"], own)

    def call(estimator, groups):
        rewards, tokens, _ = flat(groups)
        mask = torch.zeros(len(tokens), max(tokens))
        for i, count in enumerate(tokens):
            mask[i, :count] = 1
        advantage = types.SimpleNamespace(estimator=estimator, gamma=1.0, no_std_norm=False)
        args = types.SimpleNamespace(algo=types.SimpleNamespace(advantage=advantage), reward=types.SimpleNamespace(
            clip_range=None), rollout=types.SimpleNamespace(n_samples_per_prompt=4))
        me = types.SimpleNamespace(
            strategy=types.SimpleNamespace(args=args), kl_ctl=types.SimpleNamespace(value=0.0),
            # the rewards are on every token already
            advantage_estimator=estimator, get_cumulative_returns=lambda reward, mask, gamma: reward * mask)
        experience = types.SimpleNamespace(rewards=rewards, index=list(range(len(tokens))), kl=None, info={},
                                           action_mask=mask)
        method(me, [experience])
        return experience.advantages[:, 0]

    say = ("openrlhf 0.11.2", "run")
    add(*say, "grpo", SQUARE, call("group_norm", SQUARE), 1e-9)
    add(*say, "dr_grpo", SQUARE, call("dr_grpo", SQUARE), 1e-6)
    add(*say, "rloo", SQUARE, call("rloo", SQUARE), 1e-6)
    # it casts to float32 and divides by the number of tokens
    add(*say, "reinforce_pp_baseline", SQUARE, call("reinforce_baseline", SQUARE), 1e-6, std_ddof=0, tolerance=1e-5)


def nemo_rl():
    say = ("NVIDIA-NeMo/RL 165f994, algorithms/advantage_estimator.py", "transcribed")
    out = []
    for rewards, _ in RAGGED[:4] + RAGGED[5:]:
        for i, reward in enumerate(rewards):
            others = np.array(rewards[:i] + rewards[i + 1:])
            deviation = others.std(ddof=1) if len(others) > 1 else 0.0
            out.append((reward - others.mean()) / (deviation + 1e-6 if deviation > 0 else 1.0))
    add(*say, "loo_std", RAGGED[:4] + RAGGED[5:], out, 1e-6)
    pairs = RAGGED[:4] + RAGGED[5:]
    rewards, tokens, _ = flat(pairs)
    spread = np.repeat(rewards.numpy(), tokens)
    advantages = (rewards.numpy() - spread.mean()) / np.sqrt(max(spread.var(), 1e-8))
    add(*say, "reinforce_pp", pairs, advantages, 1e-6, std_ddof=0, tolerance=1e-6)


def prime_rl():
    say = ("PrimeIntellect-ai/prime-rl 0d6738f, orchestrator/algo/max_rl.py", "transcribed")
    out = []
    for rewards, _ in RAGGED[:4] + RAGGED[5:]:
        mean = np.mean(rewards)
        out += [(reward - mean) / mean if mean > 0 else 0.0 for reward in rewards]
    add(*say, "max_rl", RAGGED[:4] + RAGGED[5:], out, 0.0)


def overlong():
    (penalise,) = cut(source("openrlhf", "openrlhf/trainer/ppo_utils/length_penalty.py"), ["apply_overlong_penalty"],
                      scope())
    lengths = [0, 1, 383, 384, 385, 400, 448, 511, 512, 600]
    experience = types.SimpleNamespace(response_length=torch.tensor(lengths), rewards=torch.zeros(len(lengths)))
    penalise([experience], 512, 128, 0.75)
    return {"framework": "openrlhf 0.11.2", "how": "run", "max_tokens": 512, "buffer": 128, "factor": 0.75,
            "tokens": lengths, "penalties": experience.rewards.tolist()}


verl()
trl()
openrlhf()
nemo_rl()
prime_rl()
lines = ",\n".join(json.dumps(vector) for vector in vectors)
print(f'{{"torch": "{torch.__version__.split("+")[0]}",\n"overlong": {json.dumps(overlong())},\n"advantages": [\n{lines}\n]}}')
