//! Rewards: runs a job's module in the sandbox, whole groups at once, and signs how each reward came about.
//!
//! A job without a module goes straight through. What the module does wrong is its rollouts' error, and is counted: the
//! job may pause or end over it. What the machine does wrong gives the group back, and is never a reward or an error.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, PoisonError};

use futures_util::StreamExt as _;
use protocol::job::{GroupState, Prompt};
use protocol::reward::{OnError, RewardModule, RewardTerms};
use protocol::reward_input;
use protocol::rollout::RewardReceipt;
use protocol::segment::Segment;
use protocol::{JobId, Mode};
use sandbox::{Limits, Module};
use store::client_rewards::REWARD_FAILED;
use store::groups::{Lease, Leased, Token};
use store::job_pause::{self, Graded};
use store::job_progress::Moved;
use store::job_terms::{self, JobTerms};
use store::rollouts::Scored;
use store::{
    PgConnection, events, groups, job_close, job_progress, prompts_read, reward_functions, rollouts,
};
use supervisor::Tenant;

use crate::announce::Subject;
use crate::driver::{continue_trace, retrying};
use crate::give_up;
use crate::keep::keep;
use crate::{Context, Error, Progress, metrics, reward_call};

/// Modules kept by this process; each is at most 32 MiB.
const MODULES: usize = 8;
/// Groups written in one transaction.
const BATCH: usize = 32;

/// Scores one bounded batch. Safe to run twice, and beside itself.
pub async fn step(cx: &Arc<Context>) -> Result<Progress, Error> {
    step_in(cx, Mode::Live).await
}

/// The same of one mode.
pub(crate) async fn step_in(cx: &Arc<Context>, mode: Mode) -> Result<Progress, Error> {
    let (limit, waiting) = (i64::from(cx.config.reward_batch), (GroupState::Received, mode));
    let lease = groups::lease(&cx.db, waiting, None, limit, cx.config.lease()).await?;
    let ids: Vec<_> = lease.groups.iter().map(|group| group.id).collect();
    if keep(cx, lease.token, &ids, score_all(cx, &lease, at_once(cx, mode))).await.is_none() {
        tracing::info!("nothing of the batch is held any more");
    }
    Ok(Progress::of(ids.len()))
}

/// A job's terms and its module, shared by its groups in a batch.
struct Shared {
    terms: JobTerms,
    module: Option<(RewardModule, Arc<Module>)>,
}

impl Shared {
    fn size(&self) -> u32 {
        self.terms.spec.sampling.n
    }
}

/// A group with its rewards.
struct GroupScores<'l> {
    group: &'l Leased,
    /// Empty where the job has no module.
    scored: Vec<Scored>,
}

/// How many groups are scored at the same time. What nobody pays for takes one place from the others, and no more.
fn at_once(cx: &Context, mode: Mode) -> usize {
    if mode.is_live() { cx.config.reward_concurrency.max(1) } else { 1 }
}

async fn score_all(cx: &Arc<Context>, lease: &Lease, at_once: usize) {
    let mut jobs: HashMap<JobId, Arc<Shared>> = HashMap::new();
    let mut ready = Vec::new();
    for (index, group) in lease.groups.iter().enumerate() {
        let shared = match jobs.get(&group.job) {
            Some(shared) => Ok(Arc::clone(shared)),
            None => share(cx, group.job).await.map(Arc::new),
        };
        match shared {
            Ok(shared) => {
                jobs.insert(group.job, Arc::clone(&shared));
                ready.push((index, shared));
            }
            Err(error) => give_up::give_back(cx, lease.token, group, "reward", &error).await,
        }
    }
    let mut done = futures_util::stream::iter(ready)
        .map(|(index, shared)| async move { (index, score(cx, &lease.groups[index], &shared).await) })
        .buffer_unordered(at_once)
        .ready_chunks(BATCH);
    while let Some(chunk) = done.next().await {
        let mut by_job: BTreeMap<JobId, Vec<GroupScores<'_>>> = BTreeMap::new();
        for (index, result) in chunk {
            let group = &lease.groups[index];
            match result {
                Ok(scores) => by_job.entry(group.job).or_default().push(scores),
                Err(error) => give_up::give_back(cx, lease.token, group, "reward", &error).await,
            }
        }
        for (job, scores) in by_job {
            let Some(shared) = jobs.get(&job) else { continue };
            if let Err(error) = write(cx, lease.token, shared, &scores).await {
                let error = Error::from(error);
                for scores in &scores {
                    give_up::give_back(cx, lease.token, scores.group, "reward", &error).await;
                }
            }
        }
    }
}

async fn share(cx: &Arc<Context>, job: JobId) -> Result<Shared, Error> {
    let terms = job_terms::read(&mut *cx.db.acquire().await?, job).await?;
    let module = match &terms.spec.reward {
        Some(RewardTerms::Module(module)) => {
            Some((module.clone(), stored(cx, &module.component_sha256).await?))
        }
        Some(RewardTerms::Client(_)) | None => None,
    };
    Ok(Shared { terms, module })
}

