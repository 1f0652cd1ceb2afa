//! Rewards that the customer gives itself: groups that wait for them, the posting that ends the wait, and its deadline.
//!
//! A posting is one transaction: rewards, state and counters. The settlement that follows is any group's.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use grail::hash::Hash;
use protocol::job::{GroupState, JobSpec};
use protocol::reward::{ClientRewards, Graded, NOT_GRADED, OVERDUE, OnError, RewardTerms, posting_digest};
use protocol::{GroupId, JobId, ProjectId, RolloutId};
use sqlx::PgConnection;

use crate::groups::uuids;
use crate::job_progress::Moved;
use crate::rollouts::{Scored, hash};
use crate::{Error, job_close, job_progress, rollouts};

/// Why a job ended when a reward failed that it could not go on without.
pub const REWARD_FAILED: &str = "reward_failed";

/// A group that its customer names, its job's row locked.
#[derive(Debug, Clone)]
pub struct Named {
    pub id: GroupId,
    pub job: JobId,
    pub state: GroupState,
    /// `None`: the customer has nothing to say on rewards of this job.
    pub terms: Option<ClientRewards>,
    pub due_at: Option<DateTime<Utc>>,
    /// What was posted before.
    pub digest: Option<Hash>,
    /// In sample order, of the last attempt.
    pub rollouts: Vec<RolloutId>,
}

/// Finds a group of this project and locks its job and itself.
pub async fn lock(conn: &mut PgConnection, project: ProjectId, id: GroupId) -> Result<Named, Error> {
    let job = sqlx::query_scalar!(
        "SELECT j.id FROM groups g JOIN jobs j ON j.id = g.job_id WHERE g.id = $1 AND j.project_id = $2",
        id.0,
        project.0
    )
    .fetch_optional(&mut *conn)
    .await?
    .ok_or(Error::NotFound)?;
    job_progress::lock(conn, JobId(job)).await?;
    let row = sqlx::query!(
        r#"
        SELECT g.state, g.rewards_due_at, g.rewards_digest, j.spec,
            ARRAY(SELECT r.id FROM rollouts r WHERE r.group_id = g.id AND r.attempt = g.attempt
                ORDER BY r.sample_index) AS "rollouts!"
        FROM groups g JOIN jobs j ON j.id = g.job_id WHERE g.id = $1 FOR NO KEY UPDATE OF g
        "#,
        id.0
    )
    .fetch_one(conn)
    .await?;
    let spec: JobSpec = serde_json::from_value(row.spec).map_err(|_| Error::Corrupt("job spec"))?;
    Ok(Named {
        id,
        job: JobId(job),
        state: GroupState::parse(&row.state).ok_or(Error::Corrupt("group state"))?,
        terms: spec.reward.as_ref().and_then(RewardTerms::client).copied(),
        due_at: row.rewards_due_at,
        digest: row.rewards_digest.map(hash).transpose()?,
        rollouts: row.rollouts.into_iter().map(RolloutId).collect(),
    })
}

/// Takes the customer's rewards of a group that awaits them: exactly one for each of its rollouts.
pub async fn post(
    conn: &mut PgConnection,
    group: &Named,
    on_error: OnError,
    graded: &[Graded],
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let scored: Vec<Scored> = graded
        .iter()
        .map(|graded| Scored {
            id: graded.rollout,
            reward: graded.reward.or(on_error.reward()),
            components: graded.components.clone(),
            error: graded.reward.is_none().then_some(NOT_GRADED),
            receipt: None,
        })
        .collect();
    let given = Given { groups: &[group.id], digest: Some(posting_digest(graded)), scored };
    write(conn, group.job, on_error, &given, now).await
}

/// Groups whose customer has let the deadline pass, by job.
pub async fn overdue(
    conn: &mut PgConnection,
    now: DateTime<Utc>,
    limit: i64,
) -> Result<BTreeMap<JobId, Vec<GroupId>>, Error> {
    let rows = sqlx::query!(
        r#"
        SELECT id, job_id FROM groups WHERE state = 'awaiting_rewards' AND rewards_due_at <= $1
        ORDER BY rewards_due_at LIMIT $2
        "#,
        now,
        limit
    )
    .fetch_all(conn)
    .await?;
    let mut by_job: BTreeMap<JobId, Vec<GroupId>> = BTreeMap::new();
    for row in rows {
        by_job.entry(JobId(row.job_id)).or_default().push(GroupId(row.id));
    }
    Ok(by_job)
}

/// Lets the job's `on_error` take the place of rewards that did not come; says how many groups that were. Groups that
/// have gone on since they were found are left out. In its own transaction.
pub async fn give_up(
    conn: &mut PgConnection,
    job: JobId,
    on_error: OnError,
    ids: &[GroupId],
    now: DateTime<Utc>,
) -> Result<usize, Error> {
    job_progress::lock(conn, job).await?;
    let rows = sqlx::query!(
        r#"
        SELECT g.id, r.id AS rollout FROM groups g
        JOIN rollouts r ON r.group_id = g.id AND r.attempt = g.attempt
        WHERE g.id = ANY($1) AND g.state = 'awaiting_rewards' AND g.rewards_due_at <= $2
        ORDER BY g.id, r.sample_index FOR NO KEY UPDATE OF g
        "#,
        &uuids(ids),
        now
    )
    .fetch_all(&mut *conn)
    .await?;
    let scored: Vec<Scored> = rows
        .iter()
        .map(|row| Scored {
            id: RolloutId(row.rollout),
            reward: on_error.reward(),
            components: BTreeMap::new(),
            error: Some(OVERDUE),
            receipt: None,
        })
        .collect();
    let mut late: Vec<GroupId> = rows.iter().map(|row| GroupId(row.id)).collect();
    late.dedup();
    if !late.is_empty() {
        write(conn, job, on_error, &Given { groups: &late, digest: None, scored }, now).await?;
    }
    Ok(late.len())
}

/// The rewards of all rollouts of these groups.
struct Given<'a> {
    groups: &'a [GroupId],
    digest: Option<Hash>,
    scored: Vec<Scored>,
}

/// `awaiting_rewards` to `verified`, or the end of the job where a failed reward means that.
async fn write(
    conn: &mut PgConnection,
    job: JobId,
    on_error: OnError,
    given: &Given<'_>,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        r#"
        UPDATE groups SET state = 'verified', rewards_digest = $2, lease_token = NULL, lease_until = NULL
        WHERE id = ANY($1) AND state = 'awaiting_rewards'
        "#,
        &uuids(given.groups),
        given.digest.as_ref().map(<[u8; 32]>::as_slice)
    )
    .execute(&mut *conn)
    .await?;
    rollouts::grade(conn, &given.scored).await?;
    let scored = given.scored.len() as i64;
    job_progress::count(conn, job, Moved { scored, ..Moved::default() }).await?;
    if on_error == OnError::FailJob && given.scored.iter().any(|rollout| rollout.error.is_some()) {
        job_close::fail(conn, job, REWARD_FAILED, now).await?;
    }
    Ok(())
}
