"""How a delivered rollout is written: docs/PROTOCOL.md §8, the JSON. Every shape turns a parsed value into what is
hashed, or refuses it. Strict, since one value that could be spelled in two ways is one that could be changed unseen.
It judges no rollout: that is `rollouts.py`.
"""

import base64
import json
import math
import re
import struct
from collections.abc import Callable
from decimal import Decimal
from typing import Any, NoReturn

Shape = Callable[[Any], Any]


class Refused(Exception):
    """A verdict; the message is the reject reason."""


def need(holds: object, reason: str) -> None:
    if not holds:
        raise Refused(reason)


# ---- shapes ----


class Number(str):
    """A JSON number as it is written."""


def malformed(holds: object) -> None:
    need(holds, "malformed_frame")


def text(value: Any) -> str:
    malformed(type(value) is str and not re.search("[\ud800-\udfff]", value))  # half a pair is no text
    return value


def matching(pattern: str) -> Shape:
    def shape(value: Any) -> str:
        malformed(re.fullmatch(pattern, text(value), re.ASCII))
        return value

    return shape


def decimal_below(bound: int) -> Shape:
    def shape(value: Any) -> int:
        malformed(type(value) is Number and re.fullmatch("0|[1-9][0-9]*", value))
        malformed(len(value) <= 20 and int(value) < bound)
        return int(value)

    return shape


def decimal_text_below(bound: int) -> Shape:
    def shape(value: Any) -> Any:
        return decimal_below(bound)(Number(text(value)))

    return shape


def f64(value: Any) -> float:
    malformed(type(value) is Number and math.isfinite(float(value)))
    return float(value)


def f32(value: Any) -> float:
    """The nearest f32, rounded once, ties to even: by way of f64 the wrong side of a tie could win."""
    wide = f64(value)
    try:
        near = struct.unpack(">f", struct.pack(">f", wide))[0]
    except OverflowError:
        raise Refused("malformed_frame") from None
    bits = struct.unpack(">I", struct.pack(">f", near))[0]
    away = (wide > near) == (near > 0) if near else True
    other = struct.unpack(">f", struct.pack(">I", bits + 1 if away else bits - 1))[0]
    other = -other if wide < 0 < other else other
    if wide != near and wide - near == other - wide:  # a tie, as far as f64 can tell
        exact, tie = Decimal(str(value)), Decimal(wide)
        near = near if exact == tie else max(near, other) if exact > tie else min(near, other)
    return near


def boolean(value: Any) -> bool:
    malformed(type(value) is bool)
    return value


def hexadecimal(count: int) -> Shape:
    return lambda value: bytes.fromhex(matching(f"[0-9a-f]{{{2 * count}}}")(value))


CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def identifier(prefix: str) -> Shape:
    def shape(value: Any) -> bytes:
        matching(f"{prefix}_[0-7][{CROCKFORD}]{{25}}")(value)
        number = 0
        for digit in value[4:]:
            number = number * 32 + CROCKFORD.index(digit)
        return number.to_bytes(16, "big")

    return shape


def base64_bytes(value: Any) -> bytes:
    try:
        data = base64.b64decode(text(value), validate=True)
    except ValueError:
        raise Refused("malformed_frame") from None
    malformed(base64.b64encode(data).decode() == value)
    return data


def one_of(*values: str) -> Shape:
    def shape(value: Any) -> str:
        malformed(text(value) in values)
        return value

    return shape


def listed(shape: Shape) -> Shape:
    def inner(value: Any) -> list[Any]:
        malformed(type(value) is list)
        return [shape(item) for item in value]

    return inner


def mapping(shape: Shape) -> Shape:
    def inner(value: Any) -> dict[str, Any]:
        malformed(type(value) is dict)
        return {text(name): shape(item) for name, item in value.items()}

    return inner


def nullable(shape: Shape) -> Shape:
    return lambda value: None if value is None else shape(value)


def fields(**shapes: Shape) -> Shape:
    def inner(value: Any) -> dict[str, Any]:
        malformed(type(value) is dict and value.keys() <= shapes.keys())
        # a field that is not there is read as null: what may not be null refuses it
        return {name: shape(value.get(name)) for name, shape in shapes.items()}

    return inner


# ---- the rollout ----

U32, U64 = decimal_below(2**32), decimal_below(2**64)
HASH, SIGNATURE = hexadecimal(32), hexadecimal(64)
STATS = fields(mean=nullable(f64), std=nullable(f64), n=U32)


def price(value: Any) -> int:
    matching("[0-9]{1,19}")(value)
    malformed(int(value) < 2**63)
    return int(value)


PROFILE = fields(
    scheme=text,
    engine_class=one_of("exact", "calibrated", "test"),
    numerics=text,
    calibration=nullable(HASH),
    k=nullable(decimal_below(2**32)),
)


def profile(value: Any) -> dict[str, Any]:
    """The last two belong to class `calibrated`. Class `test` is of test jobs: no model ran."""
    known: dict[str, Any] = PROFILE(value)
    calibrated = known["calibration"] is not None and known["k"] in (8, 16)
    exact = known["calibration"] is None and known["k"] is None
    malformed(known["scheme"] == "grail-r1" and (exact, calibrated)[known["engine_class"] == "calibrated"])
    malformed(known["engine_class"] != "test" or known["numerics"] == "none")
    return known


def livemode(value: Any) -> bool:
    """Records from before there were test jobs do not say it."""
    return value is None or boolean(value)


