//! Jobs: written whole, read as their owner sees them, cancelled. How a job ends is `job_close`'s affair.

use std::collections::BTreeMap;
use std::ops::Range;

use chrono::{DateTime, Utc};
use grail::{CheckpointId, ProfileId, Randomness};
use protocol::conditions::Priority;
use protocol::job::{GroupState, JobSpec, JobStatus, Prompt};
use protocol::mismatch::Mismatch;
use protocol::money::Price;
use protocol::reward::RewardTerms;
use protocol::{AccountId, JobId, KeyId, ProjectId, Rao, RolloutId};
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::job_conditions::{Columns, Conditions};
use crate::job_outlook::Outlook;
use crate::ledger::Settlement;
use crate::{
    Error, Tenant, events, groups, job_close, job_outlook, job_progress, keyset, prompts, reserve, tenants,
};

/// What is fixed when a job is created.
#[derive(Debug, Clone, Copy)]
pub struct NewJob<'a> {
    pub id: JobId,
    pub tenant: Tenant,
    /// The key that creates it: its limits and its makers' apply. `None`: an operator's own work.
    pub key: Option<KeyId>,
    pub spec: &'a JobSpec,
    pub conditions: &'a Conditions,
    pub price: &'a Price,
    pub prompts: &'a [Prompt],
    pub checkpoint: CheckpointId,
    pub profile: ProfileId,
    /// Seeds every draw of the job.
    pub randomness: Randomness,
    pub traceparent: Option<&'a str>,
}

/// Writes the job, its prompts, and one pending group for each: the queue has them at commit.
pub async fn insert(conn: &mut PgConnection, job: &NewJob<'_>, now: DateTime<Utc>) -> Result<(), Error> {
    let spec = serde_json::to_value(job.spec).map_err(|_| Error::Corrupt("job spec"))?;
    let price = serde_json::to_value(job.price).map_err(|_| Error::Corrupt("price"))?;
    let metadata = serde_json::to_value(&job.spec.metadata).map_err(|_| Error::Corrupt("metadata"))?;
    let Conditions { budget, deadline_at, priority, open, retention_days, training_use, quote } =
        *job.conditions;
    let count = i32::try_from(job.prompts.len()).map_err(|_| Error::Corrupt("prompt count"))?;
    let deadline_s =
        job.spec.reward.as_ref().and_then(RewardTerms::client).map(|client| client.deadline_s as i32);
    let (wanted, spare) = wanted(job);
    sqlx::query!(
        r#"
        INSERT INTO jobs (id, account_id, status, spec, price, checkpoint_id, profile_id, randomness,
            prompt_count, samples, open_groups, traceparent, created_at, reward_deadline_s, project_id, metadata,
            max_amount, max_rollouts, on_exhausted, deadline_at, priority, is_open, retention_days, training_use, quote_id,
            key_id, target_groups, reserve_left)
        VALUES ($1, $2, 'queued', $3, $4, $5, $6, $7, $8, $9, $8, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19,
            $20, $21, $22, $23, $24, $25, $26)
        "#,
        job.id.0,
        job.tenant.account.0,
        spec,
        price,
        job.checkpoint.0.as_slice(),
        job.profile.0.as_slice(),
        job.randomness.0.as_slice(),
        count,
        job.spec.sampling.n as i32,
        job.traceparent,
        now,
        deadline_s,
        job.tenant.project.0,
        metadata,
        budget.max_amount.map(Rao::get),
        budget.max_rollouts.map(|most| most as i64),
        budget.on_exhausted.as_str(),
        deadline_at,
        priority.as_str(),
        open,
        retention_days.map(|days| days as i32),
        training_use.as_str(),
        quote.map(|quote| quote.0),
        job.key.map(|key| key.0),
        wanted.map(|wanted| wanted as i32),
        spare as i32
    )
    .execute(&mut *conn)
    .await?;
    prompts::insert(conn, job.id, job.prompts).await?;
    let indexes = 0..job.prompts.len() as u32;
    insert_groups(conn, job.tenant.account, job.id, indexes, priority).await?;
    match wanted {
        Some(wanted) => reserve::put_aside(conn, job.id, wanted).await,
        None => Ok(()),
    }
}

/// Groups that the job wants, if it does not want all, and how many it may take from its reserve for them.
fn wanted(job: &NewJob<'_>) -> (Option<u32>, u32) {
    let Some(target) = job.spec.selection.refill.target() else { return (None, 0) };
    let prompts = job.prompts.len() as u32;
    (Some(target.groups), target.most(prompts).saturating_sub(target.groups))
}

