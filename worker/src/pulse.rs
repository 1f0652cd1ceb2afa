//! Pulse: says every few seconds which steps of this process are at work, so that `GET /v1/status` tells an idle one from a
//! dead one. A step that fails is not at work until it succeeds again.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::{Context, Error};

/// Much less than what `GET /v1/status` takes for a step that is gone.
const EVERY: Duration = Duration::from_secs(5);

/// How the steps of this process last went.
#[derive(Debug, Default)]
pub(crate) struct Pulse(Mutex<BTreeMap<&'static str, bool>>);

impl Pulse {
    /// `step` is started, or has gone well.
    pub(crate) fn well(&self, step: &'static str) {
        self.note(step, true);
    }

    pub(crate) fn failed(&self, step: &'static str) {
        self.note(step, false);
    }

    fn note(&self, step: &'static str, well: bool) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(step, well);
    }

    fn at_work(&self) -> Vec<String> {
        let steps = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        steps.iter().filter(|(_, well)| **well).map(|(step, _)| (*step).to_owned()).collect()
    }
}

/// Writes it down until the worker stops.
pub(crate) async fn pulses(cx: &Arc<Context>) {
    let mut ticks = tokio::time::interval(EVERY);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    while !cx.stop.is_cancelled() {
        tokio::select! {
            _ = ticks.tick() => {}
            () = cx.stop.cancelled() => return,
        }
        if let Err(error) = beat(cx).await {
            tracing::warn!(error = &error as &dyn std::error::Error, "the pulse was not written");
        }
    }
}

async fn beat(cx: &Context) -> Result<(), Error> {
    let steps = cx.pulse.at_work();
    if !steps.is_empty() {
        store::status::beat(&mut *cx.db.acquire().await?, &steps, cx.clock.now()).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_that_fails_is_not_at_work_until_it_succeeds() {
        let pulse = Pulse::default();
        assert!(pulse.at_work().is_empty());
        pulse.well("reward");
        pulse.well("dispatch");
        assert_eq!(pulse.at_work(), ["dispatch", "reward"]);
        pulse.failed("reward");
        assert_eq!(pulse.at_work(), ["dispatch"]);
        pulse.well("reward");
        assert_eq!(pulse.at_work(), ["dispatch", "reward"]);
    }
}
