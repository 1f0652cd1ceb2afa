//! One role of the service as a process of its own: started, watched until it is ready, killed or asked to stop.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

const BINARY: &str = env!("CARGO_BIN_EXE_reliquary");
/// Starting takes well under a second; a busy machine may need more.
const READY: Duration = Duration::from_mins(1);
const PROBE: Duration = Duration::from_millis(25);
const LOG_TAIL: usize = 60;

/// A role: how to run it, and the process if it runs.
#[derive(Debug)]
pub(crate) struct Role {
    pub(crate) name: String,
    arguments: Vec<String>,
    settings: Vec<(String, String)>,
    /// Answers with success when the role is ready; a role without a port is ready when it says so in its log.
    ready: Option<String>,
    dir: PathBuf,
    child: Option<Child>,
}

impl Role {
    pub(crate) fn new(name: &str, arguments: &[&str], settings: Vec<(String, String)>, dir: &Path) -> Self {
        Self {
            name: name.to_owned(),
            arguments: arguments.iter().map(|argument| (*argument).to_owned()).collect(),
            settings,
            ready: None,
            dir: dir.to_owned(),
            child: None,
        }
    }

    /// The URL that answers with success once the role is ready.
    pub(crate) fn ready_at(mut self, url: String) -> Self {
        self.ready = Some(url);
        self
    }

    /// For its next start.
    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.settings.push((name.to_owned(), value.to_owned()));
    }

    /// Starts the process, and waits until it is ready.
    pub(crate) async fn start(&mut self) {
        assert!(self.child.is_none(), "{} runs already", self.name);
        let log = File::options().create(true).append(true).open(self.log()).unwrap();
        let mut command = reliquary(&self.arguments, &self.settings, &self.dir);
        command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
        self.child = Some(command.spawn().unwrap());
        if let Some(url) = self.ready.clone() {
            self.wait_until_ready(&url).await;
        }
    }

    async fn wait_until_ready(&mut self, url: &str) {
        let http = reqwest::Client::builder().timeout(Duration::from_secs(5)).no_proxy().build().unwrap();
        let began = Instant::now();
        loop {
            if http.get(url).send().await.is_ok_and(|response| response.status().is_success()) {
                return;
            }
            let ended = self.child.as_mut().and_then(|child| child.try_wait().unwrap());
            assert!(ended.is_none(), "{} ended ({ended:?}) instead of answering {url}", self.name);
            assert!(began.elapsed() < READY, "{} does not answer {url}", self.name);
            tokio::time::sleep(PROBE).await; // another process's port sends no signal
        }
    }

    /// `kill -9`: no warning, nothing flushed.
    pub(crate) fn kill9(&mut self) {
        let mut child = self.child.take().unwrap_or_else(|| panic!("{} does not run", self.name));
        assert!(child.try_wait().unwrap().is_none(), "{} was dead before it was killed", self.name);
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// SIGTERM, then waits for the end.
    pub(crate) async fn terminate(&mut self, limit: Duration) -> ExitStatus {
        let mut child = self.child.take().unwrap_or_else(|| panic!("{} does not run", self.name));
        kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
        let began = Instant::now();
        loop {
            if let Some(status) = child.try_wait().unwrap() {
                return status;
            }
            if began.elapsed() > limit {
                self.child = Some(child); // so that it is killed with the rest
                panic!("{} still runs {limit:?} after SIGTERM", self.name);
            }
            tokio::time::sleep(PROBE).await; // another process's end sends no signal to a task
        }
    }

    /// Ended without having been asked to?
    pub(crate) fn died(&mut self) -> Option<ExitStatus> {
        self.child.as_mut().and_then(|child| child.try_wait().unwrap())
    }

    /// The most memory that its process has had.
    pub(crate) fn peak_mb(&self) -> u64 {
        let child = self.child.as_ref().unwrap_or_else(|| panic!("{} does not run", self.name));
        let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        peak.trim().trim_end_matches(" kB").parse::<u64>().unwrap() >> 10
    }

    pub(crate) fn runs(&self) -> bool {
        self.child.is_some()
    }

    /// The last lines that it printed, for a test that fails.
    pub(crate) fn said(&self) -> String {
        let text = std::fs::read(self.log()).map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        let text = text.unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(LOG_TAIL)..].join("\n")
    }

    fn log(&self) -> PathBuf {
        self.dir.join(format!("{}.log", self.name))
    }
}

impl Drop for Role {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// The binary with exactly these settings, in a directory without a configuration file.
pub(crate) fn reliquary(arguments: &[String], settings: &[(String, String)], dir: &Path) -> Command {
    let mut command = Command::new(BINARY);
    command.args(arguments).current_dir(dir);
    for alias in ["DATABASE_URL", "REDIS_URL", "OTEL_EXPORTER_OTLP_ENDPOINT", "RUST_LOG"] {
        command.env_remove(alias);
    }
    command.envs(settings.iter().map(|(name, value)| (name, value)));
    command
}
