//! `reliquary bench proof`: how often each cheat is caught, by our scheme and by others, on the same rollouts.
//!
//! Writes `proof-table.md` and `proof-table.svg`. Everything is measured in this run, from seeds; what misses the goal is
//! printed as it is.

mod report;
mod speed;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use calibration::{Arithmetic, Class, ExactFindings, Findings, Size, Study};
use foreign::Numerics;
use grail::calibration::Sampler;

use crate::calibrate::{Inputs, progress};
use crate::cli;
use crate::config::Config;

#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    inputs: Inputs,
    /// Honest rollouts that the limits are fitted to, per pair of engines.
    #[arg(long, default_value_t = 3_000)]
    fit: usize,
    /// Honest rollouts for the false-reject rate, per pair of engines.
    #[arg(long, default_value_t = 5_000)]
    honest: usize,
    /// Rollouts of each cheat; a third of them have 512 tokens, the others 128.
    #[arg(long, default_value_t = 192)]
    controls: usize,
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Print one machine-readable line.
    #[arg(long)]
    json: bool,
    /// Where `proof-table.md` and `proof-table.svg` are written.
    #[arg(long, default_value = "docs")]
    out: PathBuf,
}

/// Everything that was measured.
struct Results {
    size: Size,
    exact: ExactFindings,
    findings: Vec<Findings>,
    speed: speed::Speed,
}

/// Log-probs are raw and nothing is cut off: the sampler that the service's jobs default to.
const SAMPLER: Sampler = Sampler { temperature: 1.0, top_p: 1.0, top_k: 0 };

pub(crate) fn run(arguments: &Arguments, config: &Config) -> anyhow::Result<ExitCode> {
    let subject = arguments.inputs.open(config)?;
    let size = Size {
        fit: arguments.fit,
        honest: arguments.honest,
        controls: arguments.controls,
        seed: arguments.seed,
    };
    let bar = progress();
    let tell = |what: &str, done: usize, total: usize| bar.tell(what, done, total);
    let mut findings = Vec::new();
    for class in classes() {
        let found = Study::new(&subject, class, size, SAMPLER, &tell)?.run()?;
        findings.extend(found);
    }
    let class = Class { name: "exact".to_owned(), miners: vec![Arithmetic::Ours], verifiers: Vec::new() };
    let exact = Study::new(&subject, class, size, SAMPLER, &tell)?.exact()?;
    bar.clear();
    let speed = speed::measure(config, &arguments.inputs.checkpoint(config))?;
    let results = Results { size, exact, findings, speed };
    std::fs::create_dir_all(&arguments.out).with_context(|| format!("{}", arguments.out.display()))?;
    std::fs::write(arguments.out.join("proof-table.md"), report::document(&results))?;
    std::fs::write(arguments.out.join("proof-table.svg"), report::picture(&results))?;
    cli::print(&if arguments.json { report::json(&results) } else { report::terminal(&results) });
    Ok(ExitCode::SUCCESS)
}

/// The declared classes: bf16 miners judged by our f32 engine, one bf16 kernel judged by another, and f32 miners.
fn classes() -> Vec<Class> {
    let foreign = Arithmetic::Foreign;
    let class = |name: &str, miners: &[Numerics], verifier| Class {
        name: name.to_owned(),
        miners: miners.iter().copied().map(foreign).collect(),
        verifiers: vec![verifier],
    };
    vec![
        class("bf16 by f32", &[Numerics::BF16_EAGER, Numerics::BF16_TILED], Arithmetic::Ours),
        class("bf16 by bf16", &[Numerics::BF16_TILED], foreign(Numerics::BF16_EAGER)),
        class("f32 by f32", &[Numerics::F32_FOREIGN], Arithmetic::Ours),
    ]
}
