//! What can go wrong, and whose fault it is.

use std::io;

use sandbox::Rejection;

/// See [`Error::is_retryable`].
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The customer's module is refused.
    #[error(transparent)]
    Rejected(#[from] Rejection),
    /// The caller's limits or input are out of range, or stored bytes are not what they were.
    #[error(transparent)]
    Sandbox(#[from] sandbox::Error),
    /// A program that belongs to the service is not there, or does not start.
    #[error("cannot start {program}: is it built? `cargo build` makes it beside `reliquary`")]
    Start { program: String, source: io::Error },
    /// A child ended, or said what it must not say.
    #[error("the {child} child failed: {what}")]
    Child { child: &'static str, what: String },
    /// A child did not answer in time, and was killed.
    #[error("the {child} child did not answer in time")]
    Timeout { child: &'static str },
    /// Strict isolation was asked for, and this machine cannot give it.
    #[error("strict isolation is not possible here: {0}")]
    NotIsolated(String),
    /// The cache's folder cannot be used.
    #[error("the cache of compiled reward functions cannot be used")]
    Cache(#[source] io::Error),
}

impl Error {
    /// Whether the same call may succeed later or on another machine: then it is not the customer's fault, and no reward.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Rejected(_) | Self::NotIsolated(_) => false,
            Self::Sandbox(error) => error.is_retryable(),
            Self::Start { .. } | Self::Child { .. } | Self::Timeout { .. } | Self::Cache(_) => true,
        }
    }
}
