"""An independent verifier of delivered rollouts, written from docs/PROTOCOL.md, with Python's standard library only.

Checks §8, steps 1 to 3, 5, and of step 6 all but running the module (and, where a call saw the whole group, what it was
given). It has no tokenizer (step 4), no sandbox and no model (step 7): those are `reliquary verify`'s.
"""

import hashlib
import json
import math
import re
import struct
import uuid
from collections.abc import Collection, Iterable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from . import curves
from .record import SANDBOX_RECEIPT, Refused, malformed, need

ed25519_verify = lru_cache(4096)(curves.ed25519_verify)
sr25519_verify = lru_cache(4096)(curves.sr25519_verify)

Record = dict[str, Any]
# The service's keys that are believed.
Keys = Collection[bytes]


# ---- §1 hashing ----


def u8(value: int) -> bytes:
    return bytes([value])


def u32(value: int) -> bytes:
    return value.to_bytes(4, "big")


def u64(value: int) -> bytes:
    return value.to_bytes(8, "big")


def H(label: str, *fields: bytes) -> bytes:
    return hashlib.sha256(b"".join(u32(len(f)) + f for f in (label.encode(), *fields))).digest()


def tokens_hash(tokens: Sequence[int]) -> bytes:
    return H("reliquary/tokens/1", b"".join(struct.pack("<I", token) for token in tokens))


def node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\1" + left + right).digest()


def leaf(data: bytes) -> bytes:
    return hashlib.sha256(b"\0" + data).digest()


def merkle_root(level: list[bytes]) -> bytes:
    if not level:
        return hashlib.sha256(b"").digest()
    while len(level) > 1:
        level = [node(*level[i : i + 2]) if i + 1 < len(level) else level[i] for i in range(0, len(level), 2)]
    return level[0]


def climb(at: bytes, index: int, count: int, path: Iterable[bytes]) -> bytes | None:
    """The root that `path` leads to from the hash of leaf `index` of `count`; None when there is no such leaf or no such path."""
    path = list(path)
    if index >= count:
        return None
    while count > 1:
        if index ^ 1 < count:
            if not path:
                return None
            at = node(path.pop(0), at) if index & 1 else node(at, path.pop(0))
        index, count = index // 2, (count + 1) // 2
    return None if path else at


# ---- the checkpoint ----

NAMED = "config.json generation_config.json tokenizer.json tokenizer_config.json chat_template.jinja".split()


class Checkpoint:
    def __init__(self, folder: Path) -> None:
        names = {name for name in [*NAMED, "model.safetensors.index.json"] if (folder / name).is_file()}
        names |= {path.name for path in folder.glob("*.safetensors")}
        fields = []
        for name in sorted(names, key=str.encode):
            leaves = []
            with open(folder / name, "rb") as file:
                while chunk := file.read(65536):
                    leaves.append(leaf(chunk))
            fields += [name.encode(), u64((folder / name).stat().st_size), merkle_root(leaves)]
        self.id = H("reliquary/checkpoint/1", *fields)
        config, generation = (json.loads((folder / name).read_text()) if name in names else {} for name in NAMED[:2])
        eos = generation.get("eos_token_id")
        eos = config.get("eos_token_id") if eos is None else eos
        self.vocabulary, self.eos = config["vocab_size"], set(eos if isinstance(eos, list) else [eos])
        self.context = config["max_position_embeddings"]


# ---- §8 the checks ----


def bits(values: Iterable[float]) -> list[bytes]:
    return [struct.pack(">f", value) for value in values]


def group_id(r: Record) -> bytes:
    return uuid.uuid5(uuid.UUID(bytes=r["job_id"]), f"group/{r['prompt_index']}").bytes


def same(a: float | None, b: float | None) -> bool:
    """The same bits, or null both."""
    return (a is None) == (b is None) and (a is None or struct.pack(">d", a) == struct.pack(">d", b))


def shaped(r: Record, penalty: Record | None) -> float | None:
    """The reward less its overlong penalty; null where there is none."""
    if penalty is None or r["reward"] is None:
        return None
    start = max(r["sampling"]["max_tokens"] - penalty["buffer"], 0)
    exceeded = min(max(r["num_completion_tokens"] - start, 0), penalty["buffer"])
    return r["reward"] + (-exceeded / penalty["buffer"] * penalty["factor"] if exceeded else 0.0)


