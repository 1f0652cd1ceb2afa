//! `reliquary reward run`: the samples' scores, a JSON line each, for other programs to read.

use std::io::{self, Write as _};
use std::process::ExitCode;

use anyhow::Context as _;
use serde::Serialize;
use supervisor::{SampleReport, Tenant};

use super::Trying;
#[derive(Serialize)]
struct Scored<'a> {
    line: usize,
    #[serde(flatten)]
    report: &'a SampleReport,
    /// Names input, module, limits and outcome: the same on every machine.
    receipt_hash: String,
    expect: Option<f64>,
    as_expected: Option<bool>,
}

pub(super) fn run(trying: &Trying<'_>) -> anyhow::Result<ExitCode> {
    let mut all_met = true;
    for _ in 0..trying.arguments.repeat.unwrap_or(1) {
        for line in trying.lines {
            let scored = trying
                .supervisor
                .score(
                    Tenant::SELF,
                    trying.module,
                    &line.trial.task,
                    std::slice::from_ref(&line.trial.sample),
                    &trying.limits,
                )
                .with_context(|| format!("line {}", line.number))?;
            let scored = scored.first().context("no answer for the sample")?;
            let report = SampleReport::from(scored);
            let as_expected = line.met(report.score);
            all_met &= as_expected != Some(false);
            let said = serde_json::to_string(&Scored {
                line: line.number,
                report: &report,
                receipt_hash: hex::encode(scored.receipt.hash()),
                expect: line.expect,
                as_expected,
            })?;
            match writeln!(io::stdout(), "{said}") {
                // whoever reads has read enough
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(ExitCode::SUCCESS),
                written => written?,
            }
        }
    }
    Ok(if all_met { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
