"""The manifest of a job: its signature, its tree over all rollouts, and each delivered rollout's place in it. docs/MANIFEST.md."""

import hashlib
import json
import math
import re
import struct
import uuid
from collections.abc import Collection
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from .record import (
    CROCKFORD,
    HASH,
    SIGNATURE,
    U32,
    U64,
    Refused,
    base64_bytes,
    f64,
    fields,
    identifier,
    listed,
    malformed,
    mapping,
    need,
    no_constant,
    nullable,
    parse,
    price,
    text,
)
from .rollouts import H, climb, ed25519_verify, leaf, merkle_root, profile_id, u32, u64

OBJECTS = ("job.manifest", "job.manifest_leaves", "rollout.inclusion")
# The profile of test jobs, for which no model ran.
TEST_PROFILE = H("reliquary/profile/1", b"grail-r1", b"test", b"none")
# No service tries a group so often.
MAX_ATTEMPTS = 256
# Jobs of which nothing is said are remembered up to here. A file that has rollouts of more cannot say anything of others
# afterwards.
MAX_UNTOLD = 1 << 16


# ---- canonical JSON (RFC 8785) ----


def canonical(value: Any) -> str:
    """Keys in UTF-16 order, no spaces, numbers as ECMAScript writes doubles."""
    if isinstance(value, dict):
        members = sorted(value.items(), key=lambda member: member[0].encode("utf-16-be", "surrogatepass"))
        return "{" + ",".join(f"{canonical(name)}:{canonical(one)}" for name, one in members) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(canonical, value)) + "]"
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    try:
        return number(float(value))
    except OverflowError:
        raise Refused("malformed_frame") from None


def number(value: float) -> str:
    """The shortest digits that give this double again, laid out as ECMAScript's Number::toString does."""
    malformed(math.isfinite(value))  # 1e999 is a number of JSON, and of no double
    if value == 0:
        return "0"
    sign, figures, exponent = Decimal(repr(value)).as_tuple()
    digits = "".join(map(str, figures))
    assert isinstance(exponent, int)
    point = len(digits) + exponent  # the value is 0.digits times ten to this
    digits = digits.rstrip("0")
    count = len(digits)
    if count <= point <= 21:
        text = digits + "0" * (point - count)
    elif 0 < point <= 21:
        text = f"{digits[:point]}.{digits[point:]}"
    elif -6 < point <= 0:
        text = f"0.{'0' * -point}{digits}"
    else:
        rest = f".{digits[1:]}" if count > 1 else ""
        text = f"{digits[0]}{rest}e{point - 1:+d}"
    return "-" + text if sign else text


# ---- lines ----


def is_evidence(line: bytes) -> bool:
    """By its start alone, since it may be long."""
    start = re.sub(b"[ \t\r]", b"", line[:200])
    return any(start.startswith(b'{"object":"' + name.encode() + b'"') for name in OBJECTS)


def anything(value: Any) -> Any:
    return value


def leaf_hashes(value: Any) -> list[bytes]:
    data = base64_bytes(value)
    malformed(len(data) % 32 == 0)
    return [data[at : at + 32] for at in range(0, len(data), 32)]


def manifest_livemode(value: Any) -> bool:
    """Said of test jobs only, and then false."""
    malformed(value is None or value is False)
    return value is None


