//! Which rollouts of a verified group are delivered, and at what price.
//!
//! Dedup works across groups: the same prompt and completion tokens count once per job. Inside a group repeats are
//! only flagged, since dropping them would change the reward distribution that the advantages rest on.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use grail::hash::Hash;

use crate::advantage::{Advantage, Stats, advantages, stats};

/// When a whole group is kept back.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GroupFilter {
    None,
    /// Keep groups whose population standard deviation of rewards is at least this.
    MinStd(f64),
}

/// What counts as a repeat across the groups of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Dedup {
    None,
    ExactTokens,
}

/// Why an honest rollout is not delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FilterReason {
    /// The group's rewards vary less than `min_std`: no learning signal.
    LowVariance,
    /// The same tokens were delivered from another group of the job.
    Duplicate,
    /// The reward function failed on it and the job says `on_error: reject`.
    RewardFailed,
}

impl FilterReason {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::LowVariance => "low_variance",
            Self::Duplicate => "duplicate",
            Self::RewardFailed => "reward_failed",
        }
    }
}

/// The job's rules that selection follows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rules {
    pub filter: GroupFilter,
    pub advantage: Advantage,
    pub dedup: Dedup,
    pub reject_failed_rewards: bool,
}

/// What selection sees of one verified rollout.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Candidate {
    pub reward: Option<f64>,
    pub sample_hash: Hash,
    /// Another group of the job has delivered these tokens already.
    pub seen_elsewhere: bool,
}

/// What becomes of one rollout.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Choice {
    pub filtered: Option<FilterReason>,
    pub advantage: Option<f64>,
    /// Another rollout of the same group has the same tokens.
    pub repeats_in_group: bool,
}

/// The outcome for a whole group.
#[derive(Debug, Clone, PartialEq)]
pub struct Selected {
    pub choices: Vec<Choice>,
    pub stats_all: Stats,
    pub stats_selected: Stats,
    /// Set when the whole group is filtered.
    pub group_filtered: Option<FilterReason>,
}

/// Applies filter, advantages and dedup to one verified group.
pub fn select(candidates: &[Candidate], rules: &Rules) -> Selected {
    let rewards: Vec<Option<f64>> = candidates.iter().map(|candidate| candidate.reward).collect();
    let stats_all = stats(&rewards, rules.advantage.std_ddof);
    let group_filtered = low_variance(&rewards, rules.filter).then_some(FilterReason::LowVariance);
    let advantages = advantages(&rewards, &rules.advantage);
    let mut multiplicity: HashMap<Hash, u32> = HashMap::new();
    for candidate in candidates {
        *multiplicity.entry(candidate.sample_hash).or_default() += 1;
    }
    let choices: Vec<Choice> = candidates
        .iter()
        .zip(advantages)
        .map(|(candidate, advantage)| Choice {
            filtered: group_filtered.or_else(|| filter_one(candidate, rules)),
            advantage,
            repeats_in_group: multiplicity[&candidate.sample_hash] > 1,
        })
        .collect();
    let kept: Vec<Option<f64>> = choices
        .iter()
        .zip(&rewards)
        .filter(|(choice, _)| choice.filtered.is_none())
        .map(|(_, reward)| *reward)
        .collect();
    let stats_selected = stats(&kept, rules.advantage.std_ddof);
    Selected { choices, stats_all, stats_selected, group_filtered }
}

fn low_variance(rewards: &[Option<f64>], filter: GroupFilter) -> bool {
    match filter {
        GroupFilter::None => false,
        GroupFilter::MinStd(least) => stats(rewards, 0).std.is_none_or(|std| std < least),
    }
}

fn filter_one(candidate: &Candidate, rules: &Rules) -> Option<FilterReason> {
    if rules.reject_failed_rewards && candidate.reward.is_none() {
        return Some(FilterReason::RewardFailed);
    }
    (rules.dedup == Dedup::ExactTokens && candidate.seen_elsewhere).then_some(FilterReason::Duplicate)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules() -> Rules {
        Rules {
            filter: GroupFilter::MinStd(0.24),
            advantage: Advantage::default(),
            dedup: Dedup::ExactTokens,
            reject_failed_rewards: false,
        }
    }

    fn candidate(reward: f64, hash: u8) -> Candidate {
        Candidate { reward: Some(reward), sample_hash: [hash; 32], seen_elsewhere: false }
    }

    #[test]
    fn one_in_sixteen_passes_a_floor_of_a_quarter_and_none_does_not() {
        let mut group: Vec<Candidate> = (0..16).map(|i| candidate(0.0, i)).collect();
        assert_eq!(select(&group, &rules()).group_filtered, Some(FilterReason::LowVariance));
        group[3].reward = Some(1.0);
        let selected = select(&group, &rules());
        assert_eq!(selected.group_filtered, None);
        assert!(selected.choices[3].advantage.unwrap() > 3.0);
    }

    #[test]
    fn repeats_are_flagged_inside_and_dropped_across_groups() {
        let mut group = vec![candidate(0.0, 1), candidate(1.0, 1), candidate(1.0, 2)];
        group[2].seen_elsewhere = true;
        let selected = select(&group, &rules());
        let flags: Vec<bool> = selected.choices.iter().map(|choice| choice.repeats_in_group).collect();
        assert_eq!(flags, [true, true, false]);
        assert_eq!(selected.choices[1].filtered, None);
        assert_eq!(selected.choices[2].filtered, Some(FilterReason::Duplicate));
        assert_eq!((selected.stats_all.n, selected.stats_selected.n), (3, 2));
    }

    #[test]
    fn failed_rewards_are_masked_or_rejected() {
        let mut group = vec![candidate(0.0, 1), candidate(1.0, 2), candidate(0.0, 3)];
        group[2].reward = None;
        let masked = select(&group, &rules());
        assert_eq!((masked.choices[2].filtered, masked.choices[2].advantage), (None, None));
        let strict = Rules { reject_failed_rewards: true, ..rules() };
        assert_eq!(select(&group, &strict).choices[2].filtered, Some(FilterReason::RewardFailed));
    }
}
