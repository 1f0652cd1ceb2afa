//! Manifests: what a job's is made of, the signed text, and the leaf hashes behind its root. What is signed is decided in
//! `worker::manifest`; here it is read and written, once.

use std::collections::BTreeMap;
use std::ops::Range;
use std::time::Duration;

use chrono::{DateTime, Utc};
use grail::hash::Hash;
use grail::ids::{CheckpointId, ProfileId, Randomness};
use protocol::manifest::{CHUNK_LEAVES, HexHash, Leaf, Position};
use protocol::rollout::RewardReceipt;
use protocol::{JobId, ProjectId, Rao, RolloutId};
use serde_json::Value;
use sqlx::PgConnection;

use crate::Error;
use crate::rollouts::hash;

/// Locks a job whose manifest is to be made, until the transaction ends: it is nobody else's meanwhile. The second value is how
/// often that has failed.
pub async fn claim(conn: &mut PgConnection) -> Result<Option<(JobId, u32)>, Error> {
    let row = sqlx::query!(
        r#"
        SELECT job_id, tries FROM manifests WHERE document IS NULL AND not_before <= now()
        ORDER BY not_before LIMIT 1 FOR UPDATE SKIP LOCKED
        "#
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| (JobId(row.job_id), row.tries.unsigned_abs())))
}

