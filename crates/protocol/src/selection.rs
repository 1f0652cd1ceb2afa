//! Which rollouts of a verified group are delivered, with which advantages, and why the others are not.
//!
//! Filters look at the rewards as the function gave them; advantages rest on what an overlong penalty leaves of them.
//! Dedup works across groups: inside a group repeats are only flagged unless the job says `scope: group`, since dropping
//! them would change the reward distribution that the advantages rest on.

use std::collections::{BTreeMap, HashMap};

use grail::chain::Finish;
use grail::hash::Hash;
use serde::{Deserialize, Serialize};

use crate::advantage::{Advantage, BatchStats, Part, Sample, Stats, of_batch, of_group, parts, stats};
use crate::ids::RolloutId;
use crate::overlong::Overlong;
use crate::pick::Pick;

/// When a whole group is kept back.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GroupFilter {
    None,
    /// Keep groups whose population standard deviation of rewards is at least this.
    MinStd(f64),
    /// Keep groups whose mean reward is strictly between these.
    MeanRange(f64, f64),
    /// Keep groups in which some advantage is larger than this in size.
    AbsAdvantageRange(f64),
}

/// What counts as a repeat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Dedup {
    None,
    ExactTokens,
}

/// Where a repeat is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DedupScope {
    /// In the same group: repeats in it are dropped.
    Group,
    /// In the other groups of the job.
    #[default]
    Job,
    /// In everything that the project's jobs have delivered.
    Project,
}

/// Why an honest rollout is not delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FilterReason {
    /// Fewer rollouts of the group have a reward than the job asks for.
    GroupTooSmall,
    /// The group's rewards vary less than `min_std`: no learning signal.
    LowVariance,
    /// The group's mean reward is not inside `mean_range`.
    MeanOutOfRange,
    /// None of the group's advantages is larger than `abs_advantage_range`.
    SmallAdvantages,
    /// The group's mean reward is outside the job's difficulty band.
    DifficultyOutOfBand,
    /// The strategy of `selection.rollouts` chose others of its group.
    NotSelected,
    /// It was cut off and the job says `overlong: drop`.
    Overlong,
    /// The same tokens were delivered already, where the job looks for repeats.
    Duplicate,
    /// Nearly the same tokens were.
    NearDuplicate,
    /// There is no reward for it, and the job says `on_error: reject` or that the group is too small without it.
    RewardFailed,
}

impl FilterReason {
    pub const ALL: &[Self] = &[
        Self::GroupTooSmall,
        Self::LowVariance,
        Self::MeanOutOfRange,
        Self::SmallAdvantages,
        Self::DifficultyOutOfBand,
        Self::NotSelected,
        Self::Overlong,
        Self::Duplicate,
        Self::NearDuplicate,
        Self::RewardFailed,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::GroupTooSmall => "group_too_small",
            Self::LowVariance => "low_variance",
            Self::MeanOutOfRange => "mean_out_of_range",
            Self::SmallAdvantages => "small_advantages",
            Self::DifficultyOutOfBand => "difficulty_out_of_band",
            Self::NotSelected => "not_selected",
            Self::Overlong => "overlong",
            Self::Duplicate => "duplicate",
            Self::NearDuplicate => "near_duplicate",
            Self::RewardFailed => "reward_failed",
        }
    }

    /// The miner did its work and the job's own rules leave it: charged at the filtered price. Repeats, and rewards that
    /// could not be had, cost nothing.
    pub fn is_charged(self) -> bool {
        !matches!(self, Self::Duplicate | Self::NearDuplicate | Self::RewardFailed)
    }
}

/// The mean rewards that a job wants to learn from, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Band {
    pub low: f64,
    pub high: f64,
}

/// The job's rules that selection follows.
#[derive(Debug, Clone, PartialEq)]
pub struct Rules {
    /// How many rollouts of a group must have a reward; 0 without rewards, since then none is missing.
    pub min_size: u32,
    pub filter: GroupFilter,
    pub difficulty: Option<Band>,
    pub pick: Pick,
    pub advantage: Advantage,
    pub overlong: Overlong,
    pub max_tokens: u32,
    pub dedup: Dedup,
    pub scope: DedupScope,
    pub reject_failed_rewards: bool,
}

