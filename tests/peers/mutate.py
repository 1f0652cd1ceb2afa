"""Changes a delivered file in every way we could think of: single changes of what is written, other spellings of the
same content, flipped bits, parts swapped between rollouts, and wrong rollouts that are well signed (`forged.py`).

Which verifier says what about them is `agree.py`'s.
"""

import base64
import copy
import json
import random
from dataclasses import dataclass

import forged
import l0
from forge import Forger


@dataclass
class Mutant:
    name: str
    line: bytes
    key: bytes
    verdict: str = ""


def dump(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


# ---- one change of what is written ----


class Raw:
    """Stands for text that `json` would not write."""

    def __init__(self, text):
        self.text = text


def written(value):
    if not isinstance(value, (dict, list, Raw)):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, Raw):
        return value.text
    if isinstance(value, list):
        return "[" + ",".join(map(written, value)) + "]"
    return "{" + ",".join(f"{json.dumps(name)}:{written(item)}" for name, item in value.items()) + "}"


def walk(value, at=()):
    """(place, value) of everything inside; of long lists the ends and the middle."""
    yield at, value
    if isinstance(value, dict):
        for name in value:
            yield from walk(value[name], (*at, name))
    elif isinstance(value, list):
        for place in sorted({0, len(value) // 2, len(value) - 1} if value else ()):
            yield from walk(value[place], (*at, place))


def put(value, at, new):
    out = copy.deepcopy(value)
    inner = out
    for step in at[:-1]:
        inner = inner[step]
    inner[at[-1]] = new
    return out


def others(value):
    """Other values for the same place, some of which only look other."""
    anything = [
        None,
        True,
        0,
        -1,
        "",
        "x",
        [],
        {},
        [value],
        {"x": value},
        Raw("NaN"),
        Raw("-Infinity"),
        Raw("1e999"),
    ]
    if isinstance(value, bool):
        return [not value, 1, "true", None]
    if isinstance(value, str):
        swapped = [value[:at] + value[at].swapcase() + value[at + 1 :] for at in range(0, len(value), 9)]
        flipped = "".join(chr(ord(letter) ^ 1) for letter in value[:1]) + value[1:]
        ends = [
            value + "0",
            value[:-1],
            value[2:],
            " " + value,
            value.upper(),
            flipped,
            value + "\0",
            Raw(json.dumps(value)[:-1] + '\\ud800"'),
        ]
        return (
            anything
            + ends
            + swapped
            + [Raw('"' + "".join(f"\\u{ord(c):04x}" for c in value if ord(c) < 65536) + '"')]
        )
    if isinstance(value, int):
        near = [value + 1, value - 1, value ^ 4, -value - 1, value + 2**32, 2**32 - 1, 2**64, 10**30]
        return (
            anything
            + near
            + [
                Raw(f"{value}.0"),
                Raw(f"{value}e0"),
                Raw(f"0{value}"),
                Raw(f"+{value}"),
                Raw("-0"),
                str(value),
            ]
        )
    if isinstance(value, float):
        step = [
            value * (1 + 2**-24),
            value * (1 + 2**-52),
            value * (1 - 2**-20),
            -value,
            5e-324,
            1e-40,
            3.5e38,
            1e300,
        ]
        same = [Raw(f"{value!r}0") if "e" not in repr(value) else Raw(f"{value:.30f}"), Raw(f"{value:.25e}")]
        return anything + step + same + [Raw("-0"), Raw("-0.0"), Raw("." + "5"), Raw("1."), str(value)]
    if isinstance(value, list):
        some = [
            value[:-1],
            value + value[-1:],
            value[::-1],
            value[1:] + value[:1],
            value + [0],
            value + [None],
        ]
        return [None, 0, "", {}, [], *some, dict(enumerate(map(str, value)))]
    if isinstance(value, dict):
        return [None, 0, "", [], {}, {**value, "x": None}]
    return [0, 1.5, "", "x", False, [], {}, [0.5], {"a": 1.5}]


def edits(good):
    """(name, text of the line) for each single change of one rollout."""
    for at, value in walk(good):
        name = "/" + "/".join(map(str, at))
        if at:
            for new in others(value):
                yield f"{name} = {written(new)[:60]}", written(put(good, at, new))
        if isinstance(value, dict):
            for gone in value:
                rest = {other: item for other, item in value.items() if other != gone}
                yield f"{name} without {gone}", written(put(good, at, rest) if at else rest)
        if isinstance(value, dict) and value:
            twice = Raw(written(value)[:-1] + "," + written(dict([list(value.items())[-1]]))[1:])
            yield f"key twice in {name[1:]}", written(put(good, at, twice) if at else twice)
            order = dict(reversed(value.items()))
            yield f"other order in {name}", written(put(good, at, order) if at else order)


ORDER = {  # as the Rust structs are declared, which is the order an array of their values would have
    ("dedup",): ["sample_hash", "is_duplicate", "multiplicity", "minhash_cluster"],
    ("group", "stats_all"): ["mean", "std", "n"],
    ("sampling",): ["temperature", "top_p", "top_k", "max_tokens"],
    ("reward_receipt",): ["function", "receipt", "receipt_hash", "service_key", "signature"],
}


def spellings(good):
    """The same content in other words: some are JSON's freedom, some no one should take."""
    text = written(good)
    yield "spaces", json.dumps(good, indent=1).replace("\n", "\r\t")
    yield "line and garbage", text + " x"
    yield "two on a line", text + " " + text
    yield "cut", text[:-1]
    yield "cut in the middle", text[: len(text) // 2]
    yield "mark before", "\ufeff" + text
    yield "comment", text + "/**/"
    yield "comma", text[:-1] + ",}"
    yield "array of it", f"[{text}]"
    yield "text of it", json.dumps(text)
    yield "deep", text[:-1] + ',"x":' + "[" * 5000 + "]" * 5000 + "}"
    for at, names in ORDER.items():
        inner = good
        for step in at:
            inner = inner[step]
        yield f"object as array {at}", written(put(good, at, [inner[name] for name in names]))
    for at in (
        ("finish_reason",),
        ("proof", "profile", "engine_class"),
        ("reward_receipt", "receipt", "outcome"),
    ):
        inner = good
        for step in at:
            inner = inner[step]
        yield f"enum as object {at}", written(put(good, at, {inner: None}))


def together(good):
    """Fields that must say the same, changed alike."""
    known, records = good["behavior_logprobs"], base64.b64decode(good["proof"]["records"])
    for name, new in {
        "one more": [*known, -1.0],
        "one fewer": known[:-1],
        "one other": [known[0] * 2, *known[1:]],
        "first and last turned": [known[-1], *known[1:-1], known[0]],
        "none": [],
    }.items():
        both = {"behavior_logprobs": new, "verifier_logprobs": new}
        yield f"log-probs alike: {name}", written({**good, **both})
        yield f"log-probs and mask alike: {name}", written({**good, **both, "loss_mask": [1] * len(new)})
    size = len(records) // len(known)
    longer = {
        "records": records + records[-size:],
        "half more": records + records[:7],
        "fewer": records[:-size],
    }
    for name, data in longer.items():
        yield f"records: {name}", written(put(good, ("proof", "records"), base64.b64encode(data).decode()))
    given = good["proof"]["records"]
    url = given.replace("+", "-").replace("/", "_")
    for name, other in (
        ("url", url),
        ("line", given[:76] + "\n" + given[76:]),
        ("more padding", given + "="),
    ):
        yield f"base64: {name}", written(put(good, ("proof", "records"), other))
    if given.endswith("="):
        bare = given.rstrip("=")
        spare = bare[:-1] + ALPHABET[ALPHABET.index(bare[-1]) ^ 1] + given[len(bare) :]
        yield "base64: no padding, all of it", written(put(good, ("proof", "records"), bare))
        yield "base64: spare bits, all of it", written(put(good, ("proof", "records"), spare))


ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

# ---- changes inside bytes, and between rollouts ----


def flips(good, rng, count):
    """One bit of what is given in hex or base64, and whole signatures of other forms."""
    proof, reward = ("proof",), ("reward_receipt",)
    places = [
        (*proof, name) for name in ("checkpoint_id", "randomness", "hotkey", "head", "signature", "records")
    ]
    places += [
        (*proof, "receipt", name) for name in ("task", "group_root", "hotkey", "service_key", "signature")
    ]
    places += [(*reward, name) for name in ("receipt_hash", "service_key", "signature")]
    places += [(*proof, "merkle_path", 0), ("dedup", "sample_hash")]
    for at in places:
        inner = good
        for step in at:
            inner = inner[step]
        is_hex = at[-1] != "records"
        data = bytes.fromhex(inner) if is_hex else base64.b64decode(inner)
        for _ in range(count):
            bit, changed = rng.randrange(len(data) * 8), bytearray(data)
            changed[bit // 8] ^= 1 << bit % 8
            new = bytes(changed).hex() if is_hex else base64.b64encode(changed).decode()
            yield f"/{'/'.join(map(str, at))} bit {bit}", written(put(good, at, new))
    order = l0.curves.L
    for at in ((*proof, "signature"), (*proof, "receipt", "signature"), (*reward, "signature")):
        inner = good
        for step in at:
            inner = inner[step]
        r, s = inner[:64], int.from_bytes(bytes.fromhex(inner[64:]), "little")
        for name, other in (("+ L", s + order), ("marked", s ^ 2**255), ("negative", order - s), ("zero", 0)):
            if 0 <= other < 2**256:
                new = r + other.to_bytes(32, "little").hex()
                yield f"/{'/'.join(at)} s {name}", written(put(good, at, new))


def swaps(good, other, kind):
    """A part of one rollout in another."""
    for at, value in walk(good):
        if not at or isinstance(at[-1], int) or len(at) > 3:
            continue
        inner = other
        for step in at:
            inner = inner[step] if isinstance(inner, dict) and step in inner else None
        if inner is not None and inner != value:
            yield f"/{'/'.join(at)} of {kind}", written(put(good, at, inner))
    together = ["completion_ids", "completion_text", "behavior_logprobs", "verifier_logprobs", "loss_mask"]
    together += ["num_completion_tokens", "finish_reason", "dedup"]
    yield f"completion of {kind}", written({**good, **{name: other[name] for name in together}})
    yield f"reward of {kind}", written({**good, **{n: other[n] for n in other if n.startswith("reward")}})
    yield f"whole proof of {kind}", written({**good, "proof": other["proof"]})


def modules():
    """Lines of reward modules; a good one is no rollout, and neither accepted nor refused: `files` has one."""
    module = {
        "object": "reward_module",
        "function": "rwf@1",
        "upload_sha256": "01" * 32,
        "component_sha256": "02" * 32,
        "world": "reward",
        "wasi": "none",
        "module_base64": "AGFzbQ==",
    }
    for name in list(module)[1:]:
        for new in (None, 7, "x", "AGFzbQ", [], "0X" * 31):
            if not (isinstance(new, str) and name in ("function", "world", "wasi")):
                yield f"{name} = {new}", written({**module, name: new})
        yield f"without {name}", written({other: value for other, value in module.items() if other != name})
    yield "more", written({**module, "x": None})
    yield "cut", written(module)[:-1]
    yield "later", written(dict(reversed(module.items())))


def corpus(rollouts, checkpoint, folder, calibrated):
    rng = random.Random(3)
    key = bytes.fromhex(rollouts[0]["proof"]["receipt"]["service_key"])
    good = rollouts[0]
    sibling = next(r for r in rollouts if r["group_id"] == good["group_id"] and r["id"] != good["id"])
    stranger = next(r for r in rollouts if r["group_id"] != good["group_id"])
    texts = [*((f"good {r['id']}", written(r)) for r in rollouts), *edits(good), *spellings(good)]
    for some in (good, sibling, stranger):
        texts += [*flips(some, rng, 4), *together(some)]
    texts += [(f"module: {name}", text) for name, text in modules()]
    texts += [*swaps(good, sibling, "a sibling"), *swaps(good, stranger, "another group")]
    for name, text in texts:
        # surrogates that Python could hold are not text: what cannot be written is left out
        yield Mutant(name, text.encode("utf-8", "surrogatepass"), key)
    yield Mutant("bad utf-8", written(good).encode().replace(b'"custom_id":"', b'"custom_id":"\xff'), key)
    decode = forged.decoder(folder / "tokenizer.json")
    forger = Forger(good, decode)
    wrong = [*forged.rollouts(forger, checkpoint), *forged.odd_points(forger)]
    wrong += forged.calibrated(forger) if calibrated else []
    for name, rollout in wrong:
        believed = bytes.fromhex(rollout["proof"]["receipt"]["service_key"])
        yield Mutant(f"forged: {name}", written(rollout).encode(), believed)
