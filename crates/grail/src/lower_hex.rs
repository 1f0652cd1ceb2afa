//! Serde for bytes of a fixed length as lower-case hex, for `#[serde(with = "grail::lower_hex")]`.
//!
//! `hex::serde` also reads upper case; then a letter of a proof could be changed and nobody would see it.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::hash::Hash;

/// A hash that serialises as hex where `with` cannot be said: inside a list or an option.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct HexHash(#[serde(with = "self")] pub Hash);

pub fn serialize<const N: usize, S: Serializer>(bytes: &[u8; N], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&hex::encode(bytes))
}

pub fn deserialize<'de, const N: usize, D: Deserializer<'de>>(deserializer: D) -> Result<[u8; N], D::Error> {
    let text = String::deserialize(deserializer)?;
    let mut bytes = [0; N];
    if text.bytes().any(|b| b.is_ascii_uppercase()) || hex::decode_to_slice(&text, &mut bytes).is_err() {
        return Err(de::Error::custom(format_args!("expected {} lower-case hex digits", 2 * N)));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use serde::{Deserialize, Serialize};

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Two(#[serde(with = "super")] [u8; 2]);

    #[test]
    fn one_value_has_one_spelling() {
        assert_eq!(serde_json::to_string(&Two([0xab, 0x0c])).unwrap(), "\"ab0c\"");
        assert_eq!(serde_json::from_str::<Two>("\"ab0c\"").unwrap(), Two([0xab, 0x0c]));
        for bad in ["\"aB0c\"", "\"ab0\"", "\"ab0c00\"", "\"ab0g\"", "\"\"", "7"] {
            assert!(serde_json::from_str::<Two>(bad).is_err(), "{bad}");
        }
    }
}
