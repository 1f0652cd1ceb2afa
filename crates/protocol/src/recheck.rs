//! A re-check of delivered rollouts at their customer's wish: what was asked, and what each look at a rollout found.

use serde::{Deserialize, Serialize};

use crate::ids::RolloutId;

/// Rollouts of one re-check.
pub const MAX_ROLLOUTS: usize = 64;
/// Re-checks of one project that are not done.
pub const MAX_OPEN: usize = 4;

/// How much is looked at again. Each level holds those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Whether it is what was delivered, and its signatures and receipts: at once.
    Signatures,
    /// The reward function runs again.
    Reward,
    /// Every token is recomputed.
    Full,
}

impl Level {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Signatures => "signatures",
            Self::Reward => "reward",
            Self::Full => "full",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        [Self::Signatures, Self::Reward, Self::Full].into_iter().find(|level| level.as_str() == text)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    Pass,
    Fail,
    /// Something was not at hand: that is no fault of the rollout.
    NotChecked,
    /// It is looked at later.
    Pending,
}

/// One look at a rollout.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Check {
    /// `record`, `signatures`, `reward` or `model`.
    pub name: String,
    pub verdict: Verdict,
    /// What was found, or what was missing.
    pub finding: Option<String>,
}

impl Check {
    pub fn new(name: &str, verdict: Verdict, finding: Option<String>) -> Self {
        Self { name: name.to_owned(), verdict, finding }
    }

    pub fn of(name: &str, result: Result<(), String>) -> Self {
        match result {
            Ok(()) => Self::new(name, Verdict::Pass, None),
            Err(finding) => Self::new(name, Verdict::Fail, Some(finding)),
        }
    }
}

/// What was found about one rollout.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Item {
    /// `null` where what was sent says none.
    pub rollout_id: Option<RolloutId>,
    pub verdict: Verdict,
    /// The first thing that was wrong.
    pub finding: Option<String>,
    /// JSON pointers of what is not as it was delivered.
    pub differs: Vec<String>,
    pub checks: Vec<Check>,
}

impl Item {
    /// The verdict that follows from the looks so far.
    #[must_use]
    pub fn judged(mut self, is_done: bool) -> Self {
        let failed = self.checks.iter().find(|check| check.verdict == Verdict::Fail);
        let missing = self.checks.iter().find(|check| check.verdict == Verdict::NotChecked);
        (self.verdict, self.finding) = match (failed, missing) {
            (Some(check), _) => (Verdict::Fail, check.finding.clone()),
            (None, Some(check)) => (Verdict::NotChecked, check.finding.clone()),
            (None, None) if is_done => (Verdict::Pass, None),
            (None, None) => (Verdict::Pending, None),
        };
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(checks: &[(&str, Verdict)]) -> Item {
        let checks =
            checks.iter().map(|(name, verdict)| Check::new(name, *verdict, Some((*name).to_owned())));
        let checks = checks.collect();
        Item { rollout_id: None, verdict: Verdict::Pending, finding: None, differs: Vec::new(), checks }
    }

    #[test]
    fn one_fault_is_enough_and_what_was_not_looked_at_is_no_pass() {
        use Verdict::{Fail, NotChecked, Pass, Pending};
        let of = |checks: &[(&str, Verdict)], done| {
            let item = item(checks).judged(done);
            (item.verdict, item.finding)
        };
        assert_eq!(of(&[("a", Pass)], true), (Pass, None));
        assert_eq!(of(&[("a", Pass)], false), (Pending, None));
        assert_eq!(of(&[("a", NotChecked), ("b", Fail)], false), (Fail, Some("b".to_owned())));
        assert_eq!(of(&[("a", Pass), ("b", NotChecked)], true), (NotChecked, Some("b".to_owned())));
        for level in [Level::Signatures, Level::Reward, Level::Full] {
            assert_eq!(Level::parse(level.as_str()), Some(level));
        }
        assert!(Level::Signatures < Level::Reward && Level::Reward < Level::Full);
    }
}
