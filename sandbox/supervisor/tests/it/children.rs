//! Scoring through children is scoring: the same receipts; and who may share one.

use sandbox::{Error as SandboxError, Limits, Outcome, RejectionCode, WasiProfile};
use supervisor::{Error, Isolation, Settings, Supervisor};

use crate::kit::{ALICE, BOB, guest, in_process, module, sample, settings, simple, supervisor, task};

#[test]
fn receipts_are_those_of_one_process() {
    let (supervisor, alone) = (supervisor(1), in_process());
    let samples = [sample("The answer is 72."), sample("#### 5"), sample(""), sample("ü 72")];
    let limits = Limits::default();
    for path in
        ["assemblyscript/last-number.wasm", "c/boxed-answer.wasm", "wat/shortest.wasm", "wat/length.wasm"]
    {
        let upload = guest(path);
        let module = module(&supervisor, &upload);
        let there = supervisor.score(ALICE, &module, &task("72"), &samples, &limits).unwrap();
        let reward = alone.compile(&alone.validate(&upload).unwrap()).unwrap();
        let here = alone.score(&reward, &task("72"), &samples, &limits).unwrap();
        assert_eq!(there.len(), here.len());
        for (there, here) in there.iter().zip(&here) {
            assert_eq!(there.receipt, here.receipt, "{path}");
            assert_eq!((&there.score, &there.detail), (&here.score, &here.detail));
            assert_eq!((there.fuel, there.peak_memory_bytes), (here.fuel, here.peak_memory_bytes));
            assert!(there.peak_memory_bytes >= 65_536);
        }
    }
}

#[test]
fn a_module_from_the_database_is_compiled_by_a_supervisor_that_never_saw_it() {
    let module = module(&supervisor(1), &guest("wat/length.wasm"));
    let other = supervisor(1);
    let scored = other.score(ALICE, &module, &task("100"), &[sample("x")], &Limits::default()).unwrap();
    assert_eq!(scored[0].outcome, Outcome::Ok);
}

#[test]
fn what_is_wrong_with_an_upload_is_the_customers_and_final() {
    let supervisor = supervisor(1);
    let error = supervisor.validate(b"def score(): pass", WasiProfile::None).unwrap_err();
    assert!(!error.is_retryable());
    let Error::Rejected(rejection) = error else { panic!("{error:?}") };
    assert_eq!(rejection.code, RejectionCode::NotWasm);
}

#[test]
fn limits_and_input_are_checked_before_a_child_is_asked() {
    let supervisor = supervisor(1);
    let module = module(&supervisor, &simple("(f64.const 1)"));
    let small = Limits { input_bytes: 20, ..Limits::default() };
    let error = supervisor.score(ALICE, &module, &task("1"), &[sample("1")], &small).unwrap_err();
    assert!(matches!(error, Error::Sandbox(SandboxError::InputTooLarge { limit: 20, .. })), "{error:?}");
    let none = Limits { fuel_per_sample: 0, ..Limits::default() };
    let error = supervisor.score(ALICE, &module, &task("1"), &[sample("1")], &none).unwrap_err();
    assert!(matches!(error, Error::Sandbox(SandboxError::Limits(_))), "{error:?}");
    assert!(supervisor.score(ALICE, &module, &task("1"), &[], &Limits::default()).unwrap().is_empty());
}

#[test]
fn more_callers_than_children_wait_and_all_are_served() {
    let supervisor = supervisor(2);
    let modules: Vec<_> =
        (0..12).map(|n| module(&supervisor, &simple(&format!("(f64.const {n})")))).collect();
    std::thread::scope(|scope| {
        for (n, module) in modules.iter().enumerate() {
            let supervisor = &supervisor;
            // more modules than a child has slots, and two tenants
            let tenant = if n % 3 == 0 { BOB } else { ALICE };
            scope.spawn(move || {
                for _ in 0..20 {
                    let scored = supervisor
                        .score(tenant, module, &task("1"), &[sample("1")], &Limits::default())
                        .unwrap();
                    assert_eq!(scored[0].score.as_ref().unwrap().reward, n as f64);
                }
            });
        }
    });
}

#[test]
fn strict_starts_exactly_where_every_measure_is_active() {
    let lenient = Supervisor::start(settings()).unwrap();
    let confinement = lenient.confinement();
    assert!(confinement.run.measures.len() >= 10, "{confinement}");
    let strict = Supervisor::start(Settings { isolation: Isolation::Strict, ..settings() });
    assert_eq!(strict.is_ok(), confinement.is_complete(), "{confinement}");
}
