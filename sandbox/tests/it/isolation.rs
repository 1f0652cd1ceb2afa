//! What one call leaves behind: nothing.

use compiler::InProcess;
use sandbox::{Limits, Outcome, RunnerSettings};

use crate::kit::{reward_of_text, sample, simple_module, task};

/// Writes a secret into memory, table and global, and then dies or answers.
fn writer(end: &str) -> String {
    let definitions =
        r"(global $secret (mut i64) (i64.const 0)) (table $t 8 funcref) (elem declare func $f) (func $f)";
    let body = format!(
        "(drop (memory.grow (i32.const 300)))
         (memory.fill (i32.const 8192) (i32.const 0xab) (i32.const 19000000))
         (global.set $secret (i64.const 0x5ec7e7))
         (table.set $t (i32.const 3) (ref.func $f))
         {end}"
    );
    simple_module(definitions, &body)
}

/// Counts what is not zero above its input, in fresh and in grown memory, in its table and its global.
fn reader() -> String {
    let definitions = r"(global $secret (mut i64) (i64.const 0)) (table $t 8 funcref)";
    let body = r"(local $at i32) (local $found i32)
        (drop (memory.grow (i32.const 300)))
        (local.set $at (i32.const 8192))
        (loop $next
          (local.set $found (i32.add (local.get $found) (i64.ne (i64.load (local.get $at)) (i64.const 0))))
          (local.set $at (i32.add (local.get $at) (i32.const 8)))
          (br_if $next (i32.lt_u (local.get $at) (i32.const 19000000))))
        (f64.convert_i32_u
          (i32.add (local.get $found)
            (i32.add (i64.ne (global.get $secret) (i64.const 0)) (i32.eqz (ref.is_null (table.get $t (i32.const 3)))))))";
    simple_module(definitions, body)
}

#[test]
fn the_next_tenant_reads_zeros() {
    // One place: the reader gets the very slot that the writer left.
    let sandbox = InProcess::new(&RunnerSettings { concurrency: 1, ..RunnerSettings::default() }).unwrap();
    let reader = reward_of_text(&sandbox, &reader());
    let limits = Limits::default();
    for (end, outcome) in [("(unreachable)", Outcome::TrapUnreachable), ("(f64.const 1)", Outcome::Ok)] {
        let writer = reward_of_text(&sandbox, &writer(end));
        for _ in 0..3 {
            let wrote = sandbox.score(&writer, &task("1"), &[sample("1", 1)], &limits).unwrap();
            assert_eq!(wrote[0].outcome, outcome, "{:?}", wrote[0].detail);
            let read = sandbox.score(&reader, &task("1"), &[sample("1", 1)], &limits).unwrap();
            assert_eq!(read[0].score.as_ref().map(|score| score.reward), Some(0.0), "{:?}", read[0].detail);
        }
    }
}

#[test]
fn the_reader_would_see_a_secret() {
    // Negative control: the same instance does see what it wrote.
    let sandbox = InProcess::new(&RunnerSettings { concurrency: 1, ..RunnerSettings::default() }).unwrap();
    let text = reader().replacen(
        "(local.set $at (i32.const 8192))",
        "(i64.store (i32.const 9000) (i64.const 1)) (local.set $at (i32.const 8192))",
        1,
    );
    let reward = reward_of_text(&sandbox, &text);
    let read = sandbox.score(&reward, &task("1"), &[sample("1", 1)], &Limits::default()).unwrap();
    assert_eq!(read[0].score.as_ref().unwrap().reward, 1.0);
}

#[test]
fn every_sample_has_an_instance_of_its_own() {
    let sandbox = InProcess::new(&RunnerSettings { concurrency: 1, ..RunnerSettings::default() }).unwrap();
    let body = "(i32.store (i32.const 64) (i32.add (i32.load (i32.const 64)) (i32.const 1)))
        (f64.convert_i32_u (i32.load (i32.const 64)))";
    let reward = reward_of_text(&sandbox, &simple_module("", body));
    let samples = vec![sample("1", 1); 5];
    let scored = sandbox.score(&reward, &task("1"), &samples, &Limits::default()).unwrap();
    assert!(scored.iter().all(|one| one.score.as_ref().unwrap().reward == 1.0));
}

#[test]
fn more_threads_than_places_wait_their_turn() {
    let sandbox = InProcess::new(&RunnerSettings { concurrency: 2, ..RunnerSettings::default() }).unwrap();
    let reward = reward_of_text(&sandbox, &simple_module("", "(f64.const 3)"));
    let other = reward_of_text(&sandbox, &simple_module("", "(f64.const 4)"));
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for (reward, wanted) in [(&reward, 3.0), (&other, 4.0)] {
                    let scored =
                        sandbox.score(reward, &task("1"), &vec![sample("1", 1); 10], &Limits::default());
                    for one in scored.expect("no host error") {
                        assert_eq!(one.score.unwrap().reward, wanted);
                    }
                }
            });
        }
    });
}
