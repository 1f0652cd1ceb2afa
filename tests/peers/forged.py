"""Rollouts that are wrong, or odd, and well signed: what only ranges, lengths and rules can tell. See `forge.py`."""

import json
import struct

from verification.curves import IDENTITY, L, P, decode_edwards, encode_edwards, encode_ristretto, multiply_add, same
from verification.curves import ed25519_challenge, sr25519_challenge
from forge import Signer, signer


def decoder(tokenizer):
    """Token ids to text for byte-level BPE, special tokens left out."""
    read = json.loads(tokenizer.read_text())
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    letters = {chr(byte): byte for byte in plain}
    letters |= {chr(256 + place): byte for place, byte in enumerate(b for b in range(256) if b not in plain)}
    special = {added["id"] for added in read["added_tokens"] if added["special"]}
    vocabulary = {number: piece for piece, number in read["model"]["vocab"].items() if number not in special}
    decode = lambda ids: bytes(letters[c] for number in ids for c in vocabulary.get(number, ""))
    return lambda ids: decode(ids).decode("utf-8", "replace")


def tokens(new):
    """Another completion, with log-probs to match in number."""

    def edit(r):
        ids = list(new(r["completion_ids"]))
        known = r["behavior_logprobs"]
        r["completion_ids"] = ids
        r["behavior_logprobs"] = [known[at % len(known)] for at in range(len(ids))]

    return edit


def logprob(value, at=1):
    return lambda r: r["behavior_logprobs"].__setitem__(at, value)


def sampling(**terms):
    return lambda r: r["sampling"].update(terms)


def both(*steps):
    return lambda r: [step(r) for step in steps] and None


def field(*way, value):
    def edit(r):
        for step in way[:-1]:
            r = r[step]
        r[way[-1]] = value

    return edit


F32 = lambda bits: struct.unpack(">f", struct.pack(">I", bits))[0]


