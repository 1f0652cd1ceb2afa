//! Which rollouts of a group are delivered: subsets by their rewards or advantages. Ties go to the lower place, so that the
//! same group always gives the same subset.

use serde::{Deserialize, Serialize};

/// How rollouts of an accepted group are chosen. Those without a reward are left out by every strategy but `all`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(tag = "strategy", rename_all = "snake_case", deny_unknown_fields)]
pub enum Pick {
    #[default]
    All,
    /// The `m` rewards that vary most: some of the highest and some of the lowest (PODS, arXiv 2504.13818).
    MaxVariance { m: u32 },
    /// The `m` advantages of the largest size.
    TopAbsAdvantage { m: u32 },
    /// Half of `m` with positive advantages and half with negative ones, the largest of each; where one side has too few,
    /// the other fills up.
    Balanced { m: u32 },
}

impl Pick {
    pub fn m(self) -> Option<u32> {
        match self {
            Self::All => None,
            Self::MaxVariance { m } | Self::TopAbsAdvantage { m } | Self::Balanced { m } => Some(m),
        }
    }

    /// The chosen places of `rewards` and `advantages`, which have the same length.
    pub fn choose(self, rewards: &[Option<f64>], advantages: &[Option<f64>]) -> Vec<bool> {
        let Some(m) = self.m() else { return vec![true; rewards.len()] };
        let m = m as usize;
        let chosen = match self {
            Self::All => Vec::new(),
            Self::MaxVariance { .. } => max_variance(&there(rewards), m),
            Self::TopAbsAdvantage { .. } => {
                let mut all = by_size(there(advantages));
                all.truncate(m);
                all
            }
            Self::Balanced { .. } => balanced(&there(advantages), m),
        };
        let mut mask = vec![false; rewards.len()];
        for place in chosen {
            mask[place] = true;
        }
        mask
    }
}

type Placed = (usize, f64);

fn there(values: &[Option<f64>]) -> Vec<Placed> {
    values.iter().enumerate().filter_map(|(place, value)| Some((place, (*value)?))).collect()
}

fn by_size(mut values: Vec<Placed>) -> Vec<usize> {
    values.sort_by(|(_, a), (_, b)| b.abs().total_cmp(&a.abs()));
    values.into_iter().map(|(place, _)| place).collect()
}

fn balanced(values: &[Placed], m: usize) -> Vec<usize> {
    let side =
        |sign: fn(f64) -> bool| by_size(values.iter().copied().filter(|(_, value)| sign(*value)).collect());
    let (above, below, none) =
        (side(|value| value > 0.0), side(|value| value < 0.0), side(|value| value == 0.0));
    // an odd one is a positive one
    let wanted = m.div_ceil(2);
    let from_below = (m - wanted).max(m.saturating_sub(above.len())).min(below.len());
    let from_above = (m - from_below).min(above.len());
    let rest = m - from_below - from_above;
    let mut chosen = above[..from_above].to_vec();
    chosen.extend(&below[..from_below]);
    chosen.extend(none.into_iter().take(rest));
    chosen
}

/// Of `m` values the variance is largest for the `k` highest and the `m - k` lowest, for some `k`: one sort, then running
/// sums over `k`.
fn max_variance(values: &[Placed], m: usize) -> Vec<usize> {
    let m = m.min(values.len());
    if m == 0 {
        return Vec::new();
    }
    // around the middle, so that large rewards that hardly differ do not drown in their own squares
    let middle = values.iter().map(|(_, value)| value).sum::<f64>() / values.len() as f64;
    let mut sorted: Vec<Placed> = values.iter().map(|(place, value)| (*place, value - middle)).collect();
    sorted.sort_by(|(_, a), (_, b)| a.total_cmp(b));
    let low = sums(sorted.iter());
    let high = sums(sorted.iter().rev());
    let spread = |k: usize| {
        let (sum, squares) = (high[k].0 + low[m - k].0, high[k].1 + low[m - k].1);
        squares - sum * sum / m as f64
    };
    let mut best = (0, f64::NEG_INFINITY);
    for k in 0..=m {
        if spread(k) > best.1 {
            best = (k, spread(k));
        }
    }
    let lowest = sorted[..m - best.0].iter();
    lowest.chain(&sorted[sorted.len() - best.0..]).map(|(place, _)| *place).collect()
}

