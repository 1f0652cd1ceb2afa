//! Children that are killed: their work is done by another, or is an error that may be tried again; never a reward.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use sandbox::{Guard, Limits, Outcome};
use supervisor::{Error, Settings, Supervisor};

use crate::kit::{ALICE, children, is_alone, module, sample, settings, simple, task};

/// Runs until its fuel is gone: some seconds.
fn spinning(seconds_of_fuel: u64) -> (Vec<u8>, Limits) {
    let spin = simple("(loop $again (br $again)) (unreachable)");
    (spin, Limits { fuel_per_sample: seconds_of_fuel * 700_000_000, ..Limits::default() })
}

fn kill_run_children() -> usize {
    let running =
        children().into_iter().filter(|child| child.name.starts_with("reliquary-run") && !child.is_zombie);
    running.filter(|child| kill_process(Pid::from_raw(child.pid).unwrap(), Signal::KILL).is_ok()).count()
}

/// Tests of this file kill every run child of this process: they come one after the other, in a process of their own.
#[test]
fn killed_children_cost_a_retry_and_never_a_reward() {
    if !is_alone("deaths::killed_children_cost_a_retry_and_never_a_reward") {
        return;
    }
    one_that_is_killed_in_mid_call_is_replaced();
    one_that_is_killed_while_idle_is_replaced();
    those_that_are_killed_again_and_again_end_in_an_error();
    the_wall_guard_is_no_reward();
    assert_eq!(children(), [], "all are gone, and none is a zombie");
}

fn one_that_is_killed_in_mid_call_is_replaced() {
    let supervisor = Supervisor::start(Settings { run_children: 1, ..settings() }).unwrap();
    let (spin, limits) = spinning(2);
    let module = module(&supervisor, &spin);
    std::thread::scope(|scope| {
        let scoring = scope.spawn(|| supervisor.score(ALICE, &module, &task("1"), &[sample("1")], &limits));
        // the child of the call is there as soon as it can be killed
        while kill_run_children() == 0 {
            std::thread::yield_now();
        }
        let scored = scoring.join().unwrap().unwrap();
        assert_eq!(scored[0].outcome, Outcome::FuelExhausted);
    });
}

fn one_that_is_killed_while_idle_is_replaced() {
    let supervisor = Supervisor::start(Settings { run_children: 1, ..settings() }).unwrap();
    let module = module(&supervisor, &simple("(f64.const 3)"));
    for _ in 0..5 {
        let scored =
            supervisor.score(ALICE, &module, &task("1"), &[sample("1")], &Limits::default()).unwrap();
        assert_eq!(scored[0].score.as_ref().unwrap().reward, 3.0);
        assert_eq!(kill_run_children(), 1);
    }
}

fn those_that_are_killed_again_and_again_end_in_an_error() {
    let supervisor = Supervisor::start(Settings { run_children: 1, ..settings() }).unwrap();
    let (spin, limits) = spinning(2);
    let module = module(&supervisor, &spin);
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                kill_run_children();
            }
        });
        let error = supervisor.score(ALICE, &module, &task("1"), &[sample("1")], &limits).unwrap_err();
        done.store(true, Ordering::Relaxed);
        assert!(error.is_retryable(), "{error:?}");
        assert!(matches!(error, Error::Child { child: "run", .. }), "{error:?}");
    });
    let good = crate::kit::module(&supervisor, &simple("(f64.const 3)"));
    let scored = supervisor.score(ALICE, &good, &task("1"), &[sample("1")], &Limits::default()).unwrap();
    assert_eq!(scored[0].outcome, Outcome::Ok, "the place is free again");
}

/// A child that does not answer in time is killed by its parent: here because the parent is in a hurry.
fn the_wall_guard_is_no_reward() {
    let guard = Guard { min: Duration::from_millis(1), per_megafuel: Duration::ZERO };
    let hasty = Settings { run_children: 1, guard, grace: Duration::from_millis(400), ..settings() };
    let supervisor = Supervisor::start(hasty).unwrap();
    let (spin, limits) = spinning(2);
    let module = module(&supervisor, &spin);
    let error = supervisor.score(ALICE, &module, &task("1"), &[sample("1")], &limits).unwrap_err();
    assert!(matches!(error, Error::Timeout { child: "run" }), "{error:?}");
    assert!(error.is_retryable());
}
