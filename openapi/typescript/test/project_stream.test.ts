// The stream of a project over everything that can happen to a connection, and what stands beside it.

import assert from "node:assert/strict";
import type { ServerResponse } from "node:http";
import { test } from "node:test";

import { APIConnectionError, BadRequestError, type Event, EventsExpiredError } from "../src/index.js";
import { json, problem, type Seen, seeded, serve } from "./service.js";

/** The log of a project with three jobs, of which two end in the middle of it. */
function log(count: number): { job_id: string; type: string }[] {
  return Array.from({ length: count }, (_, index) => {
    const type = index === 20 || index === 31 ? "job.completed" : index % 4 === 0 ? "group.scored" : "rollout.verified";
    return { job_id: `job_${index % 3}`, type };
  });
}

/** An event as it stands at a place: its sequence is that of its job, which is another number. */
function body(events: ReturnType<typeof log>, place: number): string {
  const event = events[place - 1];
  assert.ok(event);
  const more = { data: { text: "naïve 😀\r\n" }, created_at: "", livemode: true };
  return JSON.stringify({ object: "event", id: `evt_${place}`, sequence: Math.ceil(place / 3), ...event, ...more });
}

function frame(events: ReturnType<typeof log>, place: number): string {
  return `id: ${place}\nevent: ${events[place - 1]?.type}\ndata: ${body(events, place)}\n\n`;
}

const after = (request: Seen) => Number(request.headers["last-event-id"]);

/** What a stream begins with: an id alone. */
function begin(response: ServerResponse, place: number): void {
  response.writeHead(200, { "content-type": "text/event-stream" });
  response.write(`retry: 3000\n\nid: ${place}\n\n: hb\n\n`);
}

/** The first so many of a stream that has no end. */
async function read(stream: AsyncIterable<Event>, count: number): Promise<string[]> {
  const found: string[] = [];
  for await (const event of stream) if (found.push(event.id) === count) break;
  return found;
}

const ids = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => `evt_${from + index}`);

test("every event comes once and in order over three hundred cuts at any byte", async () => {
  const events = log(200);
  const random = seeded(11);
  let cuts = 0;
  await using service = await serve((request, response) => {
    assert.equal(request.url, "/v1/events/stream");
    assert.equal(request.headers.accept, "text/event-stream");
    const from = after(request);
    const places = Array.from({ length: events.length - from }, (_, index) => from + 1 + index);
    const text = `retry: 3000\n\nid: ${from}\n\n: hb\n\n${places.map((place) => frame(events, place)).join("")}`;
    response.writeHead(200, { "content-type": "text/event-stream" });
    if (cuts >= 300) return void response.write(text);
    cuts += 1;
    const bytes = Buffer.from(text);
    const cut = bytes.subarray(0, Math.floor(random() * Math.min(bytes.length, 500)));
    response.write(cut, () => (random() < 0.5 ? response.destroy() : response.end()));
  });
  const stream = service.client.events.stream({ startingAfter: 0 });
  assert.deepEqual(await read(stream, 200), ids(1, 200));
  assert.equal(stream.lastId, 200);
  assert.ok(cuts >= 50, `${cuts} cuts`);
  assert.equal(stream.connections, service.seen.length);
});

test("it begins where the service says, and a cut before the first event loses nothing", async () => {
  const events = log(12);
  await using service = await serve((request, response, number) => {
    assert.equal(request.headers["last-event-id"], [undefined, undefined, "7", "7", "9", "9"][number]);
    if (number === 0) return void response.destroy();
    if (number === 2) return problem(response, 503, "stopping", { "x-should-retry": "true" });
    begin(response, number < 4 ? 7 : 9);
    if (number === 1) return void response.end();
    response.write(number === 3 ? frame(events, 8) + frame(events, 9) : frame(events, 9) + frame(events, 10));
    if (number === 3) response.end(frame(events, 10).slice(0, 40));
  });
  const stream = service.client.events.stream();
  assert.equal(stream.lastId, undefined);
  const found: [string, number | undefined][] = [];
  for await (const event of stream) if (found.push([event.id, stream.lastId]) === 3) break;
  assert.deepEqual(found, [
    ["evt_8", 8],
    ["evt_9", 9],
    ["evt_10", 10],
  ]);
  // in another process
  assert.deepEqual(await read(service.client.events.stream({ startingAfter: 9 }), 1), ["evt_10"]);
  assert.equal(service.seen.length, 6);
});

test("it has no end, neither with a job's nor with an answer", async () => {
  const events = log(40);
  await using service = await serve((request, response, number) => {
    assert.equal(request.url, "/v1/events/stream", "no job is asked for");
    if (number === 1) return void response.writeHead(204).end();
    begin(response, after(request));
    const to = number === 0 ? 35 : number === 2 ? 35 : 40;
    for (let place = after(request) + 1; place <= to; place += 1) response.write(frame(events, place));
    if (number < 3) response.end();
  });
  assert.deepEqual(await read(service.client.events.stream({ startingAfter: 0 }), 40), ids(1, 40));
  assert.equal(service.seen.length, 4);
});

