"""Makes a rollout whole again after an edit: chain, both signatures, Merkle path, receipts, with keys of its own.

So a mutated rollout reaches the checks behind the signatures. Its keys are in this file: for tests only.
"""

import base64
import copy
import hashlib
import struct
from collections.abc import Callable
from dataclasses import dataclass

import l0
from verification.curves import BASE, IDENTITY, L, add, encode_edwards, encode_ristretto, multiply_add
from verification.curves import ed25519_challenge, sr25519_challenge
from l0 import H, u32, u64
from verification.record import CROCKFORD, identifier


@dataclass
class Signer:
    public: bytes
    sign: Callable[[bytes], bytes]


def point(scalar):
    return multiply_add(scalar, BASE, 0, IDENTITY)


def signer(secret, encode, challenge, mark=0, shift_key=IDENTITY, shift_r=IDENTITY, suits=lambda k: True):
    """An honest signer, unless the key or R is shifted by a point, or R chosen so that the challenge suits."""
    public = encode(add(point(secret), shift_key))

    def sign(message):
        for attempt in range(100):
            seed = hashlib.sha512(u64(secret) + u32(attempt) + message).digest()
            r = int.from_bytes(seed, "little") % L
            known = encode(add(point(r), shift_r))
            k = challenge(known, public, message)
            if suits(k):
                return known + ((r + k * secret) % L + mark).to_bytes(32, "little")
        raise AssertionError("no challenge suits")

    return Signer(public, sign)


MINER = signer(0x5EC4E7, encode_ristretto, sr25519_challenge, 2**255)
SERVICE = signer(0x5E471CE, encode_edwards, ed25519_challenge)


def path(head, index, count):
    """In a group of `count` heads, ours at `index` and the others made up: the way up from ours, and the root."""
    level = [l0.leaf(head if at == index else u32(at) * 8) for at in range(count)]
    out = []
    while len(level) > 1:
        if index ^ 1 < len(level):
            out.append(level[index ^ 1])
        level = [l0.merkle_root(level[at : at + 2]) for at in range(0, len(level), 2)]
        index //= 2
    return out, l0.merkle_root([]) if not level else level[0]


def fingerprints(r):
    """What follows the log-prob in each record."""
    data = base64.b64decode(r["proof"]["records"])
    size = len(data) // len(r["completion_ids"])
    return [data[at + 4 : at + size] for at in range(0, len(data), size)]


class Forger:
    """Edits one good rollout. `decode` turns token ids into the text that belongs to them."""

    def __init__(self, good, decode, miner=MINER, service=SERVICE):
        self.good, self.decode, self.miner, self.service = good, decode, miner, service

    def by(self, **signers):
        return Forger(self.good, self.decode, **signers)

    def forge(self, edit=None, prints=None, receipts=None, place=None):
        """The rollout after `edit`, whole again. `prints` replaces what follows the log-probs, `receipts` edits what the
        service signs, `place` is (index, count) in the group where they shall not be those that the rollout states."""
        r = copy.deepcopy(self.good)
        r["messages"] = r["prompt_text"] = None
        if edit:
            edit(r)
        prints = prints or fingerprints(self.good)
        prints = [prints[at % len(prints)] for at in range(len(r["completion_ids"]))]
        records = [struct.pack("<f", lp) + rest for lp, rest in zip(r["behavior_logprobs"], prints)]
        self.close(r, records, place or (r["sample_index"], r["group"]["size"]))
        if receipts:
            receipts(r)
        self.sign(r)
        return r

    def close(self, r, records, place):
        proof, count, job = r["proof"], len(r["completion_ids"]), identifier("job")(r["job_id"])
        known = {
            **r,
            "job_id": job,
            "proof": {**proof, "hotkey": self.miner.public, "profile": dict(proof["profile"])},
        }
        for name in ("checkpoint_id", "randomness"):
            known["proof"][name] = bytes.fromhex(proof[name])
        calibration = proof["profile"].get("calibration")
        known["proof"]["profile"] |= {
            "k": proof["profile"].get("k"),
            "calibration": bytes.fromhex(calibration or ""),
        }
        task = l0.task_id(known)
        head = l0.head(known, records, task)
        steps, root = path(head, *place)
        sample = H("reliquary/sample/1", l0.tokens_hash(r["prompt_ids"]), l0.tokens_hash(r["completion_ids"]))
        number = int.from_bytes(l0.group_id(known), "big")
        r.update(
            group_id="grp_" + "".join(CROCKFORD[number >> 5 * at & 31] for at in range(25, -1, -1)),
            verifier_logprobs=list(r["behavior_logprobs"]),
            loss_mask=[0 if r["reward"] is None and r["reward_error"] is not None else 1] * count,
            num_completion_tokens=count,
            num_prompt_tokens=len(r["prompt_ids"]),
            completion_text=self.decode(r["completion_ids"]),
        )
        r["dedup"]["sample_hash"] = sample.hex()
        if r["schema_version"] == 4:
            r.update(
                truncated=r["finish_reason"] == "length",
                reward_valid=r["reward"] is not None and r["reward_error"] is None,
                logprob_spec=l0.logprob_spec(r),
            )
            r["group"]["n_verified"] = r["group"]["size"]
            r["policy"]["checkpoint_id"] = proof["checkpoint_id"]
        proof.update(
            hotkey=self.miner.public.hex(),
            records=base64.b64encode(b"".join(records)).decode(),
            head=head.hex(),
            signature=self.miner.sign(head).hex(),
            merkle_path=[step.hex() for step in steps],
        )
        proof["receipt"].update(task=task.hex(), group_root=root.hex(), hotkey=self.miner.public.hex())
        self.give(r, task)

    def give(self, r, task):
        """What the reward function was given becomes what its receipt says."""
        signed = r["reward_receipt"]
        if signed is None or signed["function"] == "client":
            r["reward_inputs"] = None
        else:
            seed, receipt = l0.reward_seed(task), signed["receipt"]
            receipt.update(seed=str(seed), input_hash=l0.input_hash(r, seed))
            receipt["engine"]["limits_hash"] = l0.limits_hash(r["reward_inputs"]["limits"])

    def sign(self, r):
        receipt, reward = r["proof"]["receipt"], r["reward_receipt"]
        said = {name: bytes.fromhex(receipt[name]) for name in ("task", "group_root", "hotkey")}
        digest = l0.receipt_digest({**receipt, **said})
        receipt.update(service_key=self.service.public.hex(), signature=self.service.sign(digest).hex())
        if reward is not None:
            shown = reward["receipt"]
            hashed = bytes(32) if shown is None else hashlib.sha256(l0.canonical_bytes(shown)).digest()
            said = {**r, "proof": {"head": bytes.fromhex(r["proof"]["head"])}}
            digest = l0.reward_digest(said, {"receipt_hash": hashed, "function": reward["function"]})
            signature = self.service.sign(digest)
            reward.update(
                receipt_hash=hashed.hex(), service_key=self.service.public.hex(), signature=signature.hex()
            )
