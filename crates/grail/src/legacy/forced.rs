//! The deployed forced-seed sampler: a public draw per token, and the token that it dictates.
//!
//! The arithmetic is torch's on the CPU: f32 throughout, with cumulative sums carried in f64 and rounded to f32. The last
//! unit of an f32 softmax differs between torch builds, so a draw within 1e-7 of a step may land on either side of it; a
//! draw that rounds to 1 always is that close. Probabilities that tie at the top-p boundary stay in token order.

use sha2::{Digest, Sha256};

use super::Error;

/// What one draw depends on.
#[derive(Debug, Clone, Copy)]
pub struct Draw<'a> {
    /// `reliquary-forced-seed-v4` and its predecessors.
    pub domain: &'a str,
    /// The window randomness as text: hashed as written, not decoded.
    pub randomness: &'a str,
    pub prompt: u64,
    pub checkpoint: &'a str,
    pub rollout: u32,
    pub position: u32,
}

/// How logits become probabilities. `top_k` 0 and `top_p` of 0 or of 1 and above switch those steps off.
#[derive(Debug, Clone, Copy)]
pub struct Sampler {
    pub temperature: f64,
    pub top_k: usize,
    pub top_p: f64,
}

/// A token and the largest probability it was drawn against.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pick {
    pub token: usize,
    pub max_probability: f32,
}

impl Draw<'_> {
    /// `u = be64(SHA256(domain ‖ LP16(randomness) ‖ be64 prompt ‖ LP16(checkpoint) ‖ be32 rollout ‖ be32 t)[0..8]) / 2^64`.
    pub fn uniform(&self) -> Result<f64, Error> {
        let mut hash = Sha256::new_with_prefix(self.domain);
        hash.update(length(self.randomness, "the randomness")?);
        hash.update(self.randomness);
        hash.update(self.prompt.to_be_bytes());
        hash.update(length(self.checkpoint, "the checkpoint")?);
        hash.update(self.checkpoint);
        hash.update(self.rollout.to_be_bytes());
        hash.update(self.position.to_be_bytes());
        let digest = hash.finalize();
        let bits = digest[..8].iter().fold(0_u64, |bits, byte| bits << 8 | u64::from(*byte));
        Ok(bits as f64 / 2_f64.powi(64))
    }
}

impl Sampler {
    /// The first token whose cumulative probability exceeds `u`; the last one when rounding leaves none.
    pub fn pick(&self, logits: &[f32], u: f64) -> Result<Pick, Error> {
        let probabilities = self.probabilities(logits)?;
        let max_probability = probabilities.iter().copied().fold(0.0, f32::max);
        let u = u as f32;
        let token = cumulative(&probabilities).position(|total| total > u).unwrap_or(logits.len() - 1);
        Ok(Pick { token, max_probability })
    }

    /// Temperature, then top-k, then top-p, then renormalised, in token order.
    fn probabilities(&self, logits: &[f32]) -> Result<Vec<f32>, Error> {
        if logits.is_empty() {
            return Err(Error::Sampler("no logits"));
        }
        let temperature = self.temperature as f32;
        if !(temperature > 0.0 && temperature.is_finite()) {
            return Err(Error::Sampler("the temperature is not a positive number"));
        }
        let mut scaled: Vec<f32> = logits.iter().map(|logit| logit / temperature).collect();
        if self.top_k > 0 {
            keep_top_k(&mut scaled, self.top_k);
        }
        let mut probabilities = softmax(&scaled)?;
        // Python's `if top_p and top_p < 1.0`
        if self.top_p != 0.0 && self.top_p < 1.0 {
            keep_top_p(&mut probabilities, self.top_p as f32);
        }
        let total = sum(&probabilities);
        if total <= 0.0 {
            return Err(Error::Sampler("no probability is left"));
        }
        Ok(probabilities.into_iter().map(|probability| probability / total).collect())
    }
}

/// Everything below the k-th largest goes; ties with it stay.
fn keep_top_k(scaled: &mut [f32], k: usize) {
    let mut sorted = scaled.to_vec();
    sorted.sort_unstable_by(|a, b| b.total_cmp(a));
    let kth = sorted[k.min(sorted.len()) - 1];
    for value in scaled.iter_mut().filter(|value| **value < kth) {
        *value = f32::NEG_INFINITY;
    }
}

