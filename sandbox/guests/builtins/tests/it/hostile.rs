//! Completions, references and args from strangers: any text is graded or refused, never a panic, always the same.

use builtins::{CATALOGUE, Sample, check, grade};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::tables::TABLES;

/// Texts that look like answers: what the parts search for, in any order and cut anywhere.
fn answer_like() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "####",
        "#",
        "\\boxed{",
        "{",
        "}",
        "\\text{",
        "\\frac",
        "\\dfrac",
        "\\left",
        "\\",
        "$",
        "-",
        "\u{2212}",
        "+",
        ",",
        ".",
        "0",
        "7",
        "72",
        "1,234",
        "999",
        "e308",
        "answer",
        "Answer: ",
        "is",
        " ",
        "\n",
        "A",
        "(B)",
        "*",
        "km",
        " m/s",
        "%",
        "\\,",
        "```",
        "```json\n",
        "\"",
        "[",
        "]",
        ":",
        "null",
        "{\"answer\":",
        "é",
        "東",
        "\u{0}",
        "\u{661}",
        "\u{1f600}",
    ]);
    prop::collection::vec(pieces, 0..40).prop_map(|pieces| pieces.concat())
}

fn every_part() -> Value {
    let parts: Vec<Value> = CATALOGUE
        .iter()
        .map(|entry| {
            json!({ "name": entry.name, "args": serde_json::from_str::<Value>(entry.example).expect("JSON") })
        })
        .collect();
    json!({ "parts": parts })
}

proptest! {
    #[test]
    fn any_text_is_graded(reference in answer_like(), completion in answer_like(), noise in any::<String>()) {
        let every = every_part();
        let single = TABLES.iter().map(|(args, _)| serde_json::from_str(args).unwrap());
        for args in single.chain([every]) {
            let metadata = json!({ "args": args }).to_string();
            let samples = [&completion, &noise].map(|text| Sample { text, tokens: text.len() });
            for reference in [&reference, &noise, &"72 km (B)".to_owned()] {
                let graded = grade(reference, &metadata, &samples);
                prop_assert_eq!(&graded, &grade(reference, &metadata, &samples));
                for (_, value) in graded.iter().flatten().flat_map(|graded| &graded.parts) {
                    prop_assert!((0.0..=1.0).contains(value), "{} {}", value, args);
                }
            }
        }
    }

    #[test]
    fn any_pattern_is_taken_or_refused(pattern in "[-a-c(){}|*+?.^$\\\\\\[\\]0-9,:<>P]{0,24}", text in "[a-c\n]{0,200}") {
        let args = json!({ "parts": [{ "name": "regex", "args": { "pattern": pattern } }] });
        let metadata = json!({ "args": args }).to_string();
        let graded = grade("", &metadata, &[Sample { text: &text, tokens: 0 }]);
        prop_assert_eq!(graded.is_ok(), check(&args).is_ok());
    }

    #[test]
    fn any_metadata_is_taken_or_refused(metadata in any::<String>(), inner in any::<String>()) {
        let _ = grade("72", &metadata, &[]);
        let _ = grade("72", &format!("{{\"args\": {inner}}}"), &[]);
        let args = json!({ "parts": [{ "name": inner }] });
        prop_assert!(check(&args).is_err());
    }
}

#[test]
fn deep_nesting_is_refused_not_followed() {
    let deep = |open: &str, close: &str, depth: usize| open.repeat(depth) + "1" + &close.repeat(depth);
    let metadata = format!(
        r#"{{"args": {{"parts": [{{"name": "json-schema", "args": {{"schema": {}}}}}]}}}}"#,
        deep("{\"items\": ", "}", 60)
    );
    assert!(grade("", &metadata, &[]).unwrap_err().contains("nested more than 32 deep"));
    let metadata = r#"{"args": {"parts": [{"name": "json-schema", "args": {"schema": true}}]}}"#;
    for text in [deep("[", "]", 100_000), "[".repeat(1 << 20)] {
        assert_eq!(grade("", metadata, &[Sample { text: &text, tokens: 0 }]).unwrap()[0].reward, 0.0);
    }
}
