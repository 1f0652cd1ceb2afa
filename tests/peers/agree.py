"""Asks both verifiers about every mutant of a delivered file.

    python3 agree.py FILE --checkpoint DIR --reliquary BINARY     # compares; exits with 1 when they differ
    python3 agree.py FILE --checkpoint DIR --write OUT.jsonl      # only writes the corpus

They must agree on accept or refuse, not on the reason. Where they may differ: the text of a prompt or completion needs
a tokenizer, which `l0.py` has not, and `KNOWN` lists what the Rust reader takes and docs/PROTOCOL.md does not. A
difference that is listed and not there any more is reported, too.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import l0
import mutate

# by the start of a mutant's name: taken by the Rust reader, refused by the document
KNOWN = ()


@dataclass
class Rust:
    binary: Path
    checkpoint: Path

    def run(self, data, key):
        """(verified, failed, exit status) of a file."""
        with tempfile.NamedTemporaryFile(suffix=".ndjson") as file:
            file.write(data)
            file.flush()
            command = [
                self.binary,
                "verify",
                file.name,
                "--checkpoint",
                self.checkpoint,
                "--level",
                "signatures",
                "--json",
            ]
            command += ["--service-key", key.hex()] if key else []
            done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
        if done.returncode not in (0, 1):
            raise SystemExit(f"the verifier broke: {done.returncode} {done.stderr[-2000:]}")
        report = json.loads(done.stdout) if done.stdout else {"verified": 0, "failed": 0}
        return report["verified"], report["failed"], done.returncode

    def wrong(self, mutants, accepted):
        """Those of `mutants` (of one key) that it does not judge as `accepted` says: by halving."""
        if not mutants:
            return []
        data = b"".join(mutant.line + b"\n" for mutant in mutants)
        verified, failed, status = self.run(data, mutants[0].key)
        if verified + failed != len(mutants) or (status == 0) != (failed == 0):
            raise SystemExit(f"{len(mutants)} lines, {verified} verified, {failed} failed, exit {status}")
        if (failed if accepted else verified) == 0:
            return []
        half = len(mutants) // 2
        return (
            mutants
            if half == 0
            else self.wrong(mutants[:half], accepted) + self.wrong(mutants[half:], accepted)
        )


MODULE = (
    b'{"object":"reward_module","function":"rwf@1","upload_sha256":"' + b"01" * 32 + b'","component_sha256":"'
    + b"02" * 32 + b'","world":"reward","wasi":"none","module_base64":"AGFzbQ=="}'
)


def files(good, forged_one):
    """Whole files, judged without being told the key: the first readable rollout's is believed."""
    a, b = mutate.written(good).encode(), mutate.written(forged_one).encode()
    return {
        "empty": b"",
        "blank": b"\n \n\t\r\n",
        "no newline at the end": a,
        "windows": a + b"\r\n" + a + b"\r\n",
        "blank between": a + b"\n\n   \n" + a + b"\n",
        "first key wins": a + b"\n" + b + b"\n",
        "first key wins, forged": b + b"\n" + a + b"\n",
        "module first": MODULE + b"\n" + b + b"\n",
        "module between": b + b"\n" + MODULE.replace(b":", b" : ") + b"\r\n" + b + b"\n",
        "module alone": MODULE,
        "unreadable first": b"{}\n" + b + b"\n" + a + b"\n",
        "form feed": a + b"\n\x0c\n",
        "tab": a + b"\n\x0b\n",
        "wide space": a + "\n\xa0\n\u2003\n".encode(),
        "nul": a + b"\n\0\n",
    }


def main():
    arguments = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    arguments.add_argument("file", type=Path)
    arguments.add_argument("--checkpoint", type=Path, required=True)
    arguments.add_argument("--reliquary", type=Path)
    arguments.add_argument("--calibrated", action="store_true", help="with rollouts of that engine class")
    arguments.add_argument("--write", type=Path)
    arguments = arguments.parse_args()
    rollouts = [json.loads(line) for line in arguments.file.read_text().splitlines()]
    checkpoint = l0.Checkpoint(arguments.checkpoint)
    mutants = list(mutate.corpus(rollouts, checkpoint, arguments.checkpoint, arguments.calibrated))
    if arguments.write:
        with open(arguments.write, "w") as out:
            for mutant in mutants:
                line = mutant.line.decode("utf-8", "backslashreplace")
                out.write(json.dumps({"name": mutant.name, "key": mutant.key.hex(), "line": line}) + "\n")
    if not arguments.reliquary:
        return
    rust = Rust(arguments.reliquary, arguments.checkpoint)
    forged_one = next(json.loads(m.line) for m in mutants if m.name == "forged: nothing")
    report = compare(rust, checkpoint, mutants, files(rollouts[0], forged_one))
    print(json.dumps(report))
    sys.exit(1 if report["differences"] else 0)


def texts(rollout):
    """The pairs of ids and text in a rollout, and of messages and text. A text that is null is no other text. What a message
    says is all that the demo's chat template writes of it, trimmed."""
    yield rollout["completion_ids"], rollout["completion_text"]
    if rollout.get("prompt_text") is not None:
        yield rollout["prompt_ids"], rollout["prompt_text"]
    if rollout.get("messages") is not None:
        yield [message["content"].strip() for message in rollout["messages"]], rollout["prompt_text"]


def has_other_text(line, known):
    return any(pair not in known for pair in texts(json.loads(line)))


def compare(rust, checkpoint, mutants, whole):
    whole_ones = [json.loads(m.line) for m in mutants if m.name.startswith(("good", "forged"))]
    known = [pair for rollout in whole_ones for pair in texts(rollout)]
    batches, differences = {}, []
    for mutant in mutants:
        [(_, mutant.verdict)] = l0.verdicts([mutant.line], checkpoint, [mutant.key] if mutant.key else [])
        ok = mutant.verdict == "ok"
        expected = not ok if mutant.name.startswith(KNOWN) else ok and not has_other_text(mutant.line, known)
        batches.setdefault((mutant.key, expected), []).append(mutant)
    for (_, expected), batch in batches.items():
        for mutant in rust.wrong(batch, expected):
            there = "refused" if expected else "ok"
            differences.append(f"{mutant.name}: here {mutant.verdict}, there {there}")
    for name, data in whole.items():
        said = [verdict for _, verdict in l0.verdicts(data.splitlines(), checkpoint)]
        here = (said.count("ok"), len(said) - said.count("ok"), 0 if said and set(said) == {"ok"} else 1)
        there = rust.run(data, None)
        if here != there:
            differences.append(f"file {name}: here {here}, there {there}")
    counts = Counter(mutant.verdict for mutant in mutants)
    return {
        "mutants": len(mutants),
        "files": len(whole),
        "accepted": counts["ok"],
        "refused": len(mutants) - counts["ok"],
        "reasons": dict(sorted(counts.items())),
        "differences": differences,
    }


if __name__ == "__main__":
    main()
