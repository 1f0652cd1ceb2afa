//! The WASI profile `deterministic`: what guests see of it, and that it cannot be used to make the host work
//! for nothing. One component imports everything; a test gives it its body.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use compiler::Reward;
use sandbox::{
    Level, Limits, Module, ModuleInfo, Outcome, Rejection, RejectionCode as Code, Scored, Task, WasiProfile,
};

use crate::kit::{SANDBOX, sample, simple_module, task, upload_of};

const GUEST: &str = include_str!("../wasi/guest.wat");

fn validate(text: &str, wasi: WasiProfile) -> Result<Module, Rejection> {
    SANDBOX.validate_with(&wat::parse_str(text).expect("the test's text is WebAssembly"), wasi)
}

fn guest(start: &str, body: &str) -> Arc<Reward> {
    let text = GUEST.replace("(;START;)", start).replace("(;BODY;)", body);
    let module = validate(&text, WasiProfile::Deterministic).expect("the guest is accepted");
    SANDBOX.compile(&module).expect("a validated module compiles")
}

fn score(reward: &Reward, task: &Task, completion: &str) -> Scored {
    let samples = [sample(completion, 3)];
    SANDBOX.score(reward, task, &samples, &Limits::default()).expect("no host error").remove(0)
}

fn run(body: &str) -> Scored {
    score(&guest("", body), &task("72"), "It is 72.")
}

#[track_caller]
fn answers(body: &str, wanted: f64) {
    let scored = run(body);
    assert_eq!(scored.score.map(|score| score.reward), Some(wanted), "{:?}", scored.detail);
}

#[track_caller]
fn ends(body: &str, outcome: Outcome, why: &str) {
    let scored = run(body);
    let detail = scored.detail.unwrap_or_default();
    assert_eq!(scored.outcome, outcome, "{detail}");
    assert!(detail.contains(why), "{detail}");
}

/// A random number in [0, 1).
const RANDOM: &str =
    "(f64.div (f64.convert_i64_u (i64.shr_u (call $random-u64) (i64.const 11))) (f64.const 0x1p53))";

#[test]
fn same_input_same_receipt_and_other_input_other_randomness() {
    let reward = guest("", RANDOM);
    let first = score(&reward, &task("72"), "It is 72.");
    assert_eq!(first.receipt.wasi_profile, WasiProfile::Deterministic);
    for _ in 0..3 {
        let again = score(&guest("", RANDOM), &task("72"), "It is 72.");
        assert_eq!(again.receipt, first.receipt);
        assert_eq!(again.receipt.hash(), first.receipt.hash());
    }
    let others = [
        score(&reward, &Task { seed: 8, ..task("72") }, "It is 72."),
        score(&reward, &task("73"), "It is 72."),
        score(&reward, &task("72"), "It is 73."),
    ];
    for other in &others {
        assert_eq!(other.outcome, Outcome::Ok);
        assert_ne!(other.receipt.rewards, first.receipt.rewards);
    }
    // A stream: the next number is another, and bytes and words are of one kind.
    answers(&format!("(f64.convert_i32_s (f64.eq {RANDOM} {RANDOM}))"), 0.0);
    answers(
        "(call $insecure-seed (i32.const 16)) (f64.convert_i32_s (i64.eq (i64.load (i32.const 16)) (i64.load (i32.const 24))))",
        0.0,
    );
}

#[test]
fn random_bytes_arrive() {
    let first_byte = "(call $random-bytes (i64.const 300) (i32.const 16))
        (f64.convert_i64_u (i64.and (i64.load (i32.load (i32.const 16))) (i64.const 0xffff)))";
    let length =
        "(call $random-bytes (i64.const 300) (i32.const 16)) (f64.convert_i32_u (i32.load (i32.const 20)))";
    answers(length, 300.0);
    let first = run(first_byte);
    assert_eq!(first.receipt.rewards, run(first_byte).receipt.rewards);
    let other = score(&guest("", first_byte), &Task { seed: 8, ..task("72") }, "It is 72.");
    assert_ne!(first.receipt.rewards, other.receipt.rewards);
}

#[test]
fn clocks_do_not_depend_on_the_machine() {
    answers("(f64.convert_i64_u (call $now))", 1_000.0);
    answers("(drop (call $now)) (drop (call $now)) (f64.convert_i64_u (call $now))", 3_000.0);
    // 2000-01-01, less what a reward may be.
    answers(
        "(call $wall-now (i32.const 16))
         (f64.convert_i64_u (i64.sub (i64.load (i32.const 16)) (i64.const 946684799)))",
        1.0,
    );
    answers("(call $wall-now (i32.const 16)) (f64.convert_i32_u (i32.load (i32.const 24)))", 0.0);
}

