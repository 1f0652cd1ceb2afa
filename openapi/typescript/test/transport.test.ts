// Retries, keys, errors, lists, uploads and downloads, against a service that fails as services do.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtemp, readdir, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { test } from "node:test";

import { APIStatusError, APIConnectionError, ExportFailedError, IntegrityError, RateLimitError } from "../src/index.js";
import { Reliquary, RewardFunctionRejectedError, UnprocessableError } from "../src/index.js";
import { VERSION } from "../src/generated/schema.js";
import { json, problem, serve } from "./service.js";

const BODY = { prompts: [{ text: "1+1=" }], sampling: { n: 2, max_tokens: 8 } };

test("a POST that fails is sent again with the same key and the same body", async () => {
  await using service = await serve((_, response, number) => {
    if (number === 0) return void response.destroy();
    if (number === 1) {
      // an answer that is cut in its middle is no answer
      response.writeHead(201, { "content-type": "application/json", "content-length": "1000" });
      response.write('{"object":"job","id":"jo');
      return void setTimeout(() => response.destroy(), 5);
    }
    if (number === 2) return problem(response, 503, "unavailable");
    if (number === 3) return problem(response, 409, "idempotency_in_progress", { "x-should-retry": "true" });
    json(response, { object: "job", id: "job_1" }, 201);
  });
  const job = await service.client.jobs.create(BODY);
  assert.equal(job.id, "job_1");
  const keys = new Set(service.seen.map((request) => request.headers["idempotency-key"]));
  assert.equal(keys.size, 1);
  assert.match([...keys][0] as string, /^[0-9a-f-]{36}$/);
  for (const { headers, body, method } of service.seen) {
    assert.deepEqual([method, JSON.parse(body.toString())], ["POST", BODY]);
    assert.equal(headers.authorization, "Bearer rk_test");
    assert.equal(headers["content-type"], "application/json");
    assert.equal(headers["reliquary-version"], VERSION);
  }
  // full jitter: this client's chance is always the most
  assert.deepEqual(service.waits, [500, 1000, 2000, 4000]);

  await service.client.jobs.create(BODY);
  assert.ok(!keys.has(service.seen.at(-1)?.headers["idempotency-key"]), "another call has another key");
  await service.client.jobs.create(BODY, { idempotencyKey: "mine" });
  assert.equal(service.seen.at(-1)?.headers["idempotency-key"], "mine");
});

test("a POST that takes no key has none, and is not sent again once it may have been done", async () => {
  const trouble = ["cut", 500, 503, 429] as const;
  await using service = await serve((_, response, number) => {
    const now = trouble[number];
    if (now === "cut") return void response.destroy();
    if (now !== undefined) return problem(response, now, "trouble", { "x-should-retry": "true" });
    json(response, { object: "stream_token", token: "t" }, 201);
  });
  const create = () => service.client.streamTokens.create({ path: "/v1/events/stream" }, { idempotencyKey: "mine" });
  for (const kind of [APIConnectionError, APIStatusError, APIStatusError]) await assert.rejects(create(), kind);
  assert.deepEqual([service.seen.length, service.waits.length], [3, 0]);
  // refused at the door
  assert.equal((await create()).token, "t");
  assert.deepEqual([service.seen.length, service.waits.length], [5, 1]);
  assert.ok(service.seen.every((request) => request.headers["idempotency-key"] === undefined));
});

test("what was not sent is sent again, whatever it is", async () => {
  const service = await serve(() => undefined);
  await service[Symbol.asyncDispose](); // nobody listens there any more
  const options = { maxRetries: 2 };
  const asked = service.client.streamTokens.create({ path: "/v1/events/stream" }, options);
  const error = await asked.catch((error: unknown) => error);
  assert.ok(error instanceof APIConnectionError && !error.wasSent, String(error));
  assert.equal(service.waits.length, 2);
});

test("a POST that can be repeated is, without a key", async () => {
  await using service = await serve((_, response, number) => {
    if (number % 2 === 0) return void response.destroy();
    json(response, { object: "job", id: "job_1" });
  });
  await service.client.jobs.pause("job_1");
  await service.client.rewardFunctions.test("rwf_1", 1, { samples: [] });
  assert.deepEqual(
    service.seen.map((request) => [request.url, request.headers["idempotency-key"]]),
    ["/v1/jobs/job_1/pause", "/v1/reward_functions/rwf_1/versions/1/test"].flatMap((url) => [
      [url, undefined],
      [url, undefined],
    ]),
  );
  // of the two that end in `test` one takes a key
  await service.client.webhookEndpoints.test("we_1");
  const keys = service.seen.slice(4).map((request) => request.headers["idempotency-key"]);
  assert.ok(keys.length === 2 && keys[0] && keys[0] === keys[1], String(keys));
});

