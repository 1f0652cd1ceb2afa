//! Near duplicates: MinHash signatures over token n-grams, cut into buckets for locality-sensitive hashing.
//!
//! The construction is datatrove's (5-grams, 14 buckets of 8 hashes, universal hashing modulo 2^61 - 1), over token ids
//! instead of words: completions are compared as the model wrote them, whatever the language. Two completions meet in some
//! bucket with probability `1 - (1 - s^hashes)^buckets`, where `s` is the Jaccard similarity of their n-grams.

use grail::hash::Transcript;
use serde::{Deserialize, Serialize};

/// The Mersenne prime that hashes are taken modulo.
const PRIME: u64 = (1 << 61) - 1;

/// How near two completions must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MinHash {
    /// Tokens per shingle.
    pub ngram: u32,
    pub buckets: u32,
    /// Hashes per bucket.
    pub hashes: u32,
}

impl Default for MinHash {
    fn default() -> Self {
        Self { ngram: 5, buckets: 14, hashes: 8 }
    }
}

impl MinHash {
    pub const NGRAM: std::ops::RangeInclusive<i64> = 1..=32;
    pub const BUCKETS: std::ops::RangeInclusive<i64> = 1..=32;
    pub const HASHES: std::ops::RangeInclusive<i64> = 1..=16;

    /// One key per bucket: completions that share one are candidates. Empty for a completion without a token.
    pub fn keys(&self, tokens: &[u32]) -> Vec<u64> {
        if tokens.is_empty() {
            return Vec::new();
        }
        let count = (self.buckets * self.hashes) as usize;
        let seeds: Vec<(u64, u64)> = (0..count as u32).map(seed).collect();
        let mut least = vec![u64::MAX; count];
        // what is shorter than a shingle is one itself
        let size = (self.ngram as usize).min(tokens.len());
        for shingle in tokens.windows(size) {
            let hash = shingle_hash(shingle);
            for (least, (a, b)) in least.iter_mut().zip(&seeds) {
                let value = (u128::from(hash) * u128::from(*a) + u128::from(*b)) % u128::from(PRIME);
                *least = (*least).min(value as u64);
            }
        }
        least
            .chunks_exact(self.hashes as usize)
            .enumerate()
            .map(|(bucket, hashes)| key(bucket, hashes))
            .collect()
    }

    /// How likely it is that two completions of this similarity meet in a bucket.
    pub fn recall(&self, similarity: f64) -> f64 {
        1.0 - (1.0 - similarity.powi(self.hashes as i32)).powi(self.buckets as i32)
    }
}

/// The parameters of one hash function: the same everywhere and for ever.
fn seed(index: u32) -> (u64, u64) {
    let bytes = Transcript::new("reliquary/minhash/1").u32(index).finish();
    let half = |at: usize| {
        let (word, _) = bytes[at..].split_first_chunk().expect("a hash has 32 bytes");
        u64::from_be_bytes(*word)
    };
    (1 + half(0) % (PRIME - 1), half(8) % PRIME)
}

/// FNV-1a over the bytes, then a finisher that spreads it (`SplitMix64`): no secret, only spread.
fn shingle_hash(tokens: &[u32]) -> u64 {
    let bytes = tokens.iter().flat_map(|token| token.to_le_bytes());
    let hash = bytes.fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    mix(hash) % PRIME
}

