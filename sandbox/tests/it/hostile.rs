//! The hostile corpus: every module in `tests/hostile` has one outcome, and the host is healthy afterwards.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use compiler::InProcess;
use sandbox::{Error, Guard, Limits, Outcome, RunnerSettings, Scored};

use crate::kit::{SANDBOX, built_in, reward_of, reward_of_text, sample, simple_module, task};

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/hostile")
}

/// Scores two samples with the module, and then two with a good one.
fn run(name: &str, limits: &Limits) -> Vec<Scored> {
    let upload = wat::parse_file(corpus().join(format!("{name}.wat"))).expect("the corpus is WebAssembly");
    let reward = reward_of(&SANDBOX, &upload);
    let samples = [sample("The answer is 72.", 3), sample("It is 5.", 4)];
    let scored =
        SANDBOX.score(&reward, &task("72"), &samples, limits).expect("the guest is to blame, not the host");
    assert_eq!(scored.len(), 2);
    for one in &scored {
        assert_eq!(one.score.is_some(), one.outcome == Outcome::Ok);
        assert_eq!(one.receipt.outcome, one.outcome);
        assert_eq!(one.receipt.rewards.is_empty(), one.outcome != Outcome::Ok);
        assert!(one.detail.as_ref().is_none_or(|detail| detail.len() < 1_100));
    }

    let good = built_in(&SANDBOX, "last-number");
    let healthy =
        SANDBOX.score(&good, &task("72"), &samples, &Limits::default()).expect("the host is healthy");
    let rewards: Vec<_> = healthy.iter().map(|s| s.score.as_ref().map(|score| score.reward)).collect();
    assert_eq!(rewards, [Some(1.0), Some(0.0)]);
    scored
}

macro_rules! hostile {
    ($($name:ident => $outcome:ident,)*) => {
        $(#[test]
        fn $name() {
            let scored = run(stringify!($name), &Limits::default());
            for one in &scored {
                assert_eq!(one.outcome, Outcome::$outcome, "{:?}", one.detail);
            }
        })*

        const NAMES: &[&str] = &[$(stringify!($name)),*];
    };
}

hostile! {
    loop_body => FuelExhausted,
    loop_start => FuelExhausted,
    loop_realloc => FuelExhausted,
    post_return_loop => FuelExhausted,
    fill_storm => FuelExhausted,
    copy_storm => FuelExhausted,
    grow_for_ever => FuelExhausted,
    recursion => TrapStack,
    grow_then_trap => MemoryExceeded,
    grow_then_touch => MemoryExceeded,
    grow_past_own_max => MemoryExceeded,
    big_start_memory => MemoryExceeded,
    table_bomb => MemoryExceeded,
    grow_refused_politely => Ok,
    out_of_bounds => TrapOob,
    data_out_of_bounds => TrapOob,
    null_call => TrapOob,
    table_out_of_bounds => TrapOob,
    bad_indirect_type => TrapOob,
    divide_by_zero => TrapArithmetic,
    integer_overflow => TrapArithmetic,
    bad_conversion => TrapArithmetic,
    unreachable => TrapUnreachable,
    start_aborts => TrapUnreachable,
    realloc_aborts => TrapUnreachable,
    nan => NonFiniteScore,
    infinity => NonFiniteScore,
    part_nan => NonFiniteScore,
    minus_zero => Ok,
    too_big => ScoreOutOfRange,
    part_too_big => ScoreOutOfRange,
    realloc_out_of_bounds => InvalidOutput,
    realloc_wraps => InvalidOutput,
    realloc_misaligned => InvalidOutput,
    log_calls => InvalidOutput,
    log_bytes => InvalidOutput,
    log_60_mb => InvalidOutput,
    log_out_of_bounds => InvalidOutput,
    log_bad_level => InvalidOutput,
    log_bad_utf8 => InvalidOutput,
    log_in_realloc => InvalidOutput,
    log_full => Ok,
    part_bad_utf8 => InvalidOutput,
    part_bad_name => InvalidOutput,
    part_no_name => InvalidOutput,
    part_long_name => InvalidOutput,
    part_twice => InvalidOutput,
    part_33 => InvalidOutput,
    bad_variant => InvalidOutput,
    bad_fault => InvalidOutput,
    list_out_of_bounds => InvalidOutput,
    list_misaligned => InvalidOutput,
    list_overflow => InvalidOutput,
    result_out_of_bounds => InvalidOutput,
    two_million_scores => InvalidOutput,
    too_few_scores => InvalidOutput,
    too_many_scores => InvalidOutput,
    aliased_lists => InvalidOutput,
    fault_long => Fault,
}

