"""Files of delivered rollouts: a verdict on each, and on the manifests of their jobs."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field

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
        name = None
        try:
            if is_module(line):
                parse(line, MODULE)
                continue
            if is_evidence(line):
                manifests.learn(line)
                continue
            record = parse(line)
            name = json.loads(line)["id"]
            believed = believed or {record["proof"]["receipt"]["service_key"]}
            verify(record, checkpoint, believed, allow_test)
            manifests.check(record)
            report.verdicts.append(Verdict(name, None))
        except Refused as refused:
            report.verdicts.append(Verdict(name, str(refused)))
    report.manifests = manifests.finish()
    return report
