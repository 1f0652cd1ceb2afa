//! Collect: follows one miner's answer frame by frame, checks each group the moment it is whole, and takes it in.
//!
//! Three parts side by side: the network on the async threads, decoding and all checks without the model (L0) on one
//! blocking thread, and the writing, which takes in together whatever has piled up.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use grail::chain::Task;
use grail::ids::GroupRoot;
use grail::profile::Profile;
use grail::receipt::{Receipt, SignedReceipt};
use grail::record::RecordKind;
use grail::{RejectReason, check, hash};
use protocol::collect::{Collector, CommittedGroup};
use protocol::job::GroupState;
use protocol::minhash::MinHash;
use protocol::segment::Segment;
use protocol::wire::Decoder;
use protocol::work::WorkRequest;
use reqwest::Response;
use store::groups::Received;
use store::job_close::Ended;
use store::job_progress::Moved;
use store::objects::{group_key, pack};
use store::rollouts::NewRollout;
use store::{attempts, events, groups, job_close, job_progress, rollouts};
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::audit::Verdicts;
use crate::dispatch::Order;
use crate::driver::retrying;
use crate::refuse::{self, Refusal, Scope};
use crate::served::Served;
use crate::{Context, Error, metrics};

/// Pieces of the stream that may wait for the decoder: then the miner waits.
const CHUNKS: usize = 16;
/// Groups taken in by one transaction.
const BATCH: usize = 32;
/// Heartbeats and frame headers on top of what the tokens take.
const SLACK_BYTES: usize = 1 << 20;

/// How an answer ended for the groups that it left open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// The miner's fault.
    Refused(RejectReason),
    /// Ours.
    Withdrawn,
}

/// Reads an answer to its end. Returns how it ended, and the tasks whose groups were whole: those are dealt with.
pub(crate) async fn follow(
    cx: &Arc<Context>,
    order: &Order,
    response: Response,
    deadline: Instant,
) -> (End, HashSet<usize>) {
    let (chunks, fed) = mpsc::channel(CHUNKS);
    let (checked, finished) = mpsc::channel(BATCH);
    let decoding = {
        let (served, request, job) =
            (Arc::clone(&order.served), Arc::clone(&order.request), order.dispatch.job);
        let (hotkey, attempts) = (order.hotkey, order.dispatch.groups.clone());
        let near = order.terms.spec.selection.near;
        let span = tracing::Span::current();
        cx.tracker.spawn_blocking(move || {
            let _span = span.entered();
            let place =
                |task: usize| Place { job, group: attempts[task].id, attempt: attempts[task].attempt, near };
            decode(&served, &request, hotkey, fed, &checked, &place)
        })
    };
    let reading = read(cx, &order.request, response, chunks, deadline);
    let (read, handled) = tokio::join!(reading, write(cx, order, finished));
    let end = match (read, decoding.await) {
        // the whole answer was right: what is left of it, we could not read ourselves
        (Read::Stopped, _) | (_, Err(_)) | (Read::Ended | Read::Refused, Ok(Ok(()))) => End::Withdrawn,
        // the reader gave up first: the decoder only saw the stream end too early
        (Read::Failed(reason), Ok(_)) | (Read::Ended | Read::Refused, Ok(Err(reason))) => {
            End::Refused(reason)
        }
    };
    (end, handled)
}

/// How the network part ended.
enum Read {
    Ended,
    /// The decoder would take no more.
    Refused,
    Failed(RejectReason),
    Stopped,
}

async fn read(
    cx: &Context,
    request: &WorkRequest,
    mut response: Response,
    chunks: mpsc::Sender<Vec<u8>>,
    deadline: Instant,
) -> Read {
    let idle = Duration::from_millis(cx.config.idle_timeout_ms);
    let mut left = most_bytes(request);
    let stopped = async {
        cx.stop.cancelled().await;
        tokio::time::sleep(Duration::from_millis(cx.config.drain_ms)).await;
    };
    let mut stopped = std::pin::pin!(stopped);
    loop {
        let chunk = tokio::select! {
            chunk = tokio::time::timeout(idle, response.chunk()) => chunk,
            () = tokio::time::sleep_until(deadline) => return Read::Failed(RejectReason::DeadlineExceeded),
            () = &mut stopped => return Read::Stopped,
        };
        let chunk = match chunk {
            Err(_) => return Read::Failed(RejectReason::DeadlineExceeded),
            Ok(Err(error)) => {
                tracing::info!(error = &error as &dyn std::error::Error, "the answer was cut");
                return Read::Failed(RejectReason::TruncatedStream);
            }
            Ok(Ok(None)) => return Read::Ended,
            Ok(Ok(Some(chunk))) => chunk,
        };
        left = match left.checked_sub(chunk.len()) {
            Some(left) => left,
            None => return Read::Failed(RejectReason::Oversized),
        };
        if chunks.send(chunk.to_vec()).await.is_err() {
            return Read::Refused;
        }
    }
}

