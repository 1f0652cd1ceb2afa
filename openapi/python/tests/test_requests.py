"""Retries, keys, errors, pages: what every request has, both for threads and for coroutines."""

import asyncio
import datetime
import io
import json

import httpx
import pytest
from conftest import Service, ok, problem

import reliquary
from reliquary._calls import Call, query_pairs
from reliquary._retries import Retries

QUOTE_BODY = {"prompts": [{"text": "x"}], "sampling": {"n": 2, "max_tokens": 8}}
FUNCTION = {"object": "reward_function", "id": "rwf_1", "name": "mine", "created_at": "2026-11-22T08:00:00Z"}


def create(service: Service, **settings):
    return service.client(**settings).reward_functions.create(name="mine")


@pytest.mark.parametrize(
    "trouble",
    [
        httpx.ConnectError("refused"),
        httpx.ReadError("reset"),
        httpx.ReadTimeout("slow"),
        problem(500, "internal"),
        problem(503, "not_now"),
        problem(429, "rate_limited"),
        problem(409, "idempotency_in_progress", x_should_retry="true"),
    ],
)
def test_a_creating_request_is_sent_again_with_the_same_key(service, trouble):
    service.will(trouble, trouble, ok(FUNCTION, 201))
    assert create(service).id == "rwf_1"
    keys = {request.headers["idempotency-key"] for request in service.requests}
    assert len(service.requests) == 3 and len(keys) == 1 and len(keys.pop()) == 36
    assert len(service.slept) == 2
    assert json.loads(service.bodies[2]) == {"name": "mine"}


def test_two_requests_have_two_keys_and_a_given_one_is_used(service):
    service.will(ok(FUNCTION), ok(FUNCTION), ok(FUNCTION))
    client = service.client()
    client.reward_functions.create(name="a")
    client.reward_functions.create(name="a")
    client.reward_functions.create(name="a", idempotency_key="mine")
    keys = [request.headers["idempotency-key"] for request in service.requests]
    assert keys[0] != keys[1] and keys[2] == "mine"


@pytest.mark.parametrize(
    "trouble", [problem(422, "validation_failed"), problem(409, "conflict"), problem(500, "broken", x_should_retry="false")]
)
def test_what_cannot_pass_is_not_tried_again(service, trouble):
    service.will(trouble)
    with pytest.raises(reliquary.APIStatusError):
        create(service)
    assert service.slept == []


def test_tries_are_counted(service):
    service.will(*[problem(503, "not_now")] * 3)
    with pytest.raises(reliquary.ServerError):
        create(service, max_retries=2)
    service.will(httpx.ConnectError("refused"))
    with pytest.raises(reliquary.APIConnectionError):
        create(service, max_retries=0)


def test_what_may_have_been_done_is_not_done_twice(service):
    """A stream token takes no key: when its answer is lost, only its caller can know."""
    client = service.client()
    service.will(httpx.ReadError("reset"))
    with pytest.raises(reliquary.APIConnectionError):
        client.stream_tokens.create(path="/v1/events/stream")
    for status in (500, 503):
        service.will(problem(status, "broken", x_should_retry="true"))
        with pytest.raises(reliquary.ServerError):
            client.stream_tokens.create(path="/v1/events/stream")
    # not sent at all, or refused at the door
    token = {"object": "stream_token", "token": "t", "path": "/v1/events/stream", "expires_in": 60}
    done = {**token, "expires_at": "2026-11-22T08:01:00Z"}
    service.will(httpx.ConnectError("refused"), problem(429, "rate_limited"), ok(done, 201))
    assert client.stream_tokens.create(path="/v1/events/stream").token == "t"
    assert not any("idempotency-key" in request.headers for request in service.requests)


UPLOAD = {
    "object": "upload",
    "id": "upload_1",
    "status": "pending",
    "bytes": 4,
    "filename": "f",
    "purpose": "job_input",
    "mime_type": "text/plain",
    "created_at": 1795334400,
    "expires_at": 1795338000,
}
PART = {"object": "upload.part", "id": "part_1", "upload_id": "upload_1", "created_at": 1795334400}


async def test_a_part_is_sent_and_sent_again_without_a_key(service):
    """The part that nobody names is dropped when the upload is completed."""
    service.will(httpx.ReadError("reset"), ok(PART, 201))
    assert service.client().uploads.create_part("upload_1", b"0123").id == "part_1"
    async with service.async_client() as client:
        service.will(problem(503, "unavailable"), ok(PART, 201))
        await client.uploads.create_part("upload_1", io.BytesIO(b"0123"))
        service.will(httpx.ReadError("reset"), ok(UPLOAD))
        await client.uploads.complete("upload_1", part_ids=["part_1"])
    for request, body in zip(service.requests[:4], service.bodies, strict=False):
        assert request.url.path == "/v1/uploads/upload_1/parts"
        assert request.headers["content-type"].startswith("multipart/form-data; boundary=")
        assert b'name="data"' in body and b"\r\n\r\n0123\r\n" in body
    assert not any("idempotency-key" in request.headers for request in service.requests)


