//! Keys and values of one sequence, in the strips that [`dots`](crate::product::dots) multiplies with.

use crate::product::{Strip, WIDTH};

#[derive(Clone, Copy, Debug)]
pub(crate) struct CacheShape {
    pub(crate) layers: usize,
    pub(crate) heads: usize,
    pub(crate) head_dim: usize,
}

#[derive(Debug)]
pub(crate) struct Cache {
    shape: CacheShape,
    /// Positions that there is room for: a multiple of [`WIDTH`].
    capacity: usize,
    layers: Vec<Stored>,
}

#[derive(Debug)]
struct Stored {
    /// By head, by sixteen positions, by dimension: sixteen keys' values of that dimension.
    keys: Vec<Strip>,
    /// By head, by sixteen dimensions, by position: sixteen dimensions of that value.
    values: Vec<Strip>,
}

/// What one head of one layer attends to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Head<'a> {
    keys: &'a [Strip],
    values: &'a [Strip],
    dimensions: usize,
    capacity: usize,
}

impl Cache {
    pub(crate) fn new(shape: CacheShape, positions: usize) -> Self {
        let capacity = positions.next_multiple_of(WIDTH);
        let keys = shape.heads * capacity / WIDTH * shape.head_dim;
        let values = shape.heads * shape.head_dim.div_ceil(WIDTH) * capacity;
        let stored = || Stored { keys: vec![[0.0; WIDTH]; keys], values: vec![[0.0; WIDTH]; values] };
        Self { shape, capacity, layers: (0..shape.layers).map(|_| stored()).collect() }
    }

    /// Stores the keys and values of all heads at a position.
    pub(crate) fn write(&mut self, layer: usize, position: usize, keys: &[f32], values: &[f32]) {
        let head_dim = self.shape.head_dim;
        let Stored { keys: to_keys, values: to_values } = &mut self.layers[layer];
        let to_keys = to_keys.chunks_exact_mut(self.capacity / WIDTH * head_dim);
        for (key, strips) in keys.chunks_exact(head_dim).zip(to_keys) {
            let strips = &mut strips[position / WIDTH * head_dim..][..head_dim];
            for (strip, &key) in strips.iter_mut().zip(key) {
                strip[position % WIDTH] = key;
            }
        }
        let to_values = to_values.chunks_exact_mut(head_dim.div_ceil(WIDTH) * self.capacity);
        for (value, strips) in values.chunks_exact(head_dim).zip(to_values) {
            for (value, strips) in value.chunks(WIDTH).zip(strips.chunks_exact_mut(self.capacity)) {
                strips[position][..value.len()].copy_from_slice(value);
            }
        }
    }

    pub(crate) fn head(&self, layer: usize, head: usize) -> Head<'_> {
        let Stored { keys, values } = &self.layers[layer];
        let (of_keys, of_values) = (keys.len() / self.shape.heads, values.len() / self.shape.heads);
        Head {
            keys: &keys[head * of_keys..][..of_keys],
            values: &values[head * of_values..][..of_values],
            dimensions: self.shape.head_dim,
            capacity: self.capacity,
        }
    }
}

impl<'a> Head<'a> {
    /// The keys of sixteen positions each, by dimension.
    #[inline]
    pub(crate) fn keys(self) -> impl Iterator<Item = &'a [Strip]> {
        self.keys.chunks_exact(self.dimensions)
    }

    /// Sixteen dimensions each of all values, by position.
    #[inline]
    pub(crate) fn values(self) -> impl Iterator<Item = &'a [Strip]> {
        self.values.chunks_exact(self.capacity)
    }
}