METHODS = "grpo dr_grpo rloo loo_std batch_std reinforce_pp reinforce_pp_baseline max_rl opo pass_k gdpo none"
TERMS = fields(
    eps=f64,
    std_ddof=decimal_below(256),
    component_weights=mapping(f64),
    soft_penalty=nullable(fields(buffer=U32, factor=f64)),
    mask_truncated=boolean,
    batch=nullable(fields(index=U32, groups=U32, n=U64, mean=f64, std=f64)),
)

LOGPROB_SPEC = fields(
    kind=text,
    temperature_applied=boolean,
    truncation=text,
    dtype=text,
    engine=nullable(text),
    attn=nullable(text),
    matches_sampling=boolean,
)
POLICY = fields(
    checkpoint_id=HASH,
    repo=nullable(text),
    revision=nullable(text),
    version=nullable(U64),
    window=nullable(U64),
)

ROLLOUT = fields(
    object=one_of("rollout"),
    schema_version=U32,
    id=identifier("rol"),
    livemode=livemode,
    job_id=identifier("job"),
    group_id=identifier("grp"),
    custom_id=text,
    prompt_index=U32,
    sample_index=U32,
    messages=nullable(listed(fields(role=text, content=text))),
    prompt_text=nullable(text),
    completion_text=text,
    prompt_ids=listed(U32),
    completion_ids=listed(U32),
    loss_mask=listed(decimal_below(256)),
    behavior_logprobs=listed(f32),
    verifier_logprobs=nullable(listed(f32)),
    logprob_spec=nullable(LOGPROB_SPEC),
    sampling=fields(temperature=f32, top_p=f32, top_k=U32, max_tokens=U32),
    finish_reason=one_of("stop", "length"),
    truncated=nullable(boolean),
    num_prompt_tokens=U32,
    num_completion_tokens=U32,
    reward=nullable(f64),
    reward_valid=nullable(boolean),
    reward_components=mapping(f64),
    reward_error=nullable(text),
    shaped_reward=nullable(f64),
    advantage=nullable(f64),
    advantage_method=nullable(one_of(*METHODS.split())),
    advantage_terms=nullable(TERMS),
    sample_weight=f64,
    group=fields(
        size=U32,
        n_verified=nullable(U32),
        stats_all=STATS,
        stats_selected=STATS,
        n_selected=nullable(U32),
        pass_rate=nullable(f64),
        difficulty=nullable(f64),
        filter_reason=nullable(text),
        replaces=listed(identifier("grp")),
    ),
    dedup=fields(
        sample_hash=HASH,
        is_duplicate=boolean,
        multiplicity=nullable(U32),
        minhash_cluster=nullable(identifier("rol")),
    ),
    policy=nullable(POLICY),
    proof=fields(
        profile=profile,
        checkpoint_id=HASH,
        randomness=HASH,
        hotkey=HASH,
        records=base64_bytes,
        head=HASH,
        signature=SIGNATURE,
        merkle_path=listed(HASH),
        receipt=fields(
            task=HASH,
            group_root=HASH,
            hotkey=HASH,
            received_at_ms=U64,
            audit_round=U64,
            service_key=HASH,
            signature=SIGNATURE,
        ),
        verification=one_of("full", "sampled", "none"),
    ),
    reward_inputs=nullable(
        fields(
            reference=text,
            metadata=text,
            limits=fields(fuel_per_sample=U64, memory_bytes=U64, input_bytes=U64),
        )
    ),
    reward_receipt=nullable(
        fields(
            function=text,
            receipt=lambda value: value,
            receipt_hash=HASH,
            service_key=HASH,
            signature=SIGNATURE,
        )
    ),
    price_rao=price,
    created_at=text,
)

OUTCOMES = """ok fuel_exhausted memory_exceeded trap_unreachable trap_oob trap_stack trap_arithmetic invalid_output
non_finite_score score_out_of_range fault""".split()
HEX = matching("[0-9a-f]{64}")
SANDBOX_RECEIPT = fields(
    v=U32,
    upload_sha256=HEX,
    component_sha256=HEX,
    world=one_of("reward", "reward-simple"),
    engine=fields(wasmtime=matching("[A-Za-z0-9.+-]{1,32}"), config_hash=HEX, limits_hash=HEX),
    wasi_profile=one_of("none", "deterministic"),
    input_hash=HEX,
    seed=decimal_text_below(2**64),
    outcome=one_of(*OUTCOMES),
    rewards=listed(matching("[0-9a-f]{16}")),
    components_hash=HEX,
    fuel=nullable(U64),
    log_hash=HEX,
)


# ---- a reward module ----

MODULE_BYTES = 32 << 20


def module_bytes(value: Any) -> bytes:
    data = base64_bytes(value)
    malformed(len(data) <= MODULE_BYTES)
    return data


MODULE = fields(
    object=one_of("reward_module"),
    function=text,
    upload_sha256=HASH,
    component_sha256=HASH,
    world=text,
    wasi=text,
    module_base64=module_bytes,
)

# ---- the line ----


def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    out = dict(pairs)
    malformed(len(out) == len(pairs))
    return out


def no_constant(_: str) -> NoReturn:
    raise Refused("malformed_frame")  # NaN, Infinity


STRICT: dict[str, Any] = {
    "parse_int": Number,
    "parse_float": Number,
    "parse_constant": no_constant,
    "object_pairs_hook": unique,
}


def is_module(line: bytes) -> bool:
    """By its start alone, since it may be long."""
    return re.sub(b"[ \t\r]", b"", line).startswith(b'{"object":"reward_module"')


def parse(line: bytes, shape: Shape = ROLLOUT) -> Any:
    try:
        return shape(json.loads(line.decode(), **STRICT))
    except (ValueError, RecursionError):
        raise Refused("malformed_frame") from None
