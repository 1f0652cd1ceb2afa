//! AVX2 with FMA: two registers hold the sixteen lanes.
#![expect(unsafe_code, reason = "SIMD intrinsics; a value of the type proves that the CPU has them")]
#![expect(clippy::inline_always, reason = "must be inlined into `run`, which enables the instructions")]

use std::arch::x86_64::{__m256, _mm256_fmadd_ps, _mm256_loadu_ps, _mm256_set1_ps, _mm256_storeu_ps};

use super::{Gemm, Kernel, LANES, Simd, gemm::At, tallest_tile};

/// Exists only where AVX2 and FMA were detected.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Avx2(());

impl Avx2 {
    pub(crate) fn detect() -> Option<Self> {
        (is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma")).then_some(Self(()))
    }

    pub(crate) fn run<K: Kernel>(self, kernel: K) -> K::Out {
        #[target_feature(enable = "avx2,fma")]
        fn enabled<K: Kernel>(s: Avx2, kernel: K) -> K::Out {
            kernel.run(s)
        }
        // SAFETY: `self` exists, so the CPU has AVX2 and FMA.
        unsafe { enabled(self, kernel) }
    }
}

impl Simd for Avx2 {
    type V = [__m256; 2];
    const REGISTERS: usize = 8;

    #[inline(always)]
    fn splat(self, x: f32) -> Self::V {
        // SAFETY: `self` exists, so the CPU has AVX2.
        let v = unsafe { _mm256_set1_ps(x) };
        [v, v]
    }

    #[inline(always)]
    fn load(self, from: &[f32; LANES]) -> Self::V {
        let from = from.as_ptr();
        // SAFETY: as above; the reference covers the two times 32 bytes read.
        unsafe { [_mm256_loadu_ps(from), _mm256_loadu_ps(from.add(8))] }
    }

    #[inline(always)]
    fn store(self, v: Self::V, to: &mut [f32; LANES]) {
        let to = to.as_mut_ptr();
        // SAFETY: as above; the reference covers the two times 32 bytes written.
        unsafe {
            _mm256_storeu_ps(to, v[0]);
            _mm256_storeu_ps(to.add(8), v[1]);
        }
    }

    #[inline(always)]
    fn fma(self, a: Self::V, b: Self::V, c: Self::V) -> Self::V {
        // SAFETY: `self` exists, so the CPU has FMA.
        unsafe { [_mm256_fmadd_ps(a[0], b[0], c[0]), _mm256_fmadd_ps(a[1], b[1], c[1])] }
    }

    #[inline(always)]
    fn fma1(self, a: f32, b: f32, c: f32) -> f32 {
        // One instruction where FMA is enabled, as it is in `run`.
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

    /// 12 of the 16 registers accumulate.
    #[inline(always)]
    fn tile(self, gemm: &Gemm<'_>, at: At) -> usize {
        match at.strips {
            4 => tallest_tile!(self, gemm, at, strips 4, rows 1),
            2 => tallest_tile!(self, gemm, at, strips 2, rows 3 2 1),
            _ => tallest_tile!(self, gemm, at, strips 1, rows 6 4 3 2 1),
        }
    }
}
