//! Attempts: which miner was asked for which group, and what became of it.

use std::collections::HashMap;
use std::time::Duration;

use grail::RejectReason;
use grail::ids::{CheckpointId, Hotkey, ProfileId};
use grail::profile::Profile;
use protocol::{GroupId, JobId};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::groups::{Token, uuids};
use crate::miners::Room;
use crate::queue_head::{self, Head};
use crate::{Error, job_budget, miners};

/// The reason of an attempt that the service itself gave up: the job was cancelled, or its worker stopped or died.
/// No blame on the miner.
pub const WITHDRAWN: &str = "withdrawn";

/// Reasons after which a miner may be asked for the same group again when there is nobody else.
const EXCUSABLE: &[RejectReason] =
    &[RejectReason::DeadlineExceeded, RejectReason::MinerUnavailable, RejectReason::TruncatedStream];

/// How often another job is looked for when the one whose turn it is has nothing for us after all.
const LOOKS: usize = 3;

/// Whom to ask, and for how much. The profile says of which mode.
#[derive(Debug, Clone, Copy)]
pub struct Offer {
    pub hotkey: Hotkey,
    pub checkpoint: CheckpointId,
    pub profile: ProfileId,
    pub max_groups: i64,
    pub hold: Duration,
    /// Also groups that this miner has failed in an excusable way, if every other miner seen within `fresh` has failed
    /// them too.
    pub again: bool,
    pub fresh: Duration,
}

