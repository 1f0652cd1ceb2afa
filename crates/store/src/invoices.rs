//! Invoices: an organisation's statement by month, added up from its lines. Nothing of them is stored, so none can disagree
//! with the ledger; an id is a function of organisation and month.

use chrono::{DateTime, Datelike as _, Months, NaiveDate, NaiveTime, TimeDelta, Utc};
use protocol::{AccountId, InvoiceId, ProjectId};
use sqlx::PgConnection;

use crate::keyset::{Found, Page};
use crate::{Error, tenants};

/// A line bears the time at which its transaction looked at the clock: so long after a month no more come to be in it.
const SETTLES: TimeDelta = TimeDelta::hours(1);

/// A calendar month of UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Month(NaiveDate);

impl Month {
    fn of(time: DateTime<Utc>) -> Self {
        let day = time.date_naive();
        Self(day.with_day(1).unwrap_or(day))
    }

    fn previous(self) -> Option<Self> {
        self.0.checked_sub_months(Months::new(1)).map(Self)
    }

    fn begin(self) -> DateTime<Utc> {
        self.0.and_time(NaiveTime::MIN).and_utc()
    }

    fn end(self) -> DateTime<Utc> {
        self.0.checked_add_months(Months::new(1)).map_or(DateTime::<Utc>::MAX_UTC, |next| Self(next).begin())
    }

    fn id(self, account: AccountId) -> InvoiceId {
        account.invoice(self.0.year(), self.0.month())
    }
}

/// What the lines of one kind come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sum {
    pub kind: String,
    /// Signed, as the lines are.
    pub amount: i64,
    pub lines: i64,
    /// Rollouts that were charged.
    pub rollouts: i64,
}

/// The lines of one project's jobs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfProject {
    pub project: ProjectId,
    pub sums: Vec<Sum>,
}

/// One month of an organisation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invoice {
    pub id: InvoiceId,
    pub begin: DateTime<Utc>,
    pub end: DateTime<Utc>,
    /// The month has ended, and nothing more comes to be in it.
    pub is_final: bool,
    /// Of the balance: available and held together.
    pub opening: i64,
    pub closing: i64,
    pub sums: Vec<Sum>,
    pub projects: Vec<OfProject>,
}

/// An organisation's invoices, newest first: of every month from its first on, whether something happened or not. `None`: the
/// page's cursor is none of them.
pub async fn list(
    conn: &mut PgConnection,
    account: AccountId,
    page: Page<InvoiceId>,
    now: DateTime<Utc>,
) -> Result<Option<Found<Invoice>>, Error> {
    let months = months(conn, account, now).await?;
    let Some(found) = page.among(months, |month| month.id(account)) else { return Ok(None) };
    let Found { rows, has_more } = found;
    Ok(Some(Found { rows: read(conn, account, &rows, now).await?, has_more }))
}

pub async fn find(
    conn: &mut PgConnection,
    account: AccountId,
    id: InvoiceId,
    now: DateTime<Utc>,
) -> Result<Option<Invoice>, Error> {
    let month = months(conn, account, now).await?.into_iter().find(|month| month.id(account) == id);
    Ok(read(conn, account, month.as_slice(), now).await?.pop())
}

/// Newest first.
async fn months(
    conn: &mut PgConnection,
    account: AccountId,
    now: DateTime<Utc>,
) -> Result<Vec<Month>, Error> {
    let first = sqlx::query_scalar!(
        r#"
        SELECT LEAST(created_at, (SELECT min(e.created_at) FROM ledger_entries e WHERE e.account_id = a.id)) AS "first!"
        FROM accounts a WHERE id = $1
        "#,
        account.0
    )
    .fetch_optional(conn)
    .await?
    .ok_or(Error::NotFound)?;
    let (first, last) = (Month::of(first), Month::of(now));
    Ok(std::iter::successors(Some(last), |month| month.previous().filter(|month| *month >= first)).collect())
}

struct Line {
    month: DateTime<Utc>,
    project: Option<ProjectId>,
    sum: Sum,
}

