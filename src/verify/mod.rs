//! The offline verifier: re-checks a delivered file with the checkpoint alone. No service, no network, no secret.
//!
//! Level `signatures` needs no model: chain, signatures, receipts, Merkle paths, and advantages where the group is whole. Level `reward` runs the reward functions
//! again. Level `full` (the default) adds one packed prefill per group and compares every state, log-prob and draw.

mod advantages;
mod calls;
mod command;
mod findings;
mod groups;
mod manifest;
mod model;
mod report;
mod rewards;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};
use checkpoint::Checkpoint;
use engine::{Model, Options};
use grail::RejectReason;
use grail::check::Rules;
use grail::profile::{EngineClass, Profile};
use grail::standard::Standard;
use protocol::BundledModule;
use protocol::rollout::{Rebuilt, RolloutRecord};

pub use advantages::{AdvantageCheck, Lacking};
pub use command::{Arguments, run};
pub use findings::Finding;
pub use manifest::{ManifestFinding, ManifestReport, Manifests};
pub use report::Report;
use rewards::Rewards;
pub use rewards::{Missing, RewardCheck};

/// How much is re-checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub enum Level {
    /// Everything but the model and the reward function: milliseconds. The checkpoint's weights may be missing.
    Signatures,
    /// The same, and the reward function runs again.
    Reward,
    /// The same, and every token against the model.
    Full,
}

/// What was found about one record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verdict {
    /// `None` is a pass.
    pub finding: Option<Finding>,
    pub reward: RewardCheck,
    pub advantage: AdvantageCheck,
}

/// An opened checkpoint, ready to judge records.
#[derive(Debug)]
pub struct Verifier {
    checkpoint: Checkpoint,
    model: Option<Model>,
    /// Class `exact`, and the calibrated ones whose documents are at hand.
    standards: Vec<Standard>,
    rewards: Option<Rewards>,
    allow_test: bool,
}

impl Verifier {
    pub fn open(dir: &Path, level: Level, threads: usize) -> anyhow::Result<Self> {
        Self::of(Checkpoint::open(dir)?, level, threads, &[])
    }

    /// A verifier that knows these calibrated profiles, too.
    pub fn of(
        checkpoint: Checkpoint,
        level: Level,
        threads: usize,
        calibrations: &[PathBuf],
    ) -> anyhow::Result<Self> {
        let options = Options { threads, ..Options::default() };
        let model = (level >= Level::Full).then(|| Model::load(&checkpoint, options)).transpose()?;
        let rewards = (level >= Level::Reward).then(Rewards::open).transpose()?;
        let mut standards = vec![Standard::exact(engine::numerics_id())];
        for path in calibrations {
            let document = std::fs::read(path).with_context(|| format!("{}", path.display()))?;
            let standard = Standard::calibrated(&document).with_context(|| format!("{}", path.display()))?;
            let hidden_size = checkpoint.config.hidden_size;
            ensure!(
                standard.fits(&checkpoint.id, hidden_size, engine::numerics_id()),
                "{} is for another checkpoint or another engine",
                path.display()
            );
            standards.push(standard);
        }
        Ok(Self { checkpoint, model, standards, rewards, allow_test: false })
    }

    /// Takes rollouts of test jobs for what they are: all of it is checked but the model, which never ran.
    #[must_use]
    pub fn allowing_test(self, allow_test: bool) -> Self {
        Self { allow_test, ..self }
    }

    /// Takes in a reward module that came with the rollouts, for those that follow.
    pub fn learn(&self, module: &BundledModule) -> anyhow::Result<()> {
        self.rewards.as_ref().map_or(Ok(()), |rewards| rewards.learn(module))
    }

    pub fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// One finding per record, in order; `None` is a pass.
    pub fn verify(&self, records: &[RolloutRecord], service_key: &[u8; 32]) -> Vec<Option<Finding>> {
        self.judge(records, service_key).into_iter().map(|verdict| verdict.finding).collect()
    }

