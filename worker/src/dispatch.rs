//! Dispatch: leases pending groups, picks a miner, sends them as one signed request and sees the answer through.

use std::sync::Arc;
use std::time::Duration;

use grail::ids::{CheckpointId, prompt_id};
use grail::{Hotkey, RejectReason};
use protocol::job::{GroupState, Prompt};
use protocol::work::{MAX_TASKS, WORK_VERSION, WorkRequest, WorkTask};
use store::attempts::{Dispatch, Dispatched, Offer};
use store::groups::Stranded;
use store::job_terms::{self, JobTerms};
use store::miners::{self, Candidate};
use store::{attempts, groups, job_close, job_progress, prompts_read};
use tracing::Instrument as _;

use crate::announce::Subject;
use crate::collect::{self, End};
use crate::driver::{continue_trace, retrying};
use crate::give_up::{self, Unfinished};
use crate::keep::keep;
use crate::refuse::{self, Refusal, Scope};
use crate::served::Served;
use crate::{Context, Error, Progress, metrics};

/// Even the worst miner that is not in quarantine is asked now and then.
const LEAST_WEIGHT: f64 = 0.05;

/// Sends one request, if there is work, a miner for it and room for another request. Its answer is followed on a task.
pub async fn step(cx: &Arc<Context>) -> Result<Progress, Error> {
    let Ok(permit) = Arc::clone(&cx.requests).try_acquire_owned() else {
        return Ok(Progress::None); // a request that ends gives a hint
    };
    let Some((miner, dispatch)) = lease(cx).await? else { return Ok(Progress::None) };
    let cx = Arc::clone(cx);
    let tracker = cx.tracker.clone();
    tracker.spawn(async move {
        run(&cx, miner, dispatch).await;
        drop(permit);
        cx.wake.groups(GroupState::Pending);
    });
    Ok(Progress::Some)
}

/// Leases groups of one of the checkpoints that have work. Which one comes first is drawn: they share the requests.
async fn lease(cx: &Arc<Context>) -> Result<Option<(Candidate, Dispatch)>, Error> {
    let mut served = cx.served_with_work().await?;
    while let Some(index) = cx.chance.weighted(&vec![1.0; served.len()]) {
        let checkpoint = served.swap_remove(index);
        if let Err(error) = cx.served(checkpoint).await {
            // another machine may have it whole: no group is taken that could not be read here
            let error = &error as &dyn std::error::Error;
            tracing::warn!(checkpoint.id = %checkpoint, error, "a checkpoint cannot be opened");
            continue;
        }
        let found = lease_of(cx, checkpoint).await?;
        if found.is_some() {
            return Ok(found);
        }
    }
    Ok(None)
}

/// Leases groups for one of the miners of this checkpoint that have room, drawn by their scores.
async fn lease_of(cx: &Context, checkpoint: CheckpointId) -> Result<Option<(Candidate, Dispatch)>, Error> {
    let profile = cx.profile_of(checkpoint);
    let fresh = cx.config.miner_fresh();
    let mut conn = cx.db.acquire().await?;
    if !groups::any_pending(&mut conn, checkpoint, profile).await? {
        return Ok(None);
    }
    let mut left = miners::candidates(&mut conn, checkpoint, profile, fresh).await?;
    drop(conn);
    let mut drawn = Vec::with_capacity(left.len());
    while let Some(index) = {
        let weights: Vec<f64> = left.iter().map(|miner| miner.score.max(LEAST_WEIGHT)).collect();
        cx.chance.weighted(&weights)
    } {
        drawn.push(left.swap_remove(index));
    }
    // a newcomer is always tried, and with little: that is how it gets a score, and how little a cheat can spoil
    drawn.sort_by_key(|miner| !miner.newcomer);
    // a group that a miner failed comes back to it only when everybody else has failed it too
    for again in [false, true] {
        for miner in &drawn {
            let offer = Offer {
                hotkey: miner.hotkey,
                checkpoint,
                profile,
                max_groups: most_groups(cx, miner),
                hold: cx.config.lease(),
                again,
                fresh,
            };
            let mut tx = cx.db.begin().await?;
            let dispatch = attempts::start(&mut tx, &offer).await?;
            tx.commit().await.map_err(store::Error::from)?;
            if let Some(dispatch) = dispatch {
                return Ok(Some((miner.clone(), dispatch)));
            }
        }
    }
    Ok(None)
}