def test_it_waits_as_long_as_it_is_asked_to(service):
    service.will(problem(429, "rate_limited", retry_after="7"), ok(FUNCTION))
    create(service)
    assert 7 <= service.slept[0] <= 7.5
    service.will(problem(429, "rate_limited", retry_after="86400"))
    with pytest.raises(reliquary.RateLimitError):
        create(service)
    retries = Retries(3, now=lambda: 1_795_334_400.0)
    asked = httpx.Response(503, headers={"retry-after": "Sun, 22 Nov 2026 08:00:05 GMT"})
    expected = datetime.datetime(2026, 11, 22, 8, 0, 5, tzinfo=datetime.timezone.utc).timestamp() - 1_795_334_400.0
    assert retries.asked(asked) == max(0.0, expected)
    assert retries.asked(httpx.Response(503, headers={"retry-after": "soon"})) is None


def test_backoff_has_full_jitter_below_a_bound_that_doubles():
    most = Retries(9, chance=lambda: 1.0)
    assert [most.backoff(n) for n in range(6)] == [0.5, 1, 2, 4, 8, 8]
    assert Retries(9, chance=lambda: 0.0).backoff(5) == 0


def test_a_problem_becomes_a_typed_exception_with_every_fault(service):
    faults = [{"pointer": f"#/prompts/{n}/text", "code": "too_long", "detail": "long"} for n in (3, 7)]
    service.will(problem(422, "validation_failed", faults))
    with pytest.raises(reliquary.UnprocessableError) as caught:
        service.client().quotes.create(**QUOTE_BODY)
    error = caught.value
    assert (error.status, error.code, error.request_id) == (422, "validation_failed", "req_1")
    assert [fault.pointer for fault in error.errors] == ["#/prompts/3/text", "#/prompts/7/text"]
    assert "#/prompts/7/text: long (too_long)" in str(error)
    kinds = {401: "AuthenticationError", 402: "InsufficientCreditsError", 403: "PermissionDeniedError", 404: "NotFoundError"}
    for status, name in kinds.items():
        service.will(problem(status, "x"))
        with pytest.raises(getattr(reliquary, name)):
            service.client().balance.retrieve()
    service.will(httpx.Response(502, text="<html>bad gateway"))
    with pytest.raises(reliquary.ServerError, match="bad gateway"):
        service.client(max_retries=0).balance.retrieve()


