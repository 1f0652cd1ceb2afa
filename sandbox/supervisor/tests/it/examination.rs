//! What a customer is told: each trick is found exactly where the function falls for it.

use sandbox::{Finish, Limits, Module, Outcome, Sample, Task};
use supervisor::{Examination, Report, Supervisor, Trial, examine};

use crate::kit::{ALICE, guest, module, simple, supervisor};

fn trial(completion: &str) -> Trial {
    let task = Task {
        id: "t".to_owned(),
        prompt: "What is 70 + 2?".to_owned(),
        prompt_token_ids: vec![1, 2],
        reference: "72".to_owned(),
        metadata: "{}".to_owned(),
        seed: 1,
    };
    let sample = Sample { text: completion.to_owned(), token_ids: vec![3], finish: Finish::Stop };
    Trial { task, sample }
}

fn report(supervisor: &Supervisor, module: &Module, completions: &[&str], repeat: u32) -> Report {
    let trials = completions.iter().map(|completion| trial(completion)).collect();
    examine(supervisor, ALICE, module, &Examination { trials, repeat, limits: Limits::default() }).unwrap()
}

fn codes(report: &Report) -> Vec<&'static str> {
    report.lint.iter().map(|lint| lint.code).collect()
}

#[test]
fn an_honest_function_gets_a_clean_report() {
    let supervisor = supervisor(2);
    let module = module(&supervisor, &guest("assemblyscript/last-number.wasm"));
    let report = report(&supervisor, &module, &["It is 72.", "It is 5."], 4);
    assert_eq!(codes(&report), Vec::<&str>::new());
    assert_eq!(report.samples.iter().map(|sample| sample.score).collect::<Vec<_>>(), [Some(1.0), Some(0.0)]);
    assert_eq!((report.determinism.runs, report.determinism.processes), (8, 2));
    assert!(report.determinism.agreed);
    let suggested = report.suggested_limits.unwrap();
    let used = report.samples.iter().map(|sample| sample.fuel_used).max().unwrap();
    assert!(suggested.fuel_per_sample >= 4 * used && suggested.limits().validate().is_ok(), "{suggested:?}");
    assert!(report.samples[0].peak_memory_bytes > 0 && report.samples[0].fuel_used > 0);
    serde_json::to_string(&report).unwrap();
}

/// The length of the completion decides: parameters 2 and 3 are its pointer and length.
#[test]
fn each_trick_is_found_where_the_function_falls_for_it() {
    let supervisor = supervisor(1);
    let when = |condition: &str| simple(&format!("(f64.convert_i32_u {condition})"));
    let prompt = "What is 70 + 2?".len();
    for (upload, completions, expected) in [
        (when("(i32.eqz (local.get 3))"), ["", "wrong"], vec!["max_on_empty"]),
        (
            when("(i32.gt_u (local.get 3) (i32.const 4000))"),
            ["wrong", &"x".repeat(5_000)],
            vec!["max_on_junk"],
        ),
        (
            when(&format!("(i32.eq (local.get 3) (i32.const {prompt}))")),
            ["What is 70 + 2.", "wrong"],
            vec!["max_on_prompt_echo"],
        ),
        (when("(i32.const 1)"), ["right", "wrong"], vec!["constant_reward"]),
        (when("(i32.const 1)"), ["right", "right"], vec!["too_few_samples"]),
    ] {
        let module = module(&supervisor, &upload);
        assert_eq!(codes(&report(&supervisor, &module, &completions, 1)), expected, "{completions:?}");
    }
}

#[test]
fn samples_without_a_reward_are_told() {
    let supervisor = supervisor(1);
    let module = module(&supervisor, &simple("(unreachable)"));
    let report = report(&supervisor, &module, &["a", "b"], 2);
    assert_eq!(codes(&report), ["samples_failed", "too_few_samples"]);
    assert!(
        report
            .samples
            .iter()
            .all(|sample| sample.outcome == Outcome::TrapUnreachable && sample.score.is_none())
    );
    assert_eq!(report.suggested_limits, None);
    assert!(report.determinism.agreed, "a trap repeats, too");
}
