//! The secrets of sessions: what their keys and tokens are derived from, and the texts of one-time and refresh tokens.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL;
use grail::keys::ServiceKey;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

/// What is derived here is the same in every gateway, and stored in none. Kept as the receipt key is: a seed in the data
/// directory.
#[derive(Clone)]
pub struct SessionSecrets([u8; 32]);

impl std::fmt::Debug for SessionSecrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SessionSecrets")
    }
}

impl SessionSecrets {
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self(*seed)
    }

    /// The seed of the private key that signs access tokens under this id.
    pub(super) fn signing(&self, id: Uuid) -> [u8; 32] {
        self.derive(b"reliquary/session-ed25519/1", id.as_bytes())
    }

    /// The public key of the same.
    pub(super) fn public(&self, id: Uuid) -> [u8; 32] {
        ServiceKey::from_seed(&self.signing(id)).public()
    }

    /// The refresh token that follows this one: always the same, so that a token has one successor however often it is
    /// asked for, and nobody can tell it without the seed.
    pub(super) fn after(&self, token: &Token) -> Token {
        Token::new(Kind::Refresh, &self.derive(b"reliquary/session-refresh/1", token.0.as_bytes()))
    }

    fn derive(&self, label: &[u8], message: &[u8]) -> [u8; 32] {
        let mut hash = blake3::Hasher::new_keyed(&self.0);
        // a label has one length, so no message of one purpose is one of another
        hash.update(blake3::hash(label).as_bytes()).update(message).finalize().into()
    }
}

/// What a token is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Signs in, once.
    Link,
    Refresh,
}

impl Kind {
    fn prefix(self) -> &'static str {
        match self {
            Self::Link => "rk_link_",
            Self::Refresh => "rk_refresh_",
        }
    }
}

/// 256 bits that nobody guesses. There is no `Debug`, so that no log line prints one by chance.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Token(String);

impl Token {
    pub(crate) fn new(kind: Kind, secret: &[u8; 32]) -> Self {
        Self(format!("{}{}", kind.prefix(), BASE64URL.encode(secret)))
    }

    /// `None` for a text that cannot be one.
    pub(crate) fn parse(kind: Kind, text: &str) -> Option<Self> {
        let secret = BASE64URL.decode(text.strip_prefix(kind.prefix())?).ok()?;
        (secret.len() == 32).then(|| Self(text.to_owned()))
    }

    /// What is stored of it. It is random, so a plain hash suffices.
    pub(crate) fn sha256(&self) -> [u8; 32] {
        Sha256::digest(self.0.as_bytes()).into()
    }

    /// To be shown to its owner, once.
    pub(crate) fn reveal(self) -> String {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_has_one_successor_and_one_spelling() {
        let secrets = SessionSecrets::from_seed(&[1; 32]);
        let first = Token::new(Kind::Refresh, &[2; 32]);
        let next = secrets.after(&first);
        assert!(next == secrets.after(&first) && next != first && next != secrets.after(&next));
        assert!(next != SessionSecrets::from_seed(&[3; 32]).after(&first), "by the seed");
        let text = next.clone().reveal();
        assert!(Token::parse(Kind::Refresh, &text) == Some(next));
        let (longer, shorter) = (format!("{text}A"), &text[..text.len() - 1]);
        for bad in [
            "",
            "rk_refresh_",
            &text[1..],
            &longer,
            shorter,
            &text.replace("refresh", "link"),
            "rk_refresh_ä",
        ] {
            assert!(Token::parse(Kind::Refresh, bad).is_none(), "{bad}");
        }
        assert!(Token::parse(Kind::Link, &text).is_none());
    }

    #[test]
    fn every_id_has_its_own_key() {
        let secrets = SessionSecrets::from_seed(&[1; 32]);
        let public = |id: u128| secrets.public(Uuid::from_u128(id));
        assert_eq!(public(1), public(1));
        assert_ne!(public(1), public(2));
        assert!(!format!("{secrets:?}").contains('1'));
    }
}
