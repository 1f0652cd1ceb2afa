//! How groups end: by their own step, or with their job.

use protocol::job::GroupState;
use protocol::{GroupId, JobId};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{Token, all};
use crate::Error;
use crate::attempts::WITHDRAWN;
use crate::job_close::Ended;

/// How a group ends.
#[derive(Debug, Clone, Copy)]
pub struct Finished {
    pub id: GroupId,
    pub state: GroupState,
    pub reason: Option<&'static str>,
}

/// To a terminal state. Count it with `job_close::groups_ended` in the same transaction.
pub async fn finish(conn: &mut PgConnection, token: Token, groups: &[Finished]) -> Result<(), Error> {
    let ids: Vec<Uuid> = groups.iter().map(|group| group.id.0).collect();
    let states: Vec<String> = groups.iter().map(|group| group.state.as_str().to_owned()).collect();
    let reasons: Vec<Option<String>> = groups.iter().map(|group| group.reason.map(str::to_owned)).collect();
    let updated = sqlx::query!(
        r#"
        UPDATE groups g SET state = f.state, reason = f.reason, finished_at = now(),
            lease_token = NULL, lease_until = NULL
        FROM UNNEST($2::uuid[], $3::text[], $4::text[]) AS f (id, state, reason)
        WHERE g.id = f.id AND g.lease_token = $1
        "#,
        token.0,
        &ids,
        &states,
        &reasons as &[Option<String>]
    )
    .execute(conn)
    .await?;
    all(updated.rows_affected(), groups.len())
}

/// Ends the open groups of a job that is being cancelled: those that no miner has answered yet, and unless `graceful`
/// also those that were received but not delivered. Leases on them are lost.
///
/// Where the customer scores, what it has not scored cannot be delivered, however graceful. `state` is how they end.
///
/// Call it with the job's row locked (its status just changed), then `job_close::groups_ended` with what it returns.
pub async fn cancel(
    conn: &mut PgConnection,
    job: JobId,
    graceful: bool,
    (state, reason): (GroupState, &str),
) -> Result<Ended, Error> {
    let ended = sqlx::query!(
        r#"
        WITH ended AS (
            UPDATE groups SET state = $5, reason = $4, finished_at = now(),
                lease_token = NULL, lease_until = NULL
            WHERE job_id = $1 AND (state IN ('reserve', 'pending', 'dispatched')
                OR (state IN ('received', 'scored', 'awaiting_rewards')
                    AND (NOT $2 OR (SELECT reward_deadline_s IS NOT NULL FROM jobs WHERE id = $1)))
                OR (state = 'verified' AND NOT $2))
            RETURNING id, attempt
        ), withdrawn AS (
            UPDATE attempts a SET ended_at = now(), reason = $3 FROM ended e
            WHERE a.group_id = e.id AND a.attempt = e.attempt AND a.ended_at IS NULL
        ), dropped AS (
            UPDATE rollouts r SET state = 'cancelled' FROM ended e
            WHERE r.group_id = e.id AND r.attempt = e.attempt AND r.state IN ('received', 'scored', 'verified')
        )
        SELECT count(*) AS "count!" FROM ended
        "#,
        job.0,
        graceful,
        WITHDRAWN,
        reason,
        state.as_str()
    )
    .fetch_one(conn)
    .await?;
    Ok(Ended::default().and(state, ended.count as i32))
}
