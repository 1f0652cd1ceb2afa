// Events by their types: what `data` is follows from `type`. From the map that the document has of them.

import type { components } from "./generated/schema.js";
import type { Event } from "./types.js";

type Schemas = components["schemas"];

/** Every type of event. */
export type EventType = Schemas["EventType"];
/** What `data` of an event is, by its type: `EventData<"job.queued">`. */
export type EventData<T extends EventType = EventType> = Schemas["EventDataByType"][T];
/** An event of one type; of several, a union that `type` tells apart. */
export type EventOf<T extends EventType = EventType> = {
  [K in T]: Omit<Event, "type" | "data"> & { type: K; data: EventData<K> };
}[T];

/** Narrows an event: `if (isEvent(event, "job.completed")) event.data.counts`. */
export function isEvent<T extends EventType>(event: Event, ...types: T[]): event is Event & EventOf<T> {
  return (types as EventType[]).includes(event.type);
}
