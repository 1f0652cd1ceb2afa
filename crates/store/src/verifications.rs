//! Re-checks of delivered rollouts that customers asked for: a queue under leases, like uploads. Nothing here touches a miner.

use std::time::Duration;

use chrono::{DateTime, Utc};
use grail::ids::{GroupRoot, Hotkey};
use protocol::recheck::{Item, Level};
use protocol::rollout::RewardReceipt;
use protocol::{GroupId, JobId, ProjectId, RolloutId, VerificationId};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::Error;
use crate::groups::{Leased as Group, TakenIn};

/// One re-check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verification {
    pub id: VerificationId,
    pub level: Level,
    pub completed: bool,
    pub items: Vec<Item>,
    pub created_at: DateTime<Utc>,
    pub finished_at: Option<DateTime<Utc>>,
}

/// Writes a re-check, unless the project has `most` that wait already. One that is completed never waits.
pub async fn create(
    conn: &mut PgConnection,
    project: ProjectId,
    new: &Verification,
    most: i64,
) -> Result<bool, Error> {
    // those of one project are written one after the other
    sqlx::query!("SELECT id FROM projects WHERE id = $1 FOR NO KEY UPDATE", project.0)
        .fetch_optional(&mut *conn)
        .await?;
    let inserted = sqlx::query!(
        r#"
        INSERT INTO verifications (id, project_id, level, state, items, created_at, finished_at)
        SELECT $1, $2, $3, $4, $5, $6, $7
        WHERE $4 = 'completed'
            OR (SELECT count(*) FROM verifications WHERE project_id = $2 AND state = 'queued') < $8
        "#,
        new.id.0,
        project.0,
        new.level.as_str(),
        if new.completed { "completed" } else { "queued" },
        text(&new.items)?,
        new.created_at,
        new.finished_at,
        most
    )
    .execute(conn)
    .await?;
    Ok(inserted.rows_affected() == 1)
}

pub async fn find(
    conn: &mut PgConnection,
    project: ProjectId,
    id: VerificationId,
) -> Result<Option<Verification>, Error> {
    let row = sqlx::query!(
        r#"
        SELECT level, state, items, created_at, finished_at FROM verifications WHERE project_id = $1 AND id = $2
        "#,
        project.0,
        id.0
    )
    .fetch_optional(conn)
    .await?;
    row.map(|row| {
        Ok(Verification {
            id,
            level: Level::parse(&row.level).ok_or(Error::Corrupt("verification level"))?,
            completed: row.state == "completed",
            items: items(&row.items)?,
            created_at: row.created_at,
            finished_at: row.finished_at,
        })
    })
    .transpose()
}

fn text(items: &[Item]) -> Result<String, Error> {
    serde_json::to_string(items).map_err(|_| Error::Corrupt("verification items"))
}

fn items(text: &str) -> Result<Vec<Item>, Error> {
    serde_json::from_str(text).map_err(|_| Error::Corrupt("verification items"))
}

/// One re-check in the hands of one worker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leased {
    pub id: VerificationId,
    pub project: ProjectId,
    pub items: Vec<Item>,
    /// How often it was begun, this time included.
    pub tries: u32,
    token: Uuid,
}

/// Leases the oldest of this level that nobody works on. A lease that has expired is taken over.
pub async fn lease(conn: &mut PgConnection, level: Level, hold: Duration) -> Result<Option<Leased>, Error> {
    let row = sqlx::query!(
        r#"
        WITH free AS MATERIALIZED (
            SELECT id FROM verifications
            WHERE state = 'queued' AND level = $1 AND (lease_until IS NULL OR lease_until < now())
            ORDER BY created_at, id LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED
        )
        UPDATE verifications v
        SET lease_token = gen_random_uuid(), lease_until = now() + make_interval(secs => $2), tries = tries + 1
        FROM free WHERE v.id = free.id
        RETURNING v.id, v.project_id, v.items, v.tries, v.lease_token AS "token!"
        "#,
        level.as_str(),
        hold.as_secs_f64()
    )
    .fetch_optional(conn)
    .await?;
    row.map(|row| {
        Ok(Leased {
            id: VerificationId(row.id),
            project: ProjectId(row.project_id),
            items: items(&row.items)?,
            tries: row.tries.unsigned_abs(),
            token: row.token,
        })
    })
    .transpose()
}

