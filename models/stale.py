"""Makes the stale checkpoints of `arith-tiny`: what a trainer has 1, 4 and 16 optimiser steps after `current`.

A miner that missed an update runs weights that differ from the verifier's by this little; how little a proof still
notices is what these are for. It continues training at a rate as reinforcement learning uses it, on the model's own
task, and writes weights only, `arith-tiny/steps/{1,4,16}/model.safetensors`: config and tokenizer are `current`'s.

    python3.11 -m venv /tmp/venv
    /tmp/venv/bin/pip install torch==2.15.0 numpy==2.4.6 safetensors==0.8.0 tokenizers==0.23.3
    /tmp/venv/bin/python models/stale.py              # some seconds on one core
    /tmp/venv/bin/python models/stale.py --rate 1e-4 --dry    # only the numbers

AdamW on f32 master weights. Its statistics are warmed up over some batches that do not move the weights: a first step
from cold statistics would move every weight by the full rate, which no running trainer does.
"""

import argparse
import json
import random
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer
from train import CONFIG, HERE, SEED, Qwen3, batches

WRITTEN = (1, 4, 16)


def gradient(model, source):
    ids, want = next(source)
    spots = want.flatten() != -100
    loss = F.cross_entropy(model.logits(model.hidden(ids).flatten(0, 1)[spots]), want.flatten()[spots])
    model.zero_grad(set_to_none=True)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    return loss.item()


def change(model, begun, rounded):
    """How far the weights are from `begun`: before rounding, and as written."""
    masters = torch.cat([model._p(name).detach().flatten() for name in model.names])
    old = torch.cat([begun[name].float().flatten() for name in model.names])
    new = torch.cat([rounded[name].float().flatten() for name in model.names])
    relative = lambda other: ((other - old).norm() / old.norm()).item()
    return {
        "relative_change": float(f"{relative(masters):.3g}"),
        "relative_change_bf16": float(f"{relative(new):.3g}"),
        "entries_changed": round((new != old).float().mean().item(), 5),
    }


def run(rate, warmup, size, out):
    torch.manual_seed(SEED)
    begun = load_file(HERE / "current" / "model.safetensors")
    tok = Tokenizer.from_file(str(HERE / "current" / "tokenizer.json"))
    model, source = Qwen3(CONFIG).load(begun), batches(random.Random(SEED + 5), tok, size)
    adam = torch.optim.AdamW(model.parameters(), lr=0.0, weight_decay=0.0)
    for _ in range(warmup):  # at rate 0 the statistics move and nothing else
        gradient(model, source)
        adam.step()
    assert change(model, begun, model.state())["entries_changed"] == 0
    adam.param_groups[0]["lr"] = rate
    for step in range(1, max(WRITTEN) + 1):
        loss = gradient(model, source)
        adam.step()
        if step in WRITTEN:
            rounded = model.state()
            print(
                json.dumps(
                    {"step": step, "rate": rate, "loss": round(loss, 4), **change(model, begun, rounded)}
                )
            )
            if out:
                folder = out / str(step)
                folder.mkdir(parents=True, exist_ok=True)
                save_file(rounded, folder / "model.safetensors", metadata={"format": "pt"})


def main():
    args = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    args.add_argument("--rate", type=float, default=1e-5)
    args.add_argument("--warmup", type=int, default=50)
    args.add_argument("--batch", type=int, default=64)
    args.add_argument("--out", type=Path, default=HERE / "steps")
    args.add_argument("--dry", action="store_true", help="write nothing")
    args = args.parse_args()
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    run(args.rate, args.warmup, args.batch, None if args.dry else args.out)


if __name__ == "__main__":
    main()
