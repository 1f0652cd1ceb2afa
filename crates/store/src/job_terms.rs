//! What the pipeline needs to know of a job: its terms, fixed at creation, and therefore safe to keep.

use grail::ids::{CheckpointId, ProfileId, Randomness};
use protocol::job::JobSpec;
use protocol::money::Price;
use protocol::rollout::Sampling;
use protocol::{AccountId, JobId, ProjectId};
use sqlx::PgConnection;

use crate::Error;

/// The terms of a job.
#[derive(Debug, Clone, PartialEq)]
pub struct JobTerms {
    pub id: JobId,
    pub account: AccountId,
    pub project: ProjectId,
    pub spec: JobSpec,
    pub price: Price,
    pub checkpoint: CheckpointId,
    pub profile: ProfileId,
    pub randomness: Randomness,
    pub traceparent: Option<String>,
}

impl JobTerms {
    pub fn sampling(&self) -> Sampling {
        let spec = &self.spec.sampling;
        Sampling {
            temperature: spec.temperature,
            top_p: spec.top_p,
            top_k: spec.top_k,
            max_tokens: spec.max_tokens,
        }
    }
}

pub async fn read(conn: &mut PgConnection, job: JobId) -> Result<JobTerms, Error> {
    let row = sqlx::query!(
        r#"
        SELECT account_id, project_id, spec, price, checkpoint_id, profile_id, randomness, traceparent
        FROM jobs WHERE id = $1
        "#,
        job.0
    )
    .fetch_optional(conn)
    .await?
    .ok_or(Error::NotFound)?;
    Ok(JobTerms {
        id: job,
        account: AccountId(row.account_id),
        project: ProjectId(row.project_id),
        spec: serde_json::from_value(row.spec).map_err(|_| Error::Corrupt("job spec"))?,
        price: serde_json::from_value(row.price).map_err(|_| Error::Corrupt("job price"))?,
        checkpoint: CheckpointId::from_slice(&row.checkpoint_id)
            .map_err(|_| Error::Corrupt("checkpoint id"))?,
        profile: ProfileId::from_slice(&row.profile_id).map_err(|_| Error::Corrupt("profile id"))?,
        randomness: Randomness::from_slice(&row.randomness).map_err(|_| Error::Corrupt("randomness"))?,
        traceparent: row.traceparent,
    })
}
