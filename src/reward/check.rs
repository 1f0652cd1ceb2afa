//! `reliquary reward check`: what the service would say to an upload, and what its author should know, as a page of text.

use std::fmt::Write as _;
use std::process::ExitCode;

use anyhow::{Context as _, ensure};
use sandbox::{Outcome, Rejection};
use serde_json::json;
use supervisor::{Examination, MAX_REPEAT, MAX_TRIALS, Report, SampleReport, Tenant, examine};

use super::samples::Line;
use super::{Arguments, Trying};
use crate::cli;

const REPEAT: u32 = 3;

/// A refusal is an answer too.
pub(super) fn refused(arguments: &Arguments, rejection: &Rejection) -> ExitCode {
    let Rejection { code, message } = rejection;
    cli::print(&if arguments.json {
        let rejection = json!({ "code": code, "message": message, "hint": code.hint() });
        json!({ "ok": false, "accepted": false, "rejection": rejection }).to_string()
    } else {
        let (file, message) = (arguments.file.display(), plain(message));
        format!("{file} is refused\n  code     {code}\n  reason   {message}\n  what to do  {}", code.hint())
    });
    ExitCode::FAILURE
}

pub(super) fn check(trying: &Trying<'_>) -> anyhow::Result<ExitCode> {
    let lines = trying.lines;
    ensure!(
        lines.len() <= MAX_TRIALS,
        "{} samples; check takes at most {MAX_TRIALS}, and run any number",
        lines.len()
    );
    let repeat = trying.arguments.repeat.unwrap_or(REPEAT);
    ensure!(repeat <= MAX_REPEAT, "--repeat is {repeat}; check repeats at most {MAX_REPEAT} times");
    let trials = lines.iter().map(|line| line.trial.clone()).collect();
    let examination = Examination { trials, repeat, limits: trying.limits };
    let report = examine(trying.supervisor, Tenant::SELF, trying.module, &examination)?;
    ensure!(
        report.samples.len() == lines.len(),
        "{} of {} samples came back",
        report.samples.len(),
        lines.len()
    );
    let verdict = Verdict::of(&report, lines);
    cli::print(&if trying.arguments.json {
        json(trying, &report, &verdict)?
    } else {
        text(trying, &report, &verdict)?
    });
    Ok(if verdict.is_good() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

struct Verdict {
    /// Line by line: whether the reward is what was expected.
    met: Vec<Option<bool>>,
    agreed: bool,
}

impl Verdict {
    fn of(report: &Report, lines: &[Line]) -> Self {
        let met = lines.iter().zip(&report.samples).map(|(line, sample)| line.met(sample.score)).collect();
        Self { met, agreed: report.determinism.agreed }
    }

    fn missed(&self) -> usize {
        self.met.iter().filter(|met| **met == Some(false)).count()
    }

    fn is_good(&self) -> bool {
        self.agreed && self.missed() == 0
    }
}

fn json(trying: &Trying<'_>, report: &Report, verdict: &Verdict) -> anyhow::Result<String> {
    let expected: Vec<_> = (trying.lines.iter().zip(&verdict.met))
        .filter_map(|(line, met)| Some(json!({ "line": line.number, "expect": line.expect, "ok": (*met)? })))
        .collect();
    Ok(serde_json::to_string(&json!({
        "ok": verdict.is_good(),
        "accepted": true,
        "module": trying.module.info(),
        "limits": trying.limits,
        "engine": sandbox::WASMTIME,
        "report": report,
        "expected": expected,
    }))?)
}

fn text(trying: &Trying<'_>, report: &Report, verdict: &Verdict) -> anyhow::Result<String> {
    let mut out = String::new();
    heading(&mut out, trying)?;
    if trying.lines.is_empty() {
        writeln!(out, "\nno samples were given (--samples FILE): nothing is known of its rewards")?;
    } else {
        out.push('\n');
        table(&mut out, trying.lines, report, verdict)?;
    }
    out.push('\n');
    ending(&mut out, report, verdict).context("write the report")?;
    Ok(out)
}

fn heading(out: &mut String, trying: &Trying<'_>) -> std::fmt::Result {
    let (info, limits) = (trying.module.info(), &trying.limits);
    writeln!(out, "{} is accepted", trying.arguments.file.display())?;
    writeln!(out, "  world        {}, WASI profile {}", info.world, info.wasi.as_str())?;
    writeln!(out, "  upload       {} bytes, sha256 {}", thousands(info.upload_bytes), info.upload_sha256)?;
    writeln!(
        out,
        "  component    {} bytes, sha256 {}",
        thousands(info.component_bytes),
        info.component_sha256
    )?;
    let (fuel, memory) = (thousands(limits.fuel_per_sample), thousands(limits.memory_bytes));
    writeln!(out, "  limits       {fuel} fuel a sample, {memory} bytes of memory a call")?;
    writeln!(out, "  engine       wasmtime {}", sandbox::WASMTIME)?;
    let confinement = trying.supervisor.confinement();
    if confinement.is_complete() {
        writeln!(out, "  confined     fully, in processes of its own")
    } else {
        writeln!(out, "  confined     in part, in processes of its own: {confinement}")
    }
}

fn table(out: &mut String, lines: &[Line], report: &Report, verdict: &Verdict) -> std::fmt::Result {
    writeln!(
        out,
        "{:>4}  {:<18} {:>10}  {:<6} {:>12} {:>12} {:>9}  components",
        "line", "outcome", "score", "expect", "fuel", "peak bytes", "time"
    )?;
    for ((line, sample), met) in lines.iter().zip(&report.samples).zip(&verdict.met) {
        row(out, line, sample, *met)?;
    }
    Ok(())
}

fn row(out: &mut String, line: &Line, sample: &SampleReport, met: Option<bool>) -> std::fmt::Result {
    let score = sample.score.map_or_else(|| "none".to_owned(), |score| score.to_string());
    let expect = match met {
        None => "-",
        Some(true) => "ok",
        Some(false) => "WRONG",
    };
    let parts: Vec<String> =
        sample.components.iter().map(|(name, value)| format!("{name}={value}")).collect();
    writeln!(
        out,
        "{:>4}  {:<18} {score:>10}  {expect:<6} {:>12} {:>12} {:>6} µs  {}",
        line.number,
        sample.outcome.as_str(),
        thousands(sample.fuel_used),
        thousands(sample.peak_memory_bytes),
        thousands(sample.wall_us),
        if parts.is_empty() { "-".to_owned() } else { parts.join(" ") }
    )?;
    if let (Some(expect), Some(false)) = (line.expect, met) {
        writeln!(out, "      {expect} was expected")?;
    }
    if sample.outcome != Outcome::Ok {
        writeln!(
            out,
            "      no reward: {}",
            plain(sample.detail.as_deref().unwrap_or("no reason was given"))
        )?;
    }
    for log in &sample.logs {
        writeln!(out, "      log {:?}: {}", log.level, plain(&log.message))?;
    }
    Ok(())
}

fn ending(out: &mut String, report: &Report, verdict: &Verdict) -> std::fmt::Result {
    let determinism = &report.determinism;
    if determinism.runs == 0 {
        writeln!(out, "determinism  nothing was run")?;
    } else {
        let how = if determinism.agreed { "every sample's the same" } else { "NOT THE SAME" };
        let (runs, processes) = (determinism.runs, determinism.processes);
        writeln!(out, "determinism  {runs} runs in {processes} processes: {how}")?;
    }
    if let Some(limits) = &report.suggested_limits {
        let (fuel, memory) = (limits.fuel_per_sample, limits.memory_bytes);
        writeln!(out, "suggested    fuel {fuel}, memory_bytes {memory}")?;
    }
    for lint in &report.lint {
        writeln!(out, "lint         {}: {}", lint.code, plain(&lint.message))?;
    }
    if report.lint.is_empty() {
        writeln!(out, "lint         nothing found")?;
    }
    let expected = verdict.met.iter().flatten().count();
    match (verdict.agreed, verdict.missed()) {
        (true, 0) if expected == 0 => write!(out, "ok: accepted; no sample says what to expect"),
        (true, 0) => write!(out, "ok: {expected} expected rewards, all met"),
        (true, missed) => write!(out, "NOT OK: {missed} of {expected} expected rewards were missed"),
        (false, _) => {
            write!(out, "NOT OK: it is not deterministic, so its rewards cannot be checked by anyone")
        }
    }
}

/// Texts of the module must not steer the terminal.
fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() { plain.extend(c.escape_default()) } else { plain.push(c) }
    }
    plain
}

pub(super) fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() * 4 / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_readable_and_texts_are_tame() {
        assert_eq!([0, 999, 1_000, 1_234_567].map(thousands), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!(plain("a\u{1b}[31m\nü"), "a\\u{1b}[31m\\nü");
    }
}
