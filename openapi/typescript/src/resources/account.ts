// The smaller resources: money, quotes, checkpoints, single rollouts and groups, keys to check signatures with.

import type { Pages } from "../pages.js";
import type { RequestOptions } from "../transport.js";
import { idOf, type Answer, type Balance, type Body, type Budget, type Checkpoint } from "../types.js";
import type { CreateJob, Group, Invoice, Item, Quote, Ref, Rollout } from "../types.js";
import { pages, Resource, sent, value } from "./resource.js";

const at = (ref: Ref) => ({ path: { id: idOf(ref) } });

export class Quotes extends Resource {
  /** Locks the prices for a job of these terms: pass its id as `quote`. */
  create(body: CreateJob, options?: RequestOptions): Promise<Quote> {
    return value(this.http.POST("/v1/quotes", { body, ...sent(options) }));
  }

  retrieve(ref: Ref, options?: RequestOptions): Promise<Quote> {
    return value(this.http.GET("/v1/quotes/{id}", { params: at(ref), ...sent(options) }));
  }
}

export class BalanceResource extends Resource {
  retrieve(options?: RequestOptions): Promise<Balance> {
    return value(this.http.GET("/v1/balance", { ...sent(options) }));
  }
}

export class LedgerEntries extends Resource {
  list(query: { limit?: number } = {}, options?: RequestOptions): Pages<Item<"/v1/ledger_entries">> {
    return pages((page) =>
      this.http.GET("/v1/ledger_entries", { params: { query: { ...query, ...page } }, ...sent(options) }),
    );
  }
}

export class Budgets extends Resource {
  /** What an organisation, a project or an API key may spend, and what it has: `scope` is its id. */
  retrieve(scope: Ref, options?: RequestOptions): Promise<Budget> {
    return value(this.http.GET("/v1/budgets/{scope}", { params: { path: { scope: idOf(scope) } }, ...sent(options) }));
  }

  /** Takes the place of the one before, and counts for jobs from now on. */
  update(scope: Ref, body: Body<"/v1/budgets/{scope}", "put">, options?: RequestOptions): Promise<Budget> {
    const params = { path: { scope: idOf(scope) } };
    return value(this.http.PUT("/v1/budgets/{scope}", { params, body, ...sent(options) }));
  }
}

export class Invoices extends Resource {
  retrieve(ref: Ref, options?: RequestOptions): Promise<Invoice> {
    return value(this.http.GET("/v1/invoices/{id}", { params: at(ref), ...sent(options) }));
  }

  /** One for each calendar month of your organisation, newest first. */
  list(query: { limit?: number } = {}, options?: RequestOptions): Pages<Invoice> {
    return pages((page) =>
      this.http.GET("/v1/invoices", { params: { query: { ...query, ...page } }, ...sent(options) }),
    );
  }
}

export class Checkpoints extends Resource {
  /** Asks for a checkpoint of your own: `pending` until the operator has looked at it; `available` ones are named in `model`. */
  create(body: Body<"/v1/checkpoints", "post">, options?: RequestOptions): Promise<Checkpoint> {
    return value(this.http.POST("/v1/checkpoints", { body, ...sent(options) }));
  }

  retrieve(ref: Ref, options?: RequestOptions): Promise<Checkpoint> {
    return value(this.http.GET("/v1/checkpoints/{id}", { params: at(ref), ...sent(options) }));
  }

  /** The one that jobs run on which name none. */
  current(options?: RequestOptions): Promise<Checkpoint> {
    return value(this.http.GET("/v1/checkpoints/current", { ...sent(options) }));
  }

  /** The service's and your project's own, newest first. */
  list(query: { limit?: number } = {}, options?: RequestOptions): Pages<Checkpoint> {
    return pages((page) =>
      this.http.GET("/v1/checkpoints", { params: { query: { ...query, ...page } }, ...sent(options) }),
    );
  }
}

export class Rollouts extends Resource {
  retrieve(ref: Ref, options?: RequestOptions): Promise<Rollout> {
    return value(this.http.GET("/v1/rollouts/{id}", { params: at(ref), ...sent(options) }));
  }

  proof(ref: Ref, options?: RequestOptions): Promise<Answer<"/v1/rollouts/{id}/proof", "get">> {
    return value(this.http.GET("/v1/rollouts/{id}/proof", { params: at(ref), ...sent(options) }));
  }

  receipt(ref: Ref, options?: RequestOptions): Promise<Answer<"/v1/rollouts/{id}/receipt", "get">> {
    return value(this.http.GET("/v1/rollouts/{id}/receipt", { params: at(ref), ...sent(options) }));
  }

  /** Where it stands in its job's manifest. */
  inclusion(ref: Ref, options?: RequestOptions): Promise<Answer<"/v1/rollouts/{id}/inclusion", "get">> {
    return value(this.http.GET("/v1/rollouts/{id}/inclusion", { params: at(ref), ...sent(options) }));
  }
}

export class Groups extends Resource {
  retrieve(ref: Ref, options?: RequestOptions): Promise<Group> {
    return value(this.http.GET("/v1/groups/{id}", { params: at(ref), ...sent(options) }));
  }

  /** Your own rewards for a group of a job whose mode is `client`. */
  postRewards(
    ref: Ref,
    body: Body<"/v1/groups/{id}/rewards", "post">,
    options?: RequestOptions,
  ): Promise<Answer<"/v1/groups/{id}/rewards", "post">> {
    return value(this.http.POST("/v1/groups/{id}/rewards", { params: at(ref), body, ...sent(options) }));
  }
}

export class Verifications extends Resource {
  /** Has delivered rollouts checked again. */
  create(
    body: Body<"/v1/verifications", "post">,
    options?: RequestOptions,
  ): Promise<Answer<"/v1/verifications", "post">> {
    return value(this.http.POST("/v1/verifications", { body, ...sent(options) }));
  }

  retrieve(ref: Ref, options?: RequestOptions): Promise<Answer<"/v1/verifications/{id}", "get">> {
    return value(this.http.GET("/v1/verifications/{id}", { params: at(ref), ...sent(options) }));
  }
}

export class VerificationKeys extends Resource {
  retrieve(options?: RequestOptions): Promise<Answer<"/v1/verification_keys", "get">> {
    return value(this.http.GET("/v1/verification_keys", { ...sent(options) }));
  }
}
