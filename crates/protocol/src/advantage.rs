//! Advantages: what each rollout's reward is worth beside the others'. The formulas, and nothing of which rollouts count.
//!
//! Most methods need the group alone ([`of_group`]). The others need a batch of groups: [`parts`] is what they make of each
//! group, [`BatchStats::over`] the batch's moments, [`of_batch`] the result. What a batch is, ADR 0009 says.
//!
//! Rewards that failed are `None` and take no part: their advantage is `None` and they do not move mean or deviation. The
//! numbers are held against the frameworks' own code in `tests/golden`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Added to a variance before its root is taken, in the methods that whiten (verl, `masked_whiten`).
const WHITEN_EPS: f64 = 1e-8;

/// How rewards become advantages. `r` is a reward, `μ`, `σ` are over the scored rollouts of its group, `ε` is `eps`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// `(r - μ) / (σ + ε)` (GRPO, arXiv 2402.03300)
    Grpo,
    /// `r - μ` (Dr. GRPO, arXiv 2503.20783)
    DrGrpo,
    /// `G/(G-1) · (r - μ)`, i.e. r minus the mean of the others (RLOO, arXiv 2402.14740)
    Rloo,
    /// `(r - μ') / (σ' + ε)` over the *other* rollouts; undivided where `σ'` is 0 or there is but one other.
    LooStd,
    /// `(r - μ) / (σ_batch + ε)`: centred by the group, scaled by the batch.
    BatchStd,
    /// Whitened over the batch, every token counting once (REINFORCE++, arXiv 2501.03262)
    ReinforcePp,
    /// `r - μ`, then whitened over the batch, every token counting once.
    ReinforcePpBaseline,
    /// `(r - μ) / (μ + ε)`; 0 where `μ` is not positive (MaxRL, arXiv 2602.02710)
    MaxRl,
    /// `r` minus the mean of the group weighted by length (OPO, arXiv 2505.23585)
    Opo,
    /// The best rollout alone: its reward minus the second best (arXiv 2503.19595)
    PassK,
    /// Every component normalised in its group, their weighted sum normalised over the batch (GDPO, arXiv 2601.05242)
    Gdpo,
    /// No advantages: the customer computes them.
    None,
}

impl Method {
    pub const ALL: &[Self] = &[
        Self::Grpo,
        Self::DrGrpo,
        Self::Rloo,
        Self::LooStd,
        Self::BatchStd,
        Self::ReinforcePp,
        Self::ReinforcePpBaseline,
        Self::MaxRl,
        Self::Opo,
        Self::PassK,
        Self::Gdpo,
        Self::None,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Grpo => "grpo",
            Self::DrGrpo => "dr_grpo",
            Self::Rloo => "rloo",
            Self::LooStd => "loo_std",
            Self::BatchStd => "batch_std",
            Self::ReinforcePp => "reinforce_pp",
            Self::ReinforcePpBaseline => "reinforce_pp_baseline",
            Self::MaxRl => "max_rl",
            Self::Opo => "opo",
            Self::PassK => "pass_k",
            Self::Gdpo => "gdpo",
            Self::None => "none",
        }
    }

    /// Which advantages of a group are larger, and on which side of 0 they are, is known before any batch is: so by the group's
    /// own methods, and by `batch_std`, which a batch only scales. The other batches shift what they scale.
    pub fn ranks_in_group(self) -> bool {
        !matches!(self, Self::ReinforcePp | Self::ReinforcePpBaseline | Self::Gdpo | Self::None)
    }

    /// Its numbers rest on more than one group.
    pub fn needs_batch(self) -> bool {
        matches!(self, Self::BatchStd | Self::ReinforcePp | Self::ReinforcePpBaseline | Self::Gdpo)
    }
}

