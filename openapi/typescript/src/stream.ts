// A job's log, followed live over as many connections as it takes: no event twice, none left out.

import { APIConnectionError, APIStatusError, EventsExpiredError, JobEndedError, ReliquaryError } from "./errors.js";
import { backoff } from "./retry.js";
import { type Frame, frames } from "./sse.js";
import { Call, type Transport } from "./transport.js";
import type { Event, Job, Rollout } from "./types.js";

const TERMINAL = ["job.completed", "job.failed", "job.cancelled", "job.expired"];
const ENDED = TERMINAL.map((type) => type.slice("job.".length));

export interface StreamOptions {
  /** Go on after this sequence of the log, as `stream.lastSequence` said it before. */
  startingAfter?: number;
  signal?: AbortSignal;
}

export interface EventStreamOptions extends StreamOptions {
  /** Only these types. */
  types?: Event["type"][];
  /** `rollout`, or parts of it: puts rollouts into the events that tell of them. */
  include?: string;
}

/** Events before `oldest` are kept no more; `after` is the last that was seen. */
interface Reset {
  after: number;
  oldest: number;
}

/** The parts of the client that a stream needs. */
export interface StreamSource {
  transport: Transport;
  job: string;
  retrieve(): Promise<Job>;
  /** What was delivered after this sequence of the log. */
  delivered(after: number): AsyncIterable<Rollout>;
}

/** The rollouts of a job, in the order of its log. Can be read once. */
export class RolloutStream implements AsyncIterable<Rollout> {
  private readonly log: Log;
  /** Of the rollout that was handed out last, or of an event behind it: keep it to go on in another process. */
  lastSequence: number;

  constructor(
    private readonly source: StreamSource,
    options: StreamOptions = {},
  ) {
    this.log = new Log(source, { ...options, include: "rollout" });
    this.lastSequence = options.startingAfter ?? 0;
  }

  /** How often a connection was opened. */
  get connections(): number {
    return this.log.connections;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Rollout, void> {
    // read from the list after a reset; their events may follow
    const listed = new Set<string>();
    let end: string | undefined;
    for await (const item of this.log.follow()) {
      if ("oldest" in item) {
        for await (const rollout of this.source.delivered(item.after)) {
          if (listed.has(rollout.id)) continue;
          listed.add(rollout.id);
          yield rollout;
        }
        this.lastSequence = item.oldest - 1;
        continue;
      }
      if (TERMINAL.includes(item.type)) end = item.type;
      if (item.type === "rollout.verified") {
        const rollout = (item.data as { rollout?: Rollout }).rollout;
        if (!rollout) throw new ReliquaryError(`the rollout of event ${item.sequence} is kept no more`);
        if (!listed.delete(rollout.id)) {
          this.lastSequence = item.sequence;
          yield rollout;
        }
      }
      this.lastSequence = item.sequence;
    }
    // a log that was read to its end before says so without its last event
    if (end === "job.completed") return;
    const job = await this.source.retrieve();
    if (job.status !== "completed") throw JobEndedError.of(job);
  }
}

/** All events of a job's log until its end; throws where some of them are kept no more. */
export async function* events(source: StreamSource, options: EventStreamOptions): AsyncGenerator<Event, void> {
  const { types } = options;
  for await (const item of new Log(source, options).follow()) {
    if ("oldest" in item) throw new EventsExpiredError(source.job, item.oldest);
    if (!types || types.includes(item.type)) yield item;
  }
}

/** A reader of one log, and how far it has got. */
class Log {
  connections = 0;
  private last: number;
  private readonly query: string;

  constructor(
    private readonly source: StreamSource,
    private readonly options: EventStreamOptions,
  ) {
    this.last = options.startingAfter ?? 0;
    const query = new URLSearchParams();
    if (options.include) query.set("include", options.include);
    // without its last event a log would not be seen to end
    if (options.types) query.set("types", [...new Set([...options.types, ...TERMINAL])].join());
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
        if (response.status === 204) return;
        for await (const item of this.connection(response)) {
          yield item;
          if ("type" in item && TERMINAL.includes(item.type)) return;
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
      failures = this.last > before ? 0 : failures + 1;
      await ambient.sleep(backoff(failures, ambient.random), this.options.signal);
    }
  }

  private async open(): Promise<Response> {
    const { transport, job } = this.source;
    this.connections += 1;
    const headers = { Accept: "text/event-stream", "Accept-Encoding": "identity", "Last-Event-ID": String(this.last) };
    const signal = this.options.signal;
    const url = `${transport.baseUrl}/v1/jobs/${encodeURIComponent(job)}/events${this.query}`;
    // tried again by `follow`, which knows for how long
    return transport.send(new Call(url, { headers, maxRetries: 0, isStreamed: true, ...(signal && { signal }) }));
  }

  /** After a connection that brought nothing: a job that has ended may have no log any more. */
  private async withoutLog(): Promise<Reset | undefined> {
    const job = await this.source.retrieve();
    return ENDED.includes(job.status) ? { after: this.last, oldest: job.last_sequence + 1 } : undefined;
  }

  /** What one connection gives, checked: each event follows the one before. */
  private async *connection(response: Response): AsyncGenerator<Event | Reset, void> {
    for await (const frame of frames(this.chunks(response))) {
      if (frame.event === "stream.reset") {
        const oldest = Number(parsed<{ oldest_sequence: number }>(frame).oldest_sequence);
        if (!Number.isSafeInteger(oldest) || oldest <= this.last + 1) continue;
        const after = this.last;
        this.last = oldest - 1;
        yield { after, oldest };
      } else if (frame.id !== undefined) {
        const sequence = Number(frame.id);
        if (!Number.isSafeInteger(sequence)) throw new APIConnectionError(`an event with the id ${frame.id}`);
        if (sequence <= this.last) continue; // sent again
        const isGap = !this.options.types && sequence > this.last + 1;
        if (isGap) throw new APIConnectionError(`event ${sequence} came after ${this.last}`);
        const event = parsed<Event>(frame);
        this.last = sequence;
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