def rollouts(forger, checkpoint):
    """(name, rollout), all with good signatures."""
    yield "nothing", forger.forge()
    eos, other = min(checkpoint.eos), 40
    size = forger.good["group"]["size"]
    capped = lambda ids: (ids * 96)[: forger.good["sampling"]["max_tokens"]]
    inner = [token for token in forger.good["completion_ids"] if token not in checkpoint.eos]
    yield from terms(forger, checkpoint, eos, inner)
    for name, edit in {
        "another token": tokens(lambda ids: [other, *ids[1:]]),
        "last token of the vocabulary": tokens(lambda ids: [checkpoint.vocabulary - 1, *ids[1:]]),
        "token beyond": tokens(lambda ids: [checkpoint.vocabulary, *ids[1:]]),
        "largest token": tokens(lambda ids: [2**32 - 1, *ids[1:]]),
        "eos first": tokens(lambda ids: [eos, *ids[1:]]),
        "eos twice": tokens(lambda ids: [*ids, eos]),
        "eos inside": tokens(lambda ids: [*ids[:3], eos, *ids[4:]]),
        "eos only": tokens(lambda ids: [eos]),
        "no eos": tokens(lambda ids: ids[:-1]),
        "no eos, called length": both(tokens(lambda ids: ids[:-1]), field("finish_reason", value="length")),
        "eos called length": field("finish_reason", value="length"),
        "to the cap": both(tokens(lambda ids: capped(inner)), field("finish_reason", value="length")),
        "to the cap, called stop": tokens(lambda ids: capped(inner)),
        "to the cap, eos last": tokens(lambda ids: [*capped(inner)[:-1], eos]),
        "to the cap, eos last, called length": both(
            tokens(lambda ids: [*capped(inner)[:-1], eos]), field("finish_reason", value="length")
        ),
        "beyond the cap": both(
            tokens(lambda ids: [*capped(inner), 40]), field("finish_reason", value="length")
        ),
        "beyond the cap, eos last": tokens(lambda ids: [*capped(inner), eos]),
        "nothing said": tokens(lambda ids: []),
        "nothing said, called length": both(tokens(lambda ids: []), field("finish_reason", value="length")),
        "log-prob 0": logprob(0.0),
        "log-prob -0": logprob(-0.0),
        "log-prob positive": logprob(1e-3),
        "log-prob smallest positive": logprob(F32(1)),
        "log-prob smallest negative": logprob(F32(0x80000001)),
        "log-prob lowest": logprob(F32(0xFF7FFFFF)),
        "log-prob of the last": logprob(0.5, -1),
        "no prompt": field("prompt_ids", value=[]),
        "prompt token beyond": field("prompt_ids", value=[checkpoint.vocabulary]),
        "prompt token largest": field("prompt_ids", value=[2**32 - 1, 5]),
        "prompt with eos": field("prompt_ids", value=[eos, 5, eos]),
        "another prompt": field("prompt_ids", value=[5, 6, 7]),
        "long prompt": field("prompt_ids", value=[7] * 600),
        "prompt index": field("prompt_index", value=2**32 - 1),
        "another job": field("job_id", value="job_00000000000000000000000000"),
        "last job": field("job_id", value="job_7ZZZZZZZZZZZZZZZZZZZZZZZZZ"),
        "randomness 0": field("proof", "randomness", value="00" * 32),
        "another checkpoint": field("proof", "checkpoint_id", value="11" * 32),
        "another scheme": field("proof", "profile", "scheme", value="grail-r2"),
        "empty scheme": field("proof", "profile", "scheme", value=""),
        "other numerics": field("proof", "profile", "numerics", value="f32-exact/2"),
    }.items():
        yield name, forger.forge(edit)
    for name, edit in {
        "price 0": field("price_rao", value="0"),
        "price with zeros": field("price_rao", value="0000000000000000001"),
        "price at most": field("price_rao", value=str(2**63 - 1)),
        "price beyond": field("price_rao", value=str(2**63)),
        "price longer": field("price_rao", value="0" * 20),
    }.items():
        yield name, forger.forge(edit)
    for count, index in ((1, 0), (2, 1), (3, 2), (5, 4), (6, 5), (7, 6), (9, 8), (100, 77), (2**32 - 1, 0)):
        where = both(field("group", "size", value=count), field("sample_index", value=index))
        if count < 1000:
            yield f"sample {index} of {count}", forger.forge(where)
            yield (
                f"sample {index} of {count}, path of one more",
                forger.forge(where, place=(index, count + 1)),
            )
            yield (
                f"sample {count} of {count}",
                forger.forge(both(where, field("sample_index", value=count)), place=(index, count)),
            )
        else:
            yield "a huge group", forger.forge(where, place=(0, 2))
    yield "a group of none", forger.forge(field("group", "size", value=0), place=(0, 1))
    yield "at another place", forger.forge(field("sample_index", value=1), place=(0, size))
    yield from receipts(forger)
    yield from rewards(forger)
    yield from inputs(forger)


def terms(forger, checkpoint, eos, inner):
    for temperature in (0.0, -0.0, -1.0, F32(1), 0.7, F32(0x7F7FFFFF), 100.0):
        yield f"temperature {temperature}", forger.forge(sampling(temperature=temperature))
    for top_p in (0.0, -0.0, -0.5, 0.9, 1.5, F32(1)):
        yield f"top_p {top_p}", forger.forge(sampling(top_p=top_p))
    for top_k in (1, checkpoint.vocabulary, checkpoint.vocabulary + 1, 2**32 - 1):
        yield f"top_k {top_k}", forger.forge(sampling(top_k=top_k))
    for cap in (0, 1, len(inner), len(inner) + 1, len(inner) + 2, 100_000, 2**32 - 1):
        yield f"max_tokens {cap}", forger.forge(sampling(max_tokens=cap))


