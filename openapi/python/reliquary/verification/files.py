"""Files of delivered rollouts: a verdict on each, and on the manifests of their jobs."""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from .manifest import ManifestReport, Manifests, is_evidence
from .record import MODULE, Refused, is_module, parse
from .rollouts import Checkpoint, verify


@dataclass(frozen=True)
class Verdict:
    """`finding` is None for a rollout that holds, else what is wrong with it: docs/BUNDLES.md names them."""

    rollout_id: str | None
    finding: str | None


@dataclass
class Report:
    """What was found. `holds` is the answer."""

    level: str
    verdicts: list[Verdict] = field(default_factory=list)
    manifests: list[ManifestReport] = field(default_factory=list)
    # Jobs with rollouts and without a manifest: those are checked one by one, and none is missed.
    jobs_without_manifest: int = 0
    # The keys were given; else those of the file are believed, which shows only that nobody changed it since.
    keys_are_pinned: bool = False
    # The checkpoint was at hand; else its id is believed.
    checkpoint_is_known: bool = False

    @property
    def verified(self) -> int:
        return sum(verdict.finding is None for verdict in self.verdicts)

    @property
    def failed(self) -> int:
        return len(self.verdicts) - self.verified

    @property
    def findings(self) -> list[str]:
        """All of them, in words."""
        of_rollouts = [f"{one.rollout_id}: {one.finding}" for one in self.verdicts if one.finding]
        return of_rollouts + [f"{one.job_id}: {word}" for one in self.manifests for word in sorted(one.findings)]

    @property
    def holds(self) -> bool:
        """Something was there, and nothing is wrong with it."""
        return bool(self.verdicts) and not self.findings


def judge(
    lines: Iterable[bytes],
    checkpoint: Checkpoint | None = None,
    service_keys: Iterable[bytes] = (),
    is_partial: bool = False,
    allow_test: bool = False,
) -> Report:
    """Level `signatures` of lines as `GET /v1/jobs/{id}/rollouts` gives them. Without keys the first readable record's is
    believed."""
    pinned = set(service_keys)
    believed, manifests = set(pinned), Manifests(pinned, is_partial)
    report = Report("signatures", keys_are_pinned=bool(pinned), checkpoint_is_known=checkpoint is not None)
    for line in lines:
        if not line.strip(b" \t\r\n\f"):
            continue
        try:
            if is_module(line):
                parse(line, MODULE)
                continue
            if is_evidence(line):
                manifests.learn(line)
                continue
            record = parse(line)
        except Refused as refused:
            report.verdicts.append(Verdict(None, str(refused)))
            continue
        believed = believed or {record["proof"]["receipt"]["service_key"]}
        finding = refusal(verify, record, checkpoint, believed, allow_test)
        in_manifest = refusal(manifests.check, record)  # a record that does not hold is in the file, too
        report.verdicts.append(Verdict(json.loads(line)["id"], finding or in_manifest))
    report.jobs_without_manifest = manifests.untold
    report.manifests = manifests.finish()
    return report


def refusal(check: Callable[..., None], *given: Any) -> str | None:
    """Why a check refuses what it is given."""
    try:
        check(*given)
    except Refused as refused:
        return str(refused)
    return None
