//! What jobs that have ended came to: the basis of estimates. Sums over all customers, and nothing of any one of them,
//! nor of test jobs.

use chrono::{DateTime, Utc};
use grail::CheckpointId;
use serde_json::Value;
use sqlx::PgConnection;

use crate::{Error, tenants};

/// The newest so many jobs are looked at.
const JOBS: i64 = 200;

/// What the last ended jobs of a checkpoint came to. All shares are from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct History {
    pub jobs: i64,
    /// Groups that were delivered or honestly filtered.
    pub groups: i64,
    /// Rollouts asked for in those groups, and those that were selected.
    pub asked: i64,
    pub selected: i64,
    /// All that miners answered, with what was refused.
    pub generated: i64,
    /// What a job was charged of the most that its settled groups could have cost: the median, and nine of ten jobs.
    pub charged_p50: f64,
    pub charged_p90: f64,
    /// From start to end, for each settled group.
    pub seconds_per_group_p50: f64,
    pub seconds_per_group_p90: f64,
}

/// The history of a checkpoint since a time, of jobs with the same group filter. `None`: there is none.
pub async fn of_checkpoint(
    conn: &mut PgConnection,
    checkpoint: CheckpointId,
    filter: &Value,
    since: DateTime<Utc>,
) -> Result<Option<History>, Error> {
    let outside = tenants::leave(conn).await?;
    let row = sqlx::query!(
        r#"
        WITH ended AS (
            SELECT j.id, j.samples, j.groups_accepted + j.groups_filtered AS settled, j.rollouts_selected,
                j.rollouts_filtered + j.rollouts_selected + j.rollouts_rejected AS generated,
                j.dearest_rollout AS rollout, h.captured,
                EXTRACT(EPOCH FROM j.finished_at - j.started_at)::double precision AS seconds
            FROM jobs j JOIN holds h ON h.job_id = j.id
            WHERE j.livemode AND j.checkpoint_id = $1 AND j.finished_at > $3 AND j.started_at IS NOT NULL
                AND j.spec -> 'filter' IS NOT DISTINCT FROM $2 AND j.groups_accepted + j.groups_filtered > 0
            ORDER BY j.id DESC LIMIT $4
        ), shares AS (
            SELECT *, captured::double precision / NULLIF(rollout * samples * settled, 0) AS charged,
                seconds / settled AS per_group
            FROM ended
        )
        SELECT count(*) AS "jobs!", COALESCE(sum(settled), 0)::bigint AS "groups!",
            COALESCE(sum(settled * samples), 0)::bigint AS "asked!",
            COALESCE(sum(rollouts_selected), 0)::bigint AS "selected!",
            COALESCE(sum(generated), 0)::bigint AS "generated!",
            COALESCE(percentile_cont(0.5) WITHIN GROUP (ORDER BY charged), 0) AS "charged_p50!",
            COALESCE(percentile_cont(0.9) WITHIN GROUP (ORDER BY charged), 0) AS "charged_p90!",
            COALESCE(percentile_cont(0.5) WITHIN GROUP (ORDER BY per_group), 0) AS "seconds_p50!",
            COALESCE(percentile_cont(0.9) WITHIN GROUP (ORDER BY per_group), 0) AS "seconds_p90!"
        FROM shares
        "#,
        checkpoint.as_bytes(),
        filter,
        since,
        JOBS
    )
    .fetch_one(&mut *conn)
    .await?;
    outside.back(conn).await?;
    Ok((row.jobs > 0).then_some(History {
        jobs: row.jobs,
        groups: row.groups,
        asked: row.asked,
        selected: row.selected,
        generated: row.generated,
        charged_p50: row.charged_p50,
        charged_p90: row.charged_p90,
        seconds_per_group_p50: row.seconds_p50,
        seconds_per_group_p90: row.seconds_p90,
    }))
}
