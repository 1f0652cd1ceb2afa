//! Keys and values of every position that was computed, in pages that sequences share.
//!
//! A sequence is a list of pages. Forking copies the list: the G completions of a prompt share its pages, and
//! only a page that one of them is about to write while another still holds it is copied. A page goes back to
//! its pool when the last sequence that holds it is dropped. The pool never grows: running out is an error.

use std::sync::{Arc, Mutex, PoisonError};

use crate::{
    error::Error,
    kernels::{LANES, Line},
};

/// Positions per page: one key dimension of a page fills one line.
pub(crate) const PAGE: usize = LANES;

/// What the pool must know of the model.
#[derive(Debug, Clone, Copy)]
pub(crate) struct KvShape {
    pub(crate) layers: usize,
    pub(crate) heads: usize,
    pub(crate) head_dim: usize,
}

impl KvShape {
    /// Lines of one head's keys in a page: dimension by dimension, sixteen positions each.
    pub(crate) fn key_lines(self) -> usize {
        self.head_dim
    }

    /// Lines of one value vector; the last one is padded with zeros.
    pub(crate) fn value_lines(self) -> usize {
        self.head_dim.div_ceil(LANES)
    }
}

/// All pages of one layer.
#[derive(Debug)]
pub(crate) struct LayerKv {
    /// Page, head, dimension: one line of sixteen positions.
    pub(crate) keys: Vec<Line>,
    /// Page, head, position: `value_lines` lines.
    pub(crate) values: Vec<Line>,
}

#[derive(Debug)]
pub(crate) struct KvPool {
    shape: KvShape,
    layers: Vec<LayerKv>,
    free: Arc<FreeList>,
    pages: usize,
}

type FreeList = Mutex<Vec<u32>>;

/// A page in use; dropping the last reference frees it.
#[derive(Debug)]
struct Page {
    index: u32,
    free: Arc<FreeList>,
}

impl Drop for Page {
    fn drop(&mut self) {
        self.free.lock().unwrap_or_else(PoisonError::into_inner).push(self.index);
    }
}

/// The pages of one token sequence. Cloning it forks the sequence.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sequence {
    owned: Vec<Arc<Page>>,
    indices: Vec<u32>,
    len: usize,
}

impl Sequence {
    /// How many positions have been allotted.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Pool indices of its pages, in order of position.
    pub(crate) fn pages(&self) -> &[u32] {
        &self.indices
    }
}

/// Pages that `tokens` positions take.
pub(crate) fn pages_for(tokens: usize) -> usize {
    tokens.div_ceil(PAGE)
}

impl KvPool {
    pub(crate) fn new(shape: KvShape, pages: usize) -> Self {
        let key_lines = pages * shape.heads * shape.key_lines();
        let value_lines = pages * shape.heads * PAGE * shape.value_lines();
        let layer = || LayerKv { keys: vec![Line::ZERO; key_lines], values: vec![Line::ZERO; value_lines] };
        let layers = (0..shape.layers).map(|_| layer()).collect();
        let free = (0..pages as u32).rev().collect();
        Self { shape, layers, free: Arc::new(Mutex::new(free)), pages }
    }

    pub(crate) fn pages(&self) -> usize {
        self.pages
    }

    #[cfg(test)]
    pub(crate) fn free_pages(&self) -> usize {
        self.free.lock().unwrap().len()
    }

    pub(crate) fn shape(&self) -> KvShape {
        self.shape
    }

    pub(crate) fn layer(&self, index: usize) -> &LayerKv {
        &self.layers[index]
    }

    /// Makes room for `extra` more positions that this sequence alone will write.
    pub(crate) fn extend(&mut self, sequence: &mut Sequence, extra: usize) -> Result<(), Error> {
        if extra == 0 {
            return Ok(());
        }
        let next = sequence.len / PAGE;
        if let Some(page) = sequence.owned.get_mut(next)
            && Arc::get_mut(page).is_none()
        {
            let copy = Self::take(&self.free, self.pages)?;
            self.copy_page(page.index, copy.index);
            sequence.indices[next] = copy.index;
            *page = Arc::new(copy);
        }
        while sequence.owned.len() < pages_for(sequence.len + extra) {
            let page = Self::take(&self.free, self.pages)?;
            sequence.indices.push(page.index);
            sequence.owned.push(Arc::new(page));
        }
        sequence.len += extra;
        Ok(())
    }