/// The choice of method with its constants.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Advantage {
    pub method: Method,
    /// `ε` of `grpo`, `loo_std`, `batch_std`, `max_rl` and `gdpo`, in `[0, 1]`.
    pub eps: f64,
    /// Degrees of freedom taken off in every deviation: 0 population, 1 sample (as `torch.std`).
    pub std_ddof: u8,
    /// Of `gdpo`: the weight of each named component, 1 for one that is not named.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub component_weights: BTreeMap<String, f64>,
}

impl Default for Advantage {
    fn default() -> Self {
        Self { method: Method::Grpo, eps: 1e-6, std_ddof: 1, component_weights: BTreeMap::new() }
    }
}

/// What a method sees of one rollout.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sample<'a> {
    /// What the advantage rests on: the reward, after any overlong penalty.
    pub reward: Option<f64>,
    pub tokens: u32,
    /// The named parts of its reward.
    pub components: &'a BTreeMap<String, f64>,
}

/// Mean and standard deviation of the scored rollouts of a group.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stats {
    pub mean: Option<f64>,
    /// With the job's `std_ddof`; `None` when fewer rollouts are scored than it needs.
    pub std: Option<f64>,
    pub n: u32,
}

/// The statistics of the rewards that are there.
pub fn stats(rewards: &[Option<f64>], ddof: u8) -> Stats {
    let scored: Vec<(f64, u64)> = rewards.iter().flatten().map(|reward| (*reward, 1)).collect();
    let moments = moments(&scored, ddof);
    Stats {
        mean: moments.map(|(mean, _)| mean),
        std: moments.and_then(|(_, std)| std),
        n: scored.len() as u32,
    }
}

/// Mean and, where there are enough of them, deviation of values that count so many times each.
fn moments(values: &[(f64, u64)], ddof: u8) -> Option<(f64, Option<f64>)> {
    let count: u64 = values.iter().map(|(_, times)| times).sum();
    let first = values.iter().find(|(_, times)| *times > 0)?.0;
    // rounding gives equal rewards such as 0.1 a mean that is not theirs, and a division would blow that noise up
    let equal = values.iter().all(|(value, times)| *times == 0 || *value == first);
    let sum: f64 = values.iter().map(|(value, times)| value * *times as f64).sum();
    let mean = if equal { first } else { sum / count as f64 };
    let squares: f64 = values.iter().map(|(value, times)| (value - mean).powi(2) * *times as f64).sum();
    let std = (count > u64::from(ddof)).then(|| (squares / (count - u64::from(ddof)) as f64).sqrt());
    Some((mean, std))
}

