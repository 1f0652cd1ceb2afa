// Events by their types: `tsc` checks the narrowing, this the choice.

import assert from "node:assert/strict";
import { test } from "node:test";

import { type Event, isEvent } from "../src/index.js";

test("an event is narrowed to what its type says", () => {
  const event = { type: "job.queued", data: { prompts: 3 } } as unknown as Event;
  assert.ok(!isEvent(event, "job.completed", "job.failed"));
  assert.ok(isEvent(event, "job.queued", "job.closed"));
  const prompts: number = event.data.prompts;
  assert.equal(prompts, 3);
});
