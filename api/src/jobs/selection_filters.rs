//! From the body to the terms of what a job keeps: filters of whole groups, the difficulty that is wanted, and the choice of
//! rollouts.

use protocol::advantage::Method;
use protocol::pick::Pick;
use protocol::selection::{Band, GroupFilter};
use sandbox::limits::REWARD_MAX;

use super::parse::Faults;
use super::selection::Job;
use super::selection_input::{DifficultyInput, GroupFilterInput, PickInput, PickStrategy};

fn needs_reward(pointer: &str, job: Job, faults: &mut Faults) {
    if !job.has_reward {
        faults.add(pointer, "needs_reward", "without rewards there is nothing to filter by");
    }
}

pub(super) fn filter(given: GroupFilterInput, job: Job, faults: &mut Faults) -> GroupFilter {
    const AT: &str = "#/selection/group_filter";
    match (given.min_std, given.mean_range, given.abs_advantage_range) {
        (Some(least), None, None) => min_std(least, job, faults),
        (None, Some(range), None) => {
            let at = format!("{AT}/mean_range");
            needs_reward(&at, job, faults);
            pair(&range, &at, faults)
                .map_or(GroupFilter::None, |(low, high)| GroupFilter::MeanRange(low, high))
        }
        (None, None, Some(most)) => {
            let at = format!("{AT}/abs_advantage_range");
            if !(0.0..=REWARD_MAX).contains(&most) {
                faults.add(&at, "out_of_range", format!("{most} is not from 0 to {REWARD_MAX}"));
            }
            needs_reward(&at, job, faults);
            GroupFilter::AbsAdvantageRange(most)
        }
        _ => {
            let detail = "give exactly one of `min_std`, `mean_range` and `abs_advantage_range`";
            faults.add(AT, "filter_form", detail);
            GroupFilter::None
        }
    }
}

fn min_std(least: f64, job: Job, faults: &mut Faults) -> GroupFilter {
    const POINTER: &str = "#/selection/group_filter/min_std";
    if !(0.0..=REWARD_MAX).contains(&least) {
        faults.add(POINTER, "out_of_range", format!("{least} is not from 0 to {REWARD_MAX}"));
    }
    needs_reward(POINTER, job, faults);
    if job.n == 1 && least > 0.0 {
        faults.add(POINTER, "group_too_small", "one reward does not vary: every group would be filtered");
    }
    GroupFilter::MinStd(least)
}

/// Two numbers in order.
fn pair(given: &[f64], at: &str, faults: &mut Faults) -> Option<(f64, f64)> {
    let known = -REWARD_MAX..=REWARD_MAX;
    if let [low, high] = *given
        && low < high
        && known.contains(&low)
        && known.contains(&high)
    {
        return Some((low, high));
    }
    let detail = format!("give two numbers from {} to {REWARD_MAX}, the smaller first", -REWARD_MAX);
    faults.add(at, "out_of_range", detail);
    None
}

pub(super) fn difficulty(given: DifficultyInput, job: Job, faults: &mut Faults) -> Option<Band> {
    const AT: &str = "#/selection/difficulty/target_mean";
    needs_reward(AT, job, faults);
    let Some(range) = given.target_mean else {
        faults.add(AT, "required", "say between which mean rewards a group is wanted");
        return None;
    };
    pair(&range, AT, faults).map(|(low, high)| Band { low, high })
}

/// Advantages that a batch will still move say nothing of a group before the batch is there, and `none` has none at all: such a
/// filter would keep every group.
pub(super) fn filters_by_known_advantages(
    filter: GroupFilter,
    method: Method,
    job: Job,
    faults: &mut Faults,
) {
    let is_known = method != Method::None && !method.needs_batch();
    if job.has_reward && !is_known && matches!(filter, GroupFilter::AbsAdvantageRange(_)) {
        let detail = format!("the method `{}` gives a group no advantages by itself", method.as_str());
        faults.add("#/selection/group_filter/abs_advantage_range", "needs_advantage", detail);
    }
}

pub(super) fn pick(given: PickInput, method: Method, job: Job, faults: &mut Faults) -> Pick {
    const AT: &str = "#/selection/rollouts/m";
    const STRATEGY: &str = "#/selection/rollouts/strategy";
    let known = "all, max_variance, top_abs_advantage, balanced";
    let strategy = faults.word(given.strategy, PickStrategy::All, STRATEGY, known);
    if strategy == PickStrategy::All {
        if given.m.is_some() {
            faults.add(AT, "not_allowed", "`all` takes every rollout");
        }
        return Pick::All;
    }
    needs_reward(STRATEGY, job, faults);
    let by_advantage = matches!(strategy, PickStrategy::TopAbsAdvantage | PickStrategy::Balanced);
    if job.has_reward && by_advantage && !method.ranks_in_group() {
        let detail =
            format!("the method `{}` does not rank the rollouts of a group by itself", method.as_str());
        faults.add(STRATEGY, "needs_advantage", detail);
    }
    let Some(m) = given.m else {
        faults.add(AT, "required", "say how many rollouts of each group are wanted");
        return Pick::All;
    };
    let m = faults.whole(m, 1..=i64::from(job.n), AT).unwrap_or(1);
    match strategy {
        PickStrategy::All => Pick::All,
        PickStrategy::MaxVariance => Pick::MaxVariance { m },
        PickStrategy::TopAbsAdvantage => Pick::TopAbsAdvantage { m },
        PickStrategy::Balanced => Pick::Balanced { m },
    }
}