/// Keeps the most likely tokens up to and including the one that crosses `top_p`.
fn keep_top_p(probabilities: &mut [f32], top_p: f32) {
    let mut order: Vec<usize> = (0..probabilities.len()).collect();
    order.sort_by(|a, b| probabilities[*b].total_cmp(&probabilities[*a])); // stable, as torch's is
    let sorted: Vec<f32> = order.iter().map(|index| probabilities[*index]).collect();
    for (rank, total) in cumulative(&sorted).enumerate() {
        let before = total - sorted[rank];
        if before >= top_p {
            probabilities[order[rank]] = 0.0;
        }
    }
}

fn softmax(scaled: &[f32]) -> Result<Vec<f32>, Error> {
    let largest = scaled.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    if !largest.is_finite() || scaled.iter().any(|value| value.is_nan()) {
        return Err(Error::Sampler("the logits are not numbers"));
    }
    let exponentials: Vec<f32> = scaled.iter().map(|value| (value - largest).exp()).collect();
    let total = sum(&exponentials);
    Ok(exponentials.into_iter().map(|exponential| exponential / total).collect())
}

fn cumulative(values: &[f32]) -> impl Iterator<Item = f32> {
    values.iter().scan(0.0_f64, |total, value| {
        *total += f64::from(*value);
        Some(*total as f32)
    })
}

fn sum(values: &[f32]) -> f32 {
    values.iter().map(|value| f64::from(*value)).sum::<f64>() as f32
}

fn length(field: &str, name: &'static str) -> Result<[u8; 2], Error> {
    u16::try_from(field.len()).map(u16::to_be_bytes).map_err(|_| Error::FieldTooLong(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: Sampler = Sampler { temperature: 1.0, top_k: 0, top_p: 1.0 };

    #[test]
    fn masked_tokens_are_never_drawn_below_one() {
        let logits = [5.0, 1.0, 4.0, 1.0];
        let sampler = Sampler { temperature: 1.0, top_k: 2, top_p: 1.0 };
        for step in 0..1000 {
            let token = sampler.pick(&logits, f64::from(step) / 1000.0).unwrap().token;
            assert!(token == 0 || token == 2, "{token}");
        }
    }

    #[test]
    fn a_draw_that_rounds_to_one_takes_the_last_token_as_deployed() {
        let sampler = Sampler { temperature: 1.0, top_k: 1, top_p: 1.0 };
        assert_eq!(sampler.pick(&[5.0, 1.0], 1.0 - f64::EPSILON / 2.0).unwrap().token, 1);
    }

    #[test]
    fn top_p_keeps_the_crossing_token_and_top_k_keeps_ties() {
        let nucleus = Sampler { temperature: 1.0, top_k: 0, top_p: 0.5 };
        assert_eq!(nucleus.probabilities(&[0.0, 3.0, 0.0]).unwrap(), [0.0, 1.0, 0.0]);
        let even = Sampler { temperature: 1.0, top_k: 0, top_p: 0.6 }.probabilities(&[1.0, 1.0]).unwrap();
        assert_eq!(even, [0.5, 0.5]);
        let ties = Sampler { temperature: 1.0, top_k: 1, top_p: 1.0 }.probabilities(&[1.0, 1.0]).unwrap();
        assert_eq!(ties, [0.5, 0.5]);
    }

    #[test]
    fn nonsense_is_an_error() {
        assert!(PLAIN.pick(&[], 0.5).is_err());
        assert!(PLAIN.pick(&[f32::NAN], 0.5).is_err());
        assert!(PLAIN.pick(&[f32::INFINITY, 0.0], 0.5).is_err());
        assert!(Sampler { temperature: 0.0, ..PLAIN }.pick(&[1.0], 0.5).is_err());
        assert!(Sampler { top_p: -1.0, ..PLAIN }.pick(&[1.0], 0.5).is_err());
        let long = "x".repeat(1 << 16);
        let draw =
            Draw { domain: "d", randomness: &long, prompt: 0, checkpoint: "", rollout: 0, position: 0 };
        assert!(draw.uniform().is_err());
    }
}