/// Start-time fair queueing: an account's groups line up behind each other, and no account waits behind another's
/// backlog. An account that was idle starts where the queue stands now, and saves up nothing. Each priority is a line of
/// its own, so that an account's standard jobs do not wait for its batch jobs.
pub(crate) async fn insert_groups(
    conn: &mut PgConnection,
    account: AccountId,
    job: JobId,
    indexes: Range<u32>,
    priority: Priority,
) -> Result<(), Error> {
    let ids: Vec<Uuid> = indexes.clone().map(|index| job.group(index).0).collect();
    let places: Vec<i64> = (0..i64::from(indexes.end - indexes.start)).collect();
    let indexes: Vec<i32> = indexes.map(|index| index as i32).collect();
    let outside = tenants::leave(conn).await?;
    let start = turn(conn, account, None, priority).await?;
    outside.back(conn).await?;
    sqlx::query!(
        r#"
        INSERT INTO groups (id, job_id, prompt_index, vtime)
        SELECT g.id, $1, g.prompt_index, $4::bigint + g.place * $5
        FROM UNNEST($2::uuid[], $3::int[], $6::bigint[]) AS g (id, prompt_index, place)
        "#,
        job.0,
        &ids,
        &indexes,
        start,
        priority.step(),
        &places
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// The virtual time of an account's next group of this priority: behind those of all its projects, but of this job, and not
/// before the front.
async fn turn(
    conn: &mut PgConnection,
    account: AccountId,
    but: Option<JobId>,
    priority: Priority,
) -> Result<i64, Error> {
    let front = front(conn).await?;
    let behind = sqlx::query_scalar!(
        r#"
        SELECT max(g.vtime) + $3 FROM jobs j JOIN groups g ON g.job_id = j.id
        WHERE j.account_id = $1 AND j.finished_at IS NULL AND g.state = ANY($2) AND j.priority = $4
            AND j.id IS DISTINCT FROM $5
        "#,
        account.0,
        &queued(),
        priority.step(),
        priority.as_str(),
        but.map(|job| job.0)
    )
    .fetch_one(conn)
    .await?;
    Ok(behind.unwrap_or(0).max(front.unwrap_or(0)).max(0))
}

/// Gives a job another priority: what of it waits for a miner lines up anew, behind its account's others of that one.
pub(crate) async fn line_up_anew(
    conn: &mut PgConnection,
    account: AccountId,
    job: JobId,
    priority: Priority,
) -> Result<(), Error> {
    let outside = tenants::leave(conn).await?;
    let start = turn(conn, account, Some(job), priority).await?;
    outside.back(conn).await?;
    sqlx::query!(
        r#"
        WITH waiting AS (
            SELECT g.id, row_number() OVER (ORDER BY g.vtime, g.id) - 1 AS place FROM groups g
            JOIN jobs j ON j.id = g.job_id AND j.priority <> $4
            WHERE g.job_id = $1 AND g.state = 'pending'
        )
        UPDATE groups g SET vtime = $2 + w.place * $3 FROM waiting w WHERE g.id = w.id AND g.state = 'pending'
        "#,
        job.0,
        start,
        priority.step(),
        priority.as_str()
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!("UPDATE jobs SET priority = $2 WHERE id = $1", job.0, priority.as_str())
        .execute(conn)
        .await?;
    Ok(())
}

/// Where the queue stands: the first virtual time that anybody works on. `None` when nothing waits. Only outside a
/// tenant's wall is it the queue's.
pub(crate) async fn front(conn: &mut PgConnection) -> Result<Option<i64>, Error> {
    let front = sqlx::query_scalar!(
        r#"
        -- one index seek for each state, past what is paused, instead of a walk over the queue
        SELECT min(first.vtime) FROM UNNEST($1::text[]) AS s (state)
        CROSS JOIN LATERAL (
            SELECT g.vtime FROM groups g
            WHERE g.state = s.state AND g.state IN ('pending', 'dispatched', 'received', 'scored', 'verified')
                AND NOT EXISTS (SELECT 1 FROM jobs j WHERE j.id = g.job_id AND j.status = 'paused')
            ORDER BY g.vtime LIMIT 1
        ) AS first
        "#,
        &queued()
    )
    .fetch_one(conn)
    .await?;
    Ok(front)
}

/// The states of groups that somebody is to move on.
pub(crate) fn queued() -> Vec<String> {
    let queued = GroupState::ALL.iter().filter(|state| state.is_queued());
    queued.map(|state| state.as_str().to_owned()).collect()
}

/// Where the groups of a job are. They always add up to its prompts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct GroupCounts {
    pub reserve: i64,
    pub pending: i64,
    pub dispatched: i64,
    pub received: i64,
    pub scored: i64,
    pub awaiting_rewards: i64,
    pub verified: i64,
    pub accepted: i64,
    pub filtered: i64,
    pub failed: i64,
    pub cancelled: i64,
}

/// How many rollouts of a job have reached which point.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RolloutCounts {
    pub generated: i64,
    pub scored: i64,
    pub verified: i64,
    pub selected: i64,
    pub filtered: i64,
    pub rejected: i64,
}

/// A job as its owner sees it.
#[derive(Debug, Clone, PartialEq)]
pub struct Job {
    pub id: JobId,
    pub status: JobStatus,
    pub status_reason: Option<String>,
    pub spec: JobSpec,
    pub conditions: Conditions,
    pub metadata: BTreeMap<String, String>,
    pub outlook: Outlook,
    pub price: Price,
    pub checkpoint: CheckpointId,
    pub profile: ProfileId,
    pub randomness: Randomness,
    pub prompts: i64,
    pub groups: GroupCounts,
    pub rollouts: RolloutCounts,
    pub mismatch: Mismatch,
    pub spend: Settlement,
    /// The sequence of its last event.
    pub last_sequence: i64,
    pub trace_id: Option<String>,
    pub created_at: DateTime<Utc>,
    pub started_at: Option<DateTime<Utc>>,
    /// When it was paused last.
    pub paused_at: Option<DateTime<Utc>>,
    pub finalizing_at: Option<DateTime<Utc>>,
    pub cancelling_at: Option<DateTime<Utc>>,
    pub finished_at: Option<DateTime<Utc>>,
    pub purged_at: Option<DateTime<Utc>>,
}

pub async fn find(conn: &mut PgConnection, project: ProjectId, id: JobId) -> Result<Option<Job>, Error> {
    Ok(between(conn, project, id.0, id.0, &Wanted::default(), 1).await?.pop())
}

/// Which of a project's jobs; by default all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    pub status: Option<JobStatus>,
    /// Those whose metadata has all of these.
    pub metadata: BTreeMap<String, String>,
    pub created_after: Option<DateTime<Utc>>,
}

