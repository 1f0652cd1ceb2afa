//! AVX-512: one register holds the sixteen lanes.
#![expect(unsafe_code, reason = "SIMD intrinsics; a value of the type proves that the CPU has them")]
#![expect(clippy::inline_always, reason = "must be inlined into `run`, which enables the instructions")]

use std::arch::x86_64::{__m512, _mm512_fmadd_ps, _mm512_loadu_ps, _mm512_set1_ps, _mm512_storeu_ps};

use super::{Gemm, Kernel, LANES, Simd, gemm::At, tallest_tile};

/// Exists only where AVX-512F was detected.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Avx512(());

impl Avx512 {
    pub(crate) fn detect() -> Option<Self> {
        is_x86_feature_detected!("avx512f").then_some(Self(()))
    }

    pub(crate) fn run<K: Kernel>(self, kernel: K) -> K::Out {
        #[target_feature(enable = "avx512f")]
        fn enabled<K: Kernel>(s: Avx512, kernel: K) -> K::Out {
            kernel.run(s)
        }
        // SAFETY: `self` exists, so the CPU has AVX-512F.
        unsafe { enabled(self, kernel) }
    }
}

impl Simd for Avx512 {
    type V = __m512;
    const REGISTERS: usize = 32;

    #[inline(always)]
    fn splat(self, x: f32) -> Self::V {
        // SAFETY: `self` exists, so the CPU has AVX-512F.
        unsafe { _mm512_set1_ps(x) }
    }

    #[inline(always)]
    fn load(self, from: &[f32; LANES]) -> Self::V {
        // SAFETY: as above; the reference covers the 64 bytes read.
        unsafe { _mm512_loadu_ps(from.as_ptr()) }
    }

    #[inline(always)]
    fn store(self, v: Self::V, to: &mut [f32; LANES]) {
        // SAFETY: as above; the reference covers the 64 bytes written.
        unsafe { _mm512_storeu_ps(to.as_mut_ptr(), v) }
    }

    #[inline(always)]
    fn fma(self, a: Self::V, b: Self::V, c: Self::V) -> Self::V {
        // SAFETY: `self` exists, so the CPU has AVX-512F.
        unsafe { _mm512_fmadd_ps(a, b, c) }
    }

    #[inline(always)]
    fn fma1(self, a: f32, b: f32, c: f32) -> f32 {
        // One instruction where FMA is enabled, as it is in `run`.
        a.mul_add(b, c)
    }

    #[inline(always)]
    fn strips(self, rows: usize) -> usize {
        match rows {
            0..=3 => 8,
            4..=6 => 4,
            _ => 2,
        }
    }

    /// 24 of the 32 registers accumulate.
    #[inline(always)]
    fn tile(self, gemm: &Gemm<'_>, at: At) -> usize {
        match at.strips {
            8 => tallest_tile!(self, gemm, at, strips 8, rows 3 2 1),
            4 => tallest_tile!(self, gemm, at, strips 4, rows 6 4 3 2 1),
            2 => tallest_tile!(self, gemm, at, strips 2, rows 12 8 6 4 3 2 1),
            _ => tallest_tile!(self, gemm, at, strips 1, rows 12 6 3 2 1),
        }
    }
}
