//! CPython's `random.Random` seeded from bytes: MT19937, `sample` and `shuffle`, draw for draw.
//!
//! Not a random generator to use anywhere else: it exists to reproduce the deployed challenge.

use sha2::{Digest, Sha512};

const N: usize = 624;
const M: usize = 397;

/// `random.Random(seed)` for a byte string.
#[derive(Debug, Clone)]
pub struct PythonRandom {
    state: [u32; N],
    next: usize,
}

impl PythonRandom {
    /// CPython appends SHA-512 of the seed to it and reads the whole as one big-endian integer.
    pub fn from_bytes(seed: &[u8]) -> Self {
        let mut integer = seed.to_vec();
        integer.extend_from_slice(&Sha512::digest(seed));
        Self::init_by_array(&key_words(&integer))
    }

    pub fn next_u32(&mut self) -> u32 {
        if self.next == N {
            self.twist();
        }
        let mut y = self.state[self.next];
        self.next += 1;
        y ^= y >> 11;
        y ^= (y << 7) & 0x9d2c_5680;
        y ^= (y << 15) & 0xefc6_0000;
        y ^ (y >> 18)
    }

    /// `sample(range(n), k)`, in draw order.
    ///
    /// # Panics
    /// When `k > n`, which the callers have refused before.
    pub fn sample(&mut self, n: u32, k: u32) -> Vec<u32> {
        assert!(k <= n, "sample larger than population");
        if n <= pool_limit(k) {
            let mut pool: Vec<u32> = (0..n).collect();
            return (0..k)
                .map(|taken| {
                    let last = (n - taken - 1) as usize;
                    // CPython moves the last untaken value into the hole
                    let drawn = self.below(n - taken) as usize;
                    let value = pool[drawn];
                    pool[drawn] = pool[last];
                    value
                })
                .collect();
        }
        let mut seen = std::collections::HashSet::with_capacity(k as usize);
        (0..k)
            .map(|_| {
                loop {
                    let drawn = self.below(n);
                    if seen.insert(drawn) {
                        return drawn;
                    }
                }
            })
            .collect()
    }

    /// `shuffle(list(range(n)))`.
    pub fn shuffled(&mut self, n: u32) -> Vec<u32> {
        let mut values: Vec<u32> = (0..n).collect();
        for i in (1..n).rev() {
            values.swap(i as usize, self.below(i + 1) as usize);
        }
        values
    }

    /// `_randbelow`: draws of `n.bit_length()` bits until one is below `n`, which must be positive.
    fn below(&mut self, n: u32) -> u32 {
        loop {
            let drawn = self.next_u32() >> n.leading_zeros();
            if drawn < n {
                return drawn;
            }
        }
    }

    fn init_genrand(seed: u32) -> [u32; N] {
        let mut state = [seed; N];
        for i in 1..N {
            let previous = state[i - 1];
            state[i] = 1_812_433_253_u32.wrapping_mul(previous ^ (previous >> 30)).wrapping_add(i as u32);
        }
        state
    }

    fn init_by_array(key: &[u32]) -> Self {
        let mut state = Self::init_genrand(19_650_218);
        let (mut i, mut j) = (1, 0);
        for _ in 0..N.max(key.len()) {
            let previous = state[i - 1];
            state[i] = (state[i] ^ (previous ^ (previous >> 30)).wrapping_mul(1_664_525))
                .wrapping_add(key[j])
                .wrapping_add(j as u32);
            i = advance(&mut state, i);
            j = (j + 1) % key.len();
        }
        for _ in 0..N - 1 {
            let previous = state[i - 1];
            state[i] =
                (state[i] ^ (previous ^ (previous >> 30)).wrapping_mul(1_566_083_941)).wrapping_sub(i as u32);
            i = advance(&mut state, i);
        }
        state[0] = 0x8000_0000;
        Self { state, next: N }
    }

    fn twist(&mut self) {
        for i in 0..N {
            let y = (self.state[i] & 0x8000_0000) | (self.state[(i + 1) % N] & 0x7fff_ffff);
            let odd = if y & 1 == 0 { 0 } else { 0x9908_b0df };
            self.state[i] = self.state[(i + M) % N] ^ (y >> 1) ^ odd;
        }
        self.next = 0;
    }
}

fn advance(state: &mut [u32; N], i: usize) -> usize {
    if i + 1 < N {
        return i + 1;
    }
    state[0] = state[N - 1];
    1
}

/// The integer's 32-bit words, least significant first, without the zero words on top (but never none).
fn key_words(big_endian: &[u8]) -> Vec<u32> {
    let mut words: Vec<u32> = big_endian
        .rchunks(4)
        .map(|chunk| chunk.iter().fold(0, |word, byte| word << 8 | u32::from(*byte)))
        .collect();
    while words.len() > 1 && words.last() == Some(&0) {
        words.pop();
    }
    words
}

/// Up to this population CPython copies it into a list; above, it remembers what it drew.
fn pool_limit(k: u32) -> u32 {
    if k <= 5 {
        return 21;
    }
    // 4 ** ceil(log(3k, 4)): 3k is never a power of four, so the float logarithm cannot round the wrong way
    let mut power = 1_u64;
    while power < 3 * u64::from(k) {
        power *= 4;
    }
    u32::try_from(power + 21).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_plain_generator_gives_the_published_first_outputs() {
        // init_by_array({0x123, 0x234, 0x345, 0x456}), from the reference mt19937ar.out
        let mut random = PythonRandom::init_by_array(&[0x123, 0x234, 0x345, 0x456]);
        let first: Vec<u32> = (0..5).map(|_| random.next_u32()).collect();
        assert_eq!(first, [1_067_595_299, 955_945_823, 477_289_528, 4_107_218_783, 4_228_976_476]);
    }

    #[test]
    fn zero_words_on_top_are_dropped() {
        assert_eq!(key_words(&[0, 0, 0, 0, 0, 0, 1, 2]), [0x102]);
        assert_eq!(key_words(&[0; 8]), [0]);
        assert_eq!(key_words(&[1, 0, 0, 0, 2]), [2, 1]);
        assert_eq!(key_words(&[]), Vec::<u32>::new());
    }

    #[test]
    fn pool_limits_are_cpythons() {
        let limits: Vec<u32> = [0, 5, 6, 21, 22, 32, 85, 86].map(pool_limit).to_vec();
        assert_eq!(limits, [21, 21, 85, 85, 277, 277, 277, 1045]);
    }
}
