//! A job as the service understands it: parsed once at the edge, trusted afterwards.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Mode;
use crate::advantage::Advantage;
use crate::message::Message;
use crate::minhash::MinHash;
use crate::money::Rao;
use crate::overlong::Overlong;
use crate::pick::Pick;
use crate::refill::Refill;
use crate::reward::RewardTerms;
use crate::selection::{Band, Dedup, DedupScope, GroupFilter};

pub const MAX_SAMPLES: u32 = 64;
pub const MAX_INLINE_PROMPTS: usize = 1_000;
/// Of one job, however they came.
pub const MAX_JOB_PROMPTS: usize = 50_000;
/// Of a test job.
pub const MAX_TEST_PROMPTS: usize = 100;
pub const MAX_TEST_SAMPLES: u32 = 8;
pub const MAX_CUSTOM_ID_CHARS: usize = 128;
pub const MAX_METADATA_ENTRIES: usize = 16;
pub const MAX_METADATA_CHARS: usize = 512;

/// The most prompts of one job, however they come.
pub fn max_prompts(mode: Mode) -> usize {
    if mode.is_live() { MAX_JOB_PROMPTS } else { MAX_TEST_PROMPTS }
}

/// How completions are sampled.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SamplingSpec {
    /// Completions per prompt (the group size).
    pub n: u32,
    pub temperature: f32,
    pub top_p: f32,
    pub top_k: u32,
    pub max_tokens: u32,
}

/// How much of a job the service recomputes before it delivers.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(tag = "level", rename_all = "snake_case", deny_unknown_fields)]
pub enum Verification {
    /// Every token of every rollout.
    #[default]
    Full,
    /// Whole groups, each with probability `p`, and those that the audit policy never leaves out.
    Sampled { p: f64 },
}

impl Verification {
    /// `None` when nothing is left to a draw.
    pub fn p(self) -> Option<f64> {
        match self {
            Self::Full => None,
            Self::Sampled { p } => Some(p),
        }
    }
}

/// A job's terms, without its prompts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JobSpec {
    pub sampling: SamplingSpec,
    /// `None` (mode `none`): rewards are `null` and no group is filtered for its variance.
    pub reward: Option<RewardTerms>,
    pub filter: GroupFilter,
    pub advantage: Advantage,
    pub dedup: Dedup,
    #[serde(default)]
    pub selection: SelectionTerms,
    /// Jobs that ask nothing of the kind say nothing of it: their spec is what it was before there was a choice.
    #[serde(default, skip_serializing_if = "GroupTerms::is_default")]
    pub group: GroupTerms,
    /// Jobs from before there was a choice have none written down.
    #[serde(default)]
    pub verification: Verification,
    /// The most that the job may cost; the hold is the smaller of this and the price of every rollout.
    pub max_amount: Option<Rao>,
    pub metadata: BTreeMap<String, String>,
}

/// What of selection came after the first jobs: those have the defaults, which is what was done then.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SelectionTerms {
    pub dedup_scope: DedupScope,
    /// Near duplicates are looked for, too.
    pub near: Option<MinHash>,
    pub difficulty: Option<Band>,
    pub rollouts: Pick,
    pub overlong: Overlong,
    pub refill: Refill,
    /// Groups of a batch, where advantages or the refill need one.
    pub batch_groups: Option<u32>,
    pub policy: PolicyTerms,
}

/// What a customer asks of each group: how short it may be, and how long it may take (docs/adr/0015).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GroupTerms {
    /// A group of which fewer rollouts have a reward is not delivered.
    pub min_size: Option<u32>,
    /// How long after a miner was first asked for a group another may be.
    pub timeout_s: Option<u32>,
}

impl GroupTerms {
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// What follows for a job when another checkpoint becomes the current one. It ends on the one that it began with.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PolicyTerms {
    pub on_rotation: OnRotation,
    /// How often another checkpoint may become the current one before what is not delivered is dropped; `None`: any number.
    pub max_staleness_versions: Option<u32>,
}

/// What happens to a job when another checkpoint becomes the current one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnRotation {
    /// It goes on with its own.
    #[default]
    Finish,
    /// What was not generated yet moves to the new one. Not offered yet.
    Requeue,
    /// It is cancelled; what miners have answered is still delivered.
    Cancel,
}

/// One prompt of a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prompt {
    pub index: u32,
    pub custom_id: String,
    pub content: PromptContent,
    /// What the text was rendered from. `None` where something else was sent, and of prompts from before they were kept.
    pub messages: Option<Vec<Message>>,
    /// What the reward function compares with, a JSON value as text or plain text.
    pub reference: String,
    /// The prompt's own metadata, JSON text.
    pub metadata: String,
}

/// What the model is to go on from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PromptContent {
    /// A text, which the job's checkpoint makes tokens of when a miner is asked.
    Text { text: String, encoding: Encoding },
    /// Token ids; of jobs from before texts were kept untokenised, with the text that they were made of.
    Tokens { ids: Vec<u32>, text: Option<String> },
}

impl PromptContent {
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text { text, .. } => Some(text),
            Self::Tokens { text, .. } => text.as_deref(),
        }
    }
}

/// How a prompt's text becomes tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// With whatever the tokenizer puts around a text.
    Plain,
    /// As it is: a conversation whose template has written the special tokens.
    Rendered,
}

impl Encoding {
    pub const ALL: [Self; 2] = [Self::Plain, Self::Rendered];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Rendered => "rendered",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|encoding| encoding.as_str() == text)
    }
}

/// The states of a job. Terminal ones never change again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JobStatus {
    /// Its input file is being read.
    Validating,
    Queued,
    InProgress,
    /// Nothing more is sent to miners or scored until somebody resumes it.
    Paused,
    /// Its deadline has passed: what miners have answered is still delivered, then it is expired.
    Finalizing,
    Cancelling,
    Completed,
    Failed,
    Cancelled,
    Expired,
}

