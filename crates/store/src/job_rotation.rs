//! Rotations: what becomes of jobs on the service's own checkpoints when another of these becomes the current one.
//!
//! A job ends on the checkpoint that it began with. So one that must not be further behind than it is now ends at once; one
//! that is to be cancelled delivers what miners have answered; and any other goes on. It is behind by the rotations since it
//! began, or since the last one that was back to its own checkpoint.

use chrono::{DateTime, Utc};
use grail::CheckpointId;
use protocol::JobId;
use protocol::event::EventType;
use protocol::job::{JobSpec, OnRotation, PolicyTerms};
use serde_json::json;
use sqlx::PgConnection;

use crate::events::{self, NewEvent};
use crate::{Error, job_close, job_progress};

/// Why a job ended that was to be cancelled when the checkpoint rotates.
pub const ROTATED: &str = "checkpoint_rotated";

/// Why a job ended whose rollouts would have been further behind than it allows.
pub const STALE: &str = "checkpoint_stale";

/// Jobs that have not been told of the last rotation and do not end yet.
pub async fn due(conn: &mut PgConnection, limit: i64) -> Result<Vec<JobId>, Error> {
    let ids = sqlx::query_scalar!(
        r#"
        SELECT j.id FROM jobs j JOIN checkpoints c ON c.id = j.checkpoint_id, checkpoints newest
        WHERE newest.status = 'current' AND j.finished_at IS NULL AND j.rotation_told < newest.version
            AND c.is_published
        ORDER BY j.id LIMIT $1
        "#,
        limit
    )
    .fetch_all(conn)
    .await?;
    Ok(ids.into_iter().map(JobId).collect())
}

struct Rotation {
    spec: serde_json::Value,
    began: i32,
    told: i32,
    from: Vec<u8>,
    to: Vec<u8>,
    version: Option<i32>,
}

/// Tells a job of the last rotation, and does what it asked for then; true when this call did it.
pub async fn tell(conn: &mut PgConnection, job: JobId, now: DateTime<Utc>) -> Result<bool, Error> {
    let status = job_progress::lock(conn, job).await?;
    let rotation = sqlx::query_as!(
        Rotation,
        r#"
        -- a rotation back to its own may be over before the job was told of it: the checkpoint itself says when that was
        SELECT j.spec, GREATEST(j.rotation, own.version) AS "began!", j.rotation_told AS told, own.id AS "from", c.id AS "to",
            c.version
        FROM jobs j JOIN checkpoints own ON own.id = j.checkpoint_id, checkpoints c
        WHERE j.id = $1 AND c.status = 'current'
        "#,
        job.0
    )
    .fetch_optional(&mut *conn)
    .await?;
    let Some(rotation) = rotation else { return Ok(false) };
    let version = rotation.version.ok_or(Error::Corrupt("a current checkpoint without a version"))?;
    if status.is_terminal() || rotation.told >= version {
        return Ok(false);
    }
    sqlx::query!("UPDATE jobs SET rotation_told = $2 WHERE id = $1", job.0, version)
        .execute(&mut *conn)
        .await?;
    if rotation.from == rotation.to {
        // rolled back to the job's own
        return Ok(false);
    }
    let spec: JobSpec = serde_json::from_value(rotation.spec).map_err(|_| Error::Corrupt("job spec"))?;
    let behind = u32::try_from(version - rotation.began).map_err(|_| Error::Corrupt("a rotation"))?;
    let end = end(spec.selection.policy, behind);
    let id = |bytes: &[u8]| CheckpointId::from_slice(bytes).map_err(|_| Error::Corrupt("checkpoint id"));
    let data = json!({
        "from": id(&rotation.from)?, "to": id(&rotation.to)?, "staleness_versions": behind,
        "action": end.map_or("finish", |_| "cancel"), "reason": end.map(|end| end.reason),
    });
    events::append(conn, job, now, &[NewEvent::new(EventType::CheckpointRotated, data)]).await?;
    if let Some(End { graceful, reason }) = end {
        job_close::cancel(conn, job, graceful, reason, now).await?;
    }
    Ok(true)
}

/// How a job ends for a rotation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct End {
    graceful: bool,
    reason: &'static str,
}

fn end(policy: PolicyTerms, behind: u32) -> Option<End> {
    if policy.max_staleness_versions.is_some_and(|most| behind > most) {
        return Some(End { graceful: false, reason: STALE });
    }
    match policy.on_rotation {
        OnRotation::Cancel => Some(End { graceful: true, reason: ROTATED }),
        OnRotation::Finish | OnRotation::Requeue => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_far_behind_is_dropped_whatever_else_was_asked() {
        let policy =
            |on_rotation, max_staleness_versions| PolicyTerms { on_rotation, max_staleness_versions };
        let stale = Some(End { graceful: false, reason: STALE });
        let rotated = Some(End { graceful: true, reason: ROTATED });
        assert_eq!(end(policy(OnRotation::Finish, None), 9), None);
        assert_eq!(end(policy(OnRotation::Finish, Some(1)), 1), None);
        assert_eq!(end(policy(OnRotation::Finish, Some(1)), 2), stale);
        assert_eq!(end(policy(OnRotation::Cancel, None), 1), rotated);
        assert_eq!(end(policy(OnRotation::Cancel, Some(0)), 1), stale);
    }
}
