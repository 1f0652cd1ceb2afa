// A log, a job's or the project's, followed live over as many connections as it takes: no event twice, none left out.

import { APIConnectionError, APIStatusError } from "./errors.js";
import { backoff } from "./retry.js";
import { type Frame, frames } from "./sse.js";
import { Call, type Transport } from "./transport.js";
import type { Event, Job } from "./types.js";

/** What ends a job's log. */
export const TERMINAL = ["job.completed", "job.failed", "job.cancelled", "job.expired"];
const ENDED = TERMINAL.map((type) => type.slice("job.".length));

/** Events before `oldest` are kept no more; `after` is the last that was seen. */
export interface Reset {
  after: number;
  oldest: number;
}

/** The parts of the client that a log needs. */
export interface LogSource {
  transport: Transport;
  /** Where it is streamed. */
  path: string;
  /** The job whose log it is. A log that nothing ends has none. */
  retrieve?(): Promise<Job>;
}

export interface LogOptions {
  startingAfter?: number;
  types?: Event["type"][];
  include?: string;
  signal?: AbortSignal;
}

/** A reader of one log, and how far it has got. */
export class Log {
  connections = 0;
  /** The place of the last event that was seen. Without one it is read from where it ends when the service is reached. */
  last: number | undefined;
  private readonly query: string;

  constructor(
    private readonly source: LogSource,
    private readonly options: LogOptions,
  ) {
    this.last = options.startingAfter;
    const query = new URLSearchParams();
    if (options.include) query.set("include", options.include);
    // without its last event a log would not be seen to end
    const ends = source.retrieve ? TERMINAL : [];
    if (options.types) query.set("types", [...new Set([...options.types, ...ends])].join());
    this.query = `?${query}`.replace(/\?$/, "");
  }

  /** The log until its end, over cuts. */
  async *follow(): AsyncGenerator<Event | Reset, void> {
    const { ambient, patienceMs } = this.source.transport;
    let failures = 0;
    let downSince: number | undefined;
    for (;;) {
      const before = this.last;
      let failure: unknown;
      try {
        const response = await this.open();
        downSince = undefined;
        const hasEnd = this.source.retrieve !== undefined;
        if (hasEnd && response.status === 204) return;
        for await (const item of this.connection(response)) {
          yield item;
          if (hasEnd && "type" in item && TERMINAL.includes(item.type)) return;
        }
        if (this.last === before) {
          const rest = await this.withoutLog();
          if (rest !== undefined) {
            if (rest.oldest > rest.after + 1) yield rest;
            return;
          }
        }
      } catch (error) {
        if (!(error instanceof APIConnectionError) && !(error instanceof APIStatusError && error.retryable))
          throw error;
        failure = error;
      }
      if (failure !== undefined) {
        downSince ??= ambient.now();
        if (ambient.now() - downSince > patienceMs) throw failure;
      }
      failures = this.last === before ? failures + 1 : 0;
      await ambient.sleep(backoff(failures, ambient.random), this.options.signal);
    }
  }

  private async open(): Promise<Response> {
    const { transport, path } = this.source;
    this.connections += 1;
    const seen = this.last === undefined ? {} : { "Last-Event-ID": String(this.last) };
    const headers = { Accept: "text/event-stream", "Accept-Encoding": "identity", ...seen };
    const signal = this.options.signal;
    const url = `${transport.baseUrl}${path}${this.query}`;
    // tried again by `follow`, which knows for how long
    return transport.send(new Call(url, { headers, maxRetries: 0, isStreamed: true, ...(signal && { signal }) }));
  }

  /** After a connection that brought nothing: a job that has ended may have no log any more. */
  private async withoutLog(): Promise<Reset | undefined> {
    const job = await this.source.retrieve?.();
    if (!job || !ENDED.includes(job.status)) return undefined;
    return { after: this.last ?? 0, oldest: job.last_sequence + 1 };
  }

  /** What one connection gives, checked: each event follows the one before. */
  private async *connection(response: Response): AsyncGenerator<Event | Reset, void> {
    for await (const frame of frames(this.chunks(response))) {
      const { last } = this;
      if (frame.event === "stream.reset") {
        const oldest = Number(parsed<{ oldest_sequence: number }>(frame).oldest_sequence);
        if (last === undefined || !Number.isSafeInteger(oldest) || oldest <= last + 1) continue;
        this.last = oldest - 1;
        yield { after: last, oldest };
      } else if (frame.id) {
        const place = Number(frame.id);
        if (!Number.isSafeInteger(place)) throw new APIConnectionError(`an event with the id ${frame.id}`);
        if (frame.data === "") {
          this.last ??= place; // nothing has happened yet, and this is where
          continue;
        }
        if (last !== undefined && place <= last) continue; // sent again
        const isGap = !this.options.types && last !== undefined && place > last + 1;
        if (isGap) throw new APIConnectionError(`event ${place} came after ${last}`);
        const event = parsed<Event>(frame);
        this.last = place;
        yield event;
      }
    }
  }

  /** The bytes of an answer; a silence that is too long is a cut. */
  private async *chunks(response: Response): AsyncGenerator<Uint8Array, void> {
    if (!response.body) return;
    const reader = response.body.getReader();
    const idle = this.source.transport.idleTimeoutMs;
    try {
      for (;;) {
        const read = await within(idle, reader.read());
        if (read.done) return;
        yield read.value;
      }
    } catch (error) {
      if (this.options.signal?.aborted) throw this.options.signal.reason;
      throw new APIConnectionError("the stream was cut", { cause: error });
    } finally {
      // not waited for: a cut connection may never say that it is closed
      reader.cancel().catch(() => undefined);
    }
  }
}

function parsed<T>(frame: Frame): T {
  try {
    return JSON.parse(frame.data) as T;
  } catch (error) {
    throw new APIConnectionError(`event ${frame.id ?? frame.event} is no JSON`, { cause: error });
  }
}

async function within<T>(ms: number, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`silent for ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
