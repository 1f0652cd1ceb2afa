//! `reliquary calibrate`: measures a calibrated profile's document and writes it, unless its controls get through.

use std::fmt::Write as _;
use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use calibration::{Arithmetic, Class, LENGTHS, Size, Study, Subject};
use foreign::Numerics;
use grail::calibration::{Calibration, Sampler};
use indicatif::{ProgressBar, ProgressStyle};

use crate::cli;
use crate::config::Config;
use crate::up;

/// What is measured, shared with `bench proof`.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Inputs {
    /// Folder of the checkpoint; by default the one that the service sells.
    #[arg(long)]
    checkpoint: Option<PathBuf>,
    /// Folder of the checkpoint before it; by default the one of the configuration.
    #[arg(long)]
    previous: Option<PathBuf>,
    /// Weights of the same shape some training steps away: a folder with one folder per number of steps.
    #[arg(long, default_value = "models/arith-tiny/steps")]
    steps: PathBuf,
    /// Prompts, one JSON object with a `text` per line.
    #[arg(long, default_value = "models/arith-tiny/prompts.jsonl")]
    prompts: PathBuf,
    /// Threads of each engine.
    #[arg(long, default_value_t = 2)]
    threads: usize,
}

impl Inputs {
    pub(crate) fn checkpoint(&self, config: &Config) -> PathBuf {
        self.checkpoint.clone().unwrap_or_else(|| config.checkpoint.dir.clone())
    }

    pub(crate) fn open(&self, config: &Config) -> anyhow::Result<Subject> {
        let text =
            std::fs::read_to_string(&self.prompts).with_context(|| format!("{}", self.prompts.display()))?;
        let text_of = |line: &str| -> anyhow::Result<String> {
            let value: serde_json::Value = serde_json::from_str(line)?;
            Ok(value["text"].as_str().context("a prompt without text")?.to_owned())
        };
        let texts = text.lines().map(text_of).collect::<Result<Vec<_>, _>>();
        let texts = texts.with_context(|| format!("{}", self.prompts.display()))?;
        let previous = self.previous.clone().or_else(|| config.checkpoint.previous_dir.clone());
        let longest = LENGTHS[LENGTHS.len() - 1];
        let steps = steps(&self.steps)?;
        Ok(Subject::open(&self.checkpoint(config), previous, steps, &texts, self.threads, longest)?)
    }
}

/// The folders below `dir` whose names are numbers; none if there is no such folder.
fn steps(dir: &Path) -> anyhow::Result<Vec<(u32, PathBuf)>> {
    let mut found = Vec::new();
    if dir.is_dir() {
        for entry in std::fs::read_dir(dir)? {
            let path = entry?.path();
            if let Some(count) = path.file_name().and_then(|name| name.to_str()).and_then(|n| n.parse().ok())
            {
                found.push((count, path));
            }
        }
    }
    found.sort();
    Ok(found)
}

#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    inputs: Inputs,
    /// What the class's miners compute in.
    #[arg(long, value_enum, default_value_t = Dtype::Bf16)]
    class: Dtype,
    /// Components of a record's projection: 8 (14 bytes a token) or 16 (22 bytes).
    #[arg(long, default_value_t = 16)]
    k: u32,
    #[arg(long, default_value_t = 1.0)]
    temperature: f32,
    #[arg(long, default_value_t = 1.0)]
    top_p: f32,
    #[arg(long, default_value_t = 0)]
    top_k: u32,
    /// Honest rollouts that the limits are fitted to, per miner's engine.
    #[arg(long, default_value_t = 3_000)]
    fit: usize,
    /// Honest rollouts for the false-reject rate, per miner's engine.
    #[arg(long, default_value_t = 5_000)]
    honest: usize,
    /// Rollouts of each negative control.
    #[arg(long, default_value_t = 96)]
    controls: usize,
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Where the document is written.
    #[arg(long)]
    out: PathBuf,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Dtype {
    Bf16,
    F32,
}

