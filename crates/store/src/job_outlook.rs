//! What a waiting customer wants to know of a job: what it waits for, how far back it stands, and how long it may take.
//!
//! All of it is derived from what is there at the moment, and nothing is said that was not measured.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use protocol::JobId;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{Error, job_budget, tenants};

/// Groups before a job's next one are counted up to here.
pub const MOST_AHEAD: i64 = 1_000;
/// A pace is that of so many groups at least.
const LEAST_SETTLED: i64 = 6;
/// One in ten measurements of a pace is further below it than so many of its standard deviations.
const P90: f64 = 1.2816;

/// What keeps a job from going on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WaitingOn {
    /// Miners have no room for it, or others come first.
    Capacity,
    /// No miner is there that serves its checkpoint.
    Miners,
    /// Answers are being scored, verified or settled.
    Verification,
    /// Its customer's rewards.
    Rewards,
    /// A larger budget, or groups in flight that may leave something of it.
    Budget,
    /// Somebody to resume it.
    Paused,
    /// It is open, and has no prompts left.
    Prompts,
}

impl WaitingOn {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Capacity => "capacity",
            Self::Miners => "miners",
            Self::Verification => "verification",
            Self::Rewards => "rewards",
            Self::Budget => "budget",
            Self::Paused => "paused",
            Self::Prompts => "prompts",
        }
    }
}

/// When a job ends if it goes on at the pace of its last ten minutes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Eta {
    pub p50: DateTime<Utc>,
    pub p90: DateTime<Utc>,
}

/// How things stand for a job that has not ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Outlook {
    pub waiting_on: Option<WaitingOn>,
    /// Groups of others that come before its next one, up to [`MOST_AHEAD`]; `None` where none of it waits for a miner.
    pub queue_position: Option<i64>,
    pub eta: Option<Eta>,
}

/// The outlook of those of these jobs that have not ended.
pub async fn of_jobs(conn: &mut PgConnection, jobs: &[Uuid]) -> Result<HashMap<JobId, Outlook>, Error> {
    // miners and the groups of others are nobody's; what is told of them is a number
    let outside = tenants::leave(conn).await?;
    let rows = sqlx::query_as!(
        Row,
        r#"
        SELECT j.id, j.status, j.pause_reason, COALESCE(r.groups < 1, FALSE) AS "is_spent!",
            c.pending AS "pending!", c.dispatched AS "dispatched!", c.ours AS "ours!", c.awaiting AS "awaiting!",
            c.settled AS "settled!", c.since, now() AS "now!",
            -- a test job waits for no miner
            NOT j.livemode OR EXISTS (SELECT 1 FROM miners m WHERE m.state = 'active' AND m.checkpoint_id = j.checkpoint_id
                AND m.profile_id = j.profile_id AND m.last_seen_at > now() - interval '1 minute') AS "has_miners!",
            CASE WHEN c.pending > 0 AND j.status IN ('queued', 'in_progress') THEN (
                SELECT count(*) FROM (
                    SELECT 1 FROM groups g JOIN jobs o ON o.id = g.job_id
                    WHERE g.state = 'pending' AND g.vtime < c.vtime AND g.job_id <> j.id
                        AND o.status IN ('queued', 'in_progress')
                        AND o.checkpoint_id = j.checkpoint_id AND o.profile_id = j.profile_id
                    LIMIT $2
                ) AS before
            ) END AS ahead
        FROM jobs j
        LEFT JOIN job_room r ON r.job_id = j.id
        CROSS JOIN LATERAL (
            SELECT count(*) FILTER (WHERE state = 'pending') AS pending,
                min(vtime) FILTER (WHERE state = 'pending') AS vtime,
                count(*) FILTER (WHERE state = 'dispatched') AS dispatched,
                count(*) FILTER (WHERE state IN ('received', 'scored', 'verified')) AS ours,
                count(*) FILTER (WHERE state = 'awaiting_rewards') AS awaiting,
                count(*) FILTER (WHERE finished_at > now() - interval '10 minutes' AND state NOT IN ('cancelled', 'expired')) AS settled,
                min(finished_at) FILTER (WHERE finished_at > now() - interval '10 minutes' AND state NOT IN ('cancelled', 'expired')) AS since
            FROM groups WHERE job_id = j.id
        ) AS c
        WHERE j.id = ANY($1) AND j.finished_at IS NULL
        "#,
        jobs,
        MOST_AHEAD
    )
    .fetch_all(&mut *conn)
    .await?;
    outside.back(conn).await?;
    Ok(rows.into_iter().map(|row| (JobId(row.id), row.outlook())).collect())
}