/// A project's jobs, newest first, older than `before`.
pub async fn list(
    conn: &mut PgConnection,
    project: ProjectId,
    before: Option<JobId>,
    wanted: &Wanted,
    limit: i64,
) -> Result<Vec<Job>, Error> {
    let Some(high) = keyset::below(before.map(|id| id.0)) else { return Ok(Vec::new()) };
    between(conn, project, Uuid::nil(), high, wanted, limit).await
}

async fn between(
    conn: &mut PgConnection,
    project: ProjectId,
    low: Uuid,
    high: Uuid,
    wanted: &Wanted,
    limit: i64,
) -> Result<Vec<Job>, Error> {
    let metadata = serde_json::to_value(&wanted.metadata).map_err(|_| Error::Corrupt("metadata"))?;
    let rows = sqlx::query_as!(
        Row,
        r#"
        SELECT j.id, j.status, COALESCE(j.pause_reason, j.status_reason) AS status_reason, j.spec, j.price, j.checkpoint_id, j.profile_id, j.randomness,
            j.prompt_count, j.last_sequence, j.traceparent, j.created_at, j.started_at, j.finished_at,
            j.groups_accepted, j.groups_filtered, j.groups_failed, j.groups_cancelled,
            j.rollouts_generated, j.rollouts_scored, j.rollouts_verified, j.rollouts_selected,
            j.rollouts_filtered, j.rollouts_rejected,
            j.mismatch_tokens, j.mismatch_abs_sum, j.mismatch_kl_sum, j.mismatch_max,
            j.metadata, j.max_amount, j.max_rollouts, j.on_exhausted, j.deadline_at, j.priority, j.is_open,
            j.retention_days, j.training_use, j.quote_id, j.paused_at, j.finalizing_at, j.cancelling_at, j.purged_at,
            h.amount AS "held!", h.captured AS "charged!", h.released AS "released!",
            g.reserve AS "reserve!", g.pending AS "pending!", g.dispatched AS "dispatched!", g.received AS "received!",
            g.scored AS "scored!", g.awaiting_rewards AS "awaiting_rewards!", g.verified AS "verified!"
        FROM jobs j
        JOIN holds h ON h.job_id = j.id
        -- open groups are counted in the same snapshot as the terminal ones are read; an ended job has none
        CROSS JOIN LATERAL (
            SELECT count(*) FILTER (WHERE state = 'reserve') AS reserve,
                count(*) FILTER (WHERE state = 'pending') AS pending,
                count(*) FILTER (WHERE state = 'dispatched') AS dispatched,
                count(*) FILTER (WHERE state = 'received') AS received,
                count(*) FILTER (WHERE state = 'scored') AS scored,
                count(*) FILTER (WHERE state = 'awaiting_rewards') AS awaiting_rewards,
                count(*) FILTER (WHERE state = 'verified') AS verified
            FROM groups WHERE job_id = j.id AND j.finished_at IS NULL
        ) AS g
        WHERE j.project_id = $1 AND j.id BETWEEN $2 AND $3 AND ($4::text IS NULL OR j.status = $4)
            AND j.metadata @> $6 AND ($7::timestamptz IS NULL OR j.created_at > $7)
        ORDER BY j.id DESC LIMIT $5
        "#,
        project.0,
        low,
        high,
        wanted.status.map(JobStatus::as_str),
        limit,
        metadata,
        wanted.created_after
    )
    .fetch_all(&mut *conn)
    .await?;
    let mut jobs = rows.into_iter().map(Job::try_from).collect::<Result<Vec<_>, _>>()?;
    let open: Vec<Uuid> = jobs.iter().filter(|job| job.finished_at.is_none()).map(|job| job.id.0).collect();
    if !open.is_empty() {
        let mut outlooks = job_outlook::of_jobs(conn, &open).await?;
        for job in &mut jobs {
            job.outlook = outlooks.remove(&job.id).unwrap_or_default();
        }
    }
    Ok(jobs)
}

