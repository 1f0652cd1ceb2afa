// Which POSTs take an `Idempotency-Key`, and which may be sent again without one.

import { KEYED } from "./generated/schema.js";

const ROUTES = KEYED.map((route) => new RegExp(`^${route.replace(/\{\w+\}/g, "[^/]+")}$`));

/**
 * Those that take no key and do, sent twice, what they do sent once; by the last word of their path. `parts`, too: a part that
 * was sent twice is two parts, of which one is named when the upload is completed, and the other is dropped then.
 */
const REPEATABLE = "archive cancel close complete parts pause resume rewards test validate".split(" ");

/** Whether the document has an `Idempotency-Key` for a POST to this path. */
export function takesKey(path: string): boolean {
  return ROUTES.some((route) => route.test(path));
}

/** Whether it may be sent again when nobody knows what became of the first. */
export function mayRepeat(method: string, path: string): boolean {
  return method !== "POST" || takesKey(path) || REPEATABLE.includes(path.split("/").at(-1) as string);
}

/** The codes of Node and undici for want of a connection. */
const NO_CONNECTION = ["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "EHOSTUNREACH", "ENETUNREACH", "UND_ERR_CONNECT_TIMEOUT"];

/** Whether `fetch` failed before there was a connection to send on. What it does not say has perhaps been sent. */
export function hadNoConnection(error: unknown): boolean {
  const { code, syscall } = ((error as Error | undefined)?.cause ?? {}) as { code?: string; syscall?: string };
  return syscall === "connect" || syscall === "getaddrinfo" || NO_CONNECTION.includes(code ?? "");
}
