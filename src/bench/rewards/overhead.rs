//! What the walls between processes cost: a group through a run child against the same group in this process.

use std::time::{Duration, Instant};

use anyhow::ensure;
use sandbox::{Limits, Runner};
use supervisor::{Supervisor, Tenant};

use super::kits::Kit;
use super::rows::{GROUP, Group, calls};
use crate::bench::median;

/// At most; fewer where they take longer than [`TIME`].
const ROUNDS: usize = 60;
const TIME: Duration = Duration::from_secs(4);

/// Time of the child over time in this process: the median of rounds, each of which does both, in turns.
///
/// Not held to one core: parent and child are meant to work at the same time.
pub(super) fn child_overhead(
    kit: &Kit,
    supervisor: &Supervisor,
    runner: &Runner,
    groups: &[Group],
) -> anyhow::Result<f64> {
    let calls = calls(groups, GROUP);
    let in_child = || -> anyhow::Result<f64> {
        let started = Instant::now();
        for (task, samples) in &calls {
            let scored = supervisor.score(Tenant::SELF, &kit.module, task, samples, &Limits::default())?;
            ensure!(scored.iter().all(|one| one.score.is_some()), "a row got no reward in the child");
        }
        Ok(started.elapsed().as_secs_f64())
    };
    let in_process = || -> anyhow::Result<f64> {
        let started = Instant::now();
        for call in &calls {
            kit.grade(runner, *call)?;
        }
        Ok(started.elapsed().as_secs_f64())
    };
    // both have loaded the module, and have their caches warm
    for _ in 0..3 {
        in_child()?;
        in_process()?;
    }
    let started = Instant::now();
    let mut ratios = Vec::with_capacity(ROUNDS);
    while ratios.len() < ROUNDS && (ratios.is_empty() || started.elapsed() < TIME) {
        // whoever goes first finds the caches as the other left them
        let (child, process) = if ratios.len() % 2 == 0 {
            let child = in_child()?;
            (child, in_process()?)
        } else {
            let process = in_process()?;
            (in_child()?, process)
        };
        ratios.push(child / process);
    }
    Ok(median(ratios))
}
