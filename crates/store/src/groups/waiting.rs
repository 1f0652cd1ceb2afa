//! Groups that wait: for a miner, in vain, or for any step.

use std::time::Duration;

use grail::ids::{CheckpointId, ProfileId};
use protocol::job::GroupState;
use protocol::{GroupId, JobId};
use sqlx::PgConnection;
use uuid::Uuid;

use super::Token;
use crate::Error;
use crate::attempts::WITHDRAWN;

/// A group that was refused and that no miner wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stranded {
    pub id: GroupId,
    pub job: JobId,
    pub prompt_index: u32,
    pub custom_id: String,
    pub attempt: u32,
}

/// Leases pending groups that were refused before and that nobody has taken for `since`.
pub async fn strand(
    conn: &mut PgConnection,
    since: Duration,
    limit: i64,
    hold: Duration,
) -> Result<(Token, Vec<Stranded>), Error> {
    let rows = sqlx::query!(
        r#"
        WITH stranded AS MATERIALIZED (
            SELECT g.id FROM groups g
            WHERE g.state = 'pending' AND g.attempt > 0 AND (g.lease_until IS NULL OR g.lease_until < now())
                -- nobody may take those of a paused job
                AND NOT EXISTS (SELECT 1 FROM jobs j WHERE j.id = g.job_id AND j.status = 'paused')
                AND EXISTS (SELECT 1 FROM attempts a WHERE a.group_id = g.id AND a.reason <> $4)
                AND NOT EXISTS (SELECT 1 FROM attempts a
                    WHERE a.group_id = g.id AND a.ended_at > now() - make_interval(secs => $1))
            ORDER BY g.id LIMIT $2 FOR NO KEY UPDATE OF g SKIP LOCKED
        ), token AS MATERIALIZED (SELECT gen_random_uuid() AS token)
        UPDATE groups g SET lease_token = token.token, lease_until = now() + make_interval(secs => $3)
        FROM stranded, token, prompts p
        WHERE g.id = stranded.id AND p.job_id = g.job_id AND p.prompt_index = g.prompt_index
        RETURNING g.id, g.job_id, g.prompt_index, p.custom_id, g.attempt, token.token AS "token!"
        "#,
        since.as_secs_f64(),
        limit,
        hold.as_secs_f64(),
        WITHDRAWN
    )
    .fetch_all(conn)
    .await?;
    let token = Token(rows.first().map_or_else(Uuid::nil, |row| row.token));
    let stranded = rows.into_iter().map(|row| Stranded {
        id: GroupId(row.id),
        job: JobId(row.job_id),
        prompt_index: row.prompt_index as u32,
        custom_id: row.custom_id,
        attempt: row.attempt as u32,
    });
    Ok((token, stranded.collect()))
}

/// True when a group of this checkpoint and profile waits for a miner.
pub async fn any_pending(
    conn: &mut PgConnection,
    checkpoint: CheckpointId,
    profile: ProfileId,
) -> Result<bool, Error> {
    let any = sqlx::query_scalar!(
        r#"
        SELECT EXISTS (SELECT 1 FROM groups g JOIN jobs j ON j.id = g.job_id
            WHERE g.state = 'pending' AND (g.lease_until IS NULL OR g.lease_until < now())
                AND (g.due_at IS NULL OR g.due_at > now())
                AND j.checkpoint_id = $1 AND j.profile_id = $2 AND j.status <> 'paused') AS "any!"
        "#,
        checkpoint.as_bytes(),
        profile.as_bytes()
    )
    .fetch_one(conn)
    .await?;
    Ok(any)
}

/// Groups that are not terminal, by the state they wait in.
pub async fn open(conn: &mut PgConnection) -> Result<Vec<(GroupState, i64)>, Error> {
    let rows = sqlx::query!(
        r#"
        SELECT state AS "state!", count(*) AS "count!" FROM groups
        WHERE state IN ('pending', 'dispatched', 'received', 'scored', 'verified') GROUP BY state
        -- by the other index
        UNION ALL
        SELECT 'awaiting_rewards', count(*) FROM groups WHERE state = 'awaiting_rewards'
        "#
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| Ok((GroupState::parse(&row.state).ok_or(Error::Corrupt("group state"))?, row.count)))
        .collect()
}
