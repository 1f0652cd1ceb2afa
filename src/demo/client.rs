//! The demo's customer: speaks to the gateway over HTTP exactly as any customer would.

use std::time::Duration;

use anyhow::{Context as _, bail};
use eventsource_stream::Eventsource as _;
use futures_util::{Stream, StreamExt as _, TryStreamExt as _};
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::multipart::{Form, Part};
use reqwest::{Client, RequestBuilder, StatusCode};
use serde_json::{Value, json};

/// One API key's view of one gateway.
#[derive(Debug, Clone)]
pub(crate) struct Customer {
    base: String,
    http: Client,
}

/// One event of a job's stream.
#[derive(Debug, Clone)]
pub(crate) struct StreamEvent {
    pub(crate) sequence: i64,
    pub(crate) event: String,
    pub(crate) body: Value,
}

impl Customer {
    pub(crate) fn new(base: &str, api_key: &str) -> anyhow::Result<Self> {
        let mut headers = HeaderMap::new();
        let mut bearer = HeaderValue::from_str(&format!("Bearer {api_key}"))?;
        bearer.set_sensitive(true);
        headers.insert(AUTHORIZATION, bearer);
        let http = Client::builder()
            .default_headers(headers)
            .connect_timeout(Duration::from_secs(5))
            .read_timeout(Duration::from_mins(1))
            .no_proxy()
            .build()?;
        Ok(Self { base: base.trim_end_matches('/').to_owned(), http })
    }

    pub(crate) async fn get(&self, path: &str) -> anyhow::Result<Value> {
        answer(self.http.get(self.url(path))).await
    }

    /// Uploads a module as version 1 of a new reward function, waits until it is ready, and returns its reference,
    /// `rwf_…@1`.
    pub(crate) async fn upload_reward(&self, name: &str, module: &[u8]) -> anyhow::Result<String> {
        let request = self.http.post(self.url("/v1/reward_functions")).json(&json!({ "name": name }));
        let function = answer(request).await?;
        let id = function["id"].as_str().context("reward function without id")?;
        let form = Form::new().part("module", Part::bytes(module.to_vec()).file_name("reward.wasm"));
        let upload = self.http.post(self.url(&format!("/v1/reward_functions/{id}/versions"))).multipart(form);
        let version = answer(upload).await?;
        let number = &version["version"];
        loop {
            let path = format!("/v1/reward_functions/{id}/versions/{number}?wait_s=30");
            let version = self.get(&path).await?;
            match version["state"].as_str() {
                Some("validating") => {}
                Some("ready") => return Ok(format!("{id}@{number}")),
                _ => bail!("the reward module was rejected: {}", version["report"]["rejection"]),
            }
        }
    }

    pub(crate) async fn create_job(&self, body: &Value, idempotency_key: &str) -> anyhow::Result<Value> {
        self.post_job(body.to_string(), idempotency_key).await
    }

    /// The same for a body that is text already.
    pub(crate) async fn post_job(&self, body: String, idempotency_key: &str) -> anyhow::Result<Value> {
        let request = self.http.post(self.url("/v1/jobs")).header("Idempotency-Key", idempotency_key);
        answer(request.header(CONTENT_TYPE, "application/json").body(body)).await
    }

    /// The line that holds a job's reward module.
    pub(crate) async fn reward_module(&self, job: &str) -> anyhow::Result<String> {
        let path = format!("/v1/jobs/{job}/rollouts?include=reward_module&limit=1");
        let request = self.http.get(self.url(&path)).header(ACCEPT, "application/x-ndjson");
        let response = request.timeout(Duration::from_mins(1)).send().await?.error_for_status()?;
        let text = response.text().await?;
        text.lines().next().map(str::to_owned).context("a job without its reward module")
    }

    /// The events after `after`, with whole rollouts, until the connection ends. `None` when the log is at its end.
    pub(crate) async fn events(
        &self,
        job: &str,
        after: i64,
    ) -> anyhow::Result<Option<impl Stream<Item = anyhow::Result<StreamEvent>> + Unpin + use<>>> {
        let response = self
            .http
            .get(self.url(&format!("/v1/jobs/{job}/events?include=rollout")))
            .header(ACCEPT, "text/event-stream")
            .header("Last-Event-ID", after)
            .send()
            .await?;
        if response.status() == StatusCode::NO_CONTENT {
            return Ok(None);
        }
        if !response.status().is_success() {
            bail!("the event stream answered {}: {}", response.status(), response.text().await?);
        }
        // what is not of the log has no id of its own, and comes with that of the event before it
        let stream = response
            .bytes_stream()
            .eventsource()
            .try_filter(|event| std::future::ready(event.event != "job.progress"));
        let stream = stream.map(|event| {
            let event = event?;
            Ok(StreamEvent {
                sequence: event.id.parse().context("event id")?,
                event: event.event,
                body: serde_json::from_str(&event.data)?,
            })
        });
        Ok(Some(Box::pin(stream)))
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }
}

/// Sends, and turns a problem+json answer into an error that shows it.
async fn answer(request: RequestBuilder) -> anyhow::Result<Value> {
    let response = request.timeout(Duration::from_mins(1)).send().await?;
    let status = response.status();
    let text = response.text().await?;
    if !status.is_success() {
        bail!("{status}: {text}");
    }
    Ok(serde_json::from_str(&text)?)
}
