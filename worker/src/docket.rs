//! The docket: which leased groups are audited now, which pass on their draw, and which must wait for theirs.
//!
//! A decision rests on facts that are read before the model runs; a group that passes unaudited has them read again under
//! the miner's lock ([`still_passes`]), so that nothing slips through beside an alarm.

use std::collections::HashMap;
use std::time::Duration;

use ::audit::lottery;
use ::audit::{Decision, Facts, Standing, Why};
use beacon::VerifiedRound;
use protocol::GroupId;
use protocol::advantage::{Advantage, Method, Sample, of_group};
use store::audits::{self, Asked, Drawn, Pending};
use store::groups::Leased;
use store::rollouts;

use crate::{Context, Error};

/// What is to be done with one leased group.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Entry {
    /// `failed`: how the audits of this group before this one went.
    Audit { asked: Asked, failed: Vec<bool> },
    /// Left to its draw, and not drawn.
    Pass { asked: Asked },
    /// Nothing before this time is over.
    Wait(Duration),
}

/// Decides on each of these groups, in their order.
pub(crate) async fn entries(cx: &Context, groups: &[Leased]) -> Result<Vec<Entry>, Error> {
    let ids: Vec<GroupId> = groups.iter().map(|group| group.id).collect();
    let mut conn = cx.db.acquire().await?;
    let mut pending = audits::pending(&mut conn, &ids).await?;
    let sampled: Vec<(GroupId, u32)> = groups
        .iter()
        .filter(|group| pending.get(&group.id).is_some_and(|pending| pending.verification.p().is_some()))
        .map(|group| (group.id, group.attempt))
        .collect();
    let largest = largest_advantages(&mut conn, &sampled).await?;
    drop(conn);
    let mut entries = Vec::with_capacity(groups.len());
    for group in groups {
        let pending =
            pending.remove(&group.id).ok_or(Error::Inconsistent("a scored group without its receipt"))?;
        entries.push(entry(cx, group, &pending, largest.get(&group.id).copied()).await?);
    }
    Ok(entries)
}

async fn entry(
    cx: &Context,
    group: &Leased,
    pending: &Pending,
    advantage: Option<f64>,
) -> Result<Entry, Error> {
    let taken_in = group.taken_in.as_ref().ok_or(Error::Inconsistent("a group without its segment"))?;
    let failed: Vec<bool> = pending.sittings.iter().map(|sitting| sitting.failed).collect();
    let Pending { checkpoint, round, standing, .. } = pending;
    let p = pending.verification.p();
    let facts = Facts::new(p, !failed.is_empty(), standing, &checkpoint.0, advantage);
    let asked = |decision, drawn| Asked {
        decision,
        facts,
        checkpoint: *checkpoint,
        root: taken_in.root,
        round: *round,
        drawn,
    };
    if let Ok(why) = cx.rules.settings.policy.forced(&facts) {
        return Ok(match wait_for_another(cx, pending) {
            Some(wait) => Entry::Wait(wait),
            None => Entry::Audit { asked: asked(Decision::Forced(why), None), failed },
        });
    }
    let drawn = match at_its_round(cx, *round).await {
        Ok(round) => round,
        Err(wait) => return Ok(Entry::Wait(wait)),
    };
    let Some(round) = drawn else {
        return Ok(Entry::Audit { asked: asked(Decision::Forced(Why::NoBeacon), None), failed });
    };
    let draw = lottery::draw(round.randomness().as_bytes(), &taken_in.root);
    let beacon =
        serde_json::to_value(round.round()).map_err(|_| Error::Inconsistent("a round without JSON"))?;
    let decision = cx.rules.settings.policy.decide(&facts, || Some(draw));
    let asked = asked(decision, Some(Drawn { draw, beacon }));
    Ok(if decision.is_audit() { Entry::Audit { asked, failed } } else { Entry::Pass { asked } })
}

/// A second look is worth most from another verifier: whoever looked last lets the others go first.
fn wait_for_another(cx: &Context, pending: &Pending) -> Option<Duration> {
    let last = pending.sittings.last().filter(|sitting| sitting.verifier == cx.verifier)?;
    let waited = (cx.clock.now() - last.at).to_std().unwrap_or_default();
    Duration::from_millis(cx.config.second_opinion_ms).checked_sub(waited).filter(|wait| !wait.is_zero())
}

/// The round, `None` when the beacon has kept it from us for too long, or how long to wait.
async fn at_its_round(cx: &Context, number: u64) -> Result<Option<VerifiedRound>, Duration> {
    let now_ms = cx.now_ms();
    let due_ms = cx.beacon.schedule().time_of_ms(number);
    if now_ms < due_ms {
        return Err(Duration::from_millis(due_ms - now_ms));
    }
    match cx.beacon.round(number, now_ms).await {
        Ok(Some(round)) => return Ok(Some(round)),
        Ok(None) => {}
        Err(error) => {
            tracing::warn!(round = number, error = &error as &dyn std::error::Error, "no beacon round");
        }
    }
    let late_ms = now_ms - due_ms;
    if late_ms >= cx.config.beacon_patience_ms {
        return Ok(None);
    }
    // twice as long each time, as long as it is late already
    Err(Duration::from_millis(late_ms.clamp(500, cx.config.beacon_patience_ms.max(500))))
}

/// Takes the decision on an unaudited group once more, with what its miner is now.
pub(crate) fn still_passes(cx: &Context, asked: &Asked, standing: &Standing) -> Option<Asked> {
    let Facts { p, suspected, advantage, .. } = asked.facts;
    let facts = Facts::new(p, suspected, standing, &asked.checkpoint.0, advantage);
    let draw = asked.drawn.as_ref()?.draw;
    let decision = cx.rules.settings.policy.decide(&facts, || Some(draw));
    (decision == Decision::NotDrawn).then(|| Asked { facts, decision, ..asked.clone() })
}

/// The largest advantage by size of each group, in standard deviations, whatever the job's own method is.
async fn largest_advantages(
    conn: &mut store::PgConnection,
    attempts: &[(GroupId, u32)],
) -> Result<HashMap<GroupId, f64>, Error> {
    if attempts.is_empty() {
        return Ok(HashMap::new());
    }
    let rule = Advantage { method: Method::Grpo, eps: 0.0, std_ddof: 0, ..Advantage::default() };
    let members = rollouts::members(conn, attempts).await?;
    let largest = members.into_iter().filter_map(|(id, members)| {
        let samples: Vec<Sample<'_>> = members.iter().map(sample).collect();
        let sizes = of_group(&samples, &rule).into_iter().flatten().map(f64::abs);
        Some((id, sizes.max_by(f64::total_cmp)?))
    });
    Ok(largest.collect())
}

fn sample(member: &rollouts::Member) -> Sample<'_> {
    Sample { reward: member.reward, tokens: member.completion_tokens, components: &member.components }
}
