"""`reliquary.verify`: what was delivered, checked offline. Signatures here, in Python; rewards and tokens by the program
`reliquary`, which has the sandbox and the model."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeAlias

from ._calls import json_bytes
from ._errors import ReliquaryError
from ._generated import names
from .verification.files import Report, Verdict, judge
from .verification.manifest import ManifestReport
from .verification.rollouts import Checkpoint

# What GET /v1/verification_keys answers, or keys as 64 hexadecimal digits.
Keys: TypeAlias = names.VerificationKeys | Iterable[str]
Record: TypeAlias = names.Rollout | Mapping[str, Any]
LEVELS = ("signatures", "reward", "full")
MODEL_THREADS = 2


class VerificationFailed(ReliquaryError):
    """Something is not what it is said to be."""

    def __init__(self, report: Report) -> None:
        self.report = report
        shown = report.findings[:10] or ["there are no rollouts"]
        super().__init__("\n".join([f"{report.failed} of {len(report.verdicts)} rollouts do not hold", *shown]))


def verify(
    source: str | os.PathLike[str] | Record | Iterable[Record],
    *,
    checkpoint: str | os.PathLike[str] | None = None,
    service_keys: Keys | None = None,
    level: str = "signatures",
    partial: bool | None = None,
    allow_test: bool = False,
    binary: str = "reliquary",
) -> Report:
    """Checks a file of rollouts, or records, and raises `VerificationFailed` unless all of it holds.

    `checkpoint` is the folder of the model that they claim; without it its id is believed. `service_keys` are those of
    `client.verification_keys.list()`, kept from when you trusted them; without them the file's own are believed. Level
    `signatures` needs nothing else; `reward` (the reward function runs again) and `full` (every token is computed again) need
    the program `reliquary` and the checkpoint. `partial`: the file is a part of what its jobs delivered.
    `allow_test`: rollouts of test keys hold, too, for which no model ran.
    """
    if level not in LEVELS:
        raise ValueError(f"level is one of {', '.join(LEVELS)}")
    keys = list(_hexadecimal(service_keys)) if service_keys is not None else []
    is_file = isinstance(source, (str, os.PathLike))
    is_partial = not is_file if partial is None else partial
    with _file(source) as file:
        if level == "signatures":
            known = Checkpoint(Path(checkpoint)) if checkpoint is not None else None
            with file.open("rb") as lines:
                report = judge(lines, known, [bytes.fromhex(key) for key in keys], is_partial, allow_test)
        else:
            report = _by_program(file, checkpoint, keys, level, _flags(is_partial, allow_test), binary)
    if not report.holds:
        raise VerificationFailed(report)
    return report


def _hexadecimal(keys: Keys) -> Iterator[str]:
    if isinstance(keys, names.VerificationKeys):
        yield from (key.public_key for key in keys.data)
    else:
        yield from keys


@contextmanager
def _file(source: str | os.PathLike[str] | Record | Iterable[Record]) -> Iterator[Path]:
    if isinstance(source, (str, os.PathLike)):
        yield Path(source)
        return
    records = [source] if isinstance(source, (names.Rollout, Mapping)) else source
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rollouts.ndjson"
        with path.open("wb") as out:
            for record in records:
                out.write(json_bytes(record) + b"\n")
        yield path


def _flags(is_partial: bool, allow_test: bool) -> list[str]:
    return [*(["--partial"] if is_partial else []), *(["--allow-test"] if allow_test else [])]


def _by_program(
    file: Path, checkpoint: str | os.PathLike[str] | None, keys: list[str], level: str, flags: list[str], binary: str
) -> Report:
    program = shutil.which(binary)
    if program is None:
        raise ReliquaryError(f"level {level} needs the program {binary!r} on the PATH, or as `binary`")
    if checkpoint is None:
        raise ReliquaryError(f"level {level} needs the checkpoint")
    with tempfile.TemporaryDirectory() as folder:
        verdicts = Path(folder) / "verdicts.ndjson"
        command = [program, "verify", str(file), "--checkpoint", str(checkpoint), "--level", level, "--json"]
        command += ["--verdicts", str(verdicts), "--threads", str(MODEL_THREADS)]
        for key in keys:
            command += ["--service-key", key]
        done = subprocess.run([*command, *flags], capture_output=True, text=True, check=False)
        if done.returncode not in (0, 1):
            raise ReliquaryError(f"{binary} verify: {done.stderr.strip() or done.returncode}")
        said = json.loads(done.stdout)
        report = Report(level, keys_are_pinned=bool(keys), checkpoint_is_known=True)
        for line in verdicts.read_text(encoding="utf-8").splitlines():
            one = json.loads(line)
            report.verdicts.append(Verdict(one.get("id"), None if one["verdict"] == "pass" else one["finding"]))
    report.jobs_without_manifest = said["jobs_without_manifest"]
    for one in said.get("manifests") or []:
        names = ("job_id", "delivered", "in_file", "not_shown", "key_is_pinned")
        report.manifests.append(ManifestReport(**{name: one[name] for name in names}, findings=set(one["findings"])))
    # the program looks at more than this report has words for; its word is the last
    if (done.returncode == 0) != report.holds:
        raise ReliquaryError(f"{binary} verify ended with {done.returncode}: {done.stdout}")
    return report