/// Renews the lease; false when it is lost.
pub async fn renew(conn: &mut PgConnection, leased: &Leased, hold: Duration) -> Result<bool, Error> {
    let updated = sqlx::query!(
        r#"
        UPDATE verifications SET lease_until = now() + make_interval(secs => $3)
        WHERE id = $1 AND lease_token = $2 AND state = 'queued'
        "#,
        leased.id.0,
        leased.token,
        hold.as_secs_f64()
    )
    .execute(conn)
    .await?;
    Ok(updated.rows_affected() == 1)
}

/// Writes what was found. Fails with [`Error::StaleLease`] when the lease is lost.
pub async fn conclude(
    conn: &mut PgConnection,
    leased: &Leased,
    items: &[Item],
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let updated = sqlx::query!(
        r#"
        UPDATE verifications
        SET state = 'completed', items = $3, finished_at = $4, lease_token = NULL, lease_until = NULL
        WHERE id = $1 AND lease_token = $2 AND state = 'queued'
        "#,
        leased.id.0,
        leased.token,
        text(items)?,
        now
    )
    .execute(conn)
    .await?;
    if updated.rows_affected() == 1 { Ok(()) } else { Err(Error::StaleLease) }
}

/// A rollout that was delivered, or filtered and paid for, with the group that it came in.
#[derive(Debug, Clone, PartialEq)]
pub struct Delivered {
    pub group: Group,
    pub sample_index: u32,
    /// As it was delivered.
    pub reward_receipt: Option<RewardReceipt>,
    pub reward: Option<f64>,
}

/// Where a rollout of this project came from that it was given or has paid for.
pub async fn delivered(
    conn: &mut PgConnection,
    project: ProjectId,
    rollout: RolloutId,
) -> Result<Option<Delivered>, Error> {
    let row = sqlx::query!(
        r#"
        SELECT g.id, g.job_id, g.prompt_index, p.custom_id, g.attempt, g.hotkey AS "hotkey!",
            g.object_key AS "object_key!", g.group_root AS "group_root!", r.sample_index, r.reward_receipt, r.reward
        FROM rollouts r
        JOIN jobs j ON j.id = r.job_id
        JOIN groups g ON g.id = r.group_id AND g.attempt = r.attempt
        JOIN prompts p ON p.job_id = g.job_id AND p.prompt_index = g.prompt_index
        WHERE j.project_id = $1 AND r.id = $2 AND (r.state = 'selected' OR (r.state = 'filtered' AND r.price > 0))
            AND g.state IN ('accepted', 'filtered') AND j.purged_at IS NULL
        "#,
        project.0,
        rollout.0
    )
    .fetch_optional(conn)
    .await?;
    row.map(|row| {
        let root = GroupRoot::from_slice(&row.group_root).map_err(|_| Error::Corrupt("group root"))?;
        let receipt = row.reward_receipt.map(serde_json::from_value).transpose();
        Ok(Delivered {
            group: Group {
                id: GroupId(row.id),
                job: JobId(row.job_id),
                prompt_index: row.prompt_index as u32,
                custom_id: row.custom_id,
                attempt: row.attempt as u32,
                tries: 0,
                hotkey: Hotkey::from_slice(&row.hotkey).map_err(|_| Error::Corrupt("hotkey"))?,
                taken_in: Some(TakenIn { object_key: row.object_key, root }),
            },
            sample_index: row.sample_index as u32,
            reward_receipt: receipt.map_err(|_| Error::Corrupt("reward receipt"))?,
            reward: row.reward,
        })
    })
    .transpose()
}
