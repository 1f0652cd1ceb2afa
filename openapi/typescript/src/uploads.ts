// What is uploaded: a path, or bytes that are there already. A form of it can be sent again.

import { readFile } from "node:fs/promises";
import * as fs from "node:fs";
import { basename } from "node:path";

/** The path of a file, or its content. */
export type Upload = string | URL | Blob | Uint8Array | ArrayBuffer;

/** A form; parts that are `undefined` are left out. Files come last, as the service reads what they are first. */
export async function form(
  parts: Record<string, string | undefined>,
  file: { part: string; content: Upload; filename?: string | undefined },
): Promise<FormData> {
  const data = new FormData();
  for (const [name, value] of Object.entries(parts)) {
    if (value !== undefined) data.append(name, value);
  }
  const [blob, filename] = await opened(file.content);
  data.append(file.part, blob, file.filename ?? filename);
  return data;
}

/** A form of a body as the document has it; files come last here, too. */
export function formOf(body: Record<string, unknown> | FormData): FormData {
  if (body instanceof FormData) return body;
  const given = Object.entries(body).filter(([, value]) => value !== undefined && value !== null);
  const data = new FormData();
  for (const [name, value] of given) {
    if (!(value instanceof Blob)) data.append(name, typeof value === "string" ? value : JSON.stringify(value));
  }
  for (const [name, value] of given) {
    if (value instanceof Blob) data.append(name, value);
  }
  return data;
}

/** As a blob, which need not be in memory, and its name. */
export async function opened(content: Upload): Promise<[Blob, string]> {
  if (content instanceof Blob) return [content, "name" in content ? String(content.name) : "file"];
  if (typeof content === "string" || content instanceof URL) {
    const name = basename(typeof content === "string" ? content : content.pathname);
    // read from the disk while it is sent, where Node can (from 19.8)
    if (typeof fs.openAsBlob === "function") return [await fs.openAsBlob(content), name];
    return [new Blob([await readFile(content)]), name];
  }
  return [new Blob([content as BlobPart]), "file"];
}
