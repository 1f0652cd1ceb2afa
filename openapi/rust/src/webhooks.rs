//! `/v1/webhook_endpoints` and `/v1/webhook_deliveries`: where events of whole jobs are sent, and whether they came. And whether
//! a request to such an endpoint is the service's: the Standard Webhooks specification, both of its signatures.

use std::time::{SystemTime, UNIX_EPOCH};

use futures_util::stream::BoxStream;
use reqwest::Method;
use reqwest::header::HeaderMap;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::client::{AsId, Call, Client, segment};
use crate::error::Error;
use crate::query::{DeliveryFilter, Query};
use crate::{pages, types};

/// How old or how far ahead a request may be, in seconds.
pub const TOLERANCE_S: u64 = 300;

/// What is told: thin, never tokens. It may come twice: `id` is then the same.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct WebhookEvent {
    pub id: String,
    #[serde(rename = "type")]
    pub kind: String,
    pub timestamp: String,
    pub data: Map<String, Value>,
}

/// Why a request is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WebhookFault {
    #[error("webhook-id, webhook-timestamp and webhook-signature are needed")]
    Headers,
    #[error("it was sent {0} s ago")]
    Time(i64),
    #[error("a secret is whsec_ or whpk_, and base64")]
    Secret,
    #[error("no signature of these secrets")]
    Signature,
    #[error("signed, and no event")]
    Body,
}

/// The event of a request, if one of the secrets (`whsec_…`) or public keys (`whpk_…`) has signed it not long ago. `body` is as it
/// came, before anything parsed it.
pub fn verify(body: &[u8], headers: &HeaderMap, secrets: &[&str]) -> Result<WebhookEvent, WebhookFault> {
    #[expect(clippy::disallowed_methods, reason = "the customer's clock; a test gives its own to verify_at")]
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    verify_at(body, headers, secrets, now.try_into().unwrap_or(i64::MAX))
}

/// The same at a time of the caller's, in seconds since 1970.
pub fn verify_at(
    body: &[u8],
    headers: &HeaderMap,
    secrets: &[&str],
    now: i64,
) -> Result<WebhookEvent, WebhookFault> {
    let header = |name| headers.get(name).and_then(|value| value.to_str().ok()).ok_or(WebhookFault::Headers);
    let (id, sent) = (header("webhook-id")?, header("webhook-timestamp")?);
    let (signature, sent) = (header("webhook-signature")?, sent.parse().map_err(|_| WebhookFault::Headers)?);
    let age = now.saturating_sub(sent);
    if age.unsigned_abs() > TOLERANCE_S {
        return Err(WebhookFault::Time(age));
    }
    let mut is_signed = false;
    for secret in secrets {
        let holds = protocol::webhook::is_signed(signature, id, sent, body, secret);
        is_signed |= holds.ok_or(WebhookFault::Secret)?;
    }
    if !is_signed {
        return Err(WebhookFault::Signature);
    }
    serde_json::from_slice(body).map_err(|_| WebhookFault::Body)
}

#[derive(Debug, Clone, Copy)]
pub struct WebhookEndpoints<'a>(pub(crate) &'a Client);

impl WebhookEndpoints<'_> {
    /// A body such as `{"url": "https://…", "event_types": ["job.completed"]}`.
    pub async fn create(&self, body: &impl Serialize) -> Result<types::WebhookEndpoint, Error> {
        self.0.ask(Call::post("/v1/webhook_endpoints".to_owned()).json(body)?).await
    }

    pub async fn retrieve(&self, endpoint: &(impl AsId + ?Sized)) -> Result<types::WebhookEndpoint, Error> {
        self.0.ask(Call::get(at(endpoint, ""))).await
    }

    pub fn list(&self) -> BoxStream<'static, Result<types::WebhookEndpoint, Error>> {
        pages::items(self.0.clone(), "/v1/webhook_endpoints".to_owned(), Query::new().text(), None)
    }

    pub async fn update(
        &self,
        endpoint: &(impl AsId + ?Sized),
        body: &impl Serialize,
    ) -> Result<types::WebhookEndpoint, Error> {
        self.0.ask(Call::new(Method::PATCH, at(endpoint, "")).json(body)?).await
    }

    pub async fn delete(&self, endpoint: &(impl AsId + ?Sized)) -> Result<(), Error> {
        self.0.whole(&Call::new(Method::DELETE, at(endpoint, ""))).await.map(drop)
    }

    /// What signs what is sent there: give it to `verify`.
    pub async fn secret(&self, endpoint: &(impl AsId + ?Sized)) -> Result<types::WebhookSecret, Error> {
        self.0.ask(Call::get(at(endpoint, "/secret"))).await
    }

    /// The old secret signs along for a day.
    pub async fn rotate_secret(
        &self,
        endpoint: &(impl AsId + ?Sized),
    ) -> Result<types::WebhookEndpoint, Error> {
        self.0.ask(Call::post(at(endpoint, "/rotate_secret"))).await
    }

    /// Sends it an event of no job.
    pub async fn test(&self, endpoint: &(impl AsId + ?Sized)) -> Result<types::WebhookDelivery, Error> {
        self.0.ask(Call::post(at(endpoint, "/test"))).await
    }

    /// What was sent, and what became of it.
    pub fn deliveries(
        &self,
        filter: &DeliveryFilter,
    ) -> BoxStream<'static, Result<types::WebhookDelivery, Error>> {
        pages::items(self.0.clone(), "/v1/webhook_deliveries".to_owned(), filter.query(), None)
    }

    /// Sends it again.
    pub async fn redeliver(&self, delivery: &(impl AsId + ?Sized)) -> Result<types::WebhookDelivery, Error> {
        self.0.ask(Call::post(format!("/v1/webhook_deliveries/{}/redeliver", segment(delivery)))).await
    }
}

fn at(endpoint: &(impl AsId + ?Sized), rest: &str) -> String {
    format!("/v1/webhook_endpoints/{}{rest}", segment(endpoint))
}
