//! Near dedup: who delivered first with which `MinHash` key. Read and written with the job's row locked, and for a whole
//! project behind its lock.

use std::collections::HashMap;

use protocol::{GroupId, JobId, ProjectId, RolloutId};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::Error;

/// Where repeats are looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scope(Uuid);

impl Scope {
    pub fn job(id: JobId) -> Self {
        Self(id.0)
    }

    pub fn project(id: ProjectId) -> Self {
        Self(id.0)
    }
}

/// Which of a rollout's keys, and the key.
pub type Key = (i16, i64);

/// Who was the first with a key: its group, and the rollout that stands for all that are near.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct First {
    pub group: GroupId,
    pub cluster: RolloutId,
}

/// A rollout's keys as they are stored.
pub fn keys(minhash: &[u64]) -> Vec<Key> {
    minhash.iter().enumerate().map(|(bucket, key)| (bucket as i16, key.cast_signed())).collect()
}

/// Puts the settlements of a project that compare across its jobs in line. After the job's own lock, never before it.
pub async fn lock_project(conn: &mut PgConnection, project: ProjectId) -> Result<(), Error> {
    sqlx::query!("SELECT pg_advisory_xact_lock(hashtextextended($1, 15))", project.0.to_string())
        .execute(conn)
        .await?;
    Ok(())
}

/// Who delivered with these keys in this scope; keys that nobody had are left out.
pub async fn delivered_by(
    conn: &mut PgConnection,
    scope: Scope,
    keys: &[Key],
) -> Result<HashMap<Key, First>, Error> {
    let (buckets, keys): (Vec<i16>, Vec<i64>) = keys.iter().copied().unzip();
    let rows = sqlx::query!(
        r#"
        SELECT n.bucket, n.key, n.group_id, n.cluster_id FROM near_samples n
        JOIN (SELECT DISTINCT bucket, key FROM UNNEST($2::smallint[], $3::bigint[]) AS k (bucket, key)) AS k
            ON n.bucket = k.bucket AND n.key = k.key
        WHERE n.scope_id = $1
        "#,
        scope.0,
        &buckets,
        &keys
    )
    .fetch_all(conn)
    .await?;
    let first = |group_id, cluster_id| First { group: GroupId(group_id), cluster: RolloutId(cluster_id) };
    Ok(rows.into_iter().map(|row| ((row.bucket, row.key), first(row.group_id, row.cluster_id))).collect())
}

/// Notes what is delivered now. Keys that are noted already keep their first.
pub async fn note(
    conn: &mut PgConnection,
    scope: Scope,
    job: JobId,
    firsts: &[(Key, First)],
) -> Result<(), Error> {
    let buckets: Vec<i16> = firsts.iter().map(|((bucket, _), _)| *bucket).collect();
    let keys: Vec<i64> = firsts.iter().map(|((_, key), _)| *key).collect();
    let groups: Vec<Uuid> = firsts.iter().map(|(_, first)| first.group.0).collect();
    let clusters: Vec<Uuid> = firsts.iter().map(|(_, first)| first.cluster.0).collect();
    sqlx::query!(
        r#"
        INSERT INTO near_samples (scope_id, job_id, bucket, key, group_id, cluster_id)
        SELECT DISTINCT ON (n.bucket, n.key) $1, $2, n.bucket, n.key, n.group_id, n.cluster_id
        FROM UNNEST($3::smallint[], $4::bigint[], $5::uuid[], $6::uuid[]) WITH ORDINALITY
            AS n (bucket, key, group_id, cluster_id, position)
        ORDER BY n.bucket, n.key, n.position
        ON CONFLICT (scope_id, bucket, key) DO NOTHING
        "#,
        scope.0,
        job.0,
        &buckets,
        &keys,
        &groups,
        &clusters
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// A job that has ended compares with nothing any more.
pub(crate) async fn forget(conn: &mut PgConnection, job: JobId) -> Result<(), Error> {
    sqlx::query!("DELETE FROM near_samples WHERE scope_id = $1", job.0).execute(conn).await?;
    Ok(())
}

/// Forgets what is older than 30 days, some of it at a time.
pub async fn sweep(conn: &mut PgConnection) -> Result<u64, Error> {
    let swept = sqlx::query!(
        r#"
        DELETE FROM near_samples WHERE ctid IN (
            SELECT ctid FROM near_samples WHERE noted_at < now() - interval '30 days' LIMIT 10000)
        "#
    )
    .execute(conn)
    .await?;
    Ok(swept.rows_affected())
}
