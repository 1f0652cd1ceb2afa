// `/v1/files`: uploads that jobs are made from.

import { body, saveWhole } from "../downloads.js";
import type { Pages } from "../pages.js";
import { Call, type RequestOptions } from "../transport.js";
import { idOf, type File, type Query, type Ref } from "../types.js";
import { form, type Upload } from "../uploads.js";
import { pages, Resource, sent, value } from "./resource.js";

/** For one try of an upload. */
const UPLOAD_MS = 600_000;

export class Files extends Resource {
  /** Uploads a path or bytes. It is read from the disk as it is sent, and again when that has to be repeated. */
  async upload(
    content: Upload,
    about: { purpose: File["purpose"]; filename?: string },
    options?: RequestOptions,
  ): Promise<File> {
    const { transport } = this.base;
    const file = { part: "file", content, filename: about.filename };
    const data = await form({ purpose: about.purpose }, file);
    const init = { method: "POST", body: data, timeoutMs: UPLOAD_MS, ...sent(options) };
    const response = await transport.send(new Call(`${transport.baseUrl}/v1/files`, init));
    return (await response.json()) as File;
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
