//! Prompts in reserve: sent to miners only as other groups of their job are filtered or fail, and no more than the job wants.
//!
//! What is open besides the reserve is never more than what the target still lacks, so that a job that reaches it has
//! nothing at miners any more.

use protocol::JobId;
use protocol::job::JobStatus;
use sqlx::PgConnection;

use crate::Error;
use crate::job_close::Ended;
use crate::lineup::{front, mode};

/// The job has as many accepted groups as it wants.
pub const TARGET_REACHED: &str = "target_reached";
/// So many groups were generated as the job allows.
pub const MAX_GENERATED: &str = "max_generation_reached";

/// Puts the prompts of a new job aside that it does not want at first.
pub(crate) async fn put_aside(conn: &mut PgConnection, job: JobId, wanted: u32) -> Result<(), Error> {
    sqlx::query!(
        "UPDATE groups SET state = 'reserve' WHERE job_id = $1 AND prompt_index >= $2 AND state = 'pending'",
        job.0,
        wanted as i32
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// After groups of a job have become terminal: takes others from its reserve, and when nothing but the reserve is open any
/// more, ends that, too. Returns all that has ended. Call it with the job's row locked, before `ended` is counted.
pub(crate) async fn follow(conn: &mut PgConnection, job: JobId, ended: Ended) -> Result<Ended, Error> {
    if ended.total() == 0 {
        return Ok(ended);
    }
    let row = sqlx::query!(
        r#"
        SELECT status, target_groups, reserve_left, open_groups, groups_accepted,
            (SELECT count(*) FROM groups WHERE job_id = $1 AND state = 'reserve') AS "reserve!"
        FROM jobs WHERE id = $1 FOR NO KEY UPDATE
        "#,
        job.0
    )
    .fetch_optional(&mut *conn)
    .await?
    .ok_or(Error::NotFound)?;
    let Some(target) = row.target_groups else { return Ok(ended) };
    let vacated = i64::from(ended.filtered + ended.failed);
    let status = JobStatus::parse(&row.status).ok_or(Error::Corrupt("job status"))?;
    let room = if status.is_ending() { 0 } else { vacated.min(row.reserve_left.into()) };
    let taken = if room > 0 { take(conn, job, room).await? } else { 0 };
    let open = i64::from(row.open_groups - ended.total()) - row.reserve + taken;
    if open > 0 || row.reserve == 0 {
        return Ok(ended);
    }
    let reason = if row.groups_accepted + ended.accepted >= target { TARGET_REACHED } else { MAX_GENERATED };
    let unused = sqlx::query!(
        r#"
        UPDATE groups SET state = 'cancelled', reason = $2, finished_at = now()
        WHERE job_id = $1 AND state = 'reserve'
        "#,
        job.0,
        reason
    )
    .execute(conn)
    .await?;
    Ok(Ended { cancelled: ended.cancelled + unused.rows_affected() as i32, ..ended })
}

/// The next prompts of the reserve line up where the queue stands now. Says how many there were.
async fn take(conn: &mut PgConnection, job: JobId, most: i64) -> Result<i64, Error> {
    let mode = mode(conn, job).await?;
    let front = front(conn, mode).await?;
    let taken = sqlx::query!(
        r#"
        WITH next AS (
            SELECT id FROM groups WHERE job_id = $1 AND state = 'reserve' ORDER BY prompt_index LIMIT $2
        )
        UPDATE groups g SET state = 'pending', vtime = GREATEST(g.vtime, $3) FROM next WHERE g.id = next.id
        "#,
        job.0,
        most,
        front
    )
    .execute(&mut *conn)
    .await?
    .rows_affected() as i64;
    sqlx::query!("UPDATE jobs SET reserve_left = reserve_left - $2 WHERE id = $1", job.0, taken as i32)
        .execute(conn)
        .await?;
    Ok(taken)
}
