//! `/v1/jobs/{id}/exports`: files of a job's rollouts in the formats of trainers.

use std::path::Path;
use std::time::Duration;

use reqwest::StatusCode;
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use tokio::io::AsyncWriteExt as _;

use crate::client::{AsId, Call, Client, segment};
use crate::error::Error;
use crate::jobs::at;
use crate::{retry, types};

const POLL: Duration = Duration::from_millis(500);
/// Tries of a download that brought no further byte.
const TRIES: u32 = 6;

#[derive(Debug, Clone, Copy)]
pub struct Exports<'a>(pub(crate) &'a Client);

impl Exports<'_> {
    /// Begins to write a file of all that is delivered now.
    pub async fn create(
        &self,
        job: &(impl AsId + ?Sized),
        body: &impl Serialize,
    ) -> Result<types::Export, Error> {
        self.0.ask(Call::post(at(job, "/exports")).json(body)?).await
    }

    pub async fn retrieve(&self, export: &(impl AsId + ?Sized)) -> Result<types::Export, Error> {
        self.0.ask(Call::get(format!("/v1/exports/{}", segment(export)))).await
    }

    /// Until the file is there; `Error::ExportFailed` when there will be none.
    pub async fn wait(&self, export: &(impl AsId + ?Sized)) -> Result<types::Export, Error> {
        loop {
            let found = self.retrieve(export).await?;
            match found.state.as_str() {
                "ready" => return Ok(found),
                "failed" => return Err(Error::ExportFailed(Box::new(found))),
                _ => tokio::time::sleep(POLL).await, // the client's own pace
            }
        }
    }

    /// Waits for the file, writes it to `path`, over cuts, and checks its hash. What is not complete never stands there.
    pub async fn download(&self, export: &(impl AsId + ?Sized), path: &Path) -> Result<types::Export, Error> {
        let found = self.wait(export).await?;
        let part = path.with_extension("part");
        let mut file = tokio::fs::File::create(&part).await?;
        let (mut hash, mut read, mut attempt) = (Sha256::new(), 0_u64, 0);
        loop {
            let before = read;
            match self.rest(&found.id, &mut file, &mut hash, &mut read).await {
                Ok(()) => break,
                Err(error) if error.is_retryable() => {
                    attempt = if read > before { 0 } else { attempt + 1 };
                    if attempt >= TRIES {
                        return Err(error);
                    }
                }
                Err(error) => return Err(error),
            }
            tokio::time::sleep(retry::backoff(attempt)).await;
        }
        file.sync_all().await?;
        if found.sha256 != Some(hex::encode(hash.finalize())) {
            return Err(Error::Integrity(found.id));
        }
        tokio::fs::rename(part, path).await?;
        Ok(found)
    }

    /// From where it was cut, until the connection ends.
    async fn rest(
        &self,
        id: &str,
        file: &mut tokio::fs::File,
        hash: &mut Sha256,
        read: &mut u64,
    ) -> Result<(), Error> {
        let call = Call::get(format!("/v1/exports/{}/content", segment(id))).streamed();
        let mut call = call.header("accept", "application/octet-stream".to_owned());
        if *read > 0 {
            call = call.header("range", format!("bytes={read}-"));
        }
        let mut response = self.0.open(&call).await?;
        if *read > 0 && response.status() != StatusCode::PARTIAL_CONTENT {
            return Err(Error::Integrity(id.to_owned()));
        }
        while let Some(chunk) = response.chunk().await? {
            hash.update(&chunk);
            file.write_all(&chunk).await?;
            *read += chunk.len() as u64;
        }
        Ok(())
    }
}
