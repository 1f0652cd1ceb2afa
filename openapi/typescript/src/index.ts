// The client of the Reliquary service: see README.md.

export { Reliquary } from "./client.js";
export * from "./errors.js";
export { type Page, Pages } from "./pages.js";
export { EventStream, type EventStreamOptions, type ProjectStreamOptions } from "./stream.js";
export { RolloutStream, type StreamOptions } from "./stream.js";
export type { Options, RequestOptions } from "./transport.js";
export { type EventData, type EventOf, type EventType, isEvent } from "./kinds.js";
export type * from "./types.js";
export type { Upload } from "./uploads.js";
export type { VerifiedWebhook, VerifyOptions } from "./webhooks.js";
export type { EventQuery } from "./resources/events.js";
export type { JobQuery, JobUpdate, RolloutQuery, UndeliveredRollout } from "./resources/jobs.js";
export type { ModuleOptions } from "./resources/reward_functions.js";
export type { components, operations, paths } from "./generated/schema.js";
