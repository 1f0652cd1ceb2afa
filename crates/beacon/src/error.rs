//! What can go wrong between a round's number and its verified randomness.

use std::path::PathBuf;

use crate::Kind;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("a beacon has no round 0")]
    RoundZero,
    /// The bytes are not the beacon's over this round: whoever sent them lied or was lied to.
    #[error("round {number}: the signature is not that of {kind}")]
    Signature { kind: Kind, number: u64 },
    /// The round may be sound, but it is not of the beacon that this reader goes by.
    #[error("round {number} comes from {kind}; only {trusted} is trusted here")]
    NotTrusted { kind: Kind, trusted: Kind, number: u64 },
    #[error("beacon relay {url}: {problem}")]
    RelayUrl { url: String, problem: &'static str },
    #[error("no beacon relay is named")]
    NoRelay,
    /// Every relay failed; the last failure is the source, each was logged. Ask again later.
    #[error("none of {relays} beacon relays gave a sound answer")]
    NoneAnswered {
        relays: usize,
        #[source]
        last: Box<Error>,
    },
    #[error("the relay could not be asked")]
    Transport(#[source] reqwest::Error),
    #[error("the relay answered {0}")]
    Status(u16),
    #[error("more than {limit} bytes of beacon rounds")]
    TooLarge { limit: usize },
    #[error("not a drand round")]
    Malformed(#[source] serde_json::Error),
    #[error("round {asked} was asked for, round {answered} came")]
    WrongRound { asked: u64, answered: u64 },
    #[error("beacon file {path}")]
    File {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error("beacon file {path} holds something unsound")]
    FileContent {
        path: PathBuf,
        #[source]
        source: Box<Error>,
    },
    /// The runtime is shutting down.
    #[error("stopped while a round was being verified")]
    Stopped,
}
