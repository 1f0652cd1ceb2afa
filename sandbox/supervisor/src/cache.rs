//! Compiled code by what it was compiled from: in memory, and in a folder where there is one. Bounded by bytes, least
//! recently used out first.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use sandbox::{ContentHash, WASMTIME, WasiProfile, World};

use crate::vault::Vault;

/// Everything that native code depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Key([u8; 32]);

impl Key {
    pub(crate) fn new(component: ContentHash, world: World, wasi: WasiProfile, compatibility: u64) -> Self {
        let mut hasher = blake3::Hasher::new_derive_key("reliquary 2026-11 compiled reward function");
        hasher.update(component.as_bytes());
        hasher.update(&compatibility.to_le_bytes());
        for text in [world.as_str(), wasi.as_str(), WASMTIME] {
            hasher.update(text.as_bytes());
            hasher.update(&[0]);
        }
        Self(*hasher.finalize().as_bytes())
    }

    pub(crate) fn name(&self) -> String {
        hex::encode(self.0)
    }

    pub(crate) fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// Native code that a compile child has made, here or earlier.
#[derive(Debug)]
pub(crate) struct Cache {
    memory: Mutex<Memory>,
    vault: Option<Vault>,
}

#[derive(Debug, Default)]
struct Memory {
    entries: HashMap<Key, Entry>,
    max_bytes: usize,
    bytes: usize,
    /// Counts uses; a larger stamp was used later.
    clock: u64,
}

#[derive(Debug)]
struct Entry {
    code: Arc<[u8]>,
    used: u64,
}

impl Cache {
    pub(crate) fn new(max_bytes: usize, vault: Option<Vault>) -> Self {
        Self { memory: Mutex::new(Memory { max_bytes, ..Memory::default() }), vault }
    }

    pub(crate) fn find(&self, key: &Key) -> Option<Arc<[u8]>> {
        let in_memory = self.memory.lock().unwrap_or_else(PoisonError::into_inner).find(key);
        in_memory.or_else(|| {
            let code: Arc<[u8]> = self.vault.as_ref()?.find(key)?.into();
            self.remember(*key, &code);
            Some(code)
        })
    }

    pub(crate) fn insert(&self, key: Key, code: Vec<u8>) -> Arc<[u8]> {
        if let Some(vault) = &self.vault {
            vault.keep(&key, &code);
        }
        let code: Arc<[u8]> = code.into();
        self.remember(key, &code);
        code
    }

    fn remember(&self, key: Key, code: &Arc<[u8]>) {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner).insert(key, Arc::clone(code));
    }
}

impl Memory {
    fn find(&mut self, key: &Key) -> Option<Arc<[u8]>> {
        self.clock += 1;
        let entry = self.entries.get_mut(key)?;
        entry.used = self.clock;
        Some(Arc::clone(&entry.code))
    }

    fn insert(&mut self, key: Key, code: Arc<[u8]>) {
        self.clock += 1;
        self.bytes += code.len();
        let replaced = self.entries.insert(key, Entry { code, used: self.clock });
        self.bytes -= replaced.map_or(0, |entry| entry.code.len());
        // the newest stays even when it alone is over the limit: somebody is about to use it
        while self.entries.len() > 1 && self.bytes > self.max_bytes {
            let oldest = self.entries.iter().min_by_key(|(_, entry)| entry.used).map(|(key, _)| *key);
            if let Some(entry) = oldest.and_then(|key| self.entries.remove(&key)) {
                self.bytes -= entry.code.len();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_bounded_and_what_is_used_stays() {
        let key =
            |name: &str| Key::new(ContentHash::of(name.as_bytes()), World::Reward, WasiProfile::None, 1);
        let cache = Cache::new(25, None);
        cache.insert(key("a"), vec![1; 10]);
        cache.insert(key("b"), vec![2; 10]);
        assert!(cache.find(&key("a")).is_some());
        cache.insert(key("c"), vec![3; 10]);
        assert!(cache.find(&key("b")).is_none(), "used longest ago");
        assert!(cache.find(&key("a")).is_some() && cache.find(&key("c")).is_some());
        cache.insert(key("d"), vec![4; 100]);
        assert_eq!(cache.find(&key("d")).map(|code| code.len()), Some(100), "the newest stays");
        assert!(cache.find(&key("a")).is_none());
    }

    #[test]
    fn every_part_of_the_key_counts() {
        let (a, b) = (ContentHash::of(b"a"), ContentHash::of(b"b"));
        let keys = [
            Key::new(a, World::Reward, WasiProfile::None, 1),
            Key::new(b, World::Reward, WasiProfile::None, 1),
            Key::new(a, World::RewardSimple, WasiProfile::None, 1),
            Key::new(a, World::Reward, WasiProfile::Deterministic, 1),
            Key::new(a, World::Reward, WasiProfile::None, 2),
        ];
        let different: std::collections::HashSet<_> = keys.iter().collect();
        assert_eq!(different.len(), keys.len());
    }
}
