// Whether a webhook is the service's: Standard Webhooks, with `v1` (HMAC-SHA256) or `v1a` (ed25519) as the secret asks.

import { createHmac, createPublicKey, timingSafeEqual, verify as verifySignature } from "node:crypto";

import { WebhookVerificationError } from "./errors.js";

export interface VerifyOptions {
  /** How far its time may be from ours; five minutes if not given. */
  toleranceS?: number;
  now?: () => number;
}

/** What a webhook carries. */
export interface VerifiedWebhook {
  id: string;
  type: string;
  timestamp: string;
  data: Record<string, unknown>;
}

/** What comes before the 32 bytes of an ed25519 key in its DER form. */
const ED25519_DER = Buffer.from("302a300506032b6570032100", "hex");

/** `secret` is `whsec_…`, or the public key `whpk_…`. */
export function verify(
  body: string | Uint8Array,
  headers: Headers | Record<string, string | string[] | undefined>,
  secret: string,
  options: VerifyOptions = {},
): VerifiedWebhook {
  const [id, time, signatures] = ["webhook-id", "webhook-timestamp", "webhook-signature"].map((name) =>
    header(headers, name),
  ) as [string, string, string];
  const seconds = /^\d{1,15}$/.test(time) ? Number(time) : Number.NaN;
  const now = (options.now ?? Date.now)() / 1000;
  if (!(Math.abs(now - seconds) <= (options.toleranceS ?? 300))) {
    throw new WebhookVerificationError("the webhook's time is too far from ours");
  }
  const content = Buffer.concat([Buffer.from(`${id}.${time}.`), typeof body === "string" ? Buffer.from(body) : body]);
  const [version, holds] = checker(secret, content);
  const given = signatures.split(" ").map((one) => one.split(",", 2) as [string, string?]);
  if (!given.some(([name, text]) => name === version && text && holds(Buffer.from(text, "base64")))) {
    throw new WebhookVerificationError("no signature of the webhook holds");
  }
  return JSON.parse(content.subarray(id.length + time.length + 2).toString("utf8")) as VerifiedWebhook;
}

function checker(secret: string, content: Buffer): [string, (signature: Buffer) => boolean] {
  if (secret.startsWith("whpk_")) {
    const raw = Buffer.from(secret.slice(5), "base64");
    if (raw.length !== 32) throw new WebhookVerificationError("the public key is none");
    const key = createPublicKey({ key: Buffer.concat([ED25519_DER, raw]), format: "der", type: "spki" });
    return ["v1a", (signature) => verifySignature(null, content, key, signature)];
  }
  if (!secret.startsWith("whsec_")) throw new WebhookVerificationError("a secret begins with whsec_ or whpk_");
  const expected = createHmac("sha256", Buffer.from(secret.slice(6), "base64"))
    .update(content)
    .digest();
  return ["v1", (signature) => signature.length === expected.length && timingSafeEqual(signature, expected)];
}

function header(headers: Headers | Record<string, string | string[] | undefined>, name: string): string {
  let found: string | string[] | null | undefined;
  if (headers instanceof Headers) found = headers.get(name);
  else found = Object.entries(headers).find(([key]) => key.toLowerCase() === name)?.[1];
  const text = Array.isArray(found) ? found[0] : found;
  if (!text) throw new WebhookVerificationError(`no header ${name}`);
  return text;
}