#[test]
fn there_is_no_environment_no_file_and_no_input() {
    for function in ["$get-environment", "$get-arguments", "$directories"] {
        let length = format!(
            "(i32.store (i32.const 20) (i32.const 99)) (call {function} (i32.const 16)) (f64.convert_i32_u (i32.load (i32.const 20)))"
        );
        answers(&length, 0.0);
    }
    let absent = "(i32.store (i32.const 16) (i32.const 99)) (call $initial-cwd (i32.const 16)) (f64.convert_i32_u (i32.load8_u (i32.const 16)))";
    answers(absent, 0.0);
    // An error, and of the two errors the second: closed.
    answers(
        "(call $read (call $get-stdin) (i64.const 10) (i32.const 16))
         (f64.convert_i32_u (i32.add (i32.mul (i32.load8_u (i32.const 16)) (i32.const 10)) (i32.load8_u (i32.const 20))))",
        11.0,
    );
}

#[test]
fn what_is_written_is_logged() {
    let scored = run("(call $check-write (call $get-stdout) (i32.const 16))
         (call $write (call $get-stdout) (i32.const 1024) (i32.const 10) (i32.const 32))
         (call $write (call $get-stdout) (i32.const 1040) (i32.const 3) (i32.const 32))
         (call $write (call $get-stderr) (i32.const 1040) (i32.const 8) (i32.const 32))
         (call $write (call $get-stdout) (i32.const 1043) (i32.const 5) (i32.const 32))
         (call $write (call $get-stderr) (i32.const 1040) (i32.const 8) (i32.const 32))
         (f64.add (f64.convert_i64_u (i64.load (i32.const 24))) (f64.convert_i32_u (i32.load8_u (i32.const 32))))");
    assert_eq!(scored.score.map(|score| score.reward), Some(4096.0), "{:?}", scored.detail);
    let lines: Vec<_> = scored.logs.iter().map(|line| (line.level, line.message.as_str())).collect();
    assert_eq!(
        lines,
        [(Level::Info, "graded \\xff!"), (Level::Info, "all well"), (Level::Warn, "all wellall well")]
    );
    assert_ne!(scored.receipt.log_hash, run("(f64.const 0)").receipt.log_hash);
}

#[test]
fn waiting_leaving_and_the_outside_end_the_guest() {
    for (body, why) in [
        ("(drop (call $sleep (i64.const 1)))", "subscribe-duration"),
        ("(call $poll (i32.const 0) (i32.const 0) (i32.const 16))", "poll"),
        ("(drop (call $subscribe (call $get-stdout)))", "subscribe"),
        ("(call $exit (i32.const 0))", "wasi:cli/exit"),
        ("(drop (call $connect))", "wasi:sockets/instance-network"),
        ("(call $anything (i32.const 0) (i32.const 5))", "wasi:unheard/of"),
    ] {
        ends(&format!("{body} (f64.const 1)"), Outcome::TrapUnreachable, why);
    }
}

#[test]
fn no_storm_is_free() {
    // A tenth of what a job grants by default: the host's part is slow in a debug build.
    let limits = Limits { fuel_per_sample: 5_000_000, ..Limits::default() };
    let storm = |call: &str| {
        let body =
            format!("(local.set $stream (call $get-stdout)) (loop $again {call} (br $again)) (unreachable)");
        SANDBOX.score(&guest("", &body), &task("72"), &[sample("x", 3)], &limits).unwrap().remove(0)
    };
    for call in [
        "(call $random-bytes (i64.const 65536) (i32.const 16))",
        "(drop (call $random-u64))",
        "(drop (call $now))",
        "(call $get-environment (i32.const 16))",
        "(call $drop-output (call $get-stderr))",
    ] {
        assert_eq!(storm(call).outcome, Outcome::FuelExhausted, "{call}");
    }
    let short = storm("(call $write (local.get $stream) (i32.const 1024) (i32.const 10) (i32.const 32))");
    assert_eq!((short.outcome, short.logs.len()), (Outcome::InvalidOutput, 256));
    let long = storm("(call $write (local.get $stream) (i32.const 2048) (i32.const 4096) (i32.const 32))");
    assert_eq!((long.outcome, long.logs.len()), (Outcome::InvalidOutput, 1));
}

#[test]
fn one_call_is_bounded() {
    ends(
        "(call $random-bytes (i64.const 65537) (i32.const 16)) (f64.const 1)",
        Outcome::TrapUnreachable,
        "the limit is 65536",
    );
    ends(
        "(call $random-bytes (i64.const -1) (i32.const 16)) (f64.const 1)",
        Outcome::TrapUnreachable,
        "limit",
    );
    ends(
        "(call $write (call $get-stdout) (i32.const 1024) (i32.const 4097) (i32.const 16)) (f64.const 1)",
        Outcome::TrapUnreachable,
        "the limit is 4096",
    );
    ends(
        "(call $write (i32.const 77) (i32.const 1024) (i32.const 1) (i32.const 16)) (f64.const 1)",
        Outcome::InvalidOutput,
        "handle",
    );
}

#[test]
fn handles_are_bounded_and_come_back() {
    let many = |drop: &str, count: u32| {
        format!(
            "(loop $again
               (local.set $stream (call $get-stdout)) {drop}
               (local.set $i (i32.add (local.get $i) (i32.const 1)))
               (br_if $again (i32.lt_u (local.get $i) (i32.const {count}))))
             (f64.const 1)"
        )
    };
    answers(&many("", 64), 1.0);
    ends(&many("", 65), Outcome::TrapUnreachable, "64 open streams");
    answers(&many("(call $drop-output (local.get $stream))", 5_000), 1.0);
}

