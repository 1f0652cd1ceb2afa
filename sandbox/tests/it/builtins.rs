//! The reward that comes with the service, and the fixtures, on the texts that models really write.

use std::path::{Path, PathBuf};

use builtins::CATALOGUE;
use sandbox::{ContentHash, Limits, Outcome, Sample, Scored, Task};
use serde_json::{Value, json};

use crate::kit::{SANDBOX, built_in, reward_of, sample, score_one, task};
use crate::tables::{TABLES, UNGRADABLE};

fn guests() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("guests")
}

fn check(name: &str, cases: &[(&str, &str, f64)]) {
    let reward = built_in(&SANDBOX, name);
    for (reference, completion, wanted) in cases {
        let scored = score_one(&SANDBOX, &reward, reference, completion);
        let got = scored.score.map(|score| score.reward);
        assert_eq!(got, Some(*wanted), "{name}: {reference:?} against {completion:?}: {:?}", scored.detail);
    }
}

#[test]
fn last_number() {
    check(
        "last-number",
        &[
            ("72", "48/2 = 24, and 48 + 24 = 72.", 1.0),
            ("72", "The answer is 72", 1.0),
            ("72", "The answer is 73", 0.0),
            ("72", "72, then I thought about 5", 0.0),
            ("72", "no number here", 0.0),
            ("72", "", 0.0),
            ("7", "72", 0.0),
            ("72", "7", 0.0),
            // commas
            ("1234567", "It costs $1,234,567.", 1.0),
            ("1,234.50", "1234.5", 1.0),
            ("3", "The set is 1,2,3", 1.0),
            ("12", "1, 12", 1.0),
            ("1234", "12,34", 0.0),
            ("5678", "1234,5678", 1.0),
            // signs
            ("-5", "so x = -5.", 1.0),
            ("-5", "so x = 5.", 0.0),
            ("5", "so x = -5.", 0.0),
            ("-5", "so x = \u{2212}5", 1.0),
            ("-5", "it is -$5", 1.0),
            ("+5", "5", 1.0),
            ("5", "10-5", 1.0),
            ("5", "(3)-5", 1.0),
            ("-5", "10 - -5", 1.0),
            ("0", "-0", 1.0),
            ("0", "-0.00", 1.0),
            // decimals and zeros
            ("0.5", ".5", 1.0),
            ("0.5", "0.50", 1.0),
            ("0.5", "0.05", 0.0),
            ("5", "0.5", 0.0),
            ("10", "1", 0.0),
            ("1", "10", 0.0),
            ("007", "7.0", 1.0),
            ("100", "100.00%", 1.0),
            ("0", "000", 1.0),
            ("0.1", "0.10000000000000001", 0.0),
            // the GSM8K line
            ("#### 42", "#### 42", 1.0),
            ("6 * 7 = 42\n#### 42", "It is 42.", 1.0),
            ("42", "6*7=42\n#### 42\nI am sure about this, 100%", 1.0),
            ("42", "#### 41\nno wait\n#### 42 (of 50)", 1.0),
            ("42", "#### unclear\nso 42", 1.0),
            ("{\"answer\": \"72\"}", "72", 1.0),
            // text that is not ASCII
            ("72", "答案是72。", 1.0),
        ],
    );
    let reward = built_in(&SANDBOX, "last-number");
    for reference in ["", "none"] {
        assert_eq!(score_one(&SANDBOX, &reward, reference, "72").outcome, Outcome::NonFiniteScore);
    }
}

