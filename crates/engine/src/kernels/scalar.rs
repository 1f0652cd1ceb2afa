//! The reference: sixteen lanes one after the other, with a fused multiply-add in plain arithmetic.
//!
//! Slow on purpose: it must not need a CPU feature or the system's `fmaf`, so that it can tell whether those
//! are right.
#![expect(clippy::inline_always, reason = "kernels must be inlined into the function that enables SIMD")]

use super::{Gemm, LANES, Simd, gemm::At, tallest_tile};

#[derive(Debug, Clone, Copy)]
pub(crate) struct Scalar;

impl Simd for Scalar {
    type V = [f32; LANES];
    const REGISTERS: usize = 1;

    #[inline(always)]
    fn splat(self, x: f32) -> Self::V {
        [x; LANES]
    }

    #[inline(always)]
    fn load(self, from: &[f32; LANES]) -> Self::V {
        *from
    }

    #[inline(always)]
    fn store(self, v: Self::V, to: &mut [f32; LANES]) {
        *to = v;
    }

    #[inline(always)]
    fn fma(self, a: Self::V, b: Self::V, c: Self::V) -> Self::V {
        std::array::from_fn(|i| fused(a[i], b[i], c[i]))
    }

    #[inline(always)]
    fn fma1(self, a: f32, b: f32, c: f32) -> f32 {
        fused(a, b, c)
    }

    #[inline(always)]
    fn strips(self, _rows: usize) -> usize {
        1
    }

    #[inline(always)]
    fn tile(self, gemm: &Gemm<'_>, at: At) -> usize {
        tallest_tile!(self, gemm, at, strips 1, rows 4 1)
    }
}

/// `a * b + c` rounded once to f32.
///
/// The product of two f32 is exact in f64. The sum is rounded to odd there (by its exact error term), after
/// which rounding to f32 cannot round twice: 53 bits are more than 24 + 2 (Boldo and Melquiond, 2008).
#[inline(always)]
fn fused(a: f32, b: f32, c: f32) -> f32 {
    let product = f64::from(a) * f64::from(b);
    let c = f64::from(c);
    let sum = product + c;
    let back = sum - product;
    let error = (product - (sum - back)) + (c - back);
    let bits = sum.to_bits();
    // Inexact with an even last bit: step to the odd neighbour on the side of the error.
    if error == 0.0 || error.is_nan() || bits & 1 == 1 {
        return sum as f32;
    }
    let away = (error > 0.0) == (sum > 0.0);
    f64::from_bits(if away { bits + 1 } else { bits - 1 }) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The system's `fma` is the oracle here and nowhere else.
    #[test]
    fn fused_is_rounded_once() {
        let mut state = 1u64;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 32) as u32
        };
        for round in 0..3_000_000 {
            let mut f = || {
                // Half of the rounds keep exponents close together, where rounding is hard.
                let bits = next();
                let near = (bits & 0x807f_ffff) | ((120 + (next() & 15)) << 23);
                f32::from_bits(if round % 2 == 0 { bits } else { near })
            };
            let (a, b, c) = (f(), f(), f());
            let (got, want) = (fused(a, b, c), a.mul_add(b, c));
            assert!(got.to_bits() == want.to_bits() || (got.is_nan() && want.is_nan()), "{a:e} {b:e} {c:e}");
        }
    }

    #[test]
    fn fused_breaks_ties_that_double_rounding_gets_wrong() {
        // 1 + 2^-24 is a tie in f32; a crumb of 2^-80 decides it.
        let (tie, crumb) = (2f32.powi(-24), 2f32.powi(-40));
        assert_eq!(fused(crumb, crumb, 1.0 + 2.0 * tie), 1.0 + 2.0 * tie);
        for (a, b, c) in
            [(1.0 + tie * 2.0, tie * (1.0 + tie * 2.0), 1.0), (-crumb, crumb, 1.0), (crumb, crumb, -1.0)]
        {
            assert_eq!(fused(a, b, c).to_bits(), a.mul_add(b, c).to_bits());
        }
    }
}
