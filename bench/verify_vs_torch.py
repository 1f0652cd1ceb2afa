"""Times PyTorch at the work of our audit: the log-probs of committed tokens, by one f32 prefill on the CPU.

    python bench/verify_vs_torch.py --shape tiny --threads 2 --prompt 64 --group 8 --tokens 128 --json

`reliquary bench proof` runs it with the Python that RELIQUARY_TORCH_PYTHON names, and reads one line from it. That line is
the interface; keep it:

    {"tokens_per_s": 1234.5,        completion tokens (group x tokens) per second: the better variant's median run
     "variant": "cached",           which one that was
     "variants": {"full": {"tokens_per_s": ..., "fastest": ..., "runs": ...}, "cached": {...}},
     "shape": "tiny", "threads": 2, "prompt": 64, "group": 8, "tokens": 128, "torch": "2.15.0"}

Arguments: --shape tiny (the checkpoint models/arith-tiny/current) or 12x1024 (seeded weights: normal, deviation 0.02),
or --checkpoint DIR (a Qwen3 with one or more safetensors files); --threads, --prompt, --group, --tokens; --seconds, the least time for each
variant. Without --json it prints a table. --check FILE compares with the log-probs of delivered rollouts instead of
timing: that is how we know that it does the same work.

Two variants, since sharing the prompt is a trick that anyone can play: `full` runs [group, prompt + tokens] at once,
`cached` runs the prompt once and the completions on its keys and values. Both compute logits only where a
completion token is drawn. The model is written out in plain PyTorch with its fused attention: no compiler, no bf16.
Needs torch and nothing else: python3.11 -m venv V && V/bin/pip install torch==2.15.0
"""

import argparse
import json
import statistics
import struct
import time
from pathlib import Path

import torch
import torch.nn.functional as F

TINY = Path(__file__).parent.parent / "models" / "arith-tiny" / "current"
SEEDED = {
    "hidden_size": 1024,
    "num_hidden_layers": 12,
    "num_attention_heads": 16,
    "num_key_value_heads": 8,
    "head_dim": 64,
    "intermediate_size": 3072,
    "vocab_size": 32000,
    "rms_norm_eps": 1e-6,
    "rope_theta": 1e6,
    "max_position_embeddings": 4096,
    "tie_word_embeddings": True,
}
ROWS = 256  # logits at a time: all of them at once would not fit a cache, nor for long rollouts the memory


# ---- weights ----


def shapes(c):
    hidden, d, wide = c["hidden_size"], c["head_dim"], c["intermediate_size"]
    yield "model.embed_tokens.weight", (c["vocab_size"], hidden)
    for layer in range(c["num_hidden_layers"]):
        for name, shape in {
            "self_attn.q_proj": (c["num_attention_heads"] * d, hidden),
            "self_attn.k_proj": (c["num_key_value_heads"] * d, hidden),
            "self_attn.v_proj": (c["num_key_value_heads"] * d, hidden),
            "self_attn.o_proj": (hidden, c["num_attention_heads"] * d),
            "mlp.gate_proj": (wide, hidden),
            "mlp.up_proj": (wide, hidden),
            "mlp.down_proj": (hidden, wide),
            "input_layernorm": (hidden,),
            "post_attention_layernorm": (hidden,),
            "self_attn.q_norm": (d,),
            "self_attn.k_norm": (d,),
        }.items():
            yield f"model.layers.{layer}.{name}.weight", shape
    yield "model.norm.weight", (hidden,)


def seeded(c):
    torch.manual_seed(0)
    return {
        name: torch.ones(shape) if len(shape) == 1 else torch.randn(shape) * 0.02 for name, shape in shapes(c)
    }


def read_safetensors(path):
    data = bytearray(path.read_bytes())
    (length,) = struct.unpack("<Q", data[:8])
    kinds = {"BF16": torch.bfloat16, "F16": torch.float16, "F32": torch.float32}
    for name, told in json.loads(data[8 : 8 + length]).items():
        if name != "__metadata__":
            begin, end = told["data_offsets"]
            kind = kinds[told["dtype"]]
            count = (end - begin) // kind.itemsize
            flat = torch.frombuffer(data, dtype=kind, count=count, offset=8 + length + begin)
            yield name, flat.reshape(told["shape"]).float()


