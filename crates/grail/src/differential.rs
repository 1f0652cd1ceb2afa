//! Level L1d, the differential test: are the committed states nearer to an alternative's than to the checkpoint's?
//!
//! `Λ = Σ_t ⟨p_m - p_c, p_a - p_c⟩ / Σ_t ‖p_a - p_c‖²` over the positions of a rollout, with `p_m` committed, `p_c`
//! recomputed with the checkpoint and `p_a` with the alternative (previous checkpoint, quantised weights). An honest
//! miner gives about 0, one that used the alternative about 1. The alternative wins when `Λ > 1/2 + z·σ/√n`; when
//! noise makes that unreachable, nothing is claimed.

use crate::calibration::Alternative;
use crate::projection::Projection;

/// Sums up one rollout against one alternative.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Differential {
    along: f64,
    apart: f64,
    positions: u32,
}

impl Differential {
    /// Adds a position: what was committed, and what the checkpoint and the alternative give (unquantised).
    pub fn add(&mut self, committed: &Projection, current: &[f32], alternative: &[f32]) {
        for ((m, c), a) in committed.components().zip(current).zip(alternative) {
            let (m, c, a) = (f64::from(m), f64::from(*c), f64::from(*a));
            self.along += (m - c) * (a - c);
            self.apart += (a - c) * (a - c);
        }
        self.positions += 1;
    }

    pub fn positions(&self) -> u32 {
        self.positions
    }

    /// Λ; 0 when the alternative gives the same states everywhere (then it cannot be told apart, nor need it be).
    pub fn lambda(&self) -> f64 {
        let lambda = self.along / self.apart;
        if lambda.is_finite() { lambda } else { 0.0 }
    }

    /// True when the alternative explains the committed states better than the checkpoint does.
    pub fn wins(&self, alternative: &Alternative) -> bool {
        self.margin(alternative) > 0.0
    }

    /// How far Λ is above the rule's threshold.
    pub fn margin(&self, alternative: &Alternative) -> f64 {
        let noise = alternative.sigma / f64::from(self.positions.max(1)).sqrt();
        self.lambda() - 0.5 - alternative.z * noise
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::projection::Width;

    fn noise(seed: &mut u64) -> f32 {
        *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((*seed >> 40) as f32 / (1u64 << 24) as f32) - 0.5
    }

    #[test]
    fn an_honest_miner_is_near_zero_a_stale_one_near_one_and_noise_claims_nothing() {
        let rule = Alternative { name: "previous".to_owned(), sigma: 1.0, z: 3.7 };
        let (mut honest, mut stale, mut short) = <(Differential, Differential, Differential)>::default();
        let mut seed = 1;
        for t in 0..256 {
            let current: Vec<f32> = (0..8).map(|_| noise(&mut seed) * 4.0).collect();
            let other: Vec<f32> = current.iter().map(|x| x + noise(&mut seed) * 0.2).collect();
            let mut committed = |of: &[f32]| {
                let noisy: Vec<f32> = of.iter().map(|x| x + noise(&mut seed) * 0.1).collect();
                Projection::quantise(Width::K8, &noisy)
            };
            let (right, wrong) = (committed(&current), committed(&other));
            honest.add(&right, &current, &other);
            stale.add(&wrong, &current, &other);
            if t < 4 {
                short.add(&wrong, &current, &other);
            }
        }
        assert!(honest.lambda().abs() < 0.1 && !honest.wins(&rule), "{honest:?}");
        assert!((stale.lambda() - 1.0).abs() < 0.1 && stale.wins(&rule), "{stale:?}");
        assert!(!short.wins(&rule), "four positions are too few for this noise");
        let mut same = Differential::default();
        same.add(&Projection::quantise(Width::K8, &[1.0; 8]), &[1.0; 8], &[1.0; 8]);
        assert!(!same.wins(&rule));
    }
}
