//! API keys: their text, which is shown once, and their rows, which hold no more than a hash of the secret.

use std::fmt;

use chrono::{DateTime, Utc};
use protocol::{AccountId, KeyId, ProjectId};
use rand_core::{CryptoRng, RngCore};
use sha2::{Digest, Sha256};
use sqlx::PgConnection;

use crate::{Error, Tenant};

const PREFIX: &str = "rk_live_";
const LOOKUP_CHARS: usize = 8;
const SECRET_CHARS: usize = 32;
const CHECKSUM_CHARS: usize = 6;
const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// `rk_live_<lookup>_<secret>_<checksum>`: the checksum refuses typing errors before any look-up.
#[derive(Clone, PartialEq, Eq)]
pub struct KeyText {
    lookup: String,
    secret: String,
}

/// A text that cannot be a key: wrong shape or wrong checksum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an API key")]
pub struct InvalidKey;

impl KeyText {
    /// A new key: 190 bits of secret.
    pub fn generate(rng: &mut (impl RngCore + CryptoRng + ?Sized)) -> Self {
        Self { lookup: base62(rng, LOOKUP_CHARS), secret: base62(rng, SECRET_CHARS) }
    }

    pub fn parse(text: &str) -> Result<Self, InvalidKey> {
        let rest = text.strip_prefix(PREFIX).ok_or(InvalidKey)?;
        let parts: Vec<&str> = rest.split('_').collect();
        let [lookup, secret, checksum] = parts.as_slice() else { return Err(InvalidKey) };
        let plain =
            |part: &str, chars| part.len() == chars && part.bytes().all(|b| b.is_ascii_alphanumeric());
        if !(plain(lookup, LOOKUP_CHARS) && plain(secret, SECRET_CHARS) && plain(checksum, CHECKSUM_CHARS)) {
            return Err(InvalidKey);
        }
        let key = Self { lookup: (*lookup).to_owned(), secret: (*secret).to_owned() };
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

    /// What is stored of the secret. It is random, so a plain hash suffices.
    pub fn secret_sha256(&self) -> [u8; 32] {
        Sha256::digest(self.secret.as_bytes()).into()
    }

    fn unchecked(&self) -> String {
        format!("{PREFIX}{}_{}", self.lookup, self.secret)
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

/// A key as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey {
    pub id: KeyId,
    pub tenant: Tenant,
    pub name: String,
    pub lookup: String,
    secret_sha256: [u8; 32],
    pub created_at: DateTime<Utc>,
    pub revoked_at: Option<DateTime<Utc>>,
}

impl ApiKey {
    /// Whether this text opens the account. The time it takes tells nothing about the secret.
    pub fn admits(&self, text: &KeyText) -> bool {
        let given = text.secret_sha256();
        let difference = given.iter().zip(&self.secret_sha256).fold(0, |all, (a, b)| all | (a ^ b));
        std::hint::black_box(difference) == 0 && self.lookup == text.lookup && self.revoked_at.is_none()
    }
}

/// Stores a new key for a project.
pub async fn create(
    conn: &mut PgConnection,
    id: KeyId,
    tenant: Tenant,
    name: &str,
    text: &KeyText,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let secret_sha256 = text.secret_sha256();
    sqlx::query!(
        r#"
        INSERT INTO api_keys (id, account_id, name, lookup, secret_sha256, created_at, project_id)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        "#,
        id.0,
        tenant.account.0,
        name,
        text.lookup,
        secret_sha256.as_slice(),
        now,
        tenant.project.0
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// The key with this public part, revoked or not: [`ApiKey::admits`] decides. An archived project has none.
pub async fn find(conn: &mut PgConnection, lookup: &str) -> Result<Option<ApiKey>, Error> {
    let row = sqlx::query!(
        r#"
        SELECT id, account_id, project_id, name, lookup, secret_sha256, created_at, revoked_at FROM api_keys
        WHERE lookup = $1 AND EXISTS (SELECT 1 FROM projects p WHERE p.id = project_id AND p.archived_at IS NULL)
        "#,
        lookup
    )
    .fetch_optional(conn)
    .await?;
    row.map(|row| {
        let secret_sha256 = row.secret_sha256.try_into().map_err(|_| Error::Corrupt("key hash"))?;
        Ok(ApiKey {
            id: KeyId(row.id),
            tenant: Tenant { account: AccountId(row.account_id), project: ProjectId(row.project_id) },
            name: row.name,
            lookup: row.lookup,
            secret_sha256,
            created_at: row.created_at,
            revoked_at: row.revoked_at,
        })
    })
    .transpose()
}

/// Revokes a key for good. False when there is none with this id, or it was revoked before.
pub async fn revoke(conn: &mut PgConnection, id: KeyId, now: DateTime<Utc>) -> Result<bool, Error> {
    let done =
        sqlx::query!("UPDATE api_keys SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL", id.0, now)
            .execute(conn)
            .await?;
    Ok(done.rows_affected() == 1)
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
    fn printing_a_key_shows_no_secret() {
        let key = KeyText::generate(&mut OsRng);
        assert!(!format!("{key:?}").contains(&key.secret));
    }

    #[test]
    fn the_checksum_is_the_crc_of_what_precedes_it() {
        let key = KeyText { lookup: "AAAAAAAA".to_owned(), secret: "B".repeat(32) };
        let expected = crc32fast::hash(format!("rk_live_AAAAAAAA_{}", "B".repeat(32)).as_bytes());
        let value = key
            .checksum()
            .bytes()
            .fold(0_u64, |value, digit| value * 62 + BASE62.iter().position(|d| *d == digit).unwrap() as u64);
        assert_eq!(value, u64::from(expected));
    }
}
