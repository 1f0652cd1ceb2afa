//! What the demo shows while the job runs: one bar per stage and the rate.

use std::fmt::Write;
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};
use serde_json::Value;

/// The stages of a rollout, in order; each is the name of a count of the job.
const STAGES: [&str; 4] = ["generated", "scored", "verified", "selected"];

/// The bars. Hidden ones cost nothing and print nothing.
#[derive(Debug)]
pub(crate) struct Progress {
    all: MultiProgress,
    stages: Vec<ProgressBar>,
    delivered: ProgressBar,
}

impl Progress {
    pub(crate) fn new(show: bool, rollouts: u64) -> Self {
        let target = if show { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let all = MultiProgress::with_draw_target(target);
        let bar = |name: &'static str, template: &str| {
            let style = ProgressStyle::with_template(template)
                .unwrap_or_else(|_| ProgressStyle::default_bar())
                .with_key("rate", |state: &ProgressState, out: &mut dyn Write| {
                    // a formatter that cannot write has nowhere to report it
                    let _ = write!(out, "{:.0} rollouts/s", state.per_sec());
                })
                .progress_chars("━╸─");
            let bar = all.add(ProgressBar::new(rollouts).with_style(style).with_prefix(name));
            bar.enable_steady_tick(Duration::from_millis(200));
            bar
        };
        let plain = "  {prefix:<10} {bar:40.cyan/dim} {pos:>5}/{len}";
        let rated = "  {prefix:<10} {bar:40.green/dim} {pos:>5}/{len}  {rate}";
        let stages = STAGES.map(|name| bar(name, plain)).into();
        Self { stages, delivered: bar("delivered", rated), all }
    }

    /// Moves the bars to what `GET /v1/jobs/{id}` says.
    pub(crate) fn counts(&self, job: &Value) {
        for (bar, count) in self.stages.iter().zip(STAGES) {
            if let Some(count) = job["counts"]["rollouts"][count].as_u64() {
                bar.set_position(count.min(bar.length().unwrap_or(u64::MAX)));
            }
        }
    }

    pub(crate) fn delivered(&self, rollouts: u64) {
        self.delivered.set_position(rollouts);
    }

    /// A line above the bars.
    pub(crate) fn say(&self, line: &str) {
        if self.all.is_hidden() {
            return;
        }
        // a terminal that cannot be written to does not stop the job
        let _ = self.all.println(line);
    }

    pub(crate) fn finish(&self) {
        for bar in self.stages.iter().chain([&self.delivered]) {
            bar.abandon();
        }
    }
}
