//! Keys: a miner's sr25519 hotkey (substrate context) and the service's ed25519 receipt key.

use std::fmt;

use ed25519_dalek::Signer as _;
use rand_core::{CryptoRng, RngCore};
use schnorrkel::context::attach_rng;
use schnorrkel::{ExpansionMode, MiniSecretKey, PublicKey, Signature, signing_context};

use crate::ids::Hotkey;

/// Of sr25519 signatures.
pub const SIGNING_CONTEXT: &str = "substrate";
pub const SIGNATURE_BYTES: usize = 64;

/// A miner's signing key.
pub struct HotkeyPair(schnorrkel::Keypair);

impl fmt::Debug for HotkeyPair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HotkeyPair({})", self.hotkey())
    }
}

impl HotkeyPair {
    /// The key that every substrate wallet derives from this 32-byte secret seed.
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        let mini = MiniSecretKey::from_bytes(seed).expect("any 32 bytes are a seed");
        Self(mini.expand_to_keypair(ExpansionMode::Ed25519))
    }

    pub fn hotkey(&self) -> Hotkey {
        Hotkey(self.0.public.to_bytes())
    }

    /// The nonce of an sr25519 signature is randomised; the generator is the caller's.
    pub fn sign(&self, message: &[u8], rng: impl RngCore + CryptoRng) -> [u8; SIGNATURE_BYTES] {
        let transcript = signing_context(SIGNING_CONTEXT.as_bytes()).bytes(message);
        self.0.sign(attach_rng(transcript, rng)).to_bytes()
    }
}

impl Hotkey {
    /// True when this hotkey signed `message`. Bytes that are no key or no signature are just false.
    pub fn verify(&self, message: &[u8], signature: &[u8; SIGNATURE_BYTES]) -> bool {
        let (Ok(key), Ok(signature)) = (PublicKey::from_bytes(&self.0), Signature::from_bytes(signature))
        else {
            return false;
        };
        key.verify_simple(SIGNING_CONTEXT.as_bytes(), message, &signature).is_ok()
    }
}

/// The service's signing key for receipts.
#[derive(Debug, Clone)]
pub struct ServiceKey(ed25519_dalek::SigningKey);

impl ServiceKey {
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self(ed25519_dalek::SigningKey::from_bytes(seed))
    }

    pub fn public(&self) -> [u8; 32] {
        self.0.verifying_key().to_bytes()
    }

    /// ed25519 signatures are deterministic: the same message gives the same bytes.
    pub fn sign(&self, message: &[u8]) -> [u8; SIGNATURE_BYTES] {
        self.0.sign(message).to_bytes()
    }
}

/// True when the service key `public` signed `message` (strict ed25519: no malleable signature, no small-order key).
pub fn verify_service(public: &[u8; 32], message: &[u8], signature: &[u8; SIGNATURE_BYTES]) -> bool {
    let signature = ed25519_dalek::Signature::from_bytes(signature);
    ed25519_dalek::VerifyingKey::from_bytes(public)
        .is_ok_and(|key| key.verify_strict(message, &signature).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_core::OsRng;

    #[test]
    fn a_hotkey_verifies_its_own_messages_only() {
        let pair = HotkeyPair::from_seed(&[7; 32]);
        let signature = pair.sign(b"message", OsRng);
        assert!(pair.hotkey().verify(b"message", &signature));
        assert!(!pair.hotkey().verify(b"other", &signature));
        assert!(!HotkeyPair::from_seed(&[8; 32]).hotkey().verify(b"message", &signature));
        assert!(!Hotkey([0xff; 32]).verify(b"message", &signature));
        assert!(!pair.hotkey().verify(b"message", &[0xff; 64]));
    }

    #[test]
    fn the_service_key_is_strict() {
        let key = ServiceKey::from_seed(&[1; 32]);
        let signature = key.sign(b"receipt");
        assert!(verify_service(&key.public(), b"receipt", &signature));
        assert!(!verify_service(&key.public(), b"receipT", &signature));
        assert!(!verify_service(&[0; 32], b"receipt", &signature));
    }
}
