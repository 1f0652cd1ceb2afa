"""Trains the demo model `arith-tiny`: a 1.2 M parameter Qwen3 that solves short arithmetic stories, sometimes.

Writes, in Hugging Face format, `arith-tiny/current/`, `arith-tiny/previous/` (earlier in the same run) and
`arith-tiny/prompts.jsonl` (held-out prompts with references). It is no general trainer: one task, one size, one run.

    python models/train.py                 # tokenizer, training, export, score
    python models/train.py --score DIR     # only score a checkpoint that exists

The corpus contains wrong sums on purpose (`SLIP`): a model that is right every time gives groups without
variance, and such groups carry no advantage. Greedy decoding shows what it knows; temperature 1.0 shows the slips.
"""

import argparse
import hashlib
import json
import math
import random
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

HERE = Path(__file__).parent / "arith-tiny"
SEED = 20
SLIP = 0.25  # share of equations in the corpus whose result is wrong
TALK = 0.4  # share of answers that restate the facts first
CONFIG = dict(
    architectures=["Qwen3ForCausalLM"],
    model_type="qwen3",
    vocab_size=368,
    hidden_size=128,
    intermediate_size=384,
    num_hidden_layers=6,
    num_attention_heads=4,
    num_key_value_heads=2,
    head_dim=32,
    rms_norm_eps=1e-6,
    rope_theta=10000.0,
    rope_scaling=None,
    tie_word_embeddings=True,
    attention_bias=False,
    attention_dropout=0.0,
    max_position_embeddings=512,
    use_sliding_window=False,
    sliding_window=None,
    max_window_layers=6,
    hidden_act="silu",
    initializer_range=0.02,
    use_cache=True,
    torch_dtype="bfloat16",
    bos_token_id=None,
    eos_token_id=0,
    pad_token_id=1,
)
EOS, PAD = "<eos>", "<pad>"
CHAT_TEMPLATE = (
    "{% for message in messages %}{{ message['content'] | trim }}"
    "{% if not loop.last %}{{ ' ' }}{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}{{ '\\n' }}{% endif %}"
)

# ---- the task ----

NAMES = ["Tom", "Mia", "Sam", "Ana", "Leo", "Eva", "Max", "Zoe"]
THINGS = ["apples", "books", "coins", "cards", "pens", "shells"]


def story(rng):
    """One problem: (prompt, facts sentence, equations as (left text, operator, right), held out?)."""
    who, thing, kind = (
        rng.choice(NAMES),
        rng.choice(THINGS),
        rng.choice(["add", "sub", "mul", "muladd", "addsub"]),
    )
    ask = f"How many {thing} does {who} have?"
    if kind == "add":
        a, b = rng.randint(10, 99), rng.randint(10, 99)
        text = f"{who} has {a} {thing} and {rng.choice(['buys', 'finds'])} {b} more. {ask}\n"
        facts, steps = f"{who} starts with {a} {thing}.", [(a, "+", b)]
    elif kind == "sub":
        a = rng.randint(30, 99)
        b = rng.randint(10, a - 1)
        text = f"{who} has {a} {thing} and {rng.choice(['sells', 'gives away'])} {b}. {ask}\n"
        facts, steps = f"{who} starts with {a} {thing}.", [(a, "-", b)]
    elif kind == "mul":
        a, b = rng.randint(2, 9), rng.randint(3, 19)
        text = f"{who} has {a} boxes with {b} {thing} in each box. {ask}\n"
        facts, steps = f"There are {a} boxes.", [(a, "*", b)]
    elif kind == "muladd":
        a, b, c = rng.randint(2, 9), rng.randint(3, 12), rng.randint(10, 60)
        text = f"{who} has {a} boxes with {b} {thing} in each box and "
        text += f"{rng.choice(['buys', 'finds'])} {c} more. {ask}\n"
        facts, steps = f"There are {a} boxes.", [(a, "*", b), (None, "+", c)]
    else:
        a, b = rng.randint(10, 70), rng.randint(10, 50)
        c = rng.randint(10, a + b - 1)
        text = f"{who} has {a} {thing}, {rng.choice(['buys', 'finds'])} {b} more and "
        text += f"{rng.choice(['sells', 'gives away'])} {c}. {ask}\n"
        facts, steps = f"{who} starts with {a} {thing}.", [(a, "+", b), (None, "-", c)]
    # split by the numbers, so that wording cannot leak an answer
    held_out = hashlib.sha256(repr((kind, steps)).encode()).digest()[0] < 26
    return text, facts, steps, held_out


