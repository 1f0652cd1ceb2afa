//! Matrix products against packed weights: `y[i][j] = sum over k of x[i][k] * w[j][k]`.
//!
//! Every output is one chain of fused multiply-adds in ascending k, starting from zero, whatever the number of
//! rows, the register tile, the thread or the vector width. That chain is the specification.
#![expect(
    unsafe_code,
    reason = "the innermost loop reads without bounds checks and threads write disjoint columns"
)]
#![expect(clippy::inline_always, reason = "kernels must be inlined into the function that enables SIMD")]

use std::{marker::PhantomData, ops::Range};

use rayon::prelude::*;

use super::{Kernel, Kernels, LANES, Line, Simd};

/// Rows that pass over one strip of weights before the next strip: they stay in the L2 cache.
const ROW_BLOCK: usize = 96;

/// A weight matrix cut into strips of sixteen outputs: strip, then input, then output; the last strip is padded
/// with zeros.
#[derive(Debug)]
pub(crate) struct Packed {
    outputs: usize,
    inputs: usize,
    lines: Vec<Line>,
}

impl Packed {
    /// Packs row-major `[outputs, inputs]` matrices, one below the other.
    pub(crate) fn new(parts: &[&[f32]], inputs: usize) -> Self {
        let outputs = parts.iter().map(|part| part.len() / inputs).sum::<usize>();
        let mut lines = vec![Line::ZERO; outputs.div_ceil(LANES) * inputs];
        for (output, row) in parts.iter().flat_map(|part| part.chunks_exact(inputs)).enumerate() {
            let strip = &mut lines[output / LANES * inputs..][..inputs];
            for (line, &weight) in strip.iter_mut().zip(row) {
                line.0[output % LANES] = weight;
            }
        }
        Self { outputs, inputs, lines }
    }

    pub(crate) fn outputs(&self) -> usize {
        self.outputs
    }

    pub(crate) fn inputs(&self) -> usize {
        self.inputs
    }

    /// Copies the weights of one output back out; for an embedding that is tied to the head.
    pub(crate) fn unpack(&self, output: usize, to: &mut [f32]) {
        let strip = &self.lines[output / LANES * self.inputs..][..self.inputs];
        for (to, line) in to.iter_mut().zip(strip) {
            *to = line.0[output % LANES];
        }
    }

    fn strips(&self) -> usize {
        self.outputs.div_ceil(LANES)
    }
}

/// A range of strips for a block of rows. `y` starts at the first strip's first column.
pub(crate) struct Gemm<'a> {
    x: &'a [f32],
    w: &'a Packed,
    strips: Range<usize>,
    y: *mut f32,
    stride: usize,
    borrowed: PhantomData<&'a mut [f32]>,
}

/// Where a register tile starts and the most it may cover.
#[derive(Debug, Clone, Copy)]
pub(crate) struct At {
    row: usize,
    /// Rows left below `row`.
    pub(super) rows: usize,
    strip: usize,
    /// Strips to cover.
    pub(super) strips: usize,
}

impl Kernels {
    /// `y = x wᵀ` for all rows of `x`, split over up to `ways` threads of the current pool by output columns.
    pub(crate) fn matmul(self, x: &[f32], w: &Packed, y: &mut [f32], ways: usize) {
        let strips = w.strips();
        let ways = ways.min(strips).max(1);
        assert_eq!(y.len(), x.len() / w.inputs * w.outputs, "one output row per input row");
        if ways == 1 {
            return self.columns(x, w, 0..strips, y);
        }
        let target = Target { y: y.as_mut_ptr(), stride: w.outputs };
        (0..ways).into_par_iter().for_each(|way| {
            let strips = strips * way / ways..strips * (way + 1) / ways;
            // SAFETY: `target` spans `y` (checked above), this range starts inside a row of it, and no two
            // ways share a column, so each writes memory that nothing else touches until all have ended.
            let gemm = unsafe { target.gemm(x, w, strips) };
            self.run(gemm);
        });
    }

