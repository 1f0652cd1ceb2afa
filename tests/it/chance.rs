//! What a test leaves to chance, from one seed that it prints, so that a failure can be run again.

/// Decides when faults happen.
#[derive(Debug)]
pub(crate) struct Chance(u64);

impl Chance {
    /// `RELIQUARY_CHAOS_SEED` or a fixed number; printed, and mixed with the test's name so that tests differ.
    pub(crate) fn of(test: &str) -> Self {
        let seed = seed();
        eprintln!("{test}: RELIQUARY_CHAOS_SEED={seed}");
        Self(test.bytes().fold(seed, |mixed, byte| mixed.wrapping_mul(0x0100_0000_01b3) ^ u64::from(byte)))
    }

    /// One of `low..high`.
    pub(crate) fn between(&mut self, low: usize, high: usize) -> usize {
        low + (self.next() % (high - low) as u64) as usize
    }

    /// splitmix64.
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

#[expect(clippy::disallowed_methods, reason = "test processes read no configuration file")]
fn seed() -> u64 {
    std::env::var("RELIQUARY_CHAOS_SEED").ok().map_or(20_261_122, |text| text.parse().unwrap())
}
