//! The few transcendental functions that a proof depends on, with the same bits on every machine.
//!
//! Only IEEE additions, multiplications, divisions and comparisons in a written order: no system libm, no
//! fused multiply-add (whose software fallback would be a libm call), nothing a compiler may reassociate.
//! Everything is branch-free and `#[inline(always)]`, so the engine's SIMD kernels vectorise it without
//! changing a bit. Not a general math library: domains are stated and nothing outside them is refined.
#![expect(clippy::inline_always, reason = "must be inlined into the caller's target features to vectorise")]
#![expect(clippy::excessive_precision, reason = "coefficients are copied as published")]
#![expect(clippy::unreadable_literal, reason = "coefficients are copied as published")]

/// Adding and subtracting `1.5 * 2^23` rounds an f32 below 2^22 to the nearest integer, ties to even.
const ROUND_F32: f32 = 12_582_912.0;
/// The same for f64: `1.5 * 2^52`.
const ROUND_F64: f64 = 6_755_399_441_055_744.0;

/// `e^x` to about two units in the last place for `x` in [-87.33, 88].
///
/// Below the domain the result is exactly 0 (so a masked or hopeless token has no mass, and no subnormal is
/// ever produced), above it `e^88`; NaN stays NaN.
#[inline(always)]
pub fn exp_f32(x: f32) -> f32 {
    const LOW: f32 = -87.33;
    const HIGH: f32 = 88.0;
    let y = if x < LOW { LOW } else { x };
    let y = if y > HIGH { HIGH } else { y };
    let shifted = y * std::f32::consts::LOG2_E + ROUND_F32;
    let n = shifted - ROUND_F32;
    // Cody and Waite: 0.693359375 has nine significant bits, so n * 0.693359375 is exact.
    let r = y - n * 0.693359375;
    let r = r + n * 2.12194440e-4;
    let p = 1.9875691500e-4f32;
    let p = p * r + 1.3981999507e-3;
    let p = p * r + 8.3334519073e-3;
    let p = p * r + 4.1665795894e-2;
    let p = p * r + 1.6666665459e-1;
    let p = p * r + 5.0000001201e-1;
    let e = (p * (r * r) + r) + 1.0;
    // The low bits of `shifted` are n; moved into the exponent field they make 2^n.
    let scale = f32::from_bits((shifted.to_bits() << 23).wrapping_add(0x3f80_0000));
    let value = e * scale;
    if x < LOW { 0.0 } else { value }
}

/// `e^x` to one unit in the last place for `x` in [-708, 709]; exactly 0 below, `e^709` above.
#[inline(always)]
pub fn exp_f64(x: f64) -> f64 {
    const LOW: f64 = -708.0;
    const HIGH: f64 = 709.0;
    const LN2_HIGH: f64 = 6.93147180369123816490e-01;
    const LN2_LOW: f64 = 1.90821492927058770002e-10;
    let y = if x < LOW { LOW } else { x };
    let y = if y > HIGH { HIGH } else { y };
    let shifted = y * std::f64::consts::LOG2_E + ROUND_F64;
    let n = shifted - ROUND_F64;
    // fdlibm e_exp.c: r = high - low in [-ln2/2, ln2/2], e^r from a rational function of r^2.
    let high = y - n * LN2_HIGH;
    let low = n * LN2_LOW;
    let r = high - low;
    let t = r * r;
    let p = 4.13813679705723846039e-08f64;
    let p = p * t - 1.65339022054652515390e-06;
    let p = p * t + 6.61375632143793436117e-05;
    let p = p * t - 2.77777777770155933842e-03;
    let p = p * t + 1.66666666666666019037e-01;
    let c = r - t * p;
    let e = 1.0 - ((low - (r * c) / (2.0 - c)) - high);
    // 2^n as 2^(n-1) * 2, because n reaches 1023 + 1 at the upper end.
    let scale = f64::from_bits((shifted.to_bits() << 52).wrapping_add(0x3fe0_0000_0000_0000));
    let value = e * scale * 2.0;
    if x < LOW { 0.0 } else { value }
}

