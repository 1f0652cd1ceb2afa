//! How much work the miner holds: rollouts that wait and rollouts that run. Counted so that it cannot leak.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

#[derive(Debug, Default)]
pub(crate) struct Load {
    waiting: AtomicU32,
    running: AtomicU32,
}

impl Load {
    /// A place for a request of so many rollouts, unless `bound` or more wait already.
    pub(crate) fn enter(self: &Arc<Self>, rollouts: u32, bound: u32) -> Option<Place> {
        let enter = |waiting: u32| (waiting < bound).then(|| waiting.saturating_add(rollouts));
        self.waiting.fetch_update(Ordering::Relaxed, Ordering::Relaxed, enter).ok()?;
        Some(Place { load: Arc::clone(self), waiting: rollouts, running: 0 })
    }

    pub(crate) fn rollouts(&self) -> u32 {
        self.waiting.load(Ordering::Relaxed).saturating_add(self.running.load(Ordering::Relaxed))
    }
}

/// One request's share of the load; given back when dropped.
#[derive(Debug)]
pub(crate) struct Place {
    load: Arc<Load>,
    waiting: u32,
    running: u32,
}

impl Place {
    pub(crate) fn start(&mut self, rollouts: u32) {
        self.waiting -= rollouts;
        self.running += rollouts;
        self.load.running.fetch_add(rollouts, Ordering::Relaxed);
        self.load.waiting.fetch_sub(rollouts, Ordering::Relaxed);
    }

    pub(crate) fn end(&mut self, rollouts: u32) {
        self.running -= rollouts;
        self.load.running.fetch_sub(rollouts, Ordering::Relaxed);
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.load.waiting.fetch_sub(self.waiting, Ordering::Relaxed);
        self.load.running.fetch_sub(self.running, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_bounded_and_given_back() {
        let load = Arc::new(Load::default());
        let mut first = load.enter(10, 8).expect("one request may be larger than the bound");
        assert!(load.enter(1, 8).is_none());
        first.start(4);
        let second = load.enter(1, 8).expect("only six wait");
        assert_eq!(load.rollouts(), 11);
        first.end(3);
        assert_eq!(load.rollouts(), 8);
        drop((first, second));
        assert_eq!(load.rollouts(), 0);
    }
}
