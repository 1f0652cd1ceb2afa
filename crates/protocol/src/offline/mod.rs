//! What a file of delivered rollouts tells without a model, a sandbox or a network: level `signatures` of `reliquary verify`, and
//! all that the customers' client checks. Chain, signatures, receipts, Merkle paths, texts, what reward functions were given,
//! advantages where the group is whole, and manifests. One set of checks, whoever runs them.

mod advantages;
mod calls;
mod finding;
mod groups;
mod manifests;
pub mod receipt;

use grail::RejectReason;
use grail::check::Rules;
use grail::ids::CheckpointId;
use grail::profile::Profile;

pub use advantages::{AdvantageCheck, Lacking};
pub use calls::{Call, Given};
pub use finding::Finding;
pub use groups::{Groups, Membership};
pub use manifests::{ManifestFinding, ManifestReport, Manifests};

use crate::message::Message;
use crate::rollout::{Rebuilt, RolloutRecord};

/// The checkpoint that rollouts claim, as far as these checks look at it.
pub trait Basis {
    fn checkpoint(&self) -> CheckpointId;
    fn rules(&self) -> Rules<'_>;
    /// Tokens of prompt and completion together, at most.
    fn context(&self) -> usize;
    /// Whether proofs of this profile can be judged.
    fn knows(&self, profile: &Profile) -> bool;
    /// Whether rollouts of test jobs are taken for what they are, though no model ran for them.
    fn allows_test(&self) -> bool;
    /// Whether a prompt's text gives these ids.
    fn is_prompt(&self, text: &str, ids: &[u32]) -> bool;
    /// Whether these messages give a prompt's text.
    fn is_conversation(&self, messages: &[Message], text: &str) -> bool;
    /// Whether these ids give a completion's text.
    fn is_completion(&self, text: &str, ids: &[u32]) -> bool;
}

/// What was found about one record.
#[derive(Debug, Clone, PartialEq)]
pub struct Judged {
    /// What is known of it, where it holds.
    pub rebuilt: Result<Rebuilt, Finding>,
    pub advantage: AdvantageCheck,
}

/// One result per record, in order; records of one group belong in one call. Each may be signed with any of the keys that are
/// trusted: a job may outlive one. `rewards` is what runs reward functions again,
/// where something does: it is given what holds so far, and says what does not.
pub fn judge(
    basis: &impl Basis,
    records: &[RolloutRecord],
    service_keys: &[[u8; 32]],
    rewards: impl FnOnce(&[Result<Rebuilt, Finding>], &[Call]) -> Vec<Option<Finding>>,
) -> Vec<Judged> {
    let mut rebuilt: Vec<Result<Rebuilt, Finding>> =
        records.iter().map(|record| alone(basis, record, service_keys)).collect();
    let calls = calls::of(records, &mut rebuilt);
    let found = rewards(&rebuilt, &calls);
    for (rebuilt, finding) in rebuilt.iter_mut().zip(found) {
        if let Some(finding) = finding {
            *rebuilt = Err(finding);
        }
    }
    let advantages = advantages::check(records, &rebuilt);
    let judged = |(rebuilt, advantage)| match advantage {
        Ok(advantage) => Judged { rebuilt, advantage },
        Err(finding) => Judged { rebuilt: Err(finding), advantage: AdvantageCheck::None },
    };
    rebuilt.into_iter().zip(advantages).map(judged).collect()
}

/// Level L0 and everything in the record that another field determines.
fn alone(basis: &impl Basis, record: &RolloutRecord, service_keys: &[[u8; 32]]) -> Result<Rebuilt, Finding> {
    if !record.is_live() && !basis.allows_test() {
        return Err(Finding::TestRollout);
    }
    if record.proof.checkpoint_id != basis.checkpoint() {
        return Err(RejectReason::WrongCheckpoint.into());
    }
    if !basis.knows(&record.proof.profile) {
        return Err(RejectReason::WrongProfile.into());
    }
    let tokens = record.prompt_ids.len() + record.completion_ids.len();
    if record.prompt_ids.is_empty() || tokens > basis.context() {
        return Err(RejectReason::OutOfRange.into());
    }
    let rebuilt = record.check(&basis.rules(), service_keys)?;
    let is_prompt = |text: &String| basis.is_prompt(text, &record.prompt_ids);
    let text = record.prompt_text.as_deref().unwrap_or_default();
    let is_conversation = |messages: &Vec<Message>| basis.is_conversation(messages, text);
    if !record.prompt_text.as_ref().is_none_or(is_prompt)
        || !record.messages.as_ref().is_none_or(is_conversation)
        || !basis.is_completion(&record.completion_text, &record.completion_ids)
    {
        return Err(Finding::TextMismatch);
    }
    receipt::check(record, &rebuilt)?;
    Ok(rebuilt)
}
