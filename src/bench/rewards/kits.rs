//! The authoring kits, each loaded into this process as a run child loads them into its own.

use std::hint::black_box;
use std::path::Path;

use anyhow::{Context as _, ensure};
use sandbox::{Asked, Limits, Loaded, Module, NativeCode, Outcome, Ran, Runner, WasiProfile};
use supervisor::Supervisor;

use super::contest::Contender;
use super::rows::{Call, GROUP, Group, calls};

pub(super) const C: &[u8] = include_bytes!("../../../sandbox/guests/c/gsm8k.wasm");
pub(super) const ASSEMBLYSCRIPT: &[u8] = include_bytes!("../../../sandbox/guests/assemblyscript/gsm8k.wasm");
pub(super) const RUST: &[u8] = include_bytes!("../../../sandbox/guests/rust/gsm8k.wasm");

/// One kit's module, ready to be called.
#[derive(Debug)]
pub(super) struct Kit {
    pub(super) name: &'static str,
    pub(super) module: Module,
    loaded: Loaded,
    /// Samples of one call.
    at_a_time: usize,
}

impl Kit {
    /// The committed module, or one that was built.
    pub(super) fn load(
        name: &'static str,
        upload: &[u8],
        supervisor: &Supervisor,
        runner: &Runner,
    ) -> anyhow::Result<Self> {
        let module = supervisor.validate(upload, WasiProfile::None)?;
        let code = supervisor.code(&module)?;
        let loaded = runner.load(&NativeCode::vouched(&code), module.world(), module.info().wasi)?;
        // an interpreter's start is paid once for a group
        let at_a_time = if name == "python" { GROUP } else { 1 };
        Ok(Self { name, module, loaded, at_a_time })
    }

    pub(super) fn load_file(
        name: &'static str,
        file: &Path,
        supervisor: &Supervisor,
        runner: &Runner,
    ) -> anyhow::Result<Self> {
        let upload = std::fs::read(file).with_context(|| format!("read {}", file.display()))?;
        Self::load(name, &upload, supervisor, runner).with_context(|| file.display().to_string())
    }

    /// Its rewards are native Rust's, bit for bit: what is measured is the same work.
    pub(super) fn agrees(&self, runner: &Runner, groups: &[Group], wanted: &[f64]) -> anyhow::Result<()> {
        let mut rewards = Vec::with_capacity(wanted.len());
        for (task, samples) in calls(groups, GROUP) {
            for ran in self.run(runner, (task, samples))? {
                rewards.extend(ran.scores.iter().map(|score| score.reward));
            }
        }
        same(self.name, &rewards, wanted)
    }

    /// The run alone: an instance, the call, its end. No receipt, which the peers do not make either.
    pub(super) fn contender<'a>(&'a self, runner: &'a Runner, groups: &'a [Group]) -> Contender<'a> {
        let all = calls(groups, self.at_a_time);
        let mut next = 0;
        Contender::calling(self.name, 1, move || {
            let call = all[next % all.len()];
            next += 1;
            black_box(self.run(runner, call)?);
            Ok(call.1.len())
        })
    }

    /// Everything that the run child and its parent do for a group, in this process.
    pub(super) fn grade(&self, runner: &Runner, call: Call<'_>) -> anyhow::Result<()> {
        let (task, samples) = call;
        let ran = self.run(runner, call)?;
        let scored =
            Asked::of(self.module.world(), task, samples).grade(self.module.info(), &Limits::default(), ran);
        black_box(scored).context("the runner answers what it was asked")?;
        Ok(())
    }

    fn run(&self, runner: &Runner, (task, samples): Call<'_>) -> anyhow::Result<Vec<Ran>> {
        let ran = runner.run(&self.loaded, task, samples, &Limits::default())?;
        if let Some(failed) = ran.iter().find(|ran| ran.outcome != Outcome::Ok) {
            anyhow::bail!(
                "{} ended as {}: {}",
                self.name,
                failed.outcome,
                failed.detail.as_deref().unwrap_or("-")
            );
        }
        Ok(ran)
    }
}

/// Fails when a contender does other work than the rest.
pub(super) fn same(name: &str, rewards: &[f64], wanted: &[f64]) -> anyhow::Result<()> {
    ensure!(rewards.len() == wanted.len(), "{name} gave {} rewards for {}", rewards.len(), wanted.len());
    for (row, (given, wanted)) in rewards.iter().zip(wanted).enumerate() {
        ensure!(given.to_bits() == wanted.to_bits(), "{name} gives row {row} {given} instead of {wanted}");
    }
    Ok(())
}
