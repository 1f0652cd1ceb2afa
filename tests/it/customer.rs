//! A customer as any lab would write one: plain HTTP and SSE, patient while the service is down, strict about what it gets.

use std::time::{Duration, Instant};

use eventsource_stream::Eventsource as _;
use futures_util::{Stream, StreamExt as _};
use reqwest::header::{ACCEPT, AUTHORIZATION, HeaderMap, HeaderValue};
use reqwest::{Client, Response, StatusCode};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use tokio::time::timeout;

use crate::event_data;

/// Far longer than any job of these tests takes; nothing waits so long unless the test fails.
pub(crate) const PATIENCE: Duration = Duration::from_secs(90);
/// Between two tries while the service is down.
const AGAIN: Duration = Duration::from_millis(100);
/// Streams send a sign of life every second here.
const SILENCE: Duration = Duration::from_secs(20);

#[derive(Debug, Clone)]
pub(crate) struct Customer {
    base: String,
    http: Client,
}

/// One event as it was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Event {
    pub(crate) sequence: i64,
    pub(crate) name: String,
    /// The exact text of its data.
    pub(crate) text: String,
}

impl Event {
    pub(crate) fn body(&self) -> Value {
        serde_json::from_str(&self.text).unwrap()
    }

    fn is_terminal(&self) -> bool {
        matches!(self.name.as_str(), "job.completed" | "job.failed" | "job.cancelled")
    }
}

/// All that was received of one job's log, in order and without gaps: anything else panics on arrival.
#[derive(Debug, Clone)]
pub(crate) struct Log {
    pub(crate) job: String,
    pub(crate) events: Vec<Event>,
    /// How often the stream had to be opened.
    pub(crate) connections: usize,
}

impl Log {
    pub(crate) fn of(job: &str) -> Self {
        Self { job: job.to_owned(), events: Vec::new(), connections: 0 }
    }

    pub(crate) fn last(&self) -> i64 {
        self.events.last().map_or(0, |event| event.sequence)
    }

    pub(crate) fn terminal(&self) -> Option<&str> {
        self.events.last().filter(|event| event.is_terminal()).map(|event| event.name.as_str())
    }

    /// The bodies of all events of this type.
    pub(crate) fn named(&self, name: &str) -> Vec<Value> {
        self.events.iter().filter(|event| event.name == name).map(Event::body).collect()
    }

    /// The rollouts that the stream delivered.
    pub(crate) fn rollouts(&self) -> Vec<Value> {
        self.named("rollout.verified").into_iter().map(|body| body["data"]["rollout"].clone()).collect()
    }

    /// Why answers of the miner with this address were refused: of its groups, or of its rollouts.
    pub(crate) fn refusals(&self, name: &str, address: &str) -> Vec<String> {
        let of_miner = self.named(name).into_iter().filter(|body| body["data"]["hotkey"] == address);
        of_miner.map(|body| body["data"]["reason"].as_str().unwrap().to_owned()).collect()
    }

    /// The next event, which must be as the document says.
    pub(crate) fn push(&mut self, event: Event) {
        assert_eq!(event.sequence, self.last() + 1, "the log of {} has a gap or a repeat", self.job);
        assert_eq!(self.terminal(), None, "{} came after the job's end", event.name);
        let body = event.body();
        assert_eq!((&body["sequence"], &body["type"]), (&event.sequence.into(), &event.name.as_str().into()));
        event_data::check(&body);
        self.events.push(event);
    }
}

/// The part of a list that every list has.
#[derive(Deserialize)]
struct Page {
    data: Vec<Box<RawValue>>,
    has_more: bool,
}

