// The reader of server-sent events, against every way to cut the same bytes.

import assert from "node:assert/strict";
import { test } from "node:test";

import { type Frame, frames } from "../src/sse.js";

async function read(chunks: Uint8Array[]): Promise<Frame[]> {
  const found: Frame[] = [];
  const body = (async function* () {
    yield* chunks;
  })();
  for await (const frame of frames(body)) found.push(frame);
  return found;
}

const TEXT = [
  "retry: 3000\n\n: hb\n\n",
  'id: 1\nevent: a\ndata: {"x":"naïve 😀"}\n\n',
  "id: 2\r\nevent: b\r\ndata: one\r\ndata:two\r\n\r\n",
  "data\r\r",
  "id:3\nunknown: x\ndata:  three\n\n",
  "id: 7\n\n",
  "id: 4\nevent: cut\ndata: never",
].join("");

const EXPECTED: Frame[] = [
  { id: "1", event: "a", data: '{"x":"naïve 😀"}' },
  { id: "2", event: "b", data: "one\ntwo" },
  { id: undefined, event: "message", data: "" },
  { id: "3", event: "message", data: " three" },
  { id: "7", event: "message", data: "" },
];

test("frames are the same however the bytes are cut", async () => {
  const bytes = new TextEncoder().encode(TEXT);
  assert.deepEqual(await read([bytes]), EXPECTED);
  assert.deepEqual(await read(Array.from(bytes, (byte) => Uint8Array.of(byte))), EXPECTED);
  for (let cut = 0; cut <= bytes.length; cut += 1) {
    assert.deepEqual(await read([bytes.subarray(0, cut), bytes.subarray(cut)]), EXPECTED, `cut at ${cut}`);
  }
});

test("a line of many pieces takes time in proportion to its length", async () => {
  const piece = new TextEncoder().encode("x".repeat(1024));
  const start = new TextEncoder().encode("data: ");
  const end = new TextEncoder().encode("\n\n");
  const found = await read([start, ...Array.from({ length: 20_000 }, () => piece), end]);
  assert.equal(found[0]?.data.length, 20_000 * 1024);
});
