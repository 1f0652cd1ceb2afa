//! Caps on what jobs may cost: of a key, of the keys that made it, and of a project, in one period.
//!
//! A job counts for the period in which its money was held: while it runs with all that is held, then with what it was
//! charged. `spent_days` has the sums by day, which a trigger on `holds` moves (migration 0040): the rows of the caps are
//! locked until the hold is there, so that two jobs at once cannot both have the last rao, and whoever waits for them must not
//! wait for a walk over all holds there ever were.

use chrono::{DateTime, Datelike as _, Days, Months, NaiveTime, Utc};
use protocol::{JobId, KeyId, ProjectId, Rao};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::Error;

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

/// Whose cap it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Capped {
    Key,
    Project,
}

impl Capped {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Key => "key",
            Self::Project => "project",
        }
    }
}

/// A cap that a job would exceed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exceeded {
    pub source: Capped,
    pub limit: Rao,
    pub spent: Rao,
    pub required: Rao,
    pub resets_at: Option<DateTime<Utc>>,
}

/// What of the caps over a job's money is known: the lineage of its key, and its project.
pub(crate) struct Payer {
    pub(crate) project: Uuid,
    pub(crate) lineage: Vec<Uuid>,
}

/// Lets a job hold `amount` more, if every cap over it allows that. In the transaction that takes the hold, before it.
///
/// What the job holds already counts in any case: else one of an earlier period could be raised without end.
pub(crate) async fn admit(
    conn: &mut PgConnection,
    job: JobId,
    amount: Rao,
    now: DateTime<Utc>,
) -> Result<Payer, Error> {
    let payer = sqlx::query_as!(
        Payer,
        r#"
        SELECT j.project_id AS project, COALESCE(k.lineage, '{}') AS "lineage!"
        FROM jobs j LEFT JOIN api_keys k ON k.id = j.key_id WHERE j.id = $1
        "#,
        job.0
    )
    .fetch_optional(&mut *conn)
    .await?
    .ok_or(Error::NotFound)?;
    // always in this order, so that two jobs cannot wait for each other in a ring
    let keys = sqlx::query!(
        r#"
        SELECT id, limit_rao, limit_reset FROM api_keys WHERE id = ANY($1) AND limit_rao IS NOT NULL
        ORDER BY id FOR NO KEY UPDATE
        "#,
        &payer.lineage
    )
    .fetch_all(&mut *conn)
    .await?;
    let projects = sqlx::query!(
        "SELECT id, limit_rao, limit_reset FROM projects WHERE id = $1 AND limit_rao IS NOT NULL FOR NO KEY UPDATE",
        payer.project
    )
    .fetch_all(&mut *conn)
    .await?;
    for row in keys {
        if let Some(cap) = Cap::read(row.limit_rao, row.limit_reset.as_deref())? {
            let spent = spent(conn, row.id, cap.since(now), Some(job)).await?;
            check(Capped::Key, cap, spent, amount, now)?;
        }
    }
    for row in projects {
        if let Some(cap) = Cap::read(row.limit_rao, row.limit_reset.as_deref())? {
            let spent = spent(conn, row.id, cap.since(now), Some(job)).await?;
            check(Capped::Project, cap, spent, amount, now)?;
        }
    }
    Ok(payer)
}

fn check(source: Capped, cap: Cap, spent: Rao, required: Rao, now: DateTime<Utc>) -> Result<(), Error> {
    if spent.get().checked_add(required.get()).is_some_and(|sum| sum <= cap.limit.get()) {
        return Ok(());
    }
    let resets_at = cap.reset.map(|reset| reset.period(now).1);
    Err(Error::SpendCap(Exceeded { source, limit: cap.limit, spent, required, resets_at }))
}

/// What the jobs of a key, and of the keys that it made, hold or were charged.
pub async fn of_key(conn: &mut PgConnection, id: KeyId, since: DateTime<Utc>) -> Result<Rao, Error> {
    spent(conn, id.0, since, None).await
}

/// The same of a project.
pub async fn of_project(conn: &mut PgConnection, id: ProjectId, since: DateTime<Utc>) -> Result<Rao, Error> {
    spent(conn, id.0, since, None).await
}

/// What counts for a key or a project since the begin of a day. `with`: what this job holds does in any case.
async fn spent(
    conn: &mut PgConnection,
    payer: Uuid,
    since: DateTime<Utc>,
    with: Option<JobId>,
) -> Result<Rao, Error> {
    let spent = sqlx::query_scalar!(
        r#"
        SELECT (
            (SELECT COALESCE(SUM(amount), 0) FROM spent_days WHERE payer = $1 AND day >= $2)
            + COALESCE((SELECT amount FROM holds WHERE job_id = $3 AND created_at < $4 AND state = 'open'), 0)
        )::bigint AS "spent!"
        "#,
        payer,
        since.date_naive(),
        with.map(|job| job.0),
        since
    )
    .fetch_one(conn)
    .await?;
    Rao::new(spent).ok_or(Error::Corrupt("negative amount"))
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

    #[test]
    fn the_last_rao_may_be_spent_and_no_more() {
        let rao = |amount| Rao::new(amount).unwrap();
        let cap = Cap { limit: rao(10), reset: None };
        let now = DateTime::<Utc>::UNIX_EPOCH;
        assert!(check(Capped::Key, cap, rao(4), rao(6), now).is_ok());
        assert!(check(Capped::Key, cap, rao(4), rao(7), now).is_err());
        let most = Cap { limit: Rao::new(i64::MAX).unwrap(), reset: None };
        assert!(check(Capped::Key, most, rao(i64::MAX), rao(1), now).is_err(), "sums do not wrap");
    }
}
