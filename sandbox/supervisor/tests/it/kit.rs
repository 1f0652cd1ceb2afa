//! What the tests share: a supervisor, modules from text, and the table of processes.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use compiler::InProcess;
use sandbox::{Finish, Module, RunnerSettings, Sample, Task, WasiProfile};
use supervisor::{Programs, Settings, Supervisor, Tenant};

pub(crate) const ALICE: Tenant = Tenant([1; 16]);
pub(crate) const BOB: Tenant = Tenant([2; 16]);

pub(crate) fn settings() -> Settings {
    Settings::new(Programs::beside_this_one().unwrap())
}

pub(crate) fn supervisor(run_children: usize) -> Supervisor {
    Supervisor::start(Settings { run_children, ..settings() }).unwrap()
}

pub(crate) fn in_process() -> InProcess {
    InProcess::new(&RunnerSettings::default()).unwrap()
}

pub(crate) fn task(reference: &str) -> Task {
    Task {
        id: "gsm8k-0".to_owned(),
        prompt: "Natalia sold clips to 48 of her friends in April.".to_owned(),
        prompt_token_ids: (0..16).collect(),
        reference: reference.to_owned(),
        metadata: "{}".to_owned(),
        seed: 7,
    }
}

pub(crate) fn sample(text: &str) -> Sample {
    Sample { text: text.to_owned(), token_ids: (0..9).collect(), finish: Finish::Stop }
}

fn sandbox_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// A committed guest.
pub(crate) fn guest(path: &str) -> Vec<u8> {
    std::fs::read(sandbox_folder().join("guests").join(path)).unwrap()
}

/// The hostile corpus of the crate `sandbox`, by name.
pub(crate) fn hostile() -> BTreeMap<String, Vec<u8>> {
    std::fs::read_dir(sandbox_folder().join("tests/hostile"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.file_stem().unwrap().to_str().unwrap().to_owned(), wat::parse_file(&path).unwrap()))
        .collect()
}

pub(crate) fn module(supervisor: &Supervisor, upload: &[u8]) -> Module {
    supervisor.validate(upload, WasiProfile::None).unwrap()
}

/// A complete core module of world `reward-simple` around the given body.
pub(crate) fn simple(body: &str) -> Vec<u8> {
    wat::parse_str(format!(
        r#"(module
  (memory (export "memory") 1)
  (global $top (mut i32) (i32.const 4096))
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
    (global.get $top)
    (global.set $top (i32.and (i32.add (i32.add (global.get $top) (local.get 3)) (i32.const 7)) (i32.const -8))))
  (func (export "reward") (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32) (result f64)
    {body}))"#
    ))
    .unwrap()
}

/// A child of this process, as the kernel lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Listed {
    pub(crate) pid: i32,
    pub(crate) name: String,
    pub(crate) is_zombie: bool,
}

/// Our children now. Tests of one program share it: look only at what is certain.
pub(crate) fn children() -> Vec<Listed> {
    let us = std::process::id().to_string();
    let stat = |pid: i32| {
        let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        let (name, rest) = text.split_once('(')?.1.rsplit_once(") ")?;
        let mut fields = rest.split(' ');
        let (state, parent) = (fields.next()?, fields.next()?);
        let listed = Listed { pid, name: name.to_owned(), is_zombie: state == "Z" };
        (parent == us).then_some(listed)
    };
    let entries =
        std::fs::read_dir("/proc").unwrap().filter_map(|entry| entry.unwrap().file_name().into_string().ok());
    entries.filter_map(|name| name.parse().ok()).filter_map(stat).collect()
}

/// Runs one test of this program in a process of its own, unless this is that process: what it measures, or kills, is all
/// that the process has.
pub(crate) fn is_alone(test: &str) -> bool {
    if std::env::args().any(|argument| argument == "--exact") {
        return true;
    }
    let mut command = std::process::Command::new(std::env::current_exe().unwrap());
    let status = command.args(["--exact", test, "--nocapture", "--include-ignored"]).status().unwrap();
    assert!(status.success(), "{test}");
    false
}

/// Processor time and the largest resident size of all children that have ended.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Spent {
    pub(crate) cpu: std::time::Duration,
    pub(crate) largest_bytes: u64,
}

pub(crate) fn spent_by_children() -> Spent {
    #[expect(unsafe_code, reason = "there is no safe wrapper for it")]
    // SAFETY: getrusage writes a plain struct, for which all zeros is a value, and touches nothing else.
    let usage = unsafe {
        let mut usage: libc::rusage = std::mem::zeroed();
        assert_eq!(libc::getrusage(libc::RUSAGE_CHILDREN, &raw mut usage), 0);
        usage
    };
    let time =
        |time: libc::timeval| std::time::Duration::new(time.tv_sec as u64, 1_000 * time.tv_usec as u32);
    Spent { cpu: time(usage.ru_utime) + time(usage.ru_stime), largest_bytes: usage.ru_maxrss as u64 * 1024 }
}

/// Resident memory of a process, in bytes.
pub(crate) fn resident(pid: u32) -> u64 {
    let text = std::fs::read_to_string(format!("/proc/{pid}/statm")).unwrap();
    text.split(' ').nth(1).unwrap().parse::<u64>().unwrap() * 4096
}
