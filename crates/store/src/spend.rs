//! Caps on what jobs may cost in one period, and on what they may hold at once: of a key, of the keys that made it, of a
//! project, and of an organisation.
//!
//! A job counts for the period in which its money was last held or raised: while it runs with all that is held, then with what
//! it was charged. So one whose prompts come on a later day takes room of that day, and no cap is passed by what was begun
//! before. `spent_days` has the sums by day, which a trigger on `holds` moves (migrations 0040 and 0051): the rows of the caps
//! are locked until the hold is there, so that two jobs at once cannot both have the last rao, and whoever waits for them must
//! not wait for a walk over all holds there ever were.

use std::fmt;

use chrono::{DateTime, Datelike as _, Days, Months, NaiveTime, Utc};
use protocol::{AccountId, JobId, KeyId, ProjectId, Rao};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::Error;
use crate::budget_alerts;
use crate::budgets::Limits;
use crate::events::NewEvent;

/// How often a limit begins anew. In UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reset {
    Daily,
    /// On Mondays.
    Weekly,
    Monthly,
}

impl Reset {
    pub const ALL: [Self; 3] = [Self::Daily, Self::Weekly, Self::Monthly];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Daily => "daily",
            Self::Weekly => "weekly",
            Self::Monthly => "monthly",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reset| reset.as_str() == text)
    }

    /// The period that this moment is in: its begin, and the begin of the next.
    pub fn period(self, now: DateTime<Utc>) -> (DateTime<Utc>, DateTime<Utc>) {
        let day = now.date_naive();
        // dates of the far future have no next; nothing resets then
        let (first, next) = match self {
            Self::Daily => (day, day.checked_add_days(Days::new(1))),
            Self::Weekly => {
                let since = Days::new(day.weekday().num_days_from_monday().into());
                let monday = day.checked_sub_days(since).unwrap_or(day);
                (monday, monday.checked_add_days(Days::new(7)))
            }
            Self::Monthly => {
                let first = day.with_day(1).unwrap_or(day);
                (first, first.checked_add_months(Months::new(1)))
            }
        };
        let midnight = |day: chrono::NaiveDate| day.and_time(NaiveTime::MIN).and_utc();
        (midnight(first), next.map_or(DateTime::<Utc>::MAX_UTC, midnight))
    }
}

/// So much in each period; for ever without one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cap {
    pub limit: Rao,
    pub reset: Option<Reset>,
}

impl Cap {
    /// Since when spending counts: the begin of a day.
    pub fn since(self, now: DateTime<Utc>) -> DateTime<Utc> {
        self.reset.map_or(DateTime::<Utc>::UNIX_EPOCH, |reset| reset.period(now).0)
    }

    pub(crate) fn read(limit: Option<i64>, reset: Option<&str>) -> Result<Option<Self>, Error> {
        let Some(limit) = limit else { return Ok(None) };
        let limit = Rao::new(limit).ok_or(Error::Corrupt("negative limit"))?;
        let reset = reset.map(|text| Reset::parse(text).ok_or(Error::Corrupt("limit reset"))).transpose()?;
        Ok(Some(Self { limit, reset }))
    }
}

/// Who has limits. A job is all of these: its key and the keys that made that, its project, and its organisation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Payer {
    Key(KeyId),
    Project(ProjectId),
    Organization(AccountId),
}

impl Payer {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Key(_) => "key",
            Self::Project(_) => "project",
            Self::Organization(_) => "organization",
        }
    }

    pub(crate) fn uuid(self) -> Uuid {
        match self {
            Self::Key(KeyId(id)) | Self::Project(ProjectId(id)) | Self::Organization(AccountId(id)) => id,
        }
    }
}

/// The id, as customers write it.
impl fmt::Display for Payer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(id) => id.fmt(f),
            Self::Project(id) => id.fmt(f),
            Self::Organization(id) => id.fmt(f),
        }
    }
}

/// A cap that a job would exceed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exceeded {
    pub source: Payer,
    pub limit: Rao,
    pub spent: Rao,
    pub required: Rao,
    pub resets_at: Option<DateTime<Utc>>,
}

/// A job for which more would be held at once than may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InFlight {
    pub source: Payer,
    pub limit: Rao,
    pub held: Rao,
    pub required: Rao,
}

impl InFlight {
    /// Whether there will be room once other jobs have ended.
    pub fn may_fit_later(&self) -> bool {
        self.required <= self.limit
    }
}