def logprob_spec(r: Record) -> Record | None:
    """What the log-probs are, by the profile and the sampling; of a test job nothing."""
    profile, sampling = r["proof"]["profile"], r["sampling"]
    if profile["engine_class"] == "test":
        return None
    exact = profile["engine_class"] == "exact"
    return {
        "kind": "raw",
        "temperature_applied": False,
        "truncation": "none",
        "dtype": "float32",
        "engine": profile["numerics"] if exact else None,
        "attn": "eager" if exact else None,
        "matches_sampling": sampling["temperature"] == 1 and sampling["top_p"] >= 1 and sampling["top_k"] == 0,
    }


def check_restated(r: Record) -> None:
    """What version 4 says again in other words, and no version before it says."""
    policy, group = r["policy"], r["group"]
    said = [policy, r["truncated"], r["reward_valid"], group["n_verified"]]
    if r["schema_version"] < 4:
        malformed(all(one is None for one in [*said, group["filter_reason"], r["logprob_spec"]]))
        return
    malformed(all(one is not None for one in said))
    malformed(policy["checkpoint_id"] == r["proof"]["checkpoint_id"])
    malformed(policy["version"] is None and policy["window"] is None)
    revision = policy["revision"]
    commit = revision is not None and policy["repo"] is not None and re.fullmatch("[0-9a-f]{40}", revision, re.A)
    malformed(revision is None or commit)
    malformed(r["truncated"] == (r["finish_reason"] == "length"))
    malformed(r["reward_valid"] == (r["reward"] is not None and r["reward_error"] is None))
    malformed(group["n_verified"] == group["size"])
    malformed(group["filter_reason"] is None or group["n_selected"] == 0)
    malformed(r["logprob_spec"] == logprob_spec(r))


def check_derived(r: Record) -> None:
    terms = r["advantage_terms"]
    need(r["schema_version"] in (2, 3, 4), "malformed_frame")
    newer = r["schema_version"] >= 3
    check_restated(r)
    malformed((terms is not None) == newer and (r["advantage_method"] is not None) == newer)
    count = len(r["completion_ids"])
    masked = newer and terms["mask_truncated"] and r["finish_reason"] == "length"
    learn = 0 if masked or (r["reward"] is None and r["reward_error"] is not None) else 1
    malformed(r["group_id"] == group_id(r))
    malformed(r["num_completion_tokens"] == count and r["num_prompt_tokens"] == len(r["prompt_ids"]))
    malformed(r["loss_mask"] == [learn] * count)
    malformed(len(r["behavior_logprobs"]) == count)
    malformed(r["messages"] is None or r["prompt_text"] is not None)
    signed = r["reward_receipt"]
    malformed((r["reward_inputs"] is not None) == (signed is not None and signed["function"] != "client"))
    is_test = r["proof"]["profile"]["engine_class"] == "test"
    malformed(r["livemode"] != is_test and (r["proof"]["verification"] == "none") == is_test)
    audited = r["proof"]["verification"] == "full"
    malformed((r["verifier_logprobs"] is not None) == audited)
    malformed(not audited or len(r["verifier_logprobs"]) == count)
    if newer:
        need(r["sample_weight"] == 1 + len(r["group"]["replaces"]), "advantage_differs")
        need(same(r["shaped_reward"], shaped(r, terms["soft_penalty"])), "advantage_differs")
    if audited and r["proof"]["profile"]["engine_class"] == "exact":
        malformed(bits(r["verifier_logprobs"]) == bits(r["behavior_logprobs"]))


def split_records(r: Record) -> list[bytes]:
    """The records, each as it is hashed, in range and agreeing with `behavior_logprobs`."""
    k, data, count = r["proof"]["profile"]["k"], r["proof"]["records"], len(r["completion_ids"])
    size = 20 if k is None else 6 + k
    malformed(len(data) == size * count)
    records = [data[at : at + size] for at in range(0, len(data), size)]
    for record, logprob in zip(records, r["behavior_logprobs"], strict=True):
        malformed(record[:4] == struct.pack("<f", logprob))
    return records


def check_ranges(r: Record, records: list[bytes], checkpoint: Checkpoint | None) -> None:
    k, length = r["proof"]["profile"]["k"], len(r["completion_ids"])
    need(r["prompt_ids"], "out_of_range")
    if checkpoint is not None:
        need(len(r["prompt_ids"]) + length <= checkpoint.context, "out_of_range")
    need(length <= r["sampling"]["max_tokens"], "oversized")
    if checkpoint is not None:
        need(all(token < checkpoint.vocabulary for token in r["completion_ids"]), "out_of_range")
    for record in records:
        (logprob,) = struct.unpack("<f", record[:4])
        need(math.isfinite(logprob) and logprob <= 0 and record[:4] != b"\0\0\0\x80", "out_of_range")
        if k is not None:
            scale, *values = struct.unpack(f"<e{k}b", record[4:])
            need(math.isfinite(scale) and scale > 0, "out_of_range")
            need(-128 not in values and max(map(abs, values)) == 127, "out_of_range")


