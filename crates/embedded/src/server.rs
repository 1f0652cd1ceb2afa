//! One supervised server process: started, watched, restarted when it dies, stopped with us.
//!
//! Each server has a thread of its own, because the kernel ties "die with the parent" to the spawning *thread*; the
//! threads of an async runtime come and go. What the server is and how it is configured is the business of `cluster`
//! and `redis`.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use tokio::process::Child;
use tokio::sync::{mpsc, watch};
use tokio::time::{sleep, timeout};

use crate::account::Account;
use crate::command::{clean, tail};
use crate::error::IoContext;
use crate::{Error, sys};

/// Crash recovery replays up to `max_wal_size`; 15 s were measured for 700 MB on a busy machine.
const READY_LIMIT: Duration = Duration::from_mins(3);
/// How long a server may go on failing to start before its supervisor gives up.
const GIVE_UP: Duration = Duration::from_mins(2);
/// The same before it ever ran: what is wrong then will not mend itself, and someone is waiting.
const GIVE_UP_AT_FIRST: Duration = Duration::from_secs(15);
const FIRST_BACKOFF: Duration = Duration::from_millis(50);
const LAST_BACKOFF: Duration = Duration::from_secs(2);
/// A server that ran this long starts again with the first back-off.
const STABLE: Duration = Duration::from_secs(10);
/// Neither server tells its parent when it is ready: they are asked.
const PROBE_EVERY: Duration = Duration::from_millis(20);
/// The polite stop writes out what is in memory; the firm ones have nothing to wait for.
const STOP_LIMIT: Duration = Duration::from_secs(30);
const FIRM_STOP_LIMIT: Duration = Duration::from_secs(5);
const LOG_BYTES: u64 = 16 << 20;

/// What the supervisor runs.
#[derive(Debug, Clone)]
pub(crate) struct Program {
    pub name: &'static str,
    pub binary: PathBuf,
    pub args: Vec<OsString>,
    pub account: Account,
    pub log: PathBuf,
    /// The polite request to stop, also sent by the kernel if we die without asking.
    pub stop: Signal,
    pub probe: Probe,
}

/// How to see that the server accepts connections.
#[derive(Debug, Clone)]
pub(crate) enum Probe {
    /// Postgres writes its state into this file; `pg_ctl` reads it the same way.
    PidFile(PathBuf),
    /// Redis answers on this loopback port.
    Redis(u16),
}