def receipts(forger):
    """What the service signs, signed as it is not."""
    for name in ("task", "group_root", "hotkey"):
        yield (
            f"receipt for another {name}",
            forger.forge(receipts=field("proof", "receipt", name, value="22" * 32)),
        )
    for name in ("received_at_ms", "audit_round"):
        for value in (0, 1, 2**63, 2**64 - 1):
            yield f"{name} {value}", forger.forge(receipts=field("proof", "receipt", name, value=value))
    path = forger.forge()["proof"]["merkle_path"]
    for name, value in (
        ("longer", [*path, path[0]]),
        ("shorter", path[:-1]),
        ("none", []),
        ("turned", path[::-1]),
    ):
        yield f"path {name}", forger.forge(receipts=field("proof", "merkle_path", value=value))


def rewards(forger):
    part = lambda **names: field("reward_components", value=names)
    failed = both(field("reward", value=None), field("reward_error", value="fuel_exhausted"))
    reward = lambda value: field("reward", value=value)
    outcome = lambda name, rewards: (
        lambda r: r["reward_receipt"]["receipt"].update(outcome=name, rewards=rewards)
    )
    for name, edit in {
        "reward 0": reward(0.0),
        "reward -0": reward(-0.0),
        "reward huge": reward(1e300),
        "reward tiny": reward(5e-324),
        "no reward and no error": reward(None),
        "reward and error": field("reward_error", value="fault"),
        "empty error": field("reward_error", value=""),
        "failed": failed,
        "failed, empty error": both(field("reward", value=None), field("reward_error", value="")),
        "parts": part(b=1.5, a=-0.0, B=2.0, aa=3.0),
        "part without a name": field("reward_components", value={"": 1.0}),
        # in UTF-16 the second of these two would be first
        "parts by bytes": field("reward_components", value={"\U0001f600": 1.0, "\uffee": 2.0, "é": 3.0}),
        "function without a name": field("reward_receipt", "function", value=""),
        "function with a line": field("reward_receipt", "function", value="a\n€\0"),
        "another fuel": field("reward_receipt", "receipt", "fuel", value=2**64 - 1),
        "no fuel": field("reward_receipt", "receipt", "fuel", value=None),
        "absent fuel": lambda r: r["reward_receipt"]["receipt"].pop("fuel"),
        "failed, told": both(failed, outcome("fuel_exhausted", ["0" * 16])),
        "failed, told, no rewards": both(failed, outcome("fuel_exhausted", [])),
        "failed, another told": both(failed, outcome("fault", [])),
        "failed, zero": both(field("reward_error", value="fault"), outcome("fault", []), reward(0.0)),
        "failed, -zero": both(field("reward_error", value="fault"), outcome("fault", []), reward(-0.0)),
        "failed, one": both(field("reward_error", value="fault"), outcome("fault", []), reward(1.0)),
        "failed, zero, with rewards": both(
            field("reward_error", value="fault"), outcome("fault", ["0" * 16])
        ),
        "reward of a sibling": both(reward(1.0), outcome("ok", ["0" * 16, "3ff0000000000000"])),
        "two rewards": field("reward_receipt", "receipt", "rewards", value=["0" * 16, "f" * 16]),
        "no rewards": field("reward_receipt", "receipt", "rewards", value=[]),
        "another outcome": field("reward_receipt", "receipt", "outcome", value="trap_oob"),
        "another world": field("reward_receipt", "receipt", "world", value="reward"),
        "another version": field("reward_receipt", "receipt", "v", value=2),
        "another engine": field("reward_receipt", "receipt", "engine", "wasmtime", value="1.0-rc+x"),
        "no receipt": field("reward_receipt", value=None),
        "nothing": both(field("reward_receipt", value=None), field("reward", value=None)),
        "no receipt, failed": both(failed, field("reward_receipt", value=None)),
        "no receipt, parts": both(
            field("reward_receipt", value=None), field("reward", value=None), part(a=1.0)
        ),
    }.items():
        yield f"{name} (reward)", forger.forge(edit)