/// How far a job's event log has got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogState {
    pub last_sequence: i64,
    /// The last event is the terminal one.
    pub ended: bool,
}

/// The state of the log of a job of this project.
pub async fn log_state(
    conn: &mut PgConnection,
    project: ProjectId,
    id: JobId,
) -> Result<Option<LogState>, Error> {
    let row = sqlx::query!(
        r#"
        SELECT last_sequence, finished_at IS NOT NULL AS "ended!" FROM jobs WHERE project_id = $1 AND id = $2
        "#,
        project.0,
        id.0
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| LogState { last_sequence: row.last_sequence, ended: row.ended }))
}

/// The place of a delivered rollout in its job's log; `None` if this job of this project has not delivered it.
pub async fn sequence_of(
    conn: &mut PgConnection,
    project: ProjectId,
    job: JobId,
    rollout: RolloutId,
) -> Result<Option<i64>, Error> {
    let sequence = sqlx::query_scalar!(
        r#"
        SELECT r.sequence FROM rollouts r JOIN jobs j ON j.id = r.job_id
        WHERE j.project_id = $1 AND j.id = $2 AND r.id = $3 AND r.state = 'selected'
        "#,
        project.0,
        job.0,
        rollout.0
    )
    .fetch_optional(conn)
    .await?;
    Ok(sequence.flatten())
}

/// Why a job and its groups ended that were cancelled.
const CANCELLED: &str = "cancelled_by_customer";

/// Cancels a job of this project: no more is sent to miners. `graceful` still delivers, and charges, what miners have
/// answered; otherwise all that is not delivered yet is dropped. Returns the status before.
///
/// A job that is cancelling, or was cancelled, can be cancelled again; one that ended in another way stays as it is.
pub async fn cancel(
    conn: &mut PgConnection,
    project: ProjectId,
    id: JobId,
    graceful: bool,
    now: DateTime<Utc>,
) -> Result<JobStatus, Error> {
    log_state(conn, project, id).await?.ok_or(Error::NotFound)?;
    let before = job_progress::lock(conn, id).await?;
    if before.is_terminal() {
        return Ok(before);
    }
    job_close::winding_down(conn, id, JobStatus::Cancelling, now).await?;
    job_progress::note_reason(conn, id, CANCELLED).await?;
    let ended = groups::cancel(conn, id, graceful, CANCELLED).await?;
    if ended.cancelled > 0 {
        job_close::groups_ended(conn, id, ended, now).await?;
    } else {
        job_close::end_if_idle(conn, id, now).await?;
    }
    Ok(before)
}

