//! Many mixed calls: memory stays flat, no process and no file descriptor is left behind.

use sandbox::{Limits, Module, Outcome};
use supervisor::Supervisor;

use crate::kit::{
    ALICE, BOB, children, guest, hostile, is_alone, module, resident, sample, supervisor, task,
};

/// Growth that is noise: pools and allocators settle.
const SLACK_BYTES: u64 = 24 << 20;

#[test]
fn two_thousand_mixed_calls() {
    if is_alone("soak::two_thousand_mixed_calls") {
        soak(2_000);
    }
}

#[test]
#[ignore = "takes minutes; run it with --release -- --ignored when the sandbox or the engine changes"]
fn a_hundred_thousand_mixed_calls() {
    if is_alone("soak::a_hundred_thousand_mixed_calls") {
        soak(100_000);
    }
}

const GOOD: [&str; 3] = ["assemblyscript/last-number.wasm", "c/boxed-answer.wasm", "wat/shortest.wasm"];

/// The good ones, and then the corpus.
fn mixture(supervisor: &Supervisor) -> Vec<(String, Module)> {
    let good = GOOD.map(|path| (path.to_owned(), guest(path)));
    let uploads = good.into_iter().chain(hostile());
    uploads.map(|(name, upload)| (name, module(supervisor, &upload))).collect()
}

fn soak(calls: usize) {
    let supervisor = supervisor(2);
    let mixture = mixture(&supervisor);
    let limits = Limits { fuel_per_sample: 1_000_000, ..Limits::default() };
    let samples = [sample("The answer is 72."), sample(&"So 48/2 = 24. ".repeat(100))];
    let call = |n: usize| {
        // a seeded walk: tenants keep a module for a while, and then change; every other one is in order
        let place = if (n / 7).is_multiple_of(2) {
            n % GOOD.len()
        } else {
            (n / 7).wrapping_mul(2_654_435_761) % mixture.len()
        };
        let (name, module) = &mixture[place];
        let tenant = if (n / 50).is_multiple_of(2) { ALICE } else { BOB };
        let scored = supervisor.score(tenant, module, &task("72"), &samples, &limits);
        let scored = scored.unwrap_or_else(|error| panic!("{name}: {error:?}"));
        assert_eq!(scored.len(), 2, "{name}");
        scored[0].outcome
    };
    let warm_up = calls / 4;
    let mut ok = (0..warm_up).filter(|n| call(*n) == Outcome::Ok).count();
    let (memory, files) = (memory(), open_files());
    ok += (warm_up..calls).filter(|n| call(*n) == Outcome::Ok).count();
    assert!(ok > 0 && ok < calls, "a mixture: {ok} of {calls} gave rewards");
    let (memory_now, files_now) = (self::memory(), open_files());
    println!("{calls} calls: {ok} ok; resident {memory} then {memory_now}; files {files} then {files_now}");
    assert!(memory_now < memory + SLACK_BYTES, "{memory} bytes, then {memory_now}");
    assert!(files_now <= files + 4, "{files} descriptors, then {files_now}");
    assert!(children().iter().all(|child| !child.is_zombie), "{:?}", children());
    assert!(children().len() <= 2, "{:?}", children());
    drop(supervisor);
    assert_eq!(children(), []);
}

/// Ours and our children's.
fn memory() -> u64 {
    resident(std::process::id()) + children().iter().map(|child| resident(child.pid as u32)).sum::<u64>()
}

fn open_files() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}
