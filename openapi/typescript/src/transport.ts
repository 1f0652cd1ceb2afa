// One request over as many tries as it takes: the key, the time limit, the retries, and answers turned into errors.

import { randomUUID } from "node:crypto";

import { APIConnectionError, APIStatusError, APITimeoutError } from "./errors.js";
import { VERSION } from "./generated/schema.js";
import { hadNoConnection, mayRepeat, takesKey } from "./repeats.js";
import { AMBIENT, type Ambient, backoff, LONGEST_WAIT_MS, retryAfter } from "./retry.js";

export interface Options {
  /** `RELIQUARY_API_KEY` if not given. */
  apiKey?: string;
  /** Where the service is; `RELIQUARY_BASE_URL` if not given. */
  baseUrl?: string;
  /** Which project a key of a whole organisation speaks for. */
  project?: string;
  /** Further tries after the first; 5 if not given. */
  maxRetries?: number;
  /** For one try, from sending to the last byte; a minute if not given. */
  timeoutMs?: number;
  /** A stream that is silent for so long is opened again; the service sends a sign of life every 15 s. */
  idleTimeoutMs?: number;
  /** How long a stream tries to reach a service that does not answer; 10 minutes if not given. */
  patienceMs?: number;
  fetch?: typeof globalThis.fetch;
  ambient?: Ambient;
}

/** Of one request. */
export interface RequestOptions {
  signal?: AbortSignal;
  timeoutMs?: number;
  maxRetries?: number;
  /** Of a POST that takes one: the same over all tries, and yours if you may repeat the call yourself. */
  idempotencyKey?: string;
}

/** A request that is no stream yet, so that it can be sent again. It stands in for fetch's own `Request`. */
export class Call {
  readonly method: string;
  readonly headers: Headers;
  readonly body: string | FormData | undefined;
  readonly signal: AbortSignal | undefined;
  readonly timeoutMs: number | undefined;
  readonly maxRetries: number | undefined;
  readonly idempotencyKey: string | undefined;
  /** The body of the answer is read by the caller, while it comes. */
  readonly isStreamed: boolean;

  constructor(
    readonly url: string,
    init: RequestInit & RequestOptions & { isStreamed?: boolean },
  ) {
    this.method = init.method ?? "GET";
    this.headers = new Headers(init.headers);
    this.body = (init.body ?? undefined) as string | FormData | undefined;
    this.signal = init.signal ?? undefined;
    this.timeoutMs = init.timeoutMs;
    this.maxRetries = init.maxRetries;
    this.isStreamed = init.isStreamed ?? false;
    this.idempotencyKey = init.idempotencyKey;
  }
}

export class Transport {
  readonly baseUrl: string;
  readonly ambient: Ambient;
  readonly idleTimeoutMs: number;
  readonly patienceMs: number;
  // not shown where a client is printed
  readonly #apiKey: string;
  private readonly project: string | undefined;
  private readonly maxRetries: number;
  private readonly timeoutMs: number;
  private readonly fetch: typeof globalThis.fetch;

  constructor(options: Options) {
    const environment = globalThis.process?.env ?? {};
    const apiKey = options.apiKey ?? environment["RELIQUARY_API_KEY"];
    const baseUrl = options.baseUrl ?? environment["RELIQUARY_BASE_URL"];
    if (!apiKey) throw new TypeError("no API key: give `apiKey`, or set RELIQUARY_API_KEY");
    if (!baseUrl) throw new TypeError("no address: give `baseUrl`, or set RELIQUARY_BASE_URL");
    this.#apiKey = apiKey;
    this.baseUrl = baseUrl.replace(/\/+$/, "");
    this.project = options.project;
    this.maxRetries = options.maxRetries ?? 5;
    this.timeoutMs = options.timeoutMs ?? 60_000;
    this.idleTimeoutMs = options.idleTimeoutMs ?? 60_000;
    this.patienceMs = options.patienceMs ?? 600_000;
    this.fetch = options.fetch ?? globalThis.fetch;
    this.ambient = options.ambient ?? AMBIENT;
  }

