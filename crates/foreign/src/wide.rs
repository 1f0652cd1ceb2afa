//! Runs plain loops compiled for wider vectors where the CPU has them.
//!
//! The loops are ordinary Rust without fused multiply-adds, so the width changes no result.

/// A computation whose `run` is inlined into [`run`], helpers included: mark them all `#[inline(always)]`.
pub(crate) trait Work {
    fn run(self);
}

pub(crate) fn run(work: impl Work) {
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx2") {
        #[target_feature(enable = "avx2")]
        fn with_avx2(work: impl Work) {
            work.run();
        }
        #[expect(unsafe_code, reason = "calls a function compiled for AVX2, after detecting it")]
        // SAFETY: the CPU has AVX2.
        return unsafe { with_avx2(work) };
    }
    work.run();
}