/// Natural logarithm to one unit in the last place for positive, finite, normal `x`; `-inf` for 0 and below.
#[inline(always)]
pub fn ln_f64(x: f64) -> f64 {
    const LN2_HIGH: f64 = 6.93147180369123816490e-01;
    const LN2_LOW: f64 = 1.90821492927058770002e-10;
    const SQRT_HALF_BITS: u64 = 0x3fe6_a09e_667f_3bcd;
    // x = 2^k * (1 + f) with 1 + f in [sqrt(1/2), sqrt(2)).
    let offset = x.to_bits().wrapping_sub(SQRT_HALF_BITS);
    let k = ((offset as i64) >> 52) as f64;
    let mantissa = (offset & 0x000f_ffff_ffff_ffff).wrapping_add(SQRT_HALF_BITS);
    let f = f64::from_bits(mantissa) - 1.0;
    // fdlibm e_log.c.
    let half_square = 0.5 * f * f;
    let s = f / (2.0 + f);
    let z = s * s;
    let w = z * z;
    let even = w * (3.999999999940941908e-01 + w * (2.222219843214978396e-01 + w * 1.531383769920937332e-01));
    let odd = z
        * (6.666666666666735130e-01
            + w * (2.857142874366239149e-01 + w * (1.818357216161805012e-01 + w * 1.479819860511658591e-01)));
    let r = even + odd;
    let value = s * (half_square + r) + k * LN2_LOW - half_square + f + k * LN2_HIGH;
    if x > 0.0 { value } else { f64::NEG_INFINITY }
}

/// `(sin x, cos x)` with an absolute error below 2e-16 for `|x|` up to 2^20.
#[inline(always)]
pub fn sin_cos_f64(x: f64) -> (f64, f64) {
    // First 33 bits of pi/2: n * PIO2_HIGH is exact while n < 2^20.
    const PIO2_HIGH: f64 = 1.57079632673412561417e+00;
    const PIO2_LOW: f64 = 6.07710050650619224932e-11;
    let shifted = x * std::f64::consts::FRAC_2_PI + ROUND_F64;
    let n = shifted - ROUND_F64;
    let r = (x - n * PIO2_HIGH) - n * PIO2_LOW;
    let z = r * r;
    // fdlibm k_sin.c and k_cos.c.
    let p = 1.58969099521155010221e-10f64;
    let p = p * z - 2.50507602534068634195e-08;
    let p = p * z + 2.75573137070700676789e-06;
    let p = p * z - 1.98412698298579493134e-04;
    let p = p * z + 8.33333333332248946124e-03;
    let p = p * z - 1.66666666666666324348e-01;
    let sin = r + (z * r) * p;
    let p = -1.13596475577881948265e-11f64;
    let p = p * z + 2.08757232129817482790e-09;
    let p = p * z - 2.75573143513906633035e-07;
    let p = p * z + 2.48015872894767294178e-05;
    let p = p * z - 1.38888888888741095749e-03;
    let p = p * z + 4.16666666666666019037e-02;
    let half = 0.5 * z;
    let rest = 1.0 - half;
    let cos = rest + (((1.0 - rest) - half) + z * z * p);
    // Quadrant n mod 4: swap in odd quadrants, then signs.
    let quadrant = shifted.to_bits();
    let (a, b) = if quadrant & 1 == 0 { (sin, cos) } else { (cos, sin) };
    let a = if quadrant & 2 == 0 { a } else { -a };
    let b = if (quadrant.wrapping_add(1)) & 2 == 0 { b } else { -b };
    (a, b)
}

/// Number of interleaved accumulators of a fixed-order sum.
pub const LANES: usize = 16;

/// Folds sixteen accumulators pairwise: lane i with i + 8, then i + 4, i + 2, i + 1.
#[inline(always)]
pub fn fold(lanes: [f32; LANES]) -> f32 {
    let mut b = lanes;
    let mut width = LANES / 2;
    while width > 0 {
        for i in 0..width {
            b[i] += b[i + width];
        }
        width /= 2;
    }
    b[0]
}

