//! Rewards: runs a job's module in the sandbox, whole groups at once, and signs how each reward came about.
//!
//! A job without a reward function goes straight through. What the module does wrong is its rollouts' error; what the
//! machine does wrong gives the group back.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, PoisonError};

use futures_util::StreamExt as _;
use grail::chain::Finish;
use protocol::JobId;
use protocol::job::{GroupState, OnError, Prompt, RewardModule};
use protocol::rollout::RewardReceipt;
use protocol::segment::Segment;
use sandbox::{ContentHash, Limits, Module, ModuleInfo, Reward, World};
use store::groups::{Lease, Leased, Token};
use store::job_progress::Moved;
use store::job_terms::{self, JobTerms};
use store::rollouts::Scored;
use store::{events, groups, job_progress, prompts_read, reward_functions, rollouts};

use crate::announce::Subject;
use crate::driver::{continue_trace, retrying};
use crate::give_up;
use crate::keep::keep;
use crate::{Context, Error, Progress, metrics};

/// Compiled modules kept by this process.
const MODULES: usize = 64;
/// Groups written in one transaction.
const BATCH: usize = 32;

/// Scores one bounded batch. Safe to run twice, and beside itself.
pub async fn step(cx: &Arc<Context>) -> Result<Progress, Error> {
    let limit = i64::from(cx.config.reward_batch);
    let mut conn = cx.db.acquire().await?;
    let lease = groups::lease(&mut conn, GroupState::Received, None, limit, cx.config.lease()).await?;
    drop(conn);
    let ids: Vec<_> = lease.groups.iter().map(|group| group.id).collect();
    if keep(cx, lease.token, &ids, score_all(cx, &lease)).await.is_none() {
        tracing::info!("nothing of the batch is held any more");
    }
    Ok(Progress::of(ids.len()))
}

/// A job's terms and the compiled module, shared by its groups in a batch.
struct Shared {
    terms: JobTerms,
    reward: Option<(RewardModule, Arc<Reward>)>,
}

/// A group with its rewards.
struct GroupScores<'l> {
    group: &'l Leased,
    /// Empty where the job has no reward function.
    scored: Vec<Scored>,
    size: u32,
}

async fn score_all(cx: &Arc<Context>, lease: &Lease) {
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
        .buffer_unordered(cx.config.reward_concurrency.max(1))
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
            if let Err(error) = write(cx, lease.token, job, &scores).await {
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
    let reward = match &terms.spec.reward {
        Some(module) => Some((module.clone(), compiled(cx, &module.component_sha256).await?)),
        None => None,
    };
    Ok(Shared { terms, reward })
}

/// The compiled module, from this process's few or from the database's bytes.
async fn compiled(cx: &Arc<Context>, component: &[u8; 32]) -> Result<Arc<Reward>, Error> {
    let known = |cx: &Context| {
        cx.rewards.lock().unwrap_or_else(PoisonError::into_inner).get(component).map(Arc::clone)
    };
    if let Some(reward) = known(cx) {
        return Ok(reward);
    }
    let stored = reward_functions::module(&mut *cx.db.acquire().await?, component).await?;
    let stored = stored.ok_or(Error::Inconsistent("a job without its reward module"))?;
    let world = [World::Reward, World::RewardSimple].into_iter().find(|world| world.as_str() == stored.world);
    let info = ModuleInfo {
        upload_sha256: ContentHash::from_bytes(stored.upload_sha256),
        component_sha256: ContentHash::from_bytes(stored.component_sha256),
        world: world.ok_or(Error::Inconsistent("a reward module of an unknown world"))?,
        upload_bytes: stored.component.len() as u64, // not part of any receipt
        component_bytes: stored.component.len() as u64,
    };
    let module = Module::from_parts(info, stored.component)?;
    let sandbox = Arc::clone(&cx.sandbox);
    let compiling = cx.tracker.spawn_blocking(move || sandbox.compile(&module));
    let reward = compiling.await.map_err(|_| Error::TaskEnded("compile"))??;
    let mut rewards = cx.rewards.lock().unwrap_or_else(PoisonError::into_inner);
    if rewards.len() >= MODULES {
        rewards.clear();
    }
    rewards.insert(*component, Arc::clone(&reward));
    Ok(reward)
}

/// Scores one group. No transaction is open while guest code runs.
async fn score<'l>(
    cx: &Arc<Context>,
    group: &'l Leased,
    shared: &Arc<Shared>,
) -> Result<GroupScores<'l>, Error> {
    let size = shared.terms.spec.sampling.n;
    if shared.reward.is_none() {
        return Ok(GroupScores { group, scored: Vec::new(), size });
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
    Ok(GroupScores { group, scored, size })
}

