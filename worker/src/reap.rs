//! Reap: what no lease covers any more. Leases of dead workers, and groups that nobody wants.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use protocol::job::GroupState;
use protocol::{JobId, Mode};
use store::groups::{self, Stranded};
use store::reward_reruns;

use crate::give_up::{self, Unfinished, stranded};
use crate::{Context, Error, Progress, metrics};

const BATCH: i64 = 256;
/// How often the whole queue is looked over.
const SURVEY: Duration = Duration::from_secs(10);

/// Takes back one bounded batch of groups whose worker died while a miner was at work. The later steps need no such
/// help: their leases are taken over where they expire.
pub async fn step(cx: &Arc<Context>) -> Result<Progress, Error> {
    let (live, test) = (of_mode(cx, Mode::Live).await?, of_mode(cx, Mode::Test).await?);
    Ok(if live == Progress::Some { live } else { test })
}

async fn of_mode(cx: &Arc<Context>, mode: Mode) -> Result<Progress, Error> {
    let waiting = (GroupState::Dispatched, mode);
    let lease = groups::lease(&cx.db, waiting, None, BATCH, cx.config.lease()).await?;
    let mut by_job: BTreeMap<JobId, Vec<(Stranded, u32)>> = BTreeMap::new();
    for group in &lease.groups {
        by_job.entry(group.job).or_default().push((stranded(group), group.tries));
    }
    for (job, groups) in by_job {
        tracing::warn!(job.id = %job, groups = groups.len(), "leases have expired; their groups are asked for again");
        let unfinished: Vec<Unfinished<'_>> =
            groups.iter().map(|(group, tries)| Unfinished { group, tries: *tries }).collect();
        give_up::withdraw(cx, lease.token, job, &unfinished).await?;
    }
    Ok(if lease.groups.len() as i64 == BATCH { Progress::Some } else { Progress::None })
}

/// Fails groups that were refused and that no miner has taken since, and refreshes the gauges.
pub async fn survey(cx: &Arc<Context>) -> Result<(), Error> {
    let mut conn = cx.db.acquire().await?;
    let since = Duration::from_millis(cx.config.no_miner_after_ms);
    let (token, stranded) = groups::strand(&mut conn, since, BATCH, cx.config.lease()).await?;
    metrics::open_groups(&groups::open(&mut conn).await?);
    let yesterday = cx.clock.now() - chrono::TimeDelta::days(1);
    store::near::sweep(&mut conn).await?;
    metrics::reruns_disagreed(reward_reruns::disagreed_since(&mut conn, yesterday).await?);
    drop(conn);
    let mut by_job: BTreeMap<JobId, Vec<Stranded>> = BTreeMap::new();
    for group in stranded {
        by_job.entry(group.job).or_default().push(group);
    }
    for (job, groups) in by_job {
        give_up::fail(cx, token, job, &groups, "no_miner").await?;
    }
    Ok(())
}

/// Surveys until the worker stops.
pub(crate) async fn surveys(cx: &Arc<Context>) {
    while !cx.stop.is_cancelled() {
        if let Err(error) = survey(cx).await {
            tracing::error!(error = &error as &dyn std::error::Error, "the survey failed");
        }
        tokio::select! {
            () = tokio::time::sleep(cx.chance.jitter(SURVEY)) => {}
            () = cx.stop.cancelled() => {}
        }
    }
}
