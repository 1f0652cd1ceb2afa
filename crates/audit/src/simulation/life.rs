//! One miner of the simulation, from its first window to the last.

use std::collections::VecDeque;

use grail::ids::GroupRoot;

use super::chance::Chance;
use super::{Plan, Scenario, Strategy, randomness};
use crate::escrow::{Earned, Fate};
use crate::standing::{Sittings, two_of_three};
use crate::{Event, Facts, Outcome, Phase, Settings, Standing, lottery};

/// Money is counted in whole millionths, as the service counts rao.
const UNIT: f64 = 1_000_000.0;

/// What all miners share.
pub(super) struct World<'s> {
    pub(super) settings: &'s Settings,
    pub(super) scenario: &'s Scenario,
    /// One per window.
    beacon: Vec<[u8; 32]>,
}

impl<'s> World<'s> {
    pub(super) fn new(settings: &'s Settings, scenario: &'s Scenario) -> Self {
        let beacon = (0..scenario.windows).map(|window| randomness(scenario.seed, window)).collect();
        Self { settings, scenario, beacon }
    }
}

/// What a miner had of it.
#[derive(Debug, Default)]
pub(super) struct Life {
    pub(super) profit: f64,
    pub(super) forfeited: f64,
    /// Until it left for good.
    pub(super) windows: u32,
    pub(super) groups: u32,
    pub(super) audited: u32,
    pub(super) cheated: u32,
    pub(super) caught: u32,
    pub(super) hotkeys: u32,
    pub(super) quarantined: bool,
    pub(super) lasted: Option<u32>,
}

impl Life {
    pub(super) fn of(world: &World<'_>, strategy: &Strategy, miner: u32) -> Self {
        let mut miner = Miner::new(world, strategy, miner);
        for window in 0..world.scenario.windows {
            miner.window(window);
        }
        miner.end()
    }
}

struct Miner<'w> {
    world: &'w World<'w>,
    strategy: &'w Strategy,
    chance: Chance,
    standing: Standing,
    /// The number of the last event.
    position: u64,
    escrow: VecDeque<(Earned, u64)>,
    /// Paid out, less what was spent.
    purse: f64,
    first_cheat: Option<u32>,
    quarantined_in: Option<u32>,
    life: Life,
}

impl<'w> Miner<'w> {
    fn new(world: &'w World<'w>, strategy: &'w Strategy, miner: u32) -> Self {
        let name =
            strategy.name.bytes().fold(0_u64, |hash, byte| hash.wrapping_mul(31).wrapping_add(byte.into()));
        let seed = world.scenario.seed.wrapping_mul(0x1000_0000_01B3) ^ (name << 20) ^ u64::from(miner);
        Self {
            world,
            strategy,
            chance: Chance::new(seed),
            standing: Standing::default(),
            position: 0,
            escrow: VecDeque::new(),
            purse: 0.0,
            first_cheat: None,
            quarantined_in: None,
            life: Life { hotkeys: 1, ..Life::default() },
        }
    }

    fn window(&mut self, window: u32) {
        let scenario = self.world.scenario;
        let out = self.standing.phase == Phase::Quarantined && !self.leaves_quarantine(window);
        if out && !self.strategy.is_honest() {
            return; // it has left for good
        }
        self.life.windows += 1;
        for _ in 0..scenario.groups_per_window {
            if self.standing.phase != Phase::Quarantined {
                self.group(window);
            }
        }
        self.settle(i64::from(window) * scenario.window_s as i64);
    }

    /// An honest miner appeals; a cheat comes back under a new name, or never.
    fn leaves_quarantine(&mut self, window: u32) -> bool {
        let since = *self.quarantined_in.get_or_insert(window);
        if self.strategy.is_honest() {
            if window - since < self.world.scenario.appeal_windows {
                return false;
            }
            self.apply(&Event::Pardoned);
        } else if self.strategy.comes_back {
            self.purse -= self.world.scenario.registration_cost;
            self.life.hotkeys += 1;
            self.standing = Standing::default();
        } else {
            return false;
        }
        self.quarantined_in = None;
        true
    }

