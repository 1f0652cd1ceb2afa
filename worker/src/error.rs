//! What goes wrong in a step that is nobody's answer: ours to retry, or to give up on. A refused answer is no error.

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("store")]
    Store(#[from] store::Error),
    #[error("sandbox")]
    Sandbox(#[from] supervisor::Error),
    #[error("engine")]
    Engine(#[from] engine::Error),
    /// Its files are not on this machine, or it is nobody's any more.
    #[error("checkpoint {0} is not served here")]
    NotServed(grail::CheckpointId),
    #[error("checkpoint")]
    Checkpoint(#[from] checkpoint::Error),
    #[error("sampling terms")]
    Sampling(#[from] grail::sampler::SamplingError),
    #[error("export")]
    Export(#[from] ::export::Error),
    #[error("HTTP client")]
    Http(#[from] reqwest::Error),
    /// The database says something that our own code cannot have written.
    #[error("{0}")]
    Inconsistent(&'static str),
    #[error("the {0} task ended before it was told to")]
    TaskEnded(&'static str),
    #[error("stopping")]
    Stopping,
}

impl Error {
    /// False when the same step on the same group must fail again.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Store(error) => !matches!(error, store::Error::Corrupt(_) | store::Error::Segment(_)),
            Self::Sandbox(error) => error.is_retryable(),
            Self::Engine(error) => !matches!(
                error,
                engine::Error::EmptyPrompt
                    | engine::Error::EmptyGroup
                    | engine::Error::Token { .. }
                    | engine::Error::Context { .. }
                    | engine::Error::NoMass
            ),
            Self::Sampling(_) | Self::Export(_) | Self::Inconsistent(_) => false,
            Self::Checkpoint(_)
            | Self::NotServed(_)
            | Self::Http(_)
            | Self::TaskEnded(_)
            | Self::Stopping => true,
        }
    }
}
