//! Honest and cheating miners through many windows, under the very policy, standing, CUSUM and escrow of the service.
//!
//! What is assumed is in [`Scenario`] and [`STRATEGIES`]; everything else is the production code of this crate. A table of
//! it is in `docs/audit-economics.md` (`reliquary bench audit`).

pub(crate) mod chance;
mod life;
mod strategy;

use grail::hash::Transcript;
use serde::Serialize;

use crate::Settings;
use life::{Life, World};

pub use strategy::{Detection, Plan, STRATEGIES, Strategy};

/// What is assumed of the market. Money is in prices of an honest group.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Scenario {
    pub seed: u64,
    pub windows: u32,
    pub window_s: u64,
    /// Miners of each strategy; of the honest ones, four times as many.
    pub miners: u32,
    pub groups_per_window: u32,
    pub group_size: u32,
    /// What an honestly made group costs its miner. It is paid 1 for it.
    pub honest_cost: f64,
    /// What a new hotkey costs.
    pub registration_cost: f64,
    /// How likely an honest rollout fails an audit in a statistic.
    pub false_reject: f64,
    /// How likely a second audit agrees with a false reject: independent noise would give `false_reject` itself.
    pub false_agreement: f64,
    /// Windows between two checkpoints.
    pub rotation_windows: u32,
    /// The share of groups whose advantage forces an audit.
    pub large_advantages: f64,
    /// How long an honest miner in quarantine waits for its pardon.
    pub appeal_windows: u32,
}

impl Default for Scenario {
    fn default() -> Self {
        Self {
            seed: 1,
            windows: 10_000,
            window_s: 60,
            miners: 8,
            groups_per_window: 4,
            group_size: 8,
            honest_cost: 0.6,
            registration_cost: 20.0,
            false_reject: 1e-4,
            false_agreement: 0.5,
            rotation_windows: 500,
            large_advantages: 0.02,
            appeal_windows: 500,
        }
    }
}

/// What became of the miners of one strategy, on average.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Row {
    pub strategy: &'static str,
    /// Over the windows until it left for good.
    pub profit_per_window: f64,
    /// Of all groups, how many were audited.
    pub audited: f64,
    /// Of all groups that were cheated on, how many were refused.
    pub caught: Option<f64>,
    /// Windows from the first cheated group to the first quarantine; `None` when it never came to that.
    pub lasts_windows: Option<f64>,
    /// Miners that were in quarantine at least once, out of `miners`.
    pub quarantined: u32,
    pub miners: u32,
    /// Hotkeys used per miner.
    pub hotkeys: f64,
    /// Forfeited per miner.
    pub forfeited: f64,
}

/// Runs all strategies. The same arguments give the same rows.
pub fn run(settings: &Settings, scenario: &Scenario) -> Vec<Row> {
    let world = World::new(settings, scenario);
    STRATEGIES.iter().map(|strategy| row(&world, strategy)).collect()
}

fn row(world: &World<'_>, strategy: &Strategy) -> Row {
    let scenario = world.scenario;
    let miners = if strategy.is_honest() { scenario.miners * 4 } else { scenario.miners };
    let lives: Vec<Life> = (0..miners).map(|miner| Life::of(world, strategy, miner)).collect();
    let sum = |of: fn(&Life) -> f64| lives.iter().map(of).sum::<f64>();
    let cheated = sum(|life| f64::from(life.cheated));
    let lasted: Vec<f64> = lives.iter().filter_map(|life| life.lasted.map(f64::from)).collect();
    Row {
        strategy: strategy.name,
        profit_per_window: sum(|life| life.profit) / sum(|life| f64::from(life.windows)).max(1.0),
        audited: sum(|life| f64::from(life.audited)) / sum(|life| f64::from(life.groups)).max(1.0),
        caught: (cheated > 0.0).then(|| sum(|life| f64::from(life.caught)) / cheated),
        lasts_windows: (!lasted.is_empty()).then(|| lasted.iter().sum::<f64>() / lasted.len() as f64),
        quarantined: lives.iter().filter(|life| life.quarantined).count() as u32,
        miners,
        hotkeys: sum(|life| f64::from(life.hotkeys)) / f64::from(miners),
        forfeited: sum(|life| life.forfeited) / f64::from(miners),
    }
}

/// One point of the sweep over p.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Point {
    pub p: f64,
    pub rows: Vec<Row>,
}

impl Point {
    pub fn honest(&self) -> &Row {
        self.rows.first().expect("the strategies are a constant")
    }

    /// The cheat that earns most.
    pub fn best_cheat(&self) -> &Row {
        let cheats = self.rows.iter().skip(1);
        cheats
            .max_by(|a, b| a.profit_per_window.total_cmp(&b.profit_per_window))
            .expect("there is more than one strategy")
    }

    pub fn honesty_pays(&self) -> bool {
        self.honest().profit_per_window > self.best_cheat().profit_per_window
    }
}

/// The probabilities that [`sweep`] looks at.
pub const SWEEP: [f64; 12] = [0.0, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0];

/// Profit against p, all else as set.
pub fn sweep(settings: &Settings, scenario: &Scenario) -> Vec<Point> {
    let at = |p: f64| {
        let mut settings = *settings;
        settings.policy.p = p;
        Point { p, rows: run(&settings, scenario) }
    };
    SWEEP.iter().copied().map(at).collect()
}

/// The smallest p of a sweep from which on honesty pays more than every cheat.
pub fn smallest_p(sweep: &[Point]) -> Option<f64> {
    sweep.iter().rev().take_while(|point| point.honesty_pays()).last().map(|point| point.p)
}

/// The beacon's randomness of one window.
fn randomness(seed: u64, window: u32) -> [u8; 32] {
    Transcript::new("reliquary/simulation/1").u64(seed).u32(window).finish()
}
