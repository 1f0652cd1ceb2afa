//! Recheck: looks again at delivered rollouts that their customer asks about: the reward function, and at level `full` the model.
//!
//! It writes nothing but its own row. No audit follows and no standing moves: whoever buys rollouts could else have a
//! miner judged as often as it likes.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;

use grail::RejectReason;
use grail::tolerance::SECOND_LOOK;
use protocol::GroupId;
use protocol::recheck::{Check, Item, Level, Verdict};
use protocol::rollout::RewardReceipt;
use protocol::segment::Segment;
use store::verifications::{self, Delivered, Leased};

use crate::audit::{Judged, Look};
use crate::driver::retrying;
use crate::keep::while_held;
use crate::{Context, Error, Progress, metrics, reward};

/// How often one is begun before what could not be looked at is said to be so.
const TRIES: u32 = 3;

/// Re-checks of level `reward`.
pub async fn rewards(cx: &Arc<Context>) -> Result<Progress, Error> {
    step(cx, Level::Reward).await
}

/// Re-checks of level `full`: for who has the model.
pub async fn models(cx: &Arc<Context>) -> Result<Progress, Error> {
    step(cx, Level::Full).await
}

/// Does one. Safe to run twice, and beside itself.
async fn step(cx: &Arc<Context>, level: Level) -> Result<Progress, Error> {
    let leased = verifications::lease(&mut *cx.db.acquire().await?, level, cx.config.lease()).await?;
    let Some(leased) = leased else { return Ok(Progress::None) };
    let work = Box::pin(cx.stop.run_until_cancelled(look_at_all(cx, &leased, level)));
    let Some(done) = while_held(cx, None, || renew(cx, &leased), work).await else {
        return Ok(Progress::Some); // another has it
    };
    // what failed is begun again when the lease has expired
    let items = done.unwrap_or(Err(Error::Stopping))?;
    let now = cx.clock.now();
    retrying(cx, || async {
        verifications::conclude(&mut *cx.db.acquire().await?, &leased, &items, now).await
    })
    .await?;
    Ok(Progress::Some)
}

async fn renew(cx: &Context, leased: &Leased) -> Result<bool, store::Error> {
    verifications::renew(&mut *cx.db.acquire().await?, leased, cx.config.lease()).await
}

/// A group's rewards and verdicts, computed again. A text says what was missing.
struct Again {
    rewards: Result<Vec<Option<RewardReceipt>>, String>,
    judged: Option<Result<Vec<Judged>, String>>,
}

async fn look_at_all(cx: &Arc<Context>, leased: &Leased, level: Level) -> Result<Vec<Item>, Error> {
    let mut groups: BTreeMap<GroupId, Again> = BTreeMap::new();
    let mut items = Vec::with_capacity(leased.items.len());
    for item in &leased.items {
        let mut item = item.clone();
        if item.verdict == Verdict::Pending {
            item.checks.extend(match look_at(cx, leased, level, &mut groups, &item).await {
                Ok(checks) => checks,
                Err(error) if leased.tries < TRIES => return Err(error),
                Err(error) => {
                    metrics::step_failed("recheck");
                    let error = &error as &dyn std::error::Error;
                    tracing::error!(verification.id = %leased.id, error, "a rollout was not looked at");
                    vec![Check::new("reward", Verdict::NotChecked, Some("machine".to_owned()))]
                }
            });
            item = item.judged(true);
        }
        items.push(item);
    }
    Ok(items)
}

