//! Usage: what was charged in an organisation, by hour or day, and by what it is grouped.

use chrono::{DateTime, Utc};
use grail::CheckpointId;
use protocol::{AccountId, JobId, KeyId, ProjectId, Rao};
use sqlx::PgConnection;

use crate::{Error, tenants};

/// How long the buckets are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bucket {
    Hour,
    /// Of UTC.
    Day,
}

/// What the rows of a bucket are told apart by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GroupBy {
    Project,
    Job,
    Key,
    /// The checkpoint of the job.
    Model,
}

/// What of an organisation is added up.
#[derive(Debug, Clone, Copy)]
pub struct Wanted {
    pub account: AccountId,
    /// Of this project only.
    pub project: Option<ProjectId>,
    /// Begins of buckets.
    pub from: DateTime<Utc>,
    pub to: DateTime<Utc>,
    pub bucket: Bucket,
    pub group_by: Option<GroupBy>,
    /// At most so many rows.
    pub limit: i64,
}

/// What was charged in one bucket, of one group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Used {
    pub start: DateTime<Utc>,
    pub project: Option<ProjectId>,
    pub job: Option<JobId>,
    /// `None` also where an operator made the job.
    pub key: Option<KeyId>,
    pub checkpoint: Option<CheckpointId>,
    /// Charged in full.
    pub rollouts: i64,
    pub filtered_rollouts: i64,
    pub charged: Rao,
}

/// Buckets in which something was charged, oldest first.
pub async fn read(conn: &mut PgConnection, wanted: &Wanted) -> Result<Vec<Used>, Error> {
    let is = |by: GroupBy| wanted.group_by == Some(by);
    // behind the wall of one project the jobs of another are not seen
    let outside = tenants::leave(conn).await?;
    let rows = sqlx::query!(
        r#"
        SELECT date_trunc($5, u.hour, 'UTC') AS "start!",
            CASE WHEN $6 THEN j.project_id END AS project_id,
            CASE WHEN $7 THEN j.id END AS job_id,
            CASE WHEN $8 THEN j.key_id END AS key_id,
            CASE WHEN $9 THEN j.checkpoint_id END AS checkpoint_id,
            SUM(u.rollouts)::bigint AS "rollouts!",
            SUM(u.filtered_rollouts)::bigint AS "filtered_rollouts!",
            SUM(u.charged)::bigint AS "charged!"
        FROM usage_hours u JOIN jobs j ON j.id = u.job_id
        WHERE u.account_id = $1 AND u.hour >= $2 AND u.hour < $3 AND ($4::uuid IS NULL OR j.project_id = $4)
        GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5 LIMIT $10
        "#,
        wanted.account.0,
        wanted.from,
        wanted.to,
        wanted.project.map(|project| project.0),
        match wanted.bucket {
            Bucket::Hour => "hour",
            Bucket::Day => "day",
        },
        is(GroupBy::Project),
        is(GroupBy::Job),
        is(GroupBy::Key),
        is(GroupBy::Model),
        wanted.limit
    )
    .fetch_all(&mut *conn)
    .await?;
    outside.back(conn).await?;
    rows.into_iter()
        .map(|row| {
            Ok(Used {
                start: row.start,
                project: row.project_id.map(ProjectId),
                job: row.job_id.map(JobId),
                key: row.key_id.map(KeyId),
                checkpoint: row
                    .checkpoint_id
                    .map(|id| CheckpointId::from_slice(&id).map_err(|_| Error::Corrupt("checkpoint id")))
                    .transpose()?,
                rollouts: row.rollouts,
                filtered_rollouts: row.filtered_rollouts,
                charged: Rao::new(row.charged).ok_or(Error::Corrupt("usage"))?,
            })
        })
        .collect()
}