struct Row {
    id: Uuid,
    status: String,
    status_reason: Option<String>,
    spec: Value,
    price: Value,
    checkpoint_id: Vec<u8>,
    profile_id: Vec<u8>,
    randomness: Vec<u8>,
    prompt_count: i32,
    last_sequence: i64,
    traceparent: Option<String>,
    created_at: DateTime<Utc>,
    started_at: Option<DateTime<Utc>>,
    finished_at: Option<DateTime<Utc>>,
    groups_accepted: i32,
    groups_filtered: i32,
    groups_failed: i32,
    groups_cancelled: i32,
    rollouts_generated: i64,
    rollouts_scored: i64,
    rollouts_verified: i64,
    rollouts_selected: i64,
    rollouts_filtered: i64,
    rollouts_rejected: i64,
    mismatch_tokens: i64,
    mismatch_abs_sum: f64,
    mismatch_kl_sum: f64,
    mismatch_max: f64,
    metadata: Value,
    max_amount: Option<i64>,
    max_rollouts: Option<i64>,
    on_exhausted: String,
    deadline_at: Option<DateTime<Utc>>,
    priority: String,
    is_open: bool,
    retention_days: Option<i32>,
    training_use: String,
    quote_id: Option<Uuid>,
    paused_at: Option<DateTime<Utc>>,
    finalizing_at: Option<DateTime<Utc>>,
    cancelling_at: Option<DateTime<Utc>>,
    purged_at: Option<DateTime<Utc>>,
    held: i64,
    charged: i64,
    released: i64,
    reserve: i64,
    pending: i64,
    dispatched: i64,
    received: i64,
    scored: i64,
    awaiting_rewards: i64,
    verified: i64,
}

impl TryFrom<Row> for Job {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self, Error> {
        let rao = |amount| Rao::new(amount).ok_or(Error::Corrupt("negative amount"));
        Ok(Self {
            id: JobId(row.id),
            status: JobStatus::parse(&row.status).ok_or(Error::Corrupt("job status"))?,
            status_reason: row.status_reason,
            spec: serde_json::from_value(row.spec).map_err(|_| Error::Corrupt("job spec"))?,
            conditions: Conditions::try_from(Columns {
                max_amount: row.max_amount,
                max_rollouts: row.max_rollouts,
                on_exhausted: row.on_exhausted,
                deadline_at: row.deadline_at,
                priority: row.priority,
                is_open: row.is_open,
                retention_days: row.retention_days,
                training_use: row.training_use,
                quote_id: row.quote_id,
            })?,
            metadata: serde_json::from_value(row.metadata).map_err(|_| Error::Corrupt("metadata"))?,
            outlook: Outlook::default(),
            price: serde_json::from_value(row.price).map_err(|_| Error::Corrupt("price"))?,
            checkpoint: CheckpointId::from_slice(&row.checkpoint_id)
                .map_err(|_| Error::Corrupt("checkpoint id"))?,
            profile: ProfileId::from_slice(&row.profile_id).map_err(|_| Error::Corrupt("profile id"))?,
            randomness: Randomness::from_slice(&row.randomness).map_err(|_| Error::Corrupt("randomness"))?,
            prompts: row.prompt_count.into(),
            groups: GroupCounts {
                reserve: row.reserve,
                pending: row.pending,
                dispatched: row.dispatched,
                received: row.received,
                scored: row.scored,
                awaiting_rewards: row.awaiting_rewards,
                verified: row.verified,
                accepted: row.groups_accepted.into(),
                filtered: row.groups_filtered.into(),
                failed: row.groups_failed.into(),
                cancelled: row.groups_cancelled.into(),
            },
            rollouts: RolloutCounts {
                generated: row.rollouts_generated,
                scored: row.rollouts_scored,
                verified: row.rollouts_verified,
                selected: row.rollouts_selected,
                filtered: row.rollouts_filtered,
                rejected: row.rollouts_rejected,
            },
            mismatch: Mismatch {
                tokens: row.mismatch_tokens,
                abs_sum: row.mismatch_abs_sum,
                kl_sum: row.mismatch_kl_sum,
                max: row.mismatch_max,
            },
            spend: Settlement {
                held: rao(row.held)?,
                charged: rao(row.charged)?,
                released: rao(row.released)?,
            },
            last_sequence: row.last_sequence,
            trace_id: row.traceparent.as_deref().and_then(events::trace_id).map(str::to_owned),
            created_at: row.created_at,
            started_at: row.started_at,
            paused_at: row.paused_at,
            finalizing_at: row.finalizing_at,
            cancelling_at: row.cancelling_at,
            finished_at: row.finished_at,
            purged_at: row.purged_at,
        })
    }
}
