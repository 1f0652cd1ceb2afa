//! The catalogue of events in the document: at `Event`, which schema the `data` of each type is of; in words, and as `x-event-data`
//! for programs.
//!
//! `data` itself stays an object there. A choice of schemas by `type` would make 25 types of one, and not every generator of
//! clients can do that.

use std::fmt::Write as _;

use protocol::event::EventType;
use serde_json::{Map, Value};

use crate::schemas::SCHEMAS;

/// A type of event in the document.
pub(crate) struct Entry {
    pub(crate) event: EventType,
    /// When it is written.
    pub(crate) when: String,
    /// The schema of its `data`.
    pub(crate) reference: String,
}

/// All types of events, in the order in which `type` lists them.
pub(crate) fn entries(document: &Value) -> Vec<Entry> {
    let by_type = &document["components"]["schemas"]["EventDataByType"]["properties"];
    let entry = |event: &EventType| {
        let data = &by_type[event.as_str()];
        let when = data["description"].as_str()?.to_owned();
        Some(Entry { event: *event, when, reference: data["$ref"].as_str()?.to_owned() })
    };
    EventType::ALL.iter().filter_map(entry).collect()
}

/// Adds the catalogue to `Event`.
pub(crate) fn complete(document: &mut Value) {
    let mut text =
        "What belongs to this type of event:\n\n| `type` | schema of `data` |\n|---|---|".to_owned();
    let mut references = Map::new();
    for Entry { event, reference, .. } in entries(document) {
        let name = reference.strip_prefix(SCHEMAS).unwrap_or(&reference);
        let _ = write!(text, "\n| `{}` | `{name}` |", event.as_str()); // a String takes all
        references.insert(event.as_str().to_owned(), reference.into());
    }
    let event = &mut document["components"]["schemas"]["Event"];
    event["properties"]["data"]["description"] = text.into();
    event["x-event-data"] = references.into();
}
