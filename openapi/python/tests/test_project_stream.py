"""`events.stream`: what happens in all jobs of a project, each event once and in order, whatever becomes of the connections."""

import json
from itertools import islice

import httpx
import pytest
from conftest import Service, ok, problem, sse, without_id

import reliquary

STREAM = "/v1/events/stream"


def begin(place: int) -> bytes:
    """What a stream begins with: an id alone."""
    return f"id: {place}\n\n".encode()


def placed(place: int, sequence: int = 1, kind: str = "group.accepted", job_id: str = "job_1") -> bytes:
    """An event at a place of the project's log, which is not that of its job's."""
    return f"id: {place}\n".encode() + without_id(sequence, kind, job_id)


def read(service: Service, count: int, **more) -> list[tuple[str, int]]:
    stream = service.client().events.stream(**more)
    return [(one.job_id, one.sequence) for one in islice(stream, count)]


def cursors(service: Service) -> list[str | None]:
    assert all(request.url.path == STREAM for request in service.requests)
    return [request.headers.get("last-event-id") for request in service.requests]


def test_it_begins_where_the_service_says_and_a_cut_before_the_first_event_loses_nothing(service):
    service.will(
        httpx.ConnectError("refused"),
        sse(begin(700), cut=True),
        problem(503, "stopping", retry_after="1"),
        sse(begin(700), placed(701, 9), placed(702, 1, job_id="job_2"), b"id: 703\nevent: group.accepted\ndata: {half", cut=True),
        httpx.ConnectError("refused"),
        sse(begin(702), placed(702, 1, job_id="job_2"), placed(703, 10), placed(704, 2, job_id="job_2")),
    )
    stream = service.client().events.stream()
    assert stream.last_id is None
    found = [(one.job_id, one.sequence, stream.last_id) for one in islice(stream, 4)]
    assert found == [("job_1", 9, 701), ("job_2", 1, 702), ("job_1", 10, 703), ("job_2", 2, 704)]
    assert cursors(service) == [None, None, "700", "700", "702", "702"]
    asked = service.requests[0]
    assert asked.headers["accept"] == "text/event-stream" and not asked.url.query
    assert any(wait >= 1 for wait in service.slept)


def test_it_goes_on_in_another_process(service):
    service.will(sse(begin(0), placed(1), placed(2)))
    first = service.client().events.stream(starting_after=0)
    assert [one.sequence for one in islice(first, 1)] == [1]
    service.will(sse(begin(1), placed(2, 2), placed(3, 3)))
    assert read(service, 2, starting_after=first.last_id) == [("job_1", 2), ("job_1", 3)]
    assert cursors(service) == ["0", "1"]


def test_it_has_no_end(service):
    """Neither with the end of a job, nor with one of the service's answers."""
    service.will(
        sse(begin(0), placed(1, 1, "job.failed"), placed(2, 1, "job.completed", "job_2")),
        sse(begin(2)),  # closed after a while in which nothing happened
        httpx.Response(204),
        sse(begin(2), placed(3, 2, "export.ready", "job_2")),
    )
    assert read(service, 3, starting_after=0) == [("job_1", 1), ("job_2", 1), ("job_2", 2)]
    assert cursors(service) == ["0", "2", "2", "2"]


def test_what_has_no_id_is_no_event_of_the_log(service):
    stray = without_id(8, "group.accepted")
    service.will(sse(stray, begin(5), stray, placed(6, 1), stray, placed(7, 2)))
    assert read(service, 2) == [("job_1", 1), ("job_1", 2)]


def test_a_gap_is_asked_for_again_and_one_that_stays_is_said(service):
    service.will(sse(begin(0), placed(1, 1), placed(3, 3)), sse(begin(1), placed(2, 2), placed(3, 3)))
    assert [sequence for _, sequence in read(service, 3, starting_after=0)] == [1, 2, 3]
    service.will(*[sse(begin(5), placed(7)) for _ in range(6)])
    with pytest.raises(reliquary.ReliquaryError, match="nothing between 5 and 7"):
        read(service, 1)


def test_some_types_only_are_asked_for_and_the_places_between_are_no_gaps(service):
    service.will(sse(begin(5), placed(9, 4, "job.completed"), cut=True), sse(begin(9), placed(20, 4, "job.completed", "job_2")))
    assert read(service, 2, types=["job.completed"]) == [("job_1", 4), ("job_2", 4)]
    assert cursors(service) == [None, "9"]
    assert [request.url.params["types"] for request in service.requests] == ["job.completed"] * 2


def test_what_the_log_has_lost_is_said_and_not_stepped_over(service):
    reset = b'event: stream.reset\ndata: {"oldest_sequence": 40}\n\n'
    service.will(sse(begin(3), placed(4, 1), cut=True), sse(begin(4), reset, placed(40, 9)))
    stream = service.client().events.stream(starting_after=3)
    assert next(stream).sequence == 1
    with pytest.raises(reliquary.EventsExpired) as caught:
        next(stream)
    assert (caught.value.oldest_sequence, stream.last_id) == (40, 4)
    service.will(sse(begin(39), reset, placed(40, 9)))
    assert read(service, 1, starting_after=39) == [("job_1", 9)]


def test_a_refusal_for_good_and_a_long_silence_are_raised(service):
    service.will(problem(400, "invalid_cursor"))
    with pytest.raises(reliquary.BadRequestError):
        read(service, 1, starting_after=10**9)
    service.will(httpx.ConnectError("refused"))
    with pytest.raises(reliquary.APIConnectionError):
        read(service, 1, patience=-1.0)


def test_closing_it_closes_the_connection(service):
    answer = sse(begin(5), placed(6), cut=True)
    service.will(answer)
    stream = service.client().events.stream()
    assert next(stream).sequence == 1 and not answer.is_closed
    stream.close()
    assert answer.is_closed and next(stream, None) is None


def test_pages_of_it_go_on_by_themselves(service):
    def page(*sequences: int, has_more: bool):
        data = [json.loads(without_id(one, "job.completed").split(b"data: ")[1]) for one in sequences]
        return ok({"object": "list", "data": data, "has_more": has_more, "last_id": "7" if has_more else "9"})

    # the filter may leave nothing of a page that is not the last
    service.will(page(1, has_more=True), page(has_more=False))
    assert [one.id for one in service.client().events.list(types="job.completed", after=5)] == ["evt_job_1_1"]
    assert [request.url.params["after"] for request in service.requests] == ["5", "7"]


async def test_coroutines_get_the_same(service):
    reset = b'event: stream.reset\ndata: {"oldest_sequence": 900}\n\n'
    service.will(
        sse(begin(700), cut=True),
        sse(begin(700), placed(701, 1, "job.completed"), cut=True),
        httpx.ConnectError("refused"),
        httpx.Response(204),
        sse(begin(701), placed(701, 1, "job.completed"), placed(702, 1, job_id="job_2"), cut=True),
        sse(begin(702), reset),
    )
    stream, found = service.async_client().events.stream(), []
    with pytest.raises(reliquary.EventsExpired):
        async for one in stream:
            found.append((one.job_id, one.sequence, stream.last_id))  # noqa: PERF401
    assert found == [("job_1", 1, 701), ("job_2", 1, 702)] and stream.last_id == 702
    assert cursors(service) == [None, "700", "701", "701", "701", "702"]
    answer = sse(begin(5), placed(6), cut=True)
    service.will(answer)
    stream = service.async_client().events.stream()
    assert (await anext(stream)).sequence == 1 and not answer.is_closed
    await stream.aclose()
    assert answer.is_closed
