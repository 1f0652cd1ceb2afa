//! The offline verifier: re-checks a delivered file with the checkpoint alone. No service, no network, no secret.
//!
//! Level `signatures` needs no model: it is `protocol::offline`, which the customers' client runs, too. Level `reward` runs the reward functions
//! again. Level `full` (the default) adds one packed prefill per group and compares every state, log-prob and draw.

mod command;
mod model;
mod report;
mod rewards;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};
use checkpoint::Checkpoint;
use engine::{Model, Options};
use grail::check::Rules;
use grail::ids::CheckpointId;
use grail::profile::{EngineClass, Profile};
use grail::standard::Standard;
use protocol::offline::{self, Basis, Call, Judged};
pub use protocol::offline::{AdvantageCheck, Finding, Lacking, ManifestFinding, ManifestReport, Manifests};
use protocol::rollout::{Rebuilt, RolloutRecord};
use protocol::{BundledModule, Message};

pub use command::{Arguments, run};
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

    /// One finding per record, in order; `None` is a pass. Any of the keys may have signed.
    pub fn verify(&self, records: &[RolloutRecord], service_keys: &[[u8; 32]]) -> Vec<Option<Finding>> {
        self.judge(records, service_keys).into_iter().map(|verdict| verdict.finding).collect()
    }

    /// One verdict per record, in order. Records of one group share the prefill of their prompt, and the call of a reward
    /// function that sees the whole group.
    pub fn judge(&self, records: &[RolloutRecord], service_keys: &[[u8; 32]]) -> Vec<Verdict> {
        let mut rewards = vec![RewardCheck::None; records.len()];
        let judged = offline::judge(self, records, service_keys, |rebuilt, calls| {
            self.run_rewards(records, rebuilt, calls, &mut rewards)
        });
        let (rebuilt, advantages): (Vec<_>, Vec<_>) =
            judged.into_iter().map(|Judged { rebuilt, advantage }| (rebuilt, advantage)).unzip();
        let findings = self.against_model(records, &rebuilt).into_iter();
        let checks = rewards.into_iter().zip(advantages);
        findings
            .zip(checks)
            .map(|(finding, (reward, advantage))| Verdict { finding, reward, advantage })
            .collect()
    }

    /// Runs reward functions again, at a level that does.
    fn run_rewards(
        &self,
        records: &[RolloutRecord],
        rebuilt: &[Result<Rebuilt, Finding>],
        calls: &[Call],
        checks: &mut [RewardCheck],
    ) -> Vec<Option<Finding>> {
        let Some(functions) = &self.rewards else { return Vec::new() };
        let results = functions.check(records, rebuilt, calls).into_iter();
        let note = |(check, result): (&mut RewardCheck, Result<RewardCheck, Finding>)| match result {
            Ok(done) => {
                *check = done;
                None
            }
            Err(finding) => Some(finding),
        };
        checks.iter_mut().zip(results).map(note).collect()
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
}

impl Basis for Verifier {
    fn checkpoint(&self) -> CheckpointId {
        self.checkpoint.id
    }

    fn rules(&self) -> Rules<'_> {
        let config = &self.checkpoint.config;
        Rules { vocab_size: config.vocab_size as u32, eos: &config.eos_token_ids }
    }

    fn context(&self) -> usize {
        self.checkpoint.config.max_position_embeddings
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

    fn allows_test(&self) -> bool {
        self.allow_test
    }

    fn is_prompt(&self, text: &str, ids: &[u32]) -> bool {
        self.checkpoint.tokenizer.is_prompt(text, ids)
    }

    fn is_conversation(&self, messages: &[Message], text: &str) -> bool {
        self.checkpoint.tokenizer.is_conversation(messages, text)
    }

    fn is_completion(&self, text: &str, ids: &[u32]) -> bool {
        self.checkpoint.tokenizer.is_completion(text, ids)
    }
}
