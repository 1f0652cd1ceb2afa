//! Which of the delivered rollouts an export has.

use protocol::rollout::RolloutRecord;
use serde::{Deserialize, Serialize};

/// Every condition that is given must hold.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Filter {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_reward: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_reward: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_abs_advantage: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finish_reason: Option<FinishReason>,
    /// `false`: none of which every token is masked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub masked: Option<bool>,
}

/// How a completion ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FinishReason {
    Stop,
    Length,
}

impl FinishReason {
    fn as_str(self) -> &'static str {
        match self {
            Self::Stop => "stop",
            Self::Length => "length",
        }
    }
}

impl Filter {
    /// Whether it holds for a rollout. A bound is never met by a value that is not there.
    pub fn takes(&self, record: &RolloutRecord) -> bool {
        let reward = |holds: &dyn Fn(f64) -> bool| record.reward.is_some_and(holds);
        self.min_reward.is_none_or(|least| reward(&|reward| reward >= least))
            && self.max_reward.is_none_or(|most| reward(&|reward| reward <= most))
            && self
                .min_abs_advantage
                .is_none_or(|least| record.advantage.is_some_and(|advantage| advantage.abs() >= least))
            && self.finish_reason.is_none_or(|finish| finish.as_str() == record.finish_reason.as_str())
            && self.masked.is_none_or(|masked| masked || record.loss_mask.contains(&1))
    }
}
