// `/v1/reward_functions`: WebAssembly that scores completions.

import { RewardFunctionRejectedError, APITimeoutError } from "../errors.js";
import type { Pages } from "../pages.js";
import { Call, type RequestOptions } from "../transport.js";
import {
  idOf,
  type Answer,
  type Body,
  type Item,
  type Ref,
  type RewardFunction,
  type RewardVersion,
} from "../types.js";
import { form, type Upload } from "../uploads.js";
import { pages, Resource, sent, value } from "./resource.js";

type OneVersion = "/v1/reward_functions/{id}/versions/{version}";
export type RewardVersionRow = Item<"/v1/reward_functions/{id}/versions">;
export type RewardValidation = Answer<"/v1/reward_functions/validate", "post">;
export type RewardTest = Answer<`${OneVersion}/test`, "post">;

/** What is said of a module beside its bytes. */
export interface ModuleOptions {
  wasi?: "none" | "deterministic";
  source_url?: string;
  description?: string;
  /** Samples that the report is about. */
  samples?: readonly Record<string, unknown>[];
}

/** How long the service holds an answer back until a version is ready. */
const WAIT_S = 30;

export class RewardFunctions extends Resource {
  create(body: Body<"/v1/reward_functions", "post">, options?: RequestOptions): Promise<RewardFunction> {
    return value(this.http.POST("/v1/reward_functions", { body, ...sent(options) }));
  }

  retrieve(ref: Ref, options?: RequestOptions): Promise<RewardFunction> {
    return value(this.http.GET("/v1/reward_functions/{id}", { params: { path: { id: idOf(ref) } }, ...sent(options) }));
  }

  list(query: { limit?: number } = {}, options?: RequestOptions): Pages<RewardFunction> {
    return pages((page) =>
      this.http.GET("/v1/reward_functions", { params: { query: { ...query, ...page } }, ...sent(options) }),
    );
  }

  versions(ref: Ref, query: { limit?: number } = {}, options?: RequestOptions): Pages<RewardVersionRow> {
    return pages((page) => {
      const params = { path: { id: idOf(ref) }, query: { ...query, ...page } };
      return this.http.GET("/v1/reward_functions/{id}/versions", { params, ...sent(options) });
    });
  }

  /** Uploads a module as the next version and waits until it may be used; `RewardFunctionRejectedError` says why it may not. With
   * `waitMs: 0` it is not waited for. */
  async uploadVersion(
    ref: Ref,
    module: Upload,
    about: ModuleOptions & { waitMs?: number } = {},
    options?: RequestOptions,
  ): Promise<RewardVersion> {
    const { ambient } = this.base.transport;
    const { waitMs = 600_000, ...texts } = about;
    const path = `/v1/reward_functions/${encodeURIComponent(idOf(ref))}/versions`;
    let found = await this.post<RewardVersion>(path, module, texts, options);
    for (const end = ambient.now() + waitMs; waitMs > 0 && found.state !== "ready"; ) {
      if (found.state !== "validating") throw new RewardFunctionRejectedError(found);
      if (ambient.now() >= end) throw new APITimeoutError(`version ${found.version} is still validating`);
      found = await this.retrieveVersion(ref, found.version, { wait_s: WAIT_S }, options);
    }
    return found;
  }

  /** What uploading it would give; nothing is kept. */
  validate(module: Upload, about: ModuleOptions = {}, options?: RequestOptions): Promise<RewardValidation> {
    return this.post("/v1/reward_functions/validate", module, about, options);
  }

  retrieveVersion(
    ref: Ref,
    version: number,
    query: { wait_s?: number } = {},
    options?: RequestOptions,
  ): Promise<RewardVersion> {
    const params = { path: { id: idOf(ref), version }, query } as never;
    return value(this.http.GET("/v1/reward_functions/{id}/versions/{version}", { params, ...sent(options) }));
  }

  /** Scores samples with a version. */
  test(
    ref: Ref,
    version: number,
    body: Body<`${OneVersion}/test`, "post">,
    options?: RequestOptions,
  ): Promise<RewardTest> {
    const params = { path: { id: idOf(ref), version } } as never;
    return value(
      this.http.POST("/v1/reward_functions/{id}/versions/{version}/test", { params, body, ...sent(options) }),
    );
  }

  abi(options?: RequestOptions): Promise<Answer<"/v1/reward_functions/abi", "get">> {
    return value(this.http.GET("/v1/reward_functions/abi", { ...sent(options) }));
  }

  builtins(options?: RequestOptions): Promise<Answer<"/v1/reward_functions/builtins", "get">> {
    return value(this.http.GET("/v1/reward_functions/builtins", { ...sent(options) }));
  }

  private async post<T>(path: string, module: Upload, about: ModuleOptions, options?: RequestOptions): Promise<T> {
    const { transport } = this.base;
    const { samples, ...texts } = about;
    const parts = { ...texts, samples: samples && JSON.stringify(samples) };
    const body = await form(parts, { part: "module", content: module });
    const response = await transport.send(
      new Call(`${transport.baseUrl}${path}`, { method: "POST", body, ...sent(options) }),
    );
    return (await response.json()) as T;
  }
}
