// The client: resources over one transport.

import createClient from "openapi-fetch";

import { FORMS, type paths } from "./generated/schema.js";
import { BalanceResource, Budgets, Checkpoints, Groups, Invoices, LedgerEntries } from "./resources/account.js";
import { Quotes, Rollouts, VerificationKeys, Verifications } from "./resources/account.js";
import { Events, StreamTokens } from "./resources/events.js";
import { Exports } from "./resources/exports.js";
import { Files } from "./resources/files.js";
import { Jobs } from "./resources/jobs.js";
import type { Http } from "./resources/resource.js";
import { RewardFunctions } from "./resources/reward_functions.js";
import { WebhookDeliveries, WebhookEndpoints, Webhooks } from "./resources/webhooks.js";
import { Call, type Options, Transport } from "./transport.js";
import { formOf } from "./uploads.js";

export class Reliquary {
  readonly jobs: Jobs;
  readonly events: Events;
  readonly streamTokens: StreamTokens;
  readonly rollouts: Rollouts;
  readonly groups: Groups;
  readonly files: Files;
  readonly rewardFunctions: RewardFunctions;
  readonly quotes: Quotes;
  readonly exports: Exports;
  readonly checkpoints: Checkpoints;
  readonly balance: BalanceResource;
  readonly ledgerEntries: LedgerEntries;
  readonly budgets: Budgets;
  readonly invoices: Invoices;
  readonly verifications: Verifications;
  readonly verificationKeys: VerificationKeys;
  readonly webhooks: Webhooks;
  readonly webhookEndpoints: WebhookEndpoints;
  readonly webhookDeliveries: WebhookDeliveries;
  /** Every route of the document, typed, with the same retries and errors: `client.http.GET("/v1/limits")`. What is a file in a
   * form is a `Blob` in its body. */
  readonly http: Http;

  /** Key and address are `RELIQUARY_API_KEY` and `RELIQUARY_BASE_URL` if not given. */
  constructor(options: Options = {}) {
    const transport = new Transport(options);
    this.http = createClient<paths, "application/json">({
      baseUrl: transport.baseUrl,
      Request: Call as unknown as typeof Request,
      fetch: (call) => transport.send(call as unknown as Call),
    });
    // it writes every body as JSON, and only the document says which are forms
    const post = this.http.POST as (path: string, init?: object) => unknown;
    const formed = (path: string, init?: object) =>
      post(path, FORMS.includes(path) ? { bodySerializer: formOf, ...init } : init);
    this.http.POST = formed as Http["POST"];
    const base = { http: this.http, transport };
    this.jobs = new Jobs(base);
    this.events = new Events(base);
    this.streamTokens = new StreamTokens(base);
    this.rollouts = new Rollouts(base);
    this.groups = new Groups(base);
    this.files = new Files(base);
    this.rewardFunctions = new RewardFunctions(base);
    this.quotes = new Quotes(base);
    this.exports = new Exports(base);
    this.checkpoints = new Checkpoints(base);
    this.balance = new BalanceResource(base);
    this.ledgerEntries = new LedgerEntries(base);
    this.budgets = new Budgets(base);
    this.invoices = new Invoices(base);
    this.verifications = new Verifications(base);
    this.verificationKeys = new VerificationKeys(base);
    this.webhooks = new Webhooks();
    this.webhookEndpoints = new WebhookEndpoints(base);
    this.webhookDeliveries = new WebhookDeliveries(base);
  }
}
