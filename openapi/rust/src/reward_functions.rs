//! `/v1/reward_functions`: WebAssembly that scores completions.

use futures_util::stream::BoxStream;
use serde_json::json;

use crate::client::{AsId, Body, Call, Client, segment};
use crate::error::Error;
use crate::files::{Form, Upload};
use crate::{pages, types};

/// How long the service holds an answer back until a version is ready.
const WAIT_S: u32 = 30;

#[derive(Debug, Clone, Copy)]
pub struct RewardFunctions<'a>(pub(crate) &'a Client);

impl RewardFunctions<'_> {
    pub async fn create(&self, name: &str) -> Result<types::RewardFunction, Error> {
        self.0.ask(Call::post("/v1/reward_functions".to_owned()).json(&json!({ "name": name }))?).await
    }

    pub async fn retrieve(&self, function: &(impl AsId + ?Sized)) -> Result<types::RewardFunction, Error> {
        self.0.ask(Call::get(at(function, ""))).await
    }

    pub fn list(&self) -> BoxStream<'static, Result<types::RewardFunction, Error>> {
        pages::items(self.0.clone(), "/v1/reward_functions".to_owned(), "limit=100".to_owned(), None)
    }

    /// Uploads a module as the next version and waits until it may be used; `Error::RewardFunctionRejected` says why it may not.
    pub async fn upload_version(
        &self,
        function: &(impl AsId + ?Sized),
        module: impl Into<Upload>,
    ) -> Result<types::RewardVersion, Error> {
        let form = Form { fields: Vec::new(), part: "module", content: module.into() };
        let call = Call::post(at(function, "/versions"));
        let mut version: types::RewardVersion = self.0.ask(Call { body: Body::Form(form), ..call }).await?;
        loop {
            match version.state.as_str() {
                "ready" => return Ok(version),
                "validating" => {}
                _ => return Err(Error::RewardFunctionRejected(Box::new(version))),
            }
            let path = at(function, &format!("/versions/{}?wait_s={WAIT_S}", version.version));
            version = self.0.ask(Call::get(path)).await?;
        }
    }
}

fn at(function: &(impl AsId + ?Sized), rest: &str) -> String {
    format!("/v1/reward_functions/{}{rest}", segment(function))
}
