//! What can go wrong in a measurement.

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("no prompts to measure with")]
    NoPrompts,
    #[error("no weights for {0}")]
    NoWeights(&'static str),
    #[error(transparent)]
    Checkpoint(#[from] checkpoint::Error),
    #[error(transparent)]
    Engine(#[from] engine::Error),
    #[error(transparent)]
    Sampling(#[from] grail::sampler::SamplingError),
    #[error(transparent)]
    Legacy(#[from] grail::legacy::Error),
}