def test_settings_come_from_the_environment(monkeypatch):
    for name in ("RELIQUARY_API_KEY", "RELIQUARY_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(reliquary.ReliquaryError, match="API key"):
        reliquary.Reliquary()
    monkeypatch.setenv("RELIQUARY_API_KEY", "rk_live_env")
    with pytest.raises(reliquary.ReliquaryError, match="address"):
        reliquary.Reliquary()
    monkeypatch.setenv("RELIQUARY_BASE_URL", "https://there.test/v1/")
    assert reliquary.Reliquary().base_url == "https://there.test"


def test_every_request_says_who_asks_and_by_which_version(service):
    service.will(ok({"object": "balance", "available_rao": "1", "held_rao": "0"}))
    service.client(project="proj_1", default_headers={"X-Own": "yes"}).balance.retrieve()
    headers = service.requests[0].headers
    assert headers["authorization"] == "Bearer rk_live_x" and headers["reliquary-project"] == "proj_1"
    assert headers["reliquary-version"] and headers["x-own"] == "yes" and "reliquary-python" in headers["user-agent"]


def page_of(*ids: str, has_more: bool) -> dict:
    return {"object": "list", "data": [file(one) for one in ids], "has_more": has_more, "first_id": ids[0], "last_id": ids[-1]}


def file(name: str) -> dict:
    return {
        "object": "file",
        "id": name,
        "purpose": "job_input",
        "bytes": 1,
        "filename": "f",
        "status": "processed",
        "sha256": "00",
        "created_at": "2026-11-22T08:00:00Z",
        "expires_at": "2026-11-22T08:00:00Z",
        "new_field": {"of": "tomorrow"},
    }


def test_lists_go_on_by_themselves(service):
    service.will(ok(page_of("a", "b", has_more=True)), ok(page_of("c", has_more=False)))
    files = service.client().files.list(limit=2)
    assert service.requests == []  # nothing is asked for before it is needed
    assert [one.id for one in files] == ["a", "b", "c"]
    assert [str(request.url.query, "ascii") for request in service.requests] == ["limit=2", "limit=2&after=b"]
    service.will(ok(page_of("a", has_more=True)))
    assert files.page().has_more


def invoice(name: str) -> dict:
    month = {"period_start": "2026-10-01T00:00:00Z", "period_end": "2026-11-01T00:00:00Z", "status": "final"}
    money = {"opening_balance_rao": "5", "closing_balance_rao": "3", "totals": [], "projects": []}
    return {"object": "invoice", "id": name, **month, **money}


async def test_budgets_and_invoices(service):
    client = service.client()
    budget = {"object": "budget", "scope": "proj_1", "in_flight_rao": "0", "limit_rao": "1000", "limit_reset": "monthly"}
    service.will(ok(budget), ok(budget))
    assert client.budgets.retrieve("proj_1").limit_rao == "1000"
    client.budgets.update("proj_1", limit_rao="1000", limit_reset="monthly")
    assert service.requests[1].method == "PUT" and service.requests[1].url.path == "/v1/budgets/proj_1"
    assert json.loads(service.bodies[1]) == {"limit_rao": "1000", "limit_reset": "monthly"}
    first = {**page_of("inv_2", has_more=True), "data": [invoice("inv_2")]}
    last = {**page_of("inv_1", has_more=False), "data": [invoice("inv_1")]}
    service.will(ok(first), ok(last))
    assert [one.id for one in client.invoices.list(limit=1)] == ["inv_2", "inv_1"]
    async with service.async_client() as other:
        service.will(ok(first), ok(last))
        assert [one.id async for one in other.invoices.list(limit=1)] == ["inv_2", "inv_1"]
    assert [str(request.url.query, "ascii") for request in service.requests[2:]] == ["limit=1", "limit=1&after=inv_2"] * 2


def test_unknown_fields_are_kept(service):
    service.will(ok(file("file_1")))
    found = service.client().files.retrieve("file_1")
    assert found.to_dict() == file("file_1")
    assert found.new_field == {"of": "tomorrow"}


def test_ids_stay_one_segment(service):
    service.will(ok(file("x")))
    service.client().files.retrieve("../jobs?x#y")
    assert service.requests[0].url.raw_path == b"/v1/files/..%2Fjobs%3Fx%23y"
    for bad in ("", "..", "."):
        with pytest.raises(ValueError, match="not an id"):
            service.client().files.retrieve(bad)


def test_queries_are_written_as_the_service_reads_them():
    query = {"a": None, "b": True, "c": ["x", "y"], "metadata": {"run": 1}, "d": 3}
    assert list(query_pairs(query)) == [("b", "true"), ("c", "x,y"), ("metadata[run]", "1"), ("d", "3")]


def test_an_upload_is_read_again_from_its_start(service, tmp_path):
    path = tmp_path / "prompts.jsonl"
    path.write_bytes(b'{"text":"x"}\n' * 1000)
    client = service.client()
    for upload in (path, str(path), path.read_bytes(), io.BytesIO(path.read_bytes()), path.open("rb")):
        service.will(httpx.ReadError("reset"), ok(file("file_1"), 201))
        client.files.upload(upload, purpose="job_input")
        first, second = service.bodies[-2:]
        assert path.read_bytes() in first and path.read_bytes() in second
        assert first.index(b'name="purpose"') < first.index(b'name="file"')
        one, other = service.requests[-2:]
        assert one.headers["idempotency-key"] == other.headers["idempotency-key"]


def test_bodies_take_models_and_times(service):
    service.will(ok({"object": "job.preview"}), ok({"object": "job.preview"}))
    call = Call("POST", "/x", body={"at": datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone.utc), "t": (1, 2)})
    client = service.client()
    client.request(call)
    assert json.loads(service.bodies[0]) == {"at": "2026-01-01T00:00:00+00:00", "t": [1, 2]}
    client.request(Call("POST", "/x", body=reliquary.types.File.model_validate(file("a"))))
    assert json.loads(service.bodies[1])["new_field"] == {"of": "tomorrow"}
    with pytest.raises(ValueError, match="zone"):
        client.request(Call("POST", "/x", body={"at": datetime.datetime(2026, 1, 1)}))


async def test_coroutines_get_the_same(service):
    service.will(problem(503, "not_now"), httpx.ReadError("reset"), ok(FUNCTION, 201))
    async with service.async_client() as client:
        assert (await client.reward_functions.create(name="mine")).id == "rwf_1"
        assert len({request.headers["idempotency-key"] for request in service.requests}) == 1
        service.will(problem(404, "not_found"))
        with pytest.raises(reliquary.NotFoundError):
            await client.jobs.retrieve("job_1")
        service.will(ok(page_of("a", has_more=True)), ok(page_of("b", has_more=False)))
        assert [one.id async for one in client.files.list()] == ["a", "b"]
        service.will(ok(page_of("a", has_more=False)))
        assert (await client.files.list()).data[0].id == "a"
        service.will(httpx.ReadError("reset"), ok(file("file_1"), 201))
        await client.files.upload(b"data", purpose="job_input")
        assert b"data" in service.bodies[-1]


def test_the_async_client_runs_on_a_plain_loop(service):
    service.will(ok(file("a")))
    assert asyncio.run(service.async_client().files.retrieve("a")).id == "a"
