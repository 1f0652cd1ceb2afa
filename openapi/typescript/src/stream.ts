// What is streamed: the rollouts of a job, its events, and those of all jobs of a project. The reading itself is in `log.ts`.

import { EventsExpiredError, JobEndedError, ReliquaryError } from "./errors.js";
import { Log, type LogSource, TERMINAL } from "./log.js";
import type { Transport } from "./transport.js";
import type { Event, Job, Rollout } from "./types.js";

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

export interface ProjectStreamOptions {
  /** Go on after this place, as `stream.lastId` said it before; 0: with the first event there is. Without it the stream begins
   * with what happens next. */
  startingAfter?: number;
  /** Only these types. */
  types?: Event["type"][];
  signal?: AbortSignal;
}

/** The parts of the client that a job's stream needs. */
export interface StreamSource extends LogSource {
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
    this.lastSequence = options.startingAfter ?? 0;
    this.log = new Log(source, { ...options, startingAfter: this.lastSequence, include: "rollout" });
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
  const { types, startingAfter = 0 } = options;
  for await (const item of new Log(source, { ...options, startingAfter }).follow()) {
    if ("oldest" in item) throw new EventsExpiredError(source.job, item.oldest);
    if (!types || types.includes(item.type)) yield item;
  }
}

/** The events of a project, each once and in the order of its log. Can be read once; it ends when its reader does. */
export class EventStream implements AsyncIterable<Event> {
  private readonly log: Log;

  constructor(transport: Transport, options: ProjectStreamOptions = {}) {
    this.log = new Log({ transport, path: "/v1/events/stream" }, options);
  }

  /** The place of the event that was handed out last, or where the stream began: keep it to go on in another process. `undefined`
   * until the service was reached, where nothing was given. */
  get lastId(): number | undefined {
    return this.log.last;
  }

  /** How often a connection was opened. */
  get connections(): number {
    return this.log.connections;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Event, void> {
    for await (const item of this.log.follow()) {
      if ("oldest" in item) {
        // what is gone was not handed out: whoever goes on behind it has to say so
        this.log.last = item.after;
        throw new EventsExpiredError(undefined, item.oldest);
      }
      yield item;
    }
  }
}