fn most_groups(cx: &Context, miner: &Candidate) -> i64 {
    let most = i64::from(cx.config.max_groups_per_request).clamp(1, MAX_TASKS as i64);
    if miner.newcomer { most.min(i64::from(cx.config.trial_groups).max(1)) } else { most }
}

/// A request and the groups it is for: task `i` of the request is group `i` of the dispatch.
#[derive(Debug)]
pub(crate) struct Order {
    /// Who is asked.
    pub(crate) hotkey: Hotkey,
    pub(crate) dispatch: Dispatch,
    pub(crate) request: Arc<WorkRequest>,
    pub(crate) served: Arc<Served>,
    pub(crate) terms: JobTerms,
}

impl Order {
    pub(crate) fn subject<'a>(&self, group: &'a Dispatched) -> Subject<'a> {
        Subject {
            group: group.id,
            prompt_index: group.prompt_index,
            custom_id: &group.custom_id,
            attempt: group.attempt,
            hotkey: self.hotkey,
        }
    }

    pub(crate) fn group_size(&self) -> u32 {
        self.terms.spec.sampling.n
    }
}

/// Sees one request through to its end: every group of it is taken in, refused or withdrawn.
async fn run(cx: &Arc<Context>, miner: Candidate, dispatch: Dispatch) {
    let terms = async { job_terms::read(&mut *cx.db.acquire().await?, dispatch.job).await };
    let terms = match terms.await {
        Ok(terms) => terms,
        Err(error) => {
            tracing::error!(error = &error as &dyn std::error::Error, "the job could not be read");
            return withdraw(cx, &dispatch, &dispatch.groups).await;
        }
    };
    let span = tracing::info_span!(
        "worker.dispatch", job.id = %dispatch.job, miner.hotkey = %miner.hotkey, groups = dispatch.groups.len()
    );
    continue_trace(&span, &terms);
    async {
        let order = match prepare(cx, miner.hotkey, &dispatch, terms).await {
            Ok(order) => order,
            Err(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, "the request could not be made");
                return withdraw(cx, &dispatch, &dispatch.groups).await;
            }
        };
        let ids: Vec<_> = dispatch.groups.iter().map(|group| group.id).collect();
        if let Some(left) = keep(cx, dispatch.token, &ids, ask(cx, &miner, &order)).await {
            settle_left(cx, &order, left).await;
        } else {
            tracing::info!("nothing of the request is held any more");
        }
    }
    .instrument(span)
    .await;
}

/// Makes the request. The job has begun by that.
pub(crate) async fn prepare(
    cx: &Arc<Context>,
    hotkey: Hotkey,
    dispatch: &Dispatch,
    terms: JobTerms,
) -> Result<Order, Error> {
    let served = cx.served(terms.checkpoint).await?;
    let mut conn = cx.db.acquire().await?;
    let indexes: Vec<u32> = dispatch.groups.iter().map(|group| group.prompt_index).collect();
    let prompts = prompts_read::of_job(&mut conn, dispatch.job, &indexes).await?;
    drop(conn);
    if prompts.iter().map(|prompt| prompt.index).ne(indexes) {
        return Err(Error::Inconsistent("a group without its prompt"));
    }
    let tasks = tasks(cx, &served, &terms, prompts).await?;
    let request = WorkRequest {
        version: WORK_VERSION,
        checkpoint: terms.checkpoint,
        profile: terms.profile,
        randomness: terms.randomness,
        sampling: terms.sampling(),
        tasks,
        // the miner's log can be joined with this very request
        traceparent: telemetry::current_traceparent().or_else(|| terms.traceparent.clone()),
    };
    let started = retrying(cx, || async {
        let mut tx = cx.db.begin().await?;
        let started = job_progress::start(&mut tx, dispatch.job, cx.clock.now()).await?;
        tx.commit().await?;
        Ok(started)
    })
    .await?;
    if started {
        cx.wake.events(dispatch.job);
    }
    Ok(Order { hotkey, dispatch: dispatch.clone(), request: Arc::new(request), served, terms })
}

/// What the miner is to do for each prompt. Texts become tokens here.
async fn tasks(
    cx: &Context,
    served: &Served,
    terms: &JobTerms,
    prompts: Vec<Prompt>,
) -> Result<Vec<WorkTask>, Error> {
    let checkpoint = Arc::clone(&served.checkpoint);
    let (job, samples) = (terms.id, terms.spec.sampling.n);
    let task = move |prompt: Prompt| {
        let tokens = ::intake::tokens(&checkpoint.tokenizer, prompt.content)?;
        Ok(WorkTask { prompt: prompt_id(job.as_bytes(), prompt.index), group_size: samples, tokens })
    };
    let tasks = cx.tracker.spawn_blocking(move || prompts.into_iter().map(task).collect());
    tasks.await.map_err(|_| Error::TaskEnded("tokenise"))?
}

