//! Groups: the queue. One narrow row per prompt, moved from step to step under leases.
//!
//! A lease is a token and an expiry by the database's clock; every write of a step demands the token, so that whoever
//! lost its lease writes nothing. A transaction that touches a job's row and its groups locks the job first
//! (`job_progress::lock`); statements that lease or renew skip locked rows. So no two ever wait for each other in a ring.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use chrono::{DateTime, Utc};
use grail::ids::{CheckpointId, GroupRoot, Hotkey, ProfileId};
use grail::receipt::SignedReceipt;
use protocol::job::GroupState;
use protocol::{GroupId, JobId, Mode};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::attempts::WITHDRAWN;
use crate::job_close::Ended;
use crate::{Db, Error, checkpoints as weights, lineup};

/// Fences every write back of a step; the same for all groups leased together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token(pub(crate) Uuid);

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

/// What was taken in for one group.
#[derive(Debug, Clone)]
pub struct Received<'a> {
    pub id: GroupId,
    pub object_key: &'a str,
    pub root: GroupRoot,
    pub receipt: &'a SignedReceipt,
}

/// `dispatched` to `received`.
pub async fn receive(conn: &mut PgConnection, token: Token, groups: &[Received<'_>]) -> Result<(), Error> {
    let ids: Vec<Uuid> = groups.iter().map(|group| group.id.0).collect();
    let keys: Vec<String> = groups.iter().map(|group| group.object_key.to_owned()).collect();
    let roots: Vec<Vec<u8>> = groups.iter().map(|group| group.root.0.to_vec()).collect();
    let receipts = groups
        .iter()
        .map(|group| serde_json::to_value(group.receipt).map_err(|_| Error::Corrupt("receipt")))
        .collect::<Result<Vec<_>, _>>()?;
    let updated = sqlx::query!(
        r#"
        UPDATE groups g SET state = 'received', tries = 0, lease_token = NULL, lease_until = NULL,
            object_key = r.object_key, group_root = r.group_root, receipt = r.receipt
        FROM UNNEST($2::uuid[], $3::text[], $4::bytea[], $5::jsonb[]) AS r (id, object_key, group_root, receipt)
        WHERE g.id = r.id AND g.lease_token = $1 AND g.state = 'dispatched'
        "#,
        token.0,
        &ids,
        &keys,
        &roots,
        &receipts
    )
    .execute(conn)
    .await?;
    all(updated.rows_affected(), groups.len())
}

/// `scored` to `verified`, or to `awaiting_rewards` where the customer scores. Each says what of it was recomputed, in the
/// words of [`protocol::rollout`].
/// Returns those that wait for the customer, and until when.
pub async fn verify(
    conn: &mut PgConnection,
    token: Token,
    groups: &[(GroupId, &'static str)],
    now: DateTime<Utc>,
) -> Result<HashMap<GroupId, DateTime<Utc>>, Error> {
    let ids: Vec<Uuid> = groups.iter().map(|(id, _)| id.0).collect();
    let verification: Vec<String> = groups.iter().map(|(_, word)| (*word).to_owned()).collect();
    let rows = sqlx::query!(
        r#"
        UPDATE groups g SET tries = 0, lease_token = NULL, lease_until = NULL,
            state = CASE WHEN j.reward_deadline_s IS NULL THEN 'verified' ELSE 'awaiting_rewards' END,
            rewards_due_at = $4::timestamptz + make_interval(secs => j.reward_deadline_s),
            verification = v.verification
        FROM UNNEST($2::uuid[], $3::text[]) AS v (id, verification), jobs j
        WHERE g.id = v.id AND g.lease_token = $1 AND g.state = 'scored' AND j.id = g.job_id
        RETURNING g.id, g.rewards_due_at
        "#,
        token.0,
        &ids,
        &verification,
        now
    )
    .fetch_all(conn)
    .await?;
    all(rows.len() as u64, groups.len())?;
    Ok(rows.into_iter().filter_map(|row| Some((GroupId(row.id), row.rewards_due_at?))).collect())
}

/// One step on: `received` to `scored`.
pub async fn advance(
    conn: &mut PgConnection,
    token: Token,
    ids: &[GroupId],
    to: GroupState,
) -> Result<(), Error> {
    let updated = sqlx::query!(
        r#"
        UPDATE groups SET state = $3, tries = 0, lease_token = NULL, lease_until = NULL
        WHERE id = ANY($2) AND lease_token = $1
        "#,
        token.0,
        &uuids(ids),
        to.as_str()
    )
    .execute(conn)
    .await?;
    all(updated.rows_affected(), ids.len())
}

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

/// Back to `pending`, for another attempt not before `after`. `answered`: the last one was at least refused, so that the
/// count of tries without an answer starts anew.
pub async fn reopen(
    conn: &mut PgConnection,
    token: Token,
    ids: &[GroupId],
    answered: bool,
    after: Duration,
) -> Result<(), Error> {
    let updated = sqlx::query!(
        r#"
        UPDATE groups SET state = 'pending', lease_token = NULL, lease_until = now() + make_interval(secs => $3),
            hotkey = NULL, object_key = NULL, group_root = NULL, receipt = NULL,
            tries = CASE WHEN $4 THEN 0 ELSE tries END
        WHERE id = ANY($2) AND lease_token = $1
        "#,
        token.0,
        &uuids(ids),
        after.as_secs_f64(),
        answered
    )
    .execute(conn)
    .await?;
    all(updated.rows_affected(), ids.len())
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

/// A statement that demands a token must reach every row that it was meant for.
fn all(reached: u64, wanted: usize) -> Result<(), Error> {
    if reached == wanted as u64 { Ok(()) } else { Err(Error::StaleLease) }
}

pub(crate) fn uuids(ids: &[GroupId]) -> Vec<Uuid> {
    ids.iter().map(|id| id.0).collect()
}
