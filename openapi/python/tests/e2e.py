"""The SDK against a real service, which tests/it/sdk_python.rs starts. Says `restart` when it wants the gateway killed and started
again, and is told by a line when it is dead."""

import asyncio
import json
import os
import subprocess
import sys
from collections import Counter
from itertools import islice
from pathlib import Path
from types import SimpleNamespace

import httpx

import reliquary
from reliquary import AsyncReliquary, Reliquary, VerificationFailed, verify
from reliquary.adapters import read, trl

HERE = Path(__file__).parent
REPOSITORY = HERE.parents[2]
MODULE = REPOSITORY / "sandbox/guests/wat/length.wasm"
CHECKPOINT = os.environ["CHECKPOINT"]
BINARY = os.environ["RELIQUARY_BINARY"]
PROMPTS, SAMPLES = 10, 3


def prompts() -> list:
    return [
        {"custom_id": f"tom-{n}", "text": f"Tom has {n} apples and buys 25 more. How many apples does Tom have?\n"}
        for n in range(3, 3 + PROMPTS)
    ]


def restart() -> None:
    """Returns when the gateway is dead; it comes back by itself."""
    print("restart", flush=True)
    assert sys.stdin.readline() == "killed\n"


def opened(connections: Counter):
    def hook(request: httpx.Request) -> None:
        connections[request.url.path.rsplit("/", 1)[1]] += 1

    return hook


def the_readme_runs() -> None:
    text = (HERE.parent / "README.md").read_text(encoding="utf-8")
    code = text.split("```python\n")[1].split("```")[0]
    assert len(code.splitlines()) <= 20
    Path("reward.wasm").write_bytes(MODULE.read_bytes())
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "8 verified offline", done.stdout
    assert len(list(read("trl.jsonl"))) == 8


def a_reward_function(client: Reliquary) -> str:
    function = client.reward_functions.create(name="length")
    samples = [{"prompt": "p", "completion_text": "four"}]
    version = client.reward_functions.upload_version(function, MODULE, samples=samples)
    assert version.state == "ready"
    tried = client.reward_functions.test(function, version.version, samples=samples)
    assert tried.samples
    return version.id


def a_stream_survives_kill_9(client: Reliquary, connections: Counter, function: str) -> reliquary.types.Job:
    job = client.jobs.create(
        prompts=prompts(),
        sampling={"n": SAMPLES, "max_tokens": 32},
        reward={"mode": "wasm", "function": function},
        selection={},
    )
    before, got = connections["events"], []
    for rollout in client.jobs.stream(job):
        if not got:
            restart()
        got.append(rollout)
    assert connections["events"] - before >= 2, "the stream was never cut"
    listed = [one.id for one in client.jobs.rollouts(job, limit=7)]
    assert [one.id for one in got] == listed and len(set(listed)) == PROMPTS * SAMPLES
    assert len({(one.prompt_index, one.sample_index) for one in got}) == PROMPTS * SAMPLES
    assert [one.sequence for one in client.jobs.stream_events(job)] == list(range(1, client.jobs.retrieve(job).last_sequence + 1))
    # what came by the stream is verified as it is
    assert verify(got, checkpoint=CHECKPOINT).verified == PROMPTS * SAMPLES
    return job


def it_is_verified_offline(client: Reliquary, job: reliquary.types.Job) -> None:
    keys = client.verification_keys.list()
    path = client.jobs.download(job, "rollouts.ndjson")
    for level in ("signatures", "full"):
        report = verify(path, checkpoint=CHECKPOINT, service_keys=keys, level=level, binary=BINARY)
        assert report.verified == PROMPTS * SAMPLES and report.keys_are_pinned
        (manifest,) = report.manifests
        assert manifest.in_file == manifest.delivered == PROMPTS * SAMPLES and manifest.key_is_pinned
    lines = path.read_text(encoding="utf-8").splitlines()
    record = json.loads(lines[-1])
    record["reward"] += 1
    for changed in (lines[:-1], [*lines[:-1], json.dumps(record)]):
        Path("changed.ndjson").write_text("\n".join(changed), encoding="utf-8")
        for level in ("signatures", "reward"):
            try:
                verify("changed.ndjson", checkpoint=CHECKPOINT, service_keys=keys, level=level, binary=BINARY)
            except VerificationFailed as failed:
                assert failed.report.findings
            else:
                raise AssertionError("a change was not seen")


def it_is_exported(client: Reliquary, job: reliquary.types.Job) -> None:
    export = client.exports.create(job, format="trl", compression="zstd")
    path = client.exports.download(export, "trl.jsonl.zst")
    rows = list(read(path))
    assert len(rows) == PROMPTS * SAMPLES

    trainer = SimpleNamespace(accelerator=SimpleNamespace(num_processes=1))
    rollouts = trl.rollout_func(rows)([one["prompt"] for one in trl.prompts(rows) for _ in range(SAMPLES)], trainer)
    assert len(rollouts["completion_ids"]) == PROMPTS * SAMPLES
    assert [one.id for one in client.exports.list(job)] == [export.id]