test("Retry-After is honoured, as seconds and as a date, and a very long one is left to the caller", async () => {
  const asked = ["3", new Date(Date.now() + 20_000).toUTCString(), "3600"];
  await using service = await serve((_, response, number) => {
    problem(response, 429, "rate_limited", { "retry-after": asked[number] as string });
  });
  await assert.rejects(service.client.balance.retrieve(), RateLimitError);
  assert.equal(service.seen.length, 3);
  const [first, second] = service.waits as [number, number];
  assert.equal(first, 3250);
  assert.ok(second > 18_000 && second < 21_000, `${second}`);
});

test("the service's word on retries wins, and tries are counted", async () => {
  await using service = await serve((request, response) => {
    const said = request.url === "/v1/balance" ? { "x-should-retry": "false" } : {};
    problem(response, 500, "internal", said);
  });
  await assert.rejects(service.client.balance.retrieve(), APIStatusError);
  assert.equal(service.seen.length, 1);
  await assert.rejects(service.client.jobs.retrieve("job_1"), APIStatusError);
  assert.equal(service.seen.length, 1 + 6);
  await assert.rejects(service.client.jobs.retrieve("job_1", { maxRetries: 1 }), APIStatusError);
  assert.equal(service.seen.length, 1 + 6 + 2);
});

test("a problem becomes an error with all that it says", async () => {
  await using service = await serve((_, response) => problem(response, 422, "prompt_too_long"));
  const error = await service.client.jobs.create(BODY).catch((error: unknown) => error);
  assert.ok(error instanceof UnprocessableError);
  assert.deepEqual(
    [error.status, error.code, error.param, error.requestId, error.retryable, error.name],
    [422, "prompt_too_long", "prompts[3].text", "req_1", false, "UnprocessableError"],
  );
  assert.deepEqual(error.errors, [{ pointer: "#/prompts/3/text", code: "prompt_too_long", detail: "because" }]);
  assert.equal(service.seen.length, 1);
});

test("an answer of a proxy, which is no problem, is an error, too", async () => {
  await using service = await serve((_, response) => void response.writeHead(502).end("<html>bad gateway"));
  const error = await service.client.balance.retrieve({ maxRetries: 0 }).catch((error: unknown) => error);
  assert.ok(error instanceof APIStatusError && error.code === "http_502" && error.retryable);
});

test("a try ends after its time, and a signal ends all of them", async () => {
  await using service = await serve(() => undefined);
  await assert.rejects(
    service.client.balance.retrieve({ timeoutMs: 30, maxRetries: 1 }),
    (error) => error instanceof APIConnectionError && /30 ms/.test(error.message),
  );
  assert.equal(service.waits.length, 1);
  const abort = new AbortController();
  const asked = service.client.balance.retrieve({ signal: abort.signal });
  setTimeout(() => abort.abort(new Error("enough")), 20);
  await assert.rejects(asked, /enough/);
});

test("a printed client does not show its key", () => {
  const client = new Reliquary({ apiKey: "rk_secret", baseUrl: "http://127.0.0.1:1" });
  assert.ok(!inspect(client, { depth: 9, showHidden: true }).includes("rk_secret"));
});

test("a list goes on to its last page, and its filters with it", async () => {
  await using service = await serve((request, response) => {
    const query = new URL(request.url, "http://x").searchParams;
    assert.equal(query.get("metadata[run]"), "a b");
    assert.equal(query.get("limit"), "2");
    const from = Number(query.get("after") ?? "0");
    const data = [from + 1, from + 2].filter((id) => id <= 5).map((id) => ({ id: String(id) }));
    json(response, { object: "list", data, has_more: from < 4, last_id: data.at(-1)?.id });
  });
  const list = () => service.client.jobs.list({ limit: 2, metadata: { run: "a b" } } as never);
  const found = (await list().toArray()).map((job) => job.id);
  assert.deepEqual(found, ["1", "2", "3", "4", "5"]);
  assert.equal((await list().toArray(3)).length, 3);
  assert.deepEqual((await list().firstPage()).data.length, 2);
});

