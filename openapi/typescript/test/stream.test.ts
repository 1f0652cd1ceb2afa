// A job's stream over everything that can happen to a connection.

import assert from "node:assert/strict";
import type { ServerResponse } from "node:http";
import { test } from "node:test";

import { APIConnectionError, EventsExpiredError, JobEndedError, JobExpiredError, NotFoundError } from "../src/index.js";
import { problem, type Seen, seeded, serve, json } from "./service.js";

/** A log of `rollouts` rollouts, with other events between, and its end. */
function log(rollouts: number, end = "job.completed"): { type: string; data: Record<string, unknown> }[] {
  const events: { type: string; data: Record<string, unknown> }[] = [{ type: "job.queued", data: {} }];
  for (let index = 0; index < rollouts; index += 1) {
    if (index % 3 === 0) events.push({ type: "group.scored", data: {} });
    // text of more than one byte a letter, which cuts may split
    events.push({
      type: "rollout.verified",
      data: { rollout: { id: `rol_${index}`, completion_text: "naïve 😀\r\n" } },
    });
  }
  return [...events, { type: end, data: {} }];
}

const ids = (count: number) => Array.from({ length: count }, (_, index) => `rol_${index}`);

function frame(events: ReturnType<typeof log>, sequence: number): string {
  const event = events[sequence - 1];
  assert.ok(event);
  const body = { object: "event", id: `evt_${sequence}`, sequence, job_id: "job_1", created_at: "", ...event };
  return `id: ${sequence}\nevent: ${event.type}\ndata: ${JSON.stringify(body)}\n\n`;
}

function begin(response: ServerResponse): void {
  response.writeHead(200, { "content-type": "text/event-stream" });
  response.write("retry: 3000\n\n: hb\n\n");
}

const after = (request: Seen) => Number(request.headers["last-event-id"]);

/** Serves the log from where the client is, all of it at once. */
function send(response: ServerResponse, events: ReturnType<typeof log>, from: number, to = events.length): void {
  begin(response);
  for (let sequence = from + 1; sequence <= to; sequence += 1) response.write(frame(events, sequence));
}

async function read(stream: AsyncIterable<{ id: string }>): Promise<string[]> {
  const found: string[] = [];
  for await (const rollout of stream) found.push(rollout.id);
  return found;
}

test("every rollout comes once and in order over three hundred cuts at any byte", async () => {
  const events = log(200);
  const random = seeded(7);
  let cuts = 0;
  await using service = await serve((request, response) => {
    // asked for after a connection that brought nothing
    if (request.url === "/v1/jobs/job_1")
      return json(response, { id: "job_1", status: "in_progress", last_sequence: 9 });
    assert.equal(request.url, "/v1/jobs/job_1/events?include=rollout");
    assert.equal(request.headers.accept, "text/event-stream");
    const from = after(request);
    const text = Array.from({ length: events.length - from }, (_, index) => frame(events, from + 1 + index)).join("");
    begin(response);
    if (cuts >= 300) return void response.end(text);
    cuts += 1;
    const bytes = Buffer.from(text);
    // half an event, or a few
    const cut = bytes.subarray(0, Math.floor(random() * Math.min(bytes.length, 500)));
    response.write(cut, () => (random() < 0.5 ? response.destroy() : response.end()));
  });
  const stream = service.client.jobs.stream("job_1");
  assert.deepEqual(await read(stream), ids(200));
  assert.equal(stream.lastSequence, events.length);
  assert.ok(cuts >= 100, `${cuts} cuts`);
  assert.equal(stream.connections, cuts + 1);
});

test("what is sent again is skipped, and a gap is asked for again", async () => {
  const events = log(6);
  await using service = await serve((request, response, number) => {
    begin(response);
    if (number === 0) return void response.end(frame(events, 1) + frame(events, 2) + frame(events, 4));
    // a server that does not honour the cursor
    assert.equal(after(request), 2);
    for (let sequence = 1; sequence <= events.length; sequence += 1) response.write(frame(events, sequence));
  });
  assert.deepEqual(await read(service.client.jobs.stream({ id: "job_1" })), ids(6));
});