#[test]
fn every_module_of_the_corpus_is_tested() {
    let files: BTreeSet<String> = std::fs::read_dir(corpus())
        .unwrap()
        .map(|entry| entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    let names: BTreeSet<String> = NAMES.iter().map(|name| (*name).to_owned()).collect();
    assert_eq!(files, names);
}

#[test]
fn minus_zero_is_stored_as_zero() {
    let scored = run("minus_zero", &Limits::default());
    assert_eq!(scored[0].score.as_ref().unwrap().reward.to_bits(), 0);
    assert_eq!(scored[0].receipt.rewards, [0]);
}

#[test]
fn a_job_that_grants_more_memory_gets_it() {
    let granted = Limits { memory_bytes: 128 << 20, ..Limits::default() };
    assert_eq!(run("big_start_memory", &granted)[0].outcome, Outcome::Ok);
}

#[test]
fn a_log_call_has_its_price() {
    // Four calls of 1000 fuel fit, the fifth does not.
    let poor = Limits { fuel_per_sample: 2_450, ..Limits::default() };
    let scored = run("log_full", &poor);
    assert_eq!(scored[0].outcome, Outcome::FuelExhausted);
    assert_eq!(scored[0].logs.len(), 4);
    assert_eq!(scored[0].receipt.fuel, Some(4_900));
}

#[test]
fn growing_memory_has_its_price() {
    let body = "(drop (memory.grow (i32.const 100))) (f64.const 1)";
    let reward = reward_of_text(&SANDBOX, &simple_module("", body));
    let scored = SANDBOX.score(&reward, &task("1"), &[sample("1", 1)], &Limits::default()).unwrap();
    let fuel = scored[0].receipt.fuel.unwrap();
    assert!((25_500..26_500).contains(&fuel), "{fuel}");
}

#[test]
fn fuel_is_per_sample_and_exactly_counted() {
    let limits = Limits { fuel_per_sample: 12_345, ..Limits::default() };
    for one in run("loop_body", &limits) {
        assert_eq!(one.receipt.fuel, Some(12_345));
    }
    assert_eq!(run("unreachable", &limits)[0].receipt.fuel, None);
}

#[test]
fn the_wall_guard_is_a_host_error_and_never_a_reward() {
    let hasty = RunnerSettings {
        guard: Guard { min: std::time::Duration::from_millis(1), per_megafuel: std::time::Duration::ZERO },
        ..RunnerSettings::default()
    };
    let sandbox = InProcess::new(&hasty).unwrap();
    let spin = reward_of_text(&sandbox, &simple_module("", "(loop $again (br $again)) (unreachable)"));
    let endless = Limits { fuel_per_sample: sandbox::limits::FUEL_MAX, ..Limits::default() };
    let error = sandbox.score(&spin, &task("1"), &[sample("1", 1)], &endless).unwrap_err();
    assert!(matches!(error, Error::HostTimeout), "{error:?}");
    assert!(error.is_retryable());

    let good = built_in(&sandbox, "last-number");
    let scored = sandbox.score(&good, &task("1"), &[sample("1", 1)], &Limits::default()).unwrap();
    assert_eq!(scored[0].outcome, Outcome::Ok);
}

#[test]
fn too_much_input_is_the_callers_error() {
    let reward = built_in(&SANDBOX, "last-number");
    let small = Limits { input_bytes: 200, ..Limits::default() };
    let error = SANDBOX.score(&reward, &task("1"), &[sample("1", 100)], &small).unwrap_err();
    assert!(matches!(error, Error::InputTooLarge { limit: 200, .. }), "{error:?}");
    assert!(!error.is_retryable());
    let none = Limits { fuel_per_sample: 0, ..Limits::default() };
    assert!(matches!(SANDBOX.score(&reward, &task("1"), &[], &none), Err(Error::Limits(_))));
}
