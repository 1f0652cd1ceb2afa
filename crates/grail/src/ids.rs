//! Identifiers of the scheme: 32-byte values that print and serialise as lower-case hex.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::Error;
use crate::hash::{Hash, Transcript};

macro_rules! id32 {
    ($(#[$doc:meta])* $name:ident, $what:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub [u8; 32]);

        impl $name {
            pub fn from_slice(bytes: &[u8]) -> Result<Self, Error> {
                let actual = bytes.len();
                bytes.try_into().map(Self).map_err(|_| Error::Length { what: $what, expected: 32, actual })
            }

            pub fn as_bytes(&self) -> &[u8; 32] {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&hex::encode(self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), hex::encode(self.0))
            }
        }

        impl FromStr for $name {
            type Err = Error;

            /// Exactly 64 lower-case hex digits: one value has one spelling.
            fn from_str(text: &str) -> Result<Self, Error> {
                Ok(Self(hex32(text, $what)?))
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

id32!(
    /// A published set of weights with its config and tokenizer: [`checkpoint_id`].
    CheckpointId, "checkpoint id"
);
id32!(
    /// The content address of a verification profile.
    ProfileId, "profile id"
);
id32!(
    /// One prompt of one job: [`prompt_id`].
    PromptId, "prompt id"
);
id32!(
    /// The randomness of a job round (or window) that seeds every draw in it.
    Randomness, "randomness"
);
id32!(
    /// A miner's sr25519 public key.
    Hotkey, "hotkey"
);
id32!(
    /// The Merkle root over the heads of one group: what the receipt commits to.
    GroupRoot, "group root"
);

/// Reads exactly 64 lower-case hex digits.
pub fn hex32(text: &str, what: &'static str) -> Result<Hash, Error> {
    if text.len() != 64 || text.bytes().any(|b| b.is_ascii_uppercase()) {
        return Err(Error::Hex(what));
    }
    let mut out = [0; 32];
    hex::decode_to_slice(text, &mut out).map_err(|_| Error::Hex(what))?;
    Ok(out)
}

/// One file of a checkpoint: its name inside the folder, its length and the Merkle root over its 64 KiB leaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckpointFile {
    pub name: String,
    pub len: u64,
    pub root: Hash,
}

/// `H("reliquary/checkpoint/1" | name | len | root | …)` over the files sorted by name (byte order).
pub fn checkpoint_id(files: &[CheckpointFile]) -> CheckpointId {
    let mut sorted: Vec<&CheckpointFile> = files.iter().collect();
    sorted.sort_by(|a, b| a.name.as_bytes().cmp(b.name.as_bytes()));
    let transcript = sorted.iter().fold(Transcript::new("reliquary/checkpoint/1"), |transcript, file| {
        transcript.bytes(file.name.as_bytes()).u64(file.len).bytes(&file.root)
    });
    CheckpointId(transcript.finish())
}

/// `H("reliquary/prompt/1" | job | prompt index)`: a prompt's draws are its own even when its text repeats.
pub fn prompt_id(job: &[u8; 16], prompt_index: u32) -> PromptId {
    PromptId(Transcript::new("reliquary/prompt/1").bytes(job).u32(prompt_index).finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_value_has_one_spelling() {
        let id = Hotkey([0xab; 32]);
        assert_eq!(id.to_string().parse::<Hotkey>(), Ok(id));
        assert!(id.to_string().to_uppercase().parse::<Hotkey>().is_err());
        assert!("ab".parse::<Hotkey>().is_err());
        assert!(format!("{}é", "a".repeat(62)).parse::<Hotkey>().is_err());
    }

    #[test]
    fn checkpoint_id_ignores_listing_order_but_not_names() {
        let file = |name: &str| CheckpointFile { name: name.to_owned(), len: 3, root: [1; 32] };
        assert_eq!(checkpoint_id(&[file("a"), file("b")]), checkpoint_id(&[file("b"), file("a")]));
        assert_ne!(checkpoint_id(&[file("a"), file("b")]), checkpoint_id(&[file("a"), file("c")]));
    }
}
