//! Runs a reward function again and compares: same module, input and limits give the same receipt, bit for bit.
//!
//! A file does not hold everything that went in: the module, the prompt's reference and metadata, and the limits are the
//! customer's. What is not at hand makes a reward "not checked", which is no fault of the file.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context as _, anyhow};
use grail::chain::Finish;
use protocol::rollout::{Rebuilt, RewardReceipt, RolloutRecord};
use sandbox::{ContentHash, Limits, Receipt, Reward, Sandbox, Scored, Settings, World};

use super::findings::Finding;
use super::prompts::{Inputs, Prompts};

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
    /// No module with the receipt's hash.
    Module,
    /// It ran with other limits than were given.
    Limits,
    /// It ran on another version of the sandbox.
    Engine,
    /// The prompt's reference or metadata.
    Prompt,
    /// The function saw the whole group, and not all of it is in the file.
    Group,
    /// This machine could not run it to its end.
    Machine,
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Module => "module",
            Self::Limits => "limits",
            Self::Engine => "engine",
            Self::Prompt => "prompt",
            Self::Group => "group",
            Self::Machine => "machine",
        })
    }
}

/// Where to find what a reward was computed from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RewardSources {
    /// Reward modules as they were uploaded; the built-in ones are there already.
    pub modules: Vec<PathBuf>,
    /// The job's prompts.
    pub prompts: Option<PathBuf>,
    pub limits: Limits,
}

/// A sandbox with the modules and prompts that are at hand.
#[derive(Debug)]
pub(super) struct Rewards {
    sandbox: Sandbox,
    modules: HashMap<ContentHash, Vec<u8>>,
    compiled: Mutex<HashMap<ContentHash, Option<Arc<Reward>>>>,
    prompts: Prompts,
    limits: Limits,
}

/// Records that one call has scored.
type Part<'a> = Vec<(usize, &'a RolloutRecord, &'a Rebuilt)>;

impl Rewards {
    pub(super) fn open(sources: &RewardSources) -> anyhow::Result<Self> {
        let sandbox = Sandbox::new(Settings::default())?;
        let shipped = sandbox::BUILTINS.iter().map(|(_, module)| (ContentHash::of(module), module.to_vec()));
        let mut modules: HashMap<ContentHash, Vec<u8>> = shipped.collect();
        for path in &sources.modules {
            let bytes = std::fs::read(path).with_context(|| format!("read {}", path.display()))?;
            // a module that cannot be one is told at once
            sandbox.validate(&bytes).map_err(|rejection| anyhow!("{}: {rejection}", path.display()))?;
            modules.insert(ContentHash::of(&bytes), bytes);
        }
        let prompts = sources.prompts.as_deref().map(Prompts::read).transpose()?.unwrap_or_default();
        let compiled = Mutex::default();
        Ok(Self { sandbox, modules, compiled, prompts, limits: sources.limits })
    }

    /// One result per record, `None` where there is nothing to run: no receipt, or a record that does not hold.
    pub(super) fn check(
        &self,
        records: &[RolloutRecord],
        rebuilt: &[Result<Rebuilt, Finding>],
    ) -> Vec<Result<RewardCheck, Finding>> {
        let mut results = vec![Ok(RewardCheck::None); records.len()];
        let mut groups: BTreeMap<_, Part<'_>> = BTreeMap::new();
        for (index, (record, rebuilt)) in records.iter().zip(rebuilt).enumerate() {
            let (Ok(rebuilt), Some(signed)) = (rebuilt, &record.reward_receipt) else { continue };
            let member = (index, record, rebuilt);
            match receipt(signed) {
                Some(Receipt { world: World::RewardSimple, .. }) => results[index] = self.run(&[member]),
                Some(_) => groups.entry((rebuilt.task.id(), signed.receipt_hash)).or_default().push(member),
                None => results[index] = Err(Finding::RewardMismatch),
            }
        }
        for mut part in groups.into_values() {
            part.sort_by_key(|(_, record, _)| record.sample_index);
            part.dedup_by_key(|(_, record, _)| record.sample_index);
            let is_whole = part.len() == part[0].1.group.size as usize;
            let result = if is_whole { self.run(&part) } else { Ok(RewardCheck::NotChecked(Missing::Group)) };
            for (index, ..) in part {
                results[index] = result;
            }
        }
        results
    }

