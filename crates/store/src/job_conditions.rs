//! What bounds a job: as it is written at its creation, and as it is read again. How it is changed is `job_patch`'s affair.

use chrono::{DateTime, Utc};
use protocol::conditions::{Budget, OnExhausted, Priority, TrainingUse};
use protocol::{QuoteId, Rao};

use crate::Error;

/// The conditions of a job. By default nothing bounds it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Conditions {
    pub budget: Budget,
    pub deadline_at: Option<DateTime<Utc>>,
    pub priority: Priority,
    /// Prompts may still be appended.
    pub open: bool,
    /// How long its data stays after its end; `None`: until it is deleted.
    pub retention_days: Option<u32>,
    pub training_use: TrainingUse,
    /// The promise that its price comes from.
    pub quote: Option<QuoteId>,
}

/// The columns of the conditions, for rows that have more than these.
#[derive(Debug)]
pub(crate) struct Columns {
    pub(crate) max_amount: Option<i64>,
    pub(crate) max_rollouts: Option<i64>,
    pub(crate) on_exhausted: String,
    pub(crate) deadline_at: Option<DateTime<Utc>>,
    pub(crate) priority: String,
    pub(crate) is_open: bool,
    pub(crate) retention_days: Option<i32>,
    pub(crate) training_use: String,
    pub(crate) quote_id: Option<uuid::Uuid>,
}

impl TryFrom<Columns> for Conditions {
    type Error = Error;

    fn try_from(row: Columns) -> Result<Self, Error> {
        Ok(Self {
            budget: budget(row.max_amount, row.max_rollouts, &row.on_exhausted)?,
            deadline_at: row.deadline_at,
            priority: priority(&row.priority)?,
            open: row.is_open,
            retention_days: row.retention_days.map(|days| days as u32),
            training_use: TrainingUse::parse(&row.training_use).ok_or(Error::Corrupt("training use"))?,
            quote: row.quote_id.map(QuoteId),
        })
    }
}

pub(crate) fn priority(text: &str) -> Result<Priority, Error> {
    Priority::parse(text).ok_or(Error::Corrupt("priority"))
}

/// A budget from its columns.
pub(crate) fn budget(
    max_amount: Option<i64>,
    max_rollouts: Option<i64>,
    on_exhausted: &str,
) -> Result<Budget, Error> {
    let amount = |amount| Rao::new(amount).ok_or(Error::Corrupt("budget"));
    Ok(Budget {
        max_amount: max_amount.map(amount).transpose()?,
        max_rollouts: max_rollouts.map(|most| most as u64),
        on_exhausted: OnExhausted::parse(on_exhausted).ok_or(Error::Corrupt("on_exhausted"))?,
    })
}
