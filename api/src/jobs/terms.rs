//! What bounds a job, as it is asked for: budget, deadline, priority, privacy, quote. From the body to `Conditions`.

use chrono::{DateTime, TimeDelta, Utc};
use protocol::conditions::{
    Budget, DEFAULT_RETENTION_DAYS, MAX_DEADLINE_DAYS, OnExhausted, Priority, RETENTION_DAYS, TrainingUse,
};
use protocol::{QuoteId, Rao};
use serde::{Deserialize, Deserializer};
use store::job_conditions::Conditions;
use utoipa::ToSchema;

use super::input::Word;
use super::parse::Faults;

/// Rollouts that a budget may name; more than any job has.
const MOST_ROLLOUTS: i64 = 1_000_000_000;

#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BudgetInput {
    /// The most that the job may cost, in rao, as a string. It is held, if the job can cost as much at all.
    #[schema(example = "61440000")]
    pub(crate) max_amount_rao: Option<String>,
    /// The most rollouts that may be verified and settled, selected or filtered.
    #[schema(minimum = 1)]
    pub(crate) max_rollouts: Option<i64>,
    #[schema(value_type = Option<WhenExhausted>, default = "pause")]
    pub(crate) on_exhausted: Option<Word<OnExhausted>>,
}

/// What follows when the budget cannot pay another group: the job waits for a larger one, or ends with what there is, as
/// completed or as cancelled. `status_reason` is `budget_exhausted`.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "shows in the OpenAPI document what protocol::conditions::OnExhausted reads")]
pub(crate) enum WhenExhausted {
    Pause,
    Complete,
    Cancel,
}

/// `batch` takes one turn where `standard` takes four. A job never waits for another customer's backlog, whatever it is.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "shows in the OpenAPI document what protocol::conditions::Priority reads")]
pub(crate) enum JobPriority {
    Standard,
    Batch,
}

/// Whether models may be trained on what the job brings to light.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "shows in the OpenAPI document what protocol::conditions::TrainingUse reads")]
pub(crate) enum MayTrain {
    Deny,
    Allow,
}

#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PrivacyInput {
    /// How long prompts and completions stay after the job has ended. Proof hashes and the ledger are kept.
    #[schema(default = 30, minimum = 1, maximum = 365)]
    pub(crate) retention_days: Option<i64>,
    #[schema(value_type = Option<MayTrain>, default = "deny")]
    pub(crate) training_use: Option<Word<TrainingUse>>,
    /// Only `assigned_miners`: whoever serves a prompt sees it.
    #[schema(value_type = Option<Visibility>, default = "assigned_miners")]
    pub(crate) prompt_visibility: Option<Word<Visibility>>,
}

/// Who sees prompts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Visibility {
    AssignedMiners,
}

/// The conditions as they are given, beside the rest of the body.
#[derive(Debug, Default)]
pub(crate) struct TermsInput {
    pub(crate) budget: BudgetInput,
    pub(crate) deadline_at: Option<String>,
    pub(crate) priority: Option<Word<Priority>>,
    pub(crate) privacy: PrivacyInput,
    pub(crate) quote: Option<String>,
    pub(crate) open: bool,
}

/// Checks what needs no database and no clock.
pub(crate) fn parse(given: TermsInput, faults: &mut Faults) -> Conditions {
    let TermsInput { budget, deadline_at, priority, privacy, quote, open } = given;
    let retention = privacy.retention_days.unwrap_or(DEFAULT_RETENTION_DAYS.into());
    faults.word(
        privacy.prompt_visibility,
        Visibility::AssignedMiners,
        "#/privacy/prompt_visibility",
        "assigned_miners",
    );
    Conditions {
        budget: Budget {
            max_amount: budget.max_amount_rao.and_then(|text| amount(&text, faults)),
            max_rollouts: budget.max_rollouts.and_then(|most| rollouts(most, faults)),
            on_exhausted: on_exhausted(budget.on_exhausted, faults).unwrap_or_default(),
        },
        deadline_at: deadline_at.and_then(|text| time(&text, faults)),
        priority: word(priority, faults).unwrap_or_default(),
        open,
        retention_days: faults.whole(retention, RETENTION_DAYS, "#/privacy/retention_days"),
        training_use: faults.word(
            privacy.training_use,
            TrainingUse::default(),
            "#/privacy/training_use",
            "deny, allow",
        ),
        quote: quote.and_then(|text| {
            let id: Result<QuoteId, _> = text.parse();
            id.map_err(|error| faults.add("#/quote", "unknown_quote", error.to_string())).ok()
        }),
    }
}

pub(super) fn amount(text: &str, faults: &mut Faults) -> Option<Rao> {
    let amount = Rao::parse(text);
    amount.map_err(|error| faults.add("#/budget/max_amount_rao", "invalid_amount", error.to_string())).ok()
}

pub(super) fn rollouts(most: i64, faults: &mut Faults) -> Option<u64> {
    faults.whole(most, 1..=MOST_ROLLOUTS, "#/budget/max_rollouts").map(u64::from)
}

pub(super) fn on_exhausted(given: Option<Word<OnExhausted>>, faults: &mut Faults) -> Option<OnExhausted> {
    let pointer = "#/budget/on_exhausted";
    given.map(|word| faults.word(Some(word), OnExhausted::default(), pointer, "pause, complete, cancel"))
}

pub(super) fn word(given: Option<Word<Priority>>, faults: &mut Faults) -> Option<Priority> {
    given.map(|word| faults.word(Some(word), Priority::default(), "#/priority", "standard, batch"))
}

pub(super) fn time(text: &str, faults: &mut Faults) -> Option<DateTime<Utc>> {
    let time = DateTime::parse_from_rfc3339(text).map(|time| time.to_utc());
    let detail = "a time as RFC 3339 writes it, such as 2026-11-22T08:00:00Z";
    time.map_err(|_| faults.add("#/deadline_at", "invalid_time", detail)).ok()
}

/// A deadline must lie ahead, and not beyond all measure.
pub(super) fn lies_ahead(deadline: Option<DateTime<Utc>>, now: DateTime<Utc>, faults: &mut Faults) {
    let Some(deadline) = deadline else { return };
    if deadline <= now || deadline > now + TimeDelta::days(MAX_DEADLINE_DAYS) {
        let detail = format!("{deadline} is not within the next {MAX_DEADLINE_DAYS} days");
        faults.add("#/deadline_at", "out_of_range", detail);
    }
}

/// Tells `null`, which takes something away, from nothing, which leaves it as it is.
#[expect(clippy::option_option, reason = "absent, null and a value are three wishes")]
pub(super) fn nullable<'de, D, T>(deserializer: D) -> Result<Option<Option<T>>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    Option::<T>::deserialize(deserializer).map(Some)
}
