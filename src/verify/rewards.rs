//! Runs a reward function again and compares: same module, input and limits give the same receipt, bit for bit.
//!
//! A file holds all that went in, if its reward module was asked for with it; the built-in ones are in this program. What is
//! not at hand makes a reward "not checked", which is no fault of the file.

use std::collections::BTreeMap;
use std::fmt;

use protocol::BundledModule;
use protocol::offline::{Call, Finding};
use protocol::rollout::{Rebuilt, RewardReceipt, RolloutRecord};
use sandbox::{Receipt, Sample, Scored};
use supervisor::{Programs, Tenant};
use worker::reward_call::{self, Asked};

use crate::scorer::{Scorer, is_this_engine};

/// What became of checking one reward.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum RewardCheck {
    /// There is no reward, or its check was not asked for, or the record does not hold anyway.
    None,
    /// The same receipt and the same reward came out.
    Same,
    NotChecked(Missing),
}

/// What was not at hand to run a reward again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Missing {
    /// Neither in the file nor among the built-in ones.
    Module,
    /// It ran on another version of the sandbox.
    Engine,
    /// The function saw the whole group, and not all of it is in the file.
    Group,
    /// There is no function: the customer's own trainer gave the reward.
    Function,
    /// This machine could not run it to its end.
    Machine,
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Module => "module",
            Self::Engine => "engine",
            Self::Group => "group",
            Self::Function => "function",
            Self::Machine => "machine",
        })
    }
}

/// A sandbox with the modules that are at hand.
#[derive(Debug)]
pub(super) struct Rewards(Scorer);

impl Rewards {
    pub(super) fn open() -> anyhow::Result<Self> {
        Ok(Self(Scorer::start(Programs::beside_this_one()?)?))
    }

    pub(super) fn learn(&self, module: &BundledModule) -> anyhow::Result<()> {
        self.0.learn(module).map(drop)
    }

    /// One result per record, `None` where there is nothing to run: no receipt, or a record that does not hold.
    pub(super) fn check(
        &self,
        records: &[RolloutRecord],
        rebuilt: &[Result<Rebuilt, Finding>],
        calls: &[Call],
    ) -> Vec<Result<RewardCheck, Finding>> {
        let of_client =
            |record: &RolloutRecord| record.reward_receipt.as_ref().is_some_and(RewardReceipt::is_client);
        let start = |(record, rebuilt): (_, &Result<_, _>)| match rebuilt {
            Ok(_) if of_client(record) => Ok(RewardCheck::NotChecked(Missing::Function)),
            _ => Ok(RewardCheck::None),
        };
        let mut results: Vec<_> = records.iter().zip(rebuilt).map(start).collect();
        for call in calls {
            let scored = self.run(records, call);
            for index in call.members.iter().filter(|index| rebuilt[**index].is_ok()) {
                results[*index] = match &scored {
                    Err(missing) => Ok(RewardCheck::NotChecked(*missing)),
                    Ok(scored) if is_same(scored, &records[*index]) => Ok(RewardCheck::Same),
                    Ok(_) => Err(Finding::RewardDiffers),
                };
            }
        }
        results
    }

    /// Runs one call again, with all its samples.
    fn run(&self, records: &[RolloutRecord], call: &Call) -> Result<Vec<Scored>, Missing> {
        let receipt = receipt(&records[call.members[0]]).ok_or(Missing::Engine)?;
        if !is_this_engine(&receipt) {
            return Err(Missing::Engine);
        }
        let given = call.given.as_ref().ok_or(Missing::Group)?;
        let module = self.0.find(&receipt).ok_or(Missing::Module)?;
        let record = &records[given.asked_by];
        let inputs = record.reward_inputs.as_ref().ok_or(Missing::Group)?;
        let asked = Asked {
            custom_id: &record.custom_id,
            prompt_text: record.prompt_text.as_deref(),
            prompt_ids: &record.prompt_ids,
            inputs,
            task: &call.task,
        };
        let samples: Vec<Sample> = given.answers.iter().map(|index| sample(&records[*index])).collect();
        let limits = reward_call::limits(&inputs.limits);
        self.0.score(Tenant::SELF, &module, &asked.task(), &samples, &limits).map_err(|error| {
            tracing::warn!(error = &error as &dyn std::error::Error, "a reward function did not run");
            Missing::Machine
        })
    }
}

/// The sandbox's own reading of a receipt that was found to be one.
fn receipt(record: &RolloutRecord) -> Option<Receipt> {
    serde_json::from_value(record.reward_receipt.as_ref()?.receipt.clone()).ok()
}

fn sample(record: &RolloutRecord) -> Sample {
    reward_call::sample(&record.completion_text, &record.completion_ids, record.finish_reason)
}

/// The same receipt, and what the record says is this sample's share of it.
fn is_same(scored: &[Scored], record: &RolloutRecord) -> bool {
    // a call of its own has one result, whichever sample of the group it was
    let share = if scored.len() == 1 { 0 } else { record.sample_index as usize };
    let Some(scored) = scored.get(share) else { return false };
    let hash = record.reward_receipt.as_ref().map(|signed| signed.receipt_hash);
    let shown = match &scored.score {
        Some(score) => {
            let components: BTreeMap<&str, u64> =
                score.components.iter().map(|(name, value)| (name.as_str(), value.to_bits())).collect();
            let said = record.reward_components.iter();
            record.reward.map(f64::to_bits) == Some(score.reward.to_bits())
                && components == said.map(|(name, value)| (name.as_str(), value.to_bits())).collect()
        }
        // that a failed call gave no reward, or 0 if the job wanted it so, is checked with the receipt
        None => record.reward_components.is_empty(),
    };
    hash == Some(scored.receipt.hash()) && shown
}