/// Groups of one job that one miner is asked for.
#[derive(Debug, Clone)]
pub struct Dispatch {
    pub token: Token,
    pub job: JobId,
    pub groups: Vec<Dispatched>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dispatched {
    pub id: GroupId,
    pub prompt_index: u32,
    pub custom_id: String,
    pub attempt: u32,
    /// How often it was given to a miner without any answer, this time included.
    pub tries: u32,
}

/// Leases pending groups for a miner, all of the job whose turn it is, as many as its free capacity holds.
///
/// `None` when nothing waits for it or it has no room. Locks the miner's row: callers side by side cannot overfill it.
pub async fn start(conn: &mut PgConnection, offer: &Offer) -> Result<Option<Dispatch>, Error> {
    match miners::room(conn, offer.hotkey).await? {
        Some(room) => lease(conn, offer, room).await,
        None => Ok(None),
    }
}

/// The same of test jobs, which no miner is asked for: the service answers them itself, under a hotkey that has no row, and
/// always has room.
pub async fn start_test(conn: &mut PgConnection, offer: &Offer) -> Result<Option<Dispatch>, Error> {
    let profile = Profile::test().id();
    lease(conn, &Offer { profile, ..*offer }, Room { free: i64::MAX, idle: true }).await
}

async fn lease(conn: &mut PgConnection, offer: &Offer, room: Room) -> Result<Option<Dispatch>, Error> {
    let excused: Vec<String> = EXCUSABLE
        .iter()
        .filter(|_| offer.again)
        .map(|reason| reason.as_str().to_owned())
        .chain([WITHDRAWN.to_owned()])
        .collect();
    for _ in 0..LOOKS {
        let Some(head) = queue_head::of(conn, offer, room, &excused).await? else { return Ok(None) };
        // from here on what is in flight of it grows by nobody else, where that is bounded
        job_budget::reserve(conn, JobId(head.job), head.has_budget).await?;
        let rows = take(conn, offer, &head, &excused).await?;
        if let Some(first) = rows.first() {
            return Ok(Some(Dispatch {
                token: Token(first.token),
                job: JobId(first.job_id),
                groups: rows.iter().map(Dispatched::from).collect(),
            }));
        }
    }
    Ok(None)
}

/// Leases groups of the job, its hold locked by `job_budget::reserve`: no more than its budget has room for. None when
/// the job has changed since it was chosen.
async fn take(
    conn: &mut PgConnection,
    offer: &Offer,
    head: &Head,
    excused: &[String],
) -> Result<Vec<Row>, Error> {
    let rows = sqlx::query_as!(
        Row,
        r#"
        WITH most AS MATERIALIZED (
            SELECT GREATEST(LEAST($8, (SELECT r.groups FROM job_room r WHERE r.job_id = j.id)), 0) AS groups FROM jobs j
            WHERE j.id = $9 AND j.status IN ('queued', 'in_progress')
                AND (j.max_amount IS NOT NULL OR j.max_rollouts IS NOT NULL) = $10
        ), free AS MATERIALIZED (
            SELECT g.id FROM groups g
            WHERE g.job_id = $9 AND g.state = 'pending' AND (g.lease_until IS NULL OR g.lease_until < now())
                AND (g.due_at IS NULL OR g.due_at > now())
                -- as it was chosen
                AND NOT EXISTS (SELECT 1 FROM attempts a WHERE a.group_id = g.id AND a.hotkey = $1
                    AND a.reason IS NOT NULL AND a.reason <> ALL($4))
                AND (NOT $5 OR NOT EXISTS (SELECT 1 FROM miners m
                    WHERE m.state = 'active' AND m.checkpoint_id = $2 AND m.profile_id = $3 AND m.hotkey <> $1
                        AND m.last_seen_at > now() - make_interval(secs => $6)
                        AND NOT EXISTS (SELECT 1 FROM attempts o WHERE o.group_id = g.id AND o.hotkey = m.hotkey
                            AND o.reason IS NOT NULL AND o.reason <> $7)))
            ORDER BY g.vtime, g.id LIMIT COALESCE((SELECT groups FROM most), 0)
            FOR NO KEY UPDATE OF g SKIP LOCKED
        ), token AS MATERIALIZED (SELECT gen_random_uuid() AS token
        ), leased AS (
            UPDATE groups g SET state = 'dispatched', hotkey = $1, attempt = attempt + 1, tries = tries + 1,
                lease_token = token.token, lease_until = now() + make_interval(secs => $11),
                -- its time begins with the first miner that is asked; without a limit it is NULL
                due_at = COALESCE(g.due_at,
                    now() + make_interval(secs => (SELECT j.group_timeout_s FROM jobs j WHERE j.id = $9)))
            FROM free, token WHERE g.id = free.id AND g.state = 'pending'
            RETURNING g.id, g.job_id, g.prompt_index, g.attempt, g.tries, token.token
        ), started AS (
            INSERT INTO attempts (group_id, attempt, hotkey) SELECT id, attempt, $1 FROM leased
        )
        SELECT l.id AS "id!", l.job_id AS "job_id!", l.prompt_index AS "prompt_index!", l.attempt AS "attempt!",
            l.tries AS "tries!", l.token AS "token!", p.custom_id
        FROM leased l JOIN prompts p ON p.job_id = l.job_id AND p.prompt_index = l.prompt_index
        ORDER BY l.prompt_index
        "#,
        offer.hotkey.as_bytes(),
        offer.checkpoint.as_bytes(),
        offer.profile.as_bytes(),
        excused,
        offer.again,
        offer.fresh.as_secs_f64(),
        WITHDRAWN,
        head.most,
        head.job,
        head.has_budget,
        offer.hold.as_secs_f64()
    )
    .fetch_all(conn)
    .await?;
    Ok(rows)
}

struct Row {
    id: Uuid,
    job_id: Uuid,
    prompt_index: i32,
    custom_id: String,
    attempt: i32,
    tries: i32,
    token: Uuid,
}

impl From<&Row> for Dispatched {
    fn from(row: &Row) -> Self {
        Self {
            id: GroupId(row.id),
            prompt_index: row.prompt_index as u32,
            custom_id: row.custom_id.clone(),
            attempt: row.attempt as u32,
            tries: row.tries as u32,
        }
    }
}

/// Ends attempts: `reason` is `None` where the answer was good.
pub async fn end(
    conn: &mut PgConnection,
    attempts: &[(GroupId, u32)],
    reason: Option<&'static str>,
) -> Result<(), Error> {
    let ids: Vec<Uuid> = attempts.iter().map(|(id, _)| id.0).collect();
    let numbers: Vec<i32> = attempts.iter().map(|(_, attempt)| *attempt as i32).collect();
    sqlx::query!(
        r#"
        UPDATE attempts a SET ended_at = COALESCE(a.ended_at, now()), reason = $3
        FROM UNNEST($1::uuid[], $2::int[]) AS e (group_id, attempt)
        WHERE a.group_id = e.group_id AND a.attempt = e.attempt
        "#,
        &ids,
        &numbers,
        reason
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// How many attempts at each group were refused. Groups without any are left out.
pub async fn refused(conn: &mut PgConnection, ids: &[GroupId]) -> Result<HashMap<GroupId, i64>, Error> {
    let rows = sqlx::query!(
        r#"
        SELECT group_id, count(*) AS "count!" FROM attempts
        WHERE group_id = ANY($1) AND reason IS NOT NULL AND reason <> $2 GROUP BY group_id
        "#,
        &uuids(ids),
        WITHDRAWN
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|row| (GroupId(row.group_id), row.count)).collect())
}
