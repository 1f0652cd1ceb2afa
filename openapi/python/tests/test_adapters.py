"""The adapters' pure parts. With the frameworks' own types they are checked by tests/frameworks."""

import asyncio
import importlib
import json
import sys
import types
from pathlib import Path

import pytest

import reliquary.adapters
from reliquary.adapters import nemo_rl, openrlhf, read, skyrl, trl, verl

FOLDER = Path(reliquary.adapters.__file__).parent


def test_none_imports_its_framework_before_it_needs_it_and_none_is_long():
    names = [path.stem for path in FOLDER.glob("*.py") if path.stem != "__init__"]
    assert sorted(names) == ["areal", "art", "nemo_rl", "openrlhf", "skyrl", "slime", "trl", "verl"]
    for name in names:
        importlib.import_module(f"reliquary.adapters.{name}")
        assert len((FOLDER / f"{name}.py").read_text().splitlines()) <= 50


def test_rows_are_read_packed_or_not(tmp_path):
    zstandard = pytest.importorskip("zstandard")
    rows = [{"a": 1, "text": "\u2028"}, {"a": 2}]
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    (tmp_path / "a.jsonl").write_text(text, encoding="utf-8")
    (tmp_path / "a.jsonl.zst").write_bytes(zstandard.compress(text.encode()))
    assert list(read(tmp_path / "a.jsonl")) == rows == list(read(tmp_path / "a.jsonl.zst"))


def test_trl_gives_each_prompt_its_own_rollouts_and_says_when_there_are_none_left():
    keys = ("prompt_ids", "completion_ids", "logprobs", "env_mask")
    # prompts that were sent as tokens have no text: their groups tell them apart
    rows = [{"prompt": "", "group_id": group, **{key: [n] for key in keys}, "reward": float(n)} for n in (1, 2) for group in "ab"]
    assert trl.prompts(rows) == [{"prompt": "a"}, {"prompt": "b"}]
    rollouts = trl.rollout_func(rows)
    trainer = types.SimpleNamespace(accelerator=types.SimpleNamespace(num_processes=1))
    found = rollouts(["b", "a", "b"], trainer)
    assert found["reward"] == [1.0, 1.0, 2.0]
    assert trl.reward(None, found["reward"]) == found["reward"]
    with pytest.raises(ValueError, match="of 1 prompts, such as 'a'"):
        rollouts(["a", "a"], trainer)
    assert rollouts(["a"], trainer)["reward"] == [2.0]


def test_openrlhf_gives_each_group_its_own_rollouts_and_says_when_there_are_none_left(monkeypatch):
    base = {"openrlhf.utils.agent": types.SimpleNamespace(AgentExecutorBase=object)}
    for name, module in {
        "openrlhf": types.ModuleType("openrlhf"),
        "openrlhf.utils": types.ModuleType("openrlhf.utils"),
        **base,
    }.items():
        monkeypatch.setitem(sys.modules, name, module)
    row = {
        "action_mask": [0],
        "sequences": [5, 6],
        "rollout_log_probs": [0.0],
        "prompts": "",
        "labels": "",
        "scores": 0.0,
        "truncated": False,
    }
    rows = [{**row, "group_id": group, "rewards": float(n)} for n in (1, 2) for group in "ab"]
    assert openrlhf.prompts(rows) == [{"input": "a", "label": ""}, {"input": "b", "label": ""}]
    executor = openrlhf.executor(rows)()

    def asked(group):
        return asyncio.run(executor.execute(group, "", None, 32, None, None, images=None))["reward"]

    assert [asked(group) for group in "bab"] == [1.0, 1.0, 2.0]
    with pytest.raises(ValueError, match="no rollouts are left of group b"):
        asked("b")


def test_the_others_reshape_rows():
    groups = verl.by_prompt([{"extra_fields": {"uid": uid}} for uid in "aba"])
    assert {uid: len(rows) for uid, rows in groups.items()} == {"a": 2, "b": 1}
    output = skyrl.generator_output([{name: [n] for name in skyrl.LISTS} for n in (1, 2)])
    assert output["rewards"] == [1, 2]
    assert output["rollout_metrics"] is None
    row = {"action_mask": [0, 1, 1, 0], "sequences": [5, 6, 7, 8, 9], "rollout_log_probs": [0.0, -1.0, -2.0, 0.0]}
    row |= {"prompts": "p", "labels": "", "rewards": 1.0, "scores": 1.0, "truncated": False}
    response = openrlhf.response(row)
    assert response["action_ranges"] == [(2, 4)]
    assert response["rollout_log_probs"] == [0.0, *row["rollout_log_probs"]]
    names = [source for _, source, _ in nemo_rl.ARRAYS]
    rows = [{**{name: [[1] * length] for name in names}, "input_lengths": [length], "sample_loss_mask": [1]} for length in (2, 3)]
    batch = nemo_rl.train_data(rows, pad_token_id=9)
    assert batch["input_ids"] == [[1, 1, 9], [1, 1, 1]]
    assert batch["token_mask"][0] == [1, 1, 0]