async fn look_at(
    cx: &Arc<Context>,
    leased: &Leased,
    level: Level,
    groups: &mut BTreeMap<GroupId, Again>,
    item: &Item,
) -> Result<Vec<Check>, Error> {
    let missing = |name: &str, what: &str| Check::new(name, Verdict::NotChecked, Some(what.to_owned()));
    let rollout = item.rollout_id.ok_or(Error::Inconsistent("a re-check of no rollout"))?;
    let found = verifications::delivered(&mut *cx.db.acquire().await?, leased.project, rollout).await?;
    let Some(delivered) = found else { return Ok(vec![missing("record", "purged")]) };
    let id = delivered.group.id;
    let again = match groups.entry(id) {
        Entry::Occupied(known) => known.into_mut(),
        Entry::Vacant(new) => new.insert(again(cx, &delivered, level, leased.tries).await?),
    };
    let sample = delivered.sample_index as usize;
    let mut checks = vec![match (&delivered.reward_receipt, &again.rewards) {
        (None, _) => Check::new("reward", Verdict::Pass, None),
        (Some(receipt), _) if receipt.is_client() => missing("reward", "function"),
        (Some(_), Err(what)) => missing("reward", what),
        (Some(receipt), Ok(all)) => {
            let same = all.get(sample).and_then(Option::as_ref).is_some_and(|own| {
                (own.receipt_hash, &own.receipt, &own.function)
                    == (receipt.receipt_hash, &receipt.receipt, &receipt.function)
            });
            Check::of("reward", if same { Ok(()) } else { Err("reward_differs".to_owned()) })
        }
    }];
    match &again.judged {
        None => {}
        Some(Err(what)) => checks.push(missing("model", what)),
        Some(Ok(judged)) => {
            let verdict = judged.get(sample).map(|judged| judged.verdict);
            let verdict = verdict.unwrap_or(Err(RejectReason::MalformedFrame));
            checks.push(Check::of("model", verdict.map_err(|reason| reason.to_string())));
        }
    }
    Ok(checks)
}

/// Computes a whole group again.
async fn again(cx: &Arc<Context>, delivered: &Delivered, level: Level, tries: u32) -> Result<Again, Error> {
    let group = &delivered.group;
    let ran_a_module = delivered.reward_receipt.as_ref().is_some_and(|receipt| !receipt.is_client());
    let rewards = if ran_a_module { score(cx, delivered, tries).await? } else { Ok(Vec::new()) };
    if level < Level::Full {
        return Ok(Again { rewards, judged: None });
    }
    let taken_in = group.taken_in.as_ref().ok_or(Error::Inconsistent("a group without its segment"))?;
    let segment = Segment::decode(&cx.objects.get(&taken_in.object_key).await?, group.hotkey);
    let segment = segment.map_err(store::Error::from)?;
    let served = match cx.served(segment.request.checkpoint).await {
        Ok(served) => served,
        Err(Error::NotServed(_)) => {
            return Ok(Again { rewards, judged: Some(Err("checkpoint".to_owned())) });
        }
        Err(error) => return Err(error),
    };
    if segment.profile.id() != served.profile_id() {
        return Ok(Again { rewards, judged: Some(Err("profile".to_owned())) });
    }
    let judging = cx.tracker.spawn_blocking(move || {
        served.models.judge(&segment, Look { differential: false, slack: SECOND_LOOK })
    });
    let judged = judging.await.map_err(|_| Error::TaskEnded("recheck"))??;
    Ok(Again { rewards, judged: Some(Ok(judged)) })
}

/// Runs the module on the whole group again.
async fn score(
    cx: &Arc<Context>,
    delivered: &Delivered,
    tries: u32,
) -> Result<Result<Vec<Option<RewardReceipt>>, String>, Error> {
    let Delivered { group, reward_receipt, .. } = delivered;
    match reward::again(cx, group).await {
        Ok(scored) => {
            let receipts: Vec<_> = scored.into_iter().map(|scored| scored.receipt).collect();
            let engine =
                |receipt: Option<&RewardReceipt>| receipt.map(|receipt| receipt.receipt["engine"].clone());
            // another version of the sandbox may count fuel otherwise: that is no fault of the reward
            let same = engine(receipts.first().and_then(Option::as_ref)) == engine(reward_receipt.as_ref());
            Ok(if same { Ok(receipts) } else { Err("engine".to_owned()) })
        }
        Err(error) if error.is_retryable() && tries < TRIES => Err(error),
        Err(error) => {
            tracing::warn!(group.id = %group.id, error = &error as &dyn std::error::Error, "a reward was not computed again");
            Ok(Err("machine".to_owned()))
        }
    }
}
