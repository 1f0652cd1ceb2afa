//! `reliquary reward`: tries a reward function on this machine, in the same children and under the same limits as the service.
//!
//! For its author: no account, no database, no network. What is signed and stored is the worker's affair.

mod bench;
mod check;
mod run;
mod samples;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use sandbox::{Limits, Module, WasiProfile};
use supervisor::{Error, Settings, Supervisor};

use self::samples::Line;
use crate::config::Config;
use crate::roles;

#[derive(Debug, Clone, clap::Subcommand)]
pub(crate) enum Command {
    /// Say whether the service would take a module, what it gives for samples, and what to know before using it.
    Check(Arguments),
    /// Score the samples; one JSON line for each.
    Run(Arguments),
    /// Calls per second of one core, with the fuel and the time that they take.
    Bench(Arguments),
}

#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Arguments {
    /// The module, as it would be uploaded.
    file: PathBuf,
    /// Completions to try it on, one JSON object a line: prompt, completion, reference, and perhaps metadata, token_ids,
    /// finish (stop, length, tool, other) and the reward that you expect.
    #[arg(long)]
    samples: Option<PathBuf>,
    /// What of WASI it may see: none or deterministic.
    #[arg(long, default_value = "none", value_parser = profile)]
    wasi: WasiProfile,
    /// Fuel per sample.
    #[arg(long, default_value_t = Limits::default().fuel_per_sample)]
    fuel: u64,
    /// Memory of one call, in bytes.
    #[arg(long, default_value_t = Limits::default().memory_bytes)]
    memory: u64,
    /// How often each sample runs. If not given: check 3, run 1, bench as often as two seconds allow.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    repeat: Option<u32>,
    /// Print one machine-readable line; `run` always prints one for each sample.
    #[arg(long)]
    json: bool,
}

fn profile(text: &str) -> Result<WasiProfile, String> {
    WasiProfile::parse(text).ok_or_else(|| "none or deterministic".to_owned())
}

/// 0: all is well. 1: the module is refused, not deterministic, or not what was expected. 2: nothing can be said.
pub(crate) fn run(command: &Command, config: &Config) -> ExitCode {
    match attempt(command, config) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(2)
        }
    }
}

fn attempt(command: &Command, config: &Config) -> anyhow::Result<ExitCode> {
    let (Command::Check(arguments) | Command::Run(arguments) | Command::Bench(arguments)) = command;
    let limits = arguments.limits()?;
    let lines = arguments.lines()?;
    if lines.is_empty() && !matches!(command, Command::Check(_)) {
        bail!("there is nothing to score: name a file of samples with --samples");
    }
    let upload = std::fs::read(&arguments.file)
        .with_context(|| format!("read the module {}", arguments.file.display()))?;
    let mut settings = Settings::new(roles::programs(config)?);
    settings.isolation = config.sandbox.isolation;
    let supervisor = Supervisor::start(settings).context("reward functions cannot be run here")?;
    let module = match supervisor.validate(&upload, arguments.wasi) {
        Ok(module) => module,
        Err(Error::Rejected(rejection)) => return Ok(check::refused(arguments, &rejection)),
        Err(error) => return Err(error.into()),
    };
    let trial = Trying { supervisor: &supervisor, module: &module, limits, lines: &lines, arguments };
    match command {
        Command::Check(_) => check::check(&trial),
        Command::Run(_) => run::run(&trial),
        Command::Bench(_) => bench::bench(&trial),
    }
}

/// A module that was taken, and what it is tried on.
#[derive(Debug, Clone, Copy)]
struct Trying<'a> {
    supervisor: &'a Supervisor,
    module: &'a Module,
    limits: Limits,
    lines: &'a [Line],
    arguments: &'a Arguments,
}

impl Arguments {
    fn limits(&self) -> anyhow::Result<Limits> {
        let limits = Limits { fuel_per_sample: self.fuel, memory_bytes: self.memory, ..Limits::default() };
        if let Err(wrong) = limits.validate() {
            let wrong: Vec<String> = wrong.iter().map(ToString::to_string).collect();
            bail!("{}", wrong.join("; "));
        }
        Ok(limits)
    }

    fn lines(&self) -> anyhow::Result<Vec<Line>> {
        let Some(path) = &self.samples else { return Ok(Vec::new()) };
        let text =
            std::fs::read_to_string(path).with_context(|| format!("read the samples {}", path.display()))?;
        samples::read(&text).with_context(|| format!("the samples {}", path.display()))
    }
}
