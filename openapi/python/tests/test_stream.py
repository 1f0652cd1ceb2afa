"""`jobs.stream`: every rollout once and in order, whatever becomes of the connections."""

import httpx
import pytest
from conftest import Service, event, ok, problem, sse
from samples import job, rollout

import reliquary


def verified(sequence: int, name: str, **more) -> bytes:
    return event(sequence, "rollout.verified", rollout=rollout(name, **more))


def stream(service: Service, **more) -> list[str]:
    return [one.id for one in service.client().jobs.stream("job_1", **more)]


def cursors(service: Service) -> list[str]:
    return [request.headers["last-event-id"] for request in service.requests if request.url.path.endswith("/events")]


def test_rollouts_come_live_and_the_stream_ends_with_the_job(service):
    service.will(sse(event(1, "job.queued"), verified(2, "a"), verified(3, "b"), event(4, "job.completed")), ok(job()))
    assert stream(service) == ["a", "b"]
    asked = service.requests[0]
    assert cursors(service) == ["0"] and asked.headers["accept"] == "text/event-stream"
    assert asked.url.params["include"] == "rollout" and "job.failed" in asked.url.params["types"]


def test_cuts_and_refusals_are_resumed_from_the_last_event(service):
    service.will(
        httpx.ConnectError("refused"),
        sse(verified(2, "a"), cut=True),
        httpx.ConnectError("refused"),
        problem(503, "stopping", retry_after="1"),
        sse(verified(2, "a"), verified(5, "b"), b"id: 7\nevent: rollout.verified\ndata: {half", cut=True),
        sse(),  # closed before anything came
        ok(job(status="in_progress")),
        sse(verified(7, "c"), event(9, "job.completed")),
        ok(job()),
    )
    assert stream(service) == ["a", "b", "c"]
    assert cursors(service) == ["0", "0", "2", "2", "2", "5", "5"]
    # what was asked for is waited for
    assert any(wait >= 1 for wait in service.slept)


def test_204_says_that_there_is_no_more(service):
    service.will(sse(verified(2, "a"), cut=True), httpx.Response(204), ok(job()))
    assert stream(service) == ["a"]


def test_it_goes_on_from_where_a_caller_stopped(service):
    service.will(sse(verified(8, "b"), event(9, "job.completed")), ok(job()))
    assert stream(service, starting_after=5) == ["b"]
    assert cursors(service) == ["5"]


@pytest.mark.parametrize(
    ("status", "kind"),
    [("failed", reliquary.JobFailed), ("expired", reliquary.JobExpired), ("cancelled", reliquary.JobCancelled)],
)
def test_another_end_is_raised_after_everything_that_was_delivered(service, status, kind):
    service.will(sse(verified(2, "a"), event(3, f"job.{status}")), ok(job(status=status, status_reason="why")))
    got = []
    with pytest.raises(kind, match="why") as caught:
        for one in service.client().jobs.stream("job_1"):
            got.append(one.id)  # noqa: PERF401
    assert got == ["a"] and caught.value.job.id == "job_1"


def test_what_the_log_has_lost_is_read_from_the_list(service):
    reset = b'event: stream.reset\ndata: {"oldest_sequence": 40, "rollouts_url": "/v1/jobs/job_1/rollouts"}\n\n'

    def page(*ids, has_more):
        return ok(
            {"object": "list", "data": [rollout(one) for one in ids], "has_more": has_more, "first_id": ids[0], "last_id": ids[-1]}
        )

    service.will(
        sse(verified(3, "a"), cut=True),
        sse(reset, verified(40, "d"), verified(41, "e"), event(42, "job.completed")),
        page("b", "c", has_more=True),
        page("d", has_more=False),
        ok(job()),
    )
    assert stream(service) == ["a", "b", "c", "d", "e"]
    lists = [request.url.params for request in service.requests if request.url.path.endswith("/rollouts")]
    assert [params["after"] for params in lists] == ["3", "c"]
    service.will(sse(reset))
    with pytest.raises(reliquary.EventsExpired) as caught:
        list(service.client().jobs.stream_events("job_1"))
    assert caught.value.oldest_sequence == 40


def test_a_log_that_is_gone_is_no_endless_stream(service):
    empty = ok({"object": "list", "data": [], "has_more": False})
    service.will(sse(), ok(job(last_sequence=9)), empty, ok(job()))
    assert stream(service) == []


def test_events_come_without_a_gap(service):
    service.will(
        sse(event(1, "job.queued"), event(3, "group.accepted")),  # 2 was lost on the way
        sse(event(2, "job.started"), event(3, "group.accepted"), event(4, "job.completed")),
    )
    assert [one.sequence for one in service.client().jobs.stream_events("job_1")] == [1, 2, 3, 4]
    assert cursors(service) == ["0", "1"]


def test_a_gap_that_stays_is_said(service):
    service.will(*[sse(event(3, "group.accepted")) for _ in range(6)])
    with pytest.raises(reliquary.ReliquaryError, match="nothing between 0 and 3"):
        list(service.client().jobs.stream_events("job_1"))


def test_only_the_types_that_were_asked_for_are_shown(service):
    service.will(sse(event(3, "group.accepted"), event(4, "job.completed")))
    events = service.client().jobs.stream_events("job_1", types=["group.accepted"])
    assert [one.type for one in events] == ["group.accepted"]
    service.will(sse(event(4, "job.completed")), ok(job()))
    assert service.client().jobs.wait("job_1").status == "completed"


def test_line_separators_inside_of_texts_do_not_end_lines(service):
    text = "a\u2028b\u2029c\x85d\x0be"
    service.will(sse(verified(1, "a", completion_text=text), event(2, "job.completed")), ok(job()))
    (one,) = service.client().jobs.stream("job_1")
    assert one.completion_text == text


def test_what_is_not_new_to_the_reader_but_to_the_sdk_is_passed_over(service):
    live = b'event: job.progress\ndata: {"percent": 5}\n\n'
    service.will(sse(b": hb\n\n", live, verified(1, "a"), live, event(2, "job.completed")), ok(job()))
    assert stream(service) == ["a"]


def test_no_answer_for_too_long_is_raised(service):
    service.will(*[httpx.ConnectError("refused")] * 2)
    with pytest.raises(reliquary.APIConnectionError):
        stream(service, patience=-1.0)
    service.answers.clear()


def test_a_refusal_for_good_is_raised(service):
    service.will(problem(404, "not_found"))
    with pytest.raises(reliquary.NotFoundError):
        stream(service)


def test_a_purged_rollout_is_not_passed_over_in_silence(service):
    service.will(sse(event(1, "rollout.verified", id="rol_1")))
    with pytest.raises(reliquary.ReliquaryError, match="kept no more"):
        stream(service)


async def test_coroutines_get_the_same(service):
    service.will(
        httpx.ConnectError("refused"),
        sse(verified(2, "a"), cut=True),
        sse(verified(2, "a"), verified(3, "b"), event(4, "job.failed")),
        ok(job(status="failed")),
    )
    got = []
    with pytest.raises(reliquary.JobFailed):
        async for one in service.async_client().jobs.stream("job_1"):
            got.append(one.id)  # noqa: PERF401
    assert got == ["a", "b"] and cursors(service) == ["0", "0", "2"]
    service.will(sse(event(1, "job.queued"), event(2, "job.completed")))
    events = [one.sequence async for one in service.async_client().jobs.stream_events("job_1")]
    assert events == [1, 2]
