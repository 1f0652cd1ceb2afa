//! The real binary under real signals: what `reliquary up` leaves behind, and with which exit code.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

const LIMIT: Duration = Duration::from_mins(2);

/// `reliquary up` in a directory of its own.
struct Up {
    child: Child,
    dir: tempfile::TempDir,
}

impl Up {
    fn start() -> Self {
        let dir = tempfile::tempdir().unwrap();
        std::fs::set_permissions(dir.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_reliquary"));
        command.arg("up").current_dir(dir.path()).stdin(Stdio::null());
        let checkpoints = concat!(env!("CARGO_MANIFEST_DIR"), "/models/arith-tiny");
        command.env("RELIQUARY__CHECKPOINT__DIR", format!("{checkpoints}/current"));
        command.env("RELIQUARY__CHECKPOINT__PREVIOUS_DIR", format!("{checkpoints}/previous"));
        command.env("RELIQUARY__DATA__DIR", dir.path()).env("RELIQUARY__GATEWAY__LISTEN", "127.0.0.1:0");
        command.env("RELIQUARY__EMBEDDED__SHARED_BUFFERS_MB", "32");
        command.env_remove("DATABASE_URL").env_remove("REDIS_URL");
        let said = dir.path().join("said");
        command.stdout(std::fs::File::create(&said).unwrap());
        let up = Self { child: command.spawn().unwrap(), dir };
        until("the service is up", || {
            std::fs::read_to_string(&said).is_ok_and(|said| said.contains("is up at"))
        });
        up
    }

    fn postmaster(&self) -> Option<u32> {
        let text = std::fs::read_to_string(self.dir.path().join("pg/postmaster.pid")).ok()?;
        text.lines().next()?.trim().parse().ok()
    }

    fn ended(&mut self) -> ExitStatus {
        let mut status = None;
        until("the process ends", || {
            status = self.child.try_wait().unwrap();
            status.is_some()
        });
        status.unwrap()
    }
}

impl Drop for Up {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn until(what: &str, mut done: impl FnMut() -> bool) {
    let began = Instant::now();
    while !done() {
        assert!(began.elapsed() < LIMIT, "{what}: not after {LIMIT:?}");
        std::thread::sleep(Duration::from_millis(20)); // other processes' ends and files send no signal
    }
}

fn send(signal: &str, pid: u32) {
    assert!(Command::new("kill").args([signal, &pid.to_string()]).status().unwrap().success());
}

fn runs(pid: u32) -> bool {
    Path::new(&format!("/proc/{pid}")).exists()
}

#[test]
fn each_signal_ends_everything_with_success() {
    for signal in ["-TERM", "-INT"] {
        let mut up = Up::start();
        let postmaster = up.postmaster().unwrap();
        send(signal, up.child.id());
        assert_eq!(up.ended().code(), Some(0), "{signal}");
        assert!(!runs(postmaster), "{signal}: Postgres was stopped first");
        assert!(!up.dir.path().join("pg/postmaster.pid").exists(), "{signal}: and cleanly");
    }
}

#[test]
fn a_killed_postgres_is_started_again() {
    let mut up = Up::start();
    let old = up.postmaster().unwrap();
    send("-KILL", old);
    until("another Postgres is ready", || {
        let text = std::fs::read_to_string(up.dir.path().join("pg/postmaster.pid")).unwrap_or_default();
        up.postmaster().is_some_and(|pid| pid != old) && text.contains("ready")
    });
    assert!(up.child.try_wait().unwrap().is_none(), "the service itself went on");
    send("-TERM", up.child.id());
    assert_eq!(up.ended().code(), Some(0));
}

#[test]
fn a_wrong_setting_is_named_and_nothing_starts() {
    let dir = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_reliquary"));
    let output = command.arg("up").current_dir(&dir).env("RELIQUARY__WORKER__POL_MS", "1").output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success() && said.contains("worker.pol_ms"), "{said}");
    assert_eq!(std::fs::read_dir(&dir).unwrap().count(), 0);
}
