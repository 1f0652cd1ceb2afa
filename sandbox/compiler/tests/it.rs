//! The compile child as a program: what it answers, and that it ends. Its own limits are tested from the parent's side, in
//! the crate `supervisor`.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::Read as _;
use std::process::{Command, Stdio};

use sandbox::compiling::{Answer, Hello, Request};
use sandbox::{RejectionCode, WasiProfile, World};

fn ask(request: Option<&Request<'_>>) -> (Hello, Option<Answer>) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_reliquary-compile"))
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut output = child.stdout.take().unwrap();
    let hello = Hello::read(&mut output).unwrap();
    let mut input = child.stdin.take().unwrap();
    if let Some(request) = request {
        request.write(&mut input).unwrap();
    }
    drop(input);
    let answer = request.map(|_| Answer::read(&mut output).unwrap());
    assert_eq!(output.read(&mut [0]).unwrap(), 0, "nothing follows");
    assert!(child.wait().unwrap().success());
    (hello, answer)
}

#[test]
fn says_how_it_is_confined_and_ends_when_nothing_is_asked() {
    let (hello, answer) = ask(None);
    assert!(answer.is_none());
    let names: Vec<_> = hello.confinement.measures.iter().map(|measure| measure.name.as_str()).collect();
    for expected in ["rlimits", "no_new_privs", "network_namespace", "landlock_files", "seccomp"] {
        assert!(names.contains(&expected), "{names:?}");
    }
    assert_eq!(hello.compatibility, ask(None).0.compatibility, "the same machine, the same code");
}

#[test]
fn compiles_what_it_validates_and_what_it_is_given_again() {
    let upload = include_bytes!("../../guests/wat/length.wasm");
    let (_, answer) = ask(Some(&Request::Upload { wasi: WasiProfile::None, upload }));
    let Some(Answer::Compiled { module, code }) = answer else { panic!("{answer:?}") };
    assert_eq!(module.world(), World::RewardSimple);
    assert!(!code.is_empty());
    let again = Request::Component { info: module.info().clone(), component: module.component() };
    let (_, answer) = ask(Some(&again));
    let Some(Answer::Compiled { module: same, .. }) = answer else { panic!("{answer:?}") };
    assert_eq!(same, module);
}

#[test]
fn refuses_with_a_reason() {
    let (_, answer) = ask(Some(&Request::Upload { wasi: WasiProfile::None, upload: b"print(1)" }));
    let Some(Answer::Rejected(rejection)) = answer else { panic!("{answer:?}") };
    assert_eq!(rejection.code, RejectionCode::NotWasm);
}