fn mix(value: u64) -> u64 {
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

/// One bucket's hashes as one number.
fn key(bucket: usize, hashes: &[u64]) -> u64 {
    hashes.iter().fold(mix(bucket as u64 + 1), |key, hash| mix(key.rotate_left(17) ^ hash))
}

/// Keys as they are stored: 8 bytes each, little endian.
pub fn encode(keys: &[u64]) -> Vec<u8> {
    keys.iter().flat_map(|key| key.to_le_bytes()).collect()
}

/// `None` for bytes that [`encode`] did not make.
pub fn decode(bytes: &[u8]) -> Option<Vec<u64>> {
    let (keys, rest) = bytes.as_chunks();
    rest.is_empty().then(|| keys.iter().map(|key| u64::from_le_bytes(*key)).collect())
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    /// A stream of numbers that is the same on every run.
    struct Stream(u64);

    impl Stream {
        fn below(&mut self, limit: u64) -> u64 {
            self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
            mix(self.0) % limit
        }
    }

    fn jaccard(a: &[u32], b: &[u32], ngram: usize) -> f64 {
        let set =
            |tokens: &[u32]| -> HashSet<Vec<u32>> { tokens.windows(ngram).map(<[u32]>::to_vec).collect() };
        let (a, b) = (set(a), set(b));
        a.intersection(&b).count() as f64 / a.union(&b).count() as f64
    }

    fn meet(rule: &MinHash, a: &[u32], b: &[u32]) -> bool {
        rule.keys(a).iter().zip(rule.keys(b)).any(|(a, b)| *a == b)
    }

    /// A text of skewed words, as texts are, and a copy with some of them replaced.
    fn pair(stream: &mut Stream, replaced: u64) -> (Vec<u32>, Vec<u32>) {
        let text: Vec<u32> = (0..300).map(|_| (stream.below(60) * stream.below(60)) as u32).collect();
        let mut other = text.clone();
        for _ in 0..replaced {
            let place = stream.below(300) as usize;
            other[place] = stream.below(5_000) as u32 + 10_000;
        }
        (text, other)
    }

    #[test]
    fn near_texts_are_found_as_often_as_the_formula_says() {
        let rule = MinHash::default();
        let mut stream = Stream(1);
        // by similarity in steps of a tenth: pairs, of which found, and the sum of what the formula gives
        let mut bands = [(0_u32, 0_u32, 0.0_f64); 11];
        for round in 0..600 {
            let (a, b) = pair(&mut stream, round % 60);
            let similarity = jaccard(&a, &b, 5);
            let band = &mut bands[(similarity * 10.0) as usize];
            band.0 += 1;
            band.1 += u32::from(meet(&rule, &a, &b));
            band.2 += rule.recall(similarity);
        }
        let (mut near, mut found) = (0, 0);
        for (tenth, (pairs, met, expected)) in bands.iter().enumerate() {
            let (pairs, met) = (f64::from(*pairs), f64::from(*met));
            // four standard deviations of so many draws
            let slack = 4.0 * (expected * (1.0 - expected / pairs.max(1.0))).max(0.25).sqrt();
            assert!((met - expected).abs() <= slack, "{tenth}: {met} of {pairs}, expected {expected}");
            if tenth >= 8 {
                (near, found) = (near + bands[tenth].0, found + bands[tenth].1);
            }
        }
        assert!(near >= 50, "{near} pairs are near");
        assert!(f64::from(found) >= 0.95 * f64::from(near), "{found} of {near} near pairs");
        let far = (0..300).filter(|_| {
            let (a, _) = pair(&mut stream, 0);
            let (b, _) = pair(&mut stream, 0);
            meet(&rule, &a, &b)
        });
        assert_eq!(far.count(), 0, "strangers do not meet");
    }

    #[test]
    fn keys_are_the_same_for_ever_and_short_texts_have_some() {
        let rule = MinHash::default();
        let keys = rule.keys(&[1, 2, 3, 4, 5, 6, 7]);
        assert_eq!(keys.len(), 14);
        assert_eq!(keys[0], 6_018_294_533_727_764_675);
        assert_eq!(rule.keys(&[9]).len(), 14);
        assert_ne!(rule.keys(&[9]), rule.keys(&[8]));
        assert!(rule.keys(&[]).is_empty());
        assert_eq!(decode(&encode(&keys)), Some(keys));
        assert_eq!(decode(&[0; 9]), None);
        assert!((rule.recall(0.8) - 0.924).abs() < 1e-3, "as datatrove says");
    }
}
