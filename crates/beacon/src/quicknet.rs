//! drand's quicknet: its pinned key and the check of one signature. The scheme is `bls-unchained-g1-rfc9380`: a BLS
//! signature (48 bytes, on G1) over `SHA256(be64(round))`, alone and without the round before.
//!
//! The key is in the program, so nothing that is read from a network or a file decides what is trusted. blst checks the
//! signature: the library of Ethereum's consensus, no hash crates of its own (drand-verify would bring a third
//! generation of `digest`).

use std::sync::LazyLock;

use blst::BLST_ERROR;
use blst::min_sig::{PublicKey, Signature};
use sha2::{Digest, Sha256};

pub const SIGNATURE_BYTES: usize = 48;
/// Names the chain in the address of a relay: `SHA256(be32(period) ‖ be64(genesis) ‖ key ‖ group hash ‖ "quicknet")`.
pub const CHAIN_HASH: &str = "52db9ba70e0cc0f6eaf7803dd07447a1f5477735fd3f661792ba94600c84e971";
/// The public key of the League of Entropy's quicknet group: a compressed point of G2.
pub const PUBLIC_KEY: &str = "83cf0f2896adee7eb8b5f01fcad3912212c437e0073e911fb90022d3e760183c\
                              8c4b450b6a0a6c3ac6a5776a2d1064510d1fec758c921cc22b0e17e63aaf4bcb\
                              5ed66304de9cf809bd274ca73bab4af5a6e9c76a4bc09e76eae8991ef5ece45a";

/// RFC 9380's name for this use of the curve.
const DOMAIN: &[u8] = b"BLS_SIG_BLS12381G1_XMD:SHA-256_SSWU_RO_NUL_";

static KEY: LazyLock<PublicKey> = LazyLock::new(|| {
    let bytes = hex::decode(PUBLIC_KEY).expect("the pinned key is hex");
    PublicKey::key_validate(&bytes).expect("the pinned key is a point of the right group")
});

/// True when quicknet signed this round. Bytes that are no point are just false. About a millisecond of CPU.
pub(crate) fn is_signed(round: u64, signature: &[u8; SIGNATURE_BYTES]) -> bool {
    let Ok(signature) = Signature::uncompress(signature) else {
        return false;
    };
    let message = Sha256::digest(round.to_be_bytes());
    // The key was validated once; the signature's group is checked each time.
    signature.verify(true, &message, DOMAIN, &[], &KEY, false) == BLST_ERROR::BLST_SUCCESS
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Schedule;

    /// The chain hash is over all that is pinned here and the schedule: one wrong digit in any of them shows.
    #[test]
    fn the_chain_hash_binds_key_and_schedule() {
        let group_hash = "f477d5c89f21a17c863a7f937c6a6d15859414d2be09cd448d4279af331c5d3e";
        let period_s = u32::try_from(Schedule::QUICKNET.period_s().get()).unwrap();
        let mut hash = Sha256::new();
        hash.update(period_s.to_be_bytes());
        hash.update(Schedule::QUICKNET.genesis_s().to_be_bytes());
        hash.update(hex::decode(PUBLIC_KEY).unwrap());
        hash.update(hex::decode(group_hash).unwrap());
        hash.update("quicknet");
        assert_eq!(hex::encode(hash.finalize()), CHAIN_HASH);
    }

    #[test]
    fn points_of_no_use_are_refused() {
        let mut infinity = [0; SIGNATURE_BYTES];
        infinity[0] = 0xc0;
        let mut generator = [0; SIGNATURE_BYTES];
        hex::decode_to_slice(
            "97f1d3a73197d7942695638c4fa9ac0fc3688c4f9774b905a14e3a3f171bac586c55e83ff97a1aeffb3af00adb22c6bb",
            &mut generator,
        )
        .unwrap();
        for bytes in [[0; SIGNATURE_BYTES], [0xff; SIGNATURE_BYTES], infinity, generator] {
            assert!(!is_signed(1000, &bytes), "{}", hex::encode(bytes));
        }
    }
}