    /// Runs one call again, with all its samples.
    fn run(&self, part: &[(usize, &RolloutRecord, &Rebuilt)]) -> Result<RewardCheck, Finding> {
        let (_, first, Rebuilt { task, .. }) = part[0];
        let signed = first.reward_receipt.as_ref().ok_or(Finding::RewardMismatch)?;
        let receipt = receipt(signed).ok_or(Finding::RewardMismatch)?;
        let missing = |what| Ok(RewardCheck::NotChecked(what));
        let Some(reward) = self.module(receipt.upload_sha256) else { return missing(Missing::Module) };
        if receipt.engine.limits_hash != self.limits.hash() {
            return missing(Missing::Limits);
        }
        let is_this_engine = receipt.engine.wasmtime.to_string() == sandbox::WASMTIME
            && receipt.engine.config_hash == sandbox::config_hash();
        if !is_this_engine {
            return missing(Missing::Engine);
        }
        let [a, b, c, d, e, f, g, h, ..] = task.id();
        let seed = u64::from_be_bytes([a, b, c, d, e, f, g, h]);
        let samples: Vec<_> = part.iter().map(|(_, record, _)| sample(record)).collect();
        let known = self.prompts.of(&first.custom_id);
        let asked = sandbox_task(first, known.unwrap_or(Inputs::NONE), seed);
        if sandbox::input_hash(&asked, &samples) != receipt.input_hash {
            // the customer's own words were not what the function saw; or we do not have them
            return if known.is_some() { Err(Finding::RewardInputs) } else { missing(Missing::Prompt) };
        }
        let Ok(scored) = self.sandbox.score(&reward, &asked, &samples, &self.limits) else {
            return missing(Missing::Machine);
        };
        let is_same = scored.iter().zip(part).all(|(scored, (_, record, _))| is_same(scored, record));
        if is_same { Ok(RewardCheck::Same) } else { Err(Finding::RewardDiffers) }
    }

    /// The compiled module of an upload, if it is at hand and still a module.
    fn module(&self, upload: ContentHash) -> Option<Arc<Reward>> {
        let bytes = self.modules.get(&upload)?;
        let mut compiled = self.compiled.lock().unwrap_or_else(PoisonError::into_inner);
        let compile = || self.sandbox.compile(&self.sandbox.validate(bytes).ok()?).ok();
        compiled.entry(upload).or_insert_with(compile).clone()
    }
}

fn receipt(signed: &RewardReceipt) -> Option<Receipt> {
    serde_json::from_value(signed.receipt.clone()).ok()
}

fn sandbox_task(record: &RolloutRecord, inputs: Inputs<'_>, seed: u64) -> sandbox::Task {
    sandbox::Task {
        id: record.custom_id.clone(),
        prompt: record.prompt_text.clone().unwrap_or_default(),
        prompt_token_ids: record.prompt_ids.clone(),
        reference: inputs.reference.to_owned(),
        metadata: inputs.metadata.to_owned(),
        seed,
    }
}

fn sample(record: &RolloutRecord) -> sandbox::Sample {
    sandbox::Sample {
        text: record.completion_text.clone(),
        token_ids: record.completion_ids.clone(),
        finish: match record.finish_reason {
            Finish::Stop => sandbox::Finish::Stop,
            Finish::Length => sandbox::Finish::Length,
        },
    }
}

/// The same receipt, and what the record says is this sample's share of it.
fn is_same(scored: &Scored, record: &RolloutRecord) -> bool {
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
