//! `Reliquary-Version`: the dated version that a request is answered by. Inside one nothing is changed, only added.

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};

use crate::error::ApiError;

pub(crate) const NAME: &str = "Reliquary-Version";
pub(crate) const VERSION: HeaderName = HeaderName::from_static("reliquary-version");

/// Every version that is answered, oldest first.
pub(crate) const KNOWN: &[&str] = &["2026-11-22"];

/// A version that there is. The request's extensions hold the one that it is answered by; where nothing was put there
/// (before the key is known, which may have one pinned) it is the newest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Version(&'static str);

impl Default for Version {
    fn default() -> Self {
        Self(KNOWN[KNOWN.len() - 1])
    }
}

impl Version {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        KNOWN.iter().find(|known| **known == text).map(|known| Self(known))
    }

    /// The one that the request asks for, if it asks.
    pub(crate) fn asked(headers: &HeaderMap) -> Result<Option<Self>, ApiError> {
        let Some(value) = headers.get(VERSION) else { return Ok(None) };
        let known = value.to_str().ok().and_then(Self::parse);
        known.map(Some).ok_or(ApiError::UnsupportedVersion { known: KNOWN })
    }

    pub(crate) fn header(self) -> HeaderValue {
        HeaderValue::from_static(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_known_versions_are_answered_and_dates_are_in_order() {
        let asked = |text: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(VERSION, HeaderValue::from_static(text));
            Version::asked(&headers).map(|version| version.map(|version| version.0)).map_err(|e| e.code())
        };
        assert_eq!(asked("2026-11-22"), Ok(Some("2026-11-22")));
        for bad in ["", "2026-11-2", "2026-11-23", "latest", "2026-11-22 "] {
            assert_eq!(asked(bad), Err("unsupported_version"), "{bad}");
        }
        assert_eq!(Version::asked(&HeaderMap::new()).unwrap(), None);
        assert!(KNOWN.is_sorted());
    }
}
