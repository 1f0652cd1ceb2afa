//! The deployed verdict beside ours.
//!
//! Ours refuses every sketch outside `[0, Q)` and every one that no hidden state can have, and accepts by the rate of
//! *exact* matches. That is still a check of compatibility and not evidence about the model: see the module above.

use super::prf::coefficients;
use super::sketch::sketch;
use super::{COEFFICIENT_RANGE, Dialect, Error, Q, SKETCH_LIMIT, TOP_K};

/// Tolerance gained per square root of the position.
pub const TOLERANCE_GROWTH: f64 = 5.0;

/// Share of positions whose sketch must equal ours exactly.
///
/// Simulated on Gaussian and heavy-tailed states, not measured on a model: with noise of 0.4 % of the scale 84 % or more
/// of honest sketches are equal, those of unrelated states under 1 %.
pub const EXACT_MATCH_RATE: f64 = 0.5;

/// One position of a commit: what the miner claimed and the hidden state that we computed there.
#[derive(Debug, Clone, Copy)]
pub struct Claim<'a> {
    pub position: u64,
    pub sketch: i128,
    pub hidden: &'a [f32],
}

/// What the check saw over all claims.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Report {
    pub positions: usize,
    /// Claims in `[0, Q)` that a hidden state can have.
    pub in_range: usize,
    pub exact_matches: usize,
    /// What the deployed validators would say: informative only.
    pub legacy_rule: bool,
    /// Our answer: all in range, and at least [`EXACT_MATCH_RATE`] of them exact. Never without a position.
    pub accepted: bool,
}

/// The deployed rule's view of one position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LegacyRule {
    pub ok: bool,
    /// `min(|a-b|, Q-|a-b|)`; negative, hence accepted, when the claim lies more than `Q` away.
    pub distance: i128,
    pub tolerance: i64,
}

