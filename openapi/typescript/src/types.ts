// The service's types by the routes that they belong to: what a schema is called in the document is no part of this surface.

import type { paths } from "./generated/schema.js";

type Success = 200 | 201 | 202;
type Json<R> = R extends { content: { "application/json": infer T } } ? T : never;
type NotNull<T> = Exclude<T, null | undefined>;

/** The JSON of a success. */
export type Answer<P extends keyof paths, M extends keyof paths[P]> = paths[P][M] extends { responses: infer R }
  ? Json<R[keyof R & Success]>
  : never;
/** The JSON that is sent. */
export type Body<P extends keyof paths, M extends keyof paths[P]> = paths[P][M] extends { requestBody?: infer R }
  ? NotNull<Json<NotNull<R>>>
  : never;
/** What may stand behind the `?`. */
export type Query<P extends keyof paths, M extends keyof paths[P]> = paths[P][M] extends {
  parameters: { query?: infer Q };
}
  ? NotNull<Q>
  : never;
/** One of the `data` of a list. */
export type Item<P extends keyof paths> = "get" extends keyof paths[P]
  ? Answer<P, "get"> extends { data: (infer T)[] }
    ? T
    : never
  : never;

export type Job = Answer<"/v1/jobs/{id}", "get">;
export type CreateJob = Body<"/v1/jobs", "post">;
export type JobPreview = Extract<Answer<"/v1/jobs", "post">, { estimate: unknown }>;
export type AppendPrompts = Body<"/v1/jobs/{id}/prompts", "post">;
export type JobMetrics = Answer<"/v1/jobs/{id}/metrics", "get">;
export type SignedManifest = Answer<"/v1/jobs/{id}/manifest", "get">;
export type Rollout = Answer<"/v1/rollouts/{id}", "get">;
export type Event = Answer<"/v1/events/{id}", "get">;
export type StreamToken = Answer<"/v1/stream_tokens", "post">;
export type Group = Answer<"/v1/groups/{id}", "get">;
export type File = Answer<"/v1/files/{id}", "get">;
export type Quote = Answer<"/v1/quotes/{id}", "get">;
export type Export = Answer<"/v1/exports/{id}", "get">;
export type CreateExport = Body<"/v1/jobs/{id}/exports", "post">;
export type RewardFunction = Answer<"/v1/reward_functions/{id}", "get">;
export type RewardVersion = Answer<"/v1/reward_functions/{id}/versions/{version}", "get">;
export type Balance = Answer<"/v1/balance", "get">;
export type Budget = Answer<"/v1/budgets/{scope}", "get">;
export type Invoice = Answer<"/v1/invoices/{id}", "get">;
export type Checkpoint = Answer<"/v1/checkpoints/{id}", "get">;
export type WebhookEndpoint = Answer<"/v1/webhook_endpoints/{id}", "get">;

/** A resource, or its id. */
export type Ref = string | { id: string };

export function idOf(ref: Ref): string {
  return typeof ref === "string" ? ref : ref.id;
}
