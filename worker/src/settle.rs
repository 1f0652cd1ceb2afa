//! Settle: one transaction selects, charges and delivers verified groups of a job, and ends the job with its last group.
//!
//! The job's row is locked first: settlements of one job come one after the other, so that dedup and the hold see all
//! that came before. Selected rollouts cost the full price; honest ones that the job's rules leave the filtered price;
//! duplicates and rollouts whose reward failed cost nothing.
//!
//! Groups of a job with batches wait here until a batch is whole, or nothing else of the job can come (ADR 0009).

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use grail::Hotkey;
use protocol::job::{GroupState, SamplingSpec};
use protocol::money::Price;
use protocol::selection::Choice;
use protocol::{JobId, Mode, Rao};
use store::groups::{Finished, Lease, Leased, Token};
use store::job_close::Ended;
use store::job_terms::{self, JobTerms};
use store::ledger::{self, Charge, Share};
use store::rollouts::Member;
use store::{PgConnection, audits, batches, groups, job_budget, job_close, job_progress, rollouts};
use tracing::Instrument as _;

use crate::driver::{continue_trace, retrying};
use crate::give_up;
use crate::select::{Chosen, batch, choose};
use crate::{Context, Error, Progress, deliver, metrics};

/// Jobs that are settled at the same time.
const JOBS_AT_ONCE: usize = 4;
/// How long groups wait for the rest of their batch before they are looked at again. What completes the batch takes them
/// along at once: this is for the end of the others without one.
const BATCH_WAIT: Duration = Duration::from_secs(1);
/// Most groups of one job that are held while they wait for their batch.
const MAX_WAITING: i64 = 1_024;

/// Settles one bounded batch. Safe to run twice, and beside itself.
pub async fn step(cx: &Arc<Context>) -> Result<Progress, Error> {
    step_in(cx, Mode::Live).await
}

/// The same of one mode.
pub(crate) async fn step_in(cx: &Arc<Context>, mode: Mode) -> Result<Progress, Error> {
    let (limit, waiting) = (i64::from(cx.config.settle_batch), (GroupState::Verified, mode));
    let lease = groups::lease(&cx.db, waiting, None, limit, cx.config.lease()).await?;
    let Lease { token, groups } = &lease;
    let mut by_job: BTreeMap<JobId, Vec<&Leased>> = BTreeMap::new();
    for group in groups {
        by_job.entry(group.job).or_default().push(group);
    }
    futures_util::stream::iter(by_job)
        .for_each_concurrent(JOBS_AT_ONCE, |(job, groups)| async move {
            if let Err(error) = settle(cx, *token, job, &groups).await {
                for group in groups {
                    give_up::give_back(cx, *token, group, "settle", &error).await;
                }
            }
        })
        .await;
    Ok(Progress::of(groups.len()))
}

async fn settle(cx: &Context, token: Token, job: JobId, leased: &[&Leased]) -> Result<(), Error> {
    let terms = job_terms::read(&mut *cx.db.acquire().await?, job).await?;
    let span = tracing::info_span!("worker.settle", job.id = %job, groups = leased.len());
    continue_trace(&span, &terms);
    let ended = retrying(cx, || async {
        let mut tx = cx.db.begin().await?;
        let ended = write(cx, &mut tx, token, &terms, leased).await?;
        tx.commit().await?;
        Ok(ended)
    })
    .instrument(span)
    .await?;
    metrics::groups_moved(GroupState::Accepted, ended.accepted as usize);
    metrics::groups_moved(GroupState::Filtered, ended.filtered as usize);
    cx.wake.events(job);
    if terms.spec.selection.refill.target().is_some() {
        // what was filtered may have brought prompts out of the reserve
        cx.wake.groups(GroupState::Pending);
    }
    Ok(())
}

/// A group with the price of each of its rollouts.
#[derive(Debug)]
pub(crate) struct Priced<'l> {
    pub(crate) chosen: Chosen<'l>,
    pub(crate) prices: Vec<Rao>,
}

fn price_of(choice: &Choice, tokens: u32, price: &Price) -> Rao {
    match choice.filtered {
        None => price.of(tokens),
        Some(reason) if reason.is_charged() => price.filtered(tokens),
        Some(_) => Rao::ZERO,
    }
}

