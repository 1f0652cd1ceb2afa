// What every resource is made of: the generated client, which knows routes and types, over our transport.

import type { Client } from "openapi-fetch";

import type { paths } from "../generated/schema.js";
import { type Page, Pages } from "../pages.js";
import type { RequestOptions, Transport } from "../transport.js";

export type Http = Client<paths, "application/json">;

/** What a resource works with. */
export interface Base {
  http: Http;
  transport: Transport;
}

export abstract class Resource {
  constructor(protected readonly base: Base) {}

  protected get http(): Http {
    return this.base.http;
  }
}

/** The value of an answer. What is no success was thrown by the transport. */
export async function value<T>(answer: Promise<{ data?: T }>): Promise<T> {
  return (await answer).data as T;
}

/** A list whose pages are read with `after`. */
export function pages<T>(read: (query: { after?: string }) => Promise<{ data?: Page<T> }>): Pages<T> {
  return new Pages((after) => value(read(after === undefined ? {} : { after })));
}

/** Options of one request, as the generated client passes them on to the transport. */
export function sent(options: RequestOptions | undefined): RequestOptions {
  return options ?? {};
}