def inputs(forger):
    """What the reward function was given: other things, said by the receipt or not."""
    given = lambda name, value: field("reward_inputs", name, value=value)
    limit = lambda name, value: field("reward_inputs", "limits", name, value=value)
    receipt = lambda *way, value: field("reward_receipt", "receipt", *way, value=value)
    edits = {
        "another reference": given("reference", "17"),
        "no reference": given("reference", ""),
        "odd metadata": given("metadata", "{\n\0é}"),
        "another name": field("custom_id", value="x"),
        "no fuel": limit("fuel_per_sample", 0),
        "all fuel": limit("fuel_per_sample", 2**64 - 1),
        "more memory": limit("memory_bytes", 2**33),
        "no input": limit("input_bytes", 0),
    }
    for name, edit in edits.items():
        yield f"{name} (given and told)", forger.forge(edit)
        yield f"{name} (given, not told)", forger.forge(receipts=edit)
    alone = forger.good["reward_receipt"]["receipt"]["rewards"]
    size = forger.good["group"]["size"]
    for name, edit in {
        "seed with zeros": receipt("seed", value="007"),
        "another seed": receipt("seed", value="7"),
        "seed at most": receipt("seed", value=str(2**64 - 1)),
        "seed beyond": receipt("seed", value=str(2**64)),
        "another input": receipt("input_hash", value="33" * 32),
        "another input of the group": both(
            receipt("input_hash", value="33" * 32),
            receipt("world", value="reward"),
            receipt("rewards", value=alone * size),
        ),
        "rewards of the group": receipt("rewards", value=alone * size),
        "world of the group": receipt("world", value="reward"),
        "other limits": receipt("engine", "limits_hash", value="44" * 32),
        "nothing given": field("reward_inputs", value=None),
    }.items():
        yield f"{name} (told)", forger.forge(receipts=edit)
    client = both(field("reward_receipt", "function", value="client"), field("reward_receipt", "receipt", value=None))
    yield "of a client", forger.forge(client)
    yield "of a client, another reward", forger.forge(both(client, field("reward", value=0.25)))
    yield "of a client, none", forger.forge(both(client, field("reward", value=None)))
    kept = forger.good["reward_receipt"]["receipt"]
    yield "of a client, with a receipt", forger.forge(client, receipts=receipt(value=kept))
    yield "of a client, with inputs", forger.forge(
        client, receipts=field("reward_inputs", value=forger.good["reward_inputs"])
    )


def calibrated(forger):
    """Engine class `calibrated`: other records, and ranges of their own."""
    for k in (8, 16):
        yield from of_width(forger, k)
    declared = {"scheme": "grail-r1", "engine_class": "calibrated", "numerics": "f32-exact/1"}
    declared |= {"calibration": "ab" * 32, "k": 16}
    prints = [struct.pack("<e", 0.25) + b"\x7f" * 16]
    for name, changed in {
        "k 0": {"k": 0},
        "k 4": {"k": 4},
        "k 32": {"k": 32},
        "k null": {"k": None},
        "no calibration": {"calibration": None},
        "short calibration": {"calibration": "ab" * 31},
        "called exact": {"engine_class": "exact"},
        "called otherwise": {"engine_class": "tolerant"},
        "numerics": {"numerics": "f32-exact/2"},
        "scheme": {"scheme": "grail-r2"},
    }.items():
        good = forger.forge(field("proof", "profile", value=declared), prints=prints)
        good["proof"]["profile"].update(changed)
        yield f"calibrated, {name}", good
    exact = dict(forger.good["proof"]["profile"])
    for name, more in {"null": None, "16": 16}.items():
        rollout = forger.forge()
        rollout["proof"]["profile"] = {**exact, "k": more, "calibration": None}
        yield f"exact, k {name}", rollout


