//! What the profile keeps during one call: its randomness, its clock, open streams and unfinished lines.

use std::fmt;

use crate::guest::{Log, LogCapPassed};
use crate::hash::ContentHash;

use super::streams::Line;
use super::{OPEN_STREAMS, TICK_NANOSECONDS};

/// Separates these bytes from every other use of BLAKE3.
const RANDOM_DOMAIN: &str = "reliquary reward 2026 deterministic wasi random";

/// Made anew for every call, from the call's input alone.
pub(crate) struct Wasi {
    random: blake3::OutputReader,
    monotonic: u64,
    open_streams: usize,
    /// What was written without a line's end, to stdout and to stderr.
    pub(super) lines: [Line; 2],
}

impl Wasi {
    pub(crate) fn new(input: ContentHash, seed: u64) -> Self {
        let mut hasher = blake3::Hasher::new_derive_key(RANDOM_DOMAIN);
        hasher.update(input.as_bytes()).update(&seed.to_le_bytes());
        Self { random: hasher.finalize_xof(), monotonic: 0, open_streams: 0, lines: Line::both() }
    }

    /// Logs what was written without a line's end.
    pub(crate) fn finish(&mut self, log: &mut Log) -> Result<(), LogCapPassed> {
        self.lines.iter_mut().try_for_each(|line| line.finish(log))
    }

    pub(super) fn fill_random(&mut self, bytes: &mut [u8]) {
        self.random.fill(bytes);
    }

    pub(super) fn random_u64(&mut self) -> u64 {
        let mut bytes = [0; 8];
        self.random.fill(&mut bytes);
        u64::from_le_bytes(bytes)
    }

    /// Later than every reading before: loops that wait for a time to come do end.
    pub(super) fn tick(&mut self) -> u64 {
        self.monotonic += TICK_NANOSECONDS;
        self.monotonic
    }

    /// False if too many are open.
    pub(super) fn open_stream(&mut self) -> bool {
        let room = self.open_streams < OPEN_STREAMS;
        self.open_streams += usize::from(room);
        room
    }

    pub(super) fn close_stream(&mut self) {
        self.open_streams = self.open_streams.saturating_sub(1);
    }
}

impl fmt::Debug for Wasi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wasi").field("monotonic", &self.monotonic).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn input_and_seed_make_the_bytes() {
        let bytes = |input: &[u8], seed| {
            let mut bytes = [0; 40];
            Wasi::new(ContentHash::of(input), seed).fill_random(&mut bytes);
            bytes
        };
        assert_eq!(bytes(b"a", 1), bytes(b"a", 1));
        assert_ne!(bytes(b"a", 1), bytes(b"b", 1));
        assert_ne!(bytes(b"a", 1), bytes(b"a", 2));
        // One stream, however it is read.
        let mut wasi = Wasi::new(ContentHash::of(b"a"), 1);
        let words: Vec<u8> = (0..5).flat_map(|_| wasi.random_u64().to_le_bytes()).collect();
        assert_eq!(words, bytes(b"a", 1));
    }
}
