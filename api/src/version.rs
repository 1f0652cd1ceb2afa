//! `Reliquary-Version`: the dated version that a request is answered by. Inside one nothing is changed, only added.
//!
//! A key is pinned to the newest one of the day it is made, so that nothing changes for a program that was written then;
//! a request may name another one, and the key's owner moves it on. People who are signed in get the newest.

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};

use crate::error::ApiError;

pub(crate) const NAME: &str = "Reliquary-Version";
pub(crate) const VERSION: HeaderName = HeaderName::from_static("reliquary-version");

/// Every version that is answered, oldest first.
pub(crate) const KNOWN: &[&str] = &["2026-11-22"];

/// A version that there is. The request's extensions hold the one that it is answered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(&'static str);

impl Version {
    pub fn as_str(self) -> &'static str {
        self.0
    }

    pub(crate) fn header(self) -> HeaderValue {
        HeaderValue::from_static(self.0)
    }
}

/// The versions that a gateway answers by. Dates as text are in the order of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Versions {
    oldest: &'static str,
    /// Oldest first.
    later: &'static [&'static str],
}

impl Default for Versions {
    fn default() -> Self {
        Self { oldest: KNOWN[0], later: &KNOWN[1..] }
    }
}

impl Versions {
    /// Others than this release knows: for tests of what a next one does.
    pub fn of(oldest: &'static str, later: &'static [&'static str]) -> Self {
        Self { oldest, later }
    }

    fn all(self) -> impl DoubleEndedIterator<Item = Version> {
        std::iter::once(self.oldest).chain(self.later.iter().copied()).map(Version)
    }

    pub fn newest(self) -> Version {
        Version(self.later.last().copied().unwrap_or(self.oldest))
    }

    pub(crate) fn parse(self, text: &str) -> Option<Version> {
        self.all().find(|known| known.0 == text)
    }

    /// The one for a key that is pinned to this. What a later release has pinned it to is not known here: then it is the
    /// last one before that.
    pub(crate) fn pinned(self, to: Option<&str>) -> Version {
        let Some(to) = to else { return self.newest() };
        self.all().rev().find(|known| known.0 <= to).unwrap_or(Version(self.oldest))
    }

    /// The one that the request asks for, if it asks.
    pub(crate) fn asked(self, headers: &HeaderMap) -> Result<Option<Version>, ApiError> {
        let Some(value) = headers.get(VERSION) else { return Ok(None) };
        let known = value.to_str().ok().and_then(|text| self.parse(text));
        known.map(Some).ok_or_else(|| ApiError::UnsupportedVersion { known: self.names() })
    }

    pub(crate) fn names(self) -> Vec<&'static str> {
        self.all().map(Version::as_str).collect()
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
            let asked = Versions::default().asked(&headers);
            asked.map(|version| version.map(Version::as_str)).map_err(|e| e.code())
        };
        assert_eq!(asked("2026-11-22"), Ok(Some("2026-11-22")));
        for bad in ["", "2026-11-2", "2026-11-23", "latest", "2026-11-22 "] {
            assert_eq!(asked(bad), Err("unsupported_version"), "{bad}");
        }
        assert_eq!(Versions::default().asked(&HeaderMap::new()).unwrap(), None);
        assert!(KNOWN.is_sorted());
    }

    #[test]
    fn a_key_gets_the_last_version_that_is_not_after_its_own() {
        let versions = Versions::of("2026-11-22", &["2027-03-01", "2027-09-01"]);
        for (pinned, answered) in [
            (None, "2027-09-01"),
            (Some("2026-11-22"), "2026-11-22"),
            (Some("2027-03-01"), "2027-03-01"),
            (Some("2027-06-01"), "2027-03-01"),
            (Some("2030-01-01"), "2027-09-01"),
            (Some("2020-01-01"), "2026-11-22"),
        ] {
            assert_eq!(versions.pinned(pinned).as_str(), answered, "{pinned:?}");
        }
    }
}
