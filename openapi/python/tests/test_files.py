"""Exports and downloads: waited for, gone on with, checked; nothing half is left under the file's name."""

import hashlib
import io
import json

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


# ---- files in parts ----


def file_json(**more):
    known = {"object": "file", "id": "file_1", "purpose": "job_input", "filename": "in.jsonl", "bytes": 10}
    return {**known, "status": "processed", "sha256": SHA256, "created_at": "2026-11-22T08:00:00Z", **more}


def upload_json(**more):
    return ok({"object": "upload", "id": "upload_1", "status": "pending", "file": None, **more})


def part_json(name: str):
    return ok({"object": "upload.part", "id": name, "created_at": 1, "upload_id": "upload_1"}, 201)


@pytest.fixture
def small_parts(monkeypatch):
    monkeypatch.setattr("reliquary._resources.PART_BYTES", 4)


def said(service):
    return [(request.method, request.url.path) for request in service.requests]


def test_a_large_file_goes_in_parts_and_a_part_that_is_cut_goes_again(service, small_parts, tmp_path):
    path = tmp_path / "in.jsonl"
    path.write_bytes(b"0123456789")
    cut = httpx.ReadError("cut")
    done = upload_json(status="completed", file=file_json())
    service.will(upload_json(), part_json("a"), cut, part_json("b"), part_json("c"), done)
    assert service.client().files.upload(path, purpose="job_input").id == "file_1"
    whole, parts = "/v1/uploads/upload_1", ("POST", "/v1/uploads/upload_1/parts")
    assert said(service) == [("POST", "/v1/uploads"), *[parts] * 4, ("POST", f"{whole}/complete")]
    begun = json.loads(service.bodies[0])
    assert (begun["bytes"], begun["filename"], begun["purpose"]) == (10, "in.jsonl", "job_input")
    for body, piece in zip(service.bodies[1:5], (b"0123", b"4567", b"4567", b"89"), strict=True):
        assert b'name="data"' in body and b"\r\n\r\n" + piece + b"\r\n" in body
    assert json.loads(service.bodies[5]) == {"part_ids": ["a", "b", "c"]}


def test_what_cannot_be_finished_is_cancelled(service, small_parts):
    service.will(upload_json(), part_json("a"), problem(413, "payload_too_large"), upload_json(status="cancelled"))
    with pytest.raises(reliquary.APIStatusError):
        service.client().files.upload(b"0123456789", purpose="job_input")
    assert said(service)[-1] == ("POST", "/v1/uploads/upload_1/cancel")


async def test_coroutines_send_parts_too(service, small_parts):
    service.will(upload_json(), part_json("a"), part_json("b"), upload_json(status="completed", file=file_json()))
    file = io.BytesIO(b"01234567")
    file.name = "in.jsonl"
    file.seek(5)  # read from its start all the same
    assert (await service.async_client().files.upload(file, purpose="job_input")).filename == "in.jsonl"
    assert json.loads(service.bodies[-1]) == {"part_ids": ["a", "b"]}


def test_a_small_file_goes_whole(service, small_parts):
    service.will(ok(file_json(), 201))
    service.client().files.upload(b"0123", purpose="job_input")
    assert said(service) == [("POST", "/v1/files")]
