//! What a miner is, folded from the audits of its groups: probation, trusted, alarm, quarantine.
//!
//! ```text
//! probation ── enough clean audits ─▶ trusted ── CUSUM alarm, or a confirmed statistical failure ─▶ alarm
//!     ▲ ▲                               │ proven fraud                                               │ │
//!     │ └───────────────────────────────┘                                                            │ │
//!     │ └──────────────────────────── clean audits, failures forgiven ──────────────────────────────-┘ │
//!     └─ pardon ── quarantined ◀── enough proven frauds, confirmed failures or alarms ──────────────┘
//! ```
//! Pure: the same events in the same order give the same standing, to the bit.

use grail::RejectReason;
use serde::{Deserialize, Serialize};

use crate::{Error, cusum};

/// How fast trust is earned and lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Clean audits in a row that end the probation.
    pub probation_groups: u32,
    /// Proven frauds that lead into quarantine. They are never forgiven but by a pardon.
    pub quarantine_after: u32,
    /// Confirmed statistical failures that lead into quarantine.
    pub failures_after: u32,
    /// Clean audits in a row that forgive one statistical failure.
    pub forgive_groups: u32,
    /// Clean audits in a row that end an alarm, when no failure is left unforgiven.
    pub alarm_groups: u32,
    /// CUSUM alarms that lead into quarantine; a second one during an alarm does, too.
    pub alarms_after: u32,
    /// Clean audits in a row that forgive one alarm: many, or one could drift, behave and drift again.
    pub forgive_alarm_groups: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            probation_groups: 32,
            quarantine_after: 3,
            failures_after: 5,
            forgive_groups: 128,
            alarm_groups: 32,
            alarms_after: 3,
            forgive_alarm_groups: 2_048,
        }
    }
}

impl Settings {
    pub(crate) fn check(&self) -> Result<(), Error> {
        for (setting, value) in [
            ("standing.probation_groups", self.probation_groups),
            ("standing.quarantine_after", self.quarantine_after),
            ("standing.failures_after", self.failures_after),
            ("standing.forgive_groups", self.forgive_groups),
            ("standing.alarm_groups", self.alarm_groups),
            ("standing.alarms_after", self.alarms_after),
            ("standing.forgive_alarm_groups", self.forgive_alarm_groups),
        ] {
            Error::unless(value > 0, setting, value, "at least 1")?;
        }
        Ok(())
    }
}

/// Where a miner is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// New, caught once, or let back: every group is audited.
    Probation,
    /// Audited by lot.
    Trusted,
    /// Its statistics are suspicious: every group is audited until they are not.
    Alarm,
    /// Asked no more.
    Quarantined,
}

impl Phase {
    pub const ALL: [Self; 4] = [Self::Probation, Self::Trusted, Self::Alarm, Self::Quarantined];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Probation => "probation",
            Self::Trusted => "trusted",
            Self::Alarm => "alarm",
            Self::Quarantined => "quarantined",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|phase| phase.as_str() == text)
    }
}

/// What one audit of a group says of its miner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    Passed,
    /// No honest miner can have given this answer.
    Fraud,
    /// A statistic is beyond its threshold, which happens to honest miners too: nothing follows from this audit alone.
    Suspected,
    /// It passed this audit but not the one before: a third decides.
    Disputed,
    /// The audit that made it two of three.
    Confirmed,
}

impl Outcome {
    pub const ALL: [Self; 5] = [Self::Passed, Self::Fraud, Self::Suspected, Self::Disputed, Self::Confirmed];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Fraud => "fraud",
            Self::Suspected => "suspected",
            Self::Disputed => "disputed",
            Self::Confirmed => "confirmed",
        }
    }

    /// Whether this audit, by itself, failed the group.
    pub fn is_failure(self) -> bool {
        !matches!(self, Self::Passed | Self::Disputed)
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.as_str() == text)
    }
}

/// True when no honest miner can have given such an answer: a lost connection does not make it.
pub fn is_proof(reason: RejectReason) -> bool {
    use RejectReason as R;
    match reason {
        R::WrongWeights
        | R::QuantisedWeights
        | R::StaleCheckpoint
        | R::TamperedTokens
        | R::SeedMismatch
        | R::EditedLogprobs
        | R::BrokenChain
        | R::BadSignature
        | R::BadGroupRoot
        | R::EosRule
        | R::OutOfRange
        | R::ReplayedPrompt
        | R::WrongHotkey => true,
        R::DeadlineExceeded
        | R::MinerUnavailable
        | R::TruncatedStream
        | R::MalformedFrame
        | R::Oversized
        | R::WrongCheckpoint
        | R::WrongProfile
        | R::BadReceipt
        | R::SiblingRejected => false,
    }
}

/// What the sittings of up to three audits of one group have come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sittings {
    /// Two have passed it, or the first has.
    Passed,
    /// Two have failed it.
    Confirmed,
    /// Another verifier must look.
    Open,
}

/// Two of three: a group that fails its first audit in a statistic is audited again, and a third time when they disagree.
/// One entry per audit so far, `true` where it failed.
pub fn two_of_three(failed: &[bool]) -> Sittings {
    let failures = failed.iter().filter(|failed| **failed).count();
    let passes = failed.len() - failures;
    match (failures, passes) {
        (2.., _) => Sittings::Confirmed,
        (0, 1..) | (_, 2..) => Sittings::Passed,
        _ => Sittings::Open,
    }
}

