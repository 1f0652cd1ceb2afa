//! Deliver: the rows and events of settled groups. A rollout's place in its job's list is the sequence of its event.

use std::collections::BTreeMap;

use protocol::Rao;
use protocol::event::EventType;
use protocol::job::GroupState;
use protocol::rollout::{Reward, RewardReceipt};
use protocol::selection::{Choice, FilterReason};
use serde_json::json;
use store::groups::{Finished, Token};
use store::job_close::Ended;
use store::job_progress::Moved;
use store::job_terms::JobTerms;
use store::rollouts::{Member, Settled};
use store::{PgConnection, events, groups, job_progress, rollouts};

use crate::Context;
use crate::announce::Subject;
use crate::select::Chosen;
use crate::settle::Priced;

/// The reason of a group that delivers nothing, when its rollouts were filtered for different ones.
const NOTHING_SELECTED: &str = "nothing_selected";

/// How a settled group ends: `None` when something of it is delivered, else why nothing is.
fn filtered_for(chosen: &Chosen<'_>) -> Option<&'static str> {
    if let Some(reason) = chosen.selected.group_filtered {
        return Some(reason.as_str());
    }
    let mut reasons = chosen.selected.choices.iter().map(|choice| choice.filtered.map(FilterReason::as_str));
    let first = reasons.next().flatten()?;
    reasons.try_fold(first, |reason, next| {
        next.map(|next| if next == reason { reason } else { NOTHING_SELECTED })
    })
}

fn is_repeat(choice: &Choice) -> bool {
    matches!(choice.filtered, Some(FilterReason::Duplicate | FilterReason::NearDuplicate))
}

/// Writes settled groups of one job. Count what it returns with `job_close::groups_ended`, last.
pub(crate) async fn write(
    cx: &Context,
    conn: &mut PgConnection,
    terms: &JobTerms,
    token: Token,
    priced: &[Priced<'_>],
) -> Result<Ended, store::Error> {
    let now = cx.clock.now();
    let mut said = Vec::new();
    let mut settled = Vec::new();
    let (mut finished, mut signed) = (Vec::new(), Vec::new());
    let (mut ended, mut moved) = (Ended::default(), Moved::default());
    let is_client = terms.spec.reward.as_ref().is_some_and(|reward| reward.client().is_some());
    for Priced { chosen, prices } in priced {
        let subject = Subject::of(chosen.group);
        if is_client {
            // what the customer has scored itself is told and signed here: nothing of ours came to know it before
            let rewards: Vec<Option<f64>> = chosen.members.iter().map(|member| member.reward).collect();
            let failed = chosen.members.iter().filter(|member| member.error.is_some()).count();
            said.push(subject.scored(&rewards, failed));
            signed.extend(chosen.members.iter().map(|member| (member.id, client_receipt(cx, member))));
        }
        let fates = chosen.selected.choices.iter().zip(&chosen.clusters);
        for ((member, (choice, cluster)), price) in chosen.members.iter().zip(fates).zip(prices) {
            let mut sequence = None;
            if choice.filtered.is_none() {
                // for now the place in this batch; the log says where the batch starts
                sequence = Some(said.len() as i64);
                said.push(subject.rollout_verified(member, choice.advantage, *price));
            }
            settled.push(Settled {
                id: member.id,
                filtered: choice.filtered.map(FilterReason::as_str),
                advantage: choice.advantage,
                repeats_in_group: choice.repeats_in_group,
                cluster: *cluster,
                price: *price,
                sequence,
            });
        }
        let delivered = chosen.delivered();
        moved.selected += delivered as i64;
        moved.filtered += (chosen.members.len() - delivered) as i64;
        moved.duplicate += chosen.selected.choices.iter().filter(|choice| is_repeat(choice)).count() as i64;
        moved.reward_error += chosen.members.iter().filter(|member| member.error.is_some()).count() as i64;
        let reason = filtered_for(chosen);
        let (state, event) = match reason {
            None => (GroupState::Accepted, EventType::GroupAccepted),
            Some(_) => (GroupState::Filtered, EventType::GroupFiltered),
        };
        ended = ended.and(state, 1);
        finished.push(Finished { id: chosen.group.id, state, reason });
        said.push(subject.settled(event, summary(terms, chosen, prices, reason)));
    }
    let first = events::append(conn, terms.id, now, &said).await?;
    for rollout in &mut settled {
        rollout.sequence = rollout.sequence.map(|place| first + place);
    }
    rollouts::sign(conn, &signed).await?;
    rollouts::settle(conn, &settled).await?;
    groups::finish(conn, token, &finished).await?;
    job_progress::count(conn, terms.id, moved).await?;
    Ok(ended)
}

/// Says what its customer's word on a rollout was.
fn client_receipt(cx: &Context, member: &Member) -> RewardReceipt {
    let error = member.error.as_deref();
    let reward = Reward { value: member.reward, components: &member.components, error };
    RewardReceipt::of_client(&member.head, &reward, &cx.service_key)
}

fn summary(
    terms: &JobTerms,
    chosen: &Chosen<'_>,
    prices: &[Rao],
    reason: Option<&'static str>,
) -> serde_json::Value {
    // which of a group's rewards are missing is told by name; of a job without rewards none is
    let unscored: Vec<u32> = chosen
        .members
        .iter()
        .filter(|member| terms.spec.reward.is_some() && member.reward.is_none())
        .map(|member| member.sample_index)
        .collect();
    let mut filtered: BTreeMap<&str, u32> = BTreeMap::new();
    for reason in chosen.selected.choices.iter().filter_map(|choice| choice.filtered) {
        *filtered.entry(reason.as_str()).or_default() += 1;
    }
    json!({
        "reason": reason,
        "rollouts": chosen.members.len(),
        "selected": chosen.delivered(),
        "unscored": unscored,
        "stats_all": chosen.selected.stats_all,
        "stats_selected": chosen.selected.stats_selected,
        "pass_rate": chosen.selected.difficulty.pass_rate,
        "difficulty": chosen.selected.difficulty.difficulty,
        "filtered": filtered,
        "sample_weight": 1 + chosen.replaces,
        "replaced_by": chosen.replaced_by,
        "price_rao": prices.iter().copied().sum::<Rao>(),
    })
}
