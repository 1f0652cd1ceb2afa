// Bodies into files: complete, or not there.

import { open, rename } from "node:fs/promises";

import { APIConnectionError } from "./errors.js";
import { Call, type RequestOptions, type Transport } from "./transport.js";

/** Writes what comes to `path`, which stands there only when all of it has come. */
export async function save(chunks: AsyncIterable<Uint8Array>, path: string): Promise<void> {
  const part = `${path}.part`;
  const file = await open(part, "w");
  try {
    for await (const chunk of chunks) await file.writeFile(chunk);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(part, path);
}

/** The bytes of an answer as they come; a cut is thrown as `APIConnectionError`. */
export async function* body(
  transport: Transport,
  path: string,
  headers: Record<string, string>,
  options: RequestOptions = {},
  accept: (response: Response) => void = () => undefined,
): AsyncGenerator<Uint8Array, void> {
  const call = new Call(`${transport.baseUrl}${path}`, { headers, isStreamed: true, ...options });
  const response = await transport.send(call);
  accept(response);
  const reader = response.body?.getReader();
  if (!reader) return;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } catch (error) {
    if (options.signal?.aborted) throw options.signal.reason;
    throw new APIConnectionError("the download was cut", { cause: error });
  } finally {
    reader.cancel().catch(() => undefined);
  }
}

/** A whole download that is begun again when it is cut; `tries` times. */
export async function saveWhole(
  transport: Transport,
  chunks: () => AsyncIterable<Uint8Array>,
  path: string,
  tries = 3,
): Promise<void> {
  for (let left = tries; ; left -= 1) {
    try {
      return await save(chunks(), path);
    } catch (error) {
      if (!(error instanceof APIConnectionError) || left <= 1) throw error;
      await transport.ambient.sleep(500);
    }
  }
}
