//! `/v1/verifications`: the service looks again at rollouts that it delivered.

use std::time::Duration;

use serde::Serialize;

use crate::client::{AsId, Call, Client, segment};
use crate::error::Error;
use crate::types;

const POLL: Duration = Duration::from_millis(500);

#[derive(Debug, Clone, Copy)]
pub struct Verifications<'a>(pub(crate) &'a Client);

impl Verifications<'_> {
    /// Asks for a re-check: a body such as `{"rollouts": ["rol_…"], "level": "full"}`.
    pub async fn create(&self, body: &impl Serialize) -> Result<types::Verification, Error> {
        self.0.ask(Call::post("/v1/verifications".to_owned()).json(body)?).await
    }

    pub async fn retrieve(&self, verification: &(impl AsId + ?Sized)) -> Result<types::Verification, Error> {
        self.0.ask(Call::get(format!("/v1/verifications/{}", segment(verification)))).await
    }

    /// Until every rollout was looked at.
    pub async fn wait(&self, verification: &(impl AsId + ?Sized)) -> Result<types::Verification, Error> {
        loop {
            let found = self.retrieve(verification).await?;
            if found.state.as_str() == "completed" {
                return Ok(found);
            }
            tokio::time::sleep(POLL).await; // the client's own pace
        }
    }
}