/// Sum and sum of squares of the first 0, 1, 2, … values.
fn sums<'a>(values: impl Iterator<Item = &'a Placed>) -> Vec<(f64, f64)> {
    let mut all = vec![(0.0, 0.0)];
    let (mut sum, mut squares) = (0.0, 0.0);
    for (_, value) in values {
        sum += value;
        squares += value * value;
        all.push((sum, squares));
    }
    all
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn chosen(pick: Pick, values: &[f64]) -> Vec<usize> {
        let values: Vec<Option<f64>> = values.iter().copied().map(Some).collect();
        let mask = pick.choose(&values, &values);
        (0..mask.len()).filter(|place| mask[*place]).collect()
    }

    fn variance(values: &[f64]) -> f64 {
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / values.len() as f64
    }

    #[test]
    fn each_strategy_takes_what_it_says() {
        let values = [0.1, -0.9, 0.5, 0.0, -0.2, 0.4];
        assert_eq!(chosen(Pick::All, &values), [0, 1, 2, 3, 4, 5]);
        assert_eq!(chosen(Pick::MaxVariance { m: 2 }, &values), [1, 2]);
        assert_eq!(chosen(Pick::TopAbsAdvantage { m: 3 }, &values), [1, 2, 5]);
        assert_eq!(chosen(Pick::Balanced { m: 3 }, &values), [1, 2, 5]);
        assert_eq!(chosen(Pick::Balanced { m: 4 }, &values), [1, 2, 4, 5]);
        // one side has too few, then both have
        assert_eq!(chosen(Pick::Balanced { m: 4 }, &[1.0, 2.0, 3.0, -1.0]), [0, 1, 2, 3]);
        assert_eq!(chosen(Pick::Balanced { m: 4 }, &[1.0, 0.0, -3.0, -1.0, -2.0]), [0, 2, 3, 4]);
        assert_eq!(chosen(Pick::Balanced { m: 3 }, &[0.0, 0.0, 1.0, 0.0]), [0, 1, 2]);
        for pick in [Pick::MaxVariance { m: 9 }, Pick::TopAbsAdvantage { m: 9 }, Pick::Balanced { m: 9 }] {
            assert_eq!(chosen(pick, &values), [0, 1, 2, 3, 4, 5]);
            let holes = [Some(1.0), None, Some(-1.0)];
            assert_eq!(pick.choose(&holes, &holes), [true, false, true]);
            assert_eq!(pick.choose(&[None], &[None]), [false]);
        }
    }

    proptest! {
        #[test]
        fn no_other_subset_varies_more(
            // few different values, so that there are ties
            values in prop::collection::vec(prop::sample::select(vec![0.0, 1.0, 0.5, -2.0, 0.25, 3.5, 0.1]), 1..11),
            m in 1_u32..11,
        ) {
            let taken: Vec<f64> = chosen(Pick::MaxVariance { m }, &values).iter().map(|place| values[*place]).collect();
            prop_assert_eq!(taken.len(), values.len().min(m as usize));
            let most = (0_u32..1 << values.len())
                .filter(|subset| subset.count_ones() as usize == taken.len())
                .map(|subset| {
                    let of: Vec<f64> =
                        (0..values.len()).filter(|place| subset >> place & 1 == 1).map(|place| values[place]).collect();
                    variance(&of)
                })
                .fold(0.0, f64::max);
            prop_assert!((variance(&taken) - most).abs() < 1e-9, "{} of {}", variance(&taken), most);
        }

        #[test]
        fn a_balance_is_as_even_as_the_group_allows(
            values in prop::collection::vec(-1.0_f64..1.0, 0..20), m in 1_u32..20,
        ) {
            let taken = chosen(Pick::Balanced { m }, &values);
            prop_assert_eq!(taken.len(), values.len().min(m as usize));
            let above = taken.iter().filter(|place| values[**place] > 0.0).count();
            let below = taken.len() - above;
            let all_above = values.iter().filter(|value| **value > 0.0).count();
            let all_below = values.len() - all_above;
            prop_assert!(above.abs_diff(below) <= 1 || above == all_above || below == all_below);
        }
    }
}
