//! Modules that attack the compiler: refused, in bounded time and memory.

use std::time::{Duration, Instant};

use sandbox::{RejectionCode as Code, WasiProfile};
use supervisor::Error;

use crate::kit::{module, simple, supervisor};

fn body(count: usize, piece: &str) -> Vec<u8> {
    simple(&format!("{} (f64.const 1)", piece.repeat(count)))
}

#[test]
fn compile_bombs_are_refused_soon() {
    let many = format!("(module {})", "(func)".repeat(200_000));
    let locals = simple(&format!("(local {}) (f64.const 1)", "i64 ".repeat(20_000)));
    let branches = {
        let locals = "i64 ".repeat(1_900);
        simple(&format!(
            "(local {locals}) {} (f64.const 1)",
            "(block (br_if 0 (i32.const 0)))".repeat(20_000)
        ))
    };
    let supervisor = supervisor(1);
    for (name, upload, code) in [
        ("200,000 functions", wat::parse_str(many).unwrap(), Code::TooManyFunctions),
        ("20,000 locals", locals, Code::TooManyLocals),
        ("a huge function", body(300_000, "(drop (i32.const 1))"), Code::FunctionTooLarge),
        ("branches over locals", branches, Code::TooComplex),
    ] {
        let started = Instant::now();
        let error = supervisor.validate(&upload, WasiProfile::None).unwrap_err();
        let Error::Rejected(rejection) = error else { panic!("{name}: {error:?}") };
        assert_eq!(rejection.code, code, "{name}");
        assert!(started.elapsed() < Duration::from_mins(1), "{name}: {:?}", started.elapsed());
    }
    module(&supervisor, &simple("(f64.const 1)"));
}
