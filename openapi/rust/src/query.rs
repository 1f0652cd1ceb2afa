//! What lists take: which of their items to give.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::words::EventType;

/// A query, without its cursor.
#[derive(Debug, Clone)]
pub(crate) struct Query(String);

impl Query {
    /// Pages of 100.
    pub(crate) fn new() -> Self {
        Self("limit=100".to_owned())
    }

    pub(crate) fn and(mut self, name: &str, value: Option<&str>) -> Self {
        if let Some(value) = value {
            let _ = write!(self.0, "&{name}={}", escaped(value)); // a String takes all
        }
        self
    }

    pub(crate) fn text(self) -> String {
        self.0
    }
}

/// Text as it may stand in a part of an address.
pub(crate) fn escaped(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~') {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

/// Which jobs: all that is said must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct JobFilter {
    /// Such as `in_progress`.
    pub status: Option<String>,
    /// RFC 3339.
    pub created_after: Option<String>,
    /// Keys of the job's own metadata, with these values.
    pub metadata: BTreeMap<String, String>,
}

impl JobFilter {
    pub(crate) fn query(&self) -> String {
        let query = Query::new()
            .and("status", self.status.as_deref())
            .and("created_after", self.created_after.as_deref());
        let add = |query: Query, (key, value): (&String, &String)| {
            query.and(&format!("metadata[{}]", escaped(key)), Some(value))
        };
        self.metadata.iter().fold(query, add).text()
    }
}

/// Which tries to tell an endpoint something.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeliveryFilter {
    /// The id of an endpoint.
    pub endpoint: Option<String>,
    /// Such as `failed`.
    pub state: Option<String>,
}

impl DeliveryFilter {
    pub(crate) fn query(&self) -> String {
        Query::new().and("endpoint", self.endpoint.as_deref()).and("state", self.state.as_deref()).text()
    }
}

/// Which events of a project: all that is said must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EventFilter {
    /// Those behind this place, as `EventStream::last_id` said it before; behind 0 are all. Without it a list begins with the first
    /// there is, and a stream with what happens next.
    pub starting_after: Option<i64>,
    /// Only these; all if there are none.
    pub types: Vec<EventType>,
}

impl EventFilter {
    pub(crate) fn query(&self) -> String {
        Query::new().and("types", self.words().as_deref()).text()
    }

    /// As it stands behind the address of a stream, which has no pages.
    pub(crate) fn stream_query(&self) -> String {
        self.words().map_or_else(String::new, |words| format!("?types={}", escaped(&words)))
    }

    fn words(&self) -> Option<String> {
        let words: Vec<&str> = self.types.iter().map(EventType::as_str).collect();
        (!words.is_empty()).then(|| words.join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_is_a_query_whatever_is_in_it() {
        assert_eq!(JobFilter::default().query(), "limit=100");
        let filter = JobFilter {
            status: Some("failed".to_owned()),
            created_after: Some("2026-11-22T08:00:00+01:00".to_owned()),
            metadata: BTreeMap::from([("a&b".to_owned(), "1 ö".to_owned())]),
        };
        assert_eq!(
            filter.query(),
            "limit=100&status=failed&created_after=2026-11-22T08%3A00%3A00%2B01%3A00&metadata[a%26b]=1%20%C3%B6"
        );
        let mut filter = EventFilter::default();
        assert_eq!((filter.query(), filter.stream_query()), ("limit=100".to_owned(), String::new()));
        filter.types = vec![EventType::JobCompleted, EventType::from("of.tomorrow")];
        let types = "types=job.completed%2Cof.tomorrow";
        assert_eq!(
            (filter.query(), filter.stream_query()),
            (format!("limit=100&{types}"), format!("?{types}"))
        );
    }
}
