//! NEON on aarch64, where it is part of the base architecture: four registers hold the sixteen lanes.
#![expect(unsafe_code, reason = "SIMD intrinsics; a value of the type proves that the CPU has them")]
#![expect(clippy::inline_always, reason = "kernels must be inlined into their caller to keep registers")]

use std::arch::aarch64::{float32x4_t, vdupq_n_f32, vfmaq_f32, vld1q_f32, vst1q_f32};

use super::{Gemm, Kernel, LANES, Simd, gemm::At, tallest_tile};

/// Exists only where NEON was detected.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Neon(());

impl Neon {
    pub(crate) fn detect() -> Option<Self> {
        std::arch::is_aarch64_feature_detected!("neon").then_some(Self(()))
    }

    pub(crate) fn run<K: Kernel>(self, kernel: K) -> K::Out {
        #[target_feature(enable = "neon")]
        fn enabled<K: Kernel>(s: Neon, kernel: K) -> K::Out {
            kernel.run(s)
        }
        // SAFETY: `self` exists, so the CPU has NEON.
        unsafe { enabled(self, kernel) }
    }
}

impl Simd for Neon {
    type V = [float32x4_t; 4];
    const REGISTERS: usize = 8;

    #[inline(always)]
    fn splat(self, x: f32) -> Self::V {
        // SAFETY: `self` exists, so the CPU has NEON.
        let v = unsafe { vdupq_n_f32(x) };
        [v, v, v, v]
    }

    #[inline(always)]
    fn load(self, from: &[f32; LANES]) -> Self::V {
        let from = from.as_ptr();
        // SAFETY: as above; the reference covers the four times 16 bytes read.
        unsafe { [vld1q_f32(from), vld1q_f32(from.add(4)), vld1q_f32(from.add(8)), vld1q_f32(from.add(12))] }
    }

    #[inline(always)]
    fn store(self, v: Self::V, to: &mut [f32; LANES]) {
        let to = to.as_mut_ptr();
        // SAFETY: as above; the reference covers the four times 16 bytes written.
        unsafe {
            vst1q_f32(to, v[0]);
            vst1q_f32(to.add(4), v[1]);
            vst1q_f32(to.add(8), v[2]);
            vst1q_f32(to.add(12), v[3]);
        }
    }

    #[inline(always)]
    fn fma(self, a: Self::V, b: Self::V, c: Self::V) -> Self::V {
        // `vfmaq_f32(c, a, b)` is a * b + c, rounded once.
        // SAFETY: `self` exists, so the CPU has NEON.
        unsafe {
            [
                vfmaq_f32(c[0], a[0], b[0]),
                vfmaq_f32(c[1], a[1], b[1]),
                vfmaq_f32(c[2], a[2], b[2]),
                vfmaq_f32(c[3], a[3], b[3]),
            ]
        }
    }

    #[inline(always)]
    fn fma1(self, a: f32, b: f32, c: f32) -> f32 {
        // One instruction: fused multiply-add is part of the base architecture.
        a.mul_add(b, c)
    }

    #[inline(always)]
    fn strips(self, rows: usize) -> usize {
        match rows {
            0..=1 => 4,
            2..=3 => 2,
            _ => 1,
        }
    }

    /// 24 of the 32 registers accumulate.
    #[inline(always)]
    fn tile(self, gemm: &Gemm<'_>, at: At) -> usize {
        match at.strips {
            4 => tallest_tile!(self, gemm, at, strips 4, rows 1),
            2 => tallest_tile!(self, gemm, at, strips 2, rows 3 2 1),
            _ => tallest_tile!(self, gemm, at, strips 1, rows 6 4 3 2 1),
        }
    }
}
