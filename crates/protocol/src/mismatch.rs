//! How far committed log-probs are from recomputed ones: what a trainer calls the trainer-sampler mismatch.
//!
//! With `d = v - m` per token (v recomputed, m committed): the mean of `|d|`, the largest `|d|`, and the estimate
//! `mean of exp(d) - 1 - d` of KL(miner ‖ verifier), which is never negative (k3 of Schulman, "Approximating KL
//! divergence", 2020). All are 0 in engine class `exact`.

use serde::Serialize;

/// Sums over audited tokens.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Mismatch {
    pub tokens: i64,
    pub abs_sum: f64,
    pub kl_sum: f64,
    pub max: f64,
}

/// What is shown of it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct MismatchMeans {
    pub tokens: i64,
    pub mean_abs: f64,
    pub max_abs: f64,
    pub kl: f64,
}

impl Mismatch {
    /// Adds one rollout.
    pub fn add(&mut self, committed: impl IntoIterator<Item = f32>, recomputed: &[f32]) {
        for (m, v) in committed.into_iter().zip(recomputed) {
            let d = f64::from(*v) - f64::from(m);
            self.tokens += 1;
            self.abs_sum += d.abs();
            self.kl_sum += d.exp_m1() - d;
            self.max = self.max.max(d.abs());
        }
    }

    pub fn merge(&mut self, other: &Self) {
        self.tokens += other.tokens;
        self.abs_sum += other.abs_sum;
        self.kl_sum += other.kl_sum;
        self.max = self.max.max(other.max);
    }

    /// `None` when nothing was audited.
    pub fn means(&self) -> Option<MismatchMeans> {
        let n = self.tokens as f64;
        (self.tokens > 0).then(|| MismatchMeans {
            tokens: self.tokens,
            mean_abs: self.abs_sum / n,
            max_abs: self.max,
            kl: self.kl_sum / n,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_log_probs_have_none_and_others_the_documented_means() {
        let mut mismatch = Mismatch::default();
        assert_eq!(mismatch.means(), None);
        mismatch.add([-1.0, -2.0], &[-1.0, -2.0]);
        assert_eq!(
            mismatch.means().map(|means| (means.tokens, means.mean_abs, means.kl)),
            Some((2, 0.0, 0.0))
        );
        mismatch.add([-1.0, -2.0], &[-1.5, -1.5]);
        let means = mismatch.means().unwrap();
        assert_eq!((means.tokens, means.mean_abs, means.max_abs), (4, 0.25, 0.5));
        let kl = ((-0.5_f64).exp() - 0.5 + 0.5_f64.exp() - 1.5) / 4.0;
        assert!((means.kl - kl).abs() < 1e-12);
    }
}
