//! Groups on their way: from one step to the next, or back to the queue. Every write demands the lease's token.

use std::collections::HashMap;
use std::time::Duration;

use chrono::{DateTime, Utc};
use grail::ids::GroupRoot;
use grail::receipt::SignedReceipt;
use protocol::GroupId;
use protocol::job::GroupState;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{Token, all, uuids};
use crate::Error;

/// What was taken in for one group.
#[derive(Debug, Clone)]
pub struct Received<'a> {
    pub id: GroupId,
    pub object_key: &'a str,
    pub root: GroupRoot,
    pub receipt: &'a SignedReceipt,
}

/// `dispatched` to `received`.
pub async fn receive(conn: &mut PgConnection, token: Token, groups: &[Received<'_>]) -> Result<(), Error> {
    let ids: Vec<Uuid> = groups.iter().map(|group| group.id.0).collect();
    let keys: Vec<String> = groups.iter().map(|group| group.object_key.to_owned()).collect();
    let roots: Vec<Vec<u8>> = groups.iter().map(|group| group.root.0.to_vec()).collect();
    let receipts = groups
        .iter()
        .map(|group| serde_json::to_value(group.receipt).map_err(|_| Error::Corrupt("receipt")))
        .collect::<Result<Vec<_>, _>>()?;
    let updated = sqlx::query!(
        r#"
        UPDATE groups g SET state = 'received', tries = 0, lease_token = NULL, lease_until = NULL,
            object_key = r.object_key, group_root = r.group_root, receipt = r.receipt
        FROM UNNEST($2::uuid[], $3::text[], $4::bytea[], $5::jsonb[]) AS r (id, object_key, group_root, receipt)
        WHERE g.id = r.id AND g.lease_token = $1 AND g.state = 'dispatched'
        "#,
        token.0,
        &ids,
        &keys,
        &roots,
        &receipts
    )
    .execute(conn)
    .await?;
    all(updated.rows_affected(), groups.len())
}

/// `scored` to `verified`, or to `awaiting_rewards` where the customer scores. Each says what of it was recomputed, in the
/// words of [`protocol::rollout`].
/// Returns those that wait for the customer, and until when.
pub async fn verify(
    conn: &mut PgConnection,
    token: Token,
    groups: &[(GroupId, &'static str)],
    now: DateTime<Utc>,
) -> Result<HashMap<GroupId, DateTime<Utc>>, Error> {
    let ids: Vec<Uuid> = groups.iter().map(|(id, _)| id.0).collect();
    let verification: Vec<String> = groups.iter().map(|(_, word)| (*word).to_owned()).collect();
    let rows = sqlx::query!(
        r#"
        UPDATE groups g SET tries = 0, lease_token = NULL, lease_until = NULL,
            state = CASE WHEN j.reward_deadline_s IS NULL THEN 'verified' ELSE 'awaiting_rewards' END,
            rewards_due_at = $4::timestamptz + make_interval(secs => j.reward_deadline_s),
            verification = v.verification
        FROM UNNEST($2::uuid[], $3::text[]) AS v (id, verification), jobs j
        WHERE g.id = v.id AND g.lease_token = $1 AND g.state = 'scored' AND j.id = g.job_id
        RETURNING g.id, g.rewards_due_at
        "#,
        token.0,
        &ids,
        &verification,
        now
    )
    .fetch_all(conn)
    .await?;
    all(rows.len() as u64, groups.len())?;
    Ok(rows.into_iter().filter_map(|row| Some((GroupId(row.id), row.rewards_due_at?))).collect())
}

/// One step on: `received` to `scored`.
pub async fn advance(
    conn: &mut PgConnection,
    token: Token,
    ids: &[GroupId],
    to: GroupState,
) -> Result<(), Error> {
    let updated = sqlx::query!(
        r#"
        UPDATE groups SET state = $3, tries = 0, lease_token = NULL, lease_until = NULL
        WHERE id = ANY($2) AND lease_token = $1
        "#,
        token.0,
        &uuids(ids),
        to.as_str()
    )
    .execute(conn)
    .await?;
    all(updated.rows_affected(), ids.len())
}

/// Back to `pending`, for another attempt not before `after`. `answered`: the last one was at least refused, so that the
/// count of tries without an answer starts anew.
pub async fn reopen(
    conn: &mut PgConnection,
    token: Token,
    ids: &[GroupId],
    answered: bool,
    after: Duration,
) -> Result<(), Error> {
    let updated = sqlx::query!(
        r#"
        UPDATE groups SET state = 'pending', lease_token = NULL, lease_until = now() + make_interval(secs => $3),
            hotkey = NULL, object_key = NULL, group_root = NULL, receipt = NULL,
            tries = CASE WHEN $4 THEN 0 ELSE tries END
        WHERE id = ANY($2) AND lease_token = $1
        "#,
        token.0,
        &uuids(ids),
        after.as_secs_f64(),
        answered
    )
    .execute(conn)
    .await?;
    all(updated.rows_affected(), ids.len())
}
