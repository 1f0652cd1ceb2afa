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

#[cfg(test)]
mod tests {
    use grail::keys::ServiceKey;
    use protocol::rollout::RewardReceipt;
    use serde_json::json;

    use super::*;

    /// A reward of 1 as it was signed, by an engine of this version.
    fn stored(wasmtime: &str) -> StoredReward {
        let hash = "11".repeat(32);
        let shown = json!({
            "v": 1, "upload_sha256": hash, "component_sha256": hash, "world": "reward-simple",
            "engine": {
                "wasmtime": wasmtime, "config_hash": sandbox::config_hash(sandbox::WasiProfile::None), "limits_hash": hash,
            },
            "wasi_profile": "none", "input_hash": hash, "seed": "7", "outcome": "ok",
            "rewards": ["3ff0000000000000"], "components_hash": hash, "fuel": 9, "log_hash": hash,
        });
        let receipt: Receipt = serde_json::from_value(shown.clone()).unwrap();
        let (head, components) = ([3; 32], BTreeMap::new());
        let reward = Reward { value: Some(1.0), components: &components, error: None };
        let key = ServiceKey::from_seed(&[1; 32]);
        let signed = RewardReceipt::sign("f@1".to_owned(), shown, receipt.hash(), &head, &reward, &key);
        StoredReward { head, reward: Some(1.0), components, error: None, receipt: Some(signed) }
    }

    #[test]
    fn receipts_of_another_engine_are_passed_over_and_forged_ones_are_not() {
        let (this, other) = (stored(sandbox::WASMTIME), stored("1.0.0"));
        assert!(is_of_another_engine(&[other.clone(), other.clone()]));
        assert!(!is_of_another_engine(std::slice::from_ref(&this)));
        assert!(!is_of_another_engine(&[other.clone(), this.clone()]) && !is_of_another_engine(&[]));
        // one of this engine that was changed to look like another's: its hash or its signature tells
        let mut renamed = this;
        renamed.receipt.as_mut().unwrap().receipt["engine"]["wasmtime"] = json!("1.0.0");
        assert!(!is_of_another_engine(std::slice::from_ref(&renamed)));
        let forged = receipt(&renamed).unwrap().hash();
        renamed.receipt.as_mut().unwrap().receipt_hash = forged;
        assert!(!is_of_another_engine(&[renamed]));
        let mut other_reward = other;
        other_reward.reward = Some(0.0);
        assert!(!is_of_another_engine(&[other_reward]));
    }
}