struct Row {
    id: Uuid,
    status: String,
    pause_reason: Option<String>,
    is_spent: bool,
    pending: i64,
    dispatched: i64,
    /// Groups that a step of ours is to move on.
    ours: i64,
    awaiting: i64,
    /// Groups that ended within the last ten minutes, and when the first of them did.
    settled: i64,
    since: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
    has_miners: bool,
    ahead: Option<i64>,
}

impl Row {
    fn outlook(&self) -> Outlook {
        let is_paused = self.status == "paused";
        let eta = if is_paused { None } else { self.eta() };
        Outlook { waiting_on: self.waiting_on(), queue_position: self.ahead, eta }
    }

    fn waiting_on(&self) -> Option<WaitingOn> {
        if self.status == "paused" {
            let for_budget = self.pause_reason.as_deref() == Some(job_budget::EXHAUSTED);
            return Some(if for_budget { WaitingOn::Budget } else { WaitingOn::Paused });
        }
        if self.status == "validating" || self.dispatched > 0 {
            return None;
        }
        if self.awaiting > 0 && self.ours == 0 {
            return Some(WaitingOn::Rewards);
        }
        if self.pending == 0 {
            return Some(if self.ours > 0 { WaitingOn::Verification } else { WaitingOn::Prompts });
        }
        Some(match (self.is_spent, self.has_miners) {
            (true, _) => WaitingOn::Budget,
            (false, false) => WaitingOn::Miners,
            (false, true) => WaitingOn::Capacity,
        })
    }

    /// From the pace of what has ended lately; ends are taken to come as a Poisson process does.
    fn eta(&self) -> Option<Eta> {
        let left = self.pending + self.dispatched + self.ours + self.awaiting;
        let span = (self.now - self.since?).as_seconds_f64();
        if left == 0 || self.settled < LEAST_SETTLED || span <= 0.0 {
            return None;
        }
        // the first of them opens the span and is not in it
        let paced = (self.settled - 1) as f64;
        let at = |settled: f64| {
            let seconds = (left as f64 * span / settled).min(1e9);
            self.now + TimeDelta::milliseconds((seconds * 1e3) as i64)
        };
        Some(Eta { p50: at(paced), p90: at(paced - P90 * paced.sqrt()) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row() -> Row {
        let now = DateTime::UNIX_EPOCH + TimeDelta::days(20_000);
        Row {
            id: Uuid::nil(),
            status: "in_progress".to_owned(),
            pause_reason: None,
            is_spent: false,
            pending: 0,
            dispatched: 0,
            ours: 0,
            awaiting: 0,
            settled: 0,
            since: None,
            now,
            has_miners: true,
            ahead: None,
        }
    }

    #[test]
    fn what_a_job_waits_for_is_what_keeps_it() {
        let waits = |row: Row| row.waiting_on();
        let paused = |reason: &str| Row {
            status: "paused".to_owned(),
            pause_reason: Some(reason.to_owned()),
            pending: 3,
            ..row()
        };
        assert_eq!(waits(paused("paused_by_customer")), Some(WaitingOn::Paused));
        assert_eq!(waits(paused(job_budget::EXHAUSTED)), Some(WaitingOn::Budget));
        assert_eq!(waits(Row { dispatched: 1, pending: 5, ..row() }), None, "miners are at work");
        assert_eq!(waits(Row { pending: 5, ..row() }), Some(WaitingOn::Capacity));
        assert_eq!(waits(Row { pending: 5, has_miners: false, ..row() }), Some(WaitingOn::Miners));
        assert_eq!(waits(Row { pending: 5, is_spent: true, ours: 1, ..row() }), Some(WaitingOn::Budget));
        assert_eq!(waits(Row { ours: 2, ..row() }), Some(WaitingOn::Verification));
        assert_eq!(waits(Row { awaiting: 2, pending: 1, ..row() }), Some(WaitingOn::Rewards));
        assert_eq!(waits(row()), Some(WaitingOn::Prompts));
    }

    #[test]
    fn an_end_is_foretold_from_a_measured_pace_only() {
        let since = Some(row().now - TimeDelta::seconds(100));
        assert_eq!(Row { pending: 50, settled: 5, since, ..row() }.eta(), None, "too few");
        assert_eq!(Row { settled: 50, since, ..row() }.eta(), None, "nothing left");
        let eta = Row { pending: 40, dispatched: 10, settled: 26, since, ..row() }.eta().unwrap();
        assert_eq!((eta.p50 - row().now).num_seconds(), 200, "a quarter of a group each second");
        assert_eq!((eta.p90 - row().now).num_seconds(), 268, "25 may as well be 18.6");
    }
}
