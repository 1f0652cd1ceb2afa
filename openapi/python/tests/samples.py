"""Answers of the service, as it once gave them."""

import json
from pathlib import Path
from typing import Any

CHECKPOINT = Path(__file__).parents[3] / "models/arith-tiny/current"
# A job of two prompts with its manifest, as `jobs.download` wrote it.
DELIVERED = Path(__file__).parent / "data/delivered.ndjson"
LINES = DELIVERED.read_bytes().splitlines(keepends=True)
RECORDS = [json.loads(line) for line in LINES if json.loads(line)["object"] == "rollout"]


def rollout(name: str, **more: Any) -> dict[str, Any]:
    return {**RECORDS[0], "id": name, **more}


def job(**more: Any) -> dict[str, Any]:
    text = (Path(__file__).parent / "data/job.json").read_text()
    return {**json.loads(text), "id": "job_1", "last_sequence": 4, **more}
