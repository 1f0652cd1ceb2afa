//! Jobs: written whole, read as their owner sees them, cancelled. How a job ends is `job_close`'s affair.

mod create;
mod wanted_exports;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use grail::{CheckpointId, ProfileId, Randomness};
use protocol::job::{JobSpec, JobStatus};
use protocol::mismatch::Mismatch;
use protocol::money::Price;
use protocol::{FileId, JobId, ProjectId, Rao, RolloutId};
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

pub(crate) use create::wanted;
pub use create::{NewInput, NewJob, insert, job_queued};
pub use wanted_exports::WantedExport;

use crate::job_conditions::{Columns, Conditions};
use crate::job_inputs::InputError;
use crate::job_outlook::Outlook;
use crate::keyset::{Found, Page, Span};
use crate::ledger::Settlement;
use crate::{Error, events, job_close, job_inputs, job_outlook, job_progress};

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
    pub expired: i64,
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
    /// Of the filtered ones: repeats.
    pub duplicate: i64,
    /// Of the selected and filtered ones: those that nobody could reward.
    pub reward_error: i64,
}

/// A job as its owner sees it.
#[derive(Debug, Clone, PartialEq)]
pub struct Job {
    pub id: JobId,
    pub livemode: bool,
    pub status: JobStatus,
    pub status_reason: Option<String>,
    pub spec: JobSpec,
    pub conditions: Conditions,
    pub metadata: BTreeMap<String, String>,
    pub outlook: Outlook,
    pub price: Price,
    pub checkpoint: CheckpointId,
    /// What the checkpoint was called when the job was created: of a registered one repository and commit, of the service's own
    /// its name. `None` of jobs from before names were kept.
    pub repo: Option<String>,
    pub revision: Option<String>,
    pub profile: ProfileId,
    pub randomness: Randomness,
    /// Of a file, once all of it is read.
    pub prompts: i64,
    pub input_file: Option<FileId>,
    /// Why the file was refused, by line.
    pub input_errors: Vec<InputError>,
    /// Those that were asked for with it.
    pub exports: Vec<WantedExport>,
    pub groups: GroupCounts,
    pub rollouts: RolloutCounts,
    pub mismatch: Mismatch,
    pub spend: Settlement,
    /// The sequence of its last event.
    pub last_sequence: i64,
    pub trace_id: Option<String>,
    pub created_at: DateTime<Utc>,
    /// `None`: its file is not read, or was refused.
    pub queued_at: Option<DateTime<Utc>>,
    pub started_at: Option<DateTime<Utc>>,
    /// When it was paused last.
    pub paused_at: Option<DateTime<Utc>>,
    pub finalizing_at: Option<DateTime<Utc>>,
    pub cancelling_at: Option<DateTime<Utc>>,
    pub finished_at: Option<DateTime<Utc>>,
    pub purged_at: Option<DateTime<Utc>>,
}

pub async fn find(conn: &mut PgConnection, project: ProjectId, id: JobId) -> Result<Option<Job>, Error> {
    Ok(between(conn, project, Span::only(id.0), &Wanted::default()).await?.pop())
}

/// Which of a project's jobs; by default all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    pub status: Option<JobStatus>,
    /// Those whose metadata has all of these.
    pub metadata: BTreeMap<String, String>,
    pub created_after: Option<DateTime<Utc>>,
}

/// A project's jobs, newest first.
pub async fn list(
    conn: &mut PgConnection,
    project: ProjectId,
    page: Page<JobId>,
    wanted: &Wanted,
) -> Result<Found<Job>, Error> {
    let span = Span::newest_first(page.map(|id| id.0));
    Ok(page.cut(between(conn, project, span, wanted).await?))
}