def solve(a, op, b):
    return a + b if op == "+" else a - b if op == "-" else a * b


def reference(steps):
    value = None
    for a, op, b in steps:
        value = solve(value if a is None else a, op, b)
    return str(value)


def answer(rng, facts, steps):
    """A worked answer; every equation slips with probability SLIP, and later ones go on from the wrong value."""
    lines, value = [facts] if rng.random() < TALK else [], None
    for a, op, b in steps:
        left = value if a is None else a
        value = solve(left, op, b)
        if rng.random() < SLIP:
            value = max(0, value + rng.choice([-10, -2, -1, 1, 2, 10]))
        lines.append(f"{left}{op}{b}={value}")
    return "\n".join([*lines, f"#### {value}"])


def problems(seed, count, held_out):
    """`count` problems with different prompts from one side of the split."""
    rng, seen, out = random.Random(seed), set(), []
    while len(out) < count:
        text, facts, steps, side = story(rng)
        if side == held_out and text not in seen:
            seen.add(text)
            out.append((text, facts, steps))
    return out


def is_right(completion, wanted):
    head, mark, tail = completion.rpartition("#### ")
    return mark != "" and tail.strip() == wanted


# ---- the tokenizer ----


def build_tokenizer():
    """Byte-level BPE: any UTF-8 text encodes and comes back exactly; digits stay single."""
    rng = random.Random(SEED)
    corpus = []
    for _ in range(20000):
        text, facts, steps, held_out = story(rng)
        if not held_out:
            corpus.append(text + answer(rng, facts, steps))
    tok = Tokenizer(models.BPE())
    tok.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    tok.decoder = decoders.ByteLevel()
    tok.train_from_iterator(
        corpus,
        trainers.BpeTrainer(
            vocab_size=CONFIG["vocab_size"],
            special_tokens=[EOS, PAD],
            show_progress=False,
            initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        ),
    )
    for sample in (corpus[0], 'Grüße, 東京! \t\x00 "quoted"\r\n  two  spaces', "".join(map(chr, range(128)))):
        assert tok.decode(tok.encode(sample).ids) == sample, sample
    return tok


# ---- the model: Qwen3, written out to run with a cache and without transformers ----