impl Customer {
    pub(crate) fn new(base: &str, api_key: &str) -> Self {
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, HeaderValue::from_str(&format!("Bearer {api_key}")).unwrap());
        let http = Client::builder()
            .default_headers(headers)
            .connect_timeout(Duration::from_secs(5))
            .read_timeout(SILENCE)
            .no_proxy()
            .build();
        Self { base: base.to_owned(), http: http.unwrap() }
    }

    pub(crate) fn post(&self, path: &str) -> reqwest::RequestBuilder {
        self.http.post(format!("{}{path}", self.base))
    }

    pub(crate) async fn create(&self, body: &Value) -> String {
        let response = self.post("/v1/jobs").json(body).send().await.unwrap();
        created(response).await
    }

    /// Sends the same request until it is answered with the job, as a client does that cannot know what became of it.
    pub(crate) async fn create_surely(&self, body: &Value, idempotency_key: &str) -> String {
        let began = Instant::now();
        loop {
            let request = self.post("/v1/jobs").header("Idempotency-Key", idempotency_key).json(body);
            match request.send().await {
                Ok(response) if response.status().is_server_error() => {}
                Ok(response) => return created(response).await,
                Err(_) => {}
            }
            assert!(began.elapsed() < PATIENCE, "no answer to POST /v1/jobs within {PATIENCE:?}");
            tokio::time::sleep(AGAIN).await; // a client's back-off
        }
    }

    /// The events after `after` until the connection ends; `None` when the log has ended there.
    pub(crate) async fn stream(
        &self,
        job: &str,
        after: i64,
    ) -> reqwest::Result<Option<impl Stream<Item = Event> + Unpin + use<>>> {
        let url = format!("{}/v1/jobs/{job}/events?include=rollout", self.base);
        let request = self.http.get(url).header(ACCEPT, "text/event-stream").header("Last-Event-ID", after);
        let response = request.send().await?.error_for_status()?;
        if response.status() == StatusCode::NO_CONTENT {
            return Ok(None);
        }
        let events = response.bytes_stream().eventsource();
        // a cut connection is the end of this stream; what it left out shows as a gap in the log if it is not resumed
        let events = events.take_while(|event| std::future::ready(event.is_ok())).filter_map(|event| {
            let event = event.unwrap();
            // what is not of the log has no id of its own, and comes with that of the event before it
            let is_of_the_log = event.event != "job.progress";
            std::future::ready(is_of_the_log.then(|| Event {
                sequence: event.id.parse().unwrap(),
                name: event.event,
                text: event.data,
            }))
        });
        Ok(Some(Box::pin(events)))
    }

    /// Follows the job, over as many connections as it takes, until `enough` or to its end.
    pub(crate) async fn follow(&self, log: &mut Log, mut enough: impl FnMut(&Log) -> bool) {
        let began = Instant::now();
        while log.terminal().is_none() && !enough(log) {
            match self.stream(&log.job, log.last()).await {
                Ok(opened) => {
                    log.connections += 1;
                    let mut stream =
                        opened.expect("the service says that the log has ended, but its end never came");
                    // heartbeats keep a stream open for as long as the job takes
                    while let Ok(Some(event)) =
                        timeout(PATIENCE.saturating_sub(began.elapsed()), stream.next()).await
                    {
                        log.push(event);
                        if enough(log) {
                            return;
                        }
                    }
                }
                Err(error) => {
                    let refused = error.status().is_some_and(|status| status.is_client_error());
                    assert!(!refused, "{error}");
                }
            }
            if log.terminal().is_none() {
                assert!(began.elapsed() < PATIENCE, "job {} does not end: {}", log.job, tail(log));
                tokio::time::sleep(AGAIN).await; // a client's back-off
            }
        }
    }

    /// The job's whole log.
    pub(crate) async fn follow_to_the_end(&self, log: &mut Log) {
        self.follow(log, |_| false).await;
    }

    /// The log as the JSON page gives it: the exact text of each event.
    pub(crate) async fn pages(&self, job: &str) -> Vec<String> {
        let mut events: Vec<String> = Vec::new();
        loop {
            let query = format!("include=rollout&limit=100&starting_after={}", events.len());
            let text = self.text(&format!("/v1/jobs/{job}/events?{query}"), "application/json").await;
            let page: Page = serde_json::from_str(&text).unwrap();
            events.extend(page.data.iter().map(|event| event.get().to_owned()));
            if !page.has_more {
                return events;
            }
            assert!(!page.data.is_empty(), "an empty page that is not the last");
        }
    }

    /// The delivered rollouts, one a line.
    pub(crate) async fn ndjson(&self, job: &str) -> String {
        self.text(&format!("/v1/jobs/{job}/rollouts"), "application/x-ndjson").await
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        serde_json::from_str(&self.text(path, "application/json").await).unwrap()
    }

    /// Reads until the service answers: it may be down for a moment.
    pub(crate) async fn text(&self, path: &str, accept: &str) -> String {
        let began = Instant::now();
        loop {
            let sent = self.http.get(format!("{}{path}", self.base)).header(ACCEPT, accept).send().await;
            let failed = match sent {
                Ok(response) if response.status().is_success() => match response.text().await {
                    Ok(text) => return text,
                    Err(error) => error.to_string(),
                },
                Ok(response) => {
                    let (status, text) = (response.status(), response.text().await.unwrap_or_default());
                    let pending = text.contains("manifest_pending");
                    assert!(status.is_server_error() || pending, "GET {path}: {status} {text}");
                    format!("{status} {text}")
                }
                Err(error) => error.to_string(),
            };
            assert!(began.elapsed() < PATIENCE, "GET {path}: {failed}");
            tokio::time::sleep(AGAIN).await; // a client's back-off
        }
    }
}

/// The id of the job that an answer to `POST /v1/jobs` names.
async fn created(response: Response) -> String {
    let (status, text) = (response.status(), response.text().await.unwrap());
    assert_eq!(status, StatusCode::CREATED, "{text}");
    let job: Value = serde_json::from_str(&text).unwrap();
    job["id"].as_str().unwrap().to_owned()
}

fn tail(log: &Log) -> String {
    let first = log.events.len().saturating_sub(5);
    let lines = log.events[first..].iter().map(|event| format!("{} {:.300}", event.sequence, event.text));
    lines.collect::<Vec<_>>().join("\n")
}
