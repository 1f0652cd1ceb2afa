//! `/v1/budgets`: what an organisation, a project or an API key may spend, and hold at once.

use reqwest::Method;
use serde::Serialize;

use crate::client::{AsId, Call, Client, segment};
use crate::error::Error;
use crate::types;

#[derive(Debug, Clone, Copy)]
pub struct Budgets<'a>(pub(crate) &'a Client);

impl Budgets<'_> {
    /// `scope` is whose it is, by its id.
    pub async fn retrieve(&self, scope: &(impl AsId + ?Sized)) -> Result<types::Budget, Error> {
        self.0.ask(Call::get(at(scope))).await
    }

    /// Takes the place of the one before, and counts for jobs from now on: a `types::UpdateBudget`, or any JSON of its shape.
    pub async fn update(
        &self,
        scope: &(impl AsId + ?Sized),
        body: &impl Serialize,
    ) -> Result<types::Budget, Error> {
        self.0.ask(Call::new(Method::PUT, at(scope)).json(body)?).await
    }
}

fn at(scope: &(impl AsId + ?Sized)) -> String {
    format!("/v1/budgets/{}", segment(scope))
}
