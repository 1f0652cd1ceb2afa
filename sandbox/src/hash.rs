//! SHA-256 names for content, and the one way in which structured data is hashed.
//! Not a signature: whoever hands a receipt on signs its hash.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use sha2::{Digest, Sha256};

/// A SHA-256 hash, written as 64 lower-case hex digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ContentHash([u8; 32]);

impl ContentHash {
    /// The hash of plain bytes, as `sha256sum` prints it.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ContentHash({self})")
    }
}

/// The text was not 64 lower-case hex digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a content hash is 64 lower-case hex digits")]
pub struct NotAContentHash;

impl FromStr for ContentHash {
    type Err = NotAContentHash;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // One spelling per hash: receipts are compared as text too.
        if text.bytes().any(|b| b.is_ascii_uppercase()) {
            return Err(NotAContentHash);
        }
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes).map_err(|_| NotAContentHash)?;
        Ok(Self(bytes))
    }
}

impl Serialize for ContentHash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ContentHash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

/// Hashes fields so that no two different sequences share bytes: a domain first, every field
/// fixed-width or length-prefixed, integers little-endian.
pub(crate) struct Transcript(Sha256);

impl Transcript {
    pub(crate) fn new(domain: &str) -> Self {
        let mut transcript = Self(Sha256::new());
        transcript.text(domain);
        transcript
    }

    pub(crate) fn u64(&mut self, value: u64) -> &mut Self {
        self.0.update(value.to_le_bytes());
        self
    }

    pub(crate) fn text(&mut self, text: &str) -> &mut Self {
        self.u64(text.len() as u64);
        self.0.update(text.as_bytes());
        self
    }

    pub(crate) fn ids(&mut self, ids: &[u32]) -> &mut Self {
        self.u64(ids.len() as u64);
        // Whole blocks at once: hashing id by id is several times slower.
        let mut block = [0u8; 4 * 64];
        for chunk in ids.chunks(64) {
            for (slot, id) in block.chunks_exact_mut(4).zip(chunk) {
                slot.copy_from_slice(&id.to_le_bytes());
            }
            self.0.update(&block[..4 * chunk.len()]);
        }
        self
    }

    pub(crate) fn finish(self) -> ContentHash {
        ContentHash(self.0.finalize().into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_hash_and_one_spelling() {
        let hash = ContentHash::of(b"abc");
        assert_eq!(hash.to_string(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_eq!(hash.to_string().parse(), Ok(hash));
        assert_eq!(hash.to_string().to_uppercase().parse::<ContentHash>(), Err(NotAContentHash));
        assert_eq!("ba78".parse::<ContentHash>(), Err(NotAContentHash));
    }

    #[test]
    fn ids_hash_like_their_bytes_and_borders_matter() {
        let ids: Vec<u32> = (0..150).map(|i| i * 7_654_321).collect();
        let mut by_block = Transcript::new("d");
        by_block.ids(&ids);
        let mut by_id = Sha256::new();
        by_id.update(1u64.to_le_bytes());
        by_id.update(b"d");
        by_id.update(150u64.to_le_bytes());
        for id in &ids {
            by_id.update(id.to_le_bytes());
        }
        assert_eq!(by_block.finish().as_bytes(), by_id.finalize().as_slice());

        let pair = |a: &str, b: &str| {
            let mut t = Transcript::new("d");
            t.text(a).text(b);
            t.finish()
        };
        assert_ne!(pair("ab", "c"), pair("a", "bc"));
    }
}
