//! Rewards that are computed again: which groups there are to draw from, what is stored of one, and what came out.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use grail::hash::Hash;
use grail::ids::Hotkey;
use protocol::job::JobSpec;
use protocol::rollout::{CLIENT_FUNCTION, RewardInputs, RewardReceipt};
use protocol::{AccountId, GroupId, JobId};
use sqlx::PgConnection;

use crate::{Error, records};

/// One scoring of a group: its last attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScoredGroup {
    pub id: GroupId,
    pub attempt: u32,
}

/// Groups that a module has scored, of rollouts taken in since then. Refused attempts are not among them.
pub async fn scored_since(conn: &mut PgConnection, since: DateTime<Utc>) -> Result<Vec<ScoredGroup>, Error> {
    let rows = sqlx::query!(
        r#"
        SELECT r.group_id, r.attempt FROM rollouts r JOIN groups g ON g.id = r.group_id AND g.attempt = r.attempt
        WHERE r.created_at >= $1 AND r.sample_index = 0 AND r.reward_receipt ->> 'function' <> $2
            AND g.state IN ('scored', 'verified', 'accepted', 'filtered')
            -- there is nothing left to score
            AND NOT EXISTS (SELECT 1 FROM jobs j WHERE j.id = g.job_id AND j.purged_at IS NOT NULL)
        ORDER BY r.group_id
        "#,
        since,
        CLIENT_FUNCTION
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| ScoredGroup { id: GroupId(row.group_id), attempt: row.attempt as u32 })
        .collect())
}

/// What there is of a scored group: what went in, as far as it is not in its segment, and what came out.
#[derive(Debug, Clone)]
pub struct Stored {
    pub account: AccountId,
    pub job: JobId,
    pub spec: JobSpec,
    pub hotkey: Hotkey,
    pub object_key: String,
    pub custom_id: String,
    pub prompt_text: Option<String>,
    /// `None`: the job has no module, though its rollouts have receipts.
    pub inputs: Option<RewardInputs>,
    /// In sample order.
    pub rewards: Vec<StoredReward>,
}

/// The reward of one rollout.
#[derive(Debug, Clone)]
pub struct StoredReward {
    pub head: Hash,
    pub reward: Option<f64>,
    pub components: BTreeMap<String, f64>,
    pub error: Option<String>,
    pub receipt: Option<RewardReceipt>,
}

/// `None` when the group is at another attempt by now.
pub async fn read(conn: &mut PgConnection, group: ScoredGroup) -> Result<Option<Stored>, Error> {
    let attempt = group.attempt as i32;
    let row = sqlx::query!(
        r#"
        SELECT j.account_id, j.id AS job_id, j.spec, g.hotkey AS "hotkey!", g.object_key AS "object_key!",
            p.custom_id, p.text, p.reference, p.metadata
        FROM groups g JOIN jobs j ON j.id = g.job_id
        JOIN prompts p ON p.job_id = g.job_id AND p.prompt_index = g.prompt_index
        WHERE g.id = $1 AND g.attempt = $2 AND g.state IN ('scored', 'verified', 'accepted', 'filtered')
            AND j.purged_at IS NULL
        "#,
        group.id.0,
        attempt
    )
    .fetch_optional(&mut *conn)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let spec: JobSpec = serde_json::from_value(row.spec).map_err(|_| Error::Corrupt("job spec"))?;
    Ok(Some(Stored {
        account: AccountId(row.account_id),
        job: JobId(row.job_id),
        inputs: records::reward_inputs(&spec, row.reference, &row.metadata),
        spec,
        hotkey: Hotkey::from_slice(&row.hotkey).map_err(|_| Error::Corrupt("hotkey"))?,
        object_key: row.object_key,
        custom_id: row.custom_id,
        prompt_text: row.text,
        rewards: rewards(conn, group.id, attempt).await?,
    }))
}

async fn rewards(conn: &mut PgConnection, group: GroupId, attempt: i32) -> Result<Vec<StoredReward>, Error> {
    let rows = sqlx::query!(
        r#"
        SELECT head, reward, reward_components, reward_error, reward_receipt FROM rollouts
        WHERE group_id = $1 AND attempt = $2 ORDER BY sample_index
        "#,
        group.0,
        attempt
    )
    .fetch_all(conn)
    .await?;
    let json = |_| Error::Corrupt("reward");
    rows.into_iter()
        .map(|row| {
            Ok(StoredReward {
                head: crate::rollouts::hash(row.head)?,
                reward: row.reward,
                components: crate::rollouts::components(row.reward_components)?,
                error: row.reward_error,
                receipt: row.reward_receipt.map(serde_json::from_value).transpose().map_err(json)?,
            })
        })
        .collect()
}

/// A group that was scored again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rerun {
    pub group: ScoredGroup,
    pub function: String,
    pub stored_hash: Hash,
    pub new_hash: Hash,
    /// Indexes of the samples that came out otherwise; none where all agree.
    pub differing: Vec<u32>,
    pub engine: String,
    pub seed: u64,
}

impl Rerun {
    pub fn agreed(&self) -> bool {
        self.differing.is_empty() && self.stored_hash == self.new_hash
    }
}

pub async fn insert(conn: &mut PgConnection, rerun: &Rerun, now: DateTime<Utc>) -> Result<(), Error> {
    let differing: Vec<i32> = rerun.differing.iter().map(|sample| *sample as i32).collect();
    sqlx::query!(
        r#"
        INSERT INTO reward_reruns (group_id, attempt, function, stored_hash, new_hash, agreed, differing, engine, seed, at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
        "#,
        rerun.group.id.0,
        rerun.group.attempt as i32,
        rerun.function,
        rerun.stored_hash.as_slice(),
        rerun.new_hash.as_slice(),
        rerun.agreed(),
        &differing,
        rerun.engine,
        rerun.seed as i64,
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// How many re-runs since then gave something else than what is stored.
pub async fn disagreed_since(conn: &mut PgConnection, since: DateTime<Utc>) -> Result<i64, Error> {
    let count = sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM reward_reruns WHERE NOT agreed AND at >= $1"#,
        since
    )
    .fetch_one(conn)
    .await?;
    Ok(count)
}
