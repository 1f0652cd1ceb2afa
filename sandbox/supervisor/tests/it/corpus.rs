//! The hostile corpus through children: the same receipts as in one process (whose outcomes the crate `sandbox` asserts one
//! by one), within bounds on processor time and memory, and a tenant that finds nothing of the one before.

use std::time::Duration;

use sandbox::{Limits, Outcome};

use crate::kit::{
    ALICE, BOB, children, guest, hostile, in_process, is_alone, module, sample, simple, spent_by_children,
    supervisor, task,
};

/// Every module of the corpus, twice two samples with 50 M fuel each, and what compiles them. Ten times what this machine
/// takes in a debug build.
const CPU: Duration = Duration::from_mins(10);
/// One guest's 64 MiB, its native code, and the child itself.
const LARGEST_BYTES: u64 = 512 << 20;

#[test]
fn the_corpus_ends_as_in_one_process_and_within_bounds() {
    if !is_alone("corpus::the_corpus_ends_as_in_one_process_and_within_bounds") {
        return;
    }
    let samples = [sample("The answer is 72."), sample("It is 5.")];
    let limits = Limits::default();
    {
        let (supervisor, alone) = (supervisor(1), in_process());
        let good = module(&supervisor, &guest("assemblyscript/last-number.wasm"));
        let corpus = hostile();
        assert!(corpus.len() >= 59);
        for (name, upload) in corpus {
            let module = module(&supervisor, &upload);
            let there = supervisor.score(ALICE, &module, &task("72"), &samples, &limits).unwrap();
            let reward = alone.compile(&alone.validate(&upload).unwrap()).unwrap();
            let here = alone.score(&reward, &task("72"), &samples, &limits).unwrap();
            for (there, here) in there.iter().zip(&here) {
                assert_eq!(there.outcome, here.outcome, "{name}");
                assert_eq!(there.receipt, here.receipt, "{name}");
            }
            // the same child, for the same tenant: it is in order
            let healthy = supervisor.score(ALICE, &good, &task("72"), &samples, &limits).unwrap();
            let rewards: Vec<_> = healthy.iter().map(|one| one.score.as_ref().unwrap().reward).collect();
            assert_eq!(rewards, [1.0, 0.0], "after {name}");
        }
    }
    assert_eq!(children(), [], "none stays behind");
    let spent = spent_by_children();
    assert!(spent.cpu < CPU && spent.cpu > Duration::ZERO, "{spent:?}");
    assert!(spent.largest_bytes < LARGEST_BYTES, "{spent:?}");
    println!("the corpus took {spent:?}");
}

/// Writes a secret and traps; the reader, of another tenant, looks at the same addresses.
#[test]
fn the_next_tenant_is_in_another_process_and_reads_zeros() {
    if !is_alone("corpus::the_next_tenant_is_in_another_process_and_reads_zeros") {
        return;
    }
    let supervisor = supervisor(1);
    let write = simple(
        "(drop (memory.grow (i32.const 300)))
         (memory.fill (i32.const 8192) (i32.const 0xab) (i32.const 19000000)) (unreachable)",
    );
    let read = simple(
        "(local $at i32) (local $found i32)
         (drop (memory.grow (i32.const 300)))
         (local.set $at (i32.const 8192))
         (loop $next
           (local.set $found (i32.add (local.get $found) (i64.ne (i64.load (local.get $at)) (i64.const 0))))
           (local.set $at (i32.add (local.get $at) (i32.const 8)))
           (br_if $next (i32.lt_u (local.get $at) (i32.const 19000000))))
         (f64.convert_i32_u (local.get $found))",
    );
    let (write, read) = (module(&supervisor, &write), module(&supervisor, &read));
    let limits = Limits::default();
    let running = || {
        let mut run = children();
        run.retain(|child| child.name.starts_with("reliquary-run"));
        assert_eq!(run.len(), 1, "{run:?}");
        run.remove(0).pid
    };
    let mut last = None;
    for _ in 0..3 {
        let wrote = supervisor.score(ALICE, &write, &task("1"), &[sample("1")], &limits).unwrap();
        assert_eq!(wrote[0].outcome, Outcome::TrapUnreachable);
        let alice = running();
        // the same tenant again: the same process
        let again = supervisor.score(ALICE, &read, &task("1"), &[sample("1")], &limits).unwrap();
        assert_eq!(again[0].score.as_ref().unwrap().reward, 0.0);
        assert_eq!(running(), alice);
        let found = supervisor.score(BOB, &read, &task("1"), &[sample("1")], &limits).unwrap();
        assert_eq!(found[0].score.as_ref().unwrap().reward, 0.0);
        assert_ne!(running(), alice, "another tenant, another process");
        assert_ne!(Some(alice), last);
        last = Some(running());
    }
}