test("checkpoints of one's own", async () => {
  await using service = await serve((request, response) => {
    const checkpoint = (id: string) => ({ object: "checkpoint", id, status: "pending" });
    if (request.method === "POST") return json(response, checkpoint("ckpt_2"), 201);
    if (request.url === "/v1/checkpoints/ckpt_2") return json(response, checkpoint("ckpt_2"));
    const isFirst = request.url === "/v1/checkpoints?limit=1";
    const data = [checkpoint(isFirst ? "ckpt_2" : "ckpt_1")];
    json(response, { object: "list", data, has_more: isFirst, first_id: data[0]?.id, last_id: data[0]?.id });
  });
  const { checkpoints } = service.client;
  const body = { hf_repo: "example/arith-tiny", revision: "0123456789abcdef0123456789abcdef01234567" };
  const created = await checkpoints.create(body);
  assert.deepEqual(JSON.parse(service.seen[0]?.body.toString() ?? ""), body);
  assert.equal((await checkpoints.retrieve(created)).status, "pending");
  const list = await checkpoints.list({ limit: 1 }).toArray();
  assert.deepEqual(
    list.map((checkpoint) => checkpoint.id),
    ["ckpt_2", "ckpt_1"],
  );
});

test("budgets and invoices", async () => {
  await using service = await serve((request, response) => {
    if (request.url.startsWith("/v1/budgets/")) return json(response, { object: "budget", scope: "proj_1" });
    if (request.url === "/v1/invoices/inv_1") return json(response, { object: "invoice", id: "inv_1" });
    const isFirst = request.url === "/v1/invoices?limit=1";
    const id = isFirst ? "inv_2" : "inv_1";
    json(response, { object: "list", data: [{ object: "invoice", id }], has_more: isFirst, first_id: id, last_id: id });
  });
  const { budgets, invoices } = service.client;
  assert.equal((await budgets.retrieve("proj_1")).scope, "proj_1");
  await budgets.update("proj_1", { limit_rao: "1000", limit_reset: "monthly" });
  const months: string[] = [];
  for await (const invoice of invoices.list({ limit: 1 })) months.push(invoice.id);
  assert.deepEqual(months, ["inv_2", "inv_1"]);
  assert.equal((await invoices.retrieve("inv_1")).id, "inv_1");
  assert.deepEqual(
    service.seen.map(({ method, url }) => `${method} ${url}`),
    [
      "GET /v1/budgets/proj_1",
      "PUT /v1/budgets/proj_1",
      "GET /v1/invoices?limit=1",
      "GET /v1/invoices?limit=1&after=inv_2",
      "GET /v1/invoices/inv_1",
    ],
  );
  assert.deepEqual(JSON.parse(service.seen[1]?.body.toString() ?? ""), { limit_rao: "1000", limit_reset: "monthly" });
});

test("an upload is sent again whole, from the disk", async () => {
  const content = Buffer.alloc(300_000, "ab\n");
  const path = join(await mkdtemp(join(tmpdir(), "reliquary-")), "prompts.jsonl");
  await writeFile(path, content);
  await using service = await serve((_, response, number) => {
    if (number === 0) return problem(response, 503, "unavailable");
    json(response, { object: "file", id: "file_1" }, 201);
  });
  await service.client.files.upload(path, { purpose: "job_input" });
  assert.equal(service.seen.length, 2);
  assert.equal(new Set(service.seen.map((request) => request.headers["idempotency-key"])).size, 1);
  for (const { body, headers } of service.seen) {
    assert.match(headers["content-type"] ?? "", /^multipart\/form-data; boundary=/);
    const text = body.toString("latin1");
    assert.ok(text.indexOf('name="purpose"') < text.indexOf('name="file"; filename="prompts.jsonl"'));
    assert.ok(body.includes(content));
  }
});

test("a reward function is ready, or says why it never will be", async () => {
  let state = "ready";
  await using service = await serve((request, response) => {
    if (request.method === "POST") return json(response, { version: 1, state: "validating" }, 201);
    const isFirst = request.url.endsWith("/1?wait_s=30") && service.seen.length === 2;
    json(response, { version: 1, state: isFirst ? "validating" : state, report: { rejection: { code: "no_export" } } });
  });
  const upload = (samples?: { prompt: string }[]) =>
    service.client.rewardFunctions.uploadVersion(
      "rwf_1",
      new Uint8Array([0, 97, 115, 109]),
      samples ? { samples } : {},
    );
  const ready = await upload([{ prompt: "1+1=" }]);
  assert.deepEqual([ready.version, ready.state, service.seen.length], [1, "ready", 3]);
  assert.ok(service.seen[0]?.body.includes('[{"prompt":"1+1="}]'));
  state = "rejected";
  await assert.rejects(
    upload(),
    (error) => error instanceof RewardFunctionRejectedError && /no_export/.test(error.message),
  );
});