test("it goes on after a cursor of another process", async () => {
  const events = log(6);
  await using service = await serve((request, response) => send(response, events, after(request)));
  const first = service.client.jobs.stream("job_1");
  for await (const rollout of first) if (rollout.id === "rol_2") break;
  const rest = service.client.jobs.stream("job_1", { startingAfter: first.lastSequence });
  assert.deepEqual(await read(rest), ["rol_3", "rol_4", "rol_5"]);
});

test("after a reset what is gone is read from the list, and nothing comes twice", async () => {
  const events = log(10);
  const oldest = 9;
  await using service = await serve((request, response, number) => {
    if (request.url.includes("/rollouts?")) {
      const query = new URL(request.url, "http://x").searchParams;
      assert.equal(query.get("limit"), "100");
      // after the sequence that was seen last, then after a rollout; up to one whose event is still there
      const from = query.get("after") === "3" ? 1 : 4;
      const data = ids(8)
        .slice(from, from + 3)
        .map((id) => ({ id }));
      return json(response, { object: "list", data, has_more: from === 1, first_id: null, last_id: data.at(-1)?.id });
    }
    if (number === 0) {
      begin(response);
      return void response.end(frame(events, 1) + frame(events, 2) + frame(events, 3));
    }
    begin(response);
    response.write(
      `event: stream.reset\ndata: {"oldest_sequence":${oldest},"rollouts_url":"/v1/jobs/job_1/rollouts"}\n\n`,
    );
    for (let sequence = oldest; sequence <= events.length; sequence += 1) response.write(frame(events, sequence));
  });
  assert.deepEqual(await read(service.client.jobs.stream("job_1")), ids(10));
});

test("a silent connection is opened again", async () => {
  const events = log(2);
  const answer = (request: Seen, response: ServerResponse, number: number) =>
    send(response, events, after(request), number === 0 ? 3 : events.length);
  await using service = await serve(answer, { idleTimeoutMs: 50 });
  assert.deepEqual(await read(service.client.jobs.stream("job_1")), ids(2));
  assert.equal(service.seen.length, 2);
});

test("a service that is down, busy or restarting is asked again, with longer and longer waits", async () => {
  const events = log(2);
  await using service = await serve((request, response, number) => {
    if (number === 0) return void response.destroy();
    if (number === 1) return problem(response, 503, "too_many_streams", { "x-should-retry": "true" });
    if (number === 2) return problem(response, 429, "rate_limited", { "retry-after": "1" });
    send(response, events, after(request));
  });
  assert.deepEqual(await read(service.client.jobs.stream("job_1")), ids(2));
  assert.deepEqual(service.waits, [1000, 2000, 4000]);
});

test("a service that stays away is given up", async () => {
  let now = 0;
  const ambient = { now: () => (now += 100), random: Math.random, sleep: () => Promise.resolve() };
  await using service = await serve((_, response) => void response.destroy(), { ambient, patienceMs: 1000 });
  await assert.rejects(read(service.client.jobs.stream("job_1")), APIConnectionError);
  assert.equal(service.seen.length, 11);
});

test("a stream that is refused is not asked for again", async () => {
  await using service = await serve((_, response) => problem(response, 404, "not_found"));
  await assert.rejects(read(service.client.jobs.stream("job_1")), NotFoundError);
  assert.equal(service.seen.length, 1);
});

const NAMES: Record<string, string> = {
  failed: "JobFailedError",
  cancelled: "JobCancelledError",
  expired: "JobExpiredError",
};

