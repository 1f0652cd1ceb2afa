//! `/v1/checkpoints`: the weights that jobs run on, the service's and your own.

use futures_util::stream::BoxStream;
use serde_json::json;

use crate::client::{AsId, Call, Client, segment};
use crate::error::Error;
use crate::query::Query;
use crate::{pages, types};

#[derive(Debug, Clone, Copy)]
pub struct Checkpoints<'a>(pub(crate) &'a Client);

impl Checkpoints<'_> {
    /// Asks for one of your own, by its repository (`owner/name`) and commit: `pending` until the operator has looked at it;
    /// `available` ones are named in a job's `model`.
    pub async fn create(&self, hf_repo: &str, revision: &str) -> Result<types::Checkpoint, Error> {
        let body = json!({ "hf_repo": hf_repo, "revision": revision });
        self.0.ask(Call::post("/v1/checkpoints".to_owned()).json(&body)?).await
    }

    pub async fn retrieve(&self, checkpoint: &(impl AsId + ?Sized)) -> Result<types::Checkpoint, Error> {
        self.0.ask(Call::get(format!("/v1/checkpoints/{}", segment(checkpoint)))).await
    }

    /// The one that jobs run on which name none.
    pub async fn current(&self) -> Result<types::Checkpoint, Error> {
        self.0.ask(Call::get("/v1/checkpoints/current".to_owned())).await
    }

    /// The service's and your project's own, newest first.
    pub fn list(&self) -> BoxStream<'static, Result<types::Checkpoint, Error>> {
        pages::items(self.0.clone(), "/v1/checkpoints".to_owned(), Query::new().text(), None)
    }
}
