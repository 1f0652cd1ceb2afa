//! Which records one call of a reward function has scored, and whether the call was given what they say.
//!
//! In world `reward-simple` every rollout had a call of its own. In world `reward` one call saw the whole group, so that it
//! can be put together only where the file has the whole group.

use std::collections::BTreeMap;

use grail::hash::Hash;
use protocol::rollout::{Rebuilt, RewardReceipt, RolloutRecord};
use sandbox::{Receipt, Sample, Task, World, input_hash};
use worker::reward_call::{self, Asked};

use super::findings::Finding;

/// One call of a reward function.
#[derive(Debug)]
pub(super) struct Call {
    /// Places of its records, in the order of the samples; a record that is there twice is so here, too.
    pub(super) members: Vec<usize>,
    pub(super) receipt: Receipt,
    /// `None`: not all that it saw is in the file.
    pub(super) given: Option<(Task, Vec<Sample>)>,
}

/// The calls behind the records that hold so far. Those whose call was given something else are marked.
pub(super) fn of(records: &[RolloutRecord], rebuilt: &mut [Result<Rebuilt, Finding>]) -> Vec<Call> {
    let mut parts: BTreeMap<_, (Vec<usize>, Receipt)> = BTreeMap::new();
    for (index, record) in records.iter().enumerate() {
        let (Ok(rebuilt), Some(signed)) = (&rebuilt[index], &record.reward_receipt) else { continue };
        let Some(receipt) = receipt(signed) else { continue }; // a client's
        let alone = (receipt.world == World::RewardSimple).then_some(index);
        let key = (rebuilt.task.id(), signed.receipt_hash, alone);
        parts.entry(key).or_insert_with(|| (Vec::new(), receipt)).0.push(index);
    }
    let mut calls = Vec::new();
    for ((task, ..), (mut members, receipt)) in parts {
        members.sort_by_key(|index| records[*index].sample_index);
        let (call, strangers) = put_together(records, &task, members, receipt);
        for index in strangers {
            rebuilt[index] = Err(Finding::RewardInputs);
        }
        calls.push(call);
    }
    calls
}

/// The call, and those of its records that do not say what it was given.
fn put_together(
    records: &[RolloutRecord],
    task: &Hash,
    members: Vec<usize>,
    receipt: Receipt,
) -> (Call, Vec<usize>) {
    let mut chosen: Vec<&RolloutRecord> = members.iter().map(|index| &records[*index]).collect();
    chosen.dedup_by_key(|record| record.sample_index);
    let is_whole = receipt.world == World::RewardSimple || chosen.len() == chosen[0].group.size as usize;
    if !is_whole {
        return (Call { members, receipt, given: None }, Vec::new());
    }
    let samples: Vec<Sample> = chosen.into_iter().map(sample).collect();
    let mut asked_by = members.iter().filter_map(|index| asked(&records[*index], task));
    let given = asked_by.find(|asked| input_hash(asked, &samples) == receipt.input_hash);
    let is_stranger = |index: &&usize| {
        let record = &records[**index];
        given.is_none() || asked(record, task) != given || !samples.contains(&sample(record))
    };
    let strangers = members.iter().filter(is_stranger).copied().collect();
    (Call { members, receipt, given: given.map(|task| (task, samples)) }, strangers)
}

/// The sandbox's receipt. `None` for a reward of the customer's trainer, which has none.
fn receipt(signed: &RewardReceipt) -> Option<Receipt> {
    serde_json::from_value(signed.receipt.clone()).ok()
}

fn asked(record: &RolloutRecord, task: &Hash) -> Option<Task> {
    let inputs = record.reward_inputs.as_ref()?;
    let asked = Asked {
        custom_id: &record.custom_id,
        prompt_text: record.prompt_text.as_deref(),
        prompt_ids: &record.prompt_ids,
        inputs,
        task,
    };
    Some(asked.task())
}

fn sample(record: &RolloutRecord) -> Sample {
    reward_call::sample(&record.completion_text, &record.completion_ids, record.finish_reason)
}
