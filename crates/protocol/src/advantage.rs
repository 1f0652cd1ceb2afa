//! Advantages within a group of rewards, and the group filter.
//!
//! Rewards that failed are `None` and take no part: their advantage is `None` and they do not move mean or std.

use serde::{Deserialize, Serialize};

/// How rewards of a group become advantages. `μ`, `σ` are over the scored rollouts of the group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// `(r - μ) / (σ + ε)` (GRPO, arXiv 2402.03300)
    Grpo,
    /// `r - μ` (Dr. GRPO, arXiv 2503.20783)
    DrGrpo,
    /// `G/(G-1) · (r - μ)`, i.e. r minus the mean of the others (RLOO, arXiv 2402.14740)
    Rloo,
    /// No advantages: the customer computes them.
    None,
}

/// The choice of method with its two constants.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Advantage {
    pub method: Method,
    /// `ε` of `grpo`, in `[0, 1]`.
    pub eps: f64,
    /// Degrees of freedom taken off in `σ`: 0 population, 1 sample (as `torch.std`).
    pub std_ddof: u8,
}

impl Default for Advantage {
    fn default() -> Self {
        Self { method: Method::Grpo, eps: 1e-6, std_ddof: 1 }
    }
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
    let scored: Vec<f64> = rewards.iter().copied().flatten().collect();
    let n = scored.len();
    if n == 0 {
        return Stats { mean: None, std: None, n: 0 };
    }
    // rounding gives equal rewards such as 0.1 a mean that is not theirs, and `grpo` would divide that noise by itself
    let equal = scored.iter().all(|reward| *reward == scored[0]);
    let mean = if equal { scored[0] } else { scored.iter().sum::<f64>() / n as f64 };
    let squares: f64 = scored.iter().map(|reward| (reward - mean).powi(2)).sum();
    let std = (n > usize::from(ddof)).then(|| (squares / (n - usize::from(ddof)) as f64).sqrt());
    Stats { mean: Some(mean), std, n: n as u32 }
}

/// One advantage per reward; all `None` for fewer than two scored rollouts, or method `none`.
pub fn advantages(rewards: &[Option<f64>], rule: &Advantage) -> Vec<Option<f64>> {
    let stats = stats(rewards, rule.std_ddof);
    let (Some(mean), Some(std), true) = (stats.mean, stats.std, stats.n >= 2) else {
        return vec![None; rewards.len()];
    };
    let count = f64::from(stats.n);
    let of = |reward: f64| {
        let centred = reward - mean;
        match rule.method {
            // equal rewards carry no signal, even with ε = 0
            Method::Grpo if centred == 0.0 => Some(0.0),
            Method::Grpo => Some(centred / (std + rule.eps)),
            Method::DrGrpo => Some(centred),
            Method::Rloo => Some(count / (count - 1.0) * centred),
            Method::None => None,
        }
    };
    rewards.iter().map(|reward| reward.and_then(of)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn rule(method: Method) -> Advantage {
        Advantage { method, ..Advantage::default() }
    }

    #[test]
    fn reference_numbers() {
        // torch: r = [1, 0, 0, 1, 1], (r - r.mean()) / (r.std() + 1e-6)
        let rewards = [1.0, 0.0, 0.0, 1.0, 1.0].map(Some);
        let grpo = advantages(&rewards, &rule(Method::Grpo));
        assert!((grpo[0].unwrap() - 0.730_295_4).abs() < 1e-6, "{grpo:?}");
        assert!((grpo[1].unwrap() + 1.095_443_1).abs() < 1e-6, "{grpo:?}");
        let rloo = advantages(&rewards, &rule(Method::Rloo));
        assert!(
            (rloo[0].unwrap() - 0.5).abs() < 1e-12 && (rloo[1].unwrap() + 0.75).abs() < 1e-12,
            "{rloo:?}"
        );
        let centred = advantages(&rewards, &rule(Method::DrGrpo));
        assert!((centred[0].unwrap() - 0.4).abs() < 1e-12);
    }

    #[test]
    fn singletons_failures_and_equal_groups_for_every_method() {
        for method in [Method::Grpo, Method::DrGrpo, Method::Rloo, Method::None] {
            assert_eq!(advantages(&[Some(1.0)], &rule(method)), [None]);
            assert_eq!(advantages(&[Some(1.0), None], &rule(method)), [None, None]);
            assert_eq!(advantages(&[], &rule(method)), []);
            let equal = advantages(&[Some(2.0); 4], &rule(method));
            let expected = if method == Method::None { None } else { Some(0.0) };
            assert_eq!(equal, [expected; 4], "{method:?}");
        }
        let no_eps = Advantage { method: Method::Grpo, eps: 0.0, std_ddof: 0 };
        assert_eq!(advantages(&[Some(2.0); 2], &no_eps), [Some(0.0); 2]);
        // (0.1 + 0.1 + 0.1) / 3 is not 0.1 in f64
        assert_eq!(advantages(&[Some(0.1); 3], &no_eps), [Some(0.0); 3]);
    }

    proptest! {
        #[test]
        fn advantages_sum_to_zero_and_skip_failures(
            rewards in prop::collection::vec(prop::option::of(-10.0_f64..10.0), 0..32),
            method in prop::sample::select(vec![Method::Grpo, Method::DrGrpo, Method::Rloo]),
        ) {
            let out = advantages(&rewards, &rule(method));
            prop_assert_eq!(out.len(), rewards.len());
            for (reward, advantage) in rewards.iter().zip(&out) {
                prop_assert!(reward.is_some() || advantage.is_none());
            }
            let sum: f64 = out.iter().flatten().sum();
            prop_assert!(sum.abs() < 1e-6, "sum {}", sum);
        }
    }
}
