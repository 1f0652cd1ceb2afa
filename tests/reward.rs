//! `reliquary reward`, as an author runs it: no database, no network, and nothing left behind.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

fn guest(name: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "sandbox/guests", name].iter().collect()
}

/// A folder of its own, in which nothing may be left.
fn reward(verb: &str, module: &Path, more: &[&str]) -> Output {
    let dir = TempDir::new().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_reliquary"));
    command.current_dir(dir.path()).env_remove("DATABASE_URL").env_remove("REDIS_URL");
    let output = command.args(["reward", verb]).arg(module).args(more).output().unwrap();
    assert_eq!(dir.path().read_dir().unwrap().count(), 0, "a file was left behind");
    output
}

fn with_samples(verb: &str, module: &Path, more: &[&str]) -> Output {
    let samples = guest("gsm8k.samples.jsonl");
    reward(verb, module, &[&["--samples", samples.to_str().unwrap()], more].concat())
}

fn text(output: &Output) -> String {
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(complaint.is_empty(), "{complaint}");
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn json(output: &Output) -> Value {
    serde_json::from_str(&text(output)).unwrap()
}

#[test]
fn a_good_module_is_checked_whatever_its_world() {
    for (module, world, parts) in [("c/gsm8k.wasm", "reward-simple", 0), ("rust/gsm8k.wasm", "reward", 3)] {
        let output = with_samples("check", &guest(module), &["--json", "--repeat", "4"]);
        let said = json(&output);
        assert_eq!(output.status.code(), Some(0), "{said}");
        assert_eq!((&said["ok"], &said["module"]["world"]), (&true.into(), &world.into()));
        assert_eq!(said["report"]["determinism"]["agreed"], true);
        assert_eq!(said["report"]["determinism"]["processes"], 2);
        let samples = said["report"]["samples"].as_array().unwrap();
        assert_eq!((samples.len(), said["expected"].as_array().unwrap().len()), (20, 20));
        assert_eq!(samples[0]["score"], 1.1);
        assert_eq!(samples[0]["components"].as_object().unwrap().len(), parts);
        assert!(samples.iter().all(|sample| sample["fuel_used"].as_u64().unwrap() > 100));
        assert!(said["report"]["suggested_limits"]["fuel"].as_u64().unwrap() > 100);
    }
    let page = text(&with_samples("check", &guest("c/gsm8k.wasm"), &[]));
    for part in [
        "is accepted",
        "reward-simple",
        "WASI profile none",
        "sha256",
        "every sample's the same",
        "suggested",
    ] {
        assert!(page.contains(part), "{part}: {page}");
    }
    assert!(page.trim_end().ends_with("ok: 20 expected rewards, all met"), "{page}");
}

#[test]
fn a_missed_reward_and_a_limit_that_is_too_small_are_shown() {
    let dir = TempDir::new().unwrap();
    let file = dir.path().join("samples.jsonl");
    let line = |expect: f64| {
        format!(r#"{{"prompt": "p", "completion": "7", "reference": "7", "expect": {expect}}}"#)
    };
    std::fs::write(&file, [line(1.0), line(0.5)].join("\n")).unwrap();
    let with = ["--samples", file.to_str().unwrap()];
    let module = guest("assemblyscript/gsm8k.wasm");

    let output = reward("check", &module, &with);
    let page = text(&output);
    assert_eq!(output.status.code(), Some(1), "{page}");
    assert!(page.contains("WRONG") && page.contains("0.5 was expected"), "{page}");
    assert!(page.trim_end().ends_with("NOT OK: 1 of 2 expected rewards were missed"), "{page}");

    let output = reward("run", &module, &[&with[..], &["--fuel", "10"]].concat());
    assert_eq!(output.status.code(), Some(1), "no reward is not the reward that was expected");
    let first: Value = serde_json::from_str(text(&output).lines().next().unwrap()).unwrap();
    assert_eq!((&first["outcome"], &first["score"]), (&"fuel_exhausted".into(), &Value::Null));
}

#[test]
fn a_refused_module_says_why_and_what_to_do() {
    let source = guest("c/gsm8k.c");
    let output = reward("check", &source, &["--json"]);
    let said = json(&output);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!((&said["ok"], &said["rejection"]["code"]), (&false.into(), &"not_wasm".into()));
    assert!(said["rejection"]["hint"].as_str().unwrap().contains("upload the .wasm file"));
    let page = text(&reward("check", &source, &[]));
    assert!(page.contains("is refused") && page.contains("not_wasm"), "{page}");
}

#[test]
fn what_cannot_be_tried_is_an_error_and_no_verdict() {
    let module = guest("c/gsm8k.wasm");
    for more in
        [&["--samples", "none.jsonl"][..], &["--memory", "1"], &["--repeat", "11"], &["--wasi", "all"]]
    {
        let output = reward("check", &module, more);
        assert_eq!(output.status.code(), Some(2), "{more:?}");
        assert!(!output.stderr.is_empty());
    }
    assert_eq!(reward("run", &module, &[]).status.code(), Some(2), "nothing to score");
}

#[test]
fn run_prints_a_line_for_each_sample_and_bench_counts_calls() {
    let module = guest("rust/gsm8k.wasm");
    let output = with_samples("run", &module, &["--repeat", "2"]);
    assert!(output.status.success());
    let lines: Vec<Value> = text(&output).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 40);
    assert_eq!((&lines[20]["line"], &lines[20]["receipt_hash"]), (&1.into(), &lines[0]["receipt_hash"]));
    assert_eq!((&lines[1]["score"], &lines[1]["as_expected"]), (&1.0.into(), &true.into()));

    let output = with_samples("bench", &module, &["--repeat", "3", "--json"]);
    let said = json(&output);
    assert_eq!((&said["calls"], &said["outcomes"]["ok"]), (&60.into(), &60.into()));
    assert!(said["calls_per_s"].as_f64().unwrap() > 0.0);
    assert!(said["fuel"]["p50"].as_u64().unwrap() <= said["fuel"]["max"].as_u64().unwrap());
}
