//! The seed stream: the one number that each sampled token is drawn with.
//!
//! `u(i, t) = top53(SHA256("reliquary/u/1" | R_w | checkpoint | prompt id | i | t)) / 2^53`, in `[0, 1)`.
//! Nothing of the miner enters, so that many hotkeys get the same draw. The design's `be_u64 / 2^64` can round
//! up to exactly 1.0 in an f64; the top 53 bits cannot (docs/adr/0003).

use crate::hash::Transcript;
use crate::ids::{CheckpointId, PromptId, Randomness};

/// Bits of one draw: as many as an f64 holds.
pub const DRAW_BITS: u32 = 53;

/// The draws of all rollouts of one prompt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SeedStream {
    pub randomness: Randomness,
    pub checkpoint: CheckpointId,
    pub prompt: PromptId,
}

impl SeedStream {
    /// The draw for token `t` of rollout `sample`, in `[0, 1)`.
    pub fn draw(&self, sample: u32, t: u32) -> f64 {
        let hash = Transcript::new("reliquary/u/1")
            .bytes(&self.randomness.0)
            .bytes(&self.checkpoint.0)
            .bytes(&self.prompt.0)
            .u32(sample)
            .u32(t)
            .finish();
        let word = u64::from_be_bytes(hash[..8].try_into().expect("a hash has 32 bytes"));
        (word >> (u64::BITS - DRAW_BITS)) as f64 / (1_u64 << DRAW_BITS) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_are_uniform_enough_and_all_different() {
        let seeds = SeedStream {
            randomness: Randomness([1; 32]),
            checkpoint: CheckpointId([2; 32]),
            prompt: PromptId([3; 32]),
        };
        let draws: Vec<f64> = (0..4).flat_map(|i| (0..1000).map(move |t| seeds.draw(i, t))).collect();
        assert!(draws.iter().all(|u| (0.0..1.0).contains(u)));
        let mean = draws.iter().sum::<f64>() / draws.len() as f64;
        assert!((mean - 0.5).abs() < 0.02, "mean of 4000 uniform draws was {mean}");
        let mut bits: Vec<u64> = draws.iter().map(|u| u.to_bits()).collect();
        bits.sort_unstable();
        bits.dedup();
        assert_eq!(bits.len(), draws.len());
    }
}
