// `/v1/jobs/{id}/exports`: files of a job's rollouts in the formats of trainers.

import { createHash } from "node:crypto";

import { body, save } from "../downloads.js";
import { APIConnectionError, ExportFailedError, IntegrityError, APITimeoutError } from "../errors.js";
import type { Pages } from "../pages.js";
import { backoff } from "../retry.js";
import type { RequestOptions } from "../transport.js";
import { idOf, type CreateExport, type Export, type Ref } from "../types.js";
import { pages, Resource, sent, value } from "./resource.js";

/** Tries of a download that brought no further byte. */
const TRIES = 6;

export class Exports extends Resource {
  /** Begins to write a file of all that is delivered now. */
  create(job: Ref, body: CreateExport, options?: RequestOptions): Promise<Export> {
    const params = { path: { id: idOf(job) } };
    return value(this.http.POST("/v1/jobs/{id}/exports", { params, body, ...sent(options) }));
  }

  retrieve(ref: Ref, options?: RequestOptions): Promise<Export> {
    return value(this.http.GET("/v1/exports/{id}", { params: { path: { id: idOf(ref) } }, ...sent(options) }));
  }

  list(job: Ref, query: { limit?: number } = {}, options?: RequestOptions): Pages<Export> {
    return pages((page) => {
      const params = { path: { id: idOf(job) }, query: { ...query, ...page } };
      return this.http.GET("/v1/jobs/{id}/exports", { params, ...sent(options) });
    });
  }

  /** Until the file is there. Throws `ExportFailedError` when there will be none. */
  async wait(
    ref: Ref,
    limits: { timeoutMs?: number; pollMs?: number } = {},
    options?: RequestOptions,
  ): Promise<Export> {
    const { ambient } = this.base.transport;
    const end = ambient.now() + (limits.timeoutMs ?? 600_000);
    for (;;) {
      const found = await this.retrieve(ref, options);
      if (found.state === "ready") return found;
      if (found.state === "failed") throw new ExportFailedError(found);
      if (ambient.now() >= end) throw new APITimeoutError(`${found.id} is still ${found.state}`);
      await ambient.sleep(limits.pollMs ?? 500, options?.signal);
    }
  }

  /** Waits for the file, writes it to `path`, over cuts, and checks its hash. What is not complete never stands there. */
  async download(ref: Ref, path: string, options?: RequestOptions): Promise<Export> {
    const found = await this.wait(ref, {}, options);
    await save(this.content(found, options), path);
    return found;
  }

  /** The file's bytes, over cuts. Throws at the end when they are not those that were written. */
  async *content(ref: Ref, options?: RequestOptions): AsyncGenerator<Uint8Array, void> {
    const { ambient } = this.base.transport;
    const found = await this.wait(ref, {}, options);
    const hash = createHash("sha256");
    const cursor = { bytes: 0 };
    for (let attempt = 0; ; ) {
      const before = cursor.bytes;
      try {
        for await (const chunk of this.rest(found.id, cursor.bytes, options)) {
          hash.update(chunk);
          cursor.bytes += chunk.byteLength;
          yield chunk;
        }
        break;
      } catch (error) {
        if (!(error instanceof APIConnectionError)) throw error;
        attempt = cursor.bytes > before ? 0 : attempt + 1;
        if (attempt >= TRIES) throw error;
        await ambient.sleep(backoff(attempt, ambient.random), options?.signal);
      }
    }
    const digest = hash.digest("hex");
    if (digest !== found.sha256) {
      throw new IntegrityError(`${found.id} has SHA-256 ${digest}, not ${found.sha256 ?? "none"}`);
    }
  }

  /** From this byte on, until the connection ends. */
  private rest(id: string, from: number, options?: RequestOptions): AsyncIterable<Uint8Array> {
    const range = from > 0 ? { Range: `bytes=${from}-` } : {};
    const headers = { Accept: "application/octet-stream", "Accept-Encoding": "identity", ...range };
    const accept = ({ status }: Response) => {
      if (from > 0 && status !== 206) throw new IntegrityError("the service sent the file from its start again");
    };
    return body(this.base.transport, `/v1/exports/${encodeURIComponent(id)}/content`, headers, options, accept);
  }
}