/// The longest answer that can be right.
fn most_bytes(request: &WorkRequest) -> usize {
    let tokens = request.sampling.max_tokens as usize;
    // a token with its record; 64 and some around each frame of at most 64 tokens; an end frame per rollout
    let rollout = tokens * (4 + RecordKind::MAX_BYTES) + (tokens / 16 + 1) * 64 + 256;
    let rollouts: usize = request.tasks.iter().map(|task| task.group_size as usize).sum();
    rollouts.saturating_mul(rollout).saturating_add(SLACK_BYTES)
}

/// A whole group, checked.
pub(crate) enum Checked {
    Good(Box<Good>),
    Refused {
        task: usize,
        verdicts: Verdicts,
    },
    /// We could not read it, though the miner did nothing wrong.
    Unreadable {
        task: usize,
        error: Error,
    },
}

pub(crate) struct Good {
    task: usize,
    asked: Task,
    root: GroupRoot,
    key: String,
    packed: Vec<u8>,
    rollouts: Vec<NewRollout>,
}

impl Checked {
    fn task(&self) -> usize {
        match self {
            Self::Good(good) => good.task,
            Self::Refused { task, .. } | Self::Unreadable { task, .. } => *task,
        }
    }
}

/// Whose answer a group is, and what is worked out of it on the way.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    pub(crate) job: protocol::JobId,
    pub(crate) group: protocol::GroupId,
    pub(crate) attempt: u32,
    pub(crate) near: Option<MinHash>,
}

/// Cuts the stream into frames and groups, and checks every whole group. An error is final for the rest.
fn decode(
    served: &Served,
    request: &WorkRequest,
    hotkey: grail::Hotkey,
    mut chunks: mpsc::Receiver<Vec<u8>>,
    checked: &mpsc::Sender<Checked>,
    place: &dyn Fn(usize) -> Place,
) -> Result<(), RejectReason> {
    let records = served.standard.profile().record_kind();
    let mut decoder = Decoder::new(records);
    let mut collector = Collector::new(request, hotkey);
    while let Some(chunk) = chunks.blocking_recv() {
        decoder.extend(&chunk);
        while let Some(frame) = decoder.next_frame()? {
            let Some(group) = collector.push(frame)? else { continue };
            let task = group.task;
            let profile = served.standard.profile();
            if checked.blocking_send(check_group(served, (profile, request), group, place(task))).is_err() {
                return Err(RejectReason::TruncatedStream); // nobody listens: the leases are gone
            }
        }
    }
    collector.finish()
}

/// Level L0 on a whole group; then everything that is written of it.
pub(crate) fn check_group(
    served: &Served,
    (profile, request): (&Profile, &WorkRequest),
    group: CommittedGroup,
    place: Place,
) -> Checked {
    let task = group.task;
    let asked = request.task(task).expect("the collector refuses tasks that were not asked for");
    let mut verdicts = check::group(&asked, &served.rules(), &group.hotkey, &group.commitments);
    if verdicts.iter().all(Result::is_ok)
        && let Err(reason) = check::root(&group.commitments, &group.root)
    {
        verdicts.fill(Err(reason));
    }
    if verdicts.iter().any(Result::is_err) {
        return Checked::Refused { task, verdicts };
    }
    let tokenizer = &served.checkpoint.tokenizer;
    let texts = group.commitments.iter().map(|commitment| tokenizer.decode(&commitment.tokens));
    let texts: Vec<String> = match texts.collect::<Result<_, _>>() {
        Ok(texts) => texts,
        Err(error) => return Checked::Unreadable { task, error: error.into() },
    };
    let Place { job, group: id, attempt, near } = place;
    let prompt_tokens = hash::tokens(&request.tasks[task].tokens);
    let rollouts = group.commitments.iter().enumerate().map(|(sample, commitment)| NewRollout {
        id: id.rollout(attempt, sample as u32),
        sample_index: sample as u32,
        completion_tokens: commitment.tokens.len() as u32,
        finish: commitment.finish,
        head: commitment.head,
        sample_hash: commitment.sample_hash(&prompt_tokens),
        minhash: near.map(|near| near.keys(&commitment.tokens)),
    });
    let (rollouts, root) = (rollouts.collect(), group.root);
    let segment = Segment::of(profile, request, group, texts).expect("the task was asked for");
    let (key, packed) = (group_key(job, id, attempt), pack(&segment.encode()));
    Checked::Good(Box::new(Good { task, asked, root, key, packed, rollouts }))
}