/// What selection sees of one verified rollout.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Candidate<'a> {
    pub reward: Option<f64>,
    pub components: &'a BTreeMap<String, f64>,
    pub tokens: u32,
    pub finish: Finish,
    pub sample_hash: Hash,
    /// These tokens were delivered from another group, where the job looks for repeats.
    pub seen_elsewhere: bool,
    /// A delivered rollout of another group that is nearly the same.
    pub near: Option<RolloutId>,
    /// An earlier rollout of its own group is nearly the same.
    pub near_in_group: bool,
}

/// What becomes of one rollout.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Choice {
    pub filtered: Option<FilterReason>,
    pub advantage: Option<f64>,
    /// What a batch method makes its advantage of, once the batch is known.
    pub part: Option<Part>,
    /// Another rollout of the same group has the same tokens.
    pub repeats_in_group: bool,
    /// It is delivered, but not to be learned from.
    pub is_masked: bool,
}

/// The outcome for a whole group.
#[derive(Debug, Clone, PartialEq)]
pub struct Selected {
    pub choices: Vec<Choice>,
    pub stats_all: Stats,
    pub stats_selected: Stats,
    pub difficulty: Difficulty,
    /// Set when the whole group is filtered.
    pub group_filtered: Option<FilterReason>,
}

/// How hard a prompt was for the policy that answered it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Difficulty {
    /// The share of scored rollouts whose reward is at least 1; `None` when none is scored.
    pub pass_rate: Option<f64>,
    /// 1 less the mean reward, within 0 and 1.
    pub difficulty: Option<f64>,
}

impl Difficulty {
    pub fn of(rewards: &[Option<f64>]) -> Self {
        let stats = stats(rewards, 0);
        let passed = rewards.iter().flatten().filter(|reward| **reward >= 1.0).count();
        Self {
            pass_rate: stats.mean.map(|_| passed as f64 / f64::from(stats.n)),
            difficulty: stats.mean.map(|mean| (1.0 - mean).clamp(0.0, 1.0)),
        }
    }
}

/// Applies filters, advantages, dedup and the choice of rollouts to one verified group.
pub fn select(candidates: &[Candidate<'_>], rules: &Rules) -> Selected {
    let rewards: Vec<Option<f64>> = candidates.iter().map(|candidate| candidate.reward).collect();
    let stats_all = stats(&rewards, rules.advantage.std_ddof);
    let samples: Vec<Sample<'_>> = candidates.iter().map(|candidate| sample(candidate, rules)).collect();
    let advantages = of_group(&samples, &rules.advantage);
    let parts = parts(&samples, &rules.advantage);
    // what a batch will only scale has its sign and its rank already (`Method::ranks_in_group`)
    let leanings: Vec<Option<f64>> =
        advantages.iter().zip(&parts).map(|(own, part)| own.or(part.map(|part| part.value))).collect();
    let group_filtered = filter_group(&rewards, &advantages, rules);
    let mut left: Vec<Option<FilterReason>> = Vec::with_capacity(candidates.len());
    let mut met: HashMap<Hash, u32> = HashMap::new();
    for candidate in candidates {
        let times = met.entry(candidate.sample_hash).or_default();
        *times += 1;
        left.push(match group_filtered {
            // what the group lacks is nobody's work: only the others are the job's rule's
            Some(FilterReason::GroupTooSmall) if candidate.reward.is_none() => {
                Some(FilterReason::RewardFailed)
            }
            Some(reason) => Some(reason),
            None => filter_one(candidate, *times > 1, rules),
        });
    }
    choose(&mut left, &samples, &leanings, rules.pick);
    let choices: Vec<Choice> = candidates
        .iter()
        .enumerate()
        .map(|(place, candidate)| Choice {
            filtered: left[place],
            advantage: advantages[place],
            part: parts[place],
            repeats_in_group: met[&candidate.sample_hash] > 1,
            is_masked: candidate.reward.is_none() || rules.overlong.masks(candidate.finish),
        })
        .collect();
    let kept = left.iter().zip(&rewards).filter(|(left, _)| left.is_none());
    let kept: Vec<Option<f64>> = kept.map(|(_, reward)| *reward).collect();
    let stats_selected = stats(&kept, rules.advantage.std_ddof);
    let difficulty = Difficulty::of(&rewards);
    Selected { choices, stats_all, stats_selected, difficulty, group_filtered }
}

fn sample<'a>(candidate: &Candidate<'a>, rules: &Rules) -> Sample<'a> {
    Sample {
        reward: rules.overlong.shaped(candidate.reward, candidate.tokens, rules.max_tokens),
        tokens: candidate.tokens,
        components: candidate.components,
    }
}