def of_width(forger, k):
    profile = {
        **forger.good["proof"]["profile"],
        "engine_class": "calibrated",
        "calibration": "ab" * 32,
        "k": k,
    }
    as_class = field("proof", "profile", value=profile)
    scale = struct.pack("<e", 0.25)
    values = lambda *first: scale + struct.pack(f"{k}b", *([*first, *[3] * k][:k]))
    good = values(127)
    for name, prints in {
        "": [good],
        "negative peak": [values(1, -127)],
        "many peaks": [values(127, -127, 127)],
        "no peak": [values(126)],
        "all zero": [scale + bytes(k)],
        "beyond": [values(127, -128)],
        "only beyond": [values(-128)],
        "one token without": [good] * 5 + [values(5)],
        "short": [good[:-1]],
        "long": [good + b"\0"],
        "of the other kind": [good[:14]],
    }.items():
        yield f"calibrated {k} {name}", forger.forge(as_class, prints=prints)
    for bits in (0, 0x8000, 1, 0x03FF, 0x0400, 0xB400, 0x7BFF, 0x7C00, 0xFC00, 0x7E00, 0x7C01):
        prints = [struct.pack("<H", bits) + good[2:]]
        yield f"calibrated {k} scale {bits:04x}", forger.forge(as_class, prints=prints)
    for value in (-0.0, 1e-3):
        odd = both(as_class, logprob(value))
        yield f"calibrated {k} log-prob {value}", forger.forge(odd, prints=[good])
    for name, change in {
        "others": lambda known: [value * 1.25 for value in known],
        "positive": lambda known: [0.5] * len(known),
        "fewer": lambda known: known[:-1],
        "none": lambda known: None,
    }.items():
        rollout = forger.forge(as_class, prints=[good])
        rollout["verifier_logprobs"] = change(rollout["verifier_logprobs"])
        yield f"calibrated {k} verifier's log-probs {name}", rollout


def odd_points(forger):
    """Keys and signatures that satisfy one or another equation, made of points that an honest signer never uses."""
    turn = torsion()
    ed25519 = {
        "key of order 1": {"secret": 0},
        "key of order 8": {"secret": 0, "shift_key": turn, "suits": lambda k: k % 8 == 0},
        "key with a part of order 8": {"secret": 99, "shift_key": turn, "suits": lambda k: k % 8 == 0},
        "key with a part of order 8, cofactored": {"secret": 99, "shift_key": turn, "suits": lambda k: k % 8},
        "R with a part of order 8": {"secret": 99, "shift_r": turn},
    }
    for name, how in ed25519.items():
        odd = signer(encode=encode_edwards, challenge=ed25519_challenge, **how)
        yield f"ed25519 {name}", forger.by(service=odd).forge()
    plain, secret = signer(99, encode_edwards, ed25519_challenge), 99
    for name, r in (("1", IDENTITY), ("8", turn)):
        known = encode_edwards(r)
        total = lambda message, known=known: ed25519_challenge(known, plain.public, message) * secret % L
        odd = Signer(plain.public, lambda m, known=known, s=total: known + s(m).to_bytes(32, "little"))
        yield f"ed25519 R of order {name}", forger.by(service=odd).forge()
    yield "sr25519 key 0", forger.by(miner=signer(0, encode_ristretto, sr25519_challenge, 2**255)).forge()
    honest = forger.miner
    number = int.from_bytes(honest.public, "little")
    for name, other in (("negative", P - number), ("beyond p", P + number), ("odd", number | 1), ("p", P)):
        public = other.to_bytes(32, "little")
        yield f"sr25519 key {name}", forger.by(miner=Signer(public, honest.sign)).forge()


def torsion():
    """A point of order 8."""
    for y in range(2, 100):
        point = decode_edwards(y.to_bytes(32, "little"))
        if point is not None:
            turn = multiply_add(L, point, 0, IDENTITY)
            fourth = multiply_add(4, turn, 0, IDENTITY)
            if not same(fourth, IDENTITY):
                return turn
    raise AssertionError("half of all points have one")