async fn between(
    conn: &mut PgConnection,
    project: ProjectId,
    span: Span<Uuid>,
    wanted: &Wanted,
) -> Result<Vec<Job>, Error> {
    let metadata = serde_json::to_value(&wanted.metadata).map_err(|_| Error::Corrupt("metadata"))?;
    let rows = sqlx::query_as!(
        Row,
        r#"
        SELECT j.id, j.status, COALESCE(j.pause_reason, j.status_reason) AS status_reason, j.spec, j.price, j.checkpoint_id, j.profile_id, j.randomness,
            j.prompt_count, j.last_sequence, j.traceparent, j.created_at, j.started_at, j.finished_at,
            j.groups_accepted, j.groups_filtered, j.groups_failed, j.groups_cancelled, j.groups_expired, j.queued_at,
            j.rollouts_generated, j.rollouts_scored, j.rollouts_verified, j.rollouts_selected,
            j.rollouts_filtered, j.rollouts_rejected, j.rollouts_duplicate, j.rollouts_reward_error,
            j.mismatch_tokens, j.mismatch_abs_sum, j.mismatch_kl_sum, j.mismatch_max,
            j.metadata, j.max_amount, j.max_rollouts, j.on_exhausted, j.deadline_at, j.priority, j.is_open,
            j.retention_days, j.training_use, j.quote_id, j.paused_at, j.finalizing_at, j.cancelling_at, j.purged_at,
            j.input_file_id, j.input_errors, j.livemode, j.checkpoint_repo, j.checkpoint_revision,
            -- written in the job's own transaction, at its time: what was asked for later is no part of it
            (SELECT jsonb_agg(jsonb_build_object('id', e.id, 'format', e.format, 'compression', e.compression,
                    'filter', e.filter) ORDER BY e.id)
                FROM exports e WHERE e.job_id = j.id AND e.created_at = j.created_at) AS "exports?",
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
        ORDER BY CASE WHEN $8 THEN j.id END, j.id DESC LIMIT $5
        "#,
        project.0,
        span.low,
        span.high,
        wanted.status.map(JobStatus::as_str),
        span.rows,
        metadata,
        wanted.created_after,
        span.upwards
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
    /// The first event that is kept; behind the last one if none is.
    pub oldest_sequence: i64,
    /// The last event is the terminal one.
    pub ended: bool,
    /// The job's prompts and completions are deleted: what rollouts it told of cannot be read any more.
    pub purged: bool,
}

/// The state of the log of a job of this project.
pub async fn log_state(
    conn: &mut PgConnection,
    project: ProjectId,
    id: JobId,
) -> Result<Option<LogState>, Error> {
    let row = sqlx::query!(
        r#"
        SELECT last_sequence, COALESCE(oldest_sequence, last_sequence + 1) AS "oldest_sequence!",
            finished_at IS NOT NULL AS "ended!", purged_at IS NOT NULL AS "purged!"
        FROM jobs WHERE project_id = $1 AND id = $2
        "#,
        project.0,
        id.0
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| LogState {
        last_sequence: row.last_sequence,
        oldest_sequence: row.oldest_sequence,
        ended: row.ended,
        purged: row.purged,
    }))
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

/// Why a job and its groups ended that its customer cancelled.
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
    job_close::cancel(conn, id, graceful, CANCELLED, now).await?;
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
    groups_expired: i32,
    queued_at: Option<DateTime<Utc>>,
    rollouts_generated: i64,
    rollouts_scored: i64,
    rollouts_verified: i64,
    rollouts_selected: i64,
    rollouts_filtered: i64,
    rollouts_rejected: i64,
    rollouts_duplicate: i64,
    rollouts_reward_error: i64,
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
    input_file_id: Option<Uuid>,
    input_errors: Option<Value>,
    livemode: bool,
    checkpoint_repo: Option<String>,
    checkpoint_revision: Option<String>,
    exports: Option<Value>,
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

impl Row {
    fn groups(&self) -> GroupCounts {
        GroupCounts {
            reserve: self.reserve,
            pending: self.pending,
            dispatched: self.dispatched,
            received: self.received,
            scored: self.scored,
            awaiting_rewards: self.awaiting_rewards,
            verified: self.verified,
            accepted: self.groups_accepted.into(),
            filtered: self.groups_filtered.into(),
            failed: self.groups_failed.into(),
            cancelled: self.groups_cancelled.into(),
            expired: self.groups_expired.into(),
        }
    }

    fn rollouts(&self) -> RolloutCounts {
        RolloutCounts {
            generated: self.rollouts_generated,
            scored: self.rollouts_scored,
            verified: self.rollouts_verified,
            selected: self.rollouts_selected,
            filtered: self.rollouts_filtered,
            rejected: self.rollouts_rejected,
            duplicate: self.rollouts_duplicate,
            reward_error: self.rollouts_reward_error,
        }
    }
}

impl TryFrom<Row> for Job {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self, Error> {
        let rao = |amount| Rao::new(amount).ok_or(Error::Corrupt("negative amount"));
        let (groups, rollouts) = (row.groups(), row.rollouts());
        Ok(Self {
            id: JobId(row.id),
            livemode: row.livemode,
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
            repo: row.checkpoint_repo,
            revision: row.checkpoint_revision,
            profile: ProfileId::from_slice(&row.profile_id).map_err(|_| Error::Corrupt("profile id"))?,
            randomness: Randomness::from_slice(&row.randomness).map_err(|_| Error::Corrupt("randomness"))?,
            prompts: row.prompt_count.into(),
            input_file: row.input_file_id.map(FileId),
            input_errors: job_inputs::errors(row.input_errors)?,
            exports: wanted_exports::read(row.exports)?,
            groups,
            rollouts,
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
            queued_at: row.queued_at,
            started_at: row.started_at,
            paused_at: row.paused_at,
            finalizing_at: row.finalizing_at,
            cancelling_at: row.cancelling_at,
            finished_at: row.finished_at,
            purged_at: row.purged_at,
        })
    }
}
