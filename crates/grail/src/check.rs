//! Level L0: everything about a rollout that can be checked exactly and without the model.

use crate::chain::{Commitment, Finish, Task, group_root};
use crate::hash::Hash;
use crate::ids::Hotkey;
use crate::merkle;
use crate::receipt::SignedReceipt;
use crate::reject::RejectReason;

/// What the checkpoint says about the shape of a rollout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules<'a> {
    pub vocab_size: u32,
    pub eos: &'a [u32],
}

/// Checks one rollout as it was committed: ranges, EOS rule, chain, signature (the dearest last).
pub fn rollout(
    task: &Task,
    rules: &Rules<'_>,
    sample: u32,
    hotkey: &Hotkey,
    commitment: &Commitment,
) -> Result<(), RejectReason> {
    let most = task.terms.max_tokens as usize;
    ranges(rules, most, commitment)?;
    eos_rule(rules, most, commitment)?;
    if commitment.computed_head(task, sample, hotkey) != commitment.head {
        return Err(RejectReason::BrokenChain);
    }
    if !hotkey.verify(&commitment.head, &commitment.signature) {
        return Err(RejectReason::BadSignature);
    }
    Ok(())
}

fn ranges(rules: &Rules<'_>, most: usize, commitment: &Commitment) -> Result<(), RejectReason> {
    if commitment.tokens.len() > most {
        return Err(RejectReason::Oversized);
    }
    let same_length = commitment.tokens.len() == commitment.records.len();
    if !same_length
        || commitment.tokens.iter().any(|token| *token >= rules.vocab_size)
        || commitment.records.iter().any(|record| !record.in_range())
    {
        return Err(RejectReason::OutOfRange);
    }
    Ok(())
}

/// `stop`: EOS last and nowhere else. `length`: the cap reached without EOS. Nothing follows EOS.
fn eos_rule(rules: &Rules<'_>, most: usize, commitment: &Commitment) -> Result<(), RejectReason> {
    let Some((last, inner)) = commitment.tokens.split_last() else {
        return Err(RejectReason::EosRule);
    };
    let ends_well = match commitment.finish {
        Finish::Stop => rules.eos.contains(last),
        Finish::Length => !rules.eos.contains(last) && commitment.tokens.len() == most,
    };
    if !ends_well || inner.iter().any(|token| rules.eos.contains(token)) {
        return Err(RejectReason::EosRule);
    }
    Ok(())
}

/// Checks a whole group at intake. Every rollout gets its own verdict, in sample order.
///
/// All `group_size` rollouts are due: a missing one has a verdict, too, and so has one too many. No group passes
/// because there was nothing in it to refuse.
pub fn group(
    task: &Task,
    rules: &Rules<'_>,
    hotkey: &Hotkey,
    commitments: &[Commitment],
) -> Vec<Result<(), RejectReason>> {
    let due = task.group_size as usize;
    (0..due.max(commitments.len()).max(1))
        .map(|sample| match commitments.get(sample) {
            None => Err(RejectReason::TruncatedStream),
            Some(_) if sample >= due => Err(RejectReason::Oversized),
            Some(commitment) => rollout(task, rules, sample as u32, hotkey, commitment),
        })
        .collect()
}

/// Checks that the service took in this head of this task: signature, task, hotkey and Merkle path.
pub fn receipt(
    task: &Task,
    hotkey: &Hotkey,
    sample: u32,
    head: &Hash,
    path: &[Hash],
    receipt: &SignedReceipt,
) -> Result<(), RejectReason> {
    if receipt.receipt.task != task.id() || receipt.receipt.hotkey != *hotkey || !receipt.is_signed() {
        return Err(RejectReason::BadReceipt);
    }
    let reached = merkle::root_from_path(merkle::leaf(head), sample as usize, task.group_size as usize, path);
    if reached != Some(receipt.receipt.group_root.0) {
        return Err(RejectReason::BadGroupRoot);
    }
    Ok(())
}

/// Checks the root that a miner states for the whole group.
pub fn root(commitments: &[Commitment], stated: &crate::ids::GroupRoot) -> Result<(), RejectReason> {
    let heads: Vec<Hash> = commitments.iter().map(|commitment| commitment.head).collect();
    if group_root(&heads) == *stated { Ok(()) } else { Err(RejectReason::BadGroupRoot) }
}
