//! What can go wrong in the engine, by what the caller can do about it.

use crate::kernels::Vector;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The request has no prompt: there is no state to draw a first token from.
    #[error("the prompt is empty")]
    EmptyPrompt,
    /// The request asks for no sample or no token.
    #[error("a group needs at least one sample and one token")]
    EmptyGroup,
    #[error("token {token} is outside the vocabulary of {vocab_size}")]
    Token { token: u32, vocab_size: usize },
    #[error("{tokens} tokens do not fit the context of {limit}")]
    Context { tokens: usize, limit: usize },
    /// The group can never run in this pool, or the pool is full.
    #[error("the pool of {pages} KV pages is exhausted")]
    KvExhausted { pages: usize },
    /// The weights give NaN or minus infinity everywhere: the checkpoint is broken.
    #[error("no token has any probability")]
    NoMass,
    #[error("this machine cannot run {0:?} kernels")]
    VectorUnavailable(Vector),
    #[error("the engine's threads could not be started")]
    Threads(#[from] rayon::ThreadPoolBuildError),
    #[error("the checkpoint's weights cannot be read")]
    Checkpoint(#[from] checkpoint::Error),
}
