//! Webhooks: sends what waits in `webhook_deliveries`, by the Standard Webhooks specification.
//!
//! An endpoint's address comes from a customer: only https to a public host is dialled, checked on the address that the connection
//! is made to, so that no name can be re-bound in between; no redirects, no proxy, a bounded answer. A worker that dies
//! between the answer and its row sends the same message again: it has the same id.

use std::error::Error as _;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::task::{Context as Poller, Poll};
use std::time::Duration;

use bytes::Bytes;
use chrono::SecondsFormat;
use futures_util::StreamExt as _;
use futures_util::future::BoxFuture;
use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::dns::Name;
use hyper_util::client::legacy::{Client, Error as ClientError};
use hyper_util::rt::TokioExecutor;
use protocol::public_address::is_public;
use protocol::webhook::{self, MAX_ANSWER_BYTES, Secrets, TIMEOUT};
use rustls::{ClientConfig, RootCertStore};
use store::webhook_deliveries::{self, Due, Outcome};
use store::webhooks;
use tower_service::Service;

use crate::driver::retrying;
use crate::{Config, Context, Error, Progress, metrics};

/// Deliveries under way at the same time, in all and to one endpoint.
const AT_ONCE: usize = 16;
const EACH: i64 = 4;
/// What a problem's text may have.
const MAX_PROBLEM_CHARS: usize = 300;
/// Waits are longer by up to this share, so that what failed together does not come back together.
const JITTER: f64 = 0.1;

/// The client for all endpoints, and what their keys are derived from.
#[derive(Debug)]
pub(crate) struct Webhooks {
    client: Client<HttpsConnector<HttpConnector<PublicHosts>>, Full<Bytes>>,
    secrets: Secrets,
    allow_private: bool,
}

impl Webhooks {
    pub(crate) fn new(secrets: Secrets, config: &Config) -> Self {
        let allow_private = config.allow_private_webhooks;
        let mut http = HttpConnector::new_with_resolver(PublicHosts { allow_private });
        http.enforce_http(false); // https goes through it, too; which of them may be is for the address to say
        http.set_connect_timeout(Some(TIMEOUT));
        let https = HttpsConnectorBuilder::new()
            .with_tls_config(tls())
            .https_or_http()
            .enable_http1()
            .wrap_connector(http);
        // no proxy, and it follows no redirect
        let client = Client::builder(TokioExecutor::new()).pool_max_idle_per_host(1).build(https);
        Self { client, secrets, allow_private }
    }
}

/// Trusts whom the system trusts. A machine without certificates sends nothing, and does its other work.
fn tls() -> ClientConfig {
    let mut roots = RootCertStore::empty();
    let found = rustls_native_certs::load_native_certs();
    let (added, _) = roots.add_parsable_certificates(found.certs);
    if added == 0 {
        tracing::warn!("this machine has no certificates to trust: webhooks cannot be delivered");
    }
    ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("ring speaks the versions of TLS that rustls does")
        .with_root_certificates(roots)
        .with_no_client_auth()
}

/// Resolves names as the system does, and leaves out what is not public: what is checked is what is dialled.
#[derive(Debug, Clone)]
struct PublicHosts {
    allow_private: bool,
}

impl Service<Name> for PublicHosts {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = io::Error;
    type Future = BoxFuture<'static, Result<Self::Response, io::Error>>;

    fn poll_ready(&mut self, _: &mut Poller<'_>) -> Poll<Result<(), io::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let allow_private = self.allow_private;
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let public: Vec<SocketAddr> =
                found.filter(|address| allow_private || is_public(address.ip())).collect();
            if public.is_empty() {
                return Err(io::Error::other("the name has no public address"));
            }
            Ok(public.into_iter())
        })
    }
}

/// Sends one bounded batch. Safe to run twice, and beside itself.
pub async fn step(cx: &Arc<Context>) -> Result<Progress, Error> {
    // a lease outlives the longest try
    let hold = cx.config.lease().max(2 * TIMEOUT);
    let mut conn = cx.db.acquire().await?;
    let due = webhook_deliveries::lease(&mut conn, AT_ONCE as i64, EACH, hold).await?;
    drop(conn);
    futures_util::stream::iter(&due)
        .for_each_concurrent(AT_ONCE, |due| async move {
            if let Err(error) = deliver(cx, due).await {
                // the lease expires by itself, and it is sent again
                let error = &error as &dyn std::error::Error;
                tracing::warn!(delivery.id = %due.id, error, "what became of a delivery was not written");
            }
        })
        .await;
    Ok(Progress::of(due.len()))
}