#[test]
fn boxed_answer() {
    check(
        "boxed-answer",
        &[
            ("72", "The answer is \\boxed{72}.", 1.0),
            ("72", "The answer is \\boxed{73}.", 0.0),
            ("72", "The answer is 72.", 0.0),
            ("72", "", 0.0),
            ("72", "\\boxed{72", 0.0),
            ("72", "\\boxed{}", 0.0),
            ("72", "\\boxed{71} no, \\boxed{72}", 1.0),
            ("72", "\\boxed{72} no, \\boxed{71}", 0.0),
            ("72", "\\boxed{72} and an open \\boxed{7", 1.0),
            ("so \\boxed{72}", "\\boxed{72}", 1.0),
            // numbers by value
            ("1,234.50", "\\boxed{\\$1234.5}", 0.0),
            ("1,234.50", "\\boxed{$1234.5$}", 1.0),
            ("0.5", "\\boxed{.5}", 1.0),
            ("5", "\\boxed{+5.}", 1.0),
            ("-0", "\\boxed{0}", 1.0),
            ("-5", "\\boxed{5}", 0.0),
            ("1,2", "\\boxed{1,2}", 1.0),
            ("12", "\\boxed{1,2}", 0.0),
            // TeX
            ("\\frac{1}{2}", "\\boxed{\\dfrac{1}{2}}", 1.0),
            ("\\frac{1}{2}", "\\boxed{\\tfrac{1}{2}}", 1.0),
            ("\\frac{1}{2}", "\\boxed{\\frac{1}{3}}", 0.0),
            ("\\frac{1}{\\sqrt{2}}", "so \\boxed{ \\frac{1}{\\sqrt{2}} }", 1.0),
            ("(1, 2]", "\\boxed{\\left( 1,\\,2 \\right]}", 1.0),
            ("x\\leftarrow y", "\\boxed{x\\leftarrow y}", 1.0),
            ("x\\leftarrow y", "\\boxed{xarrow y}", 0.0),
            ("Tuesday", "\\boxed{\\text{Tuesday}}", 1.0),
            ("\\text{a{b}c}", "\\boxed{a{b}c}", 1.0),
            ("x^{2}", "\\boxed{\\mathrm{x}^{2}}", 1.0),
        ],
    );
    let reward = built_in(&SANDBOX, "boxed-answer");
    for reference in ["", " $ $ ", "\\boxed{}"] {
        assert_eq!(score_one(&SANDBOX, &reward, reference, "\\boxed{1}").outcome, Outcome::NonFiniteScore);
    }
}

#[test]
fn long_completions_are_cheap_enough() {
    let text = format!("{} #### 72", "So we compute 48/2 = 24 clips. \\boxed{1} ".repeat(20_000));
    for name in ["last-number", "boxed-answer"] {
        let scored = score_one(&SANDBOX, &built_in(&SANDBOX, name), "72", &text);
        assert_eq!(scored.outcome, Outcome::Ok, "{name}: {:?}", scored.detail);
    }
}

/// A group scored by the composed built-in.
fn graded(args: &Value, reference: &str, samples: &[Sample]) -> Vec<Scored> {
    let task = Task { metadata: json!({ "args": args }).to_string(), ..task(reference) };
    let limits = Limits { fuel_per_sample: 2_000_000_000, ..Limits::default() };
    SANDBOX.score(&built_in(&SANDBOX, "builtins"), &task, samples, &limits).expect("no host error")
}

#[test]
fn the_module_grades_as_its_tables_say() {
    for (args, cases) in TABLES {
        let args: Value = serde_json::from_str(args).unwrap();
        for (reference, completion, wanted) in *cases {
            let scored = &graded(&args, reference, &[sample(completion, 3)])[0];
            let got = scored.score.as_ref().map(|score| (score.reward, score.components[0].1));
            assert_eq!(got, Some((*wanted, *wanted)), "{args}: {reference:?} against {completion:?}");
        }
    }
    for (args, reference) in UNGRADABLE {
        let scored = &graded(&serde_json::from_str(args).unwrap(), reference, &[sample("72", 3)])[0];
        assert_eq!(scored.outcome, Outcome::Fault, "{args}: {reference:?}");
        let detail = scored.detail.as_deref().unwrap_or_default();
        assert!(detail.contains("part `answer`: the reference "), "{detail}");
    }
    assert_eq!(graded(&json!({ "parts": [] }), "72", &[sample("72", 3)])[0].outcome, Outcome::Fault);
}

/// All parts at once, as a group, agree with the library bit by bit.
#[test]
fn the_module_is_the_library() {
    let example = |text: &str| serde_json::from_str::<Value>(text).unwrap();
    let parts: Vec<Value> = CATALOGUE
        .iter()
        .zip([1.0, 0.1, -0.3, 1e-3, 7.7, 0.2, 1e5, 0.01])
        .map(|(part, weight)| json!({ "name": part.name, "weight": weight, "args": example(part.example) }))
        .collect();
    let args = json!({ "parts": parts });
    let texts = TABLES.iter().flat_map(|(_, cases)| cases.iter().map(|(_, completion, _)| *completion));
    let samples: Vec<Sample> = texts.zip(0..).map(|(text, tokens)| sample(text, tokens)).collect();
    let seen: Vec<_> =
        samples.iter().map(|s| builtins::Sample { text: &s.text, tokens: s.token_ids.len() }).collect();
    let metadata = json!({ "args": args }).to_string();
    for reference in ["B. 5", "(B) 12.5 km", "C: 72"] {
        let wanted = builtins::grade(reference, &metadata, &seen).unwrap();
        for (scored, wanted) in graded(&args, reference, &samples).iter().zip(&wanted) {
            let score = scored.score.as_ref().expect("graded");
            assert_eq!(score.reward.to_bits(), wanted.reward.to_bits());
            assert_eq!(score.components, wanted.parts);
        }
    }
}

