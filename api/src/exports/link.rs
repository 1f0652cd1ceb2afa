//! Links that open one file for a while, for whoever has them: a keyed hash of file and time, checked in constant time.

use chrono::{DateTime, TimeDelta, Utc};
use protocol::ExportId;
use store::exports::File;

use crate::error::ApiError;

/// How long a link is good.
const VALID: TimeDelta = TimeDelta::hours(1);

/// A link to the file as it is handed out now, and when it ends.
pub(super) fn sign(id: ExportId, file: &File, now: DateTime<Utc>) -> (String, DateTime<Utc>) {
    let expires = now + VALID;
    let signature = signature(id, file, expires.timestamp());
    let url = format!("/v1/exports/{id}/content?expires={}&signature={signature}", expires.timestamp());
    (url, expires)
}

/// Whether a link was handed out for this file and is still good.
pub(super) fn check(
    id: ExportId,
    file: &File,
    (expires, given): (i64, &str),
    now: DateTime<Utc>,
) -> Result<(), ApiError> {
    // this comparison takes as long whatever differs
    let holds = blake3::Hash::from_hex(given).is_ok_and(|given| given == signature(id, file, expires));
    if holds && now.timestamp() < expires { Ok(()) } else { Err(ApiError::InvalidLink) }
}

fn signature(id: ExportId, file: &File, expires: i64) -> blake3::Hash {
    blake3::keyed_hash(&file.secret, format!("reliquary/export/1 {id} {expires}").as_bytes())
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_link_opens_its_own_file_until_it_ends() {
        let file = |secret| File {
            key: String::new(),
            rows: 0,
            bytes: 0,
            sha256: [0; 32],
            left_out: serde_json::json!({}),
            secret: [secret; 32],
        };
        let (id, now) = (ExportId(Uuid::from_u128(7)), DateTime::<Utc>::UNIX_EPOCH + TimeDelta::days(1));
        let (url, end) = sign(id, &file(1), now);
        let signature = url.rsplit('=').next().unwrap();
        let opens = |id, secret, expires, signature: &str, now| {
            check(id, &file(secret), (expires, signature), now).is_ok()
        };
        let at = end.timestamp();
        assert!(opens(id, 1, at, signature, now));
        assert!(!opens(id, 1, at, signature, end), "it has ended");
        assert!(!opens(id, 1, at + 1, signature, now), "its end is signed");
        assert!(!opens(id, 2, at, signature, now), "another file's secret");
        assert!(!opens(ExportId(Uuid::from_u128(8)), 1, at, signature, now));
        for bad in ["", "0", &"0".repeat(64), &signature[1..]] {
            assert!(!opens(id, 1, at, bad, now), "{bad}");
        }
    }
}
