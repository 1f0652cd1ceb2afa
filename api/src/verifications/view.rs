//! A re-check as it is shown.

use chrono::{DateTime, SecondsFormat, Utc};
use protocol::recheck::{Check, Item, Verdict};
use serde::Serialize;
use store::verifications::Verification;
use utoipa::ToSchema;

/// A re-check of rollouts.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Verification)]
pub(crate) struct VerificationView {
    #[schema(example = "verification")]
    object: &'static str,
    #[schema(example = "ver_6Q8N4ZJ0V7Y5T2R9M3K1B8C5D4")]
    id: String,
    /// `signatures`, `reward` or `full`.
    #[schema(example = "full")]
    level: &'static str,
    /// `queued` or `completed`.
    #[schema(example = "completed")]
    state: &'static str,
    /// Of all rollouts: `fail` if one fails, `pending` while one is, `not_checked` if something was not at hand, else `pass`.
    #[schema(example = "pass")]
    verdict: &'static str,
    /// One for each that was sent, in that order.
    rollouts: Vec<VerifiedRollout>,
    created_at: String,
    finished_at: Option<String>,
}

/// What was found about one rollout.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RolloutVerification)]
struct VerifiedRollout {
    rollout_id: Option<String>,
    /// `pass`, `fail`, `not_checked` or `pending`.
    #[schema(example = "pass")]
    verdict: &'static str,
    /// The first thing that was wrong, or missing.
    finding: Option<String>,
    /// JSON pointers of what is not as it was delivered.
    differs: Vec<String>,
    checks: Vec<VerificationCheck>,
}

/// One look at a rollout.
#[derive(Debug, Serialize, ToSchema)]
struct VerificationCheck {
    /// `record`: it is what was delivered. `signatures`: chain, signatures and receipts hold. `reward`: its function gave the
    /// same again. `model`: every token was recomputed.
    name: String,
    verdict: &'static str,
    finding: Option<String>,
}

fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "pass",
        Verdict::Fail => "fail",
        Verdict::NotChecked => "not_checked",
        Verdict::Pending => "pending",
    }
}

impl From<Verification> for VerificationView {
    fn from(verification: Verification) -> Self {
        let text = |time: DateTime<Utc>| time.to_rfc3339_opts(SecondsFormat::Millis, true);
        let has = |verdict| verification.items.iter().any(|item| item.verdict == verdict);
        let worst =
            [Verdict::Fail, Verdict::Pending, Verdict::NotChecked].into_iter().find(|verdict| has(*verdict));
        Self {
            object: "verification",
            id: verification.id.to_string(),
            level: verification.level.as_str(),
            state: if verification.completed { "completed" } else { "queued" },
            verdict: word(worst.unwrap_or(Verdict::Pass)),
            created_at: text(verification.created_at),
            finished_at: verification.finished_at.map(text),
            rollouts: verification.items.into_iter().map(VerifiedRollout::from).collect(),
        }
    }
}

impl From<Item> for VerifiedRollout {
    fn from(item: Item) -> Self {
        let check =
            |Check { name, verdict, finding }| VerificationCheck { name, verdict: word(verdict), finding };
        Self {
            rollout_id: item.rollout_id.map(|id| id.to_string()),
            verdict: word(item.verdict),
            finding: item.finding,
            differs: item.differs,
            checks: item.checks.into_iter().map(check).collect(),
        }
    }
}
