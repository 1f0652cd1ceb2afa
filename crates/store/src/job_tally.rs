//! A job's counters, and how far they say it is.
//!
//! They move under the lock of the job's row, in the transaction that makes groups terminal. So of each such transaction it is
//! known how far the job was before and is after it, and a step of its progress is told by the one that passes it.

use chrono::{DateTime, Utc};
use protocol::JobId;
use protocol::event::EventType;
use serde_json::{Value, json};
use sqlx::PgConnection;

use crate::Error;
use crate::events::{self, NewEvent};
use crate::job_close::Ended;

/// How far apart the steps are that a job's log tells, in percent.
pub const STEP: i64 = 5;

/// The counters of a job that has not ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tally {
    pub(crate) prompt_count: i32,
    pub(crate) open_groups: i32,
    pub(crate) is_open: bool,
    pub(crate) status: String,
    pub(crate) status_reason: Option<String>,
    pub(crate) groups_accepted: i32,
    pub(crate) groups_filtered: i32,
    pub(crate) groups_failed: i32,
    pub(crate) groups_cancelled: i32,
    pub(crate) groups_expired: i32,
    pub(crate) target_groups: Option<i32>,
    pub(crate) rollouts_generated: i64,
    pub(crate) rollouts_verified: i64,
    pub(crate) rollouts_selected: i64,
    pub(crate) rollouts_filtered: i64,
    pub(crate) rollouts_rejected: i64,
    pub(crate) rollouts_duplicate: i64,
    pub(crate) rollouts_reward_error: i64,
}

impl Tally {
    pub(crate) fn delivered(&self) -> i32 {
        self.groups_accepted + self.groups_filtered
    }

    /// How far the job is, in whole percent: the share of its prompts whose groups have ended. Of a job with a target, the
    /// share of that which is accepted: how many prompts it takes is not known before.
    pub fn percent(&self) -> i64 {
        self.percent_less(Ended::default())
    }

    /// The same without these.
    fn percent_less(&self, ended: Ended) -> i64 {
        let (done, all) = if let Some(target) = self.target_groups {
            (self.groups_accepted - ended.accepted, target)
        } else {
            let done = self.delivered() + self.groups_failed + self.groups_cancelled + self.groups_expired;
            (done - ended.total(), self.prompt_count)
        };
        i64::from(done.clamp(0, all)) * 100 / i64::from(all.max(1))
    }

    /// The highest step that the job has come to by these groups, which are counted already.
    fn passed_by(&self, ended: Ended) -> Option<i64> {
        let step = |percent: i64| percent / STEP * STEP;
        let now = step(self.percent());
        (now > step(self.percent_less(ended))).then_some(now)
    }

    /// As events of a job that goes on show them.
    pub fn counts(&self) -> Value {
        let mut counts = self.final_counts();
        counts["prompts"] = self.prompt_count.into();
        counts["groups"]["open"] = self.open_groups.into();
        counts
    }

    /// The same of one that ends.
    pub(crate) fn final_counts(&self) -> Value {
        json!({
            "groups": { "accepted": self.groups_accepted, "filtered": self.groups_filtered,
                "failed": self.groups_failed, "cancelled": self.groups_cancelled,
                "expired": self.groups_expired },
            "rollouts": { "generated": self.rollouts_generated, "verified": self.rollouts_verified,
                "selected": self.rollouts_selected, "filtered": self.rollouts_filtered,
                "rejected": self.rollouts_rejected, "duplicate": self.rollouts_duplicate,
                "reward_error": self.rollouts_reward_error },
        })
    }
}

/// The counters of a job; `None` if it has ended.
pub async fn read(conn: &mut PgConnection, job: JobId) -> Result<Option<Tally>, Error> {
    let tally = sqlx::query_as!(
        Tally,
        r#"
        SELECT prompt_count, open_groups, is_open, status, status_reason, groups_accepted, groups_filtered, groups_failed,
            groups_cancelled, groups_expired, target_groups, rollouts_generated, rollouts_verified, rollouts_selected,
            rollouts_filtered, rollouts_rejected, rollouts_duplicate, rollouts_reward_error
        FROM jobs WHERE id = $1 AND finished_at IS NULL
        "#,
        job.0
    )
    .fetch_optional(conn)
    .await?;
    Ok(tally)
}

