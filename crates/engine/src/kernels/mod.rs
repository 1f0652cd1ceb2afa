//! The arithmetic of the engine, written once over a block of sixteen f32 lanes and run at the widest vectors
//! that the machine has.
//!
//! The rule that makes all machines agree bit by bit: a kernel is a sequence of IEEE operations on sixteen
//! lanes, and a machine with narrower registers does the same sixteen lanes in two, four or sixteen pieces.
//! Lanes meet only in [`grail::numerics::fold`]. Nothing here depends on the batch, on threads or on a
//! system libm. A change that alters one bit of any result needs a new [`crate::numerics_id`].

mod attention;
mod gemm;
mod rowwise;
mod scalar;

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
#[cfg(target_arch = "aarch64")]
mod neon;

pub(crate) use attention::Attend;
pub(crate) use gemm::{Gemm, Packed};
pub(crate) use rowwise::{Pick, Prepare, RmsNorm, Summarise, SwiGlu};

/// Lanes of one block.
pub(crate) const LANES: usize = 16;

/// Sixteen floats on one cache line: how weights and KV pages are stored.
#[derive(Debug, Clone, Copy)]
#[repr(C, align(64))]
pub(crate) struct Line(pub(crate) [f32; LANES]);

impl Line {
    pub(crate) const ZERO: Self = Self([0.0; LANES]);
}

/// The instruction set that runs the kernels. Every one gives the same bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Vector {
    /// No SIMD and no hardware FMA asked for: slow, for reference.
    Scalar,
    Avx2,
    Avx512,
    Neon,
}

impl Vector {
    /// What this machine can run, widest first.
    pub fn available() -> Vec<Self> {
        [Self::Avx512, Self::Avx2, Self::Neon, Self::Scalar]
            .into_iter()
            .filter(|vector| Kernels::new(*vector).is_some())
            .collect()
    }
}

/// One instruction set's sixteen lanes. A value of the type is the proof that the machine has it.
pub(crate) trait Simd: Copy + Send + Sync {
    type V: Copy;
    /// How many `V` the register file holds.
    const REGISTERS: usize;

    fn splat(self, x: f32) -> Self::V;
    fn load(self, from: &[f32; LANES]) -> Self::V;
    fn store(self, v: Self::V, to: &mut [f32; LANES]);
    /// `a * b + c`, rounded once.
    fn fma(self, a: Self::V, b: Self::V, c: Self::V) -> Self::V;
    /// [`Simd::fma`] on one lane.
    fn fma1(self, a: f32, b: f32, c: f32) -> f32;
    /// How many adjacent strips of weights a register tile over this many rows should cover: 1, 2, 4 or 8.
    fn strips(self, rows: usize) -> usize;
    /// Computes one register tile of `gemm` and returns how many rows it covered, at least 1.
    fn tile(self, gemm: &Gemm<'_>, at: gemm::At) -> usize;
}

/// A kernel with its arguments, to be run under whichever instruction set was chosen.
pub(crate) trait Kernel {
    type Out;
    /// Must be `#[inline(always)]`, with everything it calls, to be compiled for the instruction set.
    fn run<S: Simd>(self, s: S) -> Self::Out;
}

/// The chosen instruction set.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kernels {
    Scalar(scalar::Scalar),
    #[cfg(target_arch = "x86_64")]
    Avx2(avx2::Avx2),
    #[cfg(target_arch = "x86_64")]
    Avx512(avx512::Avx512),
    #[cfg(target_arch = "aarch64")]
    Neon(neon::Neon),
}

impl Kernels {
    /// `None` if this machine lacks the instruction set.
    pub(crate) fn new(vector: Vector) -> Option<Self> {
        match vector {
            Vector::Scalar => Some(Self::Scalar(scalar::Scalar)),
            #[cfg(target_arch = "x86_64")]
            Vector::Avx2 => avx2::Avx2::detect().map(Self::Avx2),
            #[cfg(target_arch = "x86_64")]
            Vector::Avx512 => avx512::Avx512::detect().map(Self::Avx512),
            #[cfg(target_arch = "aarch64")]
            Vector::Neon => neon::Neon::detect().map(Self::Neon),
            #[cfg(not(target_arch = "x86_64"))]
            Vector::Avx2 | Vector::Avx512 => None,
            #[cfg(not(target_arch = "aarch64"))]
            Vector::Neon => None,
        }
    }

    /// The widest instruction set of this machine.
    pub(crate) fn best() -> Self {
        let widest = Vector::available().first().and_then(|vector| Self::new(*vector));
        widest.unwrap_or(Self::Scalar(scalar::Scalar))
    }

    pub(crate) fn vector(self) -> Vector {
        match self {
            Self::Scalar(_) => Vector::Scalar,
            #[cfg(target_arch = "x86_64")]
            Self::Avx2(_) => Vector::Avx2,
            #[cfg(target_arch = "x86_64")]
            Self::Avx512(_) => Vector::Avx512,
            #[cfg(target_arch = "aarch64")]
            Self::Neon(_) => Vector::Neon,
        }
    }

    pub(crate) fn run<K: Kernel>(self, kernel: K) -> K::Out {
        match self {
            Self::Scalar(s) => kernel.run(s),
            #[cfg(target_arch = "x86_64")]
            Self::Avx2(s) => s.run(kernel),
            #[cfg(target_arch = "x86_64")]
            Self::Avx512(s) => s.run(kernel),
            #[cfg(target_arch = "aarch64")]
            Self::Neon(s) => s.run(kernel),
        }
    }
}

/// Tries the register tiles from tallest to shortest; each is monomorphic, so its accumulators stay in registers.
macro_rules! tallest_tile {
    ($s:expr, $gemm:expr, $at:expr, strips $n:literal, rows $($r:literal)+) => {
        $(if $at.rows >= $r { $gemm.tile::<_, $r, $n>($s, $at); $r } else)+ { 0 }
    };
}
use tallest_tile;
