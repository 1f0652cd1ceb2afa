//! The audit lottery: a number that nobody knew when the group was committed to, and that everybody can recompute.

use grail::hash::Transcript;
use grail::ids::GroupRoot;

/// The draw of a group in [0, 1): the top 53 bits of `H("reliquary/audit/1" | R_a | group root)`, over 2^53.
///
/// `R_a` is the randomness of the beacon round that the group's receipt names. The round is later than the receipt and
/// the root is under the receipt's signature: neither miner nor service can choose.
pub fn draw(randomness: &[u8; 32], root: &GroupRoot) -> f64 {
    let hash = Transcript::new("reliquary/audit/1").bytes(randomness).bytes(&root.0).finish();
    let (first, _) = hash.split_first_chunk::<8>().expect("a hash has 32 bytes");
    (u64::from_be_bytes(*first) >> 11) as f64 / (1_u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use grail::hash;

    use super::*;

    /// Recomputed from the documented bytes by an independent implementation (Python's hashlib).
    #[test]
    fn the_draw_is_the_documented_hash() {
        assert_eq!(draw(&[7; 32], &GroupRoot([9; 32])), 0.754_322_873_037_888);
    }

    #[test]
    fn draws_are_uniform_and_differ_by_root_and_by_round() {
        let root = |i: u64| GroupRoot(hash::Transcript::new("test").u64(i).finish());
        let n = 20_000_u64;
        let mut deciles = [0_u32; 10];
        for i in 0..n {
            deciles[(draw(&[1; 32], &root(i)) * 10.0) as usize] += 1;
        }
        // 2000 each; six standard deviations are 255
        assert!(deciles.iter().all(|count| count.abs_diff(2_000) < 255), "{deciles:?}");
        assert_ne!(draw(&[1; 32], &root(0)), draw(&[2; 32], &root(0)));
    }
}
