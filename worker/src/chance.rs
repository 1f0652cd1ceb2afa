//! Small chances: jitter of the loops and the pick among miners. Seeded from outside; nothing of a proof depends on it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// SplitMix64, shared by all tasks.
#[derive(Debug)]
pub(crate) struct Chance(AtomicU64);

impl Chance {
    pub(crate) fn new(seed: u64) -> Self {
        Self(AtomicU64::new(seed))
    }

    /// In `[0, 1)`.
    fn next(&self) -> f64 {
        const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
        let mut z = self.0.fetch_add(STEP, Ordering::Relaxed).wrapping_add(STEP);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// In `[0, 1)`.
    pub(crate) fn share(&self) -> f64 {
        self.next()
    }

    /// True in this share of the calls.
    pub(crate) fn happens(&self, share: f64) -> bool {
        self.next() < share
    }

    /// Half to one and a half times `around`, so that processes do not move in step.
    pub(crate) fn jitter(&self, around: Duration) -> Duration {
        around.mul_f64(0.5 + self.next())
    }

    /// An index, drawn in proportion to its weight. `None` when there is nothing to draw from.
    pub(crate) fn weighted(&self, weights: &[f64]) -> Option<usize> {
        let total: f64 = weights.iter().sum();
        let mut left = self.next() * total;
        for (index, weight) in weights.iter().enumerate() {
            left -= weight;
            if left < 0.0 {
                return Some(index);
            }
        }
        weights.len().checked_sub(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_follow_their_weights() {
        let chance = Chance::new(7);
        let mut hits = [0_u32; 3];
        for _ in 0..10_000 {
            hits[chance.weighted(&[1.0, 0.0, 3.0]).unwrap()] += 1;
        }
        assert!((2_200..2_800).contains(&hits[0]) && hits[1] == 0, "{hits:?}");
        assert_eq!(chance.weighted(&[]), None);
        let jitter = chance.jitter(Duration::from_secs(1));
        assert!((500..1_500).contains(&jitter.as_millis()), "{jitter:?}");
    }
}
