//! `/v1/jobs`: a batch of prompts, and the rollouts that come of it.

use std::path::Path;

use futures_util::stream::BoxStream;
use reqwest::Method;
use serde::Serialize;
use serde_json::json;
use tokio::io::AsyncWriteExt as _;

use crate::client::{AsId, Call, Client, segment};
use crate::error::Error;
use crate::query::{JobFilter, Query};
use crate::stream::{self, Rollout};
use crate::{pages, types};

#[derive(Debug, Clone, Copy)]
pub struct Jobs<'a>(pub(crate) &'a Client);

impl Jobs<'_> {
    /// Answers as soon as the job is queued: follow it with `stream`. The body is a `types::CreateJob`, or any JSON of its shape.
    pub async fn create(&self, body: &impl Serialize) -> Result<types::Job, Error> {
        self.0.ask(Call::post("/v1/jobs".to_owned()).json(body)?).await
    }

    pub async fn retrieve(&self, job: &(impl AsId + ?Sized)) -> Result<types::Job, Error> {
        self.0.ask(Call::get(at(job, ""))).await
    }

    pub fn list(&self) -> BoxStream<'static, Result<types::Job, Error>> {
        self.list_of(&JobFilter::default())
    }

    /// Those that the filter takes.
    pub fn list_of(&self, filter: &JobFilter) -> BoxStream<'static, Result<types::Job, Error>> {
        pages::items(self.0.clone(), "/v1/jobs".to_owned(), filter.query(), None)
    }

    pub async fn update(
        &self,
        job: &(impl AsId + ?Sized),
        body: &impl Serialize,
    ) -> Result<types::Job, Error> {
        self.0.ask(Call::new(Method::PATCH, at(job, "")).json(body)?).await
    }

    /// Deletes prompts and completions early; what was proven and paid stays.
    pub async fn delete(&self, job: &(impl AsId + ?Sized)) -> Result<(), Error> {
        self.0.whole(&Call::new(Method::DELETE, at(job, ""))).await.map(drop)
    }

    /// `graceful` verifies and bills what is there already; `immediate` discards it.
    pub async fn cancel(&self, job: &(impl AsId + ?Sized), mode: &str) -> Result<types::Job, Error> {
        self.0.ask(Call::post(at(job, "/cancel")).json(&json!({ "mode": mode }))?).await
    }

    pub async fn pause(&self, job: &(impl AsId + ?Sized)) -> Result<types::Job, Error> {
        self.0.ask(Call::post(at(job, "/pause"))).await
    }

    pub async fn resume(&self, job: &(impl AsId + ?Sized)) -> Result<types::Job, Error> {
        self.0.ask(Call::post(at(job, "/resume"))).await
    }

    /// Appends prompts to an open job.
    pub async fn append(
        &self,
        job: &(impl AsId + ?Sized),
        body: &impl Serialize,
    ) -> Result<types::Job, Error> {
        self.0.ask(Call::post(at(job, "/prompts")).json(body)?).await
    }

    /// No more prompts will come.
    pub async fn close(&self, job: &(impl AsId + ?Sized)) -> Result<types::Job, Error> {
        self.0.ask(Call::post(at(job, "/close"))).await
    }

    pub async fn metrics(&self, job: &(impl AsId + ?Sized)) -> Result<types::JobMetrics, Error> {
        self.0.ask(Call::get(at(job, "/metrics"))).await
    }

    /// What an ended job was, signed. Just after its end the service may still be signing: that is tried again.
    pub async fn manifest(
        &self,
        job: &(impl AsId + ?Sized),
    ) -> Result<protocol::manifest::SignedManifest, Error> {
        self.0.ask(Call::get(at(job, "/manifest"))).await
    }

    /// The rollouts as they are verified, to the job's end: each exactly once, over any cut. `Error::JobEnded` comes after the
    /// last one when the job did not complete.
    pub fn stream(&self, job: &(impl AsId + ?Sized)) -> BoxStream<'static, Result<Rollout, Error>> {
        self.stream_after(job, 0)
    }

    /// The same from behind this sequence of the log: that of the last rollout another process has seen.
    pub fn stream_after(
        &self,
        job: &(impl AsId + ?Sized),
        sequence: i64,
    ) -> BoxStream<'static, Result<Rollout, Error>> {
        stream::rollouts(self.0.clone(), job.as_id().to_owned(), sequence)
    }

    /// All events as they happen, to the job's end: each exactly once.
    pub fn stream_events(
        &self,
        job: &(impl AsId + ?Sized),
    ) -> BoxStream<'static, Result<types::Event, Error>> {
        stream::events(self.0.clone(), job.as_id().to_owned())
    }

    /// What was delivered so far, in every state of the job.
    pub fn rollouts(&self, job: &(impl AsId + ?Sized)) -> BoxStream<'static, Result<types::Rollout, Error>> {
        pages::items(self.0.clone(), at(job, "/rollouts"), Query::new().text(), None)
    }

    /// What was not delivered and why: `filtered`, `rejected` or `failed`.
    pub fn undelivered(
        &self,
        job: &(impl AsId + ?Sized),
        status: &str,
    ) -> BoxStream<'static, Result<types::UndeliveredRollout, Error>> {
        let query = Query::new().and("status", Some(status)).text();
        pages::items(self.0.clone(), at(job, "/rollouts"), query, None)
    }

    /// The groups, also those that were not delivered; in one state, or all.
    pub fn groups(
        &self,
        job: &(impl AsId + ?Sized),
        status: Option<&str>,
    ) -> BoxStream<'static, Result<types::GroupSummary, Error>> {
        let query = Query::new().and("status", status).text();
        pages::items(self.0.clone(), at(job, "/groups"), query, None)
    }

    /// Writes what an ended job delivered to a file, one record a line, with its manifest: all that `verify` needs, and with
    /// the reward module all that `reliquary verify` needs. A file that is not complete never stands at `path`.
    pub async fn download(&self, job: &(impl AsId + ?Sized), path: &Path) -> Result<(), Error> {
        let url = at(job, "/rollouts?include=reward_module,manifest");
        let call = Call::get(url).header("accept", "application/x-ndjson".to_owned()).streamed();
        let part = path.with_extension("part");
        let mut left = 3;
        loop {
            left -= 1;
            match self.save(&call, &part).await {
                Err(error) if error.is_retryable() && left > 0 => {}
                Err(error) => return Err(error),
                Ok(()) => return Ok(tokio::fs::rename(part, path).await?),
            }
        }
    }

    async fn save(&self, call: &Call, part: &Path) -> Result<(), Error> {
        let mut response = self.0.open(call).await?;
        let mut file = tokio::fs::File::create(part).await?;
        while let Some(chunk) = response.chunk().await? {
            file.write_all(&chunk).await?;
        }
        Ok(file.sync_all().await?)
    }
}

pub(crate) fn at(job: &(impl AsId + ?Sized), rest: &str) -> String {
    format!("/v1/jobs/{}{rest}", segment(job))
}
