//! World `reward`: one call for the whole group, parts, logs and faults.

use sandbox::{Level, Limits, LogLine, Outcome, World};

use crate::kit::{SANDBOX, reward_of, sample, task};

fn shortest() -> std::sync::Arc<compiler::Reward> {
    reward_of(&SANDBOX, include_bytes!("../../guests/wat/shortest.wasm"))
}

#[test]
fn one_call_sees_the_group() {
    let reward = shortest();
    assert_eq!(reward.info().world, World::Reward);
    let samples = [sample("aaa", 30), sample("b", 10), sample("cc", 20), sample("d", 10)];
    let scored = SANDBOX.score(&reward, &task("shortest"), &samples, &Limits::default()).unwrap();
    let rewards: Vec<f64> = scored.iter().map(|s| s.score.as_ref().unwrap().reward).collect();
    assert_eq!(rewards, [0.0, 1.0, 0.0, 1.0]);
    assert_eq!(scored[2].score.as_ref().unwrap().components, [("tokens".to_owned(), 20.0)]);
    let line = LogLine { level: Level::Info, message: "graded the group".to_owned() };
    for one in &scored {
        assert_eq!(*one.logs, *std::slice::from_ref(&line));
        assert_eq!(one.receipt, scored[0].receipt, "one call, one receipt");
    }
    assert_eq!(scored[0].receipt.rewards, [0, 1.0f64.to_bits(), 0, 1.0f64.to_bits()]);
}

#[test]
fn a_fault_is_every_samples() {
    let scored =
        SANDBOX.score(&shortest(), &task(""), &[sample("a", 1), sample("b", 2)], &Limits::default()).unwrap();
    for one in scored {
        assert_eq!(one.outcome, Outcome::Fault);
        assert_eq!(one.score, None);
        assert_eq!(one.detail.as_deref(), Some("bad-task: the reference is empty"));
    }
}

#[test]
fn fuel_grows_with_the_group() {
    let few = Limits { fuel_per_sample: 400, ..Limits::default() };
    let samples: Vec<_> = (0..64).map(|i| sample("x", i)).collect();
    let scored = SANDBOX.score(&shortest(), &task("x"), &samples, &few).unwrap();
    assert_eq!(scored.len(), 64);
    assert_eq!(scored[0].outcome, Outcome::Ok, "{:?}", scored[0].detail);
    assert!(scored[0].receipt.fuel.unwrap() > 400);
}

#[test]
fn no_samples_is_no_call() {
    assert!(SANDBOX.score(&shortest(), &task("x"), &[], &Limits::default()).unwrap().is_empty());
}