/// Gives the groups of one batch their advantages, and says the moments that these rest on. Over what is delivered and may
/// be learned from; a filtered group keeps none.
pub fn close_batch(batch: &mut [&mut Selected], index: u32, rule: &Advantage) -> BatchStats {
    let delivered = |choice: &&Choice| choice.filtered.is_none() && !choice.is_masked;
    let parts: Vec<Part> = batch
        .iter()
        .flat_map(|group| group.choices.iter().filter(delivered).filter_map(|choice| choice.part))
        .collect();
    let groups = batch.iter().filter(|group| group.is_delivered()).count() as u32;
    let stats = BatchStats::over(&parts, index, groups, rule);
    for group in batch.iter_mut().filter(|group| group.is_delivered()) {
        for choice in &mut group.choices {
            if let Some(part) = choice.part {
                choice.advantage = of_batch(&part, &stats, rule);
            }
        }
    }
    stats
}

impl Selected {
    /// Something of it is delivered.
    pub fn is_delivered(&self) -> bool {
        self.choices.iter().any(|choice| choice.filtered.is_none())
    }
}

fn filter_group(rewards: &[Option<f64>], advantages: &[Option<f64>], rules: &Rules) -> Option<FilterReason> {
    let stats = stats(rewards, 0);
    if stats.n < rules.min_size {
        return Some(FilterReason::GroupTooSmall);
    }
    let (reason, is_kept) = match rules.filter {
        GroupFilter::None => (FilterReason::LowVariance, true),
        GroupFilter::MinStd(least) => (FilterReason::LowVariance, stats.std.is_some_and(|std| std >= least)),
        GroupFilter::MeanRange(low, high) => {
            (FilterReason::MeanOutOfRange, stats.mean.is_some_and(|mean| low < mean && mean < high))
        }
        GroupFilter::AbsAdvantageRange(most) => {
            let mut sizes = advantages.iter().flatten().map(|advantage| advantage.abs()).peekable();
            (FilterReason::SmallAdvantages, sizes.peek().is_none() || sizes.any(|size| size > most))
        }
    };
    if !is_kept {
        return Some(reason);
    }
    let band = rules.difficulty?;
    let inside = stats.mean.is_some_and(|mean| (band.low..=band.high).contains(&mean));
    (!inside).then_some(FilterReason::DifficultyOutOfBand)
}

fn filter_one(candidate: &Candidate<'_>, is_repeat: bool, rules: &Rules) -> Option<FilterReason> {
    let in_group = rules.scope == DedupScope::Group;
    let repeats = candidate.seen_elsewhere || (in_group && is_repeat);
    if rules.reject_failed_rewards && candidate.reward.is_none() {
        Some(FilterReason::RewardFailed)
    } else if rules.dedup == Dedup::ExactTokens && repeats {
        Some(FilterReason::Duplicate)
    } else if candidate.near.is_some() || (in_group && candidate.near_in_group) {
        Some(FilterReason::NearDuplicate)
    } else if rules.overlong.drops(candidate.finish) {
        Some(FilterReason::Overlong)
    } else {
        None
    }
}

/// Of what is left, keeps what the strategy chooses.
fn choose(left: &mut [Option<FilterReason>], samples: &[Sample<'_>], leanings: &[Option<f64>], pick: Pick) {
    let there = |values: Vec<Option<f64>>| -> Vec<Option<f64>> {
        values.into_iter().zip(&*left).map(|(value, left)| value.filter(|_| left.is_none())).collect()
    };
    if pick == Pick::All {
        return;
    }
    let rewards = there(samples.iter().map(|sample| sample.reward).collect());
    let mask = pick.choose(&rewards, &there(leanings.to_vec()));
    for (left, is_chosen) in left.iter_mut().zip(mask) {
        if !is_chosen {
            *left = left.or(Some(FilterReason::NotSelected));
        }
    }
}
