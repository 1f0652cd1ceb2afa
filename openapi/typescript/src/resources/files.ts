// `/v1/files`: uploads that jobs are made from; large ones in parts (`/v1/uploads`).

import { body, saveWhole } from "../downloads.js";
import type { Pages } from "../pages.js";
import { Call, type RequestOptions } from "../transport.js";
import { idOf, type File, type Query, type Ref } from "../types.js";
import { form, opened, type Upload } from "../uploads.js";
import { pages, Resource, sent, value } from "./resource.js";

/** For one try of an upload. */
const UPLOAD_MS = 600_000;
/** What goes up whole; larger files go in parts of this size, so that a cut costs a part. */
const PART_BYTES = 64 * 1024 * 1024;

export class Files extends Resource {
  /**
   * Uploads a path or bytes. It is read from the disk as it is sent, and again when that has to be repeated. What is larger
   * than `partBytes` (64 MiB) goes in parts of that size.
   */
  async upload(
    content: Upload,
    about: { purpose: File["purpose"]; filename?: string; partBytes?: number },
    options?: RequestOptions,
  ): Promise<File> {
    const [blob, name] = await opened(content);
    const filename = about.filename ?? name;
    const partBytes = Math.min(about.partBytes ?? PART_BYTES, PART_BYTES);
    if (blob.size > partBytes) return this.inParts(blob, { purpose: about.purpose, filename, partBytes }, options);
    const data = await form({ purpose: about.purpose }, { part: "file", content: blob, filename });
    return this.posted<File>("/v1/files", data, options);
  }

  private async inParts(
    blob: Blob,
    about: { purpose: string; filename: string; partBytes: number },
    options?: RequestOptions,
  ): Promise<File> {
    const { purpose, filename, partBytes } = about;
    const wish = JSON.stringify({ filename, purpose, bytes: blob.size });
    const upload = await this.posted<{ id: string }>("/v1/uploads", wish, options);
    // one key is one request: those that follow are others
    const { idempotencyKey: _, ...rest } = options ?? {};
    const path = `/v1/uploads/${encodeURIComponent(upload.id)}`;
    try {
      const ids: string[] = [];
      for (let start = 0; start < blob.size; start += partBytes) {
        const data = await form({}, { part: "data", content: blob.slice(start, start + partBytes), filename: "part" });
        ids.push((await this.posted<{ id: string }>(`${path}/parts`, data, rest)).id);
      }
      const body = JSON.stringify({ part_ids: ids });
      return (await this.posted<{ file: File }>(`${path}/complete`, body, rest)).file;
    } catch (error) {
      // if that fails, too, it is given up after an hour
      await this.posted(`${path}/cancel`, undefined, { maxRetries: 0 }).catch(() => undefined);
      throw error;
    }
  }

  private async posted<T>(path: string, body: FormData | string | undefined, options?: RequestOptions): Promise<T> {
    const { transport } = this.base;
    const headers: Record<string, string> = typeof body === "string" ? { "Content-Type": "application/json" } : {};
    const init = { method: "POST", headers, timeoutMs: UPLOAD_MS, ...(body === undefined ? {} : { body }), ...sent(options) };
    const response = await transport.send(new Call(`${transport.baseUrl}${path}`, init));
    return (await response.json()) as T;
  }

  retrieve(ref: Ref, options?: RequestOptions): Promise<File> {
    return value(this.http.GET("/v1/files/{id}", { params: { path: { id: idOf(ref) } }, ...sent(options) }));
  }

  list(query: Omit<Query<"/v1/files", "get">, "after"> = {}, options?: RequestOptions): Pages<File> {
    return pages((page) => this.http.GET("/v1/files", { params: { query: { ...query, ...page } }, ...sent(options) }));
  }

  async delete(ref: Ref, options?: RequestOptions): Promise<void> {
    await this.http.DELETE("/v1/files/{id}", { params: { path: { id: idOf(ref) } }, ...sent(options) });
  }

  /** The bytes as they were sent. */
  content(ref: Ref, options?: RequestOptions): AsyncIterable<Uint8Array> {
    const path = `/v1/files/${encodeURIComponent(idOf(ref))}/content`;
    return body(this.base.transport, path, { Accept: "application/octet-stream" }, options);
  }

  async download(ref: Ref, path: string, options?: RequestOptions): Promise<void> {
    await saveWhole(this.base.transport, () => this.content(ref, options), path);
  }
}