    fn group(&mut self, window: u32) {
        let (scenario, settings) = (self.world.scenario, self.world.settings);
        let checkpoint = window / scenario.rotation_windows;
        let mut id = [0; 32];
        id[..4].copy_from_slice(&checkpoint.to_be_bytes());
        let advantage = if self.chance.happens(scenario.large_advantages) { f64::INFINITY } else { 0.0 };
        let facts = Facts::new(Some(settings.policy.p), false, &self.standing, &id, Some(advantage));
        let cheats = match self.strategy.plan {
            Plan::Never => false,
            Plan::Blindly(q) => self.chance.happens(q),
            Plan::OnceTrusted => self.standing.phase == Phase::Trusted,
            Plan::Unforced(q) => settings.policy.forced(&facts).is_err() && self.chance.happens(q),
        };
        self.life.groups += 1;
        self.purse -= if cheats { self.strategy.cost } else { scenario.honest_cost };
        if cheats {
            self.life.cheated += 1;
            self.first_cheat.get_or_insert(window);
        }
        // what the miner committed to before the round: it cannot have known the draw
        let mut root = [0; 32];
        root[..8].copy_from_slice(&self.chance.next().to_be_bytes());
        let draw = || Some(lottery::draw(&self.world.beacon[window as usize], &GroupRoot(root)));
        let passed = if settings.policy.decide(&facts, draw).is_audit() {
            self.life.audited += 1;
            self.audit(&id, cheats)
        } else {
            self.position += 1;
            true
        };
        if passed {
            self.earn(if cheats { self.strategy.revenue } else { 1.0 }, window);
        } else if cheats {
            self.life.caught += 1;
        }
        if self.standing.phase == Phase::Quarantined {
            self.life.quarantined = true;
            if let (None, Some(first)) = (self.life.lasted, self.first_cheat) {
                self.life.lasted = Some(window - first + 1);
            }
        }
    }

    /// Audits a group, up to three times. Returns whether it passed.
    fn audit(&mut self, checkpoint: &[u8; 32], cheats: bool) -> bool {
        let scenario = self.world.scenario;
        let detection = self.strategy.detection;
        let shift = if cheats { detection.shift } else { 0.0 };
        let excess: Vec<f64> = (0..scenario.group_size).map(|_| self.chance.normal() + shift).collect();
        let checkpoint = Some(*checkpoint);
        if cheats && self.chance.happens(detection.proof) {
            self.apply(&Event::Audited { outcome: Outcome::Fraud, checkpoint, excess: &excess });
            return false;
        }
        let honest_fails = 1.0 - (1.0 - scenario.false_reject).powi(scenario.group_size as i32);
        let (fails, fails_again) = if cheats {
            (detection.statistical, detection.statistical)
        } else {
            (honest_fails, scenario.false_agreement)
        };
        let mut failed = Vec::new();
        let mut excess = excess.as_slice();
        loop {
            let fails = if failed.is_empty() { fails } else { fails_again };
            failed.push(self.chance.happens(fails));
            let came_to = two_of_three(&failed);
            let outcome = match came_to {
                Sittings::Passed => Outcome::Passed,
                Sittings::Confirmed => Outcome::Confirmed,
                Sittings::Open if failed.last() == Some(&true) => Outcome::Suspected,
                Sittings::Open => Outcome::Disputed,
            };
            self.apply(&Event::Audited { outcome, checkpoint, excess });
            excess = &[]; // the same rollouts are not counted twice
            if came_to != Sittings::Open {
                return came_to == Sittings::Passed;
            }
        }
    }

    fn apply(&mut self, event: &Event<'_>) {
        self.position += 1;
        let Settings { standing, cusum, .. } = self.world.settings;
        self.standing = self.standing.after(event, self.position, standing, cusum);
    }

    fn earn(&mut self, revenue: f64, window: u32) {
        let (paid, held) = self.world.settings.escrow.split((revenue * UNIT) as u64);
        self.purse += paid as f64 / UNIT;
        let matures_at =
            (u64::from(window) * self.world.scenario.window_s + self.world.settings.escrow.hold_s) as i64;
        self.escrow.push_back((Earned { position: self.position, matures_at }, held));
    }

    /// Pays out what is due, and takes what is forfeited.
    fn settle(&mut self, now: i64) {
        while let Some((earned, amount)) = self.escrow.front().copied() {
            match earned.fate(self.standing.forfeit_before, now) {
                Fate::Held => return,
                Fate::Released => self.purse += amount as f64 / UNIT,
                Fate::Forfeited => self.life.forfeited += amount as f64 / UNIT,
            }
            self.escrow.pop_front();
        }
    }

    /// What still waits is paid in the end: to the cheats' advantage.
    fn end(mut self) -> Life {
        self.settle(i64::MAX);
        self.life.profit = self.purse;
        self.life
    }
}
