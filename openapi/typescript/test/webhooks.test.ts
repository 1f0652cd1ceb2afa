// Signatures of webhooks, made here by the specification's own words.

import assert from "node:assert/strict";
import { createHmac, generateKeyPairSync, sign } from "node:crypto";
import { test } from "node:test";

import { Reliquary, WebhookVerificationError } from "../src/index.js";

const client = new Reliquary({ apiKey: "rk", baseUrl: "http://127.0.0.1:1" });
const body = '{"id":"evt_1","type":"job.completed","timestamp":"2026-11-22T08:01:00.000Z","data":{"id":"job_1"}}';
const time = 1_795_334_460;
const key = Buffer.alloc(32, 7);
const secret = `whsec_${key.toString("base64")}`;
const content = `evt_1.${time}.${body}`;
const v1 = `v1,${createHmac("sha256", key).update(content).digest("base64")}`;
const now = () => time * 1000 + 200_000;

const headers = (signature: string) => ({
  "webhook-id": "evt_1",
  "webhook-timestamp": String(time),
  "Webhook-Signature": signature,
});

test("a webhook with a good signature is read", () => {
  for (const given of [headers(`v1,AAAA ${v1}`), new Headers(headers(v1))]) {
    const event = client.webhooks.verify(body, given, secret, { now });
    assert.deepEqual([event.type, event.data["id"]], ["job.completed", "job_1"]);
  }
  assert.equal(client.webhooks.verify(Buffer.from(body), headers(v1), secret, { now }).id, "evt_1");
});

test("the published key checks the other signature", () => {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const raw = publicKey.export({ format: "der", type: "spki" }).subarray(-32);
  const v1a = `v1a,${sign(null, Buffer.from(content), privateKey).toString("base64")}`;
  const known = `whpk_${raw.toString("base64")}`;
  assert.equal(client.webhooks.verify(body, headers(`${v1} ${v1a}`), known, { now }).id, "evt_1");
  assert.throws(() => client.webhooks.verify(body, headers(v1), known, { now }), WebhookVerificationError);
});

test("every other webhook is refused", () => {
  const refused = (text: string, given: Record<string, string>, with_ = secret, at = now) =>
    assert.throws(() => client.webhooks.verify(text, given, with_, { now: at }), WebhookVerificationError);
  refused(body.replace("job_1", "job_2"), headers(v1));
  refused(body, { ...headers(v1), "webhook-id": "evt_2" });
  refused(body, { ...headers(v1), "webhook-timestamp": String(time + 1) });
  refused(body, { ...headers(v1), "webhook-timestamp": "soon" });
  refused(body, headers(v1.replace("v1,", "v2,")));
  refused(body, headers("v1,"));
  refused(body, headers(""));
  refused(body, headers(v1), `whsec_${Buffer.alloc(32, 8).toString("base64")}`);
  refused(body, headers(v1), "secret");
  refused(body, headers(v1), secret, () => time * 1000 + 301_000);
  refused(body, headers(v1), secret, () => time * 1000 - 301_000);
});