#[test]
fn a_start_function_is_judged_like_a_call() {
    let start = "(local $i i32) (drop (call $now))";
    let scored = score(&guest(start, "(f64.convert_i64_u (call $now))"), &task("72"), "x");
    assert_eq!(scored.score.map(|score| score.reward), Some(2_000.0));
    let storm = "(local $stream i32) (local.set $stream (call $get-stdout))
        (loop $again (call $write (local.get $stream) (i32.const 1024) (i32.const 10) (i32.const 32)) (br $again))";
    assert_eq!(score(&guest(storm, "(f64.const 1)"), &task("72"), "x").outcome, Outcome::InvalidOutput);
    // What it hands over badly is its own fault too.
    for wrong in [
        "(call $write (call $get-stdout) (i32.const -8) (i32.const 100) (i32.const 16))",
        "(call $write (i32.const 77) (i32.const 1024) (i32.const 1) (i32.const 16))",
        "(call $drop-output (i32.const 77))",
        "(call $anything (i32.const -8) (i32.const 100))",
        "(call $exit (i32.const 77))",
    ] {
        let scored = score(&guest(wrong, "(f64.const 1)"), &task("72"), "x");
        assert_eq!(scored.outcome, Outcome::InvalidOutput, "{wrong}: {:?}", scored.detail);
    }
    let exit = score(&guest("(call $exit (i32.const 1))", "(f64.const 1)"), &task("72"), "x");
    assert_eq!(exit.outcome, Outcome::TrapUnreachable);
}

#[test]
fn every_version_0_2_links() {
    for version in ["0.2.0", "0.2.6", "0.2.11"] {
        let text = GUEST.replace("0.2.3", version).replace("(;BODY;)", "(f64.convert_i64_u (call $now))");
        let module = validate(&text, WasiProfile::Deterministic).unwrap();
        assert_eq!(module.info().wasi, WasiProfile::Deterministic);
        let scored = score(&SANDBOX.compile(&module).unwrap(), &task("72"), "x");
        assert_eq!(scored.score.map(|score| score.reward), Some(1_000.0), "{version}");
    }
}