def check_end(r: Record, checkpoint: Checkpoint | None) -> None:
    tokens, cap = r["completion_ids"], r["sampling"]["max_tokens"]
    if checkpoint is None:
        need(tokens and (r["finish_reason"] == "stop" or len(tokens) == cap), "eos_rule")
        return
    need(tokens and not any(token in checkpoint.eos for token in tokens[:-1]), "eos_rule")
    stopped = tokens[-1] in checkpoint.eos
    need(r["finish_reason"] == ("stop" if stopped else "length"), "eos_rule")
    need(stopped or len(tokens) == cap, "eos_rule")


def profile_id(p: Record) -> bytes:
    known = [p["scheme"].encode(), p["engine_class"].encode(), p["numerics"].encode()]
    calibrated = [] if p["k"] is None else [p["calibration"], u32(p["k"])]
    return H("reliquary/profile/1", *known, *calibrated)


def task_id(r: Record) -> bytes:
    prompt, s = H("reliquary/prompt/1", r["job_id"], u32(r["prompt_index"])), r["sampling"]
    terms = [*bits([s["temperature"], s["top_p"]]), u32(s["top_k"]), u32(s["max_tokens"])]
    return H("reliquary/task/1", prompt, tokens_hash(r["prompt_ids"]), u32(r["group"]["size"]), *terms)


def head(r: Record, records: list[bytes], task: bytes) -> bytes:
    p = r["proof"]
    start = [p["checkpoint_id"], profile_id(p["profile"]), p["randomness"], task, u32(r["sample_index"])]
    c = H("reliquary/c0/1", *start, p["hotkey"])
    for token, record in zip(r["completion_ids"], records, strict=True):
        c = H("reliquary/c/1", c, struct.pack("<I", token), record)
    return H("reliquary/head/1", c, u32(len(records)), u8(0 if r["finish_reason"] == "stop" else 1))


def receipt_digest(receipt: Record) -> bytes:
    signed = [receipt["task"], receipt["group_root"], receipt["hotkey"]]
    return H("reliquary/receipt/1", *signed, u64(receipt["received_at_ms"]), u64(receipt["audit_round"]))


def check_receipt(r: Record, task: bytes, service_keys: Keys) -> None:
    p, receipt = r["proof"], r["proof"]["receipt"]
    need(receipt["service_key"] in service_keys, "bad_receipt")
    need(receipt["task"] == task and receipt["hotkey"] == p["hotkey"], "bad_receipt")
    root = climb(leaf(p["head"]), r["sample_index"], r["group"]["size"], p["merkle_path"])
    need(ed25519_verify(receipt["service_key"], receipt_digest(receipt), receipt["signature"]), "bad_receipt")
    need(root == receipt["group_root"], "bad_group_root")


CANONICAL_ORDER = [
    *("v", "upload_sha256", "component_sha256", "world"),
    *("engine.wasmtime", "engine.config_hash", "engine.limits_hash", "wasi_profile"),
    *("input_hash", "seed", "outcome", "rewards", "components_hash", "fuel", "log_hash"),
]


def reward_digest(r: Record, signed: Record) -> bytes:
    components = sorted(r["reward_components"].items(), key=lambda part: part[0].encode())
    parts = [field for name, value in components for field in (name.encode(), struct.pack(">d", value))]
    value = b"" if r["reward"] is None else struct.pack(">d", r["reward"])
    error = r["reward_error"]
    said = [value, u8(error is not None), (error or "").encode(), u32(len(components)), *parts]
    return H("reliquary/reward/1", r["proof"]["head"], signed["receipt_hash"], signed["function"].encode(), *said)


def canonical_bytes(receipt: Record) -> bytes:
    inside = {f"engine.{name}": value for name, value in receipt["engine"].items()}
    values = {**receipt, **inside, "rewards": ",".join(receipt["rewards"])}
    values["fuel"] = "-" if values.get("fuel") is None else values["fuel"]
    lines = [f"{name}={values[name]}" for name in CANONICAL_ORDER]
    return "".join(line + "\n" for line in ["reliquary reward receipt", *lines]).encode()


