//! The rewards that come with the service, on the texts that models really write; and the committed fixtures.

use std::path::{Path, PathBuf};

use sandbox::{ContentHash, Outcome};

use crate::kit::{SANDBOX, built_in, reward_of, sample, score_one, task};

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
    for (name, _) in sandbox::BUILTINS {
        let scored = score_one(&SANDBOX, &built_in(&SANDBOX, name), "72", &text);
        assert_eq!(scored.outcome, Outcome::Ok, "{name}: {:?}", scored.detail);
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
            if file.extension().is_some_and(|extension| extension == "wasm") {
                let relative = file.strip_prefix(guests()).unwrap();
                found.push(relative.to_str().unwrap().to_owned());
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
