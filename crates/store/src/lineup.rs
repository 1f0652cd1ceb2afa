//! Where groups stand in the queue: start-time fair queueing between accounts.
//!
//! Test jobs have a clock of their own, which begins where no live one comes: a test group is behind every live one in
//! whatever takes the first, and steps that ask for one mode never look at the other.

use std::ops::Range;

use protocol::conditions::Priority;
use protocol::job::GroupState;
use protocol::{AccountId, JobId, Mode};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{Error, queue_head, tenants};

/// Where the virtual time of test groups begins.
const TEST: i64 = 1 << 62;

/// The virtual times that groups of this mode may have.
pub(crate) fn times(mode: Mode) -> Range<i64> {
    match mode {
        Mode::Live => 0..TEST,
        Mode::Test => TEST..i64::MAX,
    }
}

/// The mode of a job.
pub(crate) async fn mode(conn: &mut PgConnection, job: JobId) -> Result<Mode, Error> {
    let livemode = sqlx::query_scalar!("SELECT livemode FROM jobs WHERE id = $1", job.0);
    Ok(Mode::of(livemode.fetch_optional(conn).await?.ok_or(Error::NotFound)?))
}

/// Start-time fair queueing: an account's groups line up behind each other, and no account waits behind another's
/// backlog. An account that was idle starts where the queue stands now, and saves up nothing. Each priority is a line of
/// its own, so that an account's standard jobs do not wait for its batch jobs. Outside a tenant's wall only.
pub(crate) async fn insert_groups(
    conn: &mut PgConnection,
    account: AccountId,
    job: JobId,
    indexes: Range<u32>,
    priority: Priority,
) -> Result<(), Error> {
    let ids: Vec<Uuid> = indexes.clone().map(|index| job.group(index).0).collect();
    let places: Vec<i64> = (0..i64::from(indexes.end - indexes.start)).collect();
    let indexes: Vec<i32> = indexes.map(|index| index as i32).collect();
    let mode = mode(conn, job).await?;
    let start = turn(conn, account, None, (priority, mode)).await?;
    sqlx::query!(
        r#"
        INSERT INTO groups (id, job_id, prompt_index, vtime)
        SELECT g.id, $1, g.prompt_index, $4::bigint + g.place * $5
        FROM UNNEST($2::uuid[], $3::int[], $6::bigint[]) AS g (id, prompt_index, place)
        "#,
        job.0,
        &ids,
        &indexes,
        start,
        priority.step(),
        &places
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// The virtual time of an account's next group of this priority and mode: behind those of all its projects, but of this job, and not
/// before the front.
async fn turn(
    conn: &mut PgConnection,
    account: AccountId,
    but: Option<JobId>,
    (priority, mode): (Priority, Mode),
) -> Result<i64, Error> {
    let front = front(conn, mode).await?;
    let behind = sqlx::query_scalar!(
        r#"
        -- two index seeks for each of the account's jobs, instead of a walk over its backlog
        SELECT max(GREATEST(waiting.vtime, in_flight.vtime)) + $2 FROM jobs j
        LEFT JOIN LATERAL (
            SELECT g.vtime FROM groups g WHERE g.job_id = j.id AND g.state = 'pending'
            ORDER BY g.vtime DESC, g.id DESC LIMIT 1
        ) AS waiting ON TRUE
        CROSS JOIN LATERAL (
            SELECT max(g.vtime) AS vtime FROM groups g
            WHERE g.job_id = j.id AND g.state IN ('dispatched', 'received', 'scored', 'verified')
        ) AS in_flight
        WHERE j.account_id = $1 AND j.finished_at IS NULL AND j.priority = $3 AND j.id IS DISTINCT FROM $4
            AND j.livemode = $5
        "#,
        account.0,
        priority.step(),
        priority.as_str(),
        but.map(|job| job.0),
        mode.is_live()
    )
    .fetch_one(conn)
    .await?;
    Ok(behind.unwrap_or(0).max(front.unwrap_or(0)).max(times(mode).start))
}

/// Gives a job another priority: what of it waits for a miner lines up anew, behind its account's others of that one.
pub(crate) async fn line_up_anew(
    conn: &mut PgConnection,
    account: AccountId,
    job: JobId,
    priority: Priority,
) -> Result<(), Error> {
    let outside = tenants::leave(conn).await?;
    let mode = mode(conn, job).await?;
    let start = turn(conn, account, Some(job), (priority, mode)).await?;
    outside.back(conn).await?;
    sqlx::query!(
        r#"
        WITH waiting AS (
            SELECT g.id, row_number() OVER (ORDER BY g.vtime, g.id) - 1 AS place FROM groups g
            JOIN jobs j ON j.id = g.job_id AND j.priority <> $4
            WHERE g.job_id = $1 AND g.state = 'pending'
        )
        UPDATE groups g SET vtime = $2 + w.place * $3 FROM waiting w WHERE g.id = w.id AND g.state = 'pending'
        "#,
        job.0,
        start,
        priority.step(),
        priority.as_str()
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!("UPDATE jobs SET priority = $2 WHERE id = $1", job.0, priority.as_str())
        .execute(conn)
        .await?;
    Ok(())
}

/// Where the queue of a mode stands: the first virtual time that anybody works on. `None` when nothing waits. Only outside a
/// tenant's wall is it the queue's.
pub(crate) async fn front(conn: &mut PgConnection, mode: Mode) -> Result<Option<i64>, Error> {
    let times = times(mode);
    let front = sqlx::query_scalar!(
        r#"
        SELECT LEAST(
            -- what waits for a miner: as for a miner, jobs are looked at where too much in front is paused (queue_head)
            COALESCE(
                (SELECT w.vtime FROM (
                    SELECT g.job_id, g.vtime FROM groups g
                    WHERE g.state = 'pending' AND g.vtime >= $2 AND g.vtime < $3 ORDER BY g.vtime, g.id LIMIT $4
                ) AS w
                WHERE NOT EXISTS (SELECT 1 FROM jobs j WHERE j.id = w.job_id AND j.status = 'paused')
                ORDER BY w.vtime LIMIT 1),
                CASE WHEN (SELECT count(*) FROM (
                    SELECT g.id FROM groups g
                    WHERE g.state = 'pending' AND g.vtime >= $2 AND g.vtime < $3 ORDER BY g.vtime, g.id LIMIT $4
                ) AS walked) >= $4 THEN (
                    SELECT min(first.vtime) FROM jobs j CROSS JOIN LATERAL (
                        SELECT g.vtime FROM groups g WHERE g.job_id = j.id AND g.state = 'pending'
                        ORDER BY g.vtime, g.id LIMIT 1
                    ) AS first
                    WHERE j.finished_at IS NULL AND j.status <> 'paused' AND j.livemode = $5
                ) END
            ),
            -- one index seek for each other state, past what is paused: of a job no more is there than miners have in hand
            (SELECT min(first.vtime) FROM UNNEST($1::text[]) AS s (state)
            CROSS JOIN LATERAL (
                SELECT g.vtime FROM groups g
                WHERE g.state = s.state AND g.state IN ('dispatched', 'received', 'scored', 'verified')
                    AND g.vtime >= $2 AND g.vtime < $3
                    AND NOT EXISTS (SELECT 1 FROM jobs j WHERE j.id = g.job_id AND j.status = 'paused')
                ORDER BY g.vtime LIMIT 1
            ) AS first)
        )
        "#,
        &queued(),
        times.start,
        times.end,
        queue_head::WINDOW,
        mode.is_live()
    )
    .fetch_one(conn)
    .await?;
    Ok(front)
}

/// The states of groups that somebody is to move on.
pub(crate) fn queued() -> Vec<String> {
    let queued = GroupState::ALL.iter().filter(|state| state.is_queued());
    queued.map(|state| state.as_str().to_owned()).collect()
}
