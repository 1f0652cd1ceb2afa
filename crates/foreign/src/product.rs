//! Products of rows with a matrix, in the partial sums of an [`Order`].
//!
//! A weight matrix is cut into strips of sixteen outputs that stand next to each other, so that one term of
//! sixteen dot products is one vector operation. Attention lays out its keys and values in the same way.
#![expect(clippy::inline_always, reason = "must be inlined into the function with wider vectors")]

use crate::{
    numerics::{Order, Terms},
    wide::{self, Work},
};

/// Dot products that are computed side by side.
pub(crate) const WIDTH: usize = 16;

/// One term's factors of [`WIDTH`] dot products.
pub(crate) type Strip = [f32; WIDTH];

/// Rows that are multiplied with a strip while it is in registers.
const TALL: usize = 4;

/// A weight matrix in strips: for each sixteen outputs, the weights of every input.
#[derive(Debug)]
pub(crate) struct Matrix {
    inputs: usize,
    outputs: usize,
    strips: Vec<Strip>,
}

impl Matrix {
    /// From matrices of shape `[outputs, inputs]`, below each other.
    pub(crate) fn new(parts: &[&[f32]], inputs: usize) -> Self {
        let rows: Vec<&[f32]> = parts.iter().flat_map(|part| part.chunks_exact(inputs)).collect();
        let mut strips = vec![[0.0; WIDTH]; rows.len().div_ceil(WIDTH) * inputs];
        for (rows, strips) in rows.chunks(WIDTH).zip(strips.chunks_exact_mut(inputs)) {
            for (column, row) in rows.iter().enumerate() {
                for (strip, &weight) in strips.iter_mut().zip(*row) {
                    strip[column] = weight;
                }
            }
        }
        Self { inputs, outputs: rows.len(), strips }
    }

    pub(crate) fn inputs(&self) -> usize {
        self.inputs
    }

    pub(crate) fn outputs(&self) -> usize {
        self.outputs
    }

    /// Multiplies each row of `x` with the matrix into a row of `y`.
    pub(crate) fn apply(&self, order: Order, x: &[f32], y: &mut Vec<f32>) {
        y.resize(x.len() / self.inputs * self.outputs, 0.0);
        wide::run(Apply { matrix: self, order, x, y });
    }
}

struct Apply<'a> {
    matrix: &'a Matrix,
    order: Order,
    x: &'a [f32],
    y: &'a mut [f32],
}

impl Work for Apply<'_> {
    #[inline(always)]
    fn run(self) {
        let Self { matrix: Matrix { inputs, outputs, strips }, order, x, y } = self;
        for (index, strips) in strips.chunks_exact(*inputs).enumerate() {
            let first = index * WIDTH;
            let count = WIDTH.min(outputs - first);
            let tall_x = x.chunks_exact(TALL * inputs);
            let tall_y = y.chunks_exact_mut(TALL * outputs);
            let rest = tall_x.remainder();
            let rest_at = (x.len() - rest.len()) / inputs * outputs;
            for (x, y) in tall_x.zip(tall_y) {
                let rows: [&[f32]; TALL] = std::array::from_fn(|row| &x[row * inputs..(row + 1) * inputs]);
                for (sums, y) in tall_dots(order, rows, strips).iter().zip(y.chunks_exact_mut(*outputs)) {
                    y[first..first + count].copy_from_slice(&sums[..count]);
                }
            }
            for (x, y) in rest.chunks_exact(*inputs).zip(y[rest_at..].chunks_exact_mut(*outputs)) {
                let sums = dots(order, x, strips);
                y[first..first + count].copy_from_slice(&sums[..count]);
            }
        }
    }
}

/// The dot products of a row with the columns of `strips`, as long as it.
#[inline(always)]
pub(crate) fn dots(order: Order, row: &[f32], strips: &[Strip]) -> Strip {
    let mut totals = [0.0; WIDTH];
    let row = &row[..strips.len()];
    for Terms { start, end, step } in order.partial_sums(strips.len()) {
        let mut sums = [0.0; WIDTH];
        let mut term = start;
        while term < end {
            let (factor, strip) = (row[term], &strips[term]);
            for column in 0..WIDTH {
                sums[column] += factor * strip[column];
            }
            term += step;
        }
        add(&mut totals, &sums);
    }
    totals
}

/// The same of [`TALL`] rows. Written out, because arrays of sums do not stay in registers.
#[inline(always)]
fn tall_dots(order: Order, rows: [&[f32]; TALL], strips: &[Strip]) -> [Strip; TALL] {
    let mut totals = [[0.0; WIDTH]; TALL];
    let [a, b, c, d] = rows.map(|row| &row[..strips.len()]);
    for Terms { start, end, step } in order.partial_sums(strips.len()) {
        let (mut of_a, mut of_b, mut of_c, mut of_d) =
            ([0.0; WIDTH], [0.0; WIDTH], [0.0; WIDTH], [0.0; WIDTH]);
        let mut term = start;
        while term < end {
            let strip = &strips[term];
            let (a, b, c, d) = (a[term], b[term], c[term], d[term]);
            for column in 0..WIDTH {
                of_a[column] += a * strip[column];
                of_b[column] += b * strip[column];
                of_c[column] += c * strip[column];
                of_d[column] += d * strip[column];
            }
            term += step;
        }
        for (totals, sums) in totals.iter_mut().zip([&of_a, &of_b, &of_c, &of_d]) {
            add(totals, sums);
        }
    }
    totals
}

#[inline(always)]
fn add(totals: &mut Strip, sums: &Strip) {
    for (total, sum) in totals.iter_mut().zip(sums) {
        *total += sum;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A number of about 1 that depends on its place.
    fn number(place: usize) -> f32 {
        (place as f32 * 12.9898).sin()
    }

    #[test]
    fn every_order_gives_the_product() {
        for (rows, inputs, outputs) in [(1, 5, 3), (4, 64, 32), (7, 56, 90), (9, 129, 17)] {
            let x: Vec<f32> = (0..rows * inputs).map(number).collect();
            let weights: Vec<f32> = (0..outputs * inputs).map(|place| number(place + 1000)).collect();
            let (top, bottom) = weights.split_at(outputs / 2 * inputs);
            let matrix = Matrix::new(&[top, bottom], inputs);
            assert_eq!((matrix.inputs(), matrix.outputs()), (inputs, outputs));
            for order in [Order::Lanes(1), Order::Lanes(8), Order::Blocked(16), Order::Blocked(1000)] {
                let mut y = vec![7.0; 3];
                matrix.apply(order, &x, &mut y);
                assert_eq!(y.len(), rows * outputs);
                for (place, y) in y.iter().enumerate() {
                    let (x, w) =
                        (&x[place / outputs * inputs..][..inputs], &weights[place % outputs * inputs..]);
                    let exact: f64 = x.iter().zip(w).map(|(x, w)| f64::from(*x) * f64::from(*w)).sum();
                    assert!((f64::from(*y) - exact).abs() < 1e-4, "{order:?} at {place}: {y} {exact}");
                }
            }
        }
    }

    /// One large term is lost in its own partial sum only, so the orders give different bits.
    #[test]
    fn orders_differ_as_described() {
        let row = [1e8, 1.0, -1e8, 1.0];
        let strips = [[1.0; WIDTH]; 4];
        let sum = |order| dots(order, &row, &strips)[0];
        assert_eq!(sum(Order::Lanes(1)), 1.0);
        assert_eq!(sum(Order::Lanes(2)), 2.0);
        assert_eq!(sum(Order::Blocked(2)), 0.0);
    }
}
