"""What somebody does who has only ever used OpenAI's package. Nothing here knows Reliquary but for its address.

BASE and KEY are in the environment; the first argument says which part is played. Every part asserts on what it gets.
"""

import io
import json
import math
import os
import sys
import time

import openai

client = openai.OpenAI(base_url=os.environ["BASE"] + "/v1", api_key=os.environ["KEY"], max_retries=0)
ENDED = {"completed", "failed", "expired", "cancelled"}
QUESTIONS = {
    "one": "Max has 44 books and sells 43. How many books does Max have?",
    "two": "Eva has 6 boxes with 8 pens in each box. How many pens does Eva have?",
    "three": "Max has 44 books and sells 43. How many books does Max have?",
}


def request(custom_id, question, **more):
    body = {"model": "current", "messages": [{"role": "user", "content": question}], "max_tokens": 48, **more}
    return {"custom_id": custom_id, "method": "POST", "url": "/v1/chat/completions", "body": body}


def upload(lines):
    text = "".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines)
    return client.files.create(file=("requests.jsonl", io.BytesIO(text.encode())), purpose="batch")


def begin(lines, **more):
    file = upload(lines)
    assert (file.object, file.purpose, file.filename, file.status) == ("file", "batch", "requests.jsonl", "processed")
    return client.batches.create(
        input_file_id=file.id, endpoint="/v1/chat/completions", completion_window="24h", **more
    )


def finished(batch):
    until = time.monotonic() + 90
    seen = set()
    while batch.status not in ENDED:
        assert time.monotonic() < until, batch
        seen.add(batch.status)
        time.sleep(0.1)  # a client polls
        batch = client.batches.retrieve(batch.id)
    assert seen <= {"validating", "in_progress", "finalizing", "cancelling"}, seen
    return batch


def read(batch):
    """As it is once its file is read."""
    until = time.monotonic() + 60
    while batch.status == "validating":
        assert time.monotonic() < until, batch
        time.sleep(0.05)  # a client polls
        batch = client.batches.retrieve(batch.id)
    return batch


def lines(file_id):
    return {line["custom_id"]: line for line in map(json.loads, client.files.content(file_id).text.splitlines())}


def check_choice(choice, asked_logprobs):
    assert choice.finish_reason in ("stop", "length")
    assert choice.message.role == "assistant" and choice.message.refusal is None
    if not asked_logprobs:
        assert choice.logprobs is None
        return
    content = choice.logprobs.content
    assert content and all(token.logprob <= 0 and math.isfinite(token.logprob) for token in content)
    text = "".join(token.token for token in content if token.bytes is not None)
    assert text == choice.message.content, (text, choice.message.content)


def without_miners():
    """Nobody works: what is begun stays where it is until it is cancelled."""
    batch = begin([request(name, text) for name, text in QUESTIONS.items()], metadata={"run": "cancelled"})
    assert batch.status == "validating", batch
    batch = read(batch)
    assert (batch.object, batch.status, batch.endpoint) == ("batch", "in_progress", "/v1/chat/completions")
    assert isinstance(batch.created_at, int) and batch.expires_at - batch.created_at == 24 * 3600
    assert (batch.request_counts.total, batch.request_counts.completed, batch.request_counts.failed) == (3, 0, 0)
    assert batch.metadata == {"run": "cancelled"} and batch.errors is None and batch.output_file_id is None
    batch = client.batches.cancel(batch.id)
    assert batch.status in ("cancelling", "finalizing", "cancelled") and batch.cancelling_at is not None
    batch = finished(batch)
    assert batch.status == "cancelled" and batch.cancelled_at >= batch.cancelling_at
    assert batch.request_counts.failed == 3 and batch.output_file_id is None
    errors = lines(batch.error_file_id)
    assert set(errors) == set(QUESTIONS)
    assert all(line["response"] is None and line["error"]["code"] == "batch_cancelled" for line in errors.values())
    assert client.batches.cancel(batch.id).status == "cancelled"

    # nobody would answer somebody who waits
    try:
        client.chat.completions.create(model="current", messages=[{"role": "user", "content": QUESTIONS["one"]}])
        raise SystemExit("an answer without a miner")
    except openai.InternalServerError as error:
        assert (error.status_code, error.code) == (503, "no_miner_capacity"), error


