//! The schemes that ours is compared with, on the same rollouts: the deployed sketch, a TOPLOC-style top-k, and draws
//! alone.
//!
//! TOPLOC (arXiv 2501.16007) keeps the 128 largest activations of every 32 tokens as bf16 and compares exponents and
//! mantissas. Here its three statistics are compared as they are, without the polynomial that encodes them (258 bytes
//! for 32 tokens); their limits are fitted to the same honest rollouts and the same false-reject rate as ours.

use grail::legacy::{self, CHALLENGE_POSITIONS, COEFFICIENT_RANGE, Dialect, TOP_K};

use crate::Error;
use crate::dice::Dice;

/// Bytes per token: a 31-bit integer, and 258 bytes for 32 tokens.
pub const LEGACY_BYTES: f64 = 4.0;
pub const TOPLOC_BYTES: f64 = 258.0 / 32.0;
const CHUNK: usize = 32;
const TOP: usize = 128;

/// The deployed rule's answer (tolerance 5000, 32 challenged positions) on the first `n` positions of a rollout.
///
/// `constant` stands for the number 10^12 in every sketch, which no state gives.
pub(crate) fn legacy_accepts(
    miner: &[Vec<f32>],
    verifier: &[Vec<f32>],
    constant: bool,
    dice: &mut Dice,
) -> Result<bool, Error> {
    const RANDOMNESS: &str = "5eab55f5e42acfb16a674ab9c7de4164a3e3f25322b0994eb212c62c5533d2e8";
    let dialect = Dialect::V7;
    let coefficients = legacy::prf::coefficients(dialect.framing(), RANDOMNESS, TOP_K, COEFFICIENT_RANGE)?;
    let mut positions: Vec<usize> = (0..verifier.len()).collect();
    dice.shuffle(&mut positions);
    positions.truncate(CHALLENGE_POSITIONS);
    for position in positions {
        let ours = legacy::sketch::sketch(&verifier[position], &coefficients)?;
        let claimed = if constant {
            1_000_000_000_000
        } else {
            i128::from(legacy::sketch::sketch(&miner[position], &coefficients)?)
        };
        let tolerance = dialect.tolerance(position as u64);
        if !legacy::check::legacy_rule(ours, claimed, tolerance).ok {
            return Ok(false);
        }
    }
    Ok(true)
}

/// TOPLOC's statistics, each the worst over the chunks: exponents that differ, mean and median of mantissa differences.
pub(crate) fn toploc(miner: &[Vec<f32>], verifier: &[Vec<f32>]) -> [f64; 3] {
    let chunks = miner.chunks(CHUNK).zip(verifier.chunks(CHUNK)).filter(|(chunk, _)| chunk.len() == CHUNK);
    chunks.fold([0.0; 3], |worst, (miner, verifier)| {
        let found = toploc_chunk(&miner.concat(), &verifier.concat());
        std::array::from_fn(|i| worst[i].max(found[i]))
    })
}

/// What is seen without any state: mean and largest CDF miss in log-odds, as in Token-DiFR.
pub(crate) fn seed_only(misses: &[f64]) -> [f64; 2] {
    let mean = misses.iter().map(|miss| miss.min(1.0)).sum::<f64>() / misses.len().max(1) as f64;
    [mean, misses.iter().copied().fold(0.0, f64::max)]
}

fn toploc_chunk(miner: &[f32], verifier: &[f32]) -> [f64; 3] {
    let mut order: Vec<usize> = (0..miner.len()).collect();
    let top = TOP.min(order.len());
    order.select_nth_unstable_by(top - 1, |a, b| miner[*b].abs().total_cmp(&miner[*a].abs()));
    let bits = |x: f32| half_bits(x);
    let (mut exponents, mut mantissas) = (0.0, Vec::new());
    for index in &order[..top] {
        let (a, b) = (bits(miner[*index]), bits(verifier[*index]));
        if a >> 7 == b >> 7 {
            mantissas.push(f64::from((a & 0x7f).abs_diff(b & 0x7f)));
        } else {
            exponents += 1.0;
        }
    }
    mantissas.sort_by(f64::total_cmp);
    let worst = 128.0;
    let mean =
        if mantissas.is_empty() { worst } else { mantissas.iter().sum::<f64>() / mantissas.len() as f64 };
    [exponents, mean, mantissas.get(mantissas.len() / 2).copied().unwrap_or(worst)]
}

/// The bits of a number rounded to bf16: sign and exponent above the lowest seven.
fn half_bits(x: f32) -> u16 {
    let bits = x.to_bits();
    ((bits.wrapping_add(0x7fff + ((bits >> 16) & 1))) >> 16) as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn toploc_sees_nothing_between_equal_states_and_much_between_others() {
        let mut dice = Dice::new(1);
        let mut states = |scale: f32| -> Vec<Vec<f32>> {
            (0..64).map(|_| (0..64).map(|_| dice.normal() * scale).collect()).collect()
        };
        let (a, b) = (states(1.0), states(1.0));
        assert_eq!(toploc(&a, &a), [0.0; 3]);
        assert!(toploc(&a, &b)[0] > 60.0);
    }

    #[test]
    fn the_deployed_rule_takes_zeros_and_a_constant() {
        let mut dice = Dice::new(2);
        let real: Vec<Vec<f32>> = (0..64).map(|_| (0..64).map(|_| dice.normal() * 3.0).collect()).collect();
        let zeros = vec![vec![0.0; 64]; 64];
        assert!(legacy_accepts(&zeros, &real, false, &mut dice).unwrap());
        assert!(legacy_accepts(&real, &real, true, &mut dice).unwrap());
    }
}