  /** The answer, which is a success; everything else is thrown. */
  async send(call: Call): Promise<Response> {
    const path = call.url.slice(this.baseUrl.length).replace(/\?.*/s, "");
    const headers = this.headers(call, path);
    const repeats = mayRepeat(call.method, path);
    const tries = call.maxRetries ?? this.maxRetries;
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await this.once(call, headers);
      } catch (error) {
        const wait = repeats || wasNotDone(error) ? this.pause(error, attempt) : undefined;
        if (wait === undefined || attempt >= tries) throw error;
        await this.ambient.sleep(wait, call.signal);
      }
    }
  }

  /** How long to wait before the next try; `undefined` when there should be none. */
  private pause(error: unknown, attempt: number): number | undefined {
    const jittered = backoff(attempt, this.ambient.random);
    if (error instanceof APIConnectionError) return jittered;
    if (!(error instanceof APIStatusError) || !error.retryable) return undefined;
    const asked = retryAfter(error.headers, this.ambient.now());
    if (asked === undefined) return jittered;
    // not before it was asked for, and not all at once
    return asked > LONGEST_WAIT_MS ? undefined : asked + jittered / 2;
  }

  private async once(call: Call, headers: Headers): Promise<Response> {
    const limit = call.timeoutMs ?? this.timeoutMs;
    const abort = new AbortController();
    const cancel = () => abort.abort(call.signal?.reason);
    if (call.signal?.aborted) throw call.signal.reason;
    call.signal?.addEventListener("abort", cancel, { once: true });
    const timer = setTimeout(() => abort.abort(new APITimeoutError(`no answer within ${limit} ms`)), limit);
    let keep = false;
    try {
      const { method, body, url } = call;
      const response = await this.fetch(url, { method, headers, body: body ?? null, signal: abort.signal });
      if (!response.ok) throw APIStatusError.of(response.status, response.headers, await response.text());
      keep = call.isStreamed;
      return keep ? response : await whole(response);
    } catch (error) {
      if (error instanceof APIStatusError) throw error;
      if (call.signal?.aborted) throw call.signal.reason;
      if (abort.signal.reason instanceof APITimeoutError) throw abort.signal.reason;
      const wasSent = !hadNoConnection(error);
      throw new APIConnectionError(`${call.method} ${call.url}: ${reason(error)}`, { cause: error, wasSent });
    } finally {
      clearTimeout(timer);
      // a stream can still be cancelled after its headers have come
      if (!keep) call.signal?.removeEventListener("abort", cancel);
    }
  }

  private headers(call: Call, path: string): Headers {
    const headers = new Headers(call.headers);
    headers.set("Authorization", `Bearer ${this.#apiKey}`);
    if (this.project && !headers.has("Reliquary-Project")) headers.set("Reliquary-Project", this.project);
    if (!headers.has("Reliquary-Version")) headers.set("Reliquary-Version", VERSION);
    if (!headers.has("Accept")) headers.set("Accept", "application/json");
    if (call.method === "POST" && takesKey(path) && !headers.has("Idempotency-Key")) {
      headers.set("Idempotency-Key", call.idempotencyKey ?? randomUUID());
    }
    return headers;
  }
}

/** It never got there, or was refused at the door, as too much at once is. */
function wasNotDone(error: unknown): boolean {
  if (error instanceof APIConnectionError) return !error.wasSent;
  return error instanceof APIStatusError && error.status === 429;
}

/** An answer that has come completely: a cut in the middle of its body is a failed try, too. */
async function whole(response: Response): Promise<Response> {
  const bytes = await response.arrayBuffer();
  const headers = new Headers(response.headers);
  for (const name of ["content-encoding", "content-length", "transfer-encoding"]) headers.delete(name);
  return new Response(bytes.byteLength > 0 ? bytes : null, { status: response.status, headers });
}

function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause instanceof Error ? `: ${error.cause.message || error.cause.name}` : "";
  return `${error.message}${cause}`;
}
