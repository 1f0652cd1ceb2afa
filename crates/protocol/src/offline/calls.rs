//! Which records one call of a reward function has scored, and whether the call was given what they say.
//!
//! In world `reward-simple` every rollout had a call of its own. In world `reward` one call saw the whole group, so that it
//! can be put together only where the file has the whole group.

use std::collections::BTreeMap;

use grail::hash::Hash;

use super::Finding;
use super::receipt::{Answer, Asked, Receipt};
use crate::rollout::{Rebuilt, RolloutRecord};

/// One call of a reward function, by the places of its records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// The task that the group was asked with.
    pub task: Hash,
    /// In the order of the samples; a record that is there twice is so here, too.
    pub members: Vec<usize>,
    /// `None`: not all that it saw is in the file.
    pub given: Option<Given>,
}

/// What a call was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Given {
    /// A record that says of the prompt what the call was given.
    pub asked_by: usize,
    /// Each sample once, in their order.
    pub answers: Vec<usize>,
}

/// The calls behind the records that hold so far. Those whose call was given something else are marked.
pub(super) fn of(records: &[RolloutRecord], rebuilt: &mut [Result<Rebuilt, Finding>]) -> Vec<Call> {
    let mut parts: BTreeMap<_, (Vec<usize>, Receipt)> = BTreeMap::new();
    for (index, record) in records.iter().enumerate() {
        let (Ok(rebuilt), Some(signed)) = (&rebuilt[index], &record.reward_receipt) else { continue };
        let Some(receipt) = Receipt::read(&signed.receipt) else { continue }; // a client's
        let alone = receipt.sees_one().then_some(index);
        let key = (rebuilt.task.id(), signed.receipt_hash, alone);
        parts.entry(key).or_insert_with(|| (Vec::new(), receipt)).0.push(index);
    }
    let mut calls = Vec::new();
    for ((task, ..), (mut members, receipt)) in parts {
        members.sort_by_key(|index| records[*index].sample_index);
        let (given, strangers) = put_together(records, &task, &members, &receipt);
        for index in strangers {
            rebuilt[index] = Err(Finding::RewardInputs);
        }
        calls.push(Call { task, members, given });
    }
    calls
}

/// What the call was given, and those of its records that do not say so.
fn put_together(
    records: &[RolloutRecord],
    task: &Hash,
    members: &[usize],
    receipt: &Receipt,
) -> (Option<Given>, Vec<usize>) {
    let mut chosen = members.to_vec();
    chosen.dedup_by_key(|index| records[*index].sample_index);
    let is_whole = receipt.sees_one() || chosen.len() == records[chosen[0]].group.size as usize;
    if !is_whole {
        return (None, Vec::new());
    }
    let answers: Vec<Answer<'_>> = chosen.iter().map(|index| Answer::of(&records[*index])).collect();
    let asked = |index: usize| Asked::of(&records[index], task);
    let says_so = |index: &usize| asked(*index).is_some_and(|asked| receipt.was_given(&asked, &answers));
    let asked_by = members.iter().copied().find(says_so);
    let given = asked_by.and_then(asked);
    let is_stranger = |index: &usize| {
        given.is_none() || asked(*index) != given || !answers.contains(&Answer::of(&records[*index]))
    };
    let strangers = members.iter().copied().filter(is_stranger).collect();
    (asked_by.map(|asked_by| Given { asked_by, answers: chosen }), strangers)
}