/// Scores a group that was scored before, and changes nothing.
pub(crate) async fn again(cx: &Arc<Context>, group: &Leased) -> Result<Vec<Scored>, Error> {
    let shared = Arc::new(share(cx, group.job).await?);
    Ok(score(cx, group, &shared).await?.scored)
}

/// The module, from this process's few or from the database's bytes.
async fn stored(cx: &Arc<Context>, component: &[u8; 32]) -> Result<Arc<Module>, Error> {
    let known = |cx: &Context| {
        cx.rewards.lock().unwrap_or_else(PoisonError::into_inner).get(component).map(Arc::clone)
    };
    if let Some(reward) = known(cx) {
        return Ok(reward);
    }
    let stored = reward_functions::module(&mut *cx.db.acquire().await?, component).await?;
    let stored = stored.ok_or(Error::Inconsistent("a job without its reward module"))?;
    let names = (&*stored.world, &*stored.wasi);
    let module = Module::restore(stored.upload_sha256, stored.component_sha256, names, stored.component)
        .map_err(supervisor::Error::from)?;
    let module = Arc::new(module);
    let mut rewards = cx.rewards.lock().unwrap_or_else(PoisonError::into_inner);
    if rewards.len() >= MODULES {
        rewards.clear();
    }
    rewards.insert(*component, Arc::clone(&module));
    Ok(module)
}

/// Scores one group. No transaction is open while guest code runs.
async fn score<'l>(
    cx: &Arc<Context>,
    group: &'l Leased,
    shared: &Arc<Shared>,
) -> Result<GroupScores<'l>, Error> {
    if shared.module.is_none() {
        return Ok(GroupScores { group, scored: Vec::new() });
    }
    let taken_in = group.taken_in.as_ref().ok_or(Error::Inconsistent("a group without its segment"))?;
    let mut conn = cx.db.acquire().await?;
    let prompt = prompts_read::of_job(&mut conn, group.job, &[group.prompt_index]).await?.pop();
    drop(conn);
    let prompt = prompt.ok_or(Error::Inconsistent("a group without its prompt"))?;
    let bytes = cx.objects.get(&taken_in.object_key).await?;
    let (cx, leased, shared) = (Arc::clone(cx), group.clone(), Arc::clone(shared));
    let span = tracing::info_span!("worker.reward", job.id = %group.job, group.id = %group.id);
    continue_trace(&span, &shared.terms);
    let scoring = cx.tracker.clone().spawn_blocking(move || {
        let _span = span.entered();
        let segment = Segment::decode(&bytes, leased.hotkey).map_err(store::Error::from)?;
        run(&cx, &leased, &shared, prompt, &segment)
    });
    let scored = scoring.await.map_err(|_| Error::TaskEnded("score"))??;
    Ok(GroupScores { group, scored })
}

/// Runs the module and signs one receipt per rollout. CPU work.
fn run(
    cx: &Context,
    group: &Leased,
    shared: &Shared,
    prompt: Prompt,
    segment: &Segment,
) -> Result<Vec<Scored>, Error> {
    let Some((terms, module)) = &shared.module else { return Ok(Vec::new()) };
    let asked = segment.request.task(0).ok_or(Error::Inconsistent("a segment without its task"))?;
    let [work] = segment.request.tasks.as_slice() else {
        return Err(Error::Inconsistent("a segment of several tasks"));
    };
    let task = sandbox::Task {
        id: prompt.custom_id,
        // a prompt of raw token ids has no text of its own; the ids are there
        prompt: prompt.content.text().unwrap_or_default().to_owned(),
        prompt_token_ids: work.tokens.clone(),
        reference: prompt.reference,
        metadata: reward_input::metadata(&prompt.metadata, terms.args.as_deref()),
        seed: reward_call::seed(&asked.id()),
    };
    let commitments = &segment.group.commitments;
    let texts = commitments.iter().zip(&segment.texts);
    let samples: Vec<sandbox::Sample> = texts
        .map(|(commitment, text)| reward_call::sample(text, &commitment.tokens, commitment.finish))
        .collect();
    let limits = Limits {
        fuel_per_sample: terms.limits.fuel,
        memory_bytes: terms.limits.memory_bytes,
        ..Limits::default()
    };
    let tenant = Tenant(*shared.terms.account.0.as_bytes());
    let results = cx.supervisor.score(tenant, module, &task, &samples, &limits)?;
    let graded = results.into_iter().zip(commitments).enumerate();
    graded
        .map(|(sample, (result, commitment))| {
            let error = (result.outcome != sandbox::Outcome::Ok).then(|| result.outcome.as_str());
            let reward = match &result.score {
                Some(score) => Some(score.reward),
                None => terms.on_error.reward(),
            };
            let receipt = serde_json::to_value(&*result.receipt)
                .map_err(|_| Error::Inconsistent("a receipt that is not JSON"))?;
            let hash = result.receipt.hash();
            let name = terms.name.clone();
            let components: BTreeMap<String, f64> =
                result.score.map(|score| score.components.into_iter().collect()).unwrap_or_default();
            let stated = protocol::rollout::Reward { value: reward, components: &components, error };
            let receipt =
                RewardReceipt::sign(name, receipt, hash, &commitment.head, &stated, &cx.service_key);
            Ok(Scored {
                id: group.id.rollout(group.attempt, sample as u32),
                reward,
                components,
                error,
                receipt: Some(receipt),
            })
        })
        .collect()
}

