//! Holds every event that a test reads against what the document says of it, its `data` by its type. Shared by the tests of the
//! gateway, of the worker and of the whole service: each of them sees other events being written.
//!
//! It knows the words of JSON Schema that the document uses there, and fails on any other: none is passed over in silence.
//! Stricter than a schema, it refuses members that none is known of, where any are.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use chrono::DateTime;
use serde_json::Value;

static DOCUMENT: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(include_str!("../../../openapi/openapi.json")).unwrap());

/// Words that forbid nothing: what names of members are, JSON says already.
const NOTES: [&str; 6] = ["default", "description", "example", "examples", "propertyNames", "x-event-data"];

/// Panics unless the event is as the document describes it.
pub(crate) fn check(event: &Value) {
    let kind = event["type"].as_str().unwrap_or_default();
    let data = DOCUMENT["components"]["schemas"]["Event"]["x-event-data"][kind].as_str();
    let data = data.unwrap_or_else(|| panic!("the document says nothing of the data of {event}"));
    let mut found = faults("#/components/schemas/Event", event);
    found.extend(faults(data, &event["data"]));
    assert!(found.is_empty(), "{kind} is not what {data} says: {found:#?} in {event:#}");
}

/// What is wrong with a value by the schema of the document that this reference names.
pub(crate) fn faults(reference: &str, value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    whole(named(reference), value, "", &mut found);
    found
}

fn named(reference: &str) -> &'static Value {
    let pointer = reference.strip_prefix('#').unwrap();
    DOCUMENT.pointer(pointer).unwrap_or_else(|| panic!("{reference} is not in the document"))
}

/// A value, and that it has no members but those that its schema knows.
fn whole(schema: &'static Value, value: &Value, at: &str, found: &mut Vec<String>) {
    let known = members(schema);
    for name in value.as_object().into_iter().flat_map(|object| object.keys()) {
        if known.as_ref().is_some_and(|known| !known.contains(name.as_str())) {
            found.push(format!("{at}/{name} is not in the schema"));
        }
    }
    words(schema, value, at, found);
}

/// The members that a schema knows, in all of its parts; `None` where there may be any.
fn members(schema: &'static Value) -> Option<BTreeSet<&'static str>> {
    if let Some(reference) = schema["$ref"].as_str() {
        return members(named(reference));
    }
    if let Some(parts) = schema["allOf"].as_array() {
        return Some(parts.iter().filter_map(members).flatten().collect());
    }
    let properties =
        schema["properties"].as_object().filter(|_| !schema["additionalProperties"].is_object())?;
    Some(properties.keys().map(String::as_str).collect())
}

/// Each word of a schema.
fn words(schema: &'static Value, value: &Value, at: &str, found: &mut Vec<String>) {
    for (word, rule) in schema.as_object().unwrap() {
        if NOTES.contains(&word.as_str()) || holds_within(word, rule, value, at, found) {
            continue;
        }
        let (object, number) = (value.as_object(), value.as_f64());
        let is_fine = match word.as_str() {
            "type" => {
                let kinds = rule.as_array().map_or(std::slice::from_ref(rule), Vec::as_slice);
                kinds.iter().any(|kind| is(value, kind))
            }
            "enum" => rule.as_array().unwrap().contains(value),
            "const" => rule == value,
            "required" => rule
                .as_array()
                .unwrap()
                .iter()
                .all(|name| object.is_none_or(|object| object.contains_key(name.as_str().unwrap()))),
            "minimum" => number.is_none_or(|number| number >= rule.as_f64().unwrap()),
            "maximum" => number.is_none_or(|number| number <= rule.as_f64().unwrap()),
            "format" => rule != "date-time" || value.as_str().is_none_or(is_time),
            _ => panic!("`{word}` is a word that this check does not know"),
        };
        if !is_fine {
            found.push(format!("{at}: {value} is not {word} {rule}"));
        }
    }
}

/// Whether the word has schemas in it, which are then looked into.
fn holds_within(word: &str, rule: &'static Value, value: &Value, at: &str, found: &mut Vec<String>) -> bool {
    let object = || value.as_object().into_iter().flatten();
    match word {
        "$ref" => words(named(rule.as_str().unwrap()), value, at, found),
        "allOf" => {
            for part in rule.as_array().unwrap() {
                words(part, value, at, found);
            }
        }
        "oneOf" => {
            let fits = |choice: &'static Value| {
                let mut faults = Vec::new();
                whole(choice, value, at, &mut faults);
                faults
            };
            let faults: Vec<Vec<String>> = rule.as_array().unwrap().iter().map(fits).collect();
            if !faults.iter().any(Vec::is_empty) {
                found.extend(faults.into_iter().flatten());
            }
        }
        "items" => {
            for (index, item) in value.as_array().into_iter().flatten().enumerate() {
                whole(rule, item, &format!("{at}/{index}"), found);
            }
        }
        "properties" => {
            for (name, member) in object() {
                if let Some(rule) = rule.get(name) {
                    whole(rule, member, &format!("{at}/{name}"), found);
                }
            }
        }
        // no schema has these beside named ones
        "additionalProperties" => {
            for (name, member) in object() {
                whole(rule, member, &format!("{at}/{name}"), found);
            }
        }
        _ => return false,
    }
    true
}

fn is(value: &Value, kind: &Value) -> bool {
    match kind.as_str().unwrap() {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("`{other}` is no type"),
    }
}

fn is_time(text: &str) -> bool {
    DateTime::parse_from_rfc3339(text).is_ok()
}
