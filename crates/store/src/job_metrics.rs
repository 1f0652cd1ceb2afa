//! How a job's rollouts are distributed: rewards, advantages, lengths; and why some were kept back or refused.

use std::collections::BTreeMap;

use protocol::JobId;
use sqlx::PgConnection;

use crate::Error;

/// Equal steps from the least to the greatest value.
pub const BINS: i32 = 20;

/// How often values fell between two bounds.
#[derive(Debug, Clone, PartialEq)]
pub struct Histogram {
    pub min: f64,
    pub max: f64,
    pub mean: f64,
    pub count: i64,
    /// One for each of [`BINS`] equal steps from `min` to `max`; just one where all values are equal.
    pub bins: Vec<i64>,
}

/// The figures of a job at one moment.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Metrics {
    pub reward: Option<Histogram>,
    pub advantage: Option<Histogram>,
    pub completion_tokens: Option<Histogram>,
    /// Rollouts that were filtered, by reason.
    pub filtered: BTreeMap<String, i64>,
    /// Answers of miners that were refused, by reason; in groups.
    pub refused: BTreeMap<String, i64>,
    /// Rewards that failed, by error.
    pub reward_errors: BTreeMap<String, i64>,
    /// Fuel of a reward call: the median, and what one in a hundred exceeds.
    pub fuel: Option<(i64, i64)>,
    pub miners: i64,
}

/// Which number of a rollout.
#[derive(Debug, Clone, Copy)]
enum Of {
    Reward,
    Advantage,
    Tokens,
}

/// Over all rollouts of a job that have passed their verification. Whose job it is, the caller has checked.
pub async fn of_job(conn: &mut PgConnection, job: JobId) -> Result<Metrics, Error> {
    Ok(Metrics {
        reward: histogram(conn, job, Of::Reward).await?,
        advantage: histogram(conn, job, Of::Advantage).await?,
        completion_tokens: histogram(conn, job, Of::Tokens).await?,
        filtered: reasons(conn, job, "filtered").await?,
        refused: refused(conn, job).await?,
        reward_errors: reasons(conn, job, "reward").await?,
        fuel: fuel(conn, job).await?,
        miners: miners(conn, job).await?,
    })
}

async fn histogram(conn: &mut PgConnection, job: JobId, of: Of) -> Result<Option<Histogram>, Error> {
    let rows = sqlx::query!(
        r#"
        WITH v AS (
            SELECT CASE $2 WHEN 'reward' THEN reward WHEN 'advantage' THEN advantage
                ELSE completion_tokens::double precision END AS value
            FROM rollouts WHERE job_id = $1 AND state IN ('verified', 'selected', 'filtered')
        ), range AS (
            SELECT min(value) AS low, max(value) AS high, avg(value) AS mean, count(value) AS count FROM v
        )
        SELECT r.low AS "low!", r.high AS "high!", r.mean AS "mean!", r.count AS "all!",
            CASE WHEN r.low = r.high THEN 1 ELSE LEAST(width_bucket(v.value, r.low, r.high, $3), $3) END AS "bin!",
            count(*) AS "count!"
        FROM v, range r WHERE v.value IS NOT NULL GROUP BY 1, 2, 3, 4, 5
        "#,
        job.0,
        match of {
            Of::Reward => "reward",
            Of::Advantage => "advantage",
            Of::Tokens => "tokens",
        },
        BINS
    )
    .fetch_all(conn)
    .await?;
    let Some(first) = rows.first() else { return Ok(None) };
    let (min, max, mean, count) = (first.low, first.high, first.mean, first.all);
    let mut bins = vec![0; if min < max { BINS as usize } else { 1 }];
    for row in &rows {
        if let Some(bin) = usize::try_from(row.bin - 1).ok().and_then(|bin| bins.get_mut(bin)) {
            *bin = row.count;
        }
    }
    Ok(Some(Histogram { min, max, mean, count, bins }))
}

async fn reasons(conn: &mut PgConnection, job: JobId, of: &str) -> Result<BTreeMap<String, i64>, Error> {
    let rows = sqlx::query!(
        r#"
        SELECT CASE $2 WHEN 'reward' THEN reward_error ELSE reason END AS "reason!", count(*) AS "count!"
        FROM rollouts WHERE job_id = $1
            AND CASE $2 WHEN 'reward' THEN reward_error IS NOT NULL ELSE state = 'filtered' AND reason IS NOT NULL END
        GROUP BY 1
        "#,
        job.0,
        of
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|row| (row.reason, row.count)).collect())
}

async fn refused(conn: &mut PgConnection, job: JobId) -> Result<BTreeMap<String, i64>, Error> {
    let rows = sqlx::query!(
        r#"
        SELECT a.reason AS "reason!", count(*) AS "count!" FROM attempts a JOIN groups g ON g.id = a.group_id
        WHERE g.job_id = $1 AND a.reason IS NOT NULL AND a.reason <> $2 GROUP BY 1
        "#,
        job.0,
        crate::attempts::WITHDRAWN
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|row| (row.reason, row.count)).collect())
}

async fn fuel(conn: &mut PgConnection, job: JobId) -> Result<Option<(i64, i64)>, Error> {
    let row = sqlx::query!(
        r#"
        SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY fuel) AS p50,
            percentile_disc(0.99) WITHIN GROUP (ORDER BY fuel) AS p99
        FROM (
            SELECT (reward_receipt #>> '{receipt,fuel}')::bigint AS fuel FROM rollouts
            WHERE job_id = $1 AND state IN ('verified', 'selected', 'filtered')
        ) AS called WHERE fuel IS NOT NULL
        "#,
        job.0
    )
    .fetch_one(conn)
    .await?;
    Ok(row.p50.zip(row.p99))
}

/// Miners whose answers were good.
async fn miners(conn: &mut PgConnection, job: JobId) -> Result<i64, Error> {
    let count = sqlx::query_scalar!(
        r#"
        SELECT count(DISTINCT hotkey) AS "count!" FROM groups
        WHERE job_id = $1 AND state IN ('awaiting_rewards', 'verified', 'accepted', 'filtered')
        "#,
        job.0
    )
    .fetch_one(conn)
    .await?;
    Ok(count)
}