/// Something that changes a miner's standing.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Event<'a> {
    Audited {
        outcome: Outcome,
        /// `None` when the fault was seen without the model.
        checkpoint: Option<[u8; 32]>,
        /// One per rollout whose statistics were computed.
        excess: &'a [f64],
    },
    /// An operator lets it back, into probation.
    Pardoned,
}

/// What is known of a miner.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Standing {
    pub phase: Phase,
    /// Clean audits in a row, in this phase.
    pub clean: u32,
    /// Proven frauds since the last pardon.
    pub frauds: u32,
    /// Confirmed statistical failures that are not forgiven yet.
    pub failures: u32,
    /// CUSUM alarms that are not forgiven yet.
    pub alarms: u32,
    /// The CUSUM's sum.
    pub cusum: f64,
    /// Money earned by groups that were decided before the event with this number is forfeited. 0: none is.
    pub forfeit_before: u64,
    /// The checkpoint of its last audit, and how many audits it had there.
    pub checkpoint: Option<[u8; 32]>,
    pub audits_there: u32,
}

impl Default for Standing {
    fn default() -> Self {
        Self {
            phase: Phase::Probation,
            clean: 0,
            frauds: 0,
            failures: 0,
            alarms: 0,
            cusum: 0.0,
            forfeit_before: 0,
            checkpoint: None,
            audits_there: 0,
        }
    }
}

impl Standing {
    /// The standing after the event with number `position`; numbers of one miner only grow.
    #[must_use]
    pub fn after(
        mut self,
        event: &Event<'_>,
        position: u64,
        settings: &Settings,
        cusum: &cusum::Settings,
    ) -> Self {
        let (outcome, excess) = match event {
            Event::Pardoned => {
                return Self {
                    forfeit_before: self.forfeit_before,
                    checkpoint: self.checkpoint,
                    audits_there: self.audits_there,
                    ..Self::default()
                };
            }
            Event::Audited { outcome, checkpoint, excess } => {
                if let Some(checkpoint) = checkpoint {
                    self.audits_there = self.since_rotation(checkpoint).saturating_add(1);
                    self.checkpoint = Some(*checkpoint);
                }
                (*outcome, *excess)
            }
        };
        let (before, mut alarm) = (self.phase, false);
        for excess in excess {
            self.cusum = cusum.next(self.cusum, *excess);
            if cusum.alarms(self.cusum) {
                alarm = true;
                self.cusum = 0.0;
            }
        }
        match outcome {
            Outcome::Fraud => self.convict(position, settings),
            Outcome::Confirmed => self.fail(position, settings),
            Outcome::Passed if !alarm => self.pass(settings),
            Outcome::Passed | Outcome::Suspected | Outcome::Disputed => {}
        }
        if alarm {
            self.alarms = self.alarms.saturating_add(1);
            if before == Phase::Alarm || self.alarms >= settings.alarms_after {
                self.quarantine(position);
            } else if self.phase != Phase::Quarantined {
                self.enter(Phase::Alarm);
            }
        }
        self
    }

    /// How many audits it had on this checkpoint since it last had one on another.
    pub fn since_rotation(&self, checkpoint: &[u8; 32]) -> u32 {
        if self.checkpoint.as_ref() == Some(checkpoint) { self.audits_there } else { 0 }
    }

    fn convict(&mut self, position: u64, settings: &Settings) {
        self.frauds = self.frauds.saturating_add(1);
        self.forfeit_before = position;
        if self.frauds >= settings.quarantine_after {
            self.quarantine(position);
        } else if self.phase != Phase::Quarantined {
            self.enter(Phase::Probation);
        }
    }

    fn fail(&mut self, position: u64, settings: &Settings) {
        self.failures = self.failures.saturating_add(1);
        if self.failures >= settings.failures_after {
            self.quarantine(position);
        } else if self.phase != Phase::Quarantined {
            self.enter(Phase::Alarm);
        }
    }

    fn pass(&mut self, settings: &Settings) {
        self.clean = self.clean.saturating_add(1);
        if self.clean.is_multiple_of(settings.forgive_groups) {
            self.failures = self.failures.saturating_sub(1);
        }
        if self.clean.is_multiple_of(settings.forgive_alarm_groups) {
            self.alarms = self.alarms.saturating_sub(1);
        }
        match self.phase {
            Phase::Probation if self.clean >= settings.probation_groups => self.enter(Phase::Trusted),
            Phase::Alarm if self.clean >= settings.alarm_groups && self.failures == 0 => {
                self.enter(Phase::Probation);
            }
            Phase::Probation | Phase::Trusted | Phase::Alarm | Phase::Quarantined => {}
        }
    }

    /// A miner that comes into quarantine forfeits what is held of its earnings, whatever led there.
    fn quarantine(&mut self, position: u64) {
        if self.phase != Phase::Quarantined {
            self.enter(Phase::Quarantined);
            self.forfeit_before = position;
        }
    }

    fn enter(&mut self, phase: Phase) {
        self.phase = phase;
        self.clean = 0;
    }
}
