//! The module behind a job's rewards, as it travels with its rollouts.

use protocol::job::JobSpec;
use protocol::reward::RewardTerms;
use protocol::{BundledModule, JobId, bundled_module};
use sqlx::PgConnection;

use crate::{Error, reward_functions};

/// The module that scores a job. `None`: it has none.
pub async fn of_job(conn: &mut PgConnection, job: JobId) -> Result<Option<BundledModule>, Error> {
    let spec =
        sqlx::query_scalar!("SELECT spec FROM jobs WHERE id = $1", job.0).fetch_one(&mut *conn).await?;
    let spec: JobSpec = serde_json::from_value(spec).map_err(|_| Error::Corrupt("job spec"))?;
    module(conn, &spec).await
}

/// The module that a job's rewards come from.
pub async fn module(conn: &mut PgConnection, spec: &JobSpec) -> Result<Option<BundledModule>, Error> {
    let Some(RewardTerms::Module(reward)) = &spec.reward else { return Ok(None) };
    let stored = reward_functions::module(conn, &reward.component_sha256).await?;
    let stored = stored.ok_or(Error::Corrupt("a job without its reward module"))?;
    Ok(Some(BundledModule {
        object: bundled_module::OBJECT.to_owned(),
        function: reward.name.clone(),
        upload_sha256: stored.upload_sha256,
        component_sha256: stored.component_sha256,
        world: stored.world,
        wasi: stored.wasi,
        component: stored.component,
    }))
}
