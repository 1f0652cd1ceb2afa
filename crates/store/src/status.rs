//! How the service itself is: when its steps were last at work, and what waits for them. Counts over all customers, and
//! nothing of any one of them.

use chrono::{DateTime, TimeDelta, Utc};
use protocol::Mode;
use protocol::job::GroupState;
use sqlx::PgConnection;

use crate::{Error, lineup};

/// What waits is counted up to here, so that looking costs the same however much it is.
pub const MOST_COUNTED: i64 = 100_000;
/// The oldest group is looked for among so many at the front of their queue.
const FRONT: i64 = 1_000;
/// A miner that was heard of within this time is there.
const SEEN: TimeDelta = TimeDelta::minutes(1);

/// What waits for a step.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Waiting {
    /// Up to [`MOST_COUNTED`].
    pub count: i64,
    /// Since when the oldest waits; `None`: nothing does.
    pub since: Option<DateTime<Utc>>,
}

/// All of it, as it was within one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Figures {
    /// Groups that wait for a miner; `since` is when the job of the oldest was queued.
    pub pending: Waiting,
    pub received: Waiting,
    pub scored: Waiting,
    pub verified: Waiting,
    /// Deliveries of webhooks that are due.
    pub webhooks: Waiting,
    /// Input files that are not read to their end.
    pub inputs: Waiting,
    /// Exports that are due.
    pub exports: Waiting,
    /// Miners that may be asked and were heard of of late.
    pub miners_seen: i64,
    /// Rollouts that they take side by side, as they say.
    pub capacity: i64,
    /// When each step was last at work. One that never was is not in it.
    pub beats: Vec<(String, DateTime<Utc>)>,
}

impl Figures {
    /// `None`: it never ran.
    pub fn beat(&self, step: &str) -> Option<DateTime<Utc>> {
        self.beats.iter().find(|(name, _)| name == step).map(|(_, at)| *at)
    }
}

/// Notes that these steps are at work.
pub async fn beat(conn: &mut PgConnection, steps: &[String], now: DateTime<Utc>) -> Result<(), Error> {
    sqlx::query!(
        r#"
        INSERT INTO step_beats AS b (step, beat_at)
        -- always in one order: processes that write the same rows wait for each other, and never both
        SELECT step, $2 FROM UNNEST($1::text[]) AS s (step) ORDER BY step
        -- both are there: GREATEST takes no notice of NULL
        ON CONFLICT (step) DO UPDATE SET beat_at = GREATEST(b.beat_at, EXCLUDED.beat_at)
        "#,
        steps,
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Looks at everything. `conn` sees all rows.
pub async fn figures(conn: &mut PgConnection, now: DateTime<Utc>) -> Result<Figures, Error> {
    let miners = sqlx::query!(
        r#"
        SELECT count(*) AS "seen!", COALESCE(sum(capacity), 0)::bigint AS "capacity!" FROM miners
        WHERE state = 'active' AND last_seen_at > $1
        "#,
        now - SEEN
    )
    .fetch_one(&mut *conn)
    .await?;
    let beats = sqlx::query!("SELECT step, beat_at FROM step_beats").fetch_all(&mut *conn).await?;
    Ok(Figures {
        pending: pending(conn).await?,
        received: taken_in(conn, GroupState::Received).await?,
        scored: taken_in(conn, GroupState::Scored).await?,
        verified: taken_in(conn, GroupState::Verified).await?,
        webhooks: webhooks(conn, now).await?,
        inputs: inputs(conn).await?,
        exports: exports(conn).await?,
        miners_seen: miners.seen,
        capacity: miners.capacity,
        beats: beats.into_iter().map(|row| (row.step, row.beat_at)).collect(),
    })
}

/// For whoever asks when it was found a moment ago that the database cannot be reached.
pub fn out_of_reach() -> Error {
    sqlx::Error::PoolTimedOut.into()
}

/// Groups of live jobs that wait for a miner.
async fn pending(conn: &mut PgConnection) -> Result<Waiting, Error> {
    let times = lineup::times(Mode::Live);
    let waiting = sqlx::query_as!(
        Waiting,
        r#"
        SELECT
            (SELECT count(*) FROM (
                SELECT 1 FROM groups WHERE state = 'pending' AND vtime >= $1 AND vtime < $2 LIMIT $3
            ) AS w) AS "count!",
            -- jobs that are not paused: those wait for their customers
            (SELECT min(j.queued_at) FROM jobs j
             WHERE j.finished_at IS NULL AND j.livemode AND j.status IN ('queued', 'in_progress')
                AND EXISTS (SELECT 1 FROM groups g WHERE g.job_id = j.id AND g.state = 'pending')) AS since
        "#,
        times.start,
        times.end,
        MOST_COUNTED
    )
    .fetch_one(conn)
    .await?;
    Ok(waiting)
}

/// Groups that a miner has answered and that a step of ours is to move on.
async fn taken_in(conn: &mut PgConnection, state: GroupState) -> Result<Waiting, Error> {
    let times = lineup::times(Mode::Live);
    let waiting = sqlx::query_as!(
        Waiting,
        r#"
        SELECT
            (SELECT count(*) FROM (
                SELECT 1 FROM groups WHERE state = $1 AND vtime >= $2 AND vtime < $3 LIMIT $4
            ) AS w) AS "count!",
            (SELECT min(r.created_at) FROM (
                SELECT id, attempt FROM groups WHERE state = $1 AND vtime >= $2 AND vtime < $3
                ORDER BY vtime, id LIMIT $5
             ) AS g JOIN rollouts r ON r.group_id = g.id AND r.attempt = g.attempt AND r.sample_index = 0) AS since
        "#,
        state.as_str(),
        times.start,
        times.end,
        MOST_COUNTED,
        FRONT
    )
    .fetch_one(conn)
    .await?;
    Ok(waiting)
}

async fn webhooks(conn: &mut PgConnection, now: DateTime<Utc>) -> Result<Waiting, Error> {
    let waiting = sqlx::query_as!(
        Waiting,
        r#"
        SELECT count(*) AS "count!", min(due_at) AS since FROM (
            SELECT d.due_at FROM webhook_deliveries d JOIN webhook_endpoints e ON e.id = d.endpoint_id
            WHERE d.state = 'pending' AND d.due_at <= $1 AND e.disabled_reason IS NULL AND e.deleted_at IS NULL LIMIT $2
        ) AS w
        "#,
        now,
        MOST_COUNTED
    )
    .fetch_one(conn)
    .await?;
    Ok(waiting)
}

async fn inputs(conn: &mut PgConnection) -> Result<Waiting, Error> {
    let waiting =
        sqlx::query_as!(Waiting, r#"SELECT count(*) AS "count!", min(created_at) AS since FROM job_inputs"#)
            .fetch_one(conn)
            .await?;
    Ok(waiting)
}

/// Those that do not wait for the end of their job.
async fn exports(conn: &mut PgConnection) -> Result<Waiting, Error> {
    let waiting = sqlx::query_as!(
        Waiting,
        r#"
        SELECT count(*) AS "count!", min(GREATEST(e.created_at, j.finished_at)) AS since
        FROM exports e JOIN jobs j ON j.id = e.job_id
        WHERE e.state IN ('pending', 'running') AND (e.upto IS NOT NULL OR j.finished_at IS NOT NULL)
        "#
    )
    .fetch_one(conn)
    .await?;
    Ok(waiting)
}
