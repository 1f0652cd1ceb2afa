//! The deployed sketch: the top 16 magnitudes of a hidden state, in signed log buckets, times small coefficients.
//!
//! A coefficient belongs to a *rank* in the sorted index list and not to a dimension, so one swap at the boundary shifts
//! every product after it. Kept as deployed.

use super::topk::largest_magnitudes;
use super::{BUCKETS, Error, Q};

/// Magnitudes below this fall into bucket 0.
const DEAD_ZONE: f64 = 1e-6;

/// `trunc(log2(|v| + 1) · buckets / 10)`, at most `buckets - 1`, with the sign of `v`; computed in f64.
pub fn log_bucket(value: f64, buckets: u32) -> i32 {
    let magnitude = value.abs();
    if value.is_nan() || magnitude < DEAD_ZONE {
        return 0;
    }
    let limit = buckets.saturating_sub(1).min(i32::MAX as u32) as i32;
    // `as` saturates, so an infinity ends at the limit like any large value
    let bucket = (((magnitude + 1.0).log2() * (f64::from(buckets) / 10.0)) as i32).min(limit);
    if value < 0.0 { -bucket } else { bucket }
}

/// The sketch of one hidden state, in `[0, Q)`. There is one coefficient per selected magnitude.
pub fn sketch(hidden: &[f32], coefficients: &[i8]) -> Result<u32, Error> {
    if coefficients.is_empty() || hidden.len() < coefficients.len() {
        return Err(Error::HiddenTooShort(hidden.len()));
    }
    let sum: i64 = largest_magnitudes(hidden, coefficients.len())
        .into_iter()
        .zip(coefficients)
        .map(|(index, coefficient)| {
            i64::from(log_bucket(f64::from(hidden[index]), BUCKETS)) * i64::from(*coefficient)
        })
        .sum();
    Ok(sum.rem_euclid(i64::from(Q)) as u32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::legacy::TOP_K;

    #[test]
    fn buckets_at_the_edges_of_floating_point() {
        let bucket = |value| log_bucket(value, BUCKETS);
        assert_eq!(bucket(f64::NAN), 0);
        assert_eq!(bucket(f64::INFINITY), 7);
        assert_eq!(bucket(f64::NEG_INFINITY), -7);
        assert_eq!(bucket(f64::MAX), 7);
        assert_eq!(bucket(-f64::MAX), -7);
        assert_eq!(bucket(-0.0), 0);
        assert_eq!(bucket(f64::MIN_POSITIVE / 2.0), 0);
        assert_eq!(bucket(-31.0), -4);
        assert_eq!(bucket(31.0_f64.next_down()), 4, "|v| + 1 rounds up to 32 before the logarithm");
    }

    #[test]
    fn nan_ranks_first_and_counts_for_nothing() {
        let mut hidden = vec![1.0_f32; TOP_K + 1];
        hidden[3] = f32::NAN;
        hidden[5] = 0.5;
        let coefficients: Vec<i8> = (1..=TOP_K as i8).collect();
        // index 5 is left out; index 3 has rank 3 and bucket 0; magnitude 1 has bucket 0
        assert_eq!(sketch(&hidden, &coefficients).unwrap(), 0);
        for value in &mut hidden {
            *value *= -10.0;
        }
        // bucket(-10) = -2 at every rank but that of index 3, which has coefficient 4
        assert_eq!(sketch(&hidden, &coefficients).unwrap(), Q - 2 * (136 - 4));
    }

    #[test]
    fn a_short_state_is_refused() {
        assert!(sketch(&[1.0; TOP_K - 1], &[1; TOP_K]).is_err());
        assert!(sketch(&[1.0; 4], &[]).is_err());
    }
}
