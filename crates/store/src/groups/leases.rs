//! Leases of groups: taken, renewed, given back.

use std::collections::HashSet;
use std::time::Duration;

use grail::ids::{CheckpointId, GroupRoot, Hotkey};
use protocol::job::GroupState;
use protocol::{GroupId, JobId, Mode};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{Token, uuids};
use crate::{Db, Error, checkpoints as weights, lineup};

/// Groups that one worker holds for one step.
#[derive(Debug, Clone)]
pub struct Lease {
    pub token: Token,
    pub groups: Vec<Leased>,
}

/// What a step needs to know of a group that a miner was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leased {
    pub id: GroupId,
    pub job: JobId,
    pub prompt_index: u32,
    pub custom_id: String,
    pub attempt: u32,
    /// How often this step was tried, this time included.
    pub tries: u32,
    pub hotkey: Hotkey,
    /// What was taken in; `None` while the miner still works.
    pub taken_in: Option<TakenIn>,
}

/// Where a group's segment is, and the root that its receipt commits to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TakenIn {
    pub object_key: String,
    pub root: GroupRoot,
}

/// Leases up to `limit` groups that wait in `state`, the oldest in virtual time first. A lease that has expired is taken
/// over. `checkpoints` limits the choice to jobs of those. Groups of the other mode are not looked at.
///
/// In a transaction of its own, whose commit is not waited for: a lease that a crash of the database takes back was never
/// there, and whoever holds its token writes nothing. What a step writes afterwards is durable, and so is the lease then.
pub async fn lease(
    db: &Db,
    (state, mode): (GroupState, Mode),
    checkpoints: Option<&[CheckpointId]>,
    limit: i64,
    hold: Duration,
) -> Result<Lease, Error> {
    let (checkpoints, times) = (checkpoints.map(weights::bytes), lineup::times(mode));
    let rows = sqlx::query_as!(
        Row,
        r#"
        -- rows that another worker is taking right now are skipped, not waited for
        WITH free AS MATERIALIZED (
            SELECT g.ctid AS place FROM groups g
            WHERE g.state = $1 AND (g.lease_until IS NULL OR g.lease_until < now())
                -- the predicate of the index groups_queue, word for word, so that any plan can use it
                AND g.state IN ('pending', 'dispatched', 'received', 'scored', 'verified')
                AND g.vtime >= $5 AND g.vtime < $6
                -- nothing of a paused job is scored
                AND ($1 <> 'received'
                    OR NOT EXISTS (SELECT 1 FROM jobs j WHERE j.id = g.job_id AND j.status = 'paused'))
                AND ($2::bytea[] IS NULL
                    OR EXISTS (SELECT 1 FROM jobs j WHERE j.id = g.job_id AND j.checkpoint_id = ANY($2)))
            ORDER BY g.vtime, g.id LIMIT $3
            FOR NO KEY UPDATE OF g SKIP LOCKED
        ), token AS MATERIALIZED (
            SELECT gen_random_uuid() AS token, set_config('synchronous_commit', 'off', true)
        )
        UPDATE groups g
        SET lease_token = token.token, lease_until = now() + make_interval(secs => $4),
            -- to take a group back from a dead worker is no try of anything
            tries = tries + CASE g.state WHEN 'dispatched' THEN 0 ELSE 1 END
        -- a row that this statement has locked stays in its place, so nothing is looked up again to get there; as an array,
        -- since a join with what is free would rather read the whole table
        FROM token, prompts p
        WHERE g.ctid = ANY(ARRAY(SELECT place FROM free)) AND p.job_id = g.job_id AND p.prompt_index = g.prompt_index
        RETURNING g.id, g.job_id, g.prompt_index, p.custom_id, g.attempt, g.tries, g.hotkey, g.object_key,
            g.group_root, token.token AS "token!"
        "#,
        state.as_str(),
        checkpoints.as_deref(),
        limit,
        hold.as_secs_f64(),
        times.start,
        times.end
    )
    .fetch_all(db.pool())
    .await?;
    let token = Token(rows.first().map_or_else(Uuid::nil, |row| row.token));
    let groups = rows.into_iter().map(leased).collect::<Result<_, Error>>()?;
    Ok(Lease { token, groups })
}