/// Runs the module and signs one receipt per rollout. CPU work.
fn run(
    cx: &Context,
    group: &Leased,
    shared: &Shared,
    prompt: Prompt,
    segment: &Segment,
) -> Result<Vec<Scored>, Error> {
    let Some((module, reward)) = &shared.reward else { return Ok(Vec::new()) };
    let asked = segment.request.task(0).ok_or(Error::Inconsistent("a segment without its task"))?;
    let [a, b, c, d, e, f, g, h, ..] = asked.id();
    let task = sandbox::Task {
        id: prompt.custom_id,
        // a prompt of raw token ids has no text of its own; the ids are there
        prompt: prompt.text.unwrap_or_default(),
        prompt_token_ids: prompt.tokens,
        reference: prompt.reference,
        metadata: prompt.metadata,
        // the same for every attempt, and for whoever runs it again
        seed: u64::from_be_bytes([a, b, c, d, e, f, g, h]),
    };
    let commitments = &segment.group.commitments;
    let sample = |(commitment, text): (&grail::chain::Commitment, &String)| sandbox::Sample {
        text: text.clone(),
        token_ids: commitment.tokens.clone(),
        finish: match commitment.finish {
            Finish::Stop => sandbox::Finish::Stop,
            Finish::Length => sandbox::Finish::Length,
        },
    };
    let samples: Vec<sandbox::Sample> = commitments.iter().zip(&segment.texts).map(sample).collect();
    let limits = Limits {
        fuel_per_sample: module.limits.fuel,
        memory_bytes: module.limits.memory_bytes,
        ..Limits::default()
    };
    let results = cx.sandbox.score(reward, &task, &samples, &limits)?;
    let graded = results.into_iter().zip(commitments).enumerate();
    graded
        .map(|(sample, (result, commitment))| {
            let error = (result.outcome != sandbox::Outcome::Ok).then(|| result.outcome.as_str());
            let reward = match (&result.score, module.on_error) {
                (Some(score), _) => Some(score.reward),
                (None, OnError::Zero) => Some(0.0),
                (None, OnError::Mask | OnError::Reject) => None,
            };
            let receipt = serde_json::to_value(&*result.receipt)
                .map_err(|_| Error::Inconsistent("a receipt that is not JSON"))?;
            let hash = result.receipt.hash();
            let name = module.name.clone();
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

/// Writes groups of one job: rewards, states, counters and events in one transaction.
async fn write(
    cx: &Context,
    token: Token,
    job: JobId,
    scores: &[GroupScores<'_>],
) -> Result<(), store::Error> {
    let ids: Vec<_> = scores.iter().map(|scores| scores.group.id).collect();
    let written = retrying(cx, || async {
        let mut tx = cx.db.begin().await?;
        job_progress::lock(&mut tx, job).await?;
        let held = groups::held(&mut tx, token, &ids).await?;
        let (mut rows, mut unscored, mut said) = (Vec::new(), Vec::new(), Vec::new());
        let (mut done, mut count) = (Vec::new(), 0);
        for GroupScores { group, scored, size } in scores.iter().filter(|s| held.contains(&s.group.id)) {
            let rewards: Vec<Option<f64>> = if scored.is_empty() {
                vec![None; *size as usize]
            } else {
                scored.iter().map(|rollout| rollout.reward).collect()
            };
            let failed = scored.iter().filter(|rollout| rollout.error.is_some()).count();
            let subject = Subject {
                group: group.id,
                prompt_index: group.prompt_index,
                custom_id: &group.custom_id,
                attempt: group.attempt,
                hotkey: group.hotkey,
            };
            said.push(subject.scored(&rewards, failed));
            if scored.is_empty() {
                unscored.push((group.id, group.attempt));
            }
            rows.extend_from_slice(scored);
            done.push(group.id);
            count += i64::from(*size);
        }
        rollouts::score(&mut tx, &rows).await?;
        rollouts::advance(&mut tx, &unscored, "scored").await?;
        groups::advance(&mut tx, token, &done, GroupState::Scored).await?;
        job_progress::count(&mut tx, job, Moved { scored: count, ..Moved::default() }).await?;
        events::append(&mut tx, job, cx.clock.now(), &said).await?;
        tx.commit().await?;
        Ok(done.len())
    })
    .await?;
    metrics::groups_moved(GroupState::Scored, written);
    cx.wake.groups(GroupState::Scored);
    cx.wake.events(job);
    Ok(())
}