MANIFEST = fields(
    object=text,
    manifest=fields(
        schema_version=U32,
        livemode=manifest_livemode,
        job_id=identifier("job"),
        status=text,
        status_reason=nullable(text),
        created_at=text,
        finished_at=text,
        spec_sha256=HASH,
        checkpoint=fields(id=HASH, name=text),
        proof_profile=HASH,
        randomness=HASH,
        reward=nullable(fields(function=text, component_sha256=nullable(HASH))),
        counts=fields(
            prompts=U64,
            groups=fields(accepted=U64, filtered=U64, failed=U64, cancelled=U64),
            rollouts=mapping(U64),
        ),
        price=anything,
        charged_rao=price,
        verifiers=listed(text),
        leaf_count=U64,
        merkle_root=HASH,
    ),
    spec=anything,
    service_key=HASH,
    signature=SIGNATURE,
)
# The price of a job, as far as it is known here.
PRICE = fields(rollout=price, per_1k_tokens=price, filtered_bps=U32, miner_share_bps=U32)
# All the money there is.
MAX_RAO = 2**63 - 1
LEAVES = fields(object=text, job_id=identifier("job"), first=U64, hashes_base64=leaf_hashes)
INCLUSION = fields(
    object=text,
    rollout_id=identifier("rol"),
    job_id=identifier("job"),
    leaf=fields(
        prompt_index=U32,
        sample_index=U32,
        attempt=U32,
        head=HASH,
        sample_hash=HASH,
        state=text,
        reason=nullable(text),
        reward=nullable(f64),
        reward_error=nullable(text),
        reward_signature=nullable(SIGNATURE),
        advantage=nullable(f64),
        price_rao=price,
    ),
    leaf_index=U64,
    leaf_count=U64,
    path=listed(HASH),
    merkle_root=HASH,
)
SHAPES = dict(zip(OBJECTS, (MANIFEST, LEAVES, INCLUSION), strict=True))


@dataclass
class Signed:
    """A manifest, and what its canonical text was signed as."""

    known: dict[str, Any]
    digest: bytes
    spec_sha256: bytes


def read(line: bytes) -> tuple[str, Any]:
    """One object of this kind, as strictly as a record is read."""
    try:
        written = json.loads(line.decode(), parse_constant=no_constant)
        malformed(isinstance(written, dict) and written.get("object") in OBJECTS)
        kind = written["object"]
        known = parse(line, SHAPES[kind])
        if kind != "job.manifest":
            return kind, known
        spec = hashlib.sha256(canonical(written.get("spec")).encode()).digest()
        return kind, Signed(known, H("reliquary/manifest/1", canonical(written["manifest"]).encode()), spec)
    except (ValueError, RecursionError, TypeError):
        raise Refused("malformed_frame") from None


# ---- leaves ----


def double(value: Any) -> bytes:
    return b"" if value is None else struct.pack(">d", float(value))


def leaf_hash(job: bytes, said: dict[str, Any]) -> bytes:
    signature = said["reward_signature"]
    return leaf(
        H(
            "reliquary/manifest-leaf/1",
            job,
            u32(said["prompt_index"]),
            u32(said["sample_index"]),
            u32(said["attempt"]),
            said["head"],
            said["sample_hash"],
            said["state"].encode(),
            (said["reason"] or "").encode(),
            double(said["reward"]),
            (said["reward_error"] or "").encode(),
            b"" if signature is None else signature,
            double(said["advantage"]),
            u64(said["price_rao"]),
        )
    )


def leaf_of(r: dict[str, Any]) -> dict[str, Any] | None:
    """The leaf of a delivered rollout, as `parse` has read it. None: its id is that of no attempt."""
    group, sample = uuid.UUID(bytes=r["group_id"]), r["sample_index"]
    attempts = range(MAX_ATTEMPTS + 1)
    attempt = next((n for n in attempts if uuid.uuid5(group, f"rollout/{n}/{sample}").bytes == r["id"]), None)
    if attempt is None:
        return None
    signed = r["reward_receipt"]
    return {
        "prompt_index": r["prompt_index"],
        "sample_index": sample,
        "attempt": attempt,
        "head": r["proof"]["head"],
        "sample_hash": r["dedup"]["sample_hash"],
        "state": "selected",
        "reason": None,
        "reward": r["reward"],
        "reward_error": r["reward_error"],
        "reward_signature": signed and signed["signature"],
        "advantage": r["advantage"],
        "price_rao": r["price_rao"],
    }