test("what has no id is no event of the log, and a gap is asked for again", async () => {
  const events = log(6);
  const stray = `event: job.progress\ndata: ${body(events, 6)}\n\n`;
  await using service = await serve((request, response, number) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write(`${stray}id: ${number === 0 ? 2 : after(request)}\n\n${stray}`);
    if (number === 0) return void response.end(frame(events, 3) + stray + frame(events, 5));
    assert.equal(after(request), 3);
    response.write(frame(events, 4) + frame(events, 5) + frame(events, 6));
  });
  assert.deepEqual(await read(service.client.events.stream(), 4), ids(3, 6));
});

test("some types only are asked for, and the places between are no gaps", async () => {
  const events = log(40);
  await using service = await serve((request, response, number) => {
    assert.equal(request.url, "/v1/events/stream?types=job.completed");
    begin(response, number === 0 ? 5 : after(request));
    response.write(frame(events, number === 0 ? 21 : 32));
    if (number === 0) response.end();
  });
  const stream = service.client.events.stream({ types: ["job.completed"] });
  assert.deepEqual(await read(stream, 2), ["evt_21", "evt_32"]);
  assert.equal(service.seen[1]?.headers["last-event-id"], "21");
});

test("what the log has lost is said and not stepped over", async () => {
  const events = log(40);
  await using service = await serve((request, response) => {
    begin(response, after(request));
    if (after(request) < 3) return void response.end(frame(events, 3));
    response.write(`event: stream.reset\ndata: {"oldest_sequence":40}\n\n${frame(events, 40)}`);
  });
  const stream = service.client.events.stream({ startingAfter: 2 });
  const found: string[] = [];
  await assert.rejects(
    async () => {
      for await (const event of stream) found.push(event.id);
    },
    (error) => error instanceof EventsExpiredError && error.oldestSequence === 40 && /the project/.test(error.message),
  );
  assert.deepEqual([found, stream.lastId], [["evt_3"], 3]);
  assert.deepEqual(await read(service.client.events.stream({ startingAfter: 39 }), 1), ["evt_40"]);
});

test("a refusal for good, a service that stays away and a signal end it", async () => {
  let now = 0;
  const ambient = { now: () => (now += 100), random: Math.random, sleep: () => Promise.resolve() };
  let refused = true;
  const answer = (_: Seen, response: ServerResponse) =>
    refused ? problem(response, 400, "invalid_cursor") : void response.destroy();
  await using service = await serve(answer, { ambient, patienceMs: 1000 });
  await assert.rejects(read(service.client.events.stream({ startingAfter: 1e9 }), 1), BadRequestError);
  assert.equal(service.seen.length, 1);
  refused = false;
  await assert.rejects(read(service.client.events.stream(), 1), APIConnectionError);

  const events = log(3);
  let closed = () => undefined as void;
  const isClosed = new Promise<void>((resolve) => (closed = resolve));
  await using other = await serve((_, response) => {
    response.on("close", closed);
    begin(response, 0);
    response.write(frame(events, 1));
  });
  const abort = new AbortController();
  const reading = (async () => {
    for await (const _ of other.client.events.stream({ signal: abort.signal })) abort.abort(new Error("enough"));
  })();
  await assert.rejects(reading, /enough/);
  await isClosed;
});

test("the log in pages, one event, and a token for a browser", async () => {
  await using service = await serve((request, response) => {
    const url = new URL(request.url, "http://x");
    if (url.pathname === "/v1/stream_tokens") return json(response, { token: "eyJ" }, 201);
    if (url.pathname === "/v1/events/evt_1") return json(response, { id: "evt_1" });
    assert.equal(url.searchParams.get("types"), "job.completed");
    // the filter may leave nothing of a page that is not the last
    const isFirst = url.searchParams.get("after") === "5";
    const page = { data: isFirst ? [] : [{ id: "evt_1" }], has_more: isFirst, last_id: isFirst ? "105" : "130" };
    json(response, { object: "list", first_id: null, ...page });
  });
  const { client } = service;
  const list = await client.events.list({ types: "job.completed", after: 5 }).toArray();
  assert.deepEqual(
    list.map((event) => event.id),
    ["evt_1"],
  );
  assert.match(service.seen[1]?.url ?? "", /after=105/);
  assert.equal((await client.events.retrieve("evt_1")).id, "evt_1");
  assert.equal((await client.streamTokens.create({ path: "/v1/events/stream" })).token, "eyJ");
  assert.deepEqual(JSON.parse(service.seen.at(-1)?.body.toString() ?? ""), { path: "/v1/events/stream" });
});
