//! Exact dedup: which group of a job delivered which tokens first. Read and written with the job's row locked, and for a
//! whole project behind its lock (`near::lock_project`).

use std::collections::HashMap;

use grail::hash::Hash;
use protocol::{GroupId, JobId, ProjectId};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::Error;

/// Who delivered these tokens already; hashes that nobody delivered are left out.
pub async fn delivered_by(
    conn: &mut PgConnection,
    job: JobId,
    hashes: &[Hash],
) -> Result<HashMap<Hash, GroupId>, Error> {
    let hashes: Vec<Vec<u8>> = hashes.iter().map(|hash| hash.to_vec()).collect();
    let rows = sqlx::query!(
        "SELECT sample_hash, group_id FROM delivered_samples WHERE job_id = $1 AND sample_hash = ANY($2)",
        job.0,
        &hashes
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            let hash = row.sample_hash.try_into().map_err(|_| Error::Corrupt("sample hash"))?;
            Ok((hash, GroupId(row.group_id)))
        })
        .collect()
}

/// The same, over all jobs of a project that look for repeats.
pub async fn delivered_by_project(
    conn: &mut PgConnection,
    project: ProjectId,
    hashes: &[Hash],
) -> Result<HashMap<Hash, GroupId>, Error> {
    let hashes: Vec<Vec<u8>> = hashes.iter().map(|hash| hash.to_vec()).collect();
    let rows = sqlx::query!(
        r#"
        SELECT DISTINCT ON (d.sample_hash) d.sample_hash, d.group_id
        FROM delivered_samples d JOIN jobs j ON j.id = d.job_id
        WHERE j.project_id = $1 AND d.sample_hash = ANY($2) ORDER BY d.sample_hash, d.job_id
        "#,
        project.0,
        &hashes
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            let hash = row.sample_hash.try_into().map_err(|_| Error::Corrupt("sample hash"))?;
            Ok((hash, GroupId(row.group_id)))
        })
        .collect()
}

/// Notes what is delivered now. Tokens that are noted already keep their first group.
pub async fn note(conn: &mut PgConnection, job: JobId, samples: &[(Hash, GroupId)]) -> Result<(), Error> {
    let hashes: Vec<Vec<u8>> = samples.iter().map(|(hash, _)| hash.to_vec()).collect();
    let groups: Vec<Uuid> = samples.iter().map(|(_, group)| group.0).collect();
    sqlx::query!(
        r#"
        INSERT INTO delivered_samples (job_id, sample_hash, group_id)
        SELECT DISTINCT ON (s.sample_hash) $1, s.sample_hash, s.group_id
        FROM UNNEST($2::bytea[], $3::uuid[]) WITH ORDINALITY AS s (sample_hash, group_id, position)
        ORDER BY s.sample_hash, s.position
        ON CONFLICT (job_id, sample_hash) DO NOTHING
        "#,
        job.0,
        &hashes,
        &groups
    )
    .execute(conn)
    .await?;
    Ok(())
}
