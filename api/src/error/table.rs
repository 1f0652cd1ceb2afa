//! The table of docs/ERRORS.md, read: which codes there are, with which status, and what to do about each.
//!
//! People read the page, programs the document, and both are told the same. That it is also what the code answers, the tests
//! below hold.

use std::sync::LazyLock;

use serde_json::{Value, json};

const PAGE: &str = include_str!("../../../docs/ERRORS.md");

/// A code with one of its statuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) status: &'static str,
    pub(super) code: &'static str,
    /// Whether the same request may go through later: `yes`, `no` or `sometimes`.
    again: &'static str,
    means: &'static str,
    remedy: &'static str,
}

/// By status and code, as they stand there.
pub(super) static ROWS: LazyLock<Vec<Row>> = LazyLock::new(|| PAGE.lines().filter_map(Row::read).collect());

impl Row {
    /// A line of the table; `None` for any other line.
    fn read(line: &'static str) -> Option<Self> {
        let cells: Vec<&str> = line.strip_prefix("| ")?.strip_suffix(" |")?.split(" | ").collect();
        let [status, code, again, means, remedy]: [&str; 5] = cells.try_into().ok()?;
        let is_status = status.len() == 3 && status.bytes().all(|byte| byte.is_ascii_digit());
        let code = code.strip_prefix('`')?.strip_suffix('`')?;
        is_status.then_some(Self { status, code, again, means, remedy })
    }

    fn json(&self) -> Value {
        let Self { status, code, again, means, remedy } = self;
        json!({ "status": status, "code": code, "retryable": again, "means": means, "what_to_do": remedy })
    }
}

/// The whole table, for the document.
pub(crate) fn all() -> Value {
    ROWS.iter().map(Row::json).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use actix_web::http::StatusCode;

    use super::super::kind::TELLING;
    use super::*;
    use crate::problem::Problem;

    const SOURCE: &str = include_str!("kind.rs");

    /// The name that a text begins with, and the rest.
    fn name(text: &str) -> (&str, &str) {
        let is_end = |c: char| !(c.is_ascii_alphanumeric() || c == '_');
        text.split_at(text.find(is_end).unwrap_or(text.len()))
    }

    /// The variants that a text names.
    fn variants(text: &str) -> BTreeSet<&str> {
        text.split("Self::").skip(1).map(|rest| name(rest).0).collect()
    }

    /// The body of a function of `kind.rs`.
    fn body(name: &str) -> &'static str {
        let (_, rest) = SOURCE.split_once(&format!("fn {name}(")).unwrap();
        rest.split("\n    }\n").next().unwrap()
    }

    /// The number of a constant of `StatusCode`.
    fn status(name: &str) -> String {
        let mut codes = (400..600).filter_map(|code| StatusCode::from_u16(code).ok());
        let found = codes.find(|status| {
            let reason = status.canonical_reason().unwrap_or_default();
            reason.to_uppercase().replace([' ', '-'], "_") == name
        });
        found.unwrap_or_else(|| panic!("{name}")).as_u16().to_string()
    }

    /// What `ApiError::kind` says: the variants of each status and code.
    fn kinds() -> BTreeMap<(String, String), BTreeSet<&'static str>> {
        let mut kinds: BTreeMap<(String, String), BTreeSet<&str>> = BTreeMap::new();
        let mut rest = body("kind");
        while let Some((arms, found)) = rest.split_once("=>") {
            let (status_name, found) = name(found.split_once("StatusCode::").unwrap().1);
            let code = found.trim_start_matches(',').trim_start().strip_prefix('"');
            // the one that is computed has no name there
            let code = code.and_then(|code| code.split('"').next()).unwrap_or("validation_failed");
            let kind = (status(status_name), code.to_owned());
            kinds.entry(kind).or_default().extend(variants(arms));
            rest = found;
        }
        for code in TELLING {
            kinds.insert(("422".to_owned(), (*code).to_owned()), BTreeSet::from(["Validation"]));
        }
        kinds
    }

    #[test]
    fn the_page_has_every_code_and_no_other() {
        let kinds = kinds();
        assert!(kinds.len() > 70 && kinds[&("409".to_owned(), "conflict".to_owned())].contains("Conflict"));
        let foreign = (400..600).filter_map(|code| StatusCode::from_u16(code).ok());
        let foreign: BTreeSet<String> =
            foreign.map(|status| Problem::foreign(status, String::new()).code).collect();
        let rows: BTreeSet<(String, String)> =
            ROWS.iter().map(|row| (row.status.to_owned(), row.code.to_owned())).collect();
        assert_eq!(rows.len(), ROWS.len(), "a row is there twice");
        for known in kinds.keys() {
            assert!(rows.contains(known), "{known:?} has no row in docs/ERRORS.md");
        }
        for row in &rows {
            assert!(kinds.contains_key(row) || foreign.contains(&row.1), "{row:?} is no error of ours");
        }
        for code in foreign {
            assert!(rows.iter().any(|row| row.1 == code), "{code} has no row in docs/ERRORS.md");
        }
        assert!(ROWS.is_sorted_by_key(|row| (row.status, row.code)), "by status and code");
    }

    #[test]
    fn the_page_says_what_may_be_sent_again() {
        let again = variants(body("is_retryable"));
        assert!(again.contains("RateLimited") && again.contains("InFlightExhausted"), "{again:?}");
        for ((status, code), kinds) in kinds() {
            let row = ROWS.iter().find(|row| row.status == status && row.code == code).unwrap();
            let expected = match kinds.intersection(&again).count() {
                0 => "no",
                // it depends on the figures, too
                many if many == kinds.len() && code != "inflight_budget_exhausted" => "yes",
                _ => "sometimes",
            };
            assert_eq!(row.again, expected, "{status} {code}");
        }
    }
}
