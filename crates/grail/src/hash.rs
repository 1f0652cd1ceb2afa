//! Domain-separated SHA-256: every hash of the scheme is a label and a list of length-prefixed fields.
//!
//! `H(label | a | b)` is `SHA256(be32(len label) ‖ label ‖ be32(len a) ‖ a ‖ be32(len b) ‖ b)`, so that no two
//! different field lists share an input.

use sha2::{Digest, Sha256};

/// A 32-byte SHA-256 value.
pub type Hash = [u8; 32];

/// Builds one hash field by field.
#[derive(Debug, Clone)]
pub struct Transcript(Sha256);

impl Transcript {
    pub fn new(label: &str) -> Self {
        Self(Sha256::new()).bytes(label.as_bytes())
    }

    #[must_use]
    pub fn bytes(mut self, field: &[u8]) -> Self {
        let len = u32::try_from(field.len()).expect("fields are bounded far below 4 GiB");
        self.0.update(len.to_be_bytes());
        self.0.update(field);
        self
    }

    #[must_use]
    pub fn u8(self, value: u8) -> Self {
        self.bytes(&[value])
    }

    #[must_use]
    pub fn u32(self, value: u32) -> Self {
        self.bytes(&value.to_be_bytes())
    }

    #[must_use]
    pub fn u64(self, value: u64) -> Self {
        self.bytes(&value.to_be_bytes())
    }

    pub fn finish(self) -> Hash {
        self.0.finalize().into()
    }
}

/// The hash of a token sequence: `H("reliquary/tokens/1" | le32 tokens)`.
pub fn tokens(tokens: &[u32]) -> Hash {
    let bytes: Vec<u8> = tokens.iter().flat_map(|token| token.to_le_bytes()).collect();
    Transcript::new("reliquary/tokens/1").bytes(&bytes).finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_do_not_run_into_each_other() {
        let a = Transcript::new("x").bytes(b"ab").bytes(b"c").finish();
        let b = Transcript::new("x").bytes(b"a").bytes(b"bc").finish();
        assert_ne!(a, b);
        assert_ne!(Transcript::new("xa").finish(), Transcript::new("x").bytes(b"a").finish());
    }

    #[test]
    fn transcript_is_plain_sha256_of_the_documented_bytes() {
        let expected: Hash = Sha256::digest(b"\0\0\0\x01x\0\0\0\x02ab").into();
        assert_eq!(Transcript::new("x").bytes(b"ab").finish(), expected);
    }
}