async fn deliver(cx: &Context, due: &Due) -> Result<(), Error> {
    let answer = send(cx, due).await;
    let (status, problem) = match &answer {
        Ok(status) if status.is_success() => (Some(*status), None),
        Ok(status) => (Some(*status), Some(format!("answered {status}"))),
        Err(problem) => (None, Some(problem.clone())),
    };
    let code = status.map(|status| status.as_u16());
    let is_gone = status == Some(StatusCode::GONE);
    let outcome = match (problem, webhook::wait_after(due.tries + 1)) {
        (None, _) => Outcome::Delivered { status: code.unwrap_or(200) },
        (Some(problem), Some(wait)) if !is_gone => {
            Outcome::Again { status: code, problem, after: longer(cx, wait) }
        }
        (Some(problem), _) => Outcome::Failed { status: code, problem },
    };
    let now = cx.clock.now();
    retrying(cx, || async {
        let mut tx = cx.db.begin().await?;
        webhook_deliveries::conclude(&mut tx, due, &outcome, now).await?;
        if is_gone {
            webhooks::gone(&mut tx, due.endpoint, now).await?;
        }
        Ok(tx.commit().await?)
    })
    .await?;
    metrics::webhook(match outcome {
        Outcome::Delivered { .. } => "delivered",
        Outcome::Again { .. } => "again",
        Outcome::Failed { .. } => "failed",
    });
    Ok(())
}

fn longer(cx: &Context, wait: Duration) -> Duration {
    wait.mul_f64(1.0 + JITTER * cx.chance.share())
}

/// One try: the status of the answer, or why there is none.
async fn send(cx: &Context, due: &Due) -> Result<StatusCode, String> {
    let Webhooks { client, secrets, allow_private } = &cx.webhooks;
    let url = webhook::address(&due.url, *allow_private).map_err(|error| error.to_string())?;
    let body = if let Some(event) = &due.body {
        let event = serde_json::from_str(event).map_err(|_| "the event cannot be read".to_owned())?;
        webhook::payload(&event)
    } else {
        let created_at = due.created_at.to_rfc3339_opts(SecondsFormat::Millis, true);
        webhook::test_payload(due.event, due.endpoint, &created_at)
    };
    let (id, timestamp) = (due.event.to_string(), cx.clock.now().timestamp());
    let keys: Vec<_> =
        due.generations.iter().map(|generation| secrets.of(due.endpoint, *generation)).collect();
    let signature = webhook::signature_header(&keys, &id, timestamp, &body);
    let request = Request::builder()
        .method(Method::POST)
        .uri(url.as_str())
        .header("content-type", "application/json")
        .header("user-agent", concat!("reliquary-webhooks/", env!("CARGO_PKG_VERSION")))
        .header("webhook-id", &id)
        .header("webhook-timestamp", timestamp)
        .header("webhook-signature", signature)
        .body(Full::from(body))
        .map_err(|error| error.to_string())?;
    let exchange = async {
        let response = client.request(request).await.map_err(|error| told(&error))?;
        let (head, mut answer) = response.into_parts();
        // a little of the answer is read, so that a well-behaved connection can be used again
        let mut read = 0;
        while let Some(Ok(frame)) = answer.frame().await {
            read += frame.data_ref().map_or(0, Bytes::len);
            if read > MAX_ANSWER_BYTES {
                break;
            }
        }
        Ok(head.status)
    };
    let late = |_| Err(format!("no answer within {} s", TIMEOUT.as_secs()));
    tokio::time::timeout(TIMEOUT, exchange).await.unwrap_or_else(late)
}

/// What went wrong, from the outside in, without the address.
fn told(error: &ClientError) -> String {
    let mut text = if error.is_connect() { "no connection".to_owned() } else { "no answer".to_owned() };
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text.chars().take(MAX_PROBLEM_CHARS).collect()
}
