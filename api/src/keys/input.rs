//! Terms of keys and limits of projects as customers write them, with all that is wrong with them.

use chrono::{DateTime, Utc};
use ipnet::IpNet;
use protocol::{Mode, Rao, Scope, Scopes};
use serde::{Deserialize, Deserializer};
use store::api_keys::{ApiKey, Reach, Terms};
use store::spend::{Cap, Reset};

use crate::error::{ApiError, FieldError};

const MAX_NAME_CHARS: usize = 128;
const MAX_CIDRS: usize = 64;

/// What is said of a member that may be `null`.
#[derive(Debug, Default)]
pub(crate) enum Change<T> {
    /// It was left out.
    #[default]
    Keep,
    Set(Option<T>),
}

impl<T> Change<T> {
    /// Left out and `null` mean the same.
    pub(crate) fn unless_null(given: Option<T>) -> Self {
        given.map_or(Self::Keep, |given| Self::Set(Some(given)))
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Change<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Option::deserialize(deserializer).map(Self::Set)
    }
}

/// What is said of terms.
#[derive(Debug, Default)]
pub(crate) struct Draft {
    pub(crate) scopes: Option<Vec<String>>,
    pub(crate) reach: Option<String>,
    pub(crate) expires_at: Change<DateTime<Utc>>,
    pub(crate) allowed_cidrs: Change<Vec<String>>,
    pub(crate) limit_rao: Change<String>,
    pub(crate) limit_reset: Change<String>,
}

fn fault(pointer: impl Into<String>, code: &'static str, detail: impl Into<String>) -> FieldError {
    FieldError { pointer: pointer.into(), code, detail: detail.into() }
}

pub(crate) fn name(text: &str, faults: &mut Vec<FieldError>) {
    if !(1..=MAX_NAME_CHARS).contains(&text.chars().count()) || text.chars().any(char::is_control) {
        let detail = format!("1 to {MAX_NAME_CHARS} characters, none of them a control character");
        faults.push(fault("#/name", "invalid_name", detail));
    }
}

/// The terms that come of a draft over these.
pub(crate) fn terms(draft: Draft, base: &Terms, now: DateTime<Utc>, faults: &mut Vec<FieldError>) -> Terms {
    let scopes = draft.scopes.map_or(base.scopes, |texts| scopes(&texts, faults));
    let reach = draft.reach.map_or(base.reach, |text| {
        Reach::parse(&text).unwrap_or_else(|| {
            faults.push(fault("#/reach", "unknown_value", "`project` or `organization`"));
            base.reach
        })
    });
    let expires_at = match draft.expires_at {
        Change::Keep => base.expires_at,
        Change::Set(end) => {
            if end.is_some_and(|end| end <= now) {
                faults.push(fault("#/expires_at", "out_of_range", "this time has passed"));
            }
            end
        }
    };
    let allowed_cidrs = match draft.allowed_cidrs {
        Change::Keep => base.allowed_cidrs.clone(),
        Change::Set(texts) => texts.map(|texts| cidrs(&texts, faults)),
    };
    let cap = cap(draft.limit_rao, draft.limit_reset, base.cap, faults);
    Terms { scopes, reach, expires_at, allowed_cidrs, cap }
}

fn scopes(texts: &[String], faults: &mut Vec<FieldError>) -> Scopes {
    if texts.is_empty() {
        faults.push(fault("#/scopes", "out_of_range", "at least one"));
    }
    let read = texts.iter().enumerate().filter_map(|(index, text)| {
        let scope = Scope::parse(text);
        if scope.is_none() {
            let known: Vec<&str> = Scope::ALL.iter().map(|scope| scope.as_str()).collect();
            faults.push(fault(
                format!("#/scopes/{index}"),
                "unknown_value",
                format!("one of {}", known.join(", ")),
            ));
        }
        scope
    });
    read.collect()
}

fn cidrs(texts: &[String], faults: &mut Vec<FieldError>) -> Vec<IpNet> {
    if !(1..=MAX_CIDRS).contains(&texts.len()) {
        faults.push(fault("#/allowed_cidrs", "out_of_range", format!("1 to {MAX_CIDRS}, or null")));
    }
    let read = texts.iter().take(MAX_CIDRS).enumerate().filter_map(|(index, text)| {
        // a single address is a range of one
        let net = text.parse().or_else(|_| text.parse().map(|address: std::net::IpAddr| address.into()));
        net.map_err(|_| {
            let detail = "an address or a range such as `203.0.113.0/24` or `2001:db8::/32`";
            faults.push(fault(format!("#/allowed_cidrs/{index}"), "invalid_value", detail));
        })
        .ok()
    });
    read.map(|net: IpNet| net.trunc()).collect()
}

/// A limit and how often it begins anew, over the one that is there.
pub(crate) fn cap(
    limit: Change<String>,
    reset: Change<String>,
    base: Option<Cap>,
    faults: &mut Vec<FieldError>,
) -> Option<Cap> {
    let limit = match limit {
        Change::Keep => base.map(|cap| cap.limit),
        Change::Set(None) => None,
        Change::Set(Some(text)) => Rao::parse(&text)
            .map_err(|error| faults.push(fault("#/limit_rao", "invalid_value", error.to_string())))
            .ok(),
    };
    let is_named = matches!(reset, Change::Set(Some(_)));
    let reset = match reset {
        Change::Keep => base.and_then(|cap| cap.reset),
        Change::Set(text) => text.and_then(|text| {
            let reset = Reset::parse(&text);
            if reset.is_none() {
                faults.push(fault("#/limit_reset", "unknown_value", "`daily`, `weekly`, `monthly` or null"));
            }
            reset
        }),
    };
    if is_named && limit.is_none() {
        faults.push(fault("#/limit_reset", "required", "there is no `limit_rao` that could begin anew"));
    }
    limit.map(|limit| Cap { limit, reset })
}

