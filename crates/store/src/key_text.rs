//! The text of an API key, which is shown once. What is stored of it is in `api_keys`.

use std::fmt;

use protocol::Mode;
use rand_core::{CryptoRng, RngCore};
use sha2::{Digest, Sha256};

/// What every key of a mode begins with.
pub fn prefix(mode: Mode) -> &'static str {
    match mode {
        Mode::Live => "rk_live_",
        Mode::Test => "rk_test_",
    }
}

const LOOKUP_CHARS: usize = 8;
const SECRET_CHARS: usize = 32;
const CHECKSUM_CHARS: usize = 6;
const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// `rk_live_<lookup>_<secret>_<checksum>`, or `rk_test_…`: the checksum refuses typing errors before any look-up.
#[derive(Clone, PartialEq, Eq)]
pub struct KeyText {
    mode: Mode,
    lookup: String,
    secret: String,
}

/// A text that cannot be a key: wrong shape or wrong checksum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an API key")]
pub struct InvalidKey;

impl KeyText {
    /// A new live key: 190 bits of secret.
    pub fn generate(rng: &mut (impl RngCore + CryptoRng + ?Sized)) -> Self {
        Self { mode: Mode::Live, lookup: base62(rng, LOOKUP_CHARS), secret: base62(rng, SECRET_CHARS) }
    }

    /// The same as the text of a key of this mode. Nobody must know it yet.
    #[must_use]
    pub fn in_mode(self, mode: Mode) -> Self {
        Self { mode, ..self }
    }

    /// What the text says of itself.
    pub fn mode(&self) -> Mode {
        self.mode
    }

    pub fn parse(text: &str) -> Result<Self, InvalidKey> {
        let named = Mode::ALL.into_iter().find_map(|mode| Some((mode, text.strip_prefix(prefix(mode))?)));
        let (mode, rest) = named.ok_or(InvalidKey)?;
        let parts: Vec<&str> = rest.split('_').collect();
        let [lookup, secret, checksum] = parts.as_slice() else { return Err(InvalidKey) };
        let plain =
            |part: &str, chars| part.len() == chars && part.bytes().all(|b| b.is_ascii_alphanumeric());
        if !(plain(lookup, LOOKUP_CHARS) && plain(secret, SECRET_CHARS) && plain(checksum, CHECKSUM_CHARS)) {
            return Err(InvalidKey);
        }
        let key = Self { mode, lookup: (*lookup).to_owned(), secret: (*secret).to_owned() };
        if key.checksum() == *checksum { Ok(key) } else { Err(InvalidKey) }
    }

    /// The whole key, to be shown once to its owner. There is no `Display`, so that no log line prints one by chance.
    pub fn reveal(&self) -> String {
        format!("{}_{}", self.unchecked(), self.checksum())
    }

    /// The public part, by which the row is found.
    pub fn lookup(&self) -> &str {
        &self.lookup
    }

    /// Its last characters, for its owner to tell it by. They are of the checksum, and tell nothing of use on the secret.
    pub fn last4(&self) -> String {
        self.checksum().chars().skip(CHECKSUM_CHARS - 4).collect()
    }

    /// What is stored of the secret. It is random, so a plain hash suffices.
    pub fn secret_sha256(&self) -> [u8; 32] {
        Sha256::digest(self.secret.as_bytes()).into()
    }

    fn unchecked(&self) -> String {
        format!("{}{}_{}", prefix(self.mode), self.lookup, self.secret)
    }

    fn checksum(&self) -> String {
        let mut rest = crc32fast::hash(self.unchecked().as_bytes());
        let mut digits = [b'0'; CHECKSUM_CHARS];
        for digit in digits.iter_mut().rev() {
            *digit = BASE62[(rest % 62) as usize];
            rest /= 62;
        }
        digits.map(char::from).iter().collect()
    }
}

impl fmt::Debug for KeyText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyText").field("lookup", &self.lookup).finish_non_exhaustive()
    }
}

fn base62(rng: &mut (impl RngCore + ?Sized), chars: usize) -> String {
    let mut text = String::with_capacity(chars);
    while text.len() < chars {
        let mut byte = [0];
        rng.fill_bytes(&mut byte);
        // 248 = 4 · 62: what is above would make the first digits likelier
        if byte[0] < 248 {
            text.push(char::from(BASE62[usize::from(byte[0] % 62)]));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use rand_core::OsRng;

    use super::*;

    #[test]
    fn a_key_survives_its_text_and_no_other_text_is_one() {
        let key = KeyText::generate(&mut OsRng);
        let text = key.reveal();
        assert_eq!(text.len(), 8 + 8 + 1 + 32 + 1 + 6, "{text}");
        assert_eq!(KeyText::parse(&text), Ok(key.clone()));
        for at in 0..text.len() {
            let mut bytes = text.clone().into_bytes();
            bytes[at] = if bytes[at] == b'x' { b'y' } else { b'x' };
            let changed = String::from_utf8(bytes).unwrap();
            assert_eq!(KeyText::parse(&changed), Err(InvalidKey), "{changed}");
        }
        for bad in
            ["", "rk_live_", "rk_live___", "Bearer x", &text[1..], &format!("{text} "), "rk_live_ä_ö_ü"]
        {
            assert_eq!(KeyText::parse(bad), Err(InvalidKey), "{bad}");
        }
    }

    #[test]
    fn a_key_has_its_mode_under_its_checksum() {
        let key = KeyText::generate(&mut OsRng);
        let (live, test) = (key.clone(), key.in_mode(Mode::Test));
        assert!(test.reveal().starts_with("rk_test_") && live.reveal().starts_with("rk_live_"));
        assert_eq!(KeyText::parse(&test.reveal()), Ok(test.clone()));
        assert_ne!(live, test);
        assert_eq!(KeyText::parse(&test.reveal().replacen("test", "live", 1)), Err(InvalidKey));
    }

    #[test]
    fn printing_a_key_shows_no_secret() {
        let key = KeyText::generate(&mut OsRng);
        assert!(!format!("{key:?}").contains(&key.secret));
    }

    #[test]
    fn the_checksum_is_the_crc_of_what_precedes_it() {
        let key = KeyText { mode: Mode::Live, lookup: "AAAAAAAA".to_owned(), secret: "B".repeat(32) };
        let expected = crc32fast::hash(format!("rk_live_AAAAAAAA_{}", "B".repeat(32)).as_bytes());
        let value = key
            .checksum()
            .bytes()
            .fold(0_u64, |value, digit| value * 62 + BASE62.iter().position(|d| *d == digit).unwrap() as u64);
        assert_eq!(value, u64::from(expected));
    }
}
