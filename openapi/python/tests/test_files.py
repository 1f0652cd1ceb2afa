"""Exports and downloads: waited for, gone on with, checked; nothing half is left under the file's name."""

import hashlib

import httpx
import pytest
from conftest import Cut, ok, problem

import reliquary

DATA = b"0123456789" * 100
SHA256 = hashlib.sha256(DATA).hexdigest()
URL = "/v1/exports/exp_1/content?expires=1&signature=x"


def export(state: str, **more):
    known = {"object": "export", "id": "exp_1", "livemode": True, "job_id": "job_1", "format": "trl", "compression": "none"}
    known["filter"] = {}
    return ok({**known, "state": state, "created_at": "2026-11-22T08:00:00Z", **more})


def ready():
    return export("ready", sha256=SHA256, download_url=URL)


def rest(request: httpx.Request) -> httpx.Response:
    start = int(request.headers["range"].removeprefix("bytes=").removesuffix("-"))
    return httpx.Response(206, content=DATA[start:])


def test_an_export_is_waited_for_and_gone_on_with(service, tmp_path):
    path = tmp_path / "trl.jsonl"
    service.will(export("pending"), export("running"), ready(), httpx.Response(200, stream=Cut(DATA[:300])), rest)
    assert service.client().exports.download("exp_1", path) == path
    assert path.read_bytes() == DATA
    assert [one.name for one in tmp_path.iterdir()] == ["trl.jsonl"]
    assert service.requests[-1].headers["range"] == "bytes=300-"


def test_a_file_that_is_not_what_it_should_be_is_not_kept(service, tmp_path):
    service.will(ready(), httpx.Response(200, content=DATA[:-1] + b"x"))
    with pytest.raises(reliquary.IntegrityError):
        service.client().exports.download("exp_1", tmp_path / "a")
    assert list(tmp_path.iterdir()) == []


def test_a_failed_export_is_said(service, tmp_path):
    service.will(export("failed", error="not_written"))
    with pytest.raises(reliquary.ExportFailed, match="not_written"):
        service.client().exports.download("exp_1", tmp_path / "a")


def test_a_jobs_rollouts_go_into_a_file(service, tmp_path):
    path = tmp_path / "rollouts.ndjson"
    pending = problem(409, "manifest_pending", x_should_retry="true")
    service.will(pending, httpx.Response(200, stream=Cut(b"half")), httpx.Response(200, content=b'{"object":"rollout"}\n'))
    service.client().jobs.download("job_1", path)
    assert path.read_bytes() == b'{"object":"rollout"}\n'
    assert service.requests[-1].url.params["include"] == "reward_module,manifest"


async def test_coroutines_get_the_same(service, tmp_path):
    path = tmp_path / "trl.jsonl"
    service.will(export("running"), ready(), httpx.Response(200, stream=Cut(DATA[:300])), rest)
    await service.async_client().exports.download("exp_1", path)
    assert path.read_bytes() == DATA


def version(state: str, **more):
    known = {"object": "reward_function.version", "id": "rwf_1@3", "function_id": "rwf_1", "version": 3, "state": state}
    upload = {"upload_bytes": 4, "upload_sha256": "00", "wasi": "none", "report": None}
    return ok({**known, **upload, "created_at": "2026-11-22T08:00:00Z", **more})


def test_a_module_is_waited_for(service, tmp_path):
    path = tmp_path / "reward.wasm"
    path.write_bytes(b"\0asm")
    service.will(version("validating"), version("validating"), version("ready"))
    found = service.client().reward_functions.upload_version("rwf_1", path, samples=[{"prompt": "p", "completion_text": "c"}])
    assert found.state == "ready" and b'"completion_text":"c"' in service.bodies[0]
    assert service.requests[-1].url.params["wait_s"]
    service.will(version("rejected"))
    with pytest.raises(reliquary.RewardFunctionRejected):
        service.client().reward_functions.upload_version("rwf_1", path)
    service.will(version("validating"))
    assert service.client().reward_functions.upload_version("rwf_1", path, wait_s=0).state == "validating"
