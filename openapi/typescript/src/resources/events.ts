// `/v1/events` and `/v1/stream_tokens`: what happens in all jobs of a project, and what lets a browser see it.

import type { Pages } from "../pages.js";
import { EventStream, type ProjectStreamOptions } from "../stream.js";
import type { RequestOptions } from "../transport.js";
import { idOf, type Body, type Event, type Query, type Ref, type StreamToken } from "../types.js";
import { pages, Resource, sent, value } from "./resource.js";

export type EventQuery = Omit<Query<"/v1/events", "get">, "after"> & { after?: string | number };

export class Events extends Resource {
  /** Every event of every job of the project as it happens: each exactly once, over any cut, without end. Throws
   * `EventsExpiredError` where events are kept no more. */
  stream(options: ProjectStreamOptions = {}): EventStream {
    return new EventStream(this.base.transport, options);
  }

  /** The project's log from its start, or behind a place, as far as it goes. `stream` follows it live. */
  list(query: EventQuery = {}, options?: RequestOptions): Pages<Event> {
    const { after, ...rest } = query;
    const from = after === undefined ? {} : { after: String(after) };
    return pages((page) => {
      const params = { query: { ...rest, ...from, ...page } };
      return this.http.GET("/v1/events", { params, ...sent(options) });
    });
  }

  /** One event of a whole job, as its log has it. */
  retrieve(ref: Ref, options?: RequestOptions): Promise<Event> {
    return value(this.http.GET("/v1/events/{id}", { params: { path: { id: idOf(ref) } }, ...sent(options) }));
  }
}

export class StreamTokens extends Resource {
  /** A token for a browser, to open this one stream with within a minute: docs/STREAMS.md. */
  create(body: Body<"/v1/stream_tokens", "post">, options?: RequestOptions): Promise<StreamToken> {
    return value(this.http.POST("/v1/stream_tokens", { body, ...sent(options) }));
  }
}
