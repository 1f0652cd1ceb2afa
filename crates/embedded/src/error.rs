//! What can go wrong, each with what the reader can do about it. Not for errors of SQL: callers run their own.

use std::path::PathBuf;
use std::time::Duration;

#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Another process holds this data directory: stop it, or use another directory.
    #[error("already running in {} (process {pid}); stop it first, or choose another data directory", dir.display())]
    AlreadyRunning { dir: PathBuf, pid: String },

    /// No way led to usable binaries; every attempt is listed.
    #[error("no usable {what} on this machine; install it, or give its URL. Tried: {}", tried.join("; "))]
    NotFound { what: &'static str, tried: Vec<String> },

    #[error("`{command}` failed ({status}): {detail}")]
    Command { command: String, status: String, detail: String },

    #[error("`{command}` did not finish in {limit:?}")]
    Timeout { command: String, limit: Duration },

    /// A server is down, and did not come back in the time that it is allowed.
    #[error("{server} is not running: {detail}")]
    Down { server: &'static str, detail: String },

    #[error("cannot {action} {}: {source}", path.display())]
    Io { action: &'static str, path: PathBuf, source: std::io::Error },

    /// The directory holds files that are not safe to use, or not ours.
    #[error("{} cannot be used: {why}", path.display())]
    Unusable { path: PathBuf, why: String },

    /// The caller's own preparation of a template database failed.
    #[error("preparing the template database `{template}` failed: {source}")]
    Prepare { template: String, source: Box<dyn std::error::Error + Send + Sync> },
}

/// Names the file and the action of an I/O error.
pub(crate) trait IoContext<T> {
    fn during(self, action: &'static str, path: impl Into<PathBuf>) -> Result<T, Error>;
}

impl<T> IoContext<T> for std::io::Result<T> {
    fn during(self, action: &'static str, path: impl Into<PathBuf>) -> Result<T, Error> {
        self.map_err(|source| Error::Io { action, path: path.into(), source })
    }
}
