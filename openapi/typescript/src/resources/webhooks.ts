// `/v1/webhook_endpoints` and `/v1/webhook_deliveries`: where events of whole jobs are sent, and whether they came.

import type { Pages } from "../pages.js";
import type { RequestOptions } from "../transport.js";
import { idOf, type Answer, type Body, type Item, type Query, type Ref, type WebhookEndpoint } from "../types.js";
import { type VerifiedWebhook, type VerifyOptions, verify } from "../webhooks.js";
import { pages, Resource, sent, value } from "./resource.js";

const at = (ref: Ref) => ({ path: { id: idOf(ref) } });
export type WebhookDelivery = Item<"/v1/webhook_deliveries">;

export class Webhooks {
  /** The event of a request that the service has sent to you; throws `WebhookVerificationError` if it has not. `body` is the
   * text as it came: not what a framework has read from it. */
  verify(
    body: string | Uint8Array,
    headers: Headers | Record<string, string | string[] | undefined>,
    secret: string,
    options: VerifyOptions = {},
  ): VerifiedWebhook {
    return verify(body, headers, secret, options);
  }
}

export class WebhookEndpoints extends Resource {
  create(body: Body<"/v1/webhook_endpoints", "post">, options?: RequestOptions): Promise<WebhookEndpoint> {
    return value(this.http.POST("/v1/webhook_endpoints", { body, ...sent(options) }));
  }

  retrieve(ref: Ref, options?: RequestOptions): Promise<WebhookEndpoint> {
    return value(this.http.GET("/v1/webhook_endpoints/{id}", { params: at(ref), ...sent(options) }));
  }

  list(query: { limit?: number } = {}, options?: RequestOptions): Pages<WebhookEndpoint> {
    return pages((page) =>
      this.http.GET("/v1/webhook_endpoints", { params: { query: { ...query, ...page } }, ...sent(options) }),
    );
  }

  update(
    ref: Ref,
    body: Body<"/v1/webhook_endpoints/{id}", "patch">,
    options?: RequestOptions,
  ): Promise<WebhookEndpoint> {
    return value(this.http.PATCH("/v1/webhook_endpoints/{id}", { params: at(ref), body, ...sent(options) }));
  }

  async delete(ref: Ref, options?: RequestOptions): Promise<void> {
    await this.http.DELETE("/v1/webhook_endpoints/{id}", { params: at(ref), ...sent(options) });
  }

  retrieveSecret(ref: Ref, options?: RequestOptions): Promise<Answer<"/v1/webhook_endpoints/{id}/secret", "get">> {
    return value(this.http.GET("/v1/webhook_endpoints/{id}/secret", { params: at(ref), ...sent(options) }));
  }

  rotateSecret(ref: Ref, options?: RequestOptions): Promise<WebhookEndpoint> {
    return value(this.http.POST("/v1/webhook_endpoints/{id}/rotate_secret", { params: at(ref), ...sent(options) }));
  }

  test(ref: Ref, options?: RequestOptions): Promise<WebhookDelivery> {
    return value(this.http.POST("/v1/webhook_endpoints/{id}/test", { params: at(ref), ...sent(options) }));
  }
}

export class WebhookDeliveries extends Resource {
  list(
    query: Omit<Query<"/v1/webhook_deliveries", "get">, "after"> = {},
    options?: RequestOptions,
  ): Pages<WebhookDelivery> {
    return pages((page) =>
      this.http.GET("/v1/webhook_deliveries", { params: { query: { ...query, ...page } }, ...sent(options) }),
    );
  }

  redeliver(ref: Ref, options?: RequestOptions): Promise<WebhookDelivery> {
    return value(this.http.POST("/v1/webhook_deliveries/{id}/redeliver", { params: at(ref), ...sent(options) }));
  }
}