test("a download goes on where it was cut, and is complete or not there", async () => {
  const bytes = Buffer.from(Array.from({ length: 50_000 }, (_, index) => index % 251));
  let sha256 = createHash("sha256").update(bytes).digest("hex");
  let state = "ready";
  await using service = await serve((request, response) => {
    if (!request.url.endsWith("/content")) {
      return json(response, { object: "export", id: "exp_1", state, sha256, error: "not_written" });
    }
    const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1] ?? 0);
    response.writeHead(from > 0 ? 206 : 200, { "content-length": String(bytes.length - from) });
    const piece = bytes.subarray(from, from + 20_000);
    response.write(piece, () =>
      setTimeout(() => (from + 20_000 >= bytes.length ? response.end() : response.destroy()), 5),
    );
  });
  const folder = await mkdtemp(join(tmpdir(), "reliquary-"));
  await service.client.exports.download("exp_1", join(folder, "a.jsonl"));
  assert.deepEqual(await readFile(join(folder, "a.jsonl")), bytes);
  sha256 = "0".repeat(64);
  await assert.rejects(service.client.exports.download("exp_1", join(folder, "b.jsonl")), IntegrityError);
  assert.ok(!(await readdir(folder)).includes("b.jsonl"));
  state = "failed";
  await assert.rejects(service.client.exports.download("exp_1", join(folder, "c.jsonl")), ExportFailedError);
});

test("routes without a method of their own are there, with types", async () => {
  await using service = await serve((_, response) => json(response, { object: "limits" }));
  const { data } = await service.client.http.GET("/v1/limits");
  assert.equal((data as { object: string }).object, "limits");
});

test("a form's route takes the document's own body", async () => {
  await using service = await serve((_, response) => json(response, { id: "x" }, 201));
  const { http } = service.client;
  await http.POST("/v1/uploads/{id}/parts", {
    params: { path: { id: "upload_1" } },
    body: { data: new Blob(["0123"]) },
  });
  await http.POST("/v1/reward_functions/validate", {
    body: { module: new Blob(["wasm"]), wasi: "none", samples: [{ prompt: "1+1=" }] } as never,
  });
  const [part, module] = service.seen.map((request) => request.body.toString());
  for (const { headers } of service.seen) assert.match(headers["content-type"] ?? "", /^multipart\/form-data; boundary=/);
  assert.ok(part?.includes('name="data"; filename="blob"') && part.includes("\r\n\r\n0123\r\n"), part);
  assert.ok(module?.includes('[{"prompt":"1+1="}]') && module.indexOf('name="wasi"') < module.indexOf('name="module"'), module);
});

test("a large file goes in parts, and a part that is cut goes again", async () => {
  const ids = ["a", "b", "c"];
  await using service = await serve((request, response, number) => {
    if (request.url?.endsWith("/parts")) return number === 2 ? void response.destroy() : json(response, { id: ids.shift() }, 201);
    if (request.url?.endsWith("/complete")) return json(response, { id: "upload_1", file: { id: "file_1" } });
    json(response, { id: "upload_1" }, 201);
  });
  const bytes = new TextEncoder().encode("0123456789");
  const about = { purpose: "job_input", filename: "in.jsonl", partBytes: 4 } as const;
  const file = await service.client.files.upload(bytes, about, { idempotencyKey: "mine" });
  assert.equal(file.id, "file_1");
  const part = "/v1/uploads/upload_1/parts";
  assert.deepEqual(
    service.seen.map((request) => request.url),
    ["/v1/uploads", part, part, part, part, "/v1/uploads/upload_1/complete"],
  );
  const [begun, ...rest] = service.seen.map((request) => request.body.toString());
  assert.deepEqual(JSON.parse(begun as string), { filename: "in.jsonl", purpose: "job_input", bytes: 10 });
  for (const [at, piece] of ["0123", "4567", "4567", "89"].entries()) {
    assert.ok(rest[at]?.includes('name="data"') && rest[at]?.includes(`\r\n\r\n${piece}\r\n`), rest[at]);
  }
  assert.deepEqual(JSON.parse(rest[4] as string), { part_ids: ["a", "b", "c"] });
  assert.equal(service.seen[0]?.headers["idempotency-key"], "mine");
  assert.ok(service.seen.slice(1).every(({ headers }) => headers["idempotency-key"] === undefined), "the others take none");
});

test("what cannot be finished in parts is cancelled", async () => {
  await using service = await serve((request, response) => {
    if (request.url?.endsWith("/parts")) return problem(response, 413, "payload_too_large");
    json(response, { id: "upload_1" }, 201);
  });
  const about = { purpose: "job_input", partBytes: 4 } as const;
  await assert.rejects(service.client.files.upload(new Uint8Array(5), about), APIStatusError);
  assert.equal(service.seen.at(-1)?.url, "/v1/uploads/upload_1/cancel");
});