/// Notes that making it failed; it is tried again `after` this time.
pub async fn put_off(conn: &mut PgConnection, job: JobId, after: Duration) -> Result<(), Error> {
    sqlx::query!(
        r#"
        UPDATE manifests SET tries = tries + 1, not_before = now() + make_interval(secs => $2)
        WHERE job_id = $1 AND document IS NULL
        "#,
        job.0,
        after.as_secs_f64()
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// What a manifest says of a job, beside its rollouts.
#[derive(Debug, Clone, PartialEq)]
pub struct Facts {
    pub status: String,
    pub status_reason: Option<String>,
    pub spec: Value,
    pub price: Value,
    pub checkpoint: CheckpointId,
    pub checkpoint_name: String,
    pub profile: ProfileId,
    pub randomness: Randomness,
    pub prompts: u32,
    /// accepted, filtered, failed, cancelled; those that the deadline ended are among the last.
    pub groups: [u64; 4],
    pub charged: Rao,
    pub verifiers: Vec<String>,
    pub created_at: DateTime<Utc>,
    pub finished_at: DateTime<Utc>,
}

/// The facts of a job that has ended.
pub async fn facts(conn: &mut PgConnection, job: JobId) -> Result<Facts, Error> {
    let row = sqlx::query!(
        r#"
        SELECT j.status, j.status_reason, j.spec, j.price, j.checkpoint_id, j.profile_id,
            -- as the job was created; those from before that was kept: what is not published is called as this project calls it
            COALESCE(j.checkpoint_repo || COALESCE('@' || j.checkpoint_revision, ''), CASE WHEN c.is_published THEN c.name ELSE COALESCE(
                (SELECT r.hf_repo || '@' || r.revision FROM registered_checkpoints r
                 WHERE r.project_id = j.project_id AND r.checkpoint_id = c.id ORDER BY r.id LIMIT 1), c.name) END) AS "name!",
            j.randomness, j.prompt_count, j.groups_accepted, j.groups_filtered, j.groups_failed,
            j.groups_cancelled + j.groups_expired AS "groups_cancelled!",
            j.created_at, j.finished_at, h.captured
        FROM jobs j JOIN holds h ON h.job_id = j.id JOIN checkpoints c ON c.id = j.checkpoint_id
        WHERE j.id = $1
        "#,
        job.0
    )
    .fetch_optional(&mut *conn)
    .await?
    .ok_or(Error::NotFound)?;
    let verifiers = sqlx::query_scalar!(
        r#"
        SELECT DISTINCT a.verifier FROM groups g JOIN audits a ON a.group_id = g.id WHERE g.job_id = $1 ORDER BY 1
        "#,
        job.0
    )
    .fetch_all(conn)
    .await?;
    let count = |count: i32| u64::from(count.unsigned_abs());
    Ok(Facts {
        status: row.status,
        status_reason: row.status_reason,
        spec: row.spec,
        price: row.price,
        checkpoint: CheckpointId::from_slice(&row.checkpoint_id)
            .map_err(|_| Error::Corrupt("checkpoint id"))?,
        checkpoint_name: row.name,
        profile: ProfileId::from_slice(&row.profile_id).map_err(|_| Error::Corrupt("profile id"))?,
        randomness: Randomness::from_slice(&row.randomness).map_err(|_| Error::Corrupt("randomness"))?,
        prompts: row.prompt_count.unsigned_abs(),
        groups: [
            count(row.groups_accepted),
            count(row.groups_filtered),
            count(row.groups_failed),
            count(row.groups_cancelled),
        ],
        charged: Rao::new(row.captured).ok_or(Error::Corrupt("negative amount"))?,
        verifiers,
        created_at: row.created_at,
        finished_at: row.finished_at.ok_or(Error::Corrupt("a manifest of a job that goes on"))?,
    })
}

/// The rollouts of these prompts, whatever became of them, in the order of the tree.
pub async fn leaves(conn: &mut PgConnection, job: JobId, prompts: Range<u32>) -> Result<Vec<Leaf>, Error> {
    let rows = sqlx::query_as!(
        Row,
        r#"
        SELECT r.prompt_index, r.sample_index, r.attempt, r.head, r.sample_hash, r.state, r.reason, r.reward,
            r.reward_error, r.reward_receipt, r.advantage, r.price
        FROM groups g JOIN rollouts r ON r.group_id = g.id
        WHERE g.job_id = $1 AND g.prompt_index >= $2 AND g.prompt_index < $3
        ORDER BY r.prompt_index, r.sample_index, r.attempt
        "#,
        job.0,
        prompts.start as i32,
        prompts.end as i32
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(Leaf::try_from).collect()
}

struct Row {
    prompt_index: i32,
    sample_index: i32,
    attempt: i32,
    head: Vec<u8>,
    sample_hash: Vec<u8>,
    state: String,
    reason: Option<String>,
    reward: Option<f64>,
    reward_error: Option<String>,
    reward_receipt: Option<Value>,
    advantage: Option<f64>,
    price: i64,
}

impl TryFrom<Row> for Leaf {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self, Error> {
        let receipt: Option<RewardReceipt> = row
            .reward_receipt
            .map(serde_json::from_value)
            .transpose()
            .map_err(|_| Error::Corrupt("reward receipt"))?;
        Ok(Self {
            prompt_index: row.prompt_index as u32,
            sample_index: row.sample_index as u32,
            attempt: row.attempt as u32,
            head: HexHash(hash(row.head)?),
            sample_hash: HexHash(hash(row.sample_hash)?),
            state: row.state,
            reason: row.reason,
            reward: row.reward,
            reward_error: row.reward_error,
            reward_signature: receipt.map(|receipt| receipt.signature),
            advantage: row.advantage,
            price_rao: Rao::new(row.price).ok_or(Error::Corrupt("negative price"))?,
        })
    }
}

/// Some leaf hashes of a job, and where they start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chunk {
    pub number: u32,
    pub first: Position,
    pub root: Hash,
    pub leaves: Vec<Hash>,
}

/// Writes a chunk. In the transaction that signs the manifest.
pub async fn write_chunk(conn: &mut PgConnection, job: JobId, chunk: &Chunk) -> Result<(), Error> {
    let (prompt, sample, attempt) = chunk.first;
    sqlx::query!(
        r#"
        INSERT INTO manifest_chunks (job_id, number, first_prompt, first_sample, first_attempt, root, leaves)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        "#,
        job.0,
        chunk.number as i32,
        prompt as i32,
        sample as i32,
        attempt as i32,
        chunk.root.as_slice(),
        chunk.leaves.concat()
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Writes the signed text of a job that was claimed in this transaction. There is one, for ever.
pub async fn conclude(
    conn: &mut PgConnection,
    job: JobId,
    document: &str,
    root: &Hash,
    leaf_count: u64,
) -> Result<(), Error> {
    let written = sqlx::query!(
        r#"
        UPDATE manifests SET document = $2, merkle_root = $3, leaf_count = $4
        WHERE job_id = $1 AND document IS NULL
        "#,
        job.0,
        document,
        root.as_slice(),
        leaf_count as i64
    )
    .execute(conn)
    .await?;
    if written.rows_affected() == 1 { Ok(()) } else { Err(Error::StaleLease) }
}

/// What there is of a job's manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    pub ended: bool,
    /// The signed text; `None` before it is signed.
    pub document: Option<String>,
}

/// The manifest of a job of this project; `None` if it has no such job.
pub async fn find(conn: &mut PgConnection, project: ProjectId, job: JobId) -> Result<Option<Found>, Error> {
    let row = sqlx::query!(
        r#"
        SELECT j.finished_at IS NOT NULL AS "ended!", m.document AS "document?"
        FROM jobs j LEFT JOIN manifests m ON m.job_id = j.id WHERE j.project_id = $1 AND j.id = $2
        "#,
        project.0,
        job.0
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| Found { ended: row.ended, document: row.document }))
}

/// Where a rollout is in the tree of its job.
#[derive(Debug, Clone, PartialEq)]
pub struct Place {
    pub job: JobId,
    pub leaf: Leaf,
}

/// A rollout of this project, delivered or not.
pub async fn place(
    conn: &mut PgConnection,
    project: ProjectId,
    rollout: RolloutId,
) -> Result<Option<Place>, Error> {
    let row = sqlx::query!(
        r#"
        SELECT r.job_id, r.prompt_index, r.sample_index, r.attempt, r.head, r.sample_hash, r.state, r.reason, r.reward,
            r.reward_error, r.reward_receipt, r.advantage, r.price
        FROM rollouts r JOIN jobs j ON j.id = r.job_id WHERE j.project_id = $1 AND r.id = $2
        "#,
        project.0,
        rollout.0
    )
    .fetch_optional(conn)
    .await?;
    row.map(|row| {
        let job = JobId(row.job_id);
        let leaf = Row {
            prompt_index: row.prompt_index,
            sample_index: row.sample_index,
            attempt: row.attempt,
            head: row.head,
            sample_hash: row.sample_hash,
            state: row.state,
            reason: row.reason,
            reward: row.reward,
            reward_error: row.reward_error,
            reward_receipt: row.reward_receipt,
            advantage: row.advantage,
            price: row.price,
        };
        Ok(Place { job, leaf: leaf.try_into()? })
    })
    .transpose()
}

/// The chunk in which a leaf at this position would be.
pub async fn chunk_at(conn: &mut PgConnection, job: JobId, at: Position) -> Result<Option<Chunk>, Error> {
    let (prompt, sample, attempt) = at;
    let row = sqlx::query!(
        r#"
        SELECT number, first_prompt, first_sample, first_attempt, root, leaves FROM manifest_chunks
        WHERE job_id = $1 AND (first_prompt, first_sample, first_attempt) <= ($2, $3, $4)
        ORDER BY number DESC LIMIT 1
        "#,
        job.0,
        prompt as i32,
        sample as i32,
        attempt as i32
    )
    .fetch_optional(conn)
    .await?;
    row.map(|row| {
        Ok(Chunk {
            number: row.number as u32,
            first: (row.first_prompt as u32, row.first_sample as u32, row.first_attempt as u32),
            root: hash(row.root)?,
            leaves: hashes(&row.leaves)?,
        })
    })
    .transpose()
}

/// The roots of all chunks, in order.
pub async fn chunk_roots(conn: &mut PgConnection, job: JobId) -> Result<Vec<Hash>, Error> {
    let roots =
        sqlx::query_scalar!("SELECT root FROM manifest_chunks WHERE job_id = $1 ORDER BY number", job.0)
            .fetch_all(conn)
            .await?;
    roots.into_iter().map(hash).collect()
}

/// The leaf hashes of some chunks, one after the other.
pub async fn hashes_of(conn: &mut PgConnection, job: JobId, chunks: Range<u32>) -> Result<Vec<Hash>, Error> {
    let leaves = sqlx::query_scalar!(
        "SELECT leaves FROM manifest_chunks WHERE job_id = $1 AND number >= $2 AND number < $3 ORDER BY number",
        job.0,
        chunks.start as i32,
        chunks.end as i32
    )
    .fetch_all(conn)
    .await?;
    let mut all = Vec::with_capacity(leaves.len() * CHUNK_LEAVES);
    for chunk in leaves {
        all.extend(hashes(&chunk)?);
    }
    Ok(all)
}

fn hashes(bytes: &[u8]) -> Result<Vec<Hash>, Error> {
    let (hashes, rest) = bytes.as_chunks::<32>();
    if rest.is_empty() { Ok(hashes.to_vec()) } else { Err(Error::Corrupt("leaf hashes")) }
}

/// Leaves by their state.
pub fn tally(counts: &mut BTreeMap<String, u64>, leaves: &[Leaf]) {
    for leaf in leaves {
        *counts.entry(leaf.state.clone()).or_default() += 1;
    }
}