/// What of the limits over a job's money is known: the lineage of its key, its project and its organisation.
pub(crate) struct Paying {
    pub(crate) project: Uuid,
    pub(crate) lineage: Vec<Uuid>,
    account: Uuid,
    /// Since when its hold counts; `None`: it has none yet.
    held_at: Option<DateTime<Utc>>,
}

/// Lets a job hold `amount` more, if every limit over it allows that: with what is to be told of them. In the transaction that
/// takes the hold, before it.
///
/// What the job holds already counts in any case, as if all of it were held now: else one of an earlier period could be raised
/// without end. After an error the transaction is to be rolled back.
pub(crate) async fn admit(
    conn: &mut PgConnection,
    job: JobId,
    amount: Rao,
    now: DateTime<Utc>,
) -> Result<(Paying, Vec<NewEvent>), Error> {
    let paying = sqlx::query_as!(
        Paying,
        r#"
        SELECT j.project_id AS "project!", j.account_id AS "account!", COALESCE(k.lineage, '{}') AS "lineage!",
            h.created_at AS "held_at?"
        FROM jobs j LEFT JOIN api_keys k ON k.id = j.key_id LEFT JOIN holds h ON h.job_id = j.id WHERE j.id = $1
        "#,
        job.0
    )
    .fetch_optional(&mut *conn)
    .await?
    .ok_or(Error::NotFound)?;
    let mut alerts = Vec::new();
    if amount == Rao::ZERO {
        return Ok((paying, alerts)); // nothing more is spent: a test job's, or one whose prompts come later
    }
    let all = lock(conn, &paying).await?;
    if paying.held_at.is_some_and(|at| at.date_naive() < now.date_naive()) {
        count_today(conn, job, now).await?;
    }
    for (payer, limits) in all {
        if let Some(cap) = limits.cap {
            let taken = check(payer, cap, since(conn, payer, cap.since(now)).await?, amount, now)?;
            let account = AccountId(paying.account);
            alerts.extend(budget_alerts::passed(conn, account, (payer, cap), taken, now).await?);
        }
        if let Some(limit) = limits.in_flight {
            let held = held(conn, payer).await?;
            if held.checked_add(amount).is_none_or(|sum| sum > limit) {
                return Err(Error::InFlight(InFlight { source: payer, limit, held, required: amount }));
            }
        }
    }
    Ok((paying, alerts))
}

/// The limits over a job's money, their rows locked until the hold is there. Always in this order, so that two jobs cannot
/// wait for each other in a ring.
async fn lock(conn: &mut PgConnection, paying: &Paying) -> Result<Vec<(Payer, Limits)>, Error> {
    let mut found = Vec::new();
    let keys = sqlx::query!(
        r#"
        SELECT id, limit_rao, limit_reset, in_flight_limit_rao FROM api_keys
        WHERE id = ANY($1) AND (limit_rao IS NOT NULL OR in_flight_limit_rao IS NOT NULL)
        ORDER BY id FOR NO KEY UPDATE
        "#,
        &paying.lineage
    )
    .fetch_all(&mut *conn)
    .await?;
    for row in keys {
        let limits = Limits::read(row.limit_rao, row.limit_reset.as_deref(), row.in_flight_limit_rao)?;
        found.push((Payer::Key(KeyId(row.id)), limits));
    }
    let project = sqlx::query!(
        r#"
        SELECT limit_rao, limit_reset, in_flight_limit_rao FROM projects
        WHERE id = $1 AND (limit_rao IS NOT NULL OR in_flight_limit_rao IS NOT NULL) FOR NO KEY UPDATE
        "#,
        paying.project
    )
    .fetch_optional(&mut *conn)
    .await?;
    if let Some(row) = project {
        let limits = Limits::read(row.limit_rao, row.limit_reset.as_deref(), row.in_flight_limit_rao)?;
        found.push((Payer::Project(ProjectId(paying.project)), limits));
    }
    // limited or not: the hold changes the row anyway
    let row = sqlx::query!(
        "SELECT limit_rao, limit_reset, in_flight_limit_rao FROM accounts WHERE id = $1 FOR NO KEY UPDATE",
        paying.account
    )
    .fetch_one(&mut *conn)
    .await?;
    let limits = Limits::read(row.limit_rao, row.limit_reset.as_deref(), row.in_flight_limit_rao)?;
    found.push((Payer::Organization(AccountId(paying.account)), limits));
    Ok(found)
}