def load(folder):
    config = json.loads((folder / "config.json").read_text())
    weights = {}
    for path in sorted(folder.glob("*.safetensors")):
        weights.update(read_safetensors(path))
    return config, weights


# ---- the model: Qwen3 ----


class Model:
    def __init__(self, config, weights):
        self.c, self.w = config, weights
        d, positions = config["head_dim"], config["max_position_embeddings"]
        inverse = config["rope_theta"] ** (-torch.arange(0, d, 2).double() / d)
        angle = torch.outer(torch.arange(positions).double(), inverse)
        self.cos, self.sin = (torch.cat([f(angle)] * 2, -1).float() for f in (torch.cos, torch.sin))
        self.head = weights.get("lm_head.weight", weights["model.embed_tokens.weight"])

    def norm(self, x, name):
        return F.rms_norm(x, (x.shape[-1],), self.w[name], self.c["rms_norm_eps"])

    def hidden(self, ids, cache=None):
        """Final states of `ids` [B, T], and the keys and values per layer; after those of `cache`, if given."""
        c, (batch, length) = self.c, ids.shape
        heads, few, d = c["num_attention_heads"], c["num_key_value_heads"], c["head_dim"]
        start = cache[0][0].shape[2] if cache else 0
        cos, sin = self.cos[start : start + length], self.sin[start : start + length]
        mask = torch.ones(length, start + length, dtype=torch.bool).tril(start) if cache else None
        x, kept = F.embedding(ids, self.w["model.embed_tokens.weight"]), []
        for layer in range(c["num_hidden_layers"]):
            at = f"model.layers.{layer}."
            y = self.norm(x, at + "input_layernorm.weight")
            q, k, v = (
                F.linear(y, self.w[f"{at}self_attn.{name}_proj.weight"]).view(batch, length, count, d)
                for name, count in (("q", heads), ("k", few), ("v", few))
            )
            q, k = (
                self.norm(z, f"{at}self_attn.{name}_norm.weight").transpose(1, 2)
                for name, z in (("q", q), ("k", k))
            )
            q, k = (z * cos + torch.cat([-z[..., d // 2 :], z[..., : d // 2]], -1) * sin for z in (q, k))
            v = v.transpose(1, 2)
            if cache:
                k, v = (
                    torch.cat([old.expand(batch, -1, -1, -1), new], 2)
                    for old, new in zip(cache[layer], (k, v))
                )
            kept.append((k, v))
            a = F.scaled_dot_product_attention(q, k, v, mask, is_causal=not cache, enable_gqa=True)
            a = a.transpose(1, 2).reshape(batch, length, heads * d)
            x = x + F.linear(a, self.w[at + "self_attn.o_proj.weight"])
            y = self.norm(x, at + "post_attention_layernorm.weight")
            gate = F.silu(F.linear(y, self.w[at + "mlp.gate_proj.weight"]))
            y = gate * F.linear(y, self.w[at + "mlp.up_proj.weight"])
            x = x + F.linear(y, self.w[at + "mlp.down_proj.weight"])
        return self.norm(x, "model.norm.weight"), kept

    def logprobs(self, states, tokens):
        """Of `tokens` [B, T], drawn from `states` [B, T, hidden]."""
        states, flat = states.flatten(0, 1), tokens.flatten()
        parts = [
            -F.cross_entropy(
                F.linear(states[at : at + ROWS], self.head), flat[at : at + ROWS], reduction="none"
            )
            for at in range(0, len(flat), ROWS)
        ]
        return torch.cat(parts).view(tokens.shape)

    def full(self, prompt, completions):
        ids = torch.cat([prompt.expand(len(completions), -1), completions[:, :-1]], 1)
        states, _ = self.hidden(ids)
        return self.logprobs(states[:, prompt.shape[1] - 1 :], completions)

    def cached(self, prompt, completions):
        first, cache = self.hidden(prompt)
        first = first[:, -1:].expand(len(completions), -1, -1)
        if completions.shape[1] == 1:
            return self.logprobs(first, completions)
        rest, _ = self.hidden(completions[:, :-1], cache)
        return self.logprobs(torch.cat([first, rest], 1), completions)


VARIANTS = {"full": Model.full, "cached": Model.cached}

# ---- what is asked ----


@torch.inference_mode()
def measure(model, prompt, completions, seconds):
    results = {
        name: variant(model, prompt, completions) for name, variant in VARIANTS.items()
    }  # warms up, too
    times = {name: [] for name in VARIANTS}
    # in turns, so that whatever else the machine does falls on both
    while any(sum(took) < seconds or len(took) < 3 for took in times.values()):
        for name, variant in VARIANTS.items():
            began = time.perf_counter()
            variant(model, prompt, completions)
            times[name].append(time.perf_counter() - began)
    rate = lambda took: round(completions.numel() / took, 1)
    out = {
        name: {
            "tokens_per_s": rate(statistics.median(took)),
            "fastest": rate(min(took)),
            "runs": len(took),
        }
        for name, took in times.items()
    }
    apart = (results["full"] - results["cached"]).abs().max().item()
    if apart > 1e-3:
        raise SystemExit(f"the variants are {apart} apart")
    return out


@torch.inference_mode()
def check(model, path):
    """The largest difference from what was delivered, over all rollouts of a file."""
    worst = dict.fromkeys(VARIANTS, 0.0)
    for line in path.read_text().splitlines():
        rollout = json.loads(line)
        prompt, completion = (torch.tensor([rollout[name]]) for name in ("prompt_ids", "completion_ids"))
        claimed = torch.tensor([rollout["behavior_logprobs"]])
        for name, variant in VARIANTS.items():
            apart = (variant(model, prompt, completion) - claimed).abs().max().item()
            worst[name] = max(worst[name], apart)
    return worst


def main():
    arguments = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    arguments.add_argument("--shape", choices=["tiny", "12x1024"], default="tiny")
    arguments.add_argument("--checkpoint", type=Path, help="instead of a shape")
    arguments.add_argument("--threads", type=int, default=2)
    arguments.add_argument("--prompt", type=int, default=64)
    arguments.add_argument("--group", type=int, default=8)
    arguments.add_argument("--tokens", type=int, default=128)
    arguments.add_argument("--seconds", type=float, default=3.0)
    arguments.add_argument("--check", type=Path, metavar="FILE")
    arguments.add_argument("--json", action="store_true")
    args = arguments.parse_args()
    torch.set_num_threads(args.threads)
    folder = args.checkpoint or (TINY if args.shape == "tiny" else None)
    model = Model(*(load(folder) if folder else (SEEDED, seeded(SEEDED))))
    if args.check:
        print(json.dumps({"largest_difference": check(model, args.check)}))
        return
    if args.prompt + args.tokens > model.c["max_position_embeddings"]:
        raise SystemExit(f"the model has {model.c['max_position_embeddings']} positions")
    torch.manual_seed(1)
    ids = lambda *shape: torch.randint(0, model.c["vocab_size"], shape)
    variants = measure(model, ids(1, args.prompt), ids(args.group, args.tokens), args.seconds)
    best = max(variants, key=lambda name: variants[name]["tokens_per_s"])
    told = {name: getattr(args, name) for name in ("threads", "prompt", "group", "tokens")}
    report = {
        "tokens_per_s": variants[best]["tokens_per_s"],
        "variant": best,
        "variants": variants,
        "shape": str(args.checkpoint or args.shape),
        **told,
        "torch": torch.__version__.split("+")[0],
    }
    if args.json:
        print(json.dumps(report))
        return
    for name, told in variants.items():
        print(
            f"{name:8} {told['tokens_per_s']:>10} tokens/s   fastest {told['fastest']:>10}   {told['runs']} runs"
        )


if __name__ == "__main__":
    main()