async fn write(
    cx: &Context,
    conn: &mut PgConnection,
    token: Token,
    terms: &JobTerms,
    leased: &[&Leased],
) -> Result<Ended, store::Error> {
    let (job, now) = (terms.id, cx.clock.now());
    job_progress::lock(conn, job).await?;
    let ids: Vec<_> = leased.iter().map(|group| group.id).collect();
    let held = groups::held(conn, token, &ids).await?;
    let mut ours: Vec<&Leased> = leased.iter().copied().filter(|group| held.contains(&group.id)).collect();
    let joined = match terms.spec.selection.batch_groups {
        Some(_) if !ours.is_empty() => {
            batches::join(conn, token, job, MAX_WAITING, cx.config.lease()).await?
        }
        _ => Vec::new(),
    };
    ours.extend(&joined);
    ours.sort_unstable_by_key(|group| group.prompt_index);
    let ours = whole_batch(conn, token, terms, ours).await?;
    let attempts: Vec<_> = ours.iter().map(|group| (group.id, group.attempt)).collect();
    let mut members = rollouts::members(conn, &attempts).await?;

    // what the hold can still pay decides how many of the groups are settled at all
    let mut left = ledger::uncaptured(conn, job).await?;
    let SamplingSpec { n, max_tokens, .. } = terms.spec.sampling;
    let dearest = terms.price.maximum(n.into(), max_tokens);
    let (mut payable, mut beyond) = (Vec::new(), Vec::new());
    for group in ours {
        match dearest.and_then(|dearest| left.checked_sub(dearest)) {
            Some(rest) => {
                left = rest;
                payable.push((group, members.remove(&group.id).unwrap_or_default()));
            }
            None => beyond.push(group),
        }
    }
    let mut chosen = choose(conn, terms, payable).await?;
    batch(conn, terms, &mut chosen).await?;
    let priced: Vec<Priced<'_>> = chosen
        .into_iter()
        .map(|chosen| {
            let rollouts = chosen.selected.choices.iter().zip(&chosen.members);
            // no answer with more tokens is taken in; the hold would not know of them
            let tokens = |member: &Member| member.completion_tokens.min(max_tokens);
            let prices =
                rollouts.map(|(choice, member)| price_of(choice, tokens(member), &terms.price)).collect();
            Priced { chosen, prices }
        })
        .collect();
    charge(cx, conn, terms, &priced).await?;
    let mut ended = deliver::write(cx, conn, terms, token, &priced).await?;
    if !priced.is_empty() {
        job_budget::tell(conn, job, now).await?;
    }
    if priced.is_empty() && !beyond.is_empty() {
        ended.cancelled += stop_spending(conn, token, job, &beyond).await?;
    } else if !beyond.is_empty() {
        // some of what was set aside for the others may be left: look again
        let ids: Vec<_> = beyond.iter().map(|group| group.id).collect();
        groups::give_back(conn, token, &ids, Duration::ZERO).await?;
    }
    job_close::groups_ended(conn, job, ended, now).await?;
    Ok(ended)
}

/// What of the groups is settled now: all of them, or of a job with batches one batch if it is whole, or if nothing else of
/// the job can come. The others are put off.
async fn whole_batch<'l>(
    conn: &mut PgConnection,
    token: Token,
    terms: &JobTerms,
    mut ours: Vec<&'l Leased>,
) -> Result<Vec<&'l Leased>, store::Error> {
    let Some(size) = terms.spec.selection.batch_groups else { return Ok(ours) };
    let size = size as usize;
    let is_whole = ours.len() >= size || ours.len() as i64 >= batches::coming(conn, terms.id).await?;
    let later = ours.split_off(if is_whole { size.min(ours.len()) } else { 0 });
    let ids: Vec<_> = later.iter().map(|group| group.id).collect();
    groups::put_off(conn, token, &ids, if is_whole { Duration::ZERO } else { BATCH_WAIT }).await?;
    Ok(ours)
}

/// Captures what the groups cost, one call per miner, in a fixed order.
async fn charge(
    cx: &Context,
    conn: &mut PgConnection,
    terms: &JobTerms,
    priced: &[Priced<'_>],
) -> Result<(), store::Error> {
    let attempts: Vec<_> =
        priced.iter().map(|Priced { chosen, .. }| (chosen.group.id, chosen.group.attempt)).collect();
    let decisions = audits::oldest(conn, &attempts).await?;
    let mut by_miner: BTreeMap<Hotkey, (i64, Vec<Charge>)> = BTreeMap::new();
    for Priced { chosen, prices } in priced {
        // a group from before audits were written down rests on none: a fraud takes what it earned, too
        let decided = decisions.get(&chosen.group.id).copied().unwrap_or(0);
        let (oldest, charges) = by_miner.entry(chosen.group.hotkey).or_insert((i64::MAX, Vec::new()));
        *oldest = decided.min(*oldest);
        for ((member, choice), price) in chosen.members.iter().zip(&chosen.selected.choices).zip(prices) {
            charges.push(Charge {
                id: terms.id.charge(chosen.group.prompt_index, member.sample_index),
                amount: *price,
                filtered: choice.filtered.is_some(),
            });
        }
    }
    for (hotkey, (oldest, charges)) in by_miner {
        let escrow = Some((cx.rules.settings.escrow, oldest));
        let share = Share { hotkey, bps: terms.price.miner_share_bps, escrow };
        ledger::capture(conn, terms.id, &share, &charges, cx.clock.now()).await?;
    }
    Ok(())
}

/// The hold cannot pay another group: ends these, and everything of the job that no miner has answered yet. Dispatch sends
/// nothing that the hold does not cover; this is the second wall.
async fn stop_spending(
    conn: &mut PgConnection,
    token: Token,
    job: JobId,
    beyond: &[&Leased],
) -> Result<i32, store::Error> {
    let cancelled = |group: &&Leased| Finished {
        id: group.id,
        state: GroupState::Cancelled,
        reason: Some(job_budget::EXHAUSTED),
    };
    groups::finish(conn, token, &beyond.iter().map(cancelled).collect::<Vec<_>>()).await?;
    let attempts: Vec<_> = beyond.iter().map(|group| (group.id, group.attempt)).collect();
    rollouts::cancel(conn, &attempts).await?;
    job_progress::note_reason(conn, job, job_budget::EXHAUSTED).await?;
    let open = groups::cancel(conn, job, true, (GroupState::Cancelled, job_budget::EXHAUSTED)).await?;
    tracing::info!(job.id = %job, "the job has reached its largest amount");
    Ok(beyond.len() as i32 + open.cancelled)
}