/// What is taken of the cap then.
fn check(source: Payer, cap: Cap, spent: Rao, required: Rao, now: DateTime<Utc>) -> Result<Rao, Error> {
    if let Some(taken) = spent.checked_add(required).filter(|sum| *sum <= cap.limit) {
        return Ok(taken);
    }
    let resets_at = cap.reset.map(|reset| reset.period(now).1);
    Err(Error::SpendCap(Exceeded { source, limit: cap.limit, spent, required, resets_at }))
}

/// A hold of an earlier day counts for this one from now on, and all of it. Once the account is locked: its days are moved by a
/// trigger.
async fn count_today(conn: &mut PgConnection, job: JobId, now: DateTime<Utc>) -> Result<(), Error> {
    sqlx::query!("UPDATE holds SET created_at = $2 WHERE job_id = $1 AND state = 'open'", job.0, now)
        .execute(conn)
        .await?;
    Ok(())
}

/// What the jobs of a payer hold or were charged since the begin of a day: of a key with those of the keys that it made.
pub async fn since(conn: &mut PgConnection, payer: Payer, since: DateTime<Utc>) -> Result<Rao, Error> {
    // an organisation is its projects: its default one has its id, so it has no rows of its own
    let payers = match payer {
        Payer::Key(id) => vec![id.0],
        Payer::Project(id) => vec![id.0],
        Payer::Organization(id) => {
            sqlx::query_scalar!("SELECT id FROM projects WHERE account_id = $1", id.0)
                .fetch_all(&mut *conn)
                .await?
        }
    };
    let spent = sqlx::query_scalar!(
        r#"
        SELECT COALESCE(SUM(amount), 0)::bigint AS "spent!" FROM spent_days WHERE payer = ANY($1) AND day >= $2
        "#,
        &payers,
        since.date_naive()
    )
    .fetch_one(conn)
    .await?;
    Rao::new(spent).ok_or(Error::Corrupt("negative amount"))
}

/// What a payer's jobs hold at once: the sum of its open holds, as `held` of an account is.
pub async fn held(conn: &mut PgConnection, payer: Payer) -> Result<Rao, Error> {
    let held = match payer {
        Payer::Key(id) => {
            sqlx::query_scalar!(
                r#"
                SELECT COALESCE(SUM(amount), 0)::bigint AS "held!" FROM holds
                WHERE state = 'open' AND key_ids @> ARRAY[$1::uuid]
                "#,
                id.0
            )
            .fetch_one(conn)
            .await?
        }
        Payer::Project(id) => {
            sqlx::query_scalar!(
                r#"
                SELECT COALESCE(SUM(amount), 0)::bigint AS "held!" FROM holds WHERE state = 'open' AND project_id = $1
                "#,
                id.0
            )
            .fetch_one(conn)
            .await?
        }
        Payer::Organization(id) => {
            sqlx::query_scalar!("SELECT held FROM accounts WHERE id = $1", id.0).fetch_one(conn).await?
        }
    };
    Rao::new(held).ok_or(Error::Corrupt("negative amount"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_begin_at_midnight_on_mondays_and_on_the_first() {
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        let now = at("2026-11-22T19:30:05Z"); // a Sunday
        assert_eq!(Reset::Daily.period(now), (at("2026-11-22T00:00:00Z"), at("2026-11-23T00:00:00Z")));
        assert_eq!(Reset::Weekly.period(now), (at("2026-11-16T00:00:00Z"), at("2026-11-23T00:00:00Z")));
        assert_eq!(Reset::Monthly.period(now), (at("2026-11-01T00:00:00Z"), at("2026-12-01T00:00:00Z")));
        let monday = at("2026-11-23T00:00:00Z");
        assert_eq!(Reset::Weekly.period(monday).0, monday);
        let last = at("2028-12-31T23:59:59Z");
        assert_eq!(Reset::Monthly.period(last).1, at("2029-01-01T00:00:00Z"));
    }

    const KEY: Payer = Payer::Key(KeyId(Uuid::nil()));

    #[test]
    fn the_last_rao_may_be_spent_and_no_more() {
        let rao = |amount| Rao::new(amount).unwrap();
        let cap = Cap { limit: rao(10), reset: None };
        let now = DateTime::<Utc>::UNIX_EPOCH;
        assert!(check(KEY, cap, rao(4), rao(6), now).is_ok());
        assert!(check(KEY, cap, rao(4), rao(7), now).is_err());
        let most = Cap { limit: Rao::new(i64::MAX).unwrap(), reset: None };
        assert!(check(KEY, most, rao(i64::MAX), rao(1), now).is_err(), "sums do not wrap");
    }
}