/// Counts groups that became terminal; `None` if there are none.
pub(crate) async fn count(conn: &mut PgConnection, job: JobId, ended: Ended) -> Result<Option<Tally>, Error> {
    if ended.total() == 0 {
        return Ok(None);
    }
    let tally = sqlx::query_as!(
        Tally,
        r#"
        UPDATE jobs SET open_groups = open_groups - $2, groups_accepted = groups_accepted + $3,
            groups_filtered = groups_filtered + $4, groups_failed = groups_failed + $5,
            groups_cancelled = groups_cancelled + $6, groups_expired = groups_expired + $7
        WHERE id = $1
        RETURNING prompt_count, open_groups, is_open, status, status_reason, groups_accepted, groups_filtered,
            groups_failed, groups_cancelled, groups_expired, target_groups, rollouts_generated, rollouts_verified,
            rollouts_selected, rollouts_filtered, rollouts_rejected, rollouts_duplicate, rollouts_reward_error
        "#,
        job.0,
        ended.total(),
        ended.accepted,
        ended.filtered,
        ended.failed,
        ended.cancelled,
        ended.expired
    )
    .fetch_optional(&mut *conn)
    .await?;
    tally.map(Some).ok_or(Error::NotFound)
}

/// Tells the step that a job which goes on has come to by these groups. In the transaction that counted them.
pub(crate) async fn tell(
    conn: &mut PgConnection,
    job: JobId,
    tally: &Tally,
    ended: Ended,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let Some(percent) = tally.passed_by(ended) else { return Ok(()) };
    let data = json!({ "percent": percent, "counts": tally.counts() });
    events::append(conn, job, now, &[NewEvent::new(EventType::JobProgressCheckpoint, data)]).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(prompts: i32, accepted: i32, failed: i32, target: Option<i32>) -> Tally {
        Tally {
            prompt_count: prompts,
            open_groups: prompts - accepted - failed,
            is_open: false,
            status: "in_progress".to_owned(),
            status_reason: None,
            groups_accepted: accepted,
            groups_filtered: 0,
            groups_failed: failed,
            groups_cancelled: 0,
            groups_expired: 0,
            target_groups: target,
            rollouts_generated: 0,
            rollouts_verified: 0,
            rollouts_selected: 0,
            rollouts_filtered: 0,
            rollouts_rejected: 0,
            rollouts_duplicate: 0,
            rollouts_reward_error: 0,
        }
    }

    #[test]
    fn each_step_is_passed_once_however_groups_end() {
        for (prompts, at_once) in [(1, 1), (7, 1), (20, 1), (23, 2), (300, 7), (50_000, 64)] {
            let (mut told, mut done) = (Vec::new(), 0);
            while done < prompts {
                let accepted = at_once.min(prompts - done);
                done += accepted;
                told.extend(tally(prompts, done, 0, None).passed_by(Ended { accepted, ..Ended::default() }));
            }
            assert!(told.is_sorted_by(|a, b| a < b), "{prompts}: {told:?}");
            assert_eq!(told.last(), Some(&100), "{prompts}");
            assert!(prompts < 20 || at_once > prompts / 20 || told.len() == 20, "{prompts}: {told:?}");
        }
    }

    #[test]
    fn a_target_is_what_counts_where_there_is_one() {
        let failed = Ended { failed: 40, ..Ended::default() };
        assert_eq!(tally(100, 5, 40, Some(10)).percent(), 50);
        assert_eq!(tally(100, 5, 40, Some(10)).passed_by(failed), None);
        assert_eq!(tally(100, 5, 40, None).percent(), 45);
        assert_eq!(tally(100, 5, 40, None).passed_by(failed), Some(45));
        // a job that is open and has no prompts yet
        assert_eq!(tally(0, 0, 0, None).percent(), 0);
    }
}