/// The sum of `values` in one fixed order: element i goes to lane i mod 16 in ascending order, then [`fold`].
#[inline(always)]
pub fn sum_f32(values: &[f32]) -> f32 {
    let mut lanes = [0.0f32; LANES];
    let chunks = values.chunks_exact(LANES);
    let tail = chunks.remainder();
    for chunk in chunks {
        for (lane, value) in lanes.iter_mut().zip(chunk) {
            *lane += value;
        }
    }
    for (lane, value) in lanes.iter_mut().zip(tail) {
        *lane += value;
    }
    fold(lanes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ulps_f32(a: f32, b: f32) -> u32 {
        a.to_bits().abs_diff(b.to_bits())
    }

    fn ulps_f64(a: f64, b: f64) -> u64 {
        a.to_bits().abs_diff(b.to_bits())
    }

    #[test]
    fn exp_f32_is_close_over_its_whole_domain() {
        let mut worst = 0;
        for i in 0..2_000_000 {
            let x = -87.33 + (87.33 + 88.0) * (i as f32 / 2_000_000.0);
            worst = worst.max(ulps_f32(exp_f32(x), f64::from(x).exp() as f32));
        }
        assert!(worst <= 2, "{worst} ulps");
    }

    #[test]
    fn exp_f32_at_its_edges() {
        assert_eq!(exp_f32(0.0), 1.0);
        assert_eq!(exp_f32(f32::NEG_INFINITY), 0.0);
        assert_eq!(exp_f32(-87.4), 0.0);
        assert!(exp_f32(-87.33).is_normal());
        assert_eq!(exp_f32(f32::INFINITY), exp_f32(88.0));
        assert!(exp_f32(f32::NAN).is_nan());
    }

    #[test]
    fn f64_functions_are_close() {
        let (mut exp, mut ln) = (0, 0);
        for i in 0..1_000_000u32 {
            let x = -708.0 + 1417.0 * (f64::from(i) / 1e6);
            exp = exp.max(ulps_f64(exp_f64(x), x.exp()));
            let y = x.exp();
            if y.is_normal() && x.abs() > 1e-6 {
                ln = ln.max(ulps_f64(ln_f64(y), y.ln()));
            }
        }
        assert!(exp <= 1, "exp: {exp} ulps");
        assert!(ln <= 1, "ln: {ln} ulps");
        assert_eq!(exp_f64(f64::NEG_INFINITY), 0.0);
        assert_eq!(exp_f64(0.0), 1.0);
        assert_eq!(ln_f64(1.0), 0.0);
        assert_eq!(ln_f64(0.0), f64::NEG_INFINITY);
    }

    #[test]
    fn sin_and_cos_are_close_up_to_long_contexts() {
        let mut worst = 0.0f64;
        for i in 0..1_000_000u32 {
            let x = f64::from(i) * 0.261_799;
            let (s, c) = sin_cos_f64(x);
            worst = worst.max((s - x.sin()).abs()).max((c - x.cos()).abs());
        }
        assert!(worst < 2e-16, "{worst}");
        let (s, c) = sin_cos_f64(-1.0);
        assert!((s - (-1.0f64).sin()).abs() < 1e-15 && (c - 1.0f64.cos()).abs() < 1e-15);
        assert_eq!(sin_cos_f64(0.0), (0.0, 1.0));
    }

    /// These bits are part of the protocol: a change is a new kernel revision.
    #[test]
    fn golden_bits() {
        let e32: Vec<u32> = [-60.5, -3.25, -0.1, 0.7, 11.0].iter().map(|&x| exp_f32(x).to_bits()).collect();
        let e64: Vec<u64> = [-600.5, -3.25, 0.7, 11.0].iter().map(|&x| exp_f64(x).to_bits()).collect();
        let l64: Vec<u64> = [1e-30, 0.3, 7.0, 1e12].iter().map(|&x| ln_f64(x).to_bits()).collect();
        assert_eq!(e32, [332_555_488, 1_025_429_940, 1_063_756_653, 1_073_799_507, 1_198_121_508]);
        assert_eq!(
            e64,
            [0x09c9_4f53_5b83_7056, 0x3fa3_da36_8521_902d, 0x4000_1c2a_6126_8987, 0x40ed_3c44_88ee_4f7f]
        );
        assert_eq!(
            l64,
            [0xc051_44f6_9ff9_ffc4, 0xbff3_4378_fcbd_a721, 0x3fff_2272_ae32_5a57, 0x403b_a18a_998f_ffa0]
        );
    }

    #[test]
    fn fixed_order_sum_covers_the_tail() {
        for n in 0..70usize {
            let values: Vec<f32> = (1..=n).map(|i| i as f32).collect();
            assert_eq!(sum_f32(&values), (n * (n + 1) / 2) as f32);
        }
    }
}