for (const end of Object.keys(NAMES)) {
  test(`a job that ends as ${end} throws after its rollouts`, async () => {
    const events = log(3, `job.${end}`);
    await using service = await serve((request, response) => {
      if (request.url.endsWith("/events?include=rollout")) return send(response, events, after(request));
      json(response, { object: "job", id: "job_1", status: end, status_reason: "budget_exhausted" });
    });
    const found: string[] = [];
    await assert.rejects(
      async () => {
        for await (const rollout of service.client.jobs.stream("job_1")) found.push(rollout.id);
      },
      (error) =>
        error instanceof JobEndedError &&
        error.name === NAMES[end] &&
        error.job.status === end &&
        /budget_exhausted/.test(error.message),
    );
    assert.deepEqual(found, ids(3));
  });
}

test("a log that was read to its end before says how the job ended", async () => {
  let status = "completed";
  await using service = await serve((request, response) => {
    if (request.url.includes("/events")) return void response.writeHead(204).end();
    json(response, { object: "job", id: "job_1", status });
  });
  assert.deepEqual(await read(service.client.jobs.stream("job_1", { startingAfter: 12 })), []);
  status = "expired";
  await assert.rejects(read(service.client.jobs.stream("job_1", { startingAfter: 12 })), JobExpiredError);
});

test("a signal ends it at once, and leaving the loop closes the connection", async () => {
  const events = log(2);
  let closed = 0;
  await using service = await serve((request, response) => {
    response.on("close", () => (closed += 1));
    send(response, events, after(request), 3);
  });
  const abort = new AbortController();
  const found: string[] = [];
  const reading = (async () => {
    for await (const rollout of service.client.jobs.stream("job_1", { signal: abort.signal })) {
      found.push(rollout.id);
      abort.abort(new Error("enough"));
    }
  })();
  await assert.rejects(reading, /enough/);
  for await (const rollout of service.client.jobs.stream("job_1")) {
    found.push(rollout.id);
    break;
  }
  assert.deepEqual(found, ["rol_0", "rol_0"]);
  while (closed < 2) await new Promise((resolve) => setTimeout(resolve, 5));
});

test("all events of the log", async () => {
  const events = log(3);
  await using service = await serve((request, response) => {
    assert.equal(request.url, "/v1/jobs/job_1/events");
    send(response, events, after(request));
  });
  const found: string[] = [];
  for await (const event of service.client.jobs.streamEvents("job_1")) found.push(event.type);
  assert.deepEqual(
    found,
    events.map((event) => event.type),
  );
});

test("some types of events, and the end of the log is seen all the same", async () => {
  const events = log(3, "job.expired");
  const chosen = new Set(["group.scored", "job.completed", "job.failed", "job.cancelled", "job.expired"]);
  await using service = await serve((request, response, number) => {
    if (!request.url.includes("/events")) return json(response, { id: "job_1", status: "expired", last_sequence: 6 });
    const types = new URL(request.url, "http://x").searchParams.get("types");
    const wanted = number === 0 ? [...chosen] : [...chosen].slice(1);
    assert.equal(types, wanted.join());
    begin(response);
    events.forEach(({ type }, index) => chosen.has(type) && response.write(frame(events, index + 1)));
  });
  const found: string[] = [];
  for await (const event of service.client.jobs.streamEvents("job_1", { types: ["group.scored"] }))
    found.push(event.type);
  assert.deepEqual(found, ["group.scored"]);
  assert.equal((await service.client.jobs.wait("job_1")).status, "expired");
});

test("a job whose log is gone is read from the list", async () => {
  await using service = await serve((request, response) => {
    if (request.url.includes("/events")) return void (begin(response), response.end());
    if (request.url.includes("/rollouts")) {
      assert.equal(new URL(request.url, "http://x").searchParams.get("after"), "0");
      return json(response, { object: "list", data: ids(2).map((id) => ({ id })), has_more: false, last_id: "rol_1" });
    }
    json(response, { object: "job", id: "job_1", status: "completed", last_sequence: 9 });
  });
  assert.deepEqual(await read(service.client.jobs.stream("job_1")), ids(2));
  await assert.rejects(async () => {
    for await (const _ of service.client.jobs.streamEvents("job_1"));
  }, EventsExpiredError);
});
