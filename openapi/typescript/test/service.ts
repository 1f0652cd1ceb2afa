// A service for one test: a handler on a free loopback port, and a client whose waits take no time.

import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

import { Reliquary } from "../src/index.js";
import type { Options } from "../src/transport.js";

/** A request that has come completely. */
export interface Seen {
  method: string;
  url: string;
  headers: IncomingMessage["headers"];
  body: Buffer;
}

export interface Service extends AsyncDisposable {
  client: Reliquary;
  seen: Seen[];
  /** What the client waited for between tries, in ms. */
  waits: number[];
}

type Handler = (request: Seen, response: ServerResponse, number: number) => void;

/** Starts it; `number` counts the requests from 0. */
export async function serve(handler: Handler, options: Options = {}): Promise<Service> {
  const [seen, waits]: [Seen[], number[]] = [[], []];
  const server = createServer((incoming, response) => {
    const chunks: Buffer[] = [];
    incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
    incoming.on("end", () => {
      const { method = "", url = "", headers } = incoming;
      const request = { method, url, headers, body: Buffer.concat(chunks) };
      try {
        handler(request, response, seen.push(request) - 1);
      } catch (error) {
        // an assertion about the request fails the call that made it
        problem(response, 400, String(error));
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const ambient = {
    now: Date.now,
    random: () => 1,
    sleep: async (ms: number, signal?: AbortSignal) => {
      signal?.throwIfAborted();
      waits.push(ms);
    },
  };
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const client = new Reliquary({ apiKey: "rk_test", baseUrl, ambient, ...options });
  return {
    client,
    seen,
    waits,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export function json(
  response: ServerResponse,
  value: unknown,
  status = 200,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { "content-type": "application/json", ...headers });
  response.end(JSON.stringify(value));
}

export function problem(
  response: ServerResponse,
  status: number,
  code: string,
  headers: Record<string, string> = {},
): void {
  const body = { title: code, status, detail: "because", code, param: "prompts[3].text", request_id: "req_body" };
  const errors = [{ pointer: "#/prompts/3/text", code, detail: "because" }];
  json(response, { ...body, errors, retryable: false, meta: {} }, status, { "request-id": "req_1", ...headers });
}

/** A generator of numbers from 0 to 1 that is the same every time. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}
