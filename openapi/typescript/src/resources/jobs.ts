// `/v1/jobs`: a batch of prompts, and the rollouts that come of it.

import {
  idOf,
  type AppendPrompts,
  type CreateJob,
  type Event,
  type Item,
  type Job,
  type JobMetrics,
} from "../types.js";
import type { Body, JobPreview, Query, Ref, Rollout, SignedManifest } from "../types.js";
import { body, saveWhole } from "../downloads.js";
import { EventsExpiredError } from "../errors.js";
import { type Page, Pages } from "../pages.js";
import { events, type EventStreamOptions, RolloutStream, type StreamOptions, type StreamSource } from "../stream.js";
import type { RequestOptions } from "../transport.js";
import { pages, Resource, sent, value } from "./resource.js";

export type JobUpdate = Body<"/v1/jobs/{id}", "patch">;
export type JobQuery = Omit<Query<"/v1/jobs", "get">, "after">;
export type GroupSummary = Item<"/v1/jobs/{id}/groups">;
export type RolloutQuery = Omit<Query<"/v1/jobs/{id}/rollouts", "get">, "after"> & { after?: string | number };
export type UndeliveredRollout = Exclude<Item<"/v1/jobs/{id}/rollouts">, Rollout>;
type Undelivered = RolloutQuery & { status: "filtered" | "rejected" | "failed" };

/** Bulk formats of a job's rollouts. */
const BULK = {
  ndjson: "application/x-ndjson",
  arrow: "application/vnd.apache.arrow.stream",
  parquet: "application/vnd.apache.parquet",
} as const;

export class Jobs extends Resource {
  /** Answers as soon as the job is queued: follow it with `stream`. */
  create(body: CreateJob, options?: RequestOptions): Promise<Job> {
    return value(this.http.POST("/v1/jobs", { body, ...sent(options) })) as Promise<Job>;
  }

  /** What creating it would give; nothing is kept and nothing is spent. */
  preview(body: CreateJob, options?: RequestOptions): Promise<JobPreview> {
    const params = { query: { dry_run: true } };
    return value(this.http.POST("/v1/jobs", { body, params, ...sent(options) })) as Promise<JobPreview>;
  }

  retrieve(job: Ref, options?: RequestOptions): Promise<Job> {
    return value(this.http.GET("/v1/jobs/{id}", { params: at(job), ...sent(options) }));
  }

  list(query: JobQuery = {}, options?: RequestOptions): Pages<Job> {
    return pages((page) => this.http.GET("/v1/jobs", { params: { query: { ...query, ...page } }, ...sent(options) }));
  }

  update(job: Ref, body: JobUpdate, options?: RequestOptions): Promise<Job> {
    return value(this.http.PATCH("/v1/jobs/{id}", { params: at(job), body, ...sent(options) }));
  }

  /** Deletes prompts and completions early; what was proven and paid stays. */
  async delete(job: Ref, options?: RequestOptions): Promise<void> {
    await this.http.DELETE("/v1/jobs/{id}", { params: at(job), ...sent(options) });
  }

  /** `graceful`, if not given, verifies and bills what is there already; `immediate` discards it. */
  cancel(job: Ref, mode?: "graceful" | "immediate", options?: RequestOptions): Promise<Job> {
    const body = mode === undefined ? {} : { body: { mode } };
    return value(this.http.POST("/v1/jobs/{id}/cancel", { params: at(job), ...body, ...sent(options) }));
  }

  pause(job: Ref, options?: RequestOptions): Promise<Job> {
    return value(this.http.POST("/v1/jobs/{id}/pause", { params: at(job), ...sent(options) }));
  }

  resume(job: Ref, options?: RequestOptions): Promise<Job> {
    return value(this.http.POST("/v1/jobs/{id}/resume", { params: at(job), ...sent(options) }));
  }

  /** Appends prompts to an open job. */
  append(job: Ref, body: AppendPrompts, options?: RequestOptions): Promise<Job> {
    return value(this.http.POST("/v1/jobs/{id}/prompts", { params: at(job), body, ...sent(options) }));
  }

  /** No more prompts will come: the job ends when it has done what it has. */
  close(job: Ref, options?: RequestOptions): Promise<Job> {
    return value(this.http.POST("/v1/jobs/{id}/close", { params: at(job), ...sent(options) }));
  }

  /** The job's rollouts as they are verified, to its end: each exactly once, over any cut. Throws `JobFailedError`,
   * `JobExpiredError` or `JobCancelledError` after the last one when the job did not complete. */
  stream(job: Ref, options: StreamOptions = {}): RolloutStream {
    return new RolloutStream(this.source(job, options), options);
  }

