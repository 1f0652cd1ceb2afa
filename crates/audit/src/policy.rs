//! What is audited: everything where there is a reason, the rest by lot.

use serde::{Deserialize, Serialize};

use crate::Error;
use crate::standing::{Phase, Standing};

/// When groups are audited without a draw, and how likely a draw is.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// The probability that a job gets which asks for sampled verification and names none.
    pub p: f64,
    /// How many groups of each miner are audited on a checkpoint that is new to it.
    pub rotation_groups: u32,
    /// A group with an advantage this large, up or down, is audited: it would weigh most in training.
    pub advantage: f64,
}

impl Default for Settings {
    fn default() -> Self {
        Self { p: 0.1, rotation_groups: 8, advantage: 3.0 }
    }
}

impl Settings {
    /// 0 is for the simulation alone, which shows what it leads to.
    pub(crate) fn check(&self) -> Result<(), Error> {
        Error::unless(self.p > 0.0 && self.p <= 1.0, "policy.p", self.p, "above 0 and at most 1")?;
        Error::unless(self.advantage > 0.0, "policy.advantage", self.advantage, "above 0")
    }

    /// Whether a group is audited. `draw` is the group's draw; it is asked for only where it decides, and `None` where
    /// there is no randomness to be had: then the group is audited, since whoever silences the beacon must gain nothing.
    pub fn decide(&self, facts: &Facts, draw: impl FnOnce() -> Option<f64>) -> Decision {
        let p = match self.forced(facts) {
            Ok(why) => return Decision::Forced(why),
            Err(p) => p,
        };
        match draw() {
            None => Decision::Forced(Why::NoBeacon),
            Some(draw) if draw < p => Decision::Drawn,
            Some(_) => Decision::NotDrawn,
        }
    }

    /// The first reason that applies, or else the probability of a draw.
    pub fn forced(&self, facts: &Facts) -> Result<Why, f64> {
        let Some(p) = facts.p else { return Ok(Why::FullVerification) };
        if facts.suspected {
            return Ok(Why::Suspected);
        }
        match facts.phase {
            Phase::Quarantined => return Ok(Why::Quarantined),
            Phase::Probation => return Ok(Why::Probation),
            Phase::Alarm => return Ok(Why::Alarm),
            Phase::Trusted => {}
        }
        if facts.failures > 0 {
            return Ok(Why::RecentFailure);
        }
        if facts.since_rotation < self.rotation_groups {
            return Ok(Why::Rotation);
        }
        if facts.advantage.is_some_and(|advantage| advantage.abs() >= self.advantage) {
            return Ok(Why::LargeAdvantage);
        }
        Err(p)
    }
}

/// All that a decision rests on, as it is kept beside it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Facts {
    /// The job's probability; `None` when it bought full verification.
    pub p: Option<f64>,
    /// An audit failed the group in a statistic, and two of three are to decide.
    pub suspected: bool,
    /// The miner's, when the decision was taken.
    pub phase: Phase,
    /// Confirmed statistical failures that are not forgiven yet.
    pub failures: u32,
    /// Audits of this miner on this checkpoint so far.
    pub since_rotation: u32,
    /// The group's largest advantage by size, where it has any.
    pub advantage: Option<f64>,
}

impl Facts {
    pub fn new(
        p: Option<f64>,
        suspected: bool,
        standing: &Standing,
        checkpoint: &[u8; 32],
        advantage: Option<f64>,
    ) -> Self {
        Self {
            p,
            suspected,
            phase: standing.phase,
            failures: standing.failures,
            since_rotation: standing.since_rotation(checkpoint),
            advantage,
        }
    }
}

/// Whether a group is audited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    Forced(Why),
    Drawn,
    NotDrawn,
}

impl Decision {
    pub fn is_audit(self) -> bool {
        self != Self::NotDrawn
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Forced(_) => "forced",
            Self::Drawn => "drawn",
            Self::NotDrawn => "not_drawn",
        }
    }

    pub fn why(self) -> Option<Why> {
        match self {
            Self::Forced(why) => Some(why),
            Self::Drawn | Self::NotDrawn => None,
        }
    }
}

/// Why a group is audited without a draw.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// The customer bought it.
    FullVerification,
    /// An audit failed it in a statistic: two of three decide.
    Suspected,
    /// The miner is in quarantine; this group was under way.
    Quarantined,
    /// The miner is new, or on its way back.
    Probation,
    /// The miner's statistics drift, or it failed a statistical check.
    Alarm,
    /// A statistical failure is not forgiven yet.
    RecentFailure,
    /// The checkpoint is new to the miner.
    Rotation,
    LargeAdvantage,
    /// The beacon gave no randomness in time.
    NoBeacon,
}

impl Why {
    pub const ALL: [Self; 9] = [
        Self::FullVerification,
        Self::Suspected,
        Self::Quarantined,
        Self::Probation,
        Self::Alarm,
        Self::RecentFailure,
        Self::Rotation,
        Self::LargeAdvantage,
        Self::NoBeacon,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::FullVerification => "full_verification",
            Self::Suspected => "suspected",
            Self::Quarantined => "quarantined",
            Self::Probation => "probation",
            Self::Alarm => "alarm",
            Self::RecentFailure => "recent_failure",
            Self::Rotation => "rotation",
            Self::LargeAdvantage => "large_advantage",
            Self::NoBeacon => "no_beacon",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|why| why.as_str() == text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRUSTED: Facts = Facts {
        p: Some(0.25),
        suspected: false,
        phase: Phase::Trusted,
        failures: 0,
        since_rotation: 8,
        advantage: Some(1.0),
    };

    fn decide(facts: Facts, draw: Option<f64>) -> Decision {
        Settings::default().decide(&facts, || draw)
    }

    #[test]
    fn a_trusted_miner_is_audited_by_lot() {
        assert_eq!(decide(TRUSTED, Some(0.2499)), Decision::Drawn);
        assert_eq!(decide(TRUSTED, Some(0.25)), Decision::NotDrawn);
        assert_eq!(decide(Facts { p: Some(1.0), ..TRUSTED }, Some(0.999_999)), Decision::Drawn);
    }

    #[test]
    fn without_a_beacon_everything_is_audited() {
        assert_eq!(decide(TRUSTED, None), Decision::Forced(Why::NoBeacon));
    }

    #[test]
    fn every_reason_forces_an_audit_whatever_the_draw() {
        let facts = [
            (Facts { p: None, ..TRUSTED }, Why::FullVerification),
            (Facts { suspected: true, ..TRUSTED }, Why::Suspected),
            (Facts { phase: Phase::Quarantined, ..TRUSTED }, Why::Quarantined),
            (Facts { phase: Phase::Probation, ..TRUSTED }, Why::Probation),
            (Facts { phase: Phase::Alarm, ..TRUSTED }, Why::Alarm),
            (Facts { failures: 1, ..TRUSTED }, Why::RecentFailure),
            (Facts { since_rotation: 7, ..TRUSTED }, Why::Rotation),
            (Facts { advantage: Some(-3.0), ..TRUSTED }, Why::LargeAdvantage),
        ];
        for (facts, why) in facts {
            assert_eq!(decide(facts, Some(0.999)), Decision::Forced(why));
        }
    }

    #[test]
    fn reasons_have_one_spelling() {
        for why in Why::ALL {
            assert_eq!(serde_json::to_value(why).unwrap(), why.as_str());
            assert_eq!(Why::parse(why.as_str()), Some(why));
        }
    }
}
