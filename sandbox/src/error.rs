//! What can go wrong that is *not* the guest's doing: nothing here is ever a reward.

use crate::hash::ContentHash;
use crate::limits::LimitError;

/// The host could not run a reward function. See [`Error::is_retryable`].
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The wall guard fired before the fuel ran out: a slow or overloaded machine. Retry elsewhere.
    #[error("the machine did not finish the reward function's fuel in time")]
    HostTimeout,
    /// The operating system refused memory that the limits allow. Retry elsewhere.
    #[error("the host ran out of memory for a reward function")]
    HostMemory,
    /// The engine failed where no guest can make it fail. Retry, and look into it.
    #[error("the WebAssembly engine failed")]
    Engine(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The prompt and completions of one call are larger than the job allows.
    #[error("the input is {bytes} bytes; the limit is {limit}")]
    InputTooLarge { bytes: u64, limit: u64 },
    /// The job's limits are out of range.
    #[error("limits out of range: {}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Limits(Vec<LimitError>),
    /// Stored component bytes are not those that were validated.
    #[error("stored component has hash {actual}, expected {expected}")]
    Corrupt { expected: ContentHash, actual: ContentHash },
    /// Stored component bytes no longer pass the checks of the upload.
    #[error("stored component is not usable: {0}")]
    Unusable(String),
}

impl Error {
    /// Whether the same call may succeed on another machine or later.
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::HostTimeout | Self::HostMemory | Self::Engine(_))
    }
}

impl From<wasmtime::Error> for Error {
    fn from(error: wasmtime::Error) -> Self {
        Self::Engine(error.into())
    }
}
