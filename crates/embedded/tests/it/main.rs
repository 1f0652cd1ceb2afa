//! Real servers, real kills, real installations. One module per subject.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test fails by panicking, and its child prints"
)]

mod children;
mod databases;
mod installing;
mod servers;
mod services;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use tokio::process::Command;

/// Whether a process id is in use by a process that still runs (a dead one that nobody waited for does not).
fn alive(pid: u32) -> bool {
    let state = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    state
        .rsplit(')')
        .next()
        .is_some_and(|rest| rest.starts_with(|c: char| c.is_whitespace()) && !rest.trim().starts_with('Z'))
}

/// Waits for something that sends no signal, such as the end of a process that is not ours.
async fn eventually(what: &str, limit: Duration, mut done: impl FnMut() -> bool) {
    let began = Instant::now();
    while !done() {
        assert!(began.elapsed() < limit, "{what}: not after {limit:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// This test binary as another process, which runs one of the ignored `child_*` tests with a directory of its own.
fn child(test: &str, exe: &Path, dir: &Path) -> Command {
    let mut command = Command::new(exe);
    command.args(["--exact", test, "--ignored", "--nocapture"]).env("EMBEDDED_TEST_DIR", dir);
    command.stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::piped()).kill_on_drop(true);
    command
}

/// Set only for the other process: its tests do nothing when someone runs all ignored tests.
fn child_dir() -> Option<PathBuf> {
    std::env::var_os("EMBEDDED_TEST_DIR").map(PathBuf::from)
}

/// A temporary directory that the servers' account may enter.
fn open_dir() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    std::fs::set_permissions(dir.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    dir
}

fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata("/proc/self").unwrap().uid() == 0
}
