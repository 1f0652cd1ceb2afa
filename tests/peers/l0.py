"""An independent L0 verifier of delivered rollouts: that of the Python SDK, which knows docs/PROTOCOL.md and none of our Rust.

    python3 l0.py FILE --checkpoint DIR [--service-key HEX]... [--allow-test]

Prints {"id", "verdict"} per rollout of FILE: "ok" or a reject reason; exits with 1 unless all are ok. It exists to show that the
document is enough, and to disagree with the Rust verifier where it can. It imports the verifier alone, which needs nothing but
Python's standard library.
"""

import argparse
import json
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[2] / "openapi/python/reliquary"))

from verification import curves  # noqa: E402, F401
from verification.files import judge  # noqa: E402
from verification.rollouts import *  # noqa: E402, F403
from verification.rollouts import Checkpoint  # noqa: E402


def verdicts(lines, checkpoint, service_keys=(), allow_test=False):
    """(id or None, verdict) of each line that is not blank. Without keys, the first readable record's is believed."""
    report = judge(lines, checkpoint, service_keys, allow_test=allow_test)
    return [(verdict.rollout_id, verdict.finding or "ok") for verdict in report.verdicts]


def main():
    arguments = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    arguments.add_argument("file", type=Path)
    arguments.add_argument("--checkpoint", type=Path, required=True)
    arguments.add_argument("--service-key", type=bytes.fromhex, action="append", default=[])
    arguments.add_argument("--allow-test", action="store_true")
    arguments = arguments.parse_args()
    seen = []
    with open(arguments.file, "rb") as lines:
        known = Checkpoint(arguments.checkpoint)
        for name, verdict in verdicts(lines, known, arguments.service_key, arguments.allow_test):
            seen.append(verdict)
            print(json.dumps({"id": name, "verdict": verdict}))
    sys.exit(0 if seen and set(seen) == {"ok"} else 1)


if __name__ == "__main__":
    main()