pub(crate) struct Row {
    pub(crate) id: Uuid,
    pub(crate) job_id: Uuid,
    pub(crate) prompt_index: i32,
    pub(crate) custom_id: String,
    pub(crate) attempt: i32,
    pub(crate) tries: i32,
    pub(crate) hotkey: Option<Vec<u8>>,
    pub(crate) object_key: Option<String>,
    pub(crate) group_root: Option<Vec<u8>>,
    pub(crate) token: Uuid,
}

pub(crate) fn leased(row: Row) -> Result<Leased, Error> {
    let hotkey = row.hotkey.ok_or(Error::Corrupt("a group without its miner"))?;
    let taken_in = match (row.object_key, row.group_root) {
        (Some(object_key), Some(root)) => {
            let root = GroupRoot::from_slice(&root).map_err(|_| Error::Corrupt("group root"))?;
            Some(TakenIn { object_key, root })
        }
        _ => None,
    };
    Ok(Leased {
        id: GroupId(row.id),
        job: JobId(row.job_id),
        prompt_index: row.prompt_index as u32,
        custom_id: row.custom_id,
        attempt: row.attempt as u32,
        tries: row.tries as u32,
        hotkey: Hotkey::from_slice(&hotkey).map_err(|_| Error::Corrupt("hotkey"))?,
        taken_in,
    })
}

/// Renews what is still held under this token, and says how many groups that is.
pub async fn renew(
    conn: &mut PgConnection,
    token: Token,
    ids: &[GroupId],
    hold: Duration,
) -> Result<i64, Error> {
    let ids = uuids(ids);
    sqlx::query!(
        r#"
        -- a row that is being written right now is either ours, and done, or lost: no need to wait
        WITH ours AS MATERIALIZED (
            SELECT id FROM groups WHERE id = ANY($2) AND lease_token = $1 FOR NO KEY UPDATE SKIP LOCKED
        )
        UPDATE groups g SET lease_until = now() + make_interval(secs => $3) FROM ours WHERE g.id = ours.id
        "#,
        token.0,
        &ids,
        hold.as_secs_f64()
    )
    .execute(&mut *conn)
    .await?;
    let held = sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM groups WHERE id = ANY($2) AND lease_token = $1"#,
        token.0,
        &ids
    )
    .fetch_one(conn)
    .await?;
    Ok(held)
}

/// Locks those of `ids` that are still held under this token, and returns them: the others are lost, drop their results.
pub async fn held(conn: &mut PgConnection, token: Token, ids: &[GroupId]) -> Result<HashSet<GroupId>, Error> {
    let rows = sqlx::query_scalar!(
        "SELECT id FROM groups WHERE id = ANY($2) AND lease_token = $1 ORDER BY id FOR NO KEY UPDATE",
        token.0,
        &uuids(ids)
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(GroupId).collect())
}

/// Gives leases up without a result: the step is tried again, not before `after`.
pub async fn give_back(
    conn: &mut PgConnection,
    token: Token,
    ids: &[GroupId],
    after: Duration,
) -> Result<(), Error> {
    give_up(conn, token, ids, after, 0).await
}

/// Gives leases up since it is not their time yet: looked at again after `after`, and no try of anything.
pub async fn put_off(
    conn: &mut PgConnection,
    token: Token,
    ids: &[GroupId],
    after: Duration,
) -> Result<(), Error> {
    give_up(conn, token, ids, after, 1).await
}

/// Gives leases up, and takes so many tries back.
async fn give_up(
    conn: &mut PgConnection,
    token: Token,
    ids: &[GroupId],
    after: Duration,
    untried: i32,
) -> Result<(), Error> {
    sqlx::query!(
        r#"
        WITH ours AS MATERIALIZED (
            SELECT id FROM groups WHERE id = ANY($2) AND lease_token = $1 FOR NO KEY UPDATE SKIP LOCKED
        )
        UPDATE groups g SET lease_token = NULL, lease_until = now() + make_interval(secs => $3),
            tries = GREATEST(g.tries - $4, 0)
        FROM ours WHERE g.id = ours.id
        "#,
        token.0,
        &uuids(ids),
        after.as_secs_f64(),
        untried
    )
    .execute(conn)
    .await?;
    Ok(())
}
