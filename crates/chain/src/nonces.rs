//! The nonces already used, so that a signed request counts once. Bounded in every direction, and fails closed.
//! And where a sender takes its own from.

use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};

use grail::Hotkey;

use crate::Error;

/// Signed requests of one sender inside the window.
pub const MAX_PER_SENDER: usize = 4096;
/// Senders with a live nonce.
pub const MAX_SENDERS: usize = 65_536;

/// Remembers nonces for as long as they would still be accepted.
#[derive(Debug, Default)]
pub struct SeenNonces {
    senders: HashMap<Hotkey, BTreeSet<u64>>,
    /// Nonces below were forgotten, so they are refused even if the clock is set back.
    floor_ns: u64,
}

impl SeenNonces {
    /// Takes a nonce of a sender whose signature holds. `oldest_ns` is the start of the acceptance window.
    pub fn admit(&mut self, sender: Hotkey, nonce_ns: u64, oldest_ns: u64) -> Result<(), Error> {
        if oldest_ns > self.floor_ns {
            self.floor_ns = oldest_ns;
        }
        if nonce_ns < self.floor_ns {
            return Err(Error::Stale);
        }
        if !self.senders.contains_key(&sender) && self.senders.len() >= MAX_SENDERS {
            self.forget_idle_senders();
            if self.senders.len() >= MAX_SENDERS {
                return Err(Error::TooMany);
            }
        }
        let seen = self.senders.entry(sender).or_default();
        *seen = seen.split_off(&self.floor_ns);
        if seen.contains(&nonce_ns) {
            return Err(Error::Replayed);
        }
        if seen.len() >= MAX_PER_SENDER {
            return Err(Error::TooMany);
        }
        seen.insert(nonce_ns);
        Ok(())
    }

    fn forget_idle_senders(&mut self) {
        let floor = self.floor_ns;
        self.senders.retain(|_, seen| seen.last().is_some_and(|newest| *newest >= floor));
    }
}

/// Nonces for one sender: the time, but never the same twice, however many tasks sign at once.
#[derive(Debug, Default)]
pub struct NonceSource(AtomicU64);

impl NonceSource {
    pub fn next(&self, now_ns: u64) -> u64 {
        let later = |last: u64| now_ns.max(last.saturating_add(1));
        match self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |last| Some(later(last))) {
            Ok(last) | Err(last) => later(last),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_gives_the_time_and_no_nonce_twice() {
        let source = NonceSource::default();
        let given = [1000, 1000, 1000, 900, 2000].map(|now| source.next(now));
        assert_eq!(given, [1000, 1001, 1002, 1003, 2000]);
    }

    const A: Hotkey = Hotkey([1; 32]);
    const B: Hotkey = Hotkey([2; 32]);

    #[test]
    fn once_per_sender_in_any_order() {
        let mut seen = SeenNonces::default();
        for nonce in [100, 90, 110] {
            seen.admit(A, nonce, 50).unwrap();
            assert!(matches!(seen.admit(A, nonce, 50), Err(Error::Replayed)));
            seen.admit(B, nonce, 50).unwrap();
        }
    }

    #[test]
    fn a_clock_set_back_does_not_reopen_the_past() {
        let mut seen = SeenNonces::default();
        seen.admit(A, 100, 50).unwrap();
        seen.admit(A, 300, 200).unwrap();
        assert!(matches!(seen.admit(A, 100, 50), Err(Error::Stale)));
        assert!(matches!(seen.admit(A, 300, 50), Err(Error::Replayed)));
    }

    #[test]
    fn one_sender_cannot_fill_the_store_and_time_frees_it() {
        let mut seen = SeenNonces::default();
        for nonce in 0..MAX_PER_SENDER as u64 {
            seen.admit(A, 100 + nonce, 100).unwrap();
        }
        assert!(matches!(seen.admit(A, 99_999, 100), Err(Error::TooMany)));
        assert!(matches!(seen.admit(A, 100, 100), Err(Error::Replayed)));
        seen.admit(B, 99_999, 100).unwrap();
        seen.admit(A, 99_999, 101).unwrap();
    }

    #[test]
    fn many_senders_are_bounded_and_idle_ones_make_room() {
        let mut seen = SeenNonces::default();
        let sender = |i: usize| {
            let mut key = [0; 32];
            key[..8].copy_from_slice(&i.to_be_bytes());
            Hotkey(key)
        };
        for i in 0..MAX_SENDERS {
            seen.admit(sender(i), 100 + (i as u64 & 1), 50).unwrap();
        }
        assert!(matches!(seen.admit(sender(MAX_SENDERS), 200, 100), Err(Error::TooMany)));
        seen.admit(sender(MAX_SENDERS), 200, 101).unwrap();
        assert!(seen.senders.len() <= MAX_SENDERS / 2 + 1);
    }
}