    /// One verdict per record, in order. Records of one group share the prefill of their prompt, and the call of a reward
    /// function that sees the whole group.
    pub fn judge(&self, records: &[RolloutRecord], service_key: &[u8; 32]) -> Vec<Verdict> {
        let mut rebuilt: Vec<Result<Rebuilt, Finding>> =
            records.iter().map(|record| self.without_model(record, service_key)).collect();
        let calls = calls::of(records, &mut rebuilt);
        let mut rewards = vec![RewardCheck::None; records.len()];
        if let Some(functions) = &self.rewards {
            for (index, result) in functions.check(records, &rebuilt, &calls).into_iter().enumerate() {
                match result {
                    Ok(check) => rewards[index] = check,
                    Err(finding) => rebuilt[index] = Err(finding),
                }
            }
        }
        let mut advantages = vec![AdvantageCheck::None; records.len()];
        for (index, result) in advantages::check(records, &rebuilt).into_iter().enumerate() {
            match result {
                Ok(check) => advantages[index] = check,
                Err(finding) => rebuilt[index] = Err(finding),
            }
        }
        let findings = self.against_model(records, &rebuilt).into_iter();
        let checks = rewards.into_iter().zip(advantages);
        findings
            .zip(checks)
            .map(|(finding, (reward, advantage))| Verdict { finding, reward, advantage })
            .collect()
    }

    /// What is found already, or else by the model.
    fn against_model(
        &self,
        records: &[RolloutRecord],
        rebuilt: &[Result<Rebuilt, Finding>],
    ) -> Vec<Option<Finding>> {
        let mut findings: Vec<Option<Finding>> =
            rebuilt.iter().map(|result| result.as_ref().err().copied()).collect();
        let Some(model) = &self.model else { return findings };
        let mut groups: BTreeMap<_, Vec<usize>> = BTreeMap::new();
        for (index, record) in records.iter().enumerate() {
            if rebuilt[index].is_ok() && record.is_live() {
                // what the prefill of a group depends on; a forged record must not borrow its neighbours' prompt
                let key = (record.job_id, record.prompt_index, record.prompt_ids.clone());
                groups.entry(key).or_default().push(index);
            }
        }
        for members in groups.values() {
            let parts: Vec<(&RolloutRecord, &Rebuilt)> = members
                .iter()
                .filter_map(|index| rebuilt[*index].as_ref().ok().map(|r| (&records[*index], r)))
                .collect();
            for (index, finding) in members.iter().zip(model::check(model, &self.standards, &parts)) {
                findings[*index] = finding;
            }
        }
        findings
    }

    /// Level L0 and everything in the record that another field determines.
    fn without_model(&self, record: &RolloutRecord, service_key: &[u8; 32]) -> Result<Rebuilt, Finding> {
        let config = &self.checkpoint.config;
        if !record.is_live() && !self.allow_test {
            return Err(Finding::TestRollout);
        }
        if record.proof.checkpoint_id != self.checkpoint.id {
            return Err(RejectReason::WrongCheckpoint.into());
        }
        if !self.knows(&record.proof.profile) {
            return Err(RejectReason::WrongProfile.into());
        }
        let context = config.max_position_embeddings;
        if record.prompt_ids.is_empty() || record.prompt_ids.len() + record.completion_ids.len() > context {
            return Err(RejectReason::OutOfRange.into());
        }
        let rules = Rules { vocab_size: config.vocab_size as u32, eos: &config.eos_token_ids };
        let rebuilt = record.check(&rules, service_key)?;
        self.texts(record)?;
        findings::reward(record, &rebuilt)?;
        Ok(rebuilt)
    }

    /// A calibrated profile's document is needed for the model check alone.
    fn knows(&self, profile: &Profile) -> bool {
        match profile.engine_class {
            EngineClass::Calibrated { .. } if self.model.is_none() => {
                profile.numerics == engine::numerics_id()
            }
            EngineClass::Test => true, // it was allowed
            _ => self.standards.iter().any(|standard| standard.profile() == profile),
        }
    }

    fn texts(&self, record: &RolloutRecord) -> Result<(), Finding> {
        let tokenizer = &self.checkpoint.tokenizer;
        if let Some(text) = &record.prompt_text {
            // the record does not say whether the text was a raw prompt or rendered from messages; a tokenizer that puts
            // special tokens around a text does so for the first only
            let fits = |ids: Result<Vec<u32>, _>| ids.is_ok_and(|ids| ids == record.prompt_ids);
            if !fits(tokenizer.encode(text)) && !fits(tokenizer.encode_rendered(text)) {
                return Err(Finding::TextMismatch);
            }
        }
        match tokenizer.decode(&record.completion_ids) {
            Ok(text) if text == record.completion_text => Ok(()),
            _ => Err(Finding::TextMismatch),
        }
    }
}
