//! What `check` refuses, with its place; and a catalogue that keeps its word.

use builtins::{CATALOGUE, check};
use serde_json::{Value, json};

/// Pointers and codes of what is wrong.
fn faults(args: &Value) -> Vec<(String, &'static str)> {
    check(args).err().unwrap_or_default().into_iter().map(|fault| (fault.pointer, fault.code)).collect()
}

#[track_caller]
fn refused(args: &Value, wanted: &[(&str, &'static str)]) {
    let wanted: Vec<_> = wanted.iter().map(|(pointer, code)| ((*pointer).to_owned(), *code)).collect();
    assert_eq!(faults(args), wanted, "{args}");
}

/// Args with one part.
fn one(name: &str, args: &Value) -> Value {
    json!({ "parts": [{ "name": name, "args": args }] })
}

#[test]
fn shape() {
    refused(&json!(null), &[("", "invalid_type"), ("/parts", "required")]);
    refused(&json!([]), &[("", "invalid_type"), ("/parts", "required")]);
    refused(&json!({}), &[("/parts", "required")]);
    refused(&json!({ "parts": {} }), &[("/parts", "invalid_type")]);
    refused(&json!({ "parts": [] }), &[("/parts", "required")]);
    refused(&json!({ "parts": [1] }), &[("/parts/0", "invalid_type")]);
    refused(&json!({ "parts": [{}] }), &[("/parts/0/name", "required")]);
    refused(&json!({ "parts": [{ "name": 1 }] }), &[("/parts/0/name", "invalid_type")]);
    refused(&json!({ "parts": [{ "name": "no-such" }] }), &[("/parts/0/name", "unsupported_value")]);
    refused(&json!({ "parts": [{ "name": "numeric" }], "a/b": 1 }), &[("/a~1b", "unknown_field")]);
    refused(&json!({ "parts": [{ "name": "numeric", "x": 1 }] }), &[("/parts/0/x", "unknown_field")]);
    refused(&json!({ "parts": [{ "name": "numeric", "args": 7 }] }), &[("/parts/0/args", "invalid_type")]);
    let many: Vec<_> = (0..17).map(|i| json!({ "name": "numeric", "as": format!("p{i}") })).collect();
    refused(&json!({ "parts": many }), &[("/parts", "too_many")]);
    assert_eq!(faults(&json!({ "parts": many[..16] })), []);
    refused(&one("exact-match", &json!({ "after": "x".repeat(70_000) })), &[("", "too_long")]);
}

#[test]
fn names_and_weights() {
    let named = |name: &str| json!({ "parts": [{ "name": "numeric", "as": name }] });
    for name in ["", "Answer", "an answer", "é", &"x".repeat(65)] {
        refused(&named(name), &[("/parts/0/as", "invalid_name")]);
    }
    assert_eq!(faults(&named(&"x_.-9".repeat(12))), []);
    let twice = json!({ "parts": [{ "name": "numeric" }, { "name": "regex", "args": { "pattern": "x" }, "as": "numeric" }] });
    refused(&twice, &[("/parts/1/as", "duplicate_name")]);
    let weighing = |weight: Value| json!({ "parts": [{ "name": "numeric", "weight": weight }] });
    refused(&weighing(json!(1e7)), &[("/parts/0/weight", "out_of_range")]);
    refused(&weighing(json!("1")), &[("/parts/0/weight", "invalid_type")]);
    assert_eq!(faults(&weighing(json!(-1e6))), []);
    let heavy = json!({ "parts": [{ "name": "numeric", "weight": 6e5 }, { "name": "numeric", "weight": -6e5, "as": "b" }] });
    refused(&heavy, &[("/parts", "out_of_range")]);
}

#[test]
fn args_of_parts() {
    for (name, args, field, code) in [
        ("exact-match", json!({ "ignore_case": 1 }), "ignore_case", "invalid_type"),
        ("exact-match", json!({ "after": "x".repeat(257) }), "after", "too_long"),
        ("regex", json!({}), "pattern", "required"),
        ("regex", json!({ "pattern": "(" }), "pattern", "invalid_pattern"),
        ("regex", json!({ "pattern": "x{9999}{9999}" }), "pattern", "invalid_pattern"),
        ("regex", json!({ "pattern": "x".repeat(513) }), "pattern", "too_long"),
        ("regex", json!({ "pattern": "x", "capture": 1 }), "capture", "out_of_range"),
        ("regex", json!({ "pattern": "x", "capture": 0.5 }), "capture", "invalid_type"),
        ("numeric", json!({ "abs_tolerance": -1 }), "abs_tolerance", "out_of_range"),
        ("numeric", json!({ "rel_tolerance": 2 }), "rel_tolerance", "out_of_range"),
        ("numeric", json!({ "tolerance": 1 }), "tolerance", "unknown_field"),
        ("boxed-math", json!({ "x": 1 }), "x", "unknown_field"),
        ("multiple-choice", json!({ "letters": "abcd" }), "letters", "unsupported_value"),
        ("multiple-choice", json!({ "letters": "AA" }), "letters", "unsupported_value"),
        ("multiple-choice", json!({ "letters": "A" }), "letters", "unsupported_value"),
        ("unit-format", json!({}), "unit", "required"),
        ("unit-format", json!({ "unit": "furlong" }), "unit", "unsupported_value"),
        ("length-window", json!({}), "max", "required"),
        ("length-window", json!({ "max": -1 }), "max", "out_of_range"),
        ("length-window", json!({ "min": 5, "max": 4 }), "min", "out_of_range"),
        ("length-window", json!({ "max": 4, "unit": "words" }), "unit", "unsupported_value"),
        ("json-schema", json!({}), "schema", "required"),
        ("json-schema", json!({ "schema": 1 }), "schema", "invalid_schema"),
        ("json-schema", json!({ "schema": { "$ref": "#" } }), "schema/$ref", "unknown_field"),
        ("json-schema", json!({ "schema": { "type": "int" } }), "schema/type", "invalid_schema"),
        ("json-schema", json!({ "schema": { "minLength": -1 } }), "schema/minLength", "invalid_schema"),
        ("json-schema", json!({ "schema": { "pattern": "[" } }), "schema/pattern", "invalid_pattern"),
        ("json-schema", json!({ "schema": { "anyOf": [] } }), "schema/anyOf", "invalid_schema"),
        ("json-schema", json!({ "schema": { "items": { "not": 3 } } }), "schema/items/not", "invalid_schema"),
        (
            "json-schema",
            json!({ "schema": { "properties": { "a~b": 3 } } }),
            "schema/properties/a~0b",
            "invalid_schema",
        ),
    ] {
        refused(&one(name, &args), &[(&format!("/parts/0/args/{field}"), code)]);
    }
}

#[test]
fn everything_wrong_is_said_at_once() {
    let args = json!({ "parts": [
        { "name": "regex", "args": { "pattern": "[", "ignore_case": 1 } },
        { "name": "length-window", "as": "A B", "weight": "x" },
    ] });
    refused(
        &args,
        &[
            ("/parts/0/args/ignore_case", "invalid_type"),
            ("/parts/0/args/pattern", "invalid_pattern"),
            ("/parts/1/weight", "invalid_type"),
            ("/parts/1/as", "invalid_name"),
            ("/parts/1/args/max", "required"),
        ],
    );
}

#[test]
fn the_catalogue_lists_every_part_and_its_examples_pass() {
    let unknown = check(&one("?", &json!({}))).unwrap_err().remove(0).detail;
    let listed: Vec<_> = CATALOGUE.iter().map(|entry| entry.name).collect();
    assert!(unknown.ends_with(&format!("known: {}", listed.join(", "))), "{unknown}");
    for entry in CATALOGUE {
        let example: Value = serde_json::from_str(entry.example).unwrap();
        assert_eq!(faults(&one(entry.name, &example)), [], "{}", entry.name);
        // The schema of the args says the same as the code, on the example and on a stranger.
        let schema: Value = serde_json::from_str(entry.args_schema).unwrap();
        let takes = |args: &Value| {
            let args = json!({ "args": one("json-schema", &json!({ "schema": schema })), "given": args });
            builtins::grade(
                "",
                &args.to_string(),
                &[builtins::Sample { text: &args["given"].to_string(), tokens: 0 }],
            )
            .unwrap()[0]
                .reward
        };
        assert_eq!(takes(&example), 1.0, "{}", entry.name);
        assert_eq!(takes(&json!({ "no-such": 1 })), 0.0, "{}", entry.name);
    }
}
