//! Rollouts: one row per completion, written when it is received and moved along with its group.

use std::collections::BTreeMap;

use grail::chain::Finish;
use grail::hash::Hash;
use protocol::minhash;
use protocol::rollout::RewardReceipt;
use protocol::{GroupId, JobId, Rao, RolloutId};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::Error;

/// A rollout whose commitment was taken in.
#[derive(Debug, Clone)]
pub struct NewRollout {
    pub id: RolloutId,
    pub sample_index: u32,
    pub completion_tokens: u32,
    pub finish: Finish,
    pub head: Hash,
    pub sample_hash: Hash,
    /// `protocol::minhash` keys, where its job looks for near duplicates.
    pub minhash: Option<Vec<u64>>,
}

/// The attempt that a rollout came from.
#[derive(Debug, Clone, Copy)]
pub struct Within {
    pub group: GroupId,
    pub attempt: u32,
    pub prompt_index: u32,
}

/// Writes rollouts of one job as `received`.
pub async fn insert(
    conn: &mut PgConnection,
    job: JobId,
    rollouts: &[(Within, &NewRollout)],
) -> Result<(), Error> {
    let int = |value: fn(&(Within, &NewRollout)) -> u32| -> Vec<i32> {
        rollouts.iter().map(|rollout| value(rollout) as i32).collect()
    };
    let ids: Vec<Uuid> = rollouts.iter().map(|(_, rollout)| rollout.id.0).collect();
    let groups: Vec<Uuid> = rollouts.iter().map(|(within, _)| within.group.0).collect();
    let finishes: Vec<String> =
        rollouts.iter().map(|(_, rollout)| rollout.finish.as_str().to_owned()).collect();
    let heads: Vec<Vec<u8>> = rollouts.iter().map(|(_, rollout)| rollout.head.to_vec()).collect();
    let hashes: Vec<Vec<u8>> = rollouts.iter().map(|(_, rollout)| rollout.sample_hash.to_vec()).collect();
    let near: Vec<Option<Vec<u8>>> =
        rollouts.iter().map(|(_, rollout)| rollout.minhash.as_deref().map(minhash::encode)).collect();
    sqlx::query!(
        r#"
        INSERT INTO rollouts (id, job_id, group_id, attempt, prompt_index, sample_index, state, completion_tokens,
            finish, head, sample_hash, minhash)
        SELECT r.id, $1, r.group_id, r.attempt, r.prompt_index, r.sample_index, 'received', r.tokens,
            r.finish, r.head, r.sample_hash, r.minhash
        FROM UNNEST($2::uuid[], $3::uuid[], $4::int[], $5::int[], $6::int[], $7::int[], $8::text[],
            $9::bytea[], $10::bytea[], $11::bytea[])
            AS r (id, group_id, attempt, prompt_index, sample_index, tokens, finish, head, sample_hash, minhash)
        "#,
        job.0,
        &ids,
        &groups,
        &int(|(within, _)| within.attempt),
        &int(|(within, _)| within.prompt_index),
        &int(|(_, rollout)| rollout.sample_index),
        &int(|(_, rollout)| rollout.completion_tokens),
        &finishes,
        &heads,
        &hashes,
        &near as &[Option<Vec<u8>>]
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// What scoring gave for one rollout.
#[derive(Debug, Clone)]
pub struct Scored {
    pub id: RolloutId,
    /// `None` when there is no reward: the function failed, or the job has none.
    pub reward: Option<f64>,
    pub components: BTreeMap<String, f64>,
    pub error: Option<&'static str>,
    pub receipt: Option<RewardReceipt>,
}

/// `received` to `scored`: what a module gave.
pub async fn score(conn: &mut PgConnection, scored: &[Scored]) -> Result<(), Error> {
    reward(conn, scored, "received", "scored").await
}

/// Rewards from the customer, of rollouts that are verified already and stay so.
pub async fn grade(conn: &mut PgConnection, scored: &[Scored]) -> Result<(), Error> {
    reward(conn, scored, "verified", "verified").await
}

async fn reward(
    conn: &mut PgConnection,
    scored: &[Scored],
    from: &'static str,
    to: &'static str,
) -> Result<(), Error> {
    let json = |value: serde_json::Result<serde_json::Value>| value.map_err(|_| Error::Corrupt("reward"));
    let ids: Vec<Uuid> = scored.iter().map(|rollout| rollout.id.0).collect();
    let rewards: Vec<Option<f64>> = scored.iter().map(|rollout| rollout.reward).collect();
    let errors: Vec<Option<String>> = scored.iter().map(|rollout| rollout.error.map(str::to_owned)).collect();
    let components = scored
        .iter()
        .map(|rollout| json(serde_json::to_value(&rollout.components)))
        .collect::<Result<Vec<_>, _>>()?;
    let receipts = scored
        .iter()
        .map(|rollout| {
            rollout.receipt.as_ref().map(|receipt| json(serde_json::to_value(receipt))).transpose()
        })
        .collect::<Result<Vec<_>, _>>()?;
    sqlx::query!(
        r#"
        UPDATE rollouts r SET state = $7, reward = s.reward, reward_components = s.components,
            reward_error = s.error, reward_receipt = s.receipt
        FROM UNNEST($1::uuid[], $2::float8[], $3::jsonb[], $4::text[], $5::jsonb[])
            AS s (id, reward, components, error, receipt)
        WHERE r.id = s.id AND r.state = $6
        "#,
        &ids,
        &rewards as &[Option<f64>],
        &components,
        &errors as &[Option<String>],
        &receipts as &[Option<serde_json::Value>],
        from,
        to
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Moves all rollouts of these attempts to `scored` (where the service has nothing to score) or `verified`, and says how many
/// there are.
pub async fn advance(
    conn: &mut PgConnection,
    attempts: &[(GroupId, u32)],
    to: &'static str,
) -> Result<i64, Error> {
    let (groups, numbers) = columns(attempts);
    let moved = sqlx::query!(
        r#"
        UPDATE rollouts r SET state = $3 FROM UNNEST($1::uuid[], $2::int[]) AS a (group_id, attempt)
        WHERE r.group_id = a.group_id AND r.attempt = a.attempt
        "#,
        &groups,
        &numbers,
        to
    )
    .execute(conn)
    .await?;
    Ok(moved.rows_affected() as i64)
}

/// To `rejected`, each with its own reason.
pub async fn reject(conn: &mut PgConnection, rejected: &[(RolloutId, &'static str)]) -> Result<(), Error> {
    let ids: Vec<Uuid> = rejected.iter().map(|(id, _)| id.0).collect();
    let reasons: Vec<String> = rejected.iter().map(|(_, reason)| (*reason).to_owned()).collect();
    sqlx::query!(
        r#"
        UPDATE rollouts r SET state = 'rejected', reason = j.reason
        FROM UNNEST($1::uuid[], $2::text[]) AS j (id, reason) WHERE r.id = j.id
        "#,
        &ids,
        &reasons
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Rollouts that will never be delivered, though nothing is wrong with them.
pub async fn cancel(conn: &mut PgConnection, attempts: &[(GroupId, u32)]) -> Result<(), Error> {
    let (groups, numbers) = columns(attempts);
    sqlx::query!(
        r#"
        UPDATE rollouts r SET state = 'cancelled' FROM UNNEST($1::uuid[], $2::int[]) AS a (group_id, attempt)
        WHERE r.group_id = a.group_id AND r.attempt = a.attempt
        "#,
        &groups,
        &numbers
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// A rollout as selection sees it.
#[derive(Debug, Clone, PartialEq)]
pub struct Member {
    pub id: RolloutId,
    pub sample_index: u32,
    pub completion_tokens: u32,
    pub finish: Finish,
    pub sample_hash: Hash,
    /// Empty where its job does not look for near duplicates.
    pub minhash: Vec<u64>,
    pub head: Hash,
    pub reward: Option<f64>,
    pub components: BTreeMap<String, f64>,
    /// Why it could not be graded.
    pub error: Option<String>,
}

/// The rollouts of these attempts by group, in sample order.
pub async fn members(
    conn: &mut PgConnection,
    attempts: &[(GroupId, u32)],
) -> Result<BTreeMap<GroupId, Vec<Member>>, Error> {
    let (groups, numbers) = columns(attempts);
    let rows = sqlx::query!(
        r#"
        SELECT r.id, r.group_id, r.sample_index, r.completion_tokens, r.finish, r.sample_hash, r.head,
            r.reward, r.reward_components, r.reward_error, r.minhash
        FROM rollouts r JOIN UNNEST($1::uuid[], $2::int[]) AS a (group_id, attempt)
            ON r.group_id = a.group_id AND r.attempt = a.attempt
        ORDER BY r.group_id, r.sample_index
        "#,
        &groups,
        &numbers
    )
    .fetch_all(conn)
    .await?;
    let mut members: BTreeMap<GroupId, Vec<Member>> = BTreeMap::new();
    for row in rows {
        members.entry(GroupId(row.group_id)).or_default().push(Member {
            id: RolloutId(row.id),
            sample_index: row.sample_index as u32,
            completion_tokens: row.completion_tokens as u32,
            finish: finish(&row.finish)?,
            sample_hash: hash(row.sample_hash)?,
            minhash: minhash::decode(&row.minhash.unwrap_or_default()).ok_or(Error::Corrupt("minhash"))?,
            reward: row.reward,
            head: hash(row.head)?,
            components: components(row.reward_components)?,
            error: row.reward_error,
        });
    }
    Ok(members)
}

/// Notes the service's word that these are the rewards that their customer gave.
pub async fn sign(conn: &mut PgConnection, signed: &[(RolloutId, RewardReceipt)]) -> Result<(), Error> {
    let ids: Vec<Uuid> = signed.iter().map(|(id, _)| id.0).collect();
    let receipts = signed
        .iter()
        .map(|(_, receipt)| serde_json::to_value(receipt).map_err(|_| Error::Corrupt("reward receipt")))
        .collect::<Result<Vec<_>, _>>()?;
    sqlx::query!(
        r#"
        UPDATE rollouts r SET reward_receipt = s.receipt
        FROM UNNEST($1::uuid[], $2::jsonb[]) AS s (id, receipt) WHERE r.id = s.id
        "#,
        &ids,
        &receipts
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// What selection decided for one rollout.
#[derive(Debug, Clone, Copy)]
pub struct Settled {
    pub id: RolloutId,
    /// `None`: selected.
    pub filtered: Option<&'static str>,
    pub advantage: Option<f64>,
    pub repeats_in_group: bool,
    /// The first delivered rollout that it is nearly the same as.
    pub cluster: Option<RolloutId>,
    pub price: Rao,
    /// The sequence of the event that announces it, when selected.
    pub sequence: Option<i64>,
}

/// `verified` to `selected` or `filtered`.
pub async fn settle(conn: &mut PgConnection, settled: &[Settled]) -> Result<(), Error> {
    let ids: Vec<Uuid> = settled.iter().map(|rollout| rollout.id.0).collect();
    let reasons: Vec<Option<String>> =
        settled.iter().map(|rollout| rollout.filtered.map(str::to_owned)).collect();
    let advantages: Vec<Option<f64>> = settled.iter().map(|rollout| rollout.advantage).collect();
    let repeats: Vec<bool> = settled.iter().map(|rollout| rollout.repeats_in_group).collect();
    let clusters: Vec<Option<Uuid>> = settled.iter().map(|rollout| rollout.cluster.map(|id| id.0)).collect();
    let prices: Vec<i64> = settled.iter().map(|rollout| rollout.price.get()).collect();
    let sequences: Vec<Option<i64>> = settled.iter().map(|rollout| rollout.sequence).collect();
    sqlx::query!(
        r#"
        UPDATE rollouts r SET state = CASE WHEN s.reason IS NULL THEN 'selected' ELSE 'filtered' END,
            reason = s.reason, advantage = s.advantage, repeats_in_group = s.repeats, price = s.price,
            sequence = s.sequence, minhash_cluster = s.cluster
        FROM UNNEST($1::uuid[], $2::text[], $3::float8[], $4::bool[], $5::bigint[], $6::bigint[], $7::uuid[])
            AS s (id, reason, advantage, repeats, price, sequence, cluster)
        WHERE r.id = s.id
        "#,
        &ids,
        &reasons as &[Option<String>],
        &advantages as &[Option<f64>],
        &repeats,
        &prices,
        &sequences as &[Option<i64>],
        &clusters as &[Option<Uuid>]
    )
    .execute(conn)
    .await?;
    Ok(())
}

fn columns(attempts: &[(GroupId, u32)]) -> (Vec<Uuid>, Vec<i32>) {
    attempts.iter().map(|(group, attempt)| (group.0, *attempt as i32)).unzip()
}

pub(crate) fn finish(text: &str) -> Result<Finish, Error> {
    [Finish::Stop, Finish::Length]
        .into_iter()
        .find(|finish| finish.as_str() == text)
        .ok_or(Error::Corrupt("finish"))
}

pub(crate) fn components(json: Option<serde_json::Value>) -> Result<BTreeMap<String, f64>, Error> {
    let components = json.map(serde_json::from_value).transpose();
    Ok(components.map_err(|_| Error::Corrupt("reward components"))?.unwrap_or_default())
}

pub(crate) fn hash(bytes: Vec<u8>) -> Result<Hash, Error> {
    bytes.try_into().map_err(|_| Error::Corrupt("hash"))
}