/// Checks the claims of one commit against the hidden states that we computed.
pub fn check(dialect: Dialect, randomness: &str, claims: &[Claim<'_>]) -> Result<Report, Error> {
    let coefficients = coefficients(dialect.framing(), randomness, TOP_K, COEFFICIENT_RANGE)?;
    let mut report = Report {
        positions: claims.len(),
        in_range: 0,
        exact_matches: 0,
        legacy_rule: !claims.is_empty(),
        accepted: false,
    };
    for claim in claims {
        let ours = sketch(claim.hidden, &coefficients)?;
        report.in_range += usize::from(is_possible(claim.sketch));
        report.exact_matches += usize::from(claim.sketch == i128::from(ours));
        report.legacy_rule &= legacy_rule(ours, claim.sketch, dialect.tolerance(claim.position)).ok;
    }
    report.accepted = report.positions > 0
        && report.in_range == report.positions
        && report.exact_matches as f64 >= report.positions as f64 * EXACT_MATCH_RATE;
    Ok(report)
}

/// Whether any hidden state has this sketch: in `[0, Q)` and within [`SKETCH_LIMIT`] of zero modulo `Q`.
pub fn is_possible(claimed: i128) -> bool {
    u32::try_from(claimed).is_ok_and(|value| value <= SKETCH_LIMIT || (Q - SKETCH_LIMIT..Q).contains(&value))
}

/// `trunc(base + growth · sqrt(position))`.
pub fn tolerance(position: u64, base: f64, growth: f64) -> i64 {
    (base + growth * (position as f64).sqrt()) as i64
}

/// The deployed comparison, hole included: the claim is not range-checked.
pub fn legacy_rule(ours: u32, claimed: i128, tolerance: i64) -> LegacyRule {
    let apart = i128::from(ours).saturating_sub(claimed).saturating_abs();
    let distance = apart.min(i128::from(Q).saturating_sub(apart));
    LegacyRule { ok: distance <= i128::from(tolerance), distance, tolerance }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::legacy::prf::{Framing, prf};

    const RANDOMNESS: &str = "5eab55f5e42acfb16a674ab9c7de4164a3e3f25322b0994eb212c62c5533d2e8";
    const POSITIONS: usize = 32;

    /// Hidden states that depend on `seed` alone: uniform in ±4, 256 dimensions.
    fn states(seed: u8) -> Vec<Vec<f32>> {
        let state = |position: usize| {
            let bytes = prf(Framing::LengthPrefixed, b"test", &[&[seed, position as u8]], 512).unwrap();
            let value =
                |pair: &[u8]| f32::from(i16::from_be_bytes([pair[0], pair[1]])) / f32::from(i16::MAX) * 4.0;
            bytes.chunks_exact(2).map(value).collect()
        };
        (0..POSITIONS).map(state).collect()
    }

    fn honest_sketches(dialect: Dialect, states: &[Vec<f32>]) -> Vec<i128> {
        let coefficients = coefficients(dialect.framing(), RANDOMNESS, TOP_K, COEFFICIENT_RANGE).unwrap();
        states.iter().map(|state| i128::from(sketch(state, &coefficients).unwrap())).collect()
    }

    fn report(dialect: Dialect, states: &[Vec<f32>], sketches: &[i128]) -> Report {
        let claims: Vec<Claim<'_>> = states
            .iter()
            .zip(sketches)
            .enumerate()
            .map(|(position, (hidden, sketch))| Claim { position: position as u64, sketch: *sketch, hidden })
            .collect();
        check(dialect, RANDOMNESS, &claims).unwrap()
    }

    /// A forgery that every deployed validator accepts and we refuse.
    fn assert_only_deployed_accepts(sketches: impl Fn(Dialect) -> Vec<i128>) {
        for dialect in [Dialect::V5, Dialect::V7] {
            let report = report(dialect, &states(1), &sketches(dialect));
            assert!(report.legacy_rule, "{dialect:?}: {report:?}");
            assert!(!report.accepted, "{dialect:?}: {report:?}");
        }
    }

    #[test]
    fn the_honest_commit_is_accepted_by_both() {
        for dialect in [Dialect::V5, Dialect::V7] {
            let states = states(1);
            let report = report(dialect, &states, &honest_sketches(dialect, &states));
            assert_eq!(
                report,
                Report {
                    positions: POSITIONS,
                    in_range: POSITIONS,
                    exact_matches: POSITIONS,
                    legacy_rule: true,
                    accepted: true
                }
            );
        }
    }

    #[test]
    fn an_all_zero_sketch_passes_the_deployed_rule_only() {
        assert_only_deployed_accepts(|_| vec![0; POSITIONS]);
    }

    #[test]
    fn the_constant_ten_to_the_twelve_passes_the_deployed_rule_only() {
        assert_only_deployed_accepts(|_| vec![1_000_000_000_000; POSITIONS]);
        assert_only_deployed_accepts(|_| vec![-1_000_000_000_000; POSITIONS]);
    }

    #[test]
    fn random_sketches_pass_the_deployed_rule_only() {
        // sketches of unrelated states
        assert_only_deployed_accepts(|dialect| honest_sketches(dialect, &states(2)));
        // random values in the range that honest sketches have here
        let random = |limit: i128| {
            let bytes = prf(Framing::DoublePipe, b"random", &[], POSITIONS * 4).unwrap();
            let value =
                move |word: &[u8]| i128::from(word[0]) << 16 | i128::from(word[1]) << 8 | i128::from(word[2]);
            bytes
                .chunks_exact(4)
                .map(|word| (value(word) % limit).rem_euclid(i128::from(Q)))
                .collect::<Vec<_>>()
        };
        assert_only_deployed_accepts(|_| random(2_000));
        // random values far out of range
        assert_only_deployed_accepts(|_| {
            random(1 << 24).into_iter().map(|v| (v + 10) * i128::from(Q)).collect()
        });
    }

    #[test]
    fn one_impossible_sketch_refuses_an_otherwise_honest_commit() {
        let states = states(1);
        for impossible in [-1, i128::from(Q), i128::from(SKETCH_LIMIT) + 1, 1 << 30, i128::MAX, i128::MIN] {
            let mut sketches = honest_sketches(Dialect::V7, &states);
            sketches[7] = impossible;
            let report = report(Dialect::V7, &states, &sketches);
            assert_eq!((report.in_range, report.exact_matches), (POSITIONS - 1, POSITIONS - 1));
            assert!(!report.accepted, "{impossible}");
        }
    }

    #[test]
    fn half_of_the_positions_must_match_exactly() {
        let states = states(1);
        let mut sketches = honest_sketches(Dialect::V7, &states);
        for sketch in sketches.iter_mut().take(POSITIONS / 2) {
            *sketch = (*sketch + 1) % i128::from(Q);
        }
        assert!(report(Dialect::V7, &states, &sketches).accepted);
        sketches[POSITIONS - 1] += 1;
        assert!(!report(Dialect::V7, &states, &sketches).accepted);
    }

    #[test]
    fn nothing_claimed_is_nothing_accepted() {
        let report = check(Dialect::V7, RANDOMNESS, &[]).unwrap();
        assert!(!report.accepted && !report.legacy_rule);
    }

    #[test]
    fn possible_sketches_end_where_the_arithmetic_ends() {
        let q = i128::from(Q);
        for (value, possible) in [
            (0, true),
            (14_224, true),
            (14_225, false),
            (q - 14_225, false),
            (q - 14_224, true),
            (q - 1, true),
            (q, false),
            (-1, false),
        ] {
            assert_eq!(is_possible(value), possible, "{value}");
        }
    }
}
