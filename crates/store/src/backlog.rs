//! How much waits: what more work is refused by. Counted from the jobs' own counters, and groups only up to a bound.

use grail::ids::{CheckpointId, ProfileId};
use protocol::{AccountId, Mode};
use sqlx::PgConnection;

use crate::{Error, lineup};

/// What has not ended of live jobs. A moment later it may be more: bounds on it are soft by what is created at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backlog {
    /// Prompts of one account's jobs, those of files that are not read yet included: of jobs, and of batches.
    pub account: i64,
    /// Prompts of everyone's that miners may be asked for: not those of paused jobs, nor those in reserve.
    pub all: i64,
    /// Groups that wait to be scored or verified, up to the bound and one more.
    pub unverified: i64,
}

/// `conn` sees all rows.
pub async fn of_account(
    conn: &mut PgConnection,
    account: AccountId,
    most_unverified: i64,
) -> Result<Backlog, Error> {
    let times = lineup::times(Mode::Live);
    let backlog = sqlx::query_as!(
        Backlog,
        r#"
        WITH own AS (
            SELECT COALESCE(sum(open_groups), 0)::bigint AS prompts FROM jobs
            WHERE account_id = $1 AND finished_at IS NULL AND livemode
        ), unread AS (
            SELECT COALESCE(sum(lines), 0)::bigint AS prompts FROM (
                SELECT f.lines FROM job_inputs i JOIN jobs j ON j.id = i.job_id JOIN files f ON f.id = i.file_id
                WHERE i.account_id = $1 AND j.livemode AND j.finished_at IS NULL
                UNION ALL
                -- jobs of them that are written already have no open groups yet: nothing is counted twice
                SELECT f.lines FROM compat_batches b JOIN projects p ON p.id = b.project_id JOIN files f ON f.id = b.input_file_id
                WHERE b.account_id = $1 AND p.livemode AND b.state = 'validating'
            ) AS waiting
        )
        SELECT own.prompts + unread.prompts AS "account!",
            -- a job with a target has no more than what it still lacks open besides its reserve; LEAST takes no notice of NULL
            (SELECT COALESCE(sum(LEAST(open_groups, target_groups - groups_accepted)), 0)::bigint FROM jobs
                WHERE finished_at IS NULL AND livemode AND status <> 'paused') AS "all!",
            (SELECT count(*) FROM (
                SELECT 1 FROM groups WHERE state IN ('received', 'scored') AND vtime >= $2 AND vtime < $3 LIMIT $4
            ) AS g) AS "unverified!"
        FROM own, unread
        "#,
        account.0,
        times.start,
        times.end,
        most_unverified.saturating_add(1)
    )
    .fetch_one(conn)
    .await?;
    Ok(backlog)
}

/// Whether a miner of this checkpoint and profile may be asked, and was heard of within a minute.
pub async fn is_served(
    conn: &mut PgConnection,
    checkpoint: CheckpointId,
    profile: ProfileId,
) -> Result<bool, Error> {
    let found = sqlx::query_scalar!(
        r#"
        SELECT EXISTS (SELECT 1 FROM miners WHERE state = 'active' AND checkpoint_id = $1 AND profile_id = $2
            AND last_seen_at > now() - interval '1 minute') AS "found!"
        "#,
        checkpoint.as_bytes(),
        profile.as_bytes()
    )
    .fetch_one(conn)
    .await?;
    Ok(found)
}