/// What the supervisor last saw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    Starting,
    /// Accepts connections. `starts` counts the times it became ready.
    Ready {
        pid: u32,
        starts: u32,
    },
    /// Died; will be started again.
    Down {
        why: String,
    },
    /// Stopped by [`Server::halt`] until [`Server::resume`].
    Halted,
    /// Ended for good, on request.
    Stopped,
    /// Ended for good: it would not start again.
    Failed {
        why: String,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Request {
    Halt,
    Resume,
    Stop,
}

/// A running server. Dropping it stops the process and waits for that; [`Server::stop`] does so without blocking.
#[derive(Debug)]
pub struct Server {
    name: &'static str,
    url: String,
    state: watch::Receiver<State>,
    requests: mpsc::UnboundedSender<Request>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Starts the program and waits until it accepts connections.
    pub(crate) async fn start(program: Program, url: String) -> Result<Self, Error> {
        let name = program.name;
        let (report, state) = watch::channel(State::Starting);
        let (requests, inbox) = mpsc::unbounded_channel();
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().build().during("start", name)?;
        let thread = std::thread::Builder::new()
            .name(format!("supervise-{name}"))
            .spawn(move || runtime.block_on(Supervisor { program, requests: inbox, state: report }.run()))
            .during("start", name)?;
        let server = Self { name, url, state, requests, thread: Some(thread) };
        server.ready().await?;
        Ok(server)
    }

    /// How to connect, with the password.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The process that runs now, if it is ready.
    pub fn pid(&self) -> Option<u32> {
        match *self.state.borrow() {
            State::Ready { pid, .. } => Some(pid),
            _ => None,
        }
    }

    pub fn state(&self) -> State {
        self.state.borrow().clone()
    }

    /// Waits until the server accepts connections; answers its process id.
    pub async fn ready(&self) -> Result<u32, Error> {
        self.ready_other_than(None).await
    }

    /// Waits until another process than `old` accepts connections.
    pub async fn restarted(&self, old: u32) -> Result<u32, Error> {
        self.ready_other_than(Some(old)).await
    }

    /// Kills the process without warning, as a fault. The supervisor starts it again; see [`Server::restarted`].
    pub fn crash(&self) -> Option<u32> {
        let pid = self.pid()?;
        sys::signal(pid, Signal::KILL);
        Some(pid)
    }

    /// Stops the server and leaves it stopped, as an outage.
    pub async fn halt(&self) -> Result<(), Error> {
        self.ask(Request::Halt, |state| *state == State::Halted).await
    }

    /// Ends an outage, and waits until the server is ready on the same port.
    pub async fn resume(&self) -> Result<u32, Error> {
        let _ = self.requests.send(Request::Resume);
        self.ready().await
    }

    /// Stops for good.
    pub async fn stop(&self) -> Result<(), Error> {
        self.ask(Request::Stop, |state| matches!(state, State::Stopped | State::Failed { .. })).await
    }

    /// Resolves when the server is down for good without having been asked to stop.
    pub async fn failed(&self) -> Error {
        let mut state = self.state.clone();
        let why = match state.wait_for(|state| matches!(state, State::Failed { .. } | State::Stopped)).await {
            Ok(state) => match &*state {
                State::Failed { why } => why.clone(),
                _ => "it was stopped".into(),
            },
            Err(_) => "its supervisor ended".into(),
        };
        Error::Down { server: self.name, detail: why }
    }

    async fn ready_other_than(&self, old: Option<u32>) -> Result<u32, Error> {
        let mut state = self.state.clone();
        let reached = state.wait_for(|state| match state {
            State::Ready { pid, .. } => Some(*pid) != old,
            State::Failed { .. } | State::Stopped => true,
            _ => false,
        });
        let down = |detail: String| Error::Down { server: self.name, detail };
        let reached = timeout(READY_LIMIT, reached).await;
        match reached.map_err(|_| down(format!("not ready after {READY_LIMIT:?}")))?.as_deref() {
            Ok(State::Ready { pid, .. }) => Ok(*pid),
            Ok(State::Failed { why }) => Err(down(why.clone())),
            Ok(_) => Err(down("it was stopped".into())),
            Err(_) => Err(down("its supervisor ended".into())),
        }
    }

    async fn ask(&self, request: Request, done: impl FnMut(&State) -> bool) -> Result<(), Error> {
        let _ = self.requests.send(request);
        let mut state = self.state.clone();
        let down = |detail: &str| Error::Down { server: self.name, detail: detail.into() };
        match timeout(2 * STOP_LIMIT, state.wait_for(done)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(_)) => Err(down("its supervisor ended")),
            Err(_) => Err(down("it does not stop")),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.requests.send(Request::Stop);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join(); // bounded: the supervisor kills what does not stop
        }
    }
}

/// Why one life of the process ended.
enum End {
    Died { why: String, lived: Duration, was_ready: bool },
    Asked(Request),
}

struct Supervisor {
    program: Program,
    requests: mpsc::UnboundedReceiver<Request>,
    state: watch::Sender<State>,
}

impl Supervisor {
    async fn run(mut self) {
        let mut starts = 0;
        let mut backoff = FIRST_BACKOFF;
        let mut failing_since = Instant::now();
        loop {
            let request = match self.live(&mut starts).await {
                End::Asked(request) => Some(request),
                End::Died { why, lived, was_ready } => {
                    if was_ready {
                        failing_since = Instant::now();
                    }
                    if lived > STABLE {
                        backoff = FIRST_BACKOFF;
                    }
                    let why =
                        format!("{why}; log {}: {}", self.program.log.display(), log_tail(&self.program.log));
                    if failing_since.elapsed() > if starts == 0 { GIVE_UP_AT_FIRST } else { GIVE_UP } {
                        tracing::error!(server = self.program.name, %why, "server does not start; giving up");
                        self.state.send_replace(State::Failed { why });
                        return;
                    }
                    tracing::warn!(server = self.program.name, %why, "server process ended; starting it again");
                    self.state.send_replace(State::Down { why });
                    let asked = timeout(backoff, self.requests.recv()).await;
                    backoff = (backoff * 2).min(LAST_BACKOFF);
                    asked.ok().map(|request| request.unwrap_or(Request::Stop))
                }
            };
            if !self.follow(request).await {
                self.state.send_replace(State::Stopped);
                return;
            }
            if request.is_some() {
                failing_since = Instant::now(); // time spent halted is not failure
            }
        }
    }

    /// Stays down while halted. False: stop for good.
    async fn follow(&mut self, mut request: Option<Request>) -> bool {
        while request == Some(Request::Halt) {
            self.state.send_replace(State::Halted);
            request = Some(self.requests.recv().await.unwrap_or(Request::Stop));
        }
        request != Some(Request::Stop)
    }

