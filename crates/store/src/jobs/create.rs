//! Jobs as they are created: the row, its prompts, and the groups that wait for miners.

use chrono::{DateTime, Utc};
use grail::{CheckpointId, ProfileId, Randomness};
use protocol::event::EventType;
use protocol::job::{JobSpec, JobStatus, Prompt};
use protocol::money::Price;
use protocol::refill::Refill;
use protocol::reward::RewardTerms;
use protocol::{FileId, JobId, KeyId, Rao};
use serde_json::json;
use sqlx::PgConnection;

use crate::events::NewEvent;
use crate::job_conditions::Conditions;
use crate::{Error, Tenant, lineup, prompts, reserve, tenants};

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
    pub input: NewInput<'a>,
    pub checkpoint: CheckpointId,
    /// Repository and commit of the registered checkpoint that it names; else its rollouts name the checkpoint as it is
    /// published now.
    pub origin: Option<(&'a str, &'a str)>,
    pub profile: ProfileId,
    /// Seeds every draw of the job.
    pub randomness: Randomness,
    pub traceparent: Option<&'a str>,
}

/// Where the prompts of a new job come from.
#[derive(Debug, Clone, Copy)]
pub enum NewInput<'a> {
    Prompts(&'a [Prompt]),
    /// A file: the job is validating until it is read. See `job_inputs`.
    File(FileId),
}

/// Writes the job, its prompts, and one pending group for each: the queue has them at commit. It has the mode of its project;
/// one of a twin needs the test profile, and costs nothing.
pub async fn insert(conn: &mut PgConnection, job: &NewJob<'_>, now: DateTime<Utc>) -> Result<(), Error> {
    let NewInput::Prompts(new) = job.input else {
        return write(conn, job, (0, (None, 0)), now).await;
    };
    let count = u32::try_from(new.len()).map_err(|_| Error::Corrupt("prompt count"))?;
    let (wanted, spare) = wanted(&job.spec.selection.refill, count);
    write(conn, job, (count, (wanted, spare)), now).await?;
    // rows of a job that was just written are this tenant's: the wall need not look at each
    let outside = tenants::leave(conn).await?;
    prompts::insert(conn, job.id, new).await?;
    lineup::insert_groups(conn, job.tenant.account, job.id, 0..count, job.conditions.priority).await?;
    if let Some(wanted) = wanted {
        reserve::put_aside(conn, job.id, wanted).await?;
    }
    outside.back(conn).await
}

/// The job's own row, with so many prompts, and what of them it wants.
async fn write(
    conn: &mut PgConnection,
    job: &NewJob<'_>,
    (count, (wanted, spare)): (u32, (Option<u32>, u32)),
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let spec = serde_json::to_value(job.spec).map_err(|_| Error::Corrupt("job spec"))?;
    let price = serde_json::to_value(job.price).map_err(|_| Error::Corrupt("price"))?;
    let dearest = job.price.maximum(1, job.spec.sampling.max_tokens).ok_or(Error::Corrupt("price"))?;
    let metadata = serde_json::to_value(&job.spec.metadata).map_err(|_| Error::Corrupt("metadata"))?;
    let Conditions { budget, deadline_at, priority, open, retention_days, training_use, quote } =
        *job.conditions;
    let (status, file) = match job.input {
        NewInput::Prompts(_) => (JobStatus::Queued, None),
        NewInput::File(file) => (JobStatus::Validating, Some(file)),
    };
    let deadline_s =
        job.spec.reward.as_ref().and_then(RewardTerms::client).map(|client| client.deadline_s as i32);
    sqlx::query!(
        r#"
        INSERT INTO jobs (id, account_id, spec, price, checkpoint_id, profile_id, randomness,
            prompt_count, samples, open_groups, traceparent, created_at, reward_deadline_s, project_id, metadata,
            max_amount, max_rollouts, on_exhausted, deadline_at, priority, is_open, retention_days, training_use, quote_id,
            key_id, target_groups, reserve_left, status, input_file_id, group_timeout_s, queued_at, livemode,
            dearest_rollout, rotation, rotation_told, checkpoint_repo, checkpoint_revision)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $8, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19,
            $20, $21, $22, $23, $24, $25, $26, $27, $28, $29,
            CASE $27 WHEN 'queued' THEN $11::timestamptz END, (SELECT p.livemode FROM projects p WHERE p.id = $13), $30,
            COALESCE((SELECT c.version FROM checkpoints c WHERE c.status = 'current'), 0),
            COALESCE((SELECT c.version FROM checkpoints c WHERE c.status = 'current'), 0),
            COALESCE($31, (SELECT c.name FROM checkpoints c WHERE c.id = $5 AND c.is_published)), $32)
        "#,
        job.id.0,
        job.tenant.account.0,
        spec,
        price,
        job.checkpoint.0.as_slice(),
        job.profile.0.as_slice(),
        job.randomness.0.as_slice(),
        count as i32,
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
        spare as i32,
        status.as_str(),
        file.map(|file| file.0),
        job.spec.group.timeout_s.map(|timeout| timeout as i32),
        dearest.get(),
        job.origin.map(|(repo, _)| repo),
        job.origin.map(|(_, revision)| revision)
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Groups that a job wants, if it does not want all, and how many it may take from its reserve for them.
pub(crate) fn wanted(refill: &Refill, prompts: u32) -> (Option<u32>, u32) {
    let Some(target) = refill.target() else { return (None, 0) };
    (Some(target.groups), target.most(prompts).saturating_sub(target.groups))
}

/// What the log of a job begins with.
pub fn job_queued(prompts: u32, samples: u32, held: Rao, checkpoint: CheckpointId) -> NewEvent {
    let data = json!({ "status": JobStatus::Queued, "prompts": prompts, "samples": samples, "held_rao": held,
        "checkpoint_id": checkpoint });
    NewEvent::new(EventType::JobQueued, data)
}