/// What writing rewards did to their job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum After {
    GoesOn,
    Paused,
    Failed,
}

/// Writes groups of one job: rewards, states, counters and events in one transaction, and what follows from failures.
async fn write(
    cx: &Context,
    token: Token,
    shared: &Shared,
    scores: &[GroupScores<'_>],
) -> Result<(), store::Error> {
    let job = shared.terms.id;
    let ids: Vec<_> = scores.iter().map(|scores| scores.group.id).collect();
    let (written, after) = retrying(cx, || async {
        let mut tx = cx.db.begin().await?;
        job_progress::lock(&mut tx, job).await?;
        let held = groups::held(&mut tx, token, &ids).await?;
        let ours: Vec<&GroupScores<'_>> = scores.iter().filter(|s| held.contains(&s.group.id)).collect();
        let graded = write_rows(cx, &mut tx, token, shared, &ours).await?;
        let after = follow(cx, &mut tx, shared, graded).await?;
        tx.commit().await?;
        Ok((ours.len(), after))
    })
    .await?;
    metrics::groups_moved(GroupState::Scored, written);
    cx.wake.groups(GroupState::Scored);
    cx.wake.events(job);
    match after {
        After::GoesOn => {}
        After::Paused => tracing::warn!(job.id = %job, "the job is paused: too many of its rewards fail"),
        After::Failed => {
            tracing::warn!(job.id = %job, "the job has ended: a reward failed");
            // whoever holds a lease on one of its groups has lost it
            cx.wake.groups(GroupState::Dispatched);
        }
    }
    Ok(())
}

/// Moves groups to `scored`, and says how a module did on them.
async fn write_rows(
    cx: &Context,
    conn: &mut PgConnection,
    token: Token,
    shared: &Shared,
    ours: &[&GroupScores<'_>],
) -> Result<Graded, store::Error> {
    let (job, size) = (shared.terms.id, shared.size());
    let is_client = shared.terms.spec.reward.as_ref().is_some_and(|reward| reward.client().is_some());
    let (mut rows, mut unscored, mut said) = (Vec::new(), Vec::new(), Vec::new());
    let mut graded = Graded::default();
    for GroupScores { group, scored } in ours.iter().copied() {
        let rewards: Vec<Option<f64>> = if scored.is_empty() {
            unscored.push((group.id, group.attempt));
            vec![None; size as usize]
        } else {
            scored.iter().map(|rollout| rollout.reward).collect()
        };
        let failed = scored.iter().filter(|rollout| rollout.error.is_some()).count();
        graded.scored += scored.len() as i64;
        graded.failed += failed as i64;
        // what its customer scores is not scored yet
        if !is_client {
            said.push(Subject::of(group).scored(&rewards, failed));
        }
        rows.extend_from_slice(scored);
    }
    let ids: Vec<_> = ours.iter().map(|scores| scores.group.id).collect();
    rollouts::score(conn, &rows).await?;
    rollouts::advance(conn, &unscored, "scored").await?;
    groups::advance(conn, token, &ids, GroupState::Scored).await?;
    if !is_client {
        let scored = ids.len() as i64 * i64::from(size);
        job_progress::count(conn, job, Moved { scored, ..Moved::default() }).await?;
    }
    events::append(conn, job, cx.clock.now(), &said).await?;
    Ok(graded)
}

/// Ends or pauses the job if its terms say so of these failures.
async fn follow(
    cx: &Context,
    conn: &mut PgConnection,
    shared: &Shared,
    graded: Graded,
) -> Result<After, store::Error> {
    let Some((module, _)) = &shared.module else { return Ok(After::GoesOn) };
    let (job, now) = (shared.terms.id, cx.clock.now());
    if module.on_error == OnError::FailJob && graded.failed > 0 {
        job_close::fail(conn, job, REWARD_FAILED, now).await?;
        return Ok(After::Failed);
    }
    let paused = job_pause::count(conn, job, graded, module.max_error_rate, now).await?;
    Ok(if paused { After::Paused } else { After::GoesOn })
}