    /// The columns of `strips` only: `y` has as many columns as they cover.
    pub(crate) fn columns(self, x: &[f32], w: &Packed, strips: Range<usize>, y: &mut [f32]) {
        let columns = w.outputs.min(strips.end * LANES) - strips.start * LANES;
        assert!(
            strips.end <= w.strips() && x.len().is_multiple_of(w.inputs),
            "strips of this matrix, whole rows"
        );
        assert_eq!(y.len(), x.len() / w.inputs * columns, "one output row per input row");
        let gemm = Gemm { x, w, strips, y: y.as_mut_ptr(), stride: columns, borrowed: PhantomData };
        self.run(gemm);
    }

    /// The strip that computes output `output`, and its place there: one logit without the others.
    pub(crate) fn single(self, x: &[f32], w: &Packed, output: usize) -> f32 {
        let strip = output / LANES;
        let mut y = [0.0; LANES];
        let columns = (w.outputs - strip * LANES).min(LANES);
        self.columns(x, w, strip..strip + 1, &mut y[..columns]);
        y[output % LANES]
    }
}

/// The output matrix, shared by threads that write different columns of it.
struct Target {
    y: *mut f32,
    stride: usize,
}

// SAFETY: the pointer is only used through `Target::gemm`, whose contract makes the writes disjoint.
unsafe impl Sync for Target {}

impl Target {
    /// # Safety
    /// `y` must be valid for writes of every row of `stride` floats that `x` has, for `'a`, and nothing else
    /// may access the columns of `strips` meanwhile.
    unsafe fn gemm<'a>(&self, x: &'a [f32], w: &'a Packed, strips: Range<usize>) -> Gemm<'a> {
        // SAFETY: the first column of an existing strip lies inside the first row.
        let y = unsafe { self.y.add(strips.start * LANES) };
        Gemm { x, w, strips, y, stride: self.stride, borrowed: PhantomData }
    }
}

impl Kernel for Gemm<'_> {
    type Out = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let total = self.x.len() / self.w.inputs;
        for first in (0..total).step_by(ROW_BLOCK) {
            let rows = ROW_BLOCK.min(total - first);
            let mut strip = self.strips.start;
            while strip < self.strips.end {
                let mut strips = s.strips(rows);
                while strips > self.strips.end - strip {
                    strips /= 2;
                }
                let mut done = 0;
                while done < rows {
                    done += s.tile(&self, At { row: first + done, rows: rows - done, strip, strips });
                }
                strip += strips;
            }
        }
    }
}

impl Gemm<'_> {
    /// `R` rows by `N` strips with all accumulators in registers.
    #[inline(always)]
    pub(super) fn tile<S: Simd, const R: usize, const N: usize>(&self, s: S, at: At) {
        let depth = self.w.inputs;
        assert!(R <= at.rows && N <= at.strips, "the tile fits");
        let mut sums = [[s.splat(0.0); N]; R];
        let x = &self.x[at.row * depth..(at.row + R) * depth];
        let w = &self.w.lines[at.strip * depth..(at.strip + N) * depth];
        let mut b = [s.splat(0.0); N];
        for k in 0..depth {
            for (n, b) in b.iter_mut().enumerate() {
                // SAFETY: n < N and k < depth, and `w` has N * depth lines.
                *b = s.load(&unsafe { w.get_unchecked(n * depth + k) }.0);
            }
            for (r, sums) in sums.iter_mut().enumerate() {
                // SAFETY: r < R and k < depth, and `x` has R * depth floats.
                let a = s.splat(*unsafe { x.get_unchecked(r * depth + k) });
                for (sum, b) in sums.iter_mut().zip(b) {
                    *sum = s.fma(a, b, *sum);
                }
            }
        }
        for (r, sums) in sums.iter().enumerate() {
            for (n, sum) in sums.iter().enumerate() {
                let column = (at.strip + n) * LANES;
                let to = (at.row + r) * self.stride + column - self.strips.start * LANES;
                let width = LANES.min(self.w.outputs - column);
                // SAFETY: the row exists (checked by slicing `x`) and `width` stops at its last column, all of
                // which this `Gemm` alone may write.
                let to = unsafe { std::slice::from_raw_parts_mut(self.y.add(to), width) };
                if let Ok(to) = to.try_into() {
                    s.store(*sum, to);
                } else {
                    let mut lanes = [0.0; LANES];
                    s.store(*sum, &mut lanes);
                    to.copy_from_slice(&lanes[..width]);
                }
            }
        }
    }
}