    /// Writes the keys and values of one position of one layer; both hold all heads one after the other.
    pub(crate) fn write(&mut self, layer: usize, sequence: &Sequence, position: usize, kv: (&[f32], &[f32])) {
        let shape = self.shape;
        let page = sequence.indices[position / PAGE] as usize;
        let slot = position % PAGE;
        let layer = &mut self.layers[layer];
        for (head, keys) in kv.0.chunks_exact(shape.head_dim).enumerate() {
            let first = (page * shape.heads + head) * shape.key_lines();
            for (line, &key) in layer.keys[first..first + shape.key_lines()].iter_mut().zip(keys) {
                line.0[slot] = key;
            }
        }
        for (head, values) in kv.1.chunks_exact(shape.head_dim).enumerate() {
            let first = ((page * shape.heads + head) * PAGE + slot) * shape.value_lines();
            let lines = &mut layer.values[first..first + shape.value_lines()];
            for (line, values) in lines.iter_mut().zip(values.chunks(LANES)) {
                line.0[..values.len()].copy_from_slice(values);
            }
        }
    }

    fn take(free: &Arc<FreeList>, pages: usize) -> Result<Page, Error> {
        let index = free.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let index = index.ok_or(Error::KvExhausted { pages })?;
        Ok(Page { index, free: Arc::clone(free) })
    }

    fn copy_page(&mut self, from: u32, to: u32) {
        let keys = self.shape.heads * self.shape.key_lines();
        let values = self.shape.heads * PAGE * self.shape.value_lines();
        let (from, to) = (from as usize, to as usize);
        for layer in &mut self.layers {
            layer.keys.copy_within(from * keys..(from + 1) * keys, to * keys);
            layer.values.copy_within(from * values..(from + 1) * values, to * values);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHAPE: KvShape = KvShape { layers: 2, heads: 2, head_dim: 8 };

    fn key_at(pool: &KvPool, layer: usize, sequence: &Sequence, position: usize) -> f32 {
        let page = sequence.pages()[position / PAGE] as usize;
        pool.layer(layer).keys[page * SHAPE.heads * SHAPE.key_lines()].0[position % PAGE]
    }

    fn fill(pool: &mut KvPool, sequence: &mut Sequence, from: usize, to: usize, mark: f32) {
        pool.extend(sequence, to - from).unwrap();
        for position in from..to {
            for layer in 0..SHAPE.layers {
                pool.write(layer, sequence, position, (&[mark; 16], &[mark; 16]));
            }
        }
    }

    #[test]
    fn forks_share_full_pages_and_copy_a_partial_one_on_write() {
        let mut pool = KvPool::new(SHAPE, 8);
        let mut prompt = Sequence::default();
        fill(&mut pool, &mut prompt, 0, 20, 1.0);
        let (mut a, mut b) = (prompt.clone(), prompt.clone());
        assert_eq!(pool.free_pages(), 6);
        fill(&mut pool, &mut a, 20, 21, 2.0);
        fill(&mut pool, &mut b, 20, 40, 3.0);
        assert_eq!(pool.free_pages(), 3);
        assert_eq!(a.pages()[0], b.pages()[0]);
        for (sequence, mark) in [(&a, 2.0), (&b, 3.0)] {
            assert_eq!((0..20).map(|p| key_at(&pool, 1, sequence, p)).sum::<f32>(), 20.0);
            assert_eq!(key_at(&pool, 1, sequence, 20), mark);
        }
        // The prompt is the last holder of its partial page, so it may write it in place.
        let partial = prompt.pages()[1];
        fill(&mut pool, &mut prompt, 20, 21, 4.0);
        assert_eq!((prompt.pages()[1], key_at(&pool, 0, &prompt, 20)), (partial, 4.0));
        drop((prompt, a));
        assert_eq!(pool.free_pages(), 5);
        drop(b);
        assert_eq!(pool.free_pages(), 8);
    }

    #[test]
    fn an_exhausted_pool_is_an_error_and_recovers() {
        let mut pool = KvPool::new(SHAPE, 2);
        let mut a = Sequence::default();
        pool.extend(&mut a, 2 * PAGE).unwrap();
        assert!(matches!(pool.extend(&mut a, 1), Err(Error::KvExhausted { pages: 2 })));
        let mut b = Sequence::default();
        assert!(pool.extend(&mut b, 1).is_err());
        drop(a);
        pool.extend(&mut b, 2 * PAGE).unwrap();
    }
}