def delivered_rao(written: Any, tokens: int) -> int | None:
    """What a delivered rollout of so many tokens cost. None: the price has parts that this reader does not know."""
    try:
        malformed(type(written) is dict)
        # jobs from before tokens had a price say nothing of it; to say `null` is another thing, and unknown
        known: dict[str, Any] = PRICE({"per_1k_tokens": "0", **written})
    except Refused:
        return None
    return min(known["rollout"] + known["per_1k_tokens"] * tokens // 1000, MAX_RAO)


def agrees(manifest: dict[str, Any], r: dict[str, Any]) -> bool:
    """Whether a rollout says the same of its job as the manifest."""
    proof, policy = r["proof"], r["policy"] or {}
    cost = delivered_rao(manifest["price"], r["num_completion_tokens"])
    name, revision = policy.get("repo"), policy.get("revision")
    name = name if name is None or revision is None else f"{name}@{revision}"
    return (
        proof["checkpoint_id"] == manifest["checkpoint"]["id"]
        and profile_id(proof["profile"]) == manifest["proof_profile"]
        and proof["randomness"] == manifest["randomness"]
        and (name is None or name == manifest["checkpoint"]["name"])
        and (cost is None or cost == r["price_rao"])
    )


# ---- jobs ----


@dataclass
class ManifestReport:
    """What was found about one job's manifest."""

    job_id: str
    delivered: int = 0
    in_file: int = 0
    not_shown: int = 0
    key_is_pinned: bool = False
    findings: set[str] = field(default_factory=set)


@dataclass
class Job:
    """What is known of one."""

    manifest: Signed | None = None
    leaves: list[bytes] = field(default_factory=list)
    places: dict[bytes, int] | None = None
    inclusions: dict[bytes, dict[str, Any]] = field(default_factory=dict)
    findings: set[str] = field(default_factory=set)
    # rollouts of it were read: what is said of it from here on is late
    has_begun: bool = False
    is_judged: bool = False
    seen: set[int] = field(default_factory=set)
    not_shown: set[bytes] = field(default_factory=set)


class Manifests:
    """All manifests of one run. What is said of a job stands before its rollouts: else those before it would be judged as if
    there were none."""

    def __init__(self, pinned: Collection[bytes], is_partial: bool) -> None:
        self._jobs: dict[bytes, Job] = {}
        # jobs that have rollouts, and of which nothing was said before them
        self._untold: set[bytes] = set()
        self._last: tuple[str, Any] | None = None
        self._pinned, self._is_partial = pinned, is_partial

    @property
    def untold(self) -> int:
        """How many jobs have rollouts here and no word of a manifest: those are checked one by one only."""
        return len(self._untold - self._jobs.keys())

    def learn(self, line: bytes) -> None:
        kind, value = read(line)
        if self._last == (kind, value):
            return  # files that were put together may say it again
        self._last = kind, value
        name = (value.known["manifest"] if kind == "job.manifest" else value)["job_id"]
        has_begun = len(self._untold) >= MAX_UNTOLD or name in self._untold
        job = self._jobs.setdefault(name, Job(has_begun=has_begun))
        if job.has_begun:
            job.findings.add("manifest_late")
            return
        if kind == "job.manifest":
            if job.manifest is not None and job.manifest != value:
                job.findings.add("manifest_twice")
            job.manifest = job.manifest or value
        elif kind == "job.manifest_leaves":
            if value["first"] == len(job.leaves):
                job.leaves += value["hashes_base64"]
            else:
                job.findings.add("manifest_leaves")
        else:
            job.inclusions[value["rollout_id"]] = value

    def check(self, r: dict[str, Any]) -> None:
        """Raises Refused when the job's manifest has no such rollout. `r` is a record as `parse` has read it."""
        job = self._jobs.get(r["job_id"])
        if job is None:
            if len(self._untold) < MAX_UNTOLD:
                self._untold.add(r["job_id"])
            return
        job.has_begun = True
        self._judge(job)
        if job.manifest is None:
            return
        known = job.manifest.known
        if not self._pinned and known["service_key"] != r["proof"]["receipt"]["service_key"]:
            job.findings.add("manifest_key")
        own = leaf_of(r)
        if own is None:
            raise Refused("not_in_manifest")
        hashed = leaf_hash(r["job_id"], own)
        inclusion = job.inclusions.get(r["id"])
        if job.places is not None:
            need(hashed in job.places, "not_in_manifest")
            self._count(job, job.seen, job.places[hashed])
        elif inclusion is None:
            self._count(job, job.not_shown, r["id"])
        else:
            need(leaf_hash(r["job_id"], inclusion["leaf"]) == hashed, "not_in_manifest")
            count, root = known["manifest"]["leaf_count"], known["manifest"]["merkle_root"]
            need((inclusion["leaf_count"], inclusion["merkle_root"]) == (count, root), "inclusion_proof")
            need(climb(hashed, inclusion["leaf_index"], count, inclusion["path"]) == root, "inclusion_proof")
            self._count(job, job.seen, inclusion["leaf_index"])
        need(agrees(known["manifest"], r), "manifest_mismatch")

    def _count(self, job: Job, known: set[Any], one: Any) -> None:
        """No rollout was delivered twice."""
        if one in known:
            job.findings.add("rollouts_too_many")
        known.add(one)

    def _judge(self, job: Job) -> None:
        """The manifest by itself, once: before the first of its rollouts."""
        if job.is_judged:
            return
        job.is_judged = True
        if job.manifest is None:
            if "manifest_late" not in job.findings:
                job.findings.add("manifest_missing")
            return
        signed, known = job.manifest, job.manifest.known
        manifest, key = known["manifest"], known["service_key"]
        if manifest["schema_version"] != 1 or not ed25519_verify(key, signed.digest, known["signature"]):
            job.findings.add("manifest_signature")
        if manifest["livemode"] == (manifest["proof_profile"] == TEST_PROFILE):
            job.findings.add("manifest_signature")  # neither can say otherwise
        if self._pinned and key not in self._pinned:
            job.findings.add("manifest_key")
        if signed.spec_sha256 != manifest["spec_sha256"]:
            job.findings.add("manifest_spec")
        counts = manifest["counts"]
        groups, rollouts = sum(counts["groups"].values()), sum(counts["rollouts"].values())
        if (groups, rollouts) != (counts["prompts"], manifest["leaf_count"]):
            job.findings.add("manifest_counts")
        if not job.leaves and (manifest["leaf_count"] or job.inclusions):
            return  # there are proofs, or nothing
        if len(job.leaves) != manifest["leaf_count"]:
            job.findings.add("manifest_leaves")
        elif merkle_root(job.leaves) != manifest["merkle_root"]:
            job.findings.add("manifest_root")
        else:
            job.places = {hashed: index for index, hashed in enumerate(job.leaves)}
        job.leaves = []

    def finish(self) -> list[ManifestReport]:
        reports = []
        for name, job in self._jobs.items():
            self._judge(job)
            report = ManifestReport(crockford("job", name), findings=job.findings, not_shown=len(job.not_shown))
            report.in_file = len(job.seen) + len(job.not_shown)
            if job.manifest is not None:
                known = job.manifest.known
                report.delivered = known["manifest"]["counts"]["rollouts"].get("selected", 0)
                report.key_is_pinned = known["service_key"] in self._pinned
                if report.in_file > report.delivered:
                    job.findings.add("rollouts_too_many")
                elif report.in_file < report.delivered and not self._is_partial:
                    job.findings.add("rollouts_missing")
            reports.append(report)
        return reports


def crockford(prefix: str, data: bytes) -> str:
    value, digits = int.from_bytes(data, "big"), ""
    for _ in range(26):
        value, digit = divmod(value, 32)
        digits = CROCKFORD[digit] + digits
    return f"{prefix}_{digits}"