/// Fuel per byte of the worst texts that we know, so that the default of 50 M is enough for 50 KB (and for 20 KB of
/// captured groups). The worst pattern that is taken costs 50,000 a byte, which is its customer's choice.
#[test]
fn the_module_is_linear_in_hostile_texts() {
    let pattern = |pattern: &str| json!({ "name": "regex", "args": { "pattern": pattern } });
    let schema = |schema: Value| json!({ "name": "json-schema", "args": { "schema": schema } });
    let plain = |name: &str, args: Value| json!({ "name": name, "args": args });
    for (part, start, unit, end, per_byte) in [
        (plain("numeric", json!({ "abs_tolerance": 1e-9 })), "", "1", "", 200),
        (plain("numeric", json!({ "abs_tolerance": 1e-9 })), "", "9,999", "", 200),
        (plain("numeric", json!({})), "", "####\n", "", 100),
        (plain("boxed-math", json!({})), "", "\\boxed{", "", 100),
        (plain("boxed-math", json!({})), "", "\\boxed{\\text{", "}", 100),
        (plain("multiple-choice", json!({})), "", "answer ", "", 200),
        (plain("unit-format", json!({ "unit": "km" })), "", "5 km ", "", 400),
        (plain("exact-match", json!({ "ignore_case": true })), "", "É ", "", 400),
        (plain("length-window", json!({ "unit": "chars", "max": 9 })), "", "É", "", 50),
        (schema(json!({ "uniqueItems": true })), "[", "1,", "0]", 2000),
        (schema(json!({ "type": "array" })), "", "[", "", 50),
        (schema(json!({ "type": "string" })), "\"", "\\u00e9", "\"", 100),
        (pattern("^(\\w+\\s?)*$"), "", "a ", "!", 2500),
        (pattern("(?s).*<a>(.*?)</a>"), "", "<a>", "", 2500),
        (pattern("(?:a?){49}a{49}b"), "", "a", "", 50_000),
    ] {
        let fuel = |size: usize| {
            let text = format!("{start}{}{end}", unit.repeat(size / unit.len()));
            let scored = &graded(&json!({ "parts": [part] }), "B. 72", &[sample(&text, 3)])[0];
            assert_eq!(scored.outcome, Outcome::Ok, "{part}: {:?}", scored.detail);
            scored.receipt.fuel.expect("ok has fuel")
        };
        let (small, large) = (fuel(2_000), fuel(16_000));
        let rate = large.saturating_sub(small) / 14_000;
        println!("{rate} fuel per byte: {part} on {unit:?}");
        assert!(rate <= per_byte, "{part} on {unit:?}: {rate} fuel per byte");
        assert!(large <= 9 * small, "{part} on {unit:?}: {small} fuel, and {large} for eight times the text");
    }
}

#[test]
fn length() {
    let reward = reward_of(&SANDBOX, &std::fs::read(guests().join("wat/length.wasm")).unwrap());
    for (reference, tokens, wanted) in
        [("100", 50, 1.0), ("100", 100, 1.0), ("100", 400, 0.25), ("", 1024, 0.5), ("", 0, 1.0)]
    {
        let scored = SANDBOX
            .score(&reward, &task(reference), &[sample("x", tokens)], &sandbox::Limits::default())
            .unwrap();
        assert_eq!(scored[0].score.as_ref().unwrap().reward, wanted, "{reference} {tokens}");
    }
}

#[test]
fn fixtures_are_those_that_were_committed() {
    let sums = std::fs::read_to_string(guests().join("SHA256SUMS")).unwrap();
    let mut listed = Vec::new();
    for line in sums.lines() {
        let (hash, file) = line.split_once("  ").expect("the format of sha256sum");
        assert_eq!(
            ContentHash::of(&std::fs::read(guests().join(file)).unwrap()),
            hash.parse().unwrap(),
            "{file}"
        );
        listed.push(file.to_owned());
    }
    let mut found = Vec::new();
    for folder in
        std::fs::read_dir(guests()).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir())
    {
        for file in std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()) {
            let relative = file.strip_prefix(guests()).unwrap().to_str().unwrap();
            // Built, not committed: see `kits`.
            let local = relative.starts_with("python/") || relative.starts_with("javascript/");
            if file.extension().is_some_and(|extension| extension == "wasm") && !local {
                found.push(relative.to_owned());
            }
        }
    }
    found.sort();
    assert_eq!(listed, found, "every committed module has its hash");
}

#[test]
fn text_fixtures_are_built_from_their_sources() {
    for name in ["length", "shortest"] {
        let source = guests().join(format!("wat/{name}.wat"));
        let built = std::fs::read(source.with_extension("wasm")).unwrap();
        assert!(wat::parse_file(&source).unwrap() == built, "{name}: run guests/wat/build.sh");
    }
}