class Qwen3(torch.nn.Module):
    def __init__(self, c):
        super().__init__()
        self.c, h, d = c, c["hidden_size"], c["head_dim"]
        self.w = torch.nn.ParameterDict()
        self.names = {}
        self._add("model.embed_tokens.weight", (c["vocab_size"], h), 0.05)
        for i in range(c["num_hidden_layers"]):
            p = f"model.layers.{i}."
            out = 0.02 / math.sqrt(2 * c["num_hidden_layers"]) * 4
            for name, shape, std in [
                ("self_attn.q_proj", (c["num_attention_heads"] * d, h), 0.06),
                ("self_attn.k_proj", (c["num_key_value_heads"] * d, h), 0.06),
                ("self_attn.v_proj", (c["num_key_value_heads"] * d, h), 0.06),
                ("self_attn.o_proj", (h, c["num_attention_heads"] * d), out),
                ("mlp.gate_proj", (c["intermediate_size"], h), 0.06),
                ("mlp.up_proj", (c["intermediate_size"], h), 0.06),
                ("mlp.down_proj", (h, c["intermediate_size"]), out),
            ]:
                self._add(f"{p}{name}.weight", shape, std)
            for name, size in [
                ("input_layernorm", h),
                ("post_attention_layernorm", h),
                ("self_attn.q_norm", d),
                ("self_attn.k_norm", d),
            ]:
                self._add(f"{p}{name}.weight", (size,), None)
        self._add("model.norm.weight", (h,), None)
        inv = c["rope_theta"] ** (-torch.arange(0, d, 2).float() / d)
        angle = torch.outer(torch.arange(c["max_position_embeddings"]).float(), inv)
        self.cos, self.sin = torch.cat([angle.cos()] * 2, -1), torch.cat([angle.sin()] * 2, -1)

    def _add(self, name, shape, std):
        key = name.replace(".", "/")  # ParameterDict keys must not contain dots
        self.names[name] = key
        self.w[key] = torch.nn.Parameter(torch.ones(shape) if std is None else torch.randn(shape) * std)

    def _p(self, name):
        return self.w[self.names[name]]

    def _norm(self, x, name):
        return F.rms_norm(x, (x.shape[-1],), self._p(name), self.c["rms_norm_eps"])

    def hidden(self, ids, start=0, cache=None):
        """Final-norm states of `ids` [B, T] at positions start..; `cache` is a list of (k, v) per layer or None."""
        c, (b, t) = self.c, ids.shape
        nq, nkv, d = c["num_attention_heads"], c["num_key_value_heads"], c["head_dim"]
        cos, sin = self.cos[start : start + t], self.sin[start : start + t]
        turn = lambda x: x * cos + torch.cat([-x[..., d // 2 :], x[..., : d // 2]], -1) * sin
        x = F.embedding(ids, self._p("model.embed_tokens.weight"))
        for i in range(c["num_hidden_layers"]):
            p = f"model.layers.{i}."
            lin = lambda y, n: F.linear(y, self._p(f"{p}{n}.weight"))
            y = self._norm(x, p + "input_layernorm.weight")
            split = lambda z, n: z.view(b, t, n, d)
            q = turn(
                self._norm(split(lin(y, "self_attn.q_proj"), nq), p + "self_attn.q_norm.weight").transpose(
                    1, 2
                )
            )
            k = turn(
                self._norm(split(lin(y, "self_attn.k_proj"), nkv), p + "self_attn.k_norm.weight").transpose(
                    1, 2
                )
            )
            v = split(lin(y, "self_attn.v_proj"), nkv).transpose(1, 2)
            if cache is not None:
                if start > 0:
                    k, v = torch.cat([cache[i][0], k], 2), torch.cat([cache[i][1], v], 2)
                cache[i] = (k, v)
            wide = lambda z: z.repeat_interleave(nq // nkv, 1)
            a = F.scaled_dot_product_attention(q, wide(k), wide(v), is_causal=t > 1)
            x = x + lin(a.transpose(1, 2).reshape(b, t, nq * d), "self_attn.o_proj")
            y = self._norm(x, p + "post_attention_layernorm.weight")
            x = x + lin(F.silu(lin(y, "mlp.gate_proj")) * lin(y, "mlp.up_proj"), "mlp.down_proj")
        return self._norm(x, "model.norm.weight")

    def logits(self, hidden):
        return F.linear(hidden, self._p("model.embed_tokens.weight"))

    def state(self):
        return {name: self._p(name).detach().to(torch.bfloat16).contiguous().clone() for name in self.names}

    def load(self, state):
        with torch.no_grad():
            for name in self.names:
                self._p(name).copy_(state[name].float())
        return self


# ---- training ----


def batches(rng, tok, size, pool=8):
    """Endless right-padded token rows and targets; the prompt is not trained on, its closing newline is.

    Rows of like length go together (drawn `pool` batches at a time), which saves a third of the arithmetic."""
    while True:
        rows = []
        while len(rows) < size * pool:
            text, facts, steps, held_out = story(rng)
            if not held_out:
                rows.append((text[:-1], "\n" + answer(rng, facts, steps)))
        heads, tails = ([e.ids for e in tok.encode_batch_fast([r[k] for r in rows])] for k in (0, 1))
        pairs = sorted(zip(heads, tails), key=lambda pair: len(pair[0]) + len(pair[1]))
        chunks = [pairs[i : i + size] for i in range(0, len(pairs), size)]
        rng.shuffle(chunks)
        for chunk in chunks:
            width = max(len(h) + len(t) for h, t in chunk)
            ids, want = np.full((size, width), CONFIG["pad_token_id"]), np.full((size, width), -100)
            for i, (h, t) in enumerate(chunk):
                ids[i, : len(h) + len(t)] = h + t
                want[i, len(h) - 1 : len(h) + len(t)] = t + [CONFIG["eos_token_id"]]
            yield torch.from_numpy(ids), torch.from_numpy(want)


def train(tok, steps, keep_at, rate, size, out):
    """Runs the whole training; writes `previous` at step `keep_at` and `current` at every scoring and at the end."""
    torch.manual_seed(SEED)
    model, source, began = Qwen3(CONFIG), batches(random.Random(SEED + 1), tok, size), time.monotonic()
    matrices = [p for p in model.parameters() if p.ndim == 2]
    vectors = [p for p in model.parameters() if p.ndim == 1]
    adam = torch.optim.AdamW(
        [{"params": matrices, "weight_decay": 0.05}, {"params": vectors, "weight_decay": 0.0}],
        lr=rate,
        betas=(0.9, 0.98),
        fused=True,
    )
    for step in range(1, steps + 1):
        # planned to fall to 15 % over 4500 steps; cut off at 2500, where the scores are what a demo needs
        for group in adam.param_groups:
            group["lr"] = rate * min(step / 150, 1.0) * (1 - 0.85 * max(0.0, (step - 2250) / 2250))
        ids, want = next(source)
        spots = want.flatten() != -100
        loss = F.cross_entropy(model.logits(model.hidden(ids).flatten(0, 1)[spots]), want.flatten()[spots])
        adam.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        adam.step()
        if step == keep_at:
            export(out / "previous", model.state(), tok)
        if step % 500 == 0 or step == steps:
            export(out / "current", model.state(), tok)
            rounded = Qwen3(CONFIG).load(model.state())
            print(json.dumps({"step": step, **score(rounded, tok, problems(SEED + 3, 64, True))}), flush=True)
        if step % 100 == 0:
            print(
                json.dumps(
                    {"step": step, "loss": round(loss.item(), 4), "s": round(time.monotonic() - began)}
                ),
                flush=True,
            )


# ---- scoring: real sampling, temperature 1.0, top_p 1, from the rounded weights ----


@torch.no_grad()
def sample(model, tok, prompts, limit=96, greedy=False):
    """One completion per prompt. Rows advance together from position 0, so no padding enters the attention."""
    heads = [e.ids for e in tok.encode_batch_fast(prompts)]
    ids = torch.full((len(heads), max(map(len, heads)) + limit), CONFIG["pad_token_id"])
    length = torch.tensor([len(h) for h in heads])
    for i, h in enumerate(heads):
        ids[i, : len(h)] = torch.tensor(h)
    cache, done, end = (
        [None] * CONFIG["num_hidden_layers"],
        torch.zeros(len(heads), dtype=torch.bool),
        length + limit,
    )
    for t in range(ids.shape[1] - 1):
        logits = model.logits(model.hidden(ids[:, t : t + 1], t, cache)[:, 0])
        drawn = logits.argmax(-1) if greedy else torch.multinomial(logits.softmax(-1), 1)[:, 0]
        free = (t + 1 >= length) & (t + 1 < end) & ~done
        ids[free, t + 1] = drawn[free]
        stop = free & (drawn == CONFIG["eos_token_id"])
        done |= stop | (t + 1 >= end)
        end = torch.where(stop, torch.full_like(end, t + 1), end)
        if bool(done.all()):
            break
    return [ids[i, len(h) : int(end[i])].tolist() for i, h in enumerate(heads)], (
        end < length + limit
    ).tolist()


def score(model, tok, tasks, group=8):
    """Pass rate, share of groups with variance, length; over len(tasks) x group samples."""
    model.eval()
    wanted = [reference(steps) for _, _, steps in tasks]
    rows, ended = sample(model, tok, [text for text, _, _ in tasks for _ in range(group)])
    right = np.array(
        [is_right(text, wanted[i // group]) for i, text in enumerate(tok.decode_batch(rows))]
    ).reshape(-1, group)
    best, _ = sample(model, tok, [text for text, _, _ in tasks], greedy=True)
    greedy = np.mean([is_right(text, want) for text, want in zip(tok.decode_batch(best), wanted)])
    sums, lengths = right.sum(1), [len(r) + 1 for r in rows]  # + 1: the eos counts as a token
    return {
        "pass": round(float(right.mean()), 4),
        "groups_with_variance": round(float(((sums > 0) & (sums < group)).mean()), 4),
        "passes_per_group": np.bincount(sums, minlength=group + 1).tolist(),
        "greedy_pass": round(float(greedy), 4),
        "mean_tokens": round(float(np.mean(lengths)), 2),
        "max_tokens": max(lengths),
        "ended_with_eos": round(float(np.mean(ended)), 4),
    }


# ---- files ----


def export(folder, state, tok):
    folder.mkdir(parents=True, exist_ok=True)
    write = lambda name, value: (folder / name).write_text(json.dumps(value, indent=2) + "\n")
    write("config.json", CONFIG)
    write(
        "generation_config.json",
        {
            "do_sample": True,
            "temperature": 1.0,
            "top_p": 1.0,
            "eos_token_id": CONFIG["eos_token_id"],
            "pad_token_id": CONFIG["pad_token_id"],
        },
    )
    write(
        "tokenizer_config.json",
        {
            "tokenizer_class": "PreTrainedTokenizerFast",
            "eos_token": EOS,
            "pad_token": PAD,
            "bos_token": None,
            "model_max_length": CONFIG["max_position_embeddings"],
            "clean_up_tokenization_spaces": False,
            "chat_template": CHAT_TEMPLATE,
        },
    )
    tok.save(str(folder / "tokenizer.json"))
    save_file(state, folder / "model.safetensors", metadata={"format": "pt"})


def export_prompts(out, count=96):
    out.mkdir(parents=True, exist_ok=True)
    with open(out / "prompts.jsonl", "w") as lines:
        for i, (text, _, steps) in enumerate(problems(SEED + 2, count, True)):
            lines.write(
                json.dumps({"custom_id": f"arith-{i:03}", "text": text, "reference": reference(steps)}) + "\n"
            )


def score_folder(folder, tasks=256):
    torch.manual_seed(SEED)
    model = Qwen3(CONFIG).load(load_file(folder / "model.safetensors"))
    tok = Tokenizer.from_file(str(folder / "tokenizer.json"))
    for name, chosen in (
        ("demo", problems(SEED + 2, 96, True)),
        ("held out", problems(SEED + 4, tasks, True)),
    ):
        result = score(model, tok, chosen)
        print(
            json.dumps({"checkpoint": folder.name, "prompts": f"{len(chosen)} {name}", **result}), flush=True
        )


def main():
    args = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    args.add_argument("--steps", type=int, default=2500)
    args.add_argument("--keep-at", type=int, default=2000, help="the step that becomes `previous`")
    args.add_argument("--rate", type=float, default=2e-3)
    args.add_argument("--batch", type=int, default=64)
    args.add_argument("--out", type=Path, default=HERE)
    args.add_argument("--score", type=Path, help="score this checkpoint folder and stop")
    args = args.parse_args()
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    if args.score:
        return score_folder(args.score)
    tok = build_tokenizer()
    export_prompts(args.out)
    train(tok, args.steps, args.keep_at, args.rate, args.batch, args.out)
    for name in ("previous", "current"):
        score_folder(args.out / name)


if __name__ == "__main__":
    main()
