//! Compiled modules kept in memory, least recently used out first, bounded by count and bytes.
//! Nothing is read from or written to disk: native code from a file would have to be trusted.

use std::collections::HashMap;
use std::sync::Arc;

use crate::compile::Compiled;
use crate::hash::ContentHash;
use crate::module::World;

/// The component's bytes, and the contract that they were checked against.
pub(crate) type Key = (ContentHash, World);

/// Compiled modules by what they were compiled from.
pub(crate) struct Cache {
    entries: HashMap<Key, Entry>,
    max_entries: usize,
    max_bytes: usize,
    bytes: usize,
    /// Counts uses; a larger stamp was used later.
    clock: u64,
}

struct Entry {
    compiled: Arc<Compiled>,
    bytes: usize,
    used: u64,
}

impl Cache {
    pub(crate) fn new(max_entries: usize, max_bytes: usize) -> Self {
        Self { entries: HashMap::new(), max_entries, max_bytes, bytes: 0, clock: 0 }
    }

    pub(crate) fn find(&mut self, key: Key) -> Option<Arc<Compiled>> {
        self.clock += 1;
        let entry = self.entries.get_mut(&key)?;
        entry.used = self.clock;
        Some(Arc::clone(&entry.compiled))
    }

    pub(crate) fn insert(&mut self, key: Key, compiled: Arc<Compiled>) {
        self.clock += 1;
        let entry = Entry { bytes: compiled.bytes, compiled, used: self.clock };
        self.bytes += entry.bytes;
        if let Some(old) = self.entries.insert(key, entry) {
            self.bytes -= old.bytes;
        }
        // The newest stays even when it alone is too large: its caller is about to use it.
        while self.entries.len() > 1 && (self.entries.len() > self.max_entries || self.bytes > self.max_bytes)
        {
            self.evict_oldest();
        }
    }

    fn evict_oldest(&mut self) {
        let oldest = self.entries.iter().min_by_key(|(_, entry)| entry.used).map(|(key, _)| *key);
        if let Some(entry) = oldest.and_then(|key| self.entries.remove(&key)) {
            self.bytes -= entry.bytes;
        }
    }
}
