//! `/v1/groups`: the samples of one prompt, and the rewards that a customer gives them (reward mode `client`).

use serde::Serialize;

use crate::client::{AsId, Call, Client, segment};
use crate::error::Error;
use crate::types;

#[derive(Debug, Clone, Copy)]
pub struct Groups<'a>(pub(crate) &'a Client);

impl Groups<'_> {
    pub async fn retrieve(&self, group: &(impl AsId + ?Sized)) -> Result<types::Group, Error> {
        self.0.ask(Call::get(format!("/v1/groups/{}", segment(group)))).await
    }

    /// A reward for each rollout of a group that awaits them: a list of `{rollout_id, reward, components?}`.
    pub async fn post_rewards(
        &self,
        group: &(impl AsId + ?Sized),
        rewards: &impl Serialize,
    ) -> Result<types::GroupRewards, Error> {
        self.0.ask(Call::post(format!("/v1/groups/{}/rewards", segment(group))).json(rewards)?).await
    }
}