/// Takes groups in as they come, and returns the tasks that are dealt with.
async fn write(cx: &Context, order: &Order, mut finished: mpsc::Receiver<Checked>) -> HashSet<usize> {
    let mut handled = HashSet::new();
    let mut batch = Vec::with_capacity(BATCH);
    while finished.recv_many(&mut batch, BATCH).await > 0 {
        let (readable, unreadable): (Vec<Checked>, Vec<Checked>) =
            batch.drain(..).partition(|checked| !matches!(checked, Checked::Unreadable { .. }));
        for checked in unreadable {
            if let Checked::Unreadable { task, error } = checked {
                // left open: withdrawn, or refused with the rest of the answer
                tracing::error!(task, error = &error as &dyn std::error::Error, "a group could not be read");
            }
        }
        handled.extend(readable.iter().map(Checked::task));
        if let Err(error) = take_in(cx, order, &readable).await {
            // the leases expire, and the groups are asked for again
            tracing::error!(error = &error as &dyn std::error::Error, "groups were not taken in");
        }
    }
    handled
}

/// Objects first, then one transaction for rows, receipts, events and refusals.
pub(crate) async fn take_in(cx: &Context, order: &Order, batch: &[Checked]) -> Result<(), store::Error> {
    let put = |good: &Good| {
        let (objects, key, packed) = (cx.objects.clone(), good.key.clone(), good.packed.clone());
        async move { objects.put(&key, packed).await }
    };
    let good: Vec<&Good> = batch
        .iter()
        .filter_map(|checked| if let Checked::Good(good) = checked { Some(&**good) } else { None })
        .collect();
    futures_util::future::try_join_all(good.iter().map(|good| put(good))).await?;
    let now = cx.clock.now();
    let receipts: Vec<SignedReceipt> = good
        .iter()
        .map(|good| {
            let received_at_ms = u64::try_from(now.timestamp_millis()).unwrap_or(0);
            // late enough that nobody knows its value yet
            let audit_round = cx.beacon.schedule().audit_round(received_at_ms);
            let (task, hotkey) = (good.asked.id(), order.hotkey);
            Receipt { task, group_root: good.root, hotkey, received_at_ms, audit_round }.sign(&cx.service_key)
        })
        .collect();
    let refusals = retrying(cx, || write_rows(cx, order, batch, &good, &receipts)).await?;
    let job = order.dispatch.job;
    refuse::note(job, &refusals);
    metrics::groups_moved(GroupState::Received, good.len());
    cx.wake.groups(GroupState::Received);
    // the miner has room again
    cx.wake.groups(GroupState::Pending);
    cx.wake.events(job);
    Ok(())
}

async fn write_rows<'o>(
    cx: &Context,
    order: &'o Order,
    batch: &[Checked],
    good: &[&Good],
    receipts: &[SignedReceipt],
) -> Result<Vec<Refusal<'o>>, store::Error> {
    let dispatch = &order.dispatch;
    let (job, token, now) = (dispatch.job, dispatch.token, cx.clock.now());
    let ids: Vec<_> = batch.iter().map(|checked| dispatch.groups[checked.task()].id).collect();
    let mut tx = cx.db.begin().await?;
    let status = job_progress::lock(&mut tx, job).await?;
    let held = groups::held(&mut tx, token, &ids).await?;
    if held.len() < ids.len() {
        tracing::info!(lost = ids.len() - held.len(), "leases were lost; their results are dropped");
    }
    let (mut received, mut rows, mut said, mut answered) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for (good, receipt) in good.iter().zip(receipts) {
        let group = &dispatch.groups[good.task];
        if !held.contains(&group.id) {
            continue;
        }
        received.push(Received { id: group.id, object_key: &good.key, root: good.root, receipt });
        answered.push((group.id, group.attempt));
        let tokens = good.rollouts.iter().map(|rollout| rollout.completion_tokens as usize).sum();
        said.push(order.subject(group).received(good.rollouts.len(), tokens));
        let within =
            rollouts::Within { group: group.id, attempt: group.attempt, prompt_index: group.prompt_index };
        rows.extend(good.rollouts.iter().map(|rollout| (within, rollout)));
    }
    rollouts::insert(&mut tx, job, &rows).await?;
    groups::receive(&mut tx, token, &received).await?;
    attempts::end(&mut tx, &answered, None).await?;
    let generated = rows.len() as i64;
    job_progress::count(&mut tx, job, Moved { generated, ..Moved::default() }).await?;
    events::append(&mut tx, job, now, &said).await?;
    let refusals: Vec<Refusal<'o>> = batch
        .iter()
        .filter_map(|checked| {
            let Checked::Refused { task, verdicts } = checked else { return None };
            let group = dispatch.groups.get(*task).filter(|group| held.contains(&group.id))?;
            Refusal::of_rollouts(order.subject(group), verdicts.clone(), false)
        })
        .collect();
    let mut ended = Ended::default();
    if !refusals.is_empty() {
        ended = refuse::write(cx, &mut tx, Scope { job, status, token }, &refusals).await?;
    }
    job_close::groups_ended(&mut tx, job, ended, now).await?;
    tx.commit().await?;
    Ok(refusals)
}
