//! Programs in the place of the children that say what a child must not say: every one ends in an error, soon, and leaves
//! no process behind.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use sandbox::{Limits, WasiProfile};
use supervisor::{Error, Isolation, Programs, Settings, Supervisor};

use crate::kit::{ALICE, module, sample, settings, simple, supervisor, task};

/// A shell script in the place of a program.
fn script(folder: &Path, name: &str, text: &str) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    path
}

/// A frame of a run child in the shell's own escapes.
fn ready(report: &str) -> String {
    let payload = [&[0u8][..], &(report.len() as u32).to_le_bytes(), report.as_bytes()].concat();
    let frame = [&(payload.len() as u32).to_le_bytes()[..], &payload].concat();
    let escapes: Vec<String> = frame.iter().map(|byte| format!("\\{byte:03o}")).collect();
    let escapes = escapes.concat();
    format!("printf '{escapes}'")
}

fn fast(run: PathBuf) -> Settings {
    let programs = Programs { run, ..settings().programs };
    Settings { programs, grace: Duration::from_millis(700), run_children: 1, ..settings() }
}

#[test]
fn a_run_child_that_does_not_start_as_it_should_is_an_error_at_start_up() {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in [
        ("silent", "sleep 60"),
        ("gone", "exit 3"),
        ("garbage", "printf 'hello there, this is no frame'; sleep 60"),
        ("endless", "cat /dev/zero"),
        ("not-json", &ready("{]")),
    ] {
        let started = Instant::now();
        let error = Supervisor::start(fast(script(folder.path(), name, text))).unwrap_err();
        assert!(matches!(error, Error::Child { .. } | Error::Timeout { .. }), "{name}: {error:?}");
        assert!(started.elapsed() < Duration::from_secs(20), "{name}");
    }
    let error = Supervisor::start(fast(folder.path().join("missing"))).unwrap_err();
    assert!(matches!(&error, Error::Start { .. }), "{error:?}");
    assert!(error.to_string().contains("cargo build"), "says what to do: {error}");
}

#[test]
fn a_run_child_that_lies_later_gives_no_reward() {
    let folder = tempfile::tempdir().unwrap();
    let hello = ready(r#"{"measures":[]}"#);
    let real = supervisor(1);
    let module = module(&real, &simple("(f64.const 1)"));
    for (name, text) in [
        ("mute", "sleep 60".to_owned()),
        ("loaded-twice", r"printf '\001\000\000\000\001\001\000\000\000\001'; sleep 60".to_owned()),
        (
            "no-runs",
            r"printf '\001\000\000\000\001\005\000\000\000\002\000\000\000\000'; sleep 60".to_owned(),
        ),
        ("short", r"printf '\001\000\000\000\001\005\000\000\000\002'".to_owned()),
    ] {
        let lying =
            Supervisor::start(fast(script(folder.path(), name, &format!("{hello}; {text}")))).unwrap();
        let error = lying.score(ALICE, &module, &task("1"), &[sample("1")], &Limits::default()).unwrap_err();
        assert!(error.is_retryable(), "{name}: {error:?}");
    }
}

#[test]
fn strict_refuses_a_child_that_is_not_confined() {
    let folder = tempfile::tempdir().unwrap();
    let report = r#"{"measures":[{"name":"seccomp","missing":"not in this kernel"}]}"#;
    let run = script(folder.path(), "run", &format!("{}; cat > /dev/null", ready(report)));
    assert!(Supervisor::start(fast(run.clone())).is_ok(), "best effort goes on");
    let error = Supervisor::start(Settings { isolation: Isolation::Strict, ..fast(run) }).unwrap_err();
    assert!(matches!(&error, Error::NotIsolated(what) if what.contains("NOT seccomp")), "{error:?}");
}

#[test]
fn a_compile_child_that_answers_for_another_module_is_not_believed() {
    // the honest answer for one upload, recorded
    let folder = tempfile::tempdir().unwrap();
    let real = settings().programs.compile;
    let upload = folder.path().join("upload");
    std::fs::write(&upload, [&[0, 0][..], &simple("(f64.const 1)")].concat()).unwrap();
    let recorded = folder.path().join("answer");
    let mut child = std::process::Command::new(&real)
        .env_clear()
        .stdin(std::fs::File::open(&upload).unwrap())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut answer = std::fs::File::create(&recorded).unwrap();
    std::io::copy(&mut child.stdout.take().unwrap(), &mut answer).unwrap();
    assert!(child.wait().unwrap().success());

    let compile =
        script(folder.path(), "compile", &format!("/bin/cat {}; /bin/cat > /dev/null", recorded.display()));
    let programs = Programs { compile, ..settings().programs };
    let supervisor = Supervisor::start(Settings { programs, ..settings() }).unwrap();
    assert!(
        supervisor.validate(&simple("(f64.const 1)"), WasiProfile::None).is_ok(),
        "the recording is right"
    );
    let error = supervisor.validate(&simple("(f64.const 2)"), WasiProfile::None).unwrap_err();
    assert!(matches!(error, Error::Child { child: "compile", .. }), "{error:?}");
    let error = supervisor.validate(&simple("(f64.const 1)"), WasiProfile::Deterministic).unwrap_err();
    assert!(matches!(error, Error::Child { child: "compile", .. }), "{error:?}");
}