/// What is left of a request when its answer has ended, and why.
struct Left {
    end: End,
    groups: Vec<Dispatched>,
}

async fn ask(cx: &Arc<Context>, miner: &Candidate, order: &Order) -> Left {
    let started = tokio::time::Instant::now();
    let sent = match serde_json::to_vec(&*order.request) {
        Ok(body) => {
            let now_ns = u64::try_from(cx.clock.now().timestamp_nanos_opt().unwrap_or(0)).unwrap_or(0);
            let idle = Duration::from_millis(cx.config.idle_timeout_ms);
            cx.axons.work(&miner.url, miner.hotkey, body, now_ns, idle).await
        }
        Err(_) => return Left { end: End::Withdrawn, groups: order.dispatch.groups.clone() },
    };
    let response = match sent {
        Ok(response) => response,
        Err(error) => {
            tracing::warn!(error = &error as &dyn std::error::Error, "the miner could not be asked");
            let noted = async { miners::unreachable(&mut *cx.db.acquire().await?, miner.hotkey).await };
            if let Err(error) = noted.await {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "an unreachable miner was not noted"
                );
            }
            let end = End::Refused(RejectReason::MinerUnavailable);
            return Left { end, groups: order.dispatch.groups.clone() };
        }
    };
    let deadline = started + Duration::from_millis(cx.config.request_deadline_ms);
    let (end, handled) = collect::follow(cx, order, response, deadline).await;
    let left = order.dispatch.groups.iter().enumerate().filter(|(task, _)| !handled.contains(task));
    Left { end, groups: left.map(|(_, group)| group.clone()).collect() }
}

async fn settle_left(cx: &Context, order: &Order, left: Left) {
    if left.groups.is_empty() {
        return;
    }
    match left.end {
        End::Withdrawn => withdraw(cx, &order.dispatch, &left.groups).await,
        End::Refused(reason) => {
            if let Err(error) = refuse_rest(cx, order, &left.groups, reason).await {
                tracing::error!(error = &error as &dyn std::error::Error, "a refusal was not written");
            }
        }
    }
}

/// Takes groups back from whoever has them, for another attempt.
pub(crate) async fn withdraw(cx: &Context, dispatch: &Dispatch, groups: &[Dispatched]) {
    let stranded: Vec<(Stranded, u32)> = groups
        .iter()
        .map(|group| {
            let stranded = Stranded {
                id: group.id,
                job: dispatch.job,
                prompt_index: group.prompt_index,
                custom_id: group.custom_id.clone(),
                attempt: group.attempt,
            };
            (stranded, group.tries)
        })
        .collect();
    let unfinished: Vec<Unfinished<'_>> =
        stranded.iter().map(|(group, tries)| Unfinished { group, tries: *tries }).collect();
    if let Err(error) = give_up::withdraw(cx, dispatch.token, dispatch.job, &unfinished).await {
        // the leases expire by themselves
        tracing::warn!(error = &error as &dyn std::error::Error, "groups were not withdrawn");
    }
}

/// Refuses all groups that the answer left open.
async fn refuse_rest(
    cx: &Context,
    order: &Order,
    left: &[Dispatched],
    reason: RejectReason,
) -> Result<(), store::Error> {
    let job = order.dispatch.job;
    let ids: Vec<_> = left.iter().map(|group| group.id).collect();
    let refusals = retrying(cx, || async {
        let mut tx = cx.db.begin().await?;
        let status = job_progress::lock(&mut tx, job).await?;
        let held = groups::held(&mut tx, order.dispatch.token, &ids).await?;
        let refusals: Vec<Refusal<'_>> = left
            .iter()
            .filter(|group| held.contains(&group.id))
            .map(|group| Refusal::of_answer(order.subject(group), order.group_size(), reason))
            .collect();
        if refusals.is_empty() {
            return Ok(refusals);
        }
        let scope = Scope { job, status, token: order.dispatch.token };
        let ended = refuse::write(cx, &mut tx, scope, &refusals).await?;
        job_close::groups_ended(&mut tx, job, ended, cx.clock.now()).await?;
        tx.commit().await?;
        Ok(refusals)
    })
    .await?;
    refuse::note(job, &refusals);
    metrics::groups_moved(GroupState::Pending, refusals.len());
    cx.wake.events(job);
    Ok(())
}
