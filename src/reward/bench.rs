//! `reliquary reward bench`: what a function costs on one core, the walls between the processes included.

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use sandbox::Outcome;
use serde::Serialize;
use supervisor::Tenant;

use super::Trying;
use super::check::thousands;
use crate::cli;
use crate::one_core::OneCore;

/// How long it goes on without `--repeat`.
const TIME: Duration = Duration::from_secs(2);

/// What was measured.
#[derive(Debug, Serialize)]
struct Measured {
    calls: usize,
    calls_per_s: f64,
    /// Whether parent and child shared one core; if not, they may have had two.
    one_core: bool,
    fuel: Quantiles,
    /// In the child, from a fresh instance to its end.
    call_us: Quantiles,
    /// From the question to the answer, receipt included.
    round_trip_us: Quantiles,
    outcomes: BTreeMap<&'static str, usize>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
struct Quantiles {
    p50: u64,
    p90: u64,
    p99: u64,
    max: u64,
}

impl Quantiles {
    fn of(mut values: Vec<u64>) -> Self {
        values.sort_unstable();
        let at = |percent: usize| {
            let last = values.len().saturating_sub(1);
            values.get((values.len() * percent / 100).min(last)).copied().unwrap_or_default()
        };
        Self { p50: at(50), p90: at(90), p99: at(99), max: at(100) }
    }

    fn text(&self) -> String {
        let [p50, p90, p99, max] = [self.p50, self.p90, self.p99, self.max].map(thousands);
        format!("half {p50} · 90% {p90} · 99% {p99} · most {max}")
    }
}

pub(super) fn bench(trying: &Trying<'_>) -> anyhow::Result<ExitCode> {
    // held before the run child starts, so that it stays there too
    let core = OneCore::hold();
    let measured = measure(trying, core.is_ok())?;
    cli::print(&if trying.arguments.json { serde_json::to_string(&measured)? } else { text(&measured) });
    Ok(ExitCode::SUCCESS)
}

fn measure(trying: &Trying<'_>, one_core: bool) -> anyhow::Result<Measured> {
    let (mut fuel, mut call, mut round_trip) = (Vec::new(), Vec::new(), Vec::new());
    let mut outcomes: BTreeMap<Outcome, usize> = BTreeMap::new();
    let score = |index: usize| {
        let line = &trying.lines[index];
        let sample = std::slice::from_ref(&line.trial.sample);
        let score =
            trying.supervisor.score(Tenant::SELF, trying.module, &line.trial.task, sample, &trying.limits);
        score.with_context(|| format!("line {}", line.number))
    };
    score(0)?; // the child starts and loads the module
    let started = Instant::now();
    let mut rounds = 0;
    while trying.arguments.repeat.map_or_else(|| rounds == 0 || started.elapsed() < TIME, |r| rounds < r) {
        for index in 0..trying.lines.len() {
            let asked = Instant::now();
            let scored = score(index)?;
            round_trip.push(micros(asked.elapsed()));
            let scored = scored.first().context("no answer for the sample")?;
            fuel.push(scored.fuel);
            call.push(micros(scored.wall));
            *outcomes.entry(scored.outcome).or_default() += 1;
        }
        rounds += 1;
    }
    let calls = fuel.len();
    Ok(Measured {
        calls,
        calls_per_s: calls as f64 / started.elapsed().as_secs_f64(),
        one_core,
        fuel: Quantiles::of(fuel),
        call_us: Quantiles::of(call),
        round_trip_us: Quantiles::of(round_trip),
        outcomes: outcomes.into_iter().map(|(outcome, count)| (outcome.as_str(), count)).collect(),
    })
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

fn text(measured: &Measured) -> String {
    let outcomes: Vec<String> =
        measured.outcomes.iter().map(|(outcome, count)| format!("{outcome} {count}")).collect();
    let place = if measured.one_core { "one core" } else { "cores that could not be held" };
    format!(
        "{} calls on {place}, one sample each: {:.0} calls/s\n  fuel           {}\n  call, µs       {}\n  \
         round trip, µs {}\n  outcomes       {}",
        thousands(measured.calls as u64),
        measured.calls_per_s,
        measured.fuel.text(),
        measured.call_us.text(),
        measured.round_trip_us.text(),
        outcomes.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_of_the_sorted_values() {
        let of = |values: &[u64]| Quantiles::of(values.to_vec());
        let hundred: Vec<u64> = (0..100).rev().collect();
        assert_eq!(of(&hundred), Quantiles { p50: 50, p90: 90, p99: 99, max: 99 });
        assert_eq!(of(&[7]), Quantiles { p50: 7, p90: 7, p99: 7, max: 7 });
    }
}