/// A core module as wasi-libc makes them, with the imports of the first WASI.
fn core_module(body: &str) -> String {
    let imports = r#"(module
        (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "clock_time_get" (func $clock (param i32 i64 i32) (result i32)))
        (import "wasi_snapshot_preview1" "environ_sizes_get" (func $environ (param i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "fd_prestat_get" (func $preopen (param i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))"#;
    // The adapter keeps its own stack in the guest's memory.
    simple_module(r#"(data (i32.const 1024) "graded\n")"#, body).replacen("(module", imports, 1).replacen(
        "(memory (export \"memory\") 1)",
        "(memory (export \"memory\") 4)",
        1,
    )
}

#[test]
fn core_modules_of_the_first_wasi_are_adapted() {
    let run = |body: &str, task: &Task| {
        let module = validate(&core_module(body), WasiProfile::Deterministic).expect("it is accepted");
        assert_ne!(module.info().upload_sha256, module.info().component_sha256);
        score(&SANDBOX.compile(&module).unwrap(), task, "It is 72.")
    };
    let answers = |body: &str, wanted: f64| {
        let scored = run(body, &task("72"));
        assert_eq!(scored.score.map(|score| score.reward), Some(wanted), "{body}: {:?}", scored.detail);
    };
    let random = "(drop (call $random (i32.const 512) (i32.const 8))) (f64.convert_i32_u (i32.load16_u (i32.const 512)))";
    let first = run(random, &task("72"));
    assert_eq!(first.receipt, run(random, &task("72")).receipt);
    assert_eq!(first.outcome, Outcome::Ok, "{:?}", first.detail);
    assert_ne!(first.receipt.rewards, run(random, &Task { seed: 8, ..task("72") }).receipt.rewards);
    let seconds = "(drop (call $clock (i32.const 0) (i64.const 1) (i32.const 512)))
        (f64.convert_i64_u (i64.sub (i64.div_u (i64.load (i32.const 512)) (i64.const 1000000000)) (i64.const 946684799)))";
    answers(seconds, 1.0);
    answers(
        "(drop (call $environ (i32.const 512) (i32.const 516))) (f64.convert_i32_u (i32.load (i32.const 512)))",
        0.0,
    );
    // EBADF: no directory was opened for it.
    answers("(f64.convert_i32_u (call $preopen (i32.const 3) (i32.const 512)))", 8.0);
    assert_eq!(
        run("(call $exit (i32.const 0)) (f64.const 1)", &task("72")).outcome,
        Outcome::TrapUnreachable
    );
    let written = "(i32.store (i32.const 512) (i32.const 1024)) (i32.store (i32.const 516) (i32.const 7))
        (f64.convert_i32_u (call $write (i32.const 1) (i32.const 512) (i32.const 1) (i32.const 520)))";
    let logged = run(written, &task("72"));
    assert_eq!(logged.score.map(|score| score.reward), Some(0.0));
    assert_eq!((logged.logs[0].level, logged.logs[0].message.as_str()), (Level::Info, "graded"));
}

#[test]
fn uploads_outside_the_profile_are_refused_with_a_hint() {
    let refused = |text: &str, wasi| {
        let rejection = validate(text, wasi).expect_err("must be refused");
        assert_eq!(rejection.code, Code::ForbiddenImport, "{rejection}");
        rejection.message
    };
    let guest = GUEST.replace("(;BODY;)", "(f64.const 1)");
    assert!(refused(&guest, WasiProfile::None).contains("`deterministic`"));
    let newer = guest.replace("0.2.3", "0.3.0");
    assert!(refused(&newer, WasiProfile::Deterministic).contains("versions 0.2"));
    refused(&guest.replace("wasi:unheard/of@0.2.3", "other:unheard/of@0.2.3"), WasiProfile::Deterministic);
    refused(&guest.replace("wasi:unheard/of@0.2.3", "wasi:unheard/of"), WasiProfile::Deterministic);
    let core = core_module("(f64.const 1)");
    assert!(refused(&core, WasiProfile::None).contains("`deterministic`"));
    let older = core.replace("wasi_snapshot_preview1", "wasi_unstable");
    assert!(refused(&older, WasiProfile::Deterministic).contains("wasi_snapshot_preview1"));
    // A function of another type than WASI's is an import that does not fit.
    let strange =
        guest.replace("(export \"now\" (func (result u64)))", "(export \"now\" (func (result s64)))");
    refused(&strange, WasiProfile::Deterministic);
}

#[test]
fn the_profile_changes_nothing_for_those_who_do_not_choose_it() {
    // As it was before there were profiles; receipts in the world hold it.
    let before = "67c7ecb8674aa4e1095a88bec253388d4014335d45da89c77f93b9273352ddbb";
    assert_eq!(sandbox::config_hash(WasiProfile::None).to_string(), before);
    assert_ne!(sandbox::config_hash(WasiProfile::Deterministic).to_string(), before);

    let module = SANDBOX.validate(upload_of("last-number")).unwrap();
    let mut json = serde_json::to_value(module.info()).unwrap();
    assert_eq!(json["wasi"], "none");
    json.as_object_mut().unwrap().remove("wasi");
    assert_eq!(&serde_json::from_value::<ModuleInfo>(json).unwrap(), module.info());
    // The same component under both profiles: two entries of the cache, two receipts, one reward.
    let other = SANDBOX.validate_with(module.component(), WasiProfile::Deterministic).unwrap();
    let [plain, wasi] = [&module, &other].map(|m| score(&SANDBOX.compile(m).unwrap(), &task("72"), "72"));
    assert_eq!(plain.receipt.rewards, wasi.receipt.rewards);
    assert_eq!(
        (plain.receipt.wasi_profile, wasi.receipt.wasi_profile),
        (WasiProfile::None, WasiProfile::Deterministic)
    );
    assert_ne!(plain.receipt.engine.config_hash, wasi.receipt.engine.config_hash);
}

/// Builds a component with a toolchain of its own: `build` is run by the shell in an empty folder, with the paths of
/// the WIT files and of the sources in WIT and SOURCES, and leaves `app.wasm`.
fn built(language: &str, build: &str) -> Arc<Reward> {
    let crate_folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("wasi-{language}"));
    std::fs::create_dir_all(&folder).expect("a folder to build in");
    let status = Command::new("sh")
        .args(["-euc", build])
        .current_dir(&folder)
        .env("WIT", crate_folder.join("wit"))
        .env("SOURCES", crate_folder.join("tests/wasi").join(language))
        .status()
        .expect("there is a shell");
    assert!(status.success());
    let upload = std::fs::read(folder.join("app.wasm")).expect("the toolchain wrote it");
    let refused = SANDBOX.validate(&upload).expect_err("it does import WASI");
    assert_eq!(refused.code, Code::ForbiddenImport, "{refused}");
    let module = SANDBOX.validate_with(&upload, WasiProfile::Deterministic).expect("the profile takes it");
    SANDBOX.compile(&module).expect("a validated module compiles")
}

/// Scores a group of two, twice, and gives the parts of the first sample's score.
fn parts_of(reward: &Reward) -> Vec<(String, f64)> {
    let samples = [sample("It is 72.", 3), sample("It is 71.", 3)];
    let [first, again] = [(); 2]
        .map(|()| SANDBOX.score(reward, &task("72"), &samples, &Limits::default()).expect("no host error"));
    for (scored, wanted) in first.iter().zip([1.0, 0.0]) {
        assert_eq!(scored.score.as_ref().map(|score| score.reward), Some(wanted), "{:?}", scored.detail);
    }
    assert_eq!(first[0].receipt, again[0].receipt);
    first[0].score.clone().expect("it is ok").components
}

fn part(parts: &[(String, f64)], name: &str) -> f64 {
    parts.iter().find(|(part, _)| part == name).expect("the app gives this part").1
}

#[test]
#[ignore = "installs componentize-py from the package index, and compiles 18 MB"]
fn python_runs_without_stubbed_wasi() {
    let reward = built(
        "python",
        "test -d venv || python3 -m venv venv
         venv/bin/pip install --quiet componentize-py==0.25.1
         venv/bin/componentize-py -d \"$WIT\" -w reward componentize -p \"$SOURCES\" app -o app.wasm",
    );
    let parts = parts_of(&reward);
    let other = score(&reward, &Task { seed: 8, ..task("72") }, "It is 72.").score.unwrap().components;
    assert_ne!(part(&parts, "random"), part(&other, "random"));
    assert_eq!(part(&parts, "year"), 2000.0);
    assert_eq!(part(&parts, "environment"), 0.0);
    assert!(part(&parts, "elapsed") > 0.0);
    let scored = score(&reward, &task("72"), "It is 72.");
    assert_eq!(scored.logs[0].message, "grading gsm8k-0");
}

#[test]
#[ignore = "installs componentize-qjs from the package index"]
fn javascript_runs_without_stubbed_wasi() {
    let reward = built(
        "javascript",
        "npm install --silent componentize-qjs@0.4.5
         npx componentize-qjs -w \"$WIT\" -j \"$SOURCES/app.js\" -n reward -o app.wasm --sync",
    );
    assert_eq!(part(&parts_of(&reward), "year"), 2000.0);
}

#[test]
#[ignore = "needs clang, lld, wasi-libc and clang's runtime library for wasm32"]
fn c_with_a_libc_runs() {
    let reward = built(
        "c",
        "clang --target=wasm32-wasi -O2 -mexec-model=reactor -Wl,-z,stack-size=16384 -o app.wasm \"$SOURCES/app.c\"",
    );
    let first = score(&reward, &task("72"), "It is 72.");
    assert_eq!(first.outcome, Outcome::Ok, "{:?}", first.detail);
    assert_eq!(first.logs[0].message, "9 bytes, at 946684800");
    assert!(first.score.is_some_and(|score| score.reward >= 1.0));
    assert_eq!(first.receipt, score(&reward, &task("72"), "It is 72.").receipt);
    let other = score(&reward, &Task { seed: 9, ..task("72") }, "It is 72.");
    assert_ne!(first.receipt.rewards, other.receipt.rewards);
}