pub(crate) fn run(arguments: &Arguments, config: &Config) -> anyhow::Result<ExitCode> {
    let few = [arguments.fit, arguments.honest, arguments.controls].contains(&0);
    ensure!(!few, "--fit, --honest and --controls must not be 0: a profile rests on all three");
    let subject = arguments.inputs.open(config)?;
    let miners: &[Numerics] = match arguments.class {
        Dtype::Bf16 => &[Numerics::BF16_EAGER, Numerics::BF16_TILED],
        Dtype::F32 => &[Numerics::F32_FOREIGN],
    };
    let class = Class {
        name: format!("{:?}", arguments.class).to_lowercase(),
        miners: miners.iter().copied().map(Arithmetic::Foreign).collect(),
        verifiers: vec![Arithmetic::Ours],
    };
    let Arguments { temperature, top_p, top_k, fit, honest, controls, seed, .. } = *arguments;
    let sampler = Sampler { temperature, top_p, top_k };
    let bar = progress();
    let tell = |what: &str, done: usize, total: usize| bar.tell(what, done, total);
    let findings =
        Study::new(&subject, class, Size { fit, honest, controls, seed }, sampler, &tell)?.run()?;
    bar.clear();
    let findings = findings.first().context("one verifier")?;
    let calibration = findings.calibrations.iter().find(|calibration| calibration.k == arguments.k);
    let calibration = calibration.context("--k is neither 8 nor 16")?;
    cli::print(&summary(calibration));
    let uncaught = findings.uncaught();
    if !uncaught.is_empty() {
        let cheats: Vec<String> =
            uncaught.iter().map(|row| format!("{} at {} tokens", row.cheat, row.tokens)).collect();
        bail!("no profile was written: it would let through {}", cheats.join(", "));
    }
    let document = calibration.to_bytes();
    let (_, profile) = Calibration::parse(&document)?;
    std::fs::write(&arguments.out, &document).with_context(|| format!("{}", arguments.out.display()))?;
    cli::print(&format!("{}: profile {}", arguments.out.display(), profile.id()));
    Ok(ExitCode::SUCCESS)
}

/// The controls and the false-reject rate, for a person.
fn summary(calibration: &Calibration) -> String {
    let mut out =
        format!("{:<30}{}\n", "caught", LENGTHS.map(|n| format!("{:>12}", format!("{n} tokens"))).concat());
    let mut cheats: Vec<&str> = calibration.controls.iter().map(|control| control.cheat.as_str()).collect();
    cheats.dedup();
    for cheat in cheats {
        let cells = LENGTHS.map(|n| {
            let control = calibration.controls.iter().find(|c| c.cheat == cheat && c.tokens as usize == n);
            control.map_or_else(String::new, |c| format!("{:>12.3}", c.detected as f64 / c.n.max(1) as f64))
        });
        let _ = writeln!(out, "{cheat:<30}{}", cells.concat());
    }
    let rate = calibration.false_rejects;
    let _ = write!(
        out,
        "false rejects: {} of {} (at most {:.1e} with 95 % confidence; fitted for {:.0e})",
        rate.rejected, rate.n, rate.upper95, rate.target
    );
    out
}

/// A bar on a terminal, elsewhere a line for each part that is done.
pub(crate) struct Bar {
    bar: ProgressBar,
    lines: bool,
}

pub(crate) fn progress() -> Bar {
    if !std::io::stderr().is_terminal() {
        return Bar { bar: ProgressBar::hidden(), lines: true };
    }
    let bar = ProgressBar::new(0);
    let style = "{elapsed_precise} {bar:30} {pos}/{len} {msg}";
    bar.set_style(ProgressStyle::with_template(style).unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar.enable_steady_tick(Duration::from_millis(200));
    Bar { bar, lines: false }
}

impl Bar {
    pub(crate) fn tell(&self, what: &str, done: usize, total: usize) {
        self.bar.set_length(total as u64);
        self.bar.set_position(done as u64);
        self.bar.set_message(what.to_owned());
        if self.lines && done == total {
            up::say(&format!("{what}: {total}"));
        }
    }

    pub(crate) fn clear(&self) {
        self.bar.finish_and_clear();
    }
}