def sandbox_hash(domain: str, *fields: int | str | Sequence[int]) -> str:
    """The sandbox's own way: lengths and numbers are little endian; lists are of u32."""
    out = hashlib.sha256()
    for field in (domain, *fields):
        if isinstance(field, int):
            out.update(struct.pack("<Q", field))
        elif isinstance(field, str):
            data = field.encode()
            out.update(struct.pack("<Q", len(data)) + data)
        else:
            out.update(struct.pack(f"<Q{len(field)}I", len(field), *field))
    return out.hexdigest()


def limits_hash(limits: Record) -> str:
    names = ("fuel_per_sample", "memory_bytes", "input_bytes")
    return sandbox_hash("reliquary reward limits v1", *(limits[name] for name in names))


def input_hash(r: Record, seed: int) -> str:
    """Of a call that saw this rollout alone."""
    given, prompt = r["reward_inputs"], r["prompt_text"] or ""
    task = [r["custom_id"], prompt, r["prompt_ids"], given["reference"], given["metadata"], seed]
    sample = [r["completion_text"], r["completion_ids"], r["finish_reason"]]
    return sandbox_hash("reliquary reward input v1", *task, 1, *sample)


def reward_seed(task: bytes) -> int:
    return int.from_bytes(task[:8], "big")


def check_reward(r: Record, task: bytes, service_keys: Keys) -> None:
    signed = r["reward_receipt"]
    if signed is None:
        nothing = r["reward"] is None and not r["reward_components"] and r["reward_error"] is None
        need(nothing, "bad_receipt")
        return
    # not always the key of the other receipt: the service may have changed it in between
    need(signed["service_key"] in service_keys, "bad_receipt")
    need(ed25519_verify(signed["service_key"], reward_digest(r, signed), signed["signature"]), "bad_receipt")
    if signed["function"] == "client":
        need(signed["receipt"] is None and signed["receipt_hash"] == bytes(32), "bad_receipt")
        return
    try:
        receipt = SANDBOX_RECEIPT(signed["receipt"])
    except Refused:
        raise Refused("reward_mismatch") from None
    need(hashlib.sha256(canonical_bytes(receipt)).digest() == signed["receipt_hash"], "reward_mismatch")
    graded, reward = receipt["outcome"] == "ok", r["reward"]
    need(r["reward_error"] == (None if graded else receipt["outcome"]), "reward_mismatch")
    alone = receipt["world"] == "reward-simple"
    size, at = (1, 0) if alone else (r["group"]["size"], r["sample_index"])
    need(len(receipt["rewards"]) == (size if graded else 0), "reward_mismatch")
    if graded:
        need(reward is not None and struct.pack(">d", reward).hex() == receipt["rewards"][at], "reward_mismatch")
    else:
        need(reward is None or reward == 0, "reward_mismatch")
    need(receipt["engine"]["limits_hash"] == limits_hash(r["reward_inputs"]["limits"]), "reward_inputs")
    need(receipt["seed"] == reward_seed(task), "reward_inputs")
    need(not alone or receipt["input_hash"] == input_hash(r, receipt["seed"]), "reward_inputs")


def verify(r: Record, checkpoint: Checkpoint | None, service_keys: Keys, allow_test: bool = False) -> None:
    """Raises Refused unless the rollout holds. Of a test job none does, unless `allow_test`: no model ran for it. Without a
    checkpoint its id is believed, and what only its files say (the size of the vocabulary and of the context, which tokens
    end a text) is not checked."""
    is_live = r["livemode"] and r["proof"]["profile"]["engine_class"] != "test"
    need(is_live or allow_test, "test_rollout")
    check_derived(r)
    records = split_records(r)
    p = r["proof"]
    need(checkpoint is None or p["checkpoint_id"] == checkpoint.id, "wrong_checkpoint")
    need(p["profile"]["numerics"] == ("f32-exact/1" if r["livemode"] else "none"), "wrong_profile")
    check_ranges(r, records, checkpoint)
    check_end(r, checkpoint)
    task = task_id(r)
    need(head(r, records, task) == p["head"], "broken_chain")
    need(sr25519_verify(p["hotkey"], p["head"], p["signature"]), "bad_signature")
    check_receipt(r, task, service_keys)
    sample = H("reliquary/sample/1", tokens_hash(r["prompt_ids"]), tokens_hash(r["completion_ids"]))
    need(sample == r["dedup"]["sample_hash"], "malformed_frame")
    check_reward(r, task, service_keys)