    /// Runs the process once, from its start to its end.
    async fn live(&mut self, starts: &mut u32) -> End {
        let began = Instant::now();
        let died = |why: String, was_ready| End::Died { why, lived: began.elapsed(), was_ready };
        self.state.send_replace(State::Starting);
        let mut child = match self.program.spawn() {
            Ok(child) => child,
            Err(error) => return died(error.to_string(), false),
        };
        let Some(pid) = child.id() else { return died("it ended at once".into(), false) };

        while !self.program.probe.is_ready(pid).await {
            tokio::select! {
                status = child.wait() => return died(said(status), false),
                request = next(&mut self.requests) => return self.end(&mut child, request).await,
                () = sleep(PROBE_EVERY) => {}
            }
            if began.elapsed() > READY_LIMIT {
                self.terminate(&mut child).await;
                return died(format!("not ready after {READY_LIMIT:?}"), false);
            }
        }
        *starts += 1;
        self.state.send_replace(State::Ready { pid, starts: *starts });
        tokio::select! {
            status = child.wait() => died(said(status), true),
            request = next(&mut self.requests) => self.end(&mut child, request).await,
        }
    }

    async fn end(&self, child: &mut Child, request: Request) -> End {
        self.terminate(child).await;
        End::Asked(request)
    }

    /// Asks politely, then firmly, then not at all.
    async fn terminate(&self, child: &mut Child) {
        let steps = [
            (self.program.stop, STOP_LIMIT),
            (Signal::QUIT, FIRM_STOP_LIMIT),
            (Signal::KILL, FIRM_STOP_LIMIT),
        ];
        for (signal, limit) in steps {
            let Some(pid) = child.id() else { return };
            sys::signal(pid, signal);
            if timeout(limit, child.wait()).await.is_ok() {
                return;
            }
            tracing::warn!(server = self.program.name, pid, ?signal, "server did not stop in time");
        }
    }
}

impl Program {
    fn spawn(&self) -> Result<Child, Error> {
        rotate(&self.log)?;
        let log =
            std::fs::File::options().create(true).append(true).open(&self.log).during("open", &self.log)?;
        let both = log.try_clone().during("open", &self.log)?;
        let mut command = clean(&self.binary);
        command.args(&self.args).stdin(Stdio::null()).stdout(log).stderr(both);
        self.account.apply(&mut command);
        command.process_group(0); // ctrl-C in a terminal is for us; we stop the servers last
        sys::die_with_parent(&mut command, self.stop);
        command.spawn().during("start", &self.binary)
    }
}

impl Probe {
    async fn is_ready(&self, pid: u32) -> bool {
        match self {
            Self::PidFile(path) => {
                // line 1 is the process id, line 8 its state
                let text = tokio::fs::read_to_string(path).await.unwrap_or_default();
                let mut lines = text.lines();
                lines.next().and_then(|line| line.trim().parse().ok()) == Some(pid)
                    && lines.nth(6).is_some_and(|line| line.trim() == "ready")
            }
            Self::Redis(port) => {
                timeout(Duration::from_secs(1), crate::redis::answers(*port)).await.unwrap_or(false)
            }
        }
    }
}

/// What a running server is asked to do; going on is no change. A dropped handle means stop.
async fn next(requests: &mut mpsc::UnboundedReceiver<Request>) -> Request {
    loop {
        match requests.recv().await {
            Some(Request::Resume) => {}
            request => return request.unwrap_or(Request::Stop),
        }
    }
}

fn said(status: std::io::Result<ExitStatus>) -> String {
    status.map_or_else(|error| error.to_string(), |status| status.to_string())
}

fn log_tail(path: &Path) -> String {
    use std::io::{Read, Seek, SeekFrom};
    let mut end = Vec::new();
    if let Ok(mut file) = std::fs::File::open(path) {
        let size = file.metadata().map_or(0, |found| found.len());
        let _ = file.seek(SeekFrom::Start(size.saturating_sub(600)));
        let _ = file.read_to_end(&mut end);
    }
    tail(&end)
}

/// Keeps one old log, so that a server that runs for years cannot fill the disk through restarts.
fn rotate(log: &Path) -> Result<(), Error> {
    if std::fs::metadata(log).is_ok_and(|found| found.len() > LOG_BYTES) {
        std::fs::rename(log, log.with_extension("log.1")).during("rotate", log)?;
    }
    Ok(())
}
