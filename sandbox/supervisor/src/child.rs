//! A child process: started without an environment, with three pipes and nothing else; killed and waited for when dropped.

use std::io::{self, Read as _};
use std::os::fd::OwnedFd;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::error::Error;
use crate::pipe::Pipe;

/// What of a dead child's last words goes into an error.
const WORDS_BYTES: u64 = 2_000;
/// How long a child that said nonsense has to end by itself, so that its exit status can be told.
const LAST_MOMENT: Duration = Duration::from_millis(500);

/// A child and the pipes to it. No child outlives its owner, and none stays behind as a zombie.
#[derive(Debug)]
pub(crate) struct Child {
    name: &'static str,
    process: std::process::Child,
    /// Closing it tells the child to end.
    pub(crate) input: Option<Pipe>,
    pub(crate) output: Pipe,
    words: Pipe,
}

impl Child {
    /// Starts a program that must say its first word before the deadline.
    pub(crate) fn start(name: &'static str, program: &Path, deadline: Instant) -> Result<Self, Error> {
        let failed = |source| Error::Start { program: program.display().to_string(), source };
        let mut process = Command::new(program)
            .env_clear()
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(failed)?;
        let ends = (process.stdin.take(), process.stdout.take(), process.stderr.take());
        let (Some(stdin), Some(stdout), Some(stderr)) = ends else {
            return Err(failed(io::ErrorKind::BrokenPipe.into()));
        };
        let pipe = |end: OwnedFd| Pipe::new(end, deadline).map_err(failed);
        let (input, output, words) = (pipe(stdin.into())?, pipe(stdout.into())?, pipe(stderr.into())?);
        Ok(Self { name, process, input: Some(input), output, words })
    }

    /// From now on it has until then to read and to answer.
    pub(crate) fn until(&mut self, deadline: Instant) {
        if let Some(input) = &mut self.input {
            input.until(deadline);
        }
        self.output.until(deadline);
    }

    /// Kills it, and says how it had ended: what an error while talking to it was really about.
    pub(crate) fn post_mortem(mut self, error: &io::Error) -> (Option<Signal>, Error) {
        let child = self.name;
        if error.kind() == io::ErrorKind::TimedOut {
            return (None, Error::Timeout { child });
        }
        // a broken pipe is the end of the process, or nearly: it says itself how it ended
        drop(self.input.take());
        let status = self.process.try_wait().ok().flatten().or_else(|| self.ended_soon());
        let signal = status.and_then(|status| status.signal()).and_then(Signal::from_named_raw);
        let words = self.last_words();
        let what = match status {
            Some(status) => format!("{status}: {words}"),
            None => format!("{error}: {words}"),
        };
        (signal, Error::Child { child, what })
    }

    /// A process that closes its output is about to end; one that does not is not given long.
    fn ended_soon(&mut self) -> Option<ExitStatus> {
        self.output.until(Instant::now() + LAST_MOMENT);
        let mut byte = [0];
        match self.output.read(&mut byte) {
            // the last holder of the pipe is gone: only the kernel's own cleaning up is left
            Ok(0) => self.process.wait().ok(),
            _ => None,
        }
    }

    fn last_words(&mut self) -> String {
        if self.process.kill().is_err() || self.process.wait().is_err() {
            return String::new();
        }
        // it is dead: whatever it wrote is there, and so is the end, unless a child of its own holds the pipe open
        self.words.until(Instant::now() + LAST_MOMENT);
        let mut words = Vec::new();
        let _ = (&mut self.words).take(WORDS_BYTES).read_to_end(&mut words);
        String::from_utf8_lossy(&words).trim().to_owned()
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        // it may have ended by itself; waiting is what keeps it from staying a zombie
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