impl JobStatus {
    pub const ALL: &[Self] = &[
        Self::Validating,
        Self::Queued,
        Self::InProgress,
        Self::Paused,
        Self::Finalizing,
        Self::Cancelling,
        Self::Completed,
        Self::Failed,
        Self::Cancelled,
        Self::Expired,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Validating => "validating",
            Self::Queued => "queued",
            Self::InProgress => "in_progress",
            Self::Paused => "paused",
            Self::Finalizing => "finalizing",
            Self::Cancelling => "cancelling",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Expired => "expired",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|status| status.as_str() == text)
    }

    pub fn is_terminal(self) -> bool {
        matches!(self, Self::Completed | Self::Failed | Self::Cancelled | Self::Expired)
    }

    /// On its way to an end: nothing of it goes to miners any more.
    pub fn is_ending(self) -> bool {
        matches!(self, Self::Finalizing | Self::Cancelling)
    }

    /// How groups end that a job gives up in this state.
    pub fn gives_up(self) -> GroupState {
        if self == Self::Finalizing { GroupState::Expired } else { GroupState::Cancelled }
    }
}

impl fmt::Display for JobStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How much of an ended job there is: `full`, `partial` or `none`. With a target, its accepted groups alone make it full.
pub fn outcome(accepted: i64, filtered: i64, not_delivered: i64, target: Option<i64>) -> &'static str {
    let is_full = target.map_or(not_delivered == 0, |target| accepted >= target);
    match accepted + filtered {
        0 => "none",
        _ if is_full => "full",
        _ => "partial",
    }
}

/// The states of a group: the queue's unit, moved along by one step each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GroupState {
    /// Waits for a miner.
    Pending,
    /// A miner holds the lease.
    Dispatched,
    /// Committed and receipted; waits for its rewards.
    Received,
    /// Scored, or scored later or not at all; waits for the verifier.
    Scored,
    /// Proof passed; waits for the customer to say its rewards. No worker has anything to do with it.
    AwaitingRewards,
    /// Proof passed and rewards known; waits for selection and settlement.
    Verified,
    /// Terminal: delivered.
    Accepted,
    /// Terminal: honest, but kept back by the job's rules.
    Filtered,
    /// Terminal: no miner gave a valid answer within the attempts allowed.
    Failed,
    /// Terminal: the job was cancelled before the group was delivered, or did not need it.
    Cancelled,
    /// A spare prompt: waits until another group is filtered or fails.
    Reserve,
    /// Terminal: the deadline of the job came before the group was delivered.
    Expired,
}

impl GroupState {
    pub const ALL: &[Self] = &[
        Self::Pending,
        Self::Dispatched,
        Self::Received,
        Self::Scored,
        Self::AwaitingRewards,
        Self::Verified,
        Self::Accepted,
        Self::Filtered,
        Self::Failed,
        Self::Cancelled,
        Self::Reserve,
        Self::Expired,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Dispatched => "dispatched",
            Self::Received => "received",
            Self::Scored => "scored",
            Self::AwaitingRewards => "awaiting_rewards",
            Self::Verified => "verified",
            Self::Accepted => "accepted",
            Self::Filtered => "filtered",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Reserve => "reserve",
            Self::Expired => "expired",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|state| state.as_str() == text)
    }

    pub fn is_terminal(self) -> bool {
        matches!(self, Self::Accepted | Self::Filtered | Self::Failed | Self::Cancelled | Self::Expired)
    }

    /// Some worker is to move it on: the states of the index `groups_queue`.
    pub fn is_queued(self) -> bool {
        !self.is_terminal() && !matches!(self, Self::AwaitingRewards | Self::Reserve)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn specs_from_before_there_was_a_choice_load_with_what_was_done_then() {
        let old = json!({ "sampling": { "n": 2, "temperature": 1.0, "top_p": 1.0, "top_k": 0, "max_tokens": 8 },
            "reward": null, "filter": { "min_std": 0.24 }, "dedup": "exact_tokens",
            "advantage": { "method": "grpo", "eps": 1e-6, "std_ddof": 1 },
            "max_amount": null, "metadata": {} });
        let spec: JobSpec = serde_json::from_value(old).unwrap();
        assert_eq!(spec.advantage, Advantage::default());
        assert_eq!((spec.filter, spec.dedup), (GroupFilter::MinStd(0.24), Dedup::ExactTokens));
        assert_eq!(spec.selection, SelectionTerms::default());
        assert_eq!((spec.selection.dedup_scope, spec.selection.refill), (DedupScope::Job, Refill::Drop));
        let again = serde_json::to_value(&spec).unwrap();
        assert_eq!(serde_json::from_value::<JobSpec>(again).unwrap(), spec);
    }

    #[test]
    fn a_level_has_one_spelling_and_only_sampled_has_a_probability() {
        let sampled = Verification::Sampled { p: 0.1 };
        assert_eq!(serde_json::to_value(sampled).unwrap(), json!({ "level": "sampled", "p": 0.1 }));
        assert_eq!(serde_json::to_value(Verification::Full).unwrap(), json!({ "level": "full" }));
        for level in [sampled, Verification::Full] {
            let json = serde_json::to_value(level).unwrap();
            assert_eq!(serde_json::from_value::<Verification>(json).unwrap(), level);
        }
        for wrong in [json!({ "level": "sampled" }), json!({ "level": "none" }), json!({ "p": 0.5 })] {
            assert!(serde_json::from_value::<Verification>(wrong.clone()).is_err(), "{wrong}");
        }
    }
}