/// The invoices of months that follow each other, newest first.
async fn read(
    conn: &mut PgConnection,
    account: AccountId,
    months: &[Month],
    now: DateTime<Utc>,
) -> Result<Vec<Invoice>, Error> {
    let (Some(newest), Some(oldest)) = (months.first(), months.last()) else { return Ok(Vec::new()) };
    // the whole statement is the organisation's, the jobs of other projects are behind the wall of one
    let outside = tenants::leave(conn).await?;
    let mut balance = sqlx::query_scalar!(
        r#"
        SELECT COALESCE(SUM(amount), 0)::bigint AS "balance!" FROM ledger_entries
        WHERE account_id = $1 AND created_at < $2 AND type IN ('grant', 'charge')
        "#,
        account.0,
        oldest.begin()
    )
    .fetch_one(&mut *conn)
    .await?;
    let lines = lines(conn, account, oldest.begin(), newest.end()).await?;
    outside.back(conn).await?;
    let mut invoices = Vec::with_capacity(months.len());
    for month in months.iter().rev() {
        let begin = month.begin();
        let ours = || lines.iter().filter(move |line| line.month == begin);
        let moved =
            ours().filter(|line| moves_balance(&line.sum.kind)).map(|line| line.sum.amount).sum::<i64>();
        let opening = balance;
        balance += moved;
        invoices.push(Invoice {
            id: month.id(account),
            begin,
            end: month.end(),
            is_final: month.end() + SETTLES <= now,
            opening,
            closing: balance,
            sums: added_up(ours()),
            projects: by_project(ours()),
        });
    }
    invoices.reverse();
    Ok(invoices)
}

/// A hold and its release move what is available, and not the balance.
fn moves_balance(kind: &str) -> bool {
    matches!(kind, "grant" | "charge")
}

/// In the order of months, projects and kinds.
async fn lines(
    conn: &mut PgConnection,
    account: AccountId,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
) -> Result<Vec<Line>, Error> {
    let rows = sqlx::query!(
        r#"
        SELECT date_trunc('month', e.created_at, 'UTC') AS "month!", j.project_id AS "project_id?", e.type,
            SUM(e.amount)::bigint AS "amount!", COUNT(*) AS "lines!", SUM(e.rollout_count)::bigint AS "rollouts!"
        FROM ledger_entries e LEFT JOIN jobs j ON j.id = e.job_id
        WHERE e.account_id = $1 AND e.created_at >= $2 AND e.created_at < $3
        GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
        "#,
        account.0,
        from,
        to
    )
    .fetch_all(conn)
    .await?;
    let line = rows.into_iter().map(|row| Line {
        month: row.month,
        project: row.project_id.map(ProjectId),
        sum: Sum { kind: row.r#type, amount: row.amount, lines: row.lines, rollouts: row.rollouts },
    });
    Ok(line.collect())
}

/// The sums of all projects together, by kind.
fn added_up<'l>(lines: impl Iterator<Item = &'l Line>) -> Vec<Sum> {
    let mut sums: Vec<Sum> = Vec::new();
    for Line { sum, .. } in lines {
        match sums.iter_mut().find(|known| known.kind == sum.kind) {
            None => sums.push(sum.clone()),
            Some(known) => {
                known.amount += sum.amount;
                known.lines += sum.lines;
                known.rollouts += sum.rollouts;
            }
        }
    }
    sums.sort_by(|a, b| a.kind.cmp(&b.kind));
    sums
}

fn by_project<'l>(lines: impl Iterator<Item = &'l Line>) -> Vec<OfProject> {
    let mut projects: Vec<OfProject> = Vec::new();
    for line in lines {
        let Some(project) = line.project else { continue };
        match projects.last_mut().filter(|known| known.project == project) {
            Some(known) => known.sums.push(line.sum.clone()),
            None => projects.push(OfProject { project, sums: vec![line.sum.clone()] }),
        }
    }
    projects
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_follow_each_other_over_years() {
        let at = |text: &str| Month::of(text.parse().unwrap());
        let january = at("2027-01-31T23:59:59Z");
        assert_eq!(january.begin().to_rfc3339(), "2027-01-01T00:00:00+00:00");
        assert_eq!(january.end(), at("2027-02-01T00:00:00Z").begin());
        assert_eq!(january.previous(), Some(at("2026-12-01T00:00:00Z")));
        assert_eq!(at("2026-12-31T00:00:00Z").end(), january.begin());
        let account = AccountId(uuid::Uuid::from_u128(7));
        assert_eq!(january.id(account), at("2027-01-01T00:00:00Z").id(account));
        assert_ne!(january.id(account), at("2026-11-01T00:00:00Z").id(account));
        assert_ne!(january.id(account), january.id(AccountId(uuid::Uuid::from_u128(8))));
    }
}
