//! Compares rewards that were computed again with those that are stored, sample by sample.

use std::collections::BTreeMap;

use anyhow::ensure;
use grail::hash::{Hash, Transcript};
use protocol::reward::OnError;
use protocol::rollout::{Reward, reward_digest};
use sandbox::{Outcome, Receipt, Scored};
use store::reward_reruns::StoredReward;

use crate::scorer::is_this_engine;

/// What the comparison of one group gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Verdict {
    /// Over what the service has signed for each sample, in order.
    pub(crate) stored_hash: Hash,
    /// The same, had it signed what came out now.
    pub(crate) new_hash: Hash,
    /// Samples that differ.
    pub(crate) differing: Vec<u32>,
}

/// Whether there is nothing to compare: every sample's receipt names another engine, and holds by itself. One that was
/// changed to say so does not, and is compared.
pub(crate) fn is_of_another_engine(rewards: &[StoredReward]) -> bool {
    !rewards.is_empty()
        && rewards.iter().all(|stored| {
            receipt(stored).is_some_and(|receipt| holds(stored, &receipt) && !is_this_engine(&receipt))
        })
}

/// `scored` is what came out now, in sample order.
pub(crate) fn compare(
    stored: &[StoredReward],
    function: &str,
    scored: &[Scored],
    on_error: OnError,
) -> anyhow::Result<Verdict> {
    ensure!(stored.len() == scored.len(), "{} rollouts are stored, {} scored", stored.len(), scored.len());
    let (mut old, mut new, mut differing) = (Vec::new(), Vec::new(), Vec::new());
    for (sample, (stored, scored)) in stored.iter().zip(scored).enumerate() {
        let (before, after) = (digest(stored), again(stored, function, scored, on_error));
        let is_whole = receipt(stored).is_some_and(|receipt| holds(stored, &receipt));
        if before != after || !is_whole {
            differing.push(sample as u32);
        }
        old.push(before);
        new.push(after);
    }
    Ok(Verdict { stored_hash: together(&old), new_hash: together(&new), differing })
}

fn together(digests: &[Hash]) -> Hash {
    let transcript = Transcript::new("reliquary/reward-group/1").u32(digests.len() as u32);
    digests.iter().fold(transcript, |transcript, digest| transcript.bytes(digest)).finish()
}

fn stated(stored: &StoredReward) -> Reward<'_> {
    Reward { value: stored.reward, components: &stored.components, error: stored.error.as_deref() }
}

/// What is signed of a stored reward. Nothing was, of one without a receipt.
fn digest(stored: &StoredReward) -> Hash {
    let (receipt_hash, function) = match &stored.receipt {
        Some(receipt) => (receipt.receipt_hash, receipt.function.as_str()),
        None => ([0; 32], ""),
    };
    reward_digest(&stored.head, &receipt_hash, function, &stated(stored))
}

/// What would be signed now.
fn again(stored: &StoredReward, function: &str, scored: &Scored, on_error: OnError) -> Hash {
    let components: BTreeMap<String, f64> =
        scored.score.iter().flat_map(|score| score.components.iter().cloned()).collect();
    let value = match &scored.score {
        Some(score) => Some(score.reward),
        None => on_error.reward(),
    };
    let error = (scored.outcome != Outcome::Ok).then(|| scored.outcome.as_str());
    let reward = Reward { value, components: &components, error };
    reward_digest(&stored.head, &scored.receipt.hash(), function, &reward)
}

fn receipt(stored: &StoredReward) -> Option<Receipt> {
    serde_json::from_value(stored.receipt.as_ref()?.receipt.clone()).ok()
}

/// The receipt is the one that was hashed and signed, for this reward.
fn holds(stored: &StoredReward, receipt: &Receipt) -> bool {
    stored.receipt.as_ref().is_some_and(|signed| {
        receipt.hash() == signed.receipt_hash && signed.is_signed(&stored.head, &stated(stored))
    })
}