def invalid():
    """What is wrong with a file is told by line, all of it; and nothing was begun."""
    batch = begin([
        request("good", "x"),
        "{",
        request("good", "x"),
        request("a", "x", temperature=3.5),
        request("b", "x", seed=7, tools=[]),
        {**request("c", "x"), "url": "/v1/embeddings"},
    ])
    batch = read(batch)
    assert batch.status == "failed" and batch.failed_at is not None and batch.output_file_id is None
    found = {(error.line, error.code, error.param) for error in batch.errors.data}
    expected = {
        (2, "invalid_json", None),
        (3, "duplicate_custom_id", "custom_id"),
        (4, "out_of_range", "body.temperature"),
        (5, "unknown_parameter", "body.tools"),
        (6, "invalid_url", "url"),
    }
    assert found == expected, found
    # what only a job can find out
    batch = read(begin([request("a", "x", temperature=3.5), request("b", "x", max_tokens=100_000)]))
    found = {(error.line, error.code, error.param) for error in batch.errors.data}
    assert found == {(1, "out_of_range", "body.temperature"), (2, "out_of_range", "body.max_tokens")}, found
    # a file in parts is a file
    text = "".join(json.dumps(request(f"q{at}", "x")) + "\n" for at in range(5)).encode()
    upload = client.uploads.upload_file_chunked(
        file=text, filename="parts.jsonl", bytes=len(text), mime_type="application/jsonl", purpose="batch", part_size=200
    )
    assert (upload.object, upload.status, upload.bytes) == ("upload", "completed", len(text)), upload
    assert (upload.file.filename, upload.file.purpose) == ("parts.jsonl", "batch"), upload
    assert client.files.content(upload.file.id).content == text
    left = client.uploads.create(filename="x", bytes=9, mime_type="text/plain", purpose="batch")
    part = client.uploads.parts.create(left.id, data=b"12345")
    assert (part.object, part.upload_id) == ("upload.part", left.id)
    assert client.uploads.cancel(left.id).status == "cancelled"
    try:
        client.batches.create(input_file_id="file-abc", endpoint="/v1/chat/completions", completion_window="24h")
        raise SystemExit("a batch of no file")
    except openai.UnprocessableEntityError as error:
        assert error.param == "input_file_id" and "no such file" in error.message, error
    try:
        client.batches.retrieve("batch_abc")
        raise SystemExit("a batch that is none")
    except openai.NotFoundError as error:
        assert error.code == "not_found"


def run():
    """Batches and chats that are answered."""
    cool = {"temperature": 0.01}
    batch = begin(
        [
            request("one", QUESTIONS["one"], **cool),
            request("two", QUESTIONS["two"], **cool),
            request("three", QUESTIONS["three"], **cool),
            request("many", QUESTIONS["two"], n=3, logprobs=True),
            request("cut", QUESTIONS["two"], stop=["=", "\n"], logprobs=True, **cool),
        ],
        metadata={"run": "answered"},
    )
    begun = batch.id
    batch = finished(batch)
    assert (batch.status, batch.error_file_id) == ("completed", None), batch
    assert (batch.request_counts.total, batch.request_counts.completed, batch.request_counts.failed) == (5, 5, 0)
    assert batch.created_at <= batch.in_progress_at <= batch.finalizing_at <= batch.completed_at
    output = client.files.retrieve(batch.output_file_id)
    assert output.purpose == "batch_output" and output.filename == f"{begun}_output.jsonl"
    content = client.files.content(batch.output_file_id)
    assert len(content.content) == output.bytes
    answers = {}
    for name, line in lines(batch.output_file_id).items():
        assert line["error"] is None and line["id"].startswith("batch_req_")
        assert line["response"]["status_code"] == 200 and line["response"]["request_id"]
        answers[name] = openai.types.chat.ChatCompletion.model_validate(line["response"]["body"])
    assert set(answers) == {"one", "two", "three", "many", "cut"}
    models = client.models.list().data
    for name, answer in answers.items():
        assert answer.object == "chat.completion" and answer.model in [model.id for model in models]
        assert [choice.index for choice in answer.choices] == list(range(3 if name == "many" else 1))
        assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens
        for choice in answer.choices:
            check_choice(choice, name in ("many", "cut"))
    # the model does what it was trained for, and the same question has the same answer where nothing is left to chance
    text = {name: answer.choices[0].message.content for name, answer in answers.items()}
    assert text["one"].strip().endswith("1") and text["two"].strip().endswith("48"), text
    assert text["three"] == text["one"]
    assert "=" not in text["cut"] and "\n" not in text["cut"] and text["two"].startswith(text["cut"]), text
    assert answers["cut"].choices[0].finish_reason == "stop"
    assert answers["cut"].usage.completion_tokens == answers["two"].usage.completion_tokens

    # a chat of its own is a job of one prompt
    chat = client.chat.completions.create(
        model=models[0].id,
        messages=[{"role": "user", "content": [{"type": "text", "text": QUESTIONS["one"]}]}],
        n=2,
        max_completion_tokens=48,
        logprobs=True,
        temperature=0.01,
        user="somebody",
    )
    assert [choice.message.content for choice in chat.choices] == [text["one"]] * 2
    for choice in chat.choices:
        check_choice(choice, True)
    again = [
        client.chat.completions.create(
            model="current",
            messages=[{"role": "user", "content": QUESTIONS["two"]}],
            extra_headers={"Idempotency-Key": "once"},
        )
        for _ in range(2)
    ]
    assert again[0] == again[1]
    assert client.models.retrieve("current").id == models[0].id
    for wrong, param in [({"stream": True}, "stream"), ({"seed": 1}, "seed"), ({"n": 65}, "n"), ({"model": "gpt"}, "model")]:
        body = {"model": "current", "messages": [{"role": "user", "content": "x"}], **wrong}
        try:
            client.chat.completions.create(**body)
            raise SystemExit(f"taken: {wrong}")
        except openai.UnprocessableEntityError as error:
            assert error.param == param, (wrong, error)

    # what was begun before can be found again, a page at a time
    listed = [listed.id for listed in client.batches.list(limit=1)]
    assert listed[0] == begun and len(listed) == len(set(listed)) >= 3
    receipts = [choice.reliquary["receipt"] for answer in answers.values() for choice in answer.choices]
    receipts += [choice.reliquary["receipt"] for choice in chat.choices]
    print(json.dumps({"batch": begun, "jobs": batch.reliquary["job_ids"], "receipts": receipts, "text": text}))


{"without_miners": without_miners, "invalid": invalid, "run": run}[sys.argv[1]]()