  /** The job's events as they happen, to its end: each exactly once. */
  streamEvents(job: Ref, options: EventStreamOptions = {}): AsyncIterable<Event> {
    return events(this.source(job, options), options);
  }

  /** The job when it has ended, however it did. */
  async wait(job: Ref, options: { signal?: AbortSignal } = {}): Promise<Job> {
    const last = { ...options, types: ["job.completed" as const] };
    const source = this.source(job, last);
    try {
      for await (const _ of events(source, last));
    } catch (error) {
      if (!(error instanceof EventsExpiredError)) throw error;
    }
    return source.retrieve();
  }

  /** What was delivered so far, in every state of the job; or, by `status`, what was not. */
  rollouts(job: Ref, query: Undelivered, options?: RequestOptions): Pages<UndeliveredRollout>;
  rollouts(job: Ref, query?: RolloutQuery, options?: RequestOptions): Pages<Rollout>;
  rollouts(job: Ref, query: RolloutQuery = {}, options?: RequestOptions): Pages<Rollout | UndeliveredRollout> {
    const { after, ...rest } = query;
    const from = after === undefined ? {} : { after: String(after) };
    return pages((page) => {
      const params = { ...at(job), query: { ...rest, ...from, ...page } };
      return this.http.GET("/v1/jobs/{id}/rollouts", { params, ...sent(options) });
    });
  }

  /** All that was delivered so far at once: lines, or columns for `pyarrow` and the like. */
  bulk(
    job: Ref,
    format: keyof typeof BULK,
    query: { include?: string } = {},
    options?: RequestOptions,
  ): AsyncIterable<Uint8Array> {
    const include = query.include === undefined ? "" : `?include=${encodeURIComponent(query.include)}`;
    const path = `/v1/jobs/${encodeURIComponent(idOf(job))}/rollouts${include}`;
    return body(this.base.transport, path, { Accept: BULK[format] }, options);
  }

  /** Writes what the job delivered to a file, one record a line, with what `reliquary verify` needs of a job that has ended: the
   * reward module and the manifest. */
  async download(job: Ref, path: string, include = "reward_module,manifest", options?: RequestOptions): Promise<void> {
    await saveWhole(this.base.transport, () => this.bulk(job, "ndjson", { include }, options), path);
  }

  /** The job's log, as far as it goes. `streamEvents` follows it live. */
  events(
    job: Ref,
    query: Omit<Query<"/v1/jobs/{id}/events", "get">, "starting_after"> & { starting_after?: string | number } = {},
    options?: RequestOptions,
  ): Pages<Event> {
    const { starting_after, ...rest } = query;
    return new Pages((after) => {
      const from = after ?? starting_after;
      const at_ = from === undefined ? {} : { starting_after: String(from) };
      const params = { ...at(job), query: { ...rest, ...at_ } };
      // a page has content, even an empty one: 204 is for streams
      return value<Page<Event> | undefined>(
        this.http.GET("/v1/jobs/{id}/events", { params, ...sent(options) }),
      ) as Promise<Page<Event>>;
    });
  }

  groups(
    job: Ref,
    query: Omit<Query<"/v1/jobs/{id}/groups", "get">, "after"> = {},
    options?: RequestOptions,
  ): Pages<GroupSummary> {
    return pages((page) => {
      const params = { ...at(job), query: { ...query, ...page } };
      return this.http.GET("/v1/jobs/{id}/groups", { params, ...sent(options) });
    });
  }

  metrics(job: Ref, options?: RequestOptions): Promise<JobMetrics> {
    return value(this.http.GET("/v1/jobs/{id}/metrics", { params: at(job), ...sent(options) }));
  }

  /** What the job was, signed; of a job that has ended. Just after its end the service may still be signing: that is tried again. */
  manifest(job: Ref, options?: RequestOptions): Promise<SignedManifest> {
    return value(this.http.GET("/v1/jobs/{id}/manifest", { params: at(job), ...sent(options) }));
  }

  private source(job: Ref, { signal }: { signal?: AbortSignal }): StreamSource {
    const id = idOf(job);
    const options = signal ? { signal } : {};
    return {
      transport: this.base.transport,
      path: `/v1/jobs/${encodeURIComponent(id)}/events`,
      job: id,
      retrieve: () => this.retrieve(id, options),
      delivered: (after) => this.rollouts(id, { after, limit: 100 }, options),
    };
  }
}

function at(ref: Ref): { path: { id: string } } {
  return { path: { id: idOf(ref) } };
}