/// One advantage per rollout, by a method that needs the group alone. All `None` for fewer than two scored rollouts, for
/// method `none`, and for methods that need a batch.
pub fn of_group(group: &[Sample<'_>], rule: &Advantage) -> Vec<Option<f64>> {
    let rewards: Vec<Option<f64>> = group.iter().map(|sample| sample.reward).collect();
    let stats = stats(&rewards, rule.std_ddof);
    let (Some(mean), Some(std), true) = (stats.mean, stats.std, stats.n >= 2) else {
        return vec![None; group.len()];
    };
    let count = f64::from(stats.n);
    let each = |of: &dyn Fn(f64) -> f64| rewards.iter().map(|reward| reward.map(of)).collect();
    match rule.method {
        Method::Grpo => each(&|reward| scaled(reward - mean, std + rule.eps)),
        Method::DrGrpo => each(&|reward| reward - mean),
        Method::Rloo => each(&|reward| count / (count - 1.0) * (reward - mean)),
        Method::LooStd => leave_one_out(&rewards, rule),
        // a group without a positive mean has no success to weigh
        Method::MaxRl => {
            each(&|reward| if mean > 0.0 { scaled(reward - mean, mean + rule.eps) } else { 0.0 })
        }
        Method::Opo => {
            let baseline = length_weighted(group).unwrap_or(mean);
            each(&|reward| reward - baseline)
        }
        Method::PassK => pass_k(&rewards),
        Method::BatchStd
        | Method::ReinforcePp
        | Method::ReinforcePpBaseline
        | Method::Gdpo
        | Method::None => {
            vec![None; group.len()]
        }
    }
}

/// A division where nothing stays nothing, even with a divisor of 0.
fn scaled(centred: f64, divisor: f64) -> f64 {
    if centred == 0.0 { 0.0 } else { centred / divisor }
}

fn leave_one_out(rewards: &[Option<f64>], rule: &Advantage) -> Vec<Option<f64>> {
    let of = |(index, reward): (usize, &Option<f64>)| {
        let reward = (*reward)?;
        let others = rewards.iter().enumerate().filter(|(other, _)| *other != index);
        let others: Vec<Option<f64>> = others.map(|(_, other)| *other).collect();
        let others = stats(&others, rule.std_ddof);
        let centred = reward - others.mean?;
        // others that do not vary say nothing about scale
        Some(others.std.filter(|std| *std > 0.0).map_or(centred, |std| centred / (std + rule.eps)))
    };
    rewards.iter().enumerate().map(of).collect()
}

/// `Σℓr / Σℓ` over what is scored; `None` when none of it has a token.
fn length_weighted(group: &[Sample<'_>]) -> Option<f64> {
    let scored: Vec<(f64, u64)> =
        group.iter().filter_map(|sample| Some((sample.reward?, u64::from(sample.tokens)))).collect();
    moments(&scored, 0).map(|(mean, _)| mean)
}

/// The first of the best gets what it is ahead of the second; the others get 0.
fn pass_k(rewards: &[Option<f64>]) -> Vec<Option<f64>> {
    let mut order: Vec<usize> = (0..rewards.len()).filter(|index| rewards[*index].is_some()).collect();
    order.sort_by(|a, b| rewards[*b].unwrap_or(0.0).total_cmp(&rewards[*a].unwrap_or(0.0)));
    let ahead = match order[..] {
        [best, second, ..] => rewards[best].zip(rewards[second]).map(|(best, second)| best - second),
        _ => None,
    };
    let of = |(index, reward): (usize, &Option<f64>)| {
        reward.map(|_| if order.first() == Some(&index) { ahead.unwrap_or(0.0) } else { 0.0 })
    };
    rewards.iter().enumerate().map(of).collect()
}

/// What a batch method makes of one rollout before it sees the batch.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Part {
    /// What is scaled by the batch.
    pub value: f64,
    /// What enters the batch's moments, and how often.
    pub sample: f64,
    pub times: u32,
}

/// The parts of one group; `None` for rollouts without a reward, for groups of fewer than two scored rollouts, and for
/// methods that need no batch.
pub fn parts(group: &[Sample<'_>], rule: &Advantage) -> Vec<Option<Part>> {
    let rewards: Vec<Option<f64>> = group.iter().map(|sample| sample.reward).collect();
    let stats = stats(&rewards, rule.std_ddof);
    let (Some(mean), true) = (stats.mean, stats.n >= 2) else { return vec![None; group.len()] };
    let whole = |of: &dyn Fn(f64, u32) -> Part| {
        group.iter().map(|sample| sample.reward.map(|reward| of(reward, sample.tokens))).collect()
    };
    match rule.method {
        Method::BatchStd => whole(&|reward, _| Part { value: reward - mean, sample: reward, times: 1 }),
        Method::ReinforcePp => whole(&|reward, tokens| Part { value: reward, sample: reward, times: tokens }),
        Method::ReinforcePpBaseline => whole(&|reward, tokens| {
            let value = reward - mean;
            Part { value, sample: value, times: tokens }
        }),
        Method::Gdpo => {
            let sums = component_sums(group, rule);
            sums.into_iter().map(|sum| sum.map(|value| Part { value, sample: value, times: 1 })).collect()
        }
        _ => vec![None; group.len()],
    }
}

/// The weighted sum of every component's own `(c - μ_c) / (σ_c + ε)`. A reward without components is its own only one. A
/// component that a rollout lacks, or that does not vary, adds nothing.
fn component_sums(group: &[Sample<'_>], rule: &Advantage) -> Vec<Option<f64>> {
    let whole = BTreeMap::new();
    let scored = || group.iter().filter(|sample| sample.reward.is_some());
    let names: std::collections::BTreeSet<&str> =
        scored().flat_map(|sample| sample.components.keys().map(String::as_str)).collect();
    let mut sums: Vec<Option<f64>> = group.iter().map(|sample| sample.reward.map(|_| 0.0)).collect();
    let mut add = |values: &[Option<f64>], weight: f64| {
        let stats = stats(values, rule.std_ddof);
        let (Some(mean), Some(std)) = (stats.mean, stats.std) else { return };
        for (sum, value) in sums.iter_mut().zip(values) {
            if let (Some(sum), Some(value)) = (sum, value) {
                *sum += weight * scaled(value - mean, std + rule.eps);
            }
        }
    };
    if names.is_empty() {
        let rewards: Vec<Option<f64>> = group.iter().map(|sample| sample.reward).collect();
        add(&rewards, 1.0);
    }
    for name in names {
        let of = |sample: &Sample<'_>| {
            let components = if sample.reward.is_some() { sample.components } else { &whole };
            components.get(name).copied()
        };
        let values: Vec<Option<f64>> = group.iter().map(of).collect();
        add(&values, rule.component_weights.get(name).copied().unwrap_or(1.0));
    }
    sums
}

/// The moments of a batch, as they are delivered with every rollout of it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BatchStats {
    /// Batches of a job count from 0, in the order in which they were accepted.
    pub index: u32,
    /// Groups of it that were accepted.
    pub groups: u32,
    /// How many values the moments are over: rollouts, or tokens in the methods that count these.
    pub n: u64,
    pub mean: f64,
    pub std: f64,
}

impl BatchStats {
    /// Over the parts of the rollouts that are delivered and may be learned from. Too few give 0 and 0.
    pub fn over(parts: &[Part], index: u32, groups: u32, rule: &Advantage) -> Self {
        let values: Vec<(f64, u64)> = parts.iter().map(|part| (part.sample, u64::from(part.times))).collect();
        let (mean, std) = moments(&values, rule.std_ddof).unwrap_or_default();
        let n = values.iter().map(|(_, times)| times).sum();
        Self { index, groups, n, mean, std: std.unwrap_or_default() }
    }
}

/// What a part is worth in its batch.
pub fn of_batch(part: &Part, batch: &BatchStats, rule: &Advantage) -> Option<f64> {
    match rule.method {
        Method::BatchStd => Some(scaled(part.value, batch.std + rule.eps)),
        Method::ReinforcePp | Method::ReinforcePpBaseline => {
            Some((part.value - batch.mean) / (batch.std.powi(2) + WHITEN_EPS).sqrt())
        }
        Method::Gdpo => Some(scaled(part.value - batch.mean, batch.std + rule.eps)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NO_PARTS: &BTreeMap<String, f64> = &BTreeMap::new();

    fn rule(method: Method) -> Advantage {
        Advantage { method, ..Advantage::default() }
    }

    fn group(rewards: &[Option<f64>]) -> Vec<Sample<'static>> {
        rewards.iter().map(|reward| Sample { reward: *reward, tokens: 3, components: NO_PARTS }).collect()
    }

    /// Of one group that is a batch by itself, whatever the method.
    fn alone(rewards: &[Option<f64>], rule: &Advantage) -> Vec<Option<f64>> {
        let group = group(rewards);
        if !rule.method.needs_batch() {
            return of_group(&group, rule);
        }
        let parts = parts(&group, rule);
        let batch = BatchStats::over(&parts.iter().flatten().copied().collect::<Vec<_>>(), 0, 1, rule);
        parts.iter().map(|part| part.and_then(|part| of_batch(&part, &batch, rule))).collect()
    }

    #[test]
    fn a_method_has_one_word() {
        for method in Method::ALL {
            assert_eq!(serde_json::to_value(method).unwrap(), method.as_str());
        }
    }

    #[test]
    fn singletons_failures_and_equal_groups_for_every_method() {
        for method in Method::ALL.iter().copied() {
            assert_eq!(alone(&[Some(1.0)], &rule(method)), [None]);
            assert_eq!(alone(&[Some(1.0), None], &rule(method)), [None, None]);
            assert_eq!(alone(&[], &rule(method)), []);
            assert_eq!(alone(&[None, None], &rule(method)), [None, None]);
            let expected = if method == Method::None { None } else { Some(0.0) };
            for equal in [2.0, 0.1, 0.0] {
                for (eps, std_ddof) in [(1e-6, 1), (0.0, 0)] {
                    let rule = Advantage { eps, std_ddof, ..rule(method) };
                    // (0.1 + 0.1 + 0.1) / 3 is not 0.1 in f64
                    assert_eq!(alone(&[Some(equal); 3], &rule), [expected; 3], "{method:?} {equal}");
                }
            }
        }
    }

    /// What a batch leaves in place, and what it moves.
    #[test]
    fn a_method_that_ranks_in_its_group_keeps_its_order_in_any_batch() {
        let group = group(&[Some(1.0), Some(0.0), Some(0.9)]);
        let in_batch = |method, mean| {
            let rule = rule(method);
            let batch = BatchStats { index: 0, groups: 1, n: 9, mean, std: 0.5 };
            let worth = |part: Option<Part>| part.and_then(|part| of_batch(&part, &batch, &rule));
            let worth: Vec<f64> = parts(&group, &rule).into_iter().filter_map(worth).collect();
            let mut order: Vec<usize> = (0..worth.len()).collect();
            order.sort_by(|a, b| worth[*b].abs().total_cmp(&worth[*a].abs()));
            (order, worth.iter().map(|worth| *worth > 0.0).collect::<Vec<_>>())
        };
        for method in Method::ALL.iter().copied().filter(|method| method.needs_batch()) {
            let stays = in_batch(method, 0.0) == in_batch(method, 0.9);
            assert_eq!(stays, method.ranks_in_group(), "{method:?}");
        }
        let own = Method::ALL.iter().filter(|method| !method.needs_batch() && !method.ranks_in_group());
        assert_eq!(own.copied().collect::<Vec<_>>(), [Method::None]);
    }

    #[test]
    fn a_failed_reward_changes_nothing_for_the_others() {
        for method in Method::ALL.iter().copied() {
            let rewards = [Some(1.0), Some(0.0), Some(0.5), Some(0.0)];
            let with = [rewards[0], None, rewards[1], rewards[2], None, rewards[3]];
            let among: Vec<Option<f64>> = alone(&with, &rule(method));
            assert_eq!((among[1], among[4]), (None, None));
            let others: Vec<Option<f64>> = [0, 2, 3, 5].iter().map(|index| among[*index]).collect();
            assert_eq!(others, alone(&rewards, &rule(method)), "{method:?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_centred_sums_to_zero_and_failures_are_skipped(
            rewards in prop::collection::vec(prop::option::of(-10.0_f64..10.0), 0..32),
            method in prop::sample::select(Method::ALL.to_vec()),
        ) {
            let out = alone(&rewards, &rule(method));
            prop_assert_eq!(out.len(), rewards.len());
            for (reward, advantage) in rewards.iter().zip(&out) {
                prop_assert!(reward.is_some() || advantage.is_none());
                prop_assert!(advantage.is_none_or(f64::is_finite));
            }
            let centred = !matches!(method, Method::LooStd | Method::PassK | Method::None);
            let sum: f64 = out.iter().flatten().sum();
            // a mean that is nearly nothing makes max_rl's numbers large
            let scale: f64 = out.iter().flatten().map(|advantage| advantage.abs()).sum();
            prop_assert!(!centred || sum.abs() <= 1e-9 * (1.0 + scale), "sum {}", sum);
        }
    }
}