def requests_behave(client: Reliquary, function: str) -> None:
    body = {"prompts": prompts()[:1], "sampling": {"n": 2, "max_tokens": 8}, "reward": {"mode": "wasm", "function": function}}
    one, again = (client.jobs.create(**body, idempotency_key="same") for _ in range(2))
    assert one.id == again.id
    try:
        client.jobs.create(prompts=[{"text": "x"}, {}], sampling={"n": 0, "max_tokens": 8})
    except reliquary.UnprocessableError as error:
        assert error.code == "validation_failed" and len(error.errors) >= 2 and error.request_id
    else:
        raise AssertionError("two faults were not seen")
    data = b'{"text": "x"}\n' * 10_000
    file = client.files.upload(data, purpose="job_input", filename="prompts.jsonl")
    assert client.files.download(file, "prompts.jsonl").read_bytes() == data
    ids = [job.id for job in client.jobs.list(limit=1)]
    assert len(ids) == len(set(ids)) >= 3
    late = client.jobs.create(prompts=prompts(), sampling={"n": 8, "max_tokens": 64}, reward={"mode": "client", "deadline_s": 600})
    client.jobs.cancel(late, mode="immediate")
    try:
        list(client.jobs.stream(late))
    except reliquary.JobCancelled as ended:
        assert ended.job.id == late.id
    else:
        raise AssertionError("a cancelled job looked complete")


def the_project_has_one_log(client: Reliquary) -> None:
    listed = [one.id for one in client.events.list(limit=50)]
    stream = client.events.stream(starting_after=0)
    assert [one.id for one in islice(stream, len(listed))] == listed
    assert stream.last_id == len(listed) > PROMPTS * SAMPLES, "places have no gaps"
    token = client.stream_tokens.create(path="/v1/events/stream")
    assert token.token and token.path == "/v1/events/stream"


async def told(client: AsyncReliquary, job_id: asyncio.Future) -> list:
    """What happens in the project from now on, up to the end of a job that is named later."""
    events: list = []
    async for event in client.events.stream():
        events.append(event)
        if event.type == "job.completed" and job_id.done() and event.job_id == job_id.result():
            break
    return events


async def coroutines_get_the_same(function: str) -> None:
    connections: Counter = Counter()
    is_open, job_id = asyncio.Event(), asyncio.get_running_loop().create_future()

    async def hook(request: httpx.Request) -> None:
        opened(connections)(request)

    async def answered(response: httpx.Response) -> None:
        if response.url.path == "/v1/events/stream":
            is_open.set()  # where it begins is decided before the answer begins

    http = httpx.AsyncClient(event_hooks={"request": [hook], "response": [answered]})
    async with AsyncReliquary(http_client=http) as client:
        following = asyncio.create_task(told(client, job_id))
        await is_open.wait()
        job = await client.jobs.create(
            prompts=prompts(),
            sampling={"n": SAMPLES, "max_tokens": 32},
            reward={"mode": "wasm", "function": function},
            selection={},
        )
        job_id.set_result(job.id)
        got: list = []
        async for rollout in client.jobs.stream(job):
            if not got:
                restart()
            got.append(rollout.id)
        assert connections["events"] >= 2, "the stream was never cut"
        assert got == [one.id async for one in client.jobs.rollouts(job)] and len(got) == PROMPTS * SAMPLES
        path = await client.jobs.download(job, "async.ndjson")
        assert verify(path, service_keys=await client.verification_keys.list()).verified == len(got)
        export = await client.exports.create(job, format="jsonl")
        await client.exports.download(export, "async.jsonl")
        assert len(list(read("async.jsonl"))) == len(got)
        events, log = await following, [one.id async for one in client.events.list()]
        assert connections["stream"] >= 2, "the project's stream was never cut"
        assert [one.sequence for one in events if one.job_id == job.id] == list(range(1, events[-1].sequence + 1))
        first = log.index(events[0].id)
        assert [one.id for one in events] == log[first : first + len(events)]


def main() -> None:
    the_readme_runs()
    connections: Counter = Counter()
    with Reliquary(http_client=httpx.Client(event_hooks={"request": [opened(connections)]})) as client:
        function = a_reward_function(client)
        job = a_stream_survives_kill_9(client, connections, function)
        it_is_verified_offline(client, job)
        it_is_exported(client, job)
        requests_behave(client, function)
        the_project_has_one_log(client)
    asyncio.run(coroutines_get_the_same(function))
    print("done", flush=True)


if __name__ == "__main__":
    main()