/// What a test key cannot do, whoever makes it.
pub(crate) fn testable(mode: Mode, terms: &Terms, faults: &mut Vec<FieldError>) {
    let more = terms.scopes.beyond(Scopes::of_tests());
    if !mode.is_live() && !more.is_empty() {
        let more: Vec<&str> = more.iter().map(Scope::as_str).collect();
        let detail = format!("a test key cannot have {}", more.join(", "));
        faults.push(fault("#/scopes", "not_in_test_mode", detail));
    }
}

/// A key gives no more than it has: what of these terms goes beyond its own.
pub(crate) fn beyond(own: &Terms, terms: &Terms) -> Vec<FieldError> {
    const CODE: &str = "exceeds_your_key";
    let mut faults = Vec::new();
    let more = terms.scopes.beyond(own.scopes);
    if !more.is_empty() {
        let more: Vec<&str> = more.iter().map(Scope::as_str).collect();
        faults.push(fault("#/scopes", CODE, format!("your key has no {}", more.join(", "))));
    }
    if own.reach == Reach::Project && terms.reach == Reach::Organization {
        faults.push(fault("#/reach", CODE, "your key reaches one project"));
    }
    if let Some(end) = own.expires_at
        && terms.expires_at.is_none_or(|its| its > end)
    {
        faults.push(fault("#/expires_at", CODE, "your key expires earlier"));
    }
    if let Some(nets) = &own.allowed_cidrs {
        let inside = |net: &IpNet| nets.iter().any(|own| own.contains(net));
        if !terms.allowed_cidrs.as_ref().is_some_and(|its| its.iter().all(inside)) {
            faults.push(fault("#/allowed_cidrs", CODE, "your key may be used from fewer addresses"));
        }
    }
    if let Some(cap) = own.cap
        && !terms.cap.is_some_and(|its| its.reset == cap.reset && its.limit <= cap.limit)
    {
        faults.push(fault("#/limit_rao", CODE, "your key's own limit is narrower, or begins anew otherwise"));
    }
    faults
}

/// Whether `own` may change, rotate or revoke this other key: only if it could have made it.
pub(crate) fn may_change(own: &ApiKey, other: &ApiKey) -> Result<(), ApiError> {
    let may = own.id == other.id || beyond(&own.terms, &other.terms).is_empty();
    if may { Ok(()) } else { Err(ApiError::ExceedsYourKey) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pointers(faults: &[FieldError]) -> Vec<&str> {
        faults.iter().map(|fault| fault.pointer.as_str()).collect()
    }

    #[test]
    fn whatever_is_wrong_is_named_at_once() {
        let now = "2026-11-22T00:00:00Z".parse().unwrap();
        let draft = Draft {
            scopes: Some(vec!["jobs:read".to_owned(), "jobs:*".to_owned()]),
            reach: Some("everything".to_owned()),
            expires_at: Change::Set(Some(now)),
            allowed_cidrs: Change::Set(Some(vec!["10.0.0.0/8".to_owned(), "10/8".to_owned()])),
            limit_rao: Change::Set(Some("-1".to_owned())),
            limit_reset: Change::Set(Some("hourly".to_owned())),
        };
        let mut faults = Vec::new();
        terms(draft, &Terms::everything(), now, &mut faults);
        let named = pointers(&faults);
        for pointer in
            ["#/scopes/1", "#/reach", "#/expires_at", "#/allowed_cidrs/1", "#/limit_rao", "#/limit_reset"]
        {
            assert!(named.contains(&pointer), "{pointer} in {named:?}");
        }
    }

    #[test]
    fn nothing_goes_beyond_the_key_that_gives_it() {
        let rao = |amount| Rao::new(amount).unwrap();
        let narrow = Terms {
            scopes: [Scope::JobsRead, Scope::KeysWrite].into_iter().collect(),
            reach: Reach::Project,
            expires_at: Some("2027-01-01T00:00:00Z".parse().unwrap()),
            allowed_cidrs: Some(vec!["10.0.0.0/8".parse().unwrap()]),
            cap: Some(Cap { limit: rao(100), reset: Some(Reset::Daily) }),
        };
        assert_eq!(beyond(&narrow, &narrow), []);
        assert_eq!(beyond(&Terms::everything(), &narrow), []);
        let all = beyond(&narrow, &Terms::everything());
        let expected = ["#/scopes", "#/reach", "#/expires_at", "#/allowed_cidrs", "#/limit_rao"];
        assert_eq!(pointers(&all), expected);
        let inside = Terms {
            allowed_cidrs: Some(vec!["10.1.0.0/16".parse().unwrap()]),
            cap: Some(Cap { limit: rao(99), reset: Some(Reset::Daily) }),
            ..narrow.clone()
        };
        assert_eq!(beyond(&narrow, &inside), []);
        for cap in [None, Some(Cap { limit: rao(101), reset: Some(Reset::Daily) })] {
            assert_eq!(pointers(&beyond(&narrow, &Terms { cap, ..narrow.clone() })), ["#/limit_rao"]);
        }
        let monthly = Some(Cap { limit: rao(1), reset: None });
        assert_eq!(beyond(&narrow, &Terms { cap: monthly, ..narrow.clone() }).len(), 1, "another period");
    }
}
